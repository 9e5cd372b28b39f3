//! The rows of `verdicts.json`, and a sandboxed account in the state of a row.

use std::time::SystemTime;

use config_rule::{Fact, Timestamp};
use control_testkit::{Row, describe_summary, let_fail};
use no_root_keys::{NoRootKeys, RootKeys};
use root_credentials::{AccessKeyUse, CredentialReport};
use sandbox::{AccessKey, Account, LastUsed, Organization, RootUser, Sandbox, SigningCertificate};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "eu-west-1";

/// All rows.
pub(crate) fn rows() -> Vec<Row<NoRootKeys>> {
    control_testkit::rows(include_str!("../verdicts.json"))
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
    let sandbox = Sandbox::new(Organization::with_accounts([account])).unwrap();
    let_fail(&sandbox, ACCOUNT, "iam:GetAccountSummary", &facts.summary);
    if let Some(report) = &facts.report {
        let_fail(&sandbox, ACCOUNT, "iam:GetCredentialReport", report);
    }
    sandbox
}

/// An account in which these facts hold until something is done about them: its root user
/// has what the facts tell of.
pub(crate) fn account_to_remediate(id: &str, facts: &RootKeys) -> Account {
    let mut account = Account::new(id, "account");
    account.root = RootUser::without_credentials();
    if let Some(Fact::Known(Some(report))) = &facts.report {
        describe_report(report, facts.observed_at, &mut account);
    }
    let Fact::Known(summary) = &facts.summary else {
        return account;
    };
    let mut omit = |key: &str| account.omitted_summary_keys.push(key.to_owned());
    let keys = summary.access_keys_present.unwrap_or_else(|| {
        omit("AccountAccessKeysPresent");
        0
    });
    let certificates = summary.signing_certificates_present.unwrap_or_else(|| {
        omit("AccountSigningCertificatesPresent");
        0
    });
    // A report does not show keys that are inactive.
    let shown = account.root.access_keys.len();
    let hidden = (shown..usize::try_from(keys).unwrap()).map(|number| AccessKey {
        active: false,
        ..AccessKey::new(format!("AKIA{number:016}"))
    });
    account.root.access_keys.extend(hidden);
    account.root.signing_certificates = (0..certificates)
        .map(|number| SigningCertificate::new(format!("CERTIFICATE{number:016}")))
        .collect();
    account
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
