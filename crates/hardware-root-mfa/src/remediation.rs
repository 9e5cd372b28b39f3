//! Removing everything that a root user can sign in with, from the account that holds
//! IAM's delegated administration, where an organization says so.

use config_rule::{
    ASSUME_ROLE, Account, CallError, Compliance, Control, Fact, Identity, Timestamp,
};
use remediation::{
    DESCRIBE_ACCOUNT, Mode, Plan, Remediation, RemediationParameters, Standing, Step, StepError,
    Target,
};
use root_credentials::{
    ASSUME_ROOT, CredentialReport, GET_CREDENTIAL_REPORT, Removal, RemovalDetails,
};

use crate::plan::{MfaSettings, enrol, plan};
use crate::{HardwareRootMfa, HardwareRootMfaParameters, RootMfa};

/// The IAM actions that the central function needs in the member account, beside those of
/// the evaluation.
pub const MEMBER_READS: &[&str] = &[GET_CREDENTIAL_REPORT];

impl Remediation for HardwareRootMfa {
    type Settings = MfaSettings;
    /// Nothing, where nothing may be removed.
    type Details = Option<(Option<CredentialReport>, RemovalDetails)>;
    type Change = Removal;

    const TARGET: Target<MfaSettings> = Target::MemberAccount {
        members: |settings| &settings.removal.members,
        from_member: enrol,
    };
    const MODE: Mode = Mode::Off;
    const PLAN_ACTIONS: &'static [&'static str] = &[ASSUME_ROLE, DESCRIBE_ACCOUNT];
    const APPLY_ACTIONS: &'static [&'static str] = &[ASSUME_ROOT];
    const REVERT_ACTIONS: &'static [&'static str] = &[];

    /// Reads the credential report, which says when the password was last used, and opens
    /// an audit session where no guard stands before it.
    async fn observe_for_plan(
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
        let report = match settings
            .removal
            .members
            .assume_member_role(account, control)
            .await?
        {
            // The session asks again for what the report could not tell.
            Fact::Known(member) => match CredentialReport::observe(&member).await {
                Fact::Known(report) => report,
                Fact::Unread(_) => None,
            },
            Fact::Unread(_) => None,
        };
        let details = RemovalDetails::observe(
            account,
            (control, true),
            report.as_ref(),
            &remediation.approval,
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

    /// No record of deletions can be undone, so none is believed.
    fn could_make(_: &Identity, step: &Step<Removal>) -> bool {
        !step.reversible
    }

    async fn standing(
        _: &Account,
        _: &Removal,
        _: Timestamp,
        _: &[Removal],
    ) -> Result<Standing, StepError> {
        Ok(Standing::Absent)
    }

    /// Returns what is deleted does not come back: no step is reversible.
    async fn revert(_: &Account, _: &Removal) -> Result<(), StepError> {
        Ok(())
    }
}
