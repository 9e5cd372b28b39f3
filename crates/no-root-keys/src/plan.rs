//! What would be done about a root user with keys: deleting what nobody has used for
//! long, and nothing else. A root key cannot be switched off this way, and what is
//! deleted does not come back.

use std::time::Duration;

use config_rule::{Compliance, Fact, Timestamp};
use remediation::{ManualItem, Plan, Step};
use root_credentials::{RootAccessKey, RootAudit, SigningCertificate};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::evaluate::judge;
use crate::repair::{KeyDetails, KeySettings};
use crate::{NoRootKeysParameters, RootKeys};

/// What may be deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum KeyChange {
    /// `DeleteAccessKey`
    DeleteAccessKey {
        /// The key as it was when the deletion was planned.
        key: RootAccessKey,
    },
    /// `DeleteSigningCertificate`
    DeleteCertificate {
        /// The certificate.
        certificate: SigningCertificate,
    },
}

/// Said before a session is opened, and in the record.
const SETS_OFF_ALARM: &str = "looking and deleting happen in a privileged root session, which \
                              is root use to the account's root-usage alarm";

pub(crate) fn plan(
    facts: &RootKeys,
    details: &KeyDetails,
    parameters: &NoRootKeysParameters,
    settings: &KeySettings,
) -> Plan<KeyChange> {
    let verdict = match judge(facts, parameters) {
        Ok(verdict) => verdict,
        Err(unread) => return Plan::manual(ManualItem::unread(&unread)),
    };
    if verdict.compliance != Compliance::NonCompliant {
        return Plan::default();
    }
    if let Some(item) = guard(facts, details, settings) {
        return Plan::refused(item);
    }
    let audit = match &details.audit {
        Some(Fact::Known(audit)) => audit,
        Some(Fact::Unread(unread)) => return Plan::manual(ManualItem::unread(unread)),
        None => return Plan::manual(ManualItem::unverifiable(&verdict)),
    };
    let mut plan = of_audit(audit, facts.observed_at, parameters, settings);
    plan.warnings.push(SETS_OFF_ALARM.to_owned());
    if plan.is_empty() {
        plan.manual.push(ManualItem::unverifiable(&verdict));
    }
    plan
}

/// Why no session is opened, if none is.
pub(crate) fn guard(
    facts: &RootKeys,
    details: &KeyDetails,
    settings: &KeySettings,
) -> Option<ManualItem> {
    const BY_ROOT: &str = "Sign in as the root user of that account and delete its keys under \
                           Security credentials.";
    let account = &details.account;
    if details.partition != "aws" {
        return Some(ManualItem::new(
            "PARTITION_WITHOUT_ROOT_SESSIONS",
            format!(
                "privileged root sessions are not known in the partition {}.",
                details.partition
            ),
            BY_ROOT,
        ));
    }
    match settings.management_account_id.as_deref() {
        None => {
            return Some(ManualItem::new(
                "NAME_MANAGEMENT_ACCOUNT",
                "managementAccountId is not set, so nobody knows whether this is that account.",
                "Set managementAccountId.",
            ));
        }
        Some(management) if management == account => {
            return Some(ManualItem::new(
                "MANAGEMENT_ACCOUNT",
                format!("{account} is the management account, into which no root session leads."),
                BY_ROOT,
            ));
        }
        Some(_) => {}
    }
    if settings.excluded_accounts.contains(account) {
        return Some(ManualItem::new(
            "ACCOUNT_EXCLUDED",
            format!("{account} is in excludedAccounts."),
            "Delete the keys by hand, or take the account out of excludedAccounts.",
        ));
    }
    let Some(Fact::Known(Some(report))) = &facts.report else {
        return None;
    };
    let used = report.access_keys.iter().find_map(|key| {
        let recent = |time: Option<Timestamp>| {
            time.filter(|time| !is_older(*time, facts.observed_at, settings))
        };
        recent(key.last_used).or(recent(key.last_rotated))
    })?;
    Some(in_use(
        &format!("a root key was made or used at {used}"),
        settings,
    ))
}

fn in_use(what: &str, settings: &KeySettings) -> ManualItem {
    ManualItem::new(
        "KEY_IN_USE",
        format!("{what}, within {} days.", settings.quiet_days),
        "Find out who uses it, give them a role, and run this again when it has been quiet. A \
         root key that is deleted does not come back.",
    )
}

fn is_older(time: Timestamp, now: Timestamp, settings: &KeySettings) -> bool {
    let days = u64::try_from(settings.quiet_days).unwrap_or(u64::MAX);
    now.since(time) > Duration::from_secs(days.saturating_mul(24 * 3600))
}

fn of_audit(
    audit: &RootAudit,
    now: Timestamp,
    parameters: &NoRootKeysParameters,
    settings: &KeySettings,
) -> Plan<KeyChange> {
    let mut plan = Plan::default();
    for key in &audit.access_keys {
        let long_ago = |time: Timestamp| is_older(time, now, settings);
        // Never used since AWS keeps count says nothing; when it was made is needed.
        let quiet = key.created.is_some_and(long_ago) && key.last_used.is_none_or(long_ago);
        if quiet {
            let change = KeyChange::DeleteAccessKey { key: key.clone() };
            plan.steps
                .push(delete("delete the access key", &key.id, json!(key), change));
        } else {
            plan.manual.push(in_use(
                &format!("access key {} was made or used", key.id),
                settings,
            ));
        }
    }
    if parameters.forbid_signing_certificates {
        for certificate in &audit.signing_certificates {
            if settings.delete_signing_certificates {
                let change = KeyChange::DeleteCertificate {
                    certificate: certificate.clone(),
                };
                let what = "delete the signing certificate";
                plan.steps
                    .push(delete(what, &certificate.id, json!(certificate), change));
            } else {
                plan.manual.push(ManualItem::new(
                    "DELETE_CERTIFICATE",
                    format!(
                        "signing certificate {}: nobody knows when it was last used.",
                        certificate.id
                    ),
                    "Find out what signs with it, and set deleteSigningCertificates = true.",
                ));
            }
        }
    }
    plan
}

fn delete(what: &str, id: &str, before: Value, change: KeyChange) -> Step<KeyChange> {
    Step {
        what: what.to_owned(),
        resource: id.to_owned(),
        before,
        after: Value::Null,
        reversible: false,
        cost: None,
        change,
    }
}
