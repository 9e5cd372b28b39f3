//! What became of a remediation.

use std::fmt;

use config_rule::{Identity, Timestamp, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::plan::{ManualItem, Plan, Step};

/// Outcome of a remediation. All but `FAILED` end a runbook as success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// The control is satisfied, and that was seen.
    Done,
    /// The control does not apply to the account.
    NotApplicable,
    /// Steps are planned that nobody has approved.
    Ready,
    /// Everything that may be done was done, and something is left to a human.
    WaitingForHuman,
    /// It may not be done here, or not by whoever asked.
    Refused,
    /// A step failed, or what was done was not seen to help.
    Failed,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Done => "DONE",
            Self::NotApplicable => "NOT_APPLICABLE",
            Self::Ready => "READY",
            Self::WaitingForHuman => "WAITING_FOR_HUMAN",
            Self::Refused => "REFUSED",
            Self::Failed => "FAILED",
        })
    }
}

/// Outcome of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StepStatus {
    /// AWS says that it was done.
    Applied,
    /// It was begun. A record that ends so was written by a process that was killed:
    /// AWS may have done it.
    Applying,
    /// AWS did not do it.
    Failed {
        /// Reason.
        error: String,
    },
    /// It was begun, and no answer came: AWS may have done it.
    Unanswered {
        /// The answer that came instead.
        error: String,
    },
    /// It was not begun: nobody has approved it, one before it failed, or the time was
    /// up.
    NotReached,
    /// It was not tried, because nobody allowed it.
    Withheld {
        /// The permission that it lacks.
        why: String,
    },
}

/// A step, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedStep<C> {
    /// The step.
    #[serde(flatten)]
    pub step: Step<C>,
    /// Outcome.
    #[serde(flatten)]
    pub status: StepStatus,
}

/// The version of the format in which records are written. Version 0, which had no
/// member `format`, said `FAILED` of steps that AWS may have done.
pub const FORMAT: u32 = 1;

/// A record that cannot be undone.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It is no record.
    #[error("it is no record of a remediation: {0}")]
    Invalid(#[from] serde_json::Error),
    /// A later version of rootguard wrote it.
    #[error(
        "its format is version {0}, and this rootguard reads up to version {FORMAT}; update it"
    )]
    TooNew(u32),
    /// It is about another account than the one that is asked.
    #[error("it is about account {record}, and the credentials are of account {asked}")]
    OtherAccount {
        /// The account of the record.
        record: String,
        /// The account that is asked.
        asked: String,
    },
    /// A step that rootguard does not make.
    #[error(
        "its step \"{what}\" ({resource}) is none that rootguard makes in account {account}, so nothing \
         of the record is reverted"
    )]
    ForeignStep {
        /// Description of the step.
        what: String,
        /// Resource of the step.
        resource: String,
        /// The account.
        account: String,
    },
}

/// Outcome of a remediation: returned, logged, and enough to undo it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record<C> {
    /// The version of the record's format; see [`FORMAT`].
    #[serde(default)]
    pub format: u32,
    /// The control's name.
    pub control: String,
    /// The twelve-digit id of the account that was repaired.
    pub account: String,
    /// The Region in which it was asked.
    pub region: String,
    /// The partition.
    pub partition: String,
    /// Time at which the account was looked at for the plan.
    pub observed_at: Timestamp,
    /// Outcome.
    pub outcome: Outcome,
    /// Reason why it ended so, in one sentence.
    pub why: String,
    /// Compliance before.
    pub before: Verdict,
    /// Compliance afterwards, if anything was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Verdict>,
    /// The steps, each with its state before.
    pub steps: Vec<RecordedStep<C>>,
    /// Manual items.
    pub manual: Vec<ManualItem>,
    /// Notes that whoever approved should have known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The IAM actions of the calls made, in order.
    pub calls: Vec<String>,
}

impl<C: Serialize> Record<C> {
    /// Returns the record with its changes as JSON.
    pub fn untyped(&self) -> Record<Value> {
        let steps = self.steps.iter().map(RecordedStep::untyped);
        Record {
            format: self.format,
            control: self.control.clone(),
            account: self.account.clone(),
            region: self.region.clone(),
            partition: self.partition.clone(),
            observed_at: self.observed_at,
            outcome: self.outcome,
            why: self.why.clone(),
            before: self.before.clone(),
            after: self.after.clone(),
            steps: steps.collect(),
            manual: self.manual.clone(),
            warnings: self.warnings.clone(),
            calls: self.calls.clone(),
        }
    }

    /// Replaces the steps that were not begun by those of a later look, and returns
    /// whether that changes anything. A step that was tried and is planned again is
    /// not tried again.
    pub(crate) fn replan(
        &mut self,
        plan: Plan<C>,
        withholds: impl Fn(&Step<C>) -> Option<&'static str>,
    ) -> bool {
        let is_open = |recorded: &RecordedStep<C>| {
            matches!(
                recorded.status,
                StepStatus::NotReached | StepStatus::Withheld { .. }
            )
        };
        let (open, tried): (Vec<_>, Vec<_>) = std::mem::take(&mut self.steps)
            .into_iter()
            .partition(is_open);
        let changes: Vec<_> = tried.iter().map(|known| json!(known.step.change)).collect();
        let planned = plan.steps.into_iter();
        let planned = planned.filter(|step| !changes.contains(&json!(step.change)));
        let planned: Vec<_> = planned
            .map(|step| RecordedStep::new(step, &withholds))
            .collect();
        let is_changed = json!(open) != json!(planned);
        self.steps = tried;
        self.steps.extend(planned);
        self.manual = plan.manual;
        is_changed
    }
}

impl<C: Serialize> RecordedStep<C> {
    fn untyped(&self) -> RecordedStep<Value> {
        let step = &self.step;
        RecordedStep {
            step: Step {
                what: step.what.clone(),
                resource: step.resource.clone(),
                before: step.before.clone(),
                after: step.after.clone(),
                reversible: step.reversible,
                cost: step.cost.clone(),
                change: json!(step.change),
            },
            status: self.status.clone(),
        }
    }
}

impl Record<Value> {
    /// Reads a record that this or an earlier version wrote.
    ///
    /// # Errors
    /// If it is no record, or a later version wrote it.
    pub fn read(record: Value) -> Result<Self, RecordError> {
        let mut record: Self = serde_json::from_value(record)?;
        match record.format {
            FORMAT => {}
            0 => {
                for recorded in &mut record.steps {
                    if let StepStatus::Failed { error } = &recorded.status {
                        let error = error.clone();
                        recorded.status = StepStatus::Unanswered { error };
                    }
                }
            }
            later => return Err(RecordError::TooNew(later)),
        }
        Ok(record)
    }
}

impl<C> RecordedStep<C> {
    fn new(step: Step<C>, withholds: impl Fn(&Step<C>) -> Option<&'static str>) -> Self {
        let status = match withholds(&step) {
            Some(why) => StepStatus::Withheld {
                why: why.to_owned(),
            },
            None => StepStatus::NotReached,
        };
        Self { step, status }
    }
}

impl<C> Record<C> {
    /// The record of a plan of which nothing was tried yet. `withholds` says why a
    /// step is not tried.
    pub(crate) fn new(
        control: &str,
        identity: &Identity,
        observed_at: Timestamp,
        before: Verdict,
        plan: Plan<C>,
        withholds: impl Fn(&Step<C>) -> Option<&'static str>,
    ) -> Self {
        let steps = plan.steps.into_iter();
        let steps = steps.map(|step| RecordedStep::new(step, &withholds));
        Self {
            format: FORMAT,
            control: control.to_owned(),
            account: identity.account().to_owned(),
            region: identity.region().to_owned(),
            partition: identity.partition().to_owned(),
            observed_at,
            outcome: Outcome::Failed,
            why: "not finished".to_owned(),
            before,
            after: None,
            steps: steps.collect(),
            manual: plan.manual,
            warnings: plan.warnings,
            calls: Vec::new(),
        }
    }

    /// The steps that AWS did or may have done.
    pub fn tried(&self) -> impl DoubleEndedIterator<Item = &Step<C>> {
        let tried = self.steps.iter().filter(|recorded| {
            matches!(
                recorded.status,
                StepStatus::Applied | StepStatus::Applying | StepStatus::Unanswered { .. }
            )
        });
        tried.map(|recorded| &recorded.step)
    }

    /// Returns whether a step may be begun.
    pub fn has_open_step(&self) -> bool {
        let mut steps = self.steps.iter();
        steps.any(|recorded| recorded.status == StepStatus::NotReached)
    }

    pub(crate) fn ended(&mut self, outcome: Outcome, why: impl Into<String>) {
        self.outcome = outcome;
        self.why = why.into();
    }
}
