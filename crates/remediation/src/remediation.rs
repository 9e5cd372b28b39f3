//! What a control knows about repair.

use std::future::Future;

use config_rule::{Account, CallError, Control, Identity, Parameters, Timestamp, Verdict};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::approval::{Mode, RemediationParameters};
use crate::member::MemberSettings;
use crate::plan::{ManualItem, Plan, Step};
use crate::undo::Standing;
use crate::write::StepError;

/// The account that a remediation changes, and the account whose function does it.
pub enum Target<S> {
    /// The account in which the function runs.
    OwnAccount,
    /// A member account, from the account that holds IAM's delegated administration.
    MemberAccount {
        /// The part of the settings that says which member accounts, and by which role.
        members: fn(&S) -> &MemberSettings,
        /// Manual items where a member account is looked at with its own
        /// credentials.
        from_member: fn(&Verdict) -> ManualItem,
    },
}

/// Remediation of a control, beside its evaluation ([`Control`]).
///
/// As with verdicts, looking and concluding are separate:
/// [`observe_for_plan`](Remediation::observe_for_plan) reads what only a repair needs to know,
/// [`plan`](Remediation::plan) concludes without input, output or clock.
pub trait Remediation: Control + Sized {
    /// Settings of this remediation.
    type Settings: Parameters;
    /// Facts that a repair needs beyond what the verdict rests on.
    type Details: Serialize + Send + Sync;
    /// A change that this control can make and take back. A record holds it, so it
    /// says everything that either needs.
    type Change: Clone + Serialize + DeserializeOwned + Send + Sync;

    /// The account that is remediated, and from where.
    const TARGET: Target<Self::Settings>;
    /// Mode: who may start it, unless `rules.toml` differs.
    const MODE: Mode;
    /// IAM actions of reading, beyond those of the evaluation.
    const PLAN_ACTIONS: &'static [&'static str];
    /// IAM actions of applying steps.
    const APPLY_ACTIONS: &'static [&'static str];
    /// IAM actions of taking steps back, which only a person does.
    const REVERT_ACTIONS: &'static [&'static str];

    /// Reads what a repair needs to know, and nothing where there is nothing to
    /// repair.
    ///
    /// # Errors
    /// See [`Control::observe`].
    fn observe_for_plan(
        account: &Account,
        facts: &Self::Facts,
        parameters: &Self::Parameters,
        remediation: &RemediationParameters<Self>,
    ) -> impl Future<Output = Result<Self::Details, CallError>> + Send;

    /// Returns what would be done. Empty where the control is satisfied, never empty where
    /// it is not, and without any step that rests on what could not be read.
    fn plan(
        facts: &Self::Facts,
        details: &Self::Details,
        parameters: &Self::Parameters,
        settings: &Self::Settings,
    ) -> Plan<Self::Change>;

    /// Makes a change. Made before, it is left as it is.
    ///
    /// # Errors
    /// If it was not made, or is not known to have been.
    fn apply(
        account: &Account,
        change: &Self::Change,
    ) -> impl Future<Output = Result<(), StepError>> + Send;

    /// Returns whether this control could have made the step in an account: every ARN
    /// in it is of the account, and what it creates has the name that is created. A
    /// record is input from outside.
    fn could_make(identity: &Identity, step: &Step<Self::Change>) -> bool;

    /// Looks at what is there of a change that was made at `since` or later.
    /// `reverted` are changes of the same record that do not count as use: they are
    /// reverted, or will be before this one.
    ///
    /// # Errors
    /// If it could not be read.
    fn standing(
        account: &Account,
        change: &Self::Change,
        since: Timestamp,
        reverted: &[Self::Change],
    ) -> impl Future<Output = Result<Standing, StepError>> + Send;

    /// Reverts a change that [stands](Remediation::standing) as it was applied. Where
    /// it is gone meanwhile, there is nothing to do.
    ///
    /// # Errors
    /// If it was not reverted, or is not known to have been.
    fn revert(
        account: &Account,
        change: &Self::Change,
    ) -> impl Future<Output = Result<(), StepError>> + Send;
}

/// The IAM actions that the role of a remediating function needs.
pub fn remediation_actions<R: Remediation>() -> impl Iterator<Item = &'static str> {
    let reads = R::METADATA.reads.iter().chain(R::PLAN_ACTIONS);
    reads.chain(R::APPLY_ACTIONS).copied()
}
