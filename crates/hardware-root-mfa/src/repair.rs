//! Removing everything that a root user can sign in with, from the account that holds
//! IAM's delegated administration, where an organization says so.

use config_rule::{
    ASSUME_ROLE, Account, CallError, Compliance, Control, Fact, ParameterError, ParameterReader,
    Parameters,
};
use remediation::central::FromCentral;
use remediation::{
    DESCRIBE_ACCOUNT, MemberSettings, Mode, Plan, Remediation, RemediationParameters, StepError,
};
use root_credentials::{
    ASSUME_ROOT, CredentialReport, GET_CREDENTIAL_REPORT, Removal, RemovalDetails, RemovalSettings,
};
use serde::Serialize;

use crate::plan::plan;
use crate::{HardwareRootMfa, HardwareRootMfaParameters, RootMfa};

/// The IAM actions that the central function needs in the member account, beside those of
/// the evaluation.
pub const MEMBER_READS: &[&str] = &[GET_CREDENTIAL_REPORT];

/// What the organization says to the remediation of this control alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MfaSettings {
    /// Whether a root user without hardware MFA shall not be able to sign in at all.
    pub remove_root_password: bool,
    /// What may be removed, and where.
    #[serde(flatten)]
    pub removal: RemovalSettings,
}

impl Parameters for MfaSettings {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        Ok(Self {
            remove_root_password: reader.boolean("removeRootPassword", false)?,
            removal: RemovalSettings::read(reader)?,
        })
    }
}

impl Remediation for HardwareRootMfa {
    type Settings = MfaSettings;
    /// Nothing, where nothing may be removed.
    type Details = Option<(Option<CredentialReport>, RemovalDetails)>;
    type Change = Removal;

    const MODE: Mode = Mode::Off;
    const EXAMINES: &'static [&'static str] = &[ASSUME_ROLE, DESCRIBE_ACCOUNT];
    const WRITES: &'static [&'static str] = &[ASSUME_ROOT];
    const UNDOES: &'static [&'static str] = &[];

    /// From the central account through a role of the member account: that opens no root
    /// session.
    async fn survey(
        account: &Account,
        parameters: &HardwareRootMfaParameters,
        remediation: &RemediationParameters<Self>,
    ) -> Result<RootMfa, CallError> {
        if !remediation.from_central {
            return Self::observe(account, parameters).await;
        }
        let members = &remediation.settings.removal.members;
        match members.reach(account, Self::METADATA.name).await? {
            Fact::Known(member) => Self::observe(&member, parameters).await,
            Fact::Unread(unread) => Ok(RootMfa::unread(account, unread)),
        }
    }

    /// Reads the credential report, which says when the password was last used, and opens
    /// an audit session where no guard stands before it.
    async fn examine(
        account: &Account,
        facts: &RootMfa,
        parameters: &HardwareRootMfaParameters,
        remediation: &RemediationParameters<Self>,
    ) -> Result<Self::Details, CallError> {
        let settings = &remediation.settings;
        let verdict = Self::evaluate(facts, parameters);
        if !settings.remove_root_password || verdict.compliance != Compliance::NonCompliant {
            return Ok(None);
        }
        let control = Self::METADATA.name;
        let report = match settings.removal.members.reach(account, control).await? {
            Fact::Known(member) if remediation.from_central => {
                match CredentialReport::observe(&member).await {
                    Fact::Known(report) => report,
                    // The session asks again.
                    Fact::Unread(_) => None,
                }
            }
            _ => None,
        };
        let details = RemovalDetails::observe(
            account,
            (control, true),
            report.as_ref(),
            (&remediation.approval, remediation.from_central),
            &settings.removal,
        )
        .await?;
        Ok(Some((report, details)))
    }

    fn plan(
        facts: &RootMfa,
        details: &Self::Details,
        parameters: &HardwareRootMfaParameters,
        settings: &MfaSettings,
    ) -> Plan<Removal> {
        plan(facts, details.as_ref(), parameters, settings)
    }

    async fn apply(account: &Account, change: &Removal) -> Result<(), StepError> {
        change.apply(account).await
    }

    /// What is deleted does not come back: no step is reversible.
    async fn take_back(_: &Account, _: &Removal) -> Result<(), StepError> {
        Ok(())
    }
}

impl FromCentral for HardwareRootMfa {
    fn members(settings: &MfaSettings) -> &MemberSettings {
        &settings.removal.members
    }
}
