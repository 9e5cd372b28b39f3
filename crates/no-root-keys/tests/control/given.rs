//! The rows of `verdicts.json`, and a sandboxed account in the state of a row.

use std::time::SystemTime;

use config_rule::{Fact, Timestamp};
use control_tests::{Row, describe_summary, let_fail};
use no_root_keys::{NoRootKeys, RootKeys};
use root_credentials::{AccessKeyUse, CredentialReport};
use sandbox::{AccessKey, Account, LastUsed, Organization, RootUser, Sandbox};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "eu-west-1";

/// All rows.
pub(crate) fn rows() -> Vec<Row<NoRootKeys>> {
    control_tests::rows(include_str!("../verdicts.json"))
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
    let_fail(&sandbox, ACCOUNT, "iam:GetAccountSummary", &facts.summary);
    if let Some(report) = &facts.report {
        let_fail(&sandbox, ACCOUNT, "iam:GetCredentialReport", report);
    }
    sandbox
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
