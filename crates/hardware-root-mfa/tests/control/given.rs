//! The rows of `verdicts.json`, and a sandboxed account in the state of a row.

use config_rule::Fact;
use control_tests::{Row, describe_summary, let_fail};
use hardware_root_mfa::{HardwareRootMfa, RootMfa};
use sandbox::{Account, Organization, RootUser, Sandbox, VirtualMfaDevice};

/// All rows.
pub(crate) fn rows() -> Vec<Row<HardwareRootMfa>> {
    control_tests::rows(include_str!("../verdicts.json"))
}

/// A sandbox with one account in which these facts hold.
pub(crate) fn sandbox(facts: &RootMfa) -> Sandbox {
    let mut account = Account::new(&facts.account, "account");
    account.root = RootUser {
        password: true,
        ..RootUser::without_credentials()
    };
    if let Some(Fact::Known(summary)) = &facts.summary {
        describe_summary(summary, &mut account);
    }
    if let Some(Fact::Known(devices)) = &facts.virtual_devices {
        let devices = devices.0.iter().map(|device| VirtualMfaDevice {
            serial: device.serial_number.clone(),
            user: device.user_arn.clone(),
            assigned: true,
        });
        account.virtual_mfa_devices.extend(devices);
    }
    let sandbox = Sandbox::new(Organization::of([account])).unwrap();
    if let Some(summary) = &facts.summary {
        let_fail(&sandbox, &facts.account, "iam:GetAccountSummary", summary);
    }
    if let Some(devices) = &facts.virtual_devices {
        let_fail(
            &sandbox,
            &facts.account,
            "iam:ListVirtualMFADevices",
            devices,
        );
    }
    sandbox
}
