//! The rows of `verdicts.json`, and a sandboxed account in the state of a row.

use config_rule::{Compliance, Fact, Unread};
use hardware_root_mfa::RootMfa;
use root_credentials::AccountSummary;
use sandbox::{Account, Fault, Organization, RootUser, Sandbox, VirtualMfaDevice};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Given facts and parameters, the verdict.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) parameters: Map<String, Value>,
    pub(crate) facts: RootMfa,
    pub(crate) compliance: Compliance,
    pub(crate) annotation: String,
}

/// All rows.
pub(crate) fn rows() -> Vec<Row> {
    serde_json::from_str(include_str!("../verdicts.json")).unwrap()
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
    let summary = facts.summary.as_ref().and_then(unread);
    let devices = facts.virtual_devices.as_ref().and_then(unread);
    for (action, unread) in [
        ("iam:GetAccountSummary", summary),
        ("iam:ListVirtualMFADevices", devices),
    ] {
        if let Some(unread) = unread {
            sandbox.inject(fault(unread).account(&facts.account).action(action));
        }
    }
    sandbox
}

fn describe_summary(summary: &AccountSummary, account: &mut Account) {
    for (key, value) in [
        ("AccountAccessKeysPresent", summary.access_keys_present),
        (
            "AccountSigningCertificatesPresent",
            summary.signing_certificates_present,
        ),
        ("AccountPasswordPresent", summary.password_present),
        ("AccountMFAEnabled", summary.mfa_enabled),
    ] {
        match value {
            Some(value) => {
                account.summary.insert(key.to_owned(), value);
            }
            None => account.omitted_summary_keys.push(key.to_owned()),
        }
    }
}

fn unread<T>(fact: &Fact<T>) -> Option<&Unread> {
    match fact {
        Fact::Known(_) => None,
        Fact::Unread(unread) => Some(unread),
    }
}

fn fault(unread: &Unread) -> Fault {
    match unread {
        Unread::Denied { .. } => Fault::access_denied(),
        Unread::Unavailable { code, .. } => Fault::error(400, code),
        Unread::ValueMissing { .. } => unreachable!("a call either answers or does not"),
    }
}
