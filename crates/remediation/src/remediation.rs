//! What a control knows about repair.

use std::future::Future;

use config_rule::{Account, CallError, Control, Parameters};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::approval::{Mode, RemediationParameters};
use crate::plan::Plan;
use crate::write::StepError;

/// What a control knows about repair, beside [`Control`].
///
/// As with verdicts, looking and concluding are separate:
/// [`examine`](Remediation::examine) reads what only a repair needs to know,
/// [`plan`](Remediation::plan) concludes without input, output or clock.
pub trait Remediation: Control + Sized {
    /// What the organization says to this remediation alone.
    type Settings: Parameters;
    /// What a repair needs to know beyond what the verdict rests on.
    type Details: Serialize + Send + Sync;
    /// A change that this control can make and take back. A record holds it, so it
    /// says everything that either needs.
    type Change: Clone + Serialize + DeserializeOwned + Send + Sync;

    /// Who may start it, unless `rules.toml` differs.
    const MODE: Mode;
    /// IAM actions of reading, beyond those of the evaluation.
    const EXAMINES: &'static [&'static str];
    /// IAM actions of applying steps.
    const WRITES: &'static [&'static str];
    /// IAM actions of taking steps back, which only a person does.
    const UNDOES: &'static [&'static str];

    /// The facts that a repair starts from: those of the evaluation, unless the account
    /// is repaired, and so looked at, from another one.
    ///
    /// # Errors
    /// See [`Control::observe`].
    fn survey(
        account: &Account,
        parameters: &Self::Parameters,
        _remediation: &RemediationParameters<Self>,
    ) -> impl Future<Output = Result<Self::Facts, CallError>> + Send {
        Self::observe(account, parameters)
    }

    /// Reads what a repair needs to know, and nothing where there is nothing to
    /// repair.
    ///
    /// # Errors
    /// See [`Control::observe`].
    fn examine(
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
    fn take_back(
        account: &Account,
        change: &Self::Change,
    ) -> impl Future<Output = Result<(), StepError>> + Send;
}

/// The IAM actions that the role of a remediating function needs.
pub fn remediation_actions<R: Remediation>() -> impl Iterator<Item = &'static str> {
    let reads = R::METADATA.reads.iter().chain(R::EXAMINES);
    reads.chain(R::WRITES).copied()
}
