//! Taking back what a remediation did.

use config_rule::Account;
use serde::{Deserialize, Serialize};

use crate::record::{Outcome, Record, StepStatus};
use crate::remediation::Remediation;

/// What became of taking a step back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UndoneStep {
    /// What the step did.
    pub what: String,
    /// The ARN of what it changed.
    pub resource: String,
    /// What became of taking it back.
    #[serde(flatten)]
    pub status: StepStatus,
}

/// What became of undoing a remediation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Undo {
    /// `DONE`, or `WAITING_FOR_HUMAN` where something cannot be taken back, or
    /// `FAILED`.
    pub outcome: Outcome,
    /// The steps in the order in which they were taken back: the last first.
    pub steps: Vec<UndoneStep>,
}

/// Takes back every reversible step that was done or may have been done, the last
/// first. Stops at the first that fails. Taken back before, a step is left alone.
pub async fn undo<R: Remediation>(account: &Account, record: &Record<R::Change>) -> Undo {
    let mut undo = Undo {
        outcome: Outcome::Done,
        steps: Vec::new(),
    };
    for step in record.tried().rev() {
        let status = if undo.outcome == Outcome::Failed {
            StepStatus::NotReached
        } else if !step.reversible {
            undo.outcome = Outcome::WaitingForHuman;
            StepStatus::Withheld {
                why: "it cannot be undone".to_owned(),
            }
        } else {
            match Box::pin(R::revert(account, &step.change)).await {
                Ok(()) => StepStatus::Applied,
                Err(error) => {
                    undo.outcome = Outcome::Failed;
                    StepStatus::Failed {
                        error: error.to_string(),
                    }
                }
            }
        };
        undo.steps.push(UndoneStep {
            what: step.what.clone(),
            resource: step.resource.clone(),
            status,
        });
    }
    undo
}
