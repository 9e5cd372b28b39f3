//! Deleting root keys in member accounts, from the account that holds IAM's delegated
//! administration.

use config_rule::{ASSUME_ROLE, Account, CallError, Control, Fact};
use remediation::central::FromCentral;
use remediation::{
    DESCRIBE_ACCOUNT, MemberSettings, Mode, Plan, Remediation, RemediationParameters, StepError,
};
use root_credentials::{ASSUME_ROOT, Removal, RemovalDetails, RemovalSettings};

use crate::plan::plan;
use crate::{NoRootKeys, NoRootKeysParameters, RootKeys};

impl Remediation for NoRootKeys {
    type Settings = RemovalSettings;
    type Details = RemovalDetails;
    type Change = Removal;

    const MODE: Mode = Mode::Off;
    const EXAMINES: &'static [&'static str] = &[ASSUME_ROLE, DESCRIBE_ACCOUNT];
    const WRITES: &'static [&'static str] = &[ASSUME_ROOT];
    const UNDOES: &'static [&'static str] = &[];

    /// From the central account through a role of the member account: that opens no root
    /// session.
    async fn survey(
        account: &Account,
        parameters: &NoRootKeysParameters,
        remediation: &RemediationParameters<Self>,
    ) -> Result<RootKeys, CallError> {
        if !remediation.from_central {
            return Self::observe(account, parameters).await;
        }
        let members = &remediation.settings.members;
        match members.reach(account, Self::METADATA.name).await? {
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
        remediation: &RemediationParameters<Self>,
    ) -> Result<RemovalDetails, CallError> {
        let wanted = facts.violation(parameters).is_some();
        RemovalDetails::observe(
            account,
            (Self::METADATA.name, wanted),
            facts.report(),
            (&remediation.approval, remediation.from_central),
            &remediation.settings,
        )
        .await
    }

    fn plan(
        facts: &RootKeys,
        details: &RemovalDetails,
        parameters: &NoRootKeysParameters,
        settings: &RemovalSettings,
    ) -> Plan<Removal> {
        plan(facts, details, parameters, settings)
    }

    async fn apply(account: &Account, change: &Removal) -> Result<(), StepError> {
        change.apply(account).await
    }

    /// What is deleted does not come back: no step is reversible.
    async fn take_back(_: &Account, _: &Removal) -> Result<(), StepError> {
        Ok(())
    }
}

impl FromCentral for NoRootKeys {
    fn members(settings: &RemovalSettings) -> &MemberSettings {
        &settings.members
    }
}
