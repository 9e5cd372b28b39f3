//! What a control knows about repair.

use std::future::Future;

use config_rule::{Account, CallError, Control, Parameters, Verdict};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::approval::{Mode, RemediationParameters};
use crate::member::MemberSettings;
use crate::plan::{ManualItem, Plan};
use crate::write::StepError;

/// The account that a remediation changes, and the account whose function does it.
pub enum Target<S> {
    /// The account in which the function runs.
    OwnAccount,
    /// A member account, from the account that holds IAM's delegated administration.
    MemberAccount {
        /// The part of the settings that says which member accounts, and by which role.
        members: fn(&S) -> &MemberSettings,
        /// What is left to a human where a member account is looked at with its own
        /// credentials.
        from_member: fn(&Verdict) -> ManualItem,
    },
}

/// What a control knows about repair, beside [`Control`].
///
/// As with verdicts, looking and concluding are separate:
/// [`observe_for_plan`](Remediation::observe_for_plan) reads what only a repair needs to know,
/// [`plan`](Remediation::plan) concludes without input, output or clock.
pub trait Remediation: Control + Sized {
    /// What the organization says to this remediation alone.
    type Settings: Parameters;
    /// What a repair needs to know beyond what the verdict rests on.
    type Details: Serialize + Send + Sync;
    /// A change that this control can make and take back. A record holds it, so it
    /// says everything that either needs.
    type Change: Clone + Serialize + DeserializeOwned + Send + Sync;

    /// The account that is remediated, and from where.
    const TARGET: Target<Self::Settings>;
    /// Who may start it, unless `rules.toml` differs.
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

    /// What would be done. Empty where the control is satisfied, never empty where
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

    /// Takes a change back, unless somebody has changed the same since. Never made,
    /// or taken back before, there is nothing to do.
    ///
    /// # Errors
    /// If it was not taken back, or is not known to have been.
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
