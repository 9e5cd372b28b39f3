//! Deleting root keys in member accounts, from the account that holds IAM's delegated
//! administration.

use config_rule::{ASSUME_ROLE, Account, CallError, Control, Identity, Timestamp};
use remediation::{
    DESCRIBE_ACCOUNT, ManualItem, Mode, Plan, Remediation, RemediationParameters, Standing, Step,
    StepError, Target,
};
use root_credentials::{ASSUME_ROOT, Removal, RemovalDetails, RemovalSettings};

use crate::plan::plan;
use crate::{NoRootKeys, NoRootKeysParameters, RootKeys};

impl Remediation for NoRootKeys {
    type Settings = RemovalSettings;
    type Details = RemovalDetails;
    type Change = Removal;

    const TARGET: Target<RemovalSettings> = Target::MemberAccount {
        members: |settings| &settings.members,
        from_member: ManualItem::ask_central_account,
    };
    const MODE: Mode = Mode::Off;
    const PLAN_ACTIONS: &'static [&'static str] = &[ASSUME_ROLE, DESCRIBE_ACCOUNT];
    const APPLY_ACTIONS: &'static [&'static str] = &[ASSUME_ROOT];
    const REVERT_ACTIONS: &'static [&'static str] = &[];

    /// Opens an audit session where there is something to delete and no guard stands
    /// before it.
    async fn observe_for_plan(
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
            &remediation.approval,
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
