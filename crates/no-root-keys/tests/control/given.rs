//! The rows of `verdicts.json`, and a sandboxed account in the state of a row.

use std::time::SystemTime;

use config_rule::{Compliance, Fact, Timestamp, Unread};
use no_root_keys::RootKeys;
use root_credentials::{AccessKeyUse, AccountSummary, CredentialReport};
use sandbox::{AccessKey, Account, Fault, LastUsed, Organization, RootUser, Sandbox};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::stage::ACCOUNT;

/// Given facts and parameters, the verdict.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) parameters: Map<String, Value>,
    pub(crate) facts: RootKeys,
    pub(crate) compliance: Compliance,
    pub(crate) annotation: String,
}

/// All rows.
pub(crate) fn rows() -> Vec<Row> {
    serde_json::from_str(include_str!("../verdicts.json")).unwrap()
}

/// A sandbox with one account in which these facts hold; their times are moved
/// so that they were observed now.
pub(crate) fn sandbox(facts: &RootKeys) -> Sandbox {
    let mut account = Account::new(ACCOUNT, "account");
    account.root = RootUser {
        password: true,
        ..RootUser::without_credentials()
    };
    if let Fact::Known(summary) = &facts.summary {
        describe_summary(summary, &mut account);
    }
    if let Some(Fact::Known(Some(report))) = &facts.report {
        describe_report(report, facts.observed_at, &mut account);
    }
    let sandbox = Sandbox::new(Organization::of([account])).unwrap();
    let unread = [
        ("iam:GetAccountSummary", unread(&facts.summary)),
        (
            "iam:GetCredentialReport",
            facts.report.as_ref().and_then(unread),
        ),
    ];
    for (action, unread) in unread {
        if let Some(unread) = unread {
            sandbox.inject(fault(unread).account(ACCOUNT).action(action));
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

fn describe_report(report: &CredentialReport, observed_at: Timestamp, account: &mut Account) {
    let age = observed_at.since(report.generated_at.unwrap());
    let made = Timestamp::from(SystemTime::now() - age);
    account.root.credential_report = sandbox::CredentialReport::GeneratedAt(at(made));
    let keys = report.access_keys.iter().enumerate();
    account.root.access_keys = keys
        .filter(|(_, key)| **key != AccessKeyUse::default())
        .map(|(number, key)| AccessKey {
            active: key.active,
            created: at(key.last_rotated.unwrap()),
            last_used: key.last_used.map(|time| LastUsed {
                date: at(time),
                region: key.last_used_region.clone().unwrap(),
                service: key.last_used_service.clone().unwrap(),
            }),
            ..AccessKey::new(format!("AKIA{number:016}"))
        })
        .collect();
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

fn at(time: Timestamp) -> sandbox::Timestamp {
    sandbox::Timestamp::from_millis(time.epoch_millis())
}

/// The same facts with the times that cannot agree made equal.
pub(crate) fn without_times(mut facts: RootKeys) -> RootKeys {
    facts.observed_at = Timestamp::UNIX_EPOCH;
    if let Some(Fact::Known(Some(report))) = &mut facts.report {
        report.generated_at = None;
    }
    facts
}
