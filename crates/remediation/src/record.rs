//! What became of a remediation.

use std::fmt;

use config_rule::{Identity, Timestamp, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::plan::{ManualItem, Plan, Step};

/// How a remediation ended. All but `FAILED` end a runbook as success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// The control is satisfied, and that was seen.
    Done,
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
            Self::WaitingForHuman => "WAITING_FOR_HUMAN",
            Self::Refused => "REFUSED",
            Self::Failed => "FAILED",
        })
    }
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StepStatus {
    /// AWS says that it was done.
    Applied,
    /// It failed; AWS may have done it nevertheless.
    Failed {
        /// Why.
        error: String,
    },
    /// It was not tried, because one before it failed or the time was up.
    NotReached,
    /// It was not tried, because nobody allowed it.
    Withheld {
        /// What it lacks.
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
    /// What became of it.
    #[serde(flatten)]
    pub status: StepStatus,
}

/// What became of a remediation: returned, logged, and enough to undo it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record<C> {
    /// The control's name.
    pub control: String,
    /// The twelve-digit id of the account that was repaired.
    pub account: String,
    /// The Region in which it was asked.
    pub region: String,
    /// The partition.
    pub partition: String,
    /// When the account was looked at for the plan.
    pub observed_at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it ended so, in one sentence.
    pub why: String,
    /// What was concluded before.
    pub before: Verdict,
    /// What was concluded afterwards, if anything was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Verdict>,
    /// The steps, each with its state before.
    pub steps: Vec<RecordedStep<C>>,
    /// What is left to a human.
    pub manual: Vec<ManualItem>,
    /// What whoever approved should have known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The IAM actions of the calls made, in order.
    pub calls: Vec<String>,
}

impl<C: Serialize> Record<C> {
    /// Adds the steps whose changes it does not hold yet. Whether one of them may be
    /// tried.
    pub(crate) fn add(
        &mut self,
        steps: Vec<Step<C>>,
        withholds: impl Fn(&Step<C>) -> Option<&'static str>,
    ) -> bool {
        let mut may_be_tried = false;
        for step in steps {
            let change = json!(step.change);
            let is_known = |known: &RecordedStep<C>| json!(known.step.change) == change;
            if !self.steps.iter().any(is_known) {
                let recorded = RecordedStep::new(step, &withholds);
                may_be_tried |= recorded.status == StepStatus::NotReached;
                self.steps.push(recorded);
            }
        }
        may_be_tried
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
    pub(crate) fn of(
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
                StepStatus::Applied | StepStatus::Failed { .. }
            )
        });
        tried.map(|recorded| &recorded.step)
    }

    pub(crate) fn ended(&mut self, outcome: Outcome, why: impl Into<String>) {
        self.outcome = outcome;
        self.why = why.into();
    }
}
