//! Reverting what a remediation did, as far as it stands as it was left.

use std::fmt;

use config_rule::Account;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attendant::RecordNotKept;
use crate::plan::Step;
use crate::record::{Outcome, Record, RecordError};
use crate::remediation::Remediation;

/// State of a change that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As the change left it, and nobody has built on it: it can be reverted.
    AsApplied,
    /// Nothing: it was never made, or is reverted.
    Absent,
    /// Something that somebody has changed or uses since: it is left alone. Says by
    /// whom or in what.
    Used(String),
}

/// Outcome of a step that is undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UndoStatus {
    /// It will be reverted.
    ToRevert,
    /// Reverting it was begun.
    Reverting,
    /// It was reverted.
    Reverted,
    /// Nothing of it is there.
    Absent,
    /// It is left as it is.
    Left {
        /// Reason.
        why: String,
    },
    /// Reverting it failed.
    Failed {
        /// Reason.
        error: String,
    },
}

impl fmt::Display for UndoStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ToRevert => f.write_str("to be reverted"),
            Self::Reverting => f.write_str("being reverted"),
            Self::Reverted => f.write_str("reverted"),
            Self::Absent => f.write_str("nothing of it is there"),
            Self::Left { why } => write!(f, "left as it is: {why}"),
            Self::Failed { error } => write!(f, "failed: {error}"),
        }
    }
}

/// A step, and what becomes of reverting it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UndoneStep {
    /// Description of the step.
    pub what: String,
    /// The ARN of what it changed.
    pub resource: String,
    /// State that the step left and reverting takes away; `null` where the step
    /// left nothing.
    pub from: Value,
    /// State that reverting it brings back; `null` where nothing was there before.
    pub to: Value,
    /// Outcome.
    #[serde(flatten)]
    pub status: UndoStatus,
}

/// Outcome of undoing a record: first the plan, then the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Undo {
    /// The control's name.
    pub control: String,
    /// The twelve-digit id of the account.
    pub account: String,
    /// `READY`, where steps are to be reverted; `DONE`; `WAITING_FOR_HUMAN`, where
    /// something is left; or `FAILED`.
    pub outcome: Outcome,
    /// The steps in the order in which they are reverted: the last first.
    pub steps: Vec<UndoneStep>,
}

impl Undo {
    fn conclude(&mut self) {
        let has = |wanted: fn(&UndoStatus) -> bool| self.steps.iter().any(|s| wanted(&s.status));
        self.outcome = if has(|status| matches!(status, UndoStatus::Failed { .. })) {
            Outcome::Failed
        } else if has(|status| matches!(status, UndoStatus::ToRevert)) {
            Outcome::Ready
        } else if has(|status| matches!(status, UndoStatus::Left { .. })) {
            Outcome::WaitingForHuman
        } else {
            Outcome::Done
        };
    }
}

/// Looks at what a record says was done, and changes nothing: which steps can be
/// reverted, and why others are left.
///
/// # Errors
/// If the record is about another account, or names a step that rootguard does not
/// make: it comes from outside, and is not believed.
pub async fn plan_undo<R: Remediation>(
    account: &Account,
    record: &Record<R::Change>,
) -> Result<Undo, RecordError> {
    check::<R>(account, record)?;
    let mut undo = Undo {
        control: record.control.clone(),
        account: record.account.clone(),
        outcome: Outcome::Done,
        steps: Vec::new(),
    };
    let mut reverted = Vec::new();
    for step in record.tried().rev() {
        let status = status::<R>(account, record, step, &reverted).await;
        if matches!(status, UndoStatus::ToRevert | UndoStatus::Absent) {
            reverted.push(step.change.clone());
        }
        undo.steps.push(UndoneStep {
            what: step.what.clone(),
            resource: step.resource.clone(),
            from: step.after.clone(),
            to: step.before.clone(),
            status,
        });
    }
    undo.conclude();
    Ok(undo)
}

/// Reverts the reversible steps that stand as they were left, the last first, and
/// stops at the first that fails. `keep` makes the state durable before and after each.
///
/// # Errors
/// See [`plan_undo`].
pub async fn undo<R: Remediation>(
    account: &Account,
    record: &Record<R::Change>,
    keep: &mut (dyn FnMut(&Undo) -> Result<(), RecordNotKept> + Send),
) -> Result<Undo, RecordError> {
    let mut undo = plan_undo::<R>(account, record).await?;
    let mut reverted = Vec::new();
    for (index, step) in record.tried().rev().enumerate() {
        // What was shown may have changed since; what was left before stays so.
        let status = match undo.steps.get(index).map(|step| &step.status) {
            Some(UndoStatus::ToRevert) => status::<R>(account, record, step, &reverted).await,
            Some(status) => status.clone(),
            None => break,
        };
        let is_reverted = matches!(status, UndoStatus::ToRevert);
        let status = if is_reverted {
            set_status(&mut undo, index, UndoStatus::Reverting);
            match keep(&undo) {
                Err(error) => failed(&error),
                Ok(()) => match Box::pin(R::revert(account, &step.change)).await {
                    Ok(()) => UndoStatus::Reverted,
                    Err(error) => failed(&error),
                },
            }
        } else {
            status
        };
        if matches!(status, UndoStatus::Reverted | UndoStatus::Absent) {
            reverted.push(step.change.clone());
        }
        let has_failed = matches!(status, UndoStatus::Failed { .. });
        set_status(&mut undo, index, status);
        undo.conclude();
        if has_failed {
            break;
        }
        if is_reverted && let Err(error) = keep(&undo) {
            set_status(&mut undo, index, failed(&error));
            undo.conclude();
            break;
        }
    }
    Ok(undo)
}

fn failed(error: &impl ToString) -> UndoStatus {
    UndoStatus::Failed {
        error: error.to_string(),
    }
}

fn set_status(undo: &mut Undo, index: usize, status: UndoStatus) {
    if let Some(step) = undo.steps.get_mut(index) {
        step.status = status;
    }
}

async fn status<R: Remediation>(
    account: &Account,
    record: &Record<R::Change>,
    step: &Step<R::Change>,
    reverted: &[R::Change],
) -> UndoStatus {
    if !step.reversible {
        return UndoStatus::Left {
            why: "it cannot be undone".to_owned(),
        };
    }
    let standing = R::standing(account, &step.change, record.observed_at, reverted);
    match Box::pin(standing).await {
        Ok(Standing::AsApplied) => UndoStatus::ToRevert,
        Ok(Standing::Absent) => UndoStatus::Absent,
        Ok(Standing::Used(why)) => UndoStatus::Left { why },
        Err(error) => failed(&error),
    }
}

/// Returns whether the record is about this account, and every step one that could have been
/// made here.
fn check<R: Remediation>(account: &Account, record: &Record<R::Change>) -> Result<(), RecordError> {
    let identity = account.identity();
    if record.account != identity.account() || record.partition != identity.partition() {
        return Err(RecordError::OtherAccount {
            record: record.account.clone(),
            asked: identity.account().to_owned(),
        });
    }
    let foreign = record.tried().find(|step| !R::could_make(identity, step));
    foreign.map_or(Ok(()), |step| {
        Err(RecordError::ForeignStep {
            what: step.what.clone(),
            resource: step.resource.clone(),
            account: record.account.clone(),
        })
    })
}
