//! The rows of `verdicts.json`, and a sandboxed account in the state of a row.

use config_rule::Fact;
use control_testkit::{Row, describe_summary, let_fail};
use hardware_root_mfa::{HardwareRootMfa, RootMfa};
use sandbox::{Account, Organization, Partition, RootUser, Sandbox, VirtualMfaDevice};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const SUMMARY: &str = "iam:GetAccountSummary";
pub(crate) const DEVICES: &str = "iam:ListVirtualMFADevices";

/// All rows.
pub(crate) fn rows() -> Vec<Row<HardwareRootMfa>> {
    control_testkit::rows(include_str!("../verdicts.json"))
}

/// Rows of facts that no observation gives, because whatever decides is asked for.
/// They come from snapshots of other versions, or from somebody's pen.
pub(crate) const SAVED_ONLY: &[&str] = &[
    "devices needed and not asked for",
    "summary needed and not asked for",
];

/// A partition of the sandbox, and one of its Regions.
pub(crate) fn place(partition: &str) -> (Partition, &'static str) {
    match partition {
        "aws" => (Partition::Aws, "eu-west-1"),
        "aws-us-gov" => (Partition::AwsUsGov, "us-gov-west-1"),
        "aws-cn" => (Partition::AwsCn, "cn-north-1"),
        "aws-eusc" => (Partition::AwsEusc, "eusc-de-east-1"),
        other => panic!("the sandbox has no partition {other}"),
    }
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
    let (partition, _) = place(&facts.partition);
    let organization = Organization {
        partition,
        ..Organization::with_accounts([account])
    };
    let sandbox = Sandbox::new(organization).unwrap();
    if let Some(summary) = &facts.summary {
        let_fail(&sandbox, &facts.account, SUMMARY, summary);
    }
    if let Some(devices) = &facts.virtual_devices {
        let_fail(&sandbox, &facts.account, DEVICES, devices);
    }
    sandbox
}
