//! Deleting root keys in member accounts, from the account that holds IAM's delegated
//! administration.

use config_rule::{
    ASSUME_ROLE, Account, Arn, CallError, Control, EvidenceRole, Fact, ParameterError,
    ParameterReader, Parameters, Unread,
};
use remediation::{Mode, Plan, Remediation, StepError, remove};
use root_credentials::{ASSUME_ROOT, AuditSession, DeleteSession, RootAudit, access_keys, iam};
use serde::Serialize;

use crate::plan::{KeyChange, guard, plan};
use crate::{NoRootKeys, NoRootKeysParameters, RootKeys};

const DELETE_ACCESS_KEY: &str = "iam:DeleteAccessKey";
const DELETE_SIGNING_CERTIFICATE: &str = "iam:DeleteSigningCertificate";

/// The IAM actions of the delete session, which AWS's task policy gives and no role
/// needs.
pub const SESSION_WRITES: &[&str] = &[DELETE_ACCESS_KEY, DELETE_SIGNING_CERTIFICATE];

const DEFAULT_EVIDENCE_ROLE: &str = "rootguard/evidence";

/// What the organization says to the remediation of this control alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeySettings {
    /// For how many days a key must not have been made or used.
    pub quiet_days: i64,
    /// Whether certificates are deleted, although nobody knows of their last use.
    pub delete_signing_certificates: bool,
    /// The management account, which is never touched.
    pub management_account_id: Option<String>,
    /// Accounts that are never touched either.
    pub excluded_accounts: Vec<String>,
    /// The role, path and name, that shows a member account's summary and report.
    pub member_evidence_role: String,
}

impl Parameters for KeySettings {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        Ok(Self {
            quiet_days: reader.integer("quietDays", 90, 1..=3650)?,
            delete_signing_certificates: reader.boolean("deleteSigningCertificates", false)?,
            management_account_id: reader.text(
                "managementAccountId",
                "the id of an account, twelve digits",
                account_id,
            )?,
            excluded_accounts: reader.list(
                "excludedAccounts",
                "ids of accounts, twelve digits",
                account_id,
            )?,
            member_evidence_role: reader
                .text("memberEvidenceRole", "path and name of a role", |text| {
                    (!text.starts_with('/')).then(|| text.to_owned())
                })?
                .unwrap_or_else(|| DEFAULT_EVIDENCE_ROLE.to_owned()),
        })
    }
}

fn account_id(text: &str) -> Option<String> {
    let is_id = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_id.then(|| text.to_owned())
}

/// What a repair needs to know beyond what the verdict rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyDetails {
    /// The member account.
    pub account: String,
    /// Its partition.
    pub partition: String,
    /// What its root user has, as only that can see; not asked for where a guard stands
    /// before it.
    pub audit: Option<Fact<RootAudit>>,
}

impl Remediation for NoRootKeys {
    type Settings = KeySettings;
    type Details = KeyDetails;
    type Change = KeyChange;

    const MODE: Mode = Mode::Off;
    const EXAMINES: &'static [&'static str] = &[ASSUME_ROLE];
    const WRITES: &'static [&'static str] = &[ASSUME_ROOT];
    const UNDOES: &'static [&'static str] = &[];

    /// Through a role of the member account: that opens no root session.
    async fn survey(
        account: &Account,
        parameters: &NoRootKeysParameters,
        settings: &KeySettings,
    ) -> Result<RootKeys, CallError> {
        let member = match evidence_role(account, settings) {
            Some(role) => account.through(&role, Self::METADATA.name).await?,
            None => Fact::Unread(Unread::not_asked(ASSUME_ROLE)),
        };
        match member {
            Fact::Known(member) => Self::observe(&member, parameters).await,
            Fact::Unread(unread) => Ok(RootKeys {
                observed_at: account.observed_at(),
                summary: Fact::Unread(unread),
                report: None,
            }),
        }
    }

    /// Opens an audit session where there is something to delete and no guard stands
    /// before it.
    async fn examine(
        account: &Account,
        facts: &RootKeys,
        parameters: &NoRootKeysParameters,
        settings: &KeySettings,
    ) -> Result<KeyDetails, CallError> {
        let mut details = KeyDetails {
            account: account.identity().account().to_owned(),
            partition: account.identity().partition().to_owned(),
            audit: None,
        };
        let violated = facts.violation(parameters).is_some();
        if violated && guard(facts, &details, settings).is_none() {
            details.audit = Some(match AuditSession::of(account).await? {
                Fact::Known(session) => RootAudit::observe(&session).await?,
                Fact::Unread(unread) => Fact::Unread(unread),
            });
        }
        Ok(details)
    }

    fn plan(
        facts: &RootKeys,
        details: &KeyDetails,
        parameters: &NoRootKeysParameters,
        settings: &KeySettings,
    ) -> Plan<KeyChange> {
        plan(facts, details, parameters, settings)
    }

    async fn apply(account: &Account, change: &KeyChange) -> Result<(), StepError> {
        let session = DeleteSession::of(account).await?.known()?.clone();
        match change {
            KeyChange::DeleteAccessKey { key } => {
                // Who has used it since it was looked at would miss it.
                let now = access_keys(&session).await?;
                match now.known()?.iter().find(|known| known.id == key.id) {
                    None => return Ok(()),
                    Some(known) if known == key => {}
                    Some(_) => return Err(StepError::Changed(format!("access key {}", key.id))),
                }
                let call = iam(&session).delete_access_key().access_key_id(&key.id);
                remove(&session, DELETE_ACCESS_KEY, call.send()).await
            }
            KeyChange::DeleteCertificate { certificate } => {
                let call = iam(&session)
                    .delete_signing_certificate()
                    .certificate_id(&certificate.id);
                remove(&session, DELETE_SIGNING_CERTIFICATE, call.send()).await
            }
        }
    }

    /// What is deleted does not come back: no step is reversible.
    async fn take_back(_: &Account, _: &KeyChange) -> Result<(), StepError> {
        Ok(())
    }
}

fn evidence_role(account: &Account, settings: &KeySettings) -> Option<EvidenceRole> {
    let identity = account.identity();
    let (partition, id) = (identity.partition(), identity.account());
    let arn = format!(
        "arn:{partition}:iam::{id}:role/{}",
        settings.member_evidence_role
    );
    EvidenceRole::new(arn.parse::<Arn>().ok()?)
}
