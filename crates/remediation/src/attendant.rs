//! Whoever attends a remediation while it works: approves, keeps the record, stops it.

use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use serde_json::Value;

use crate::record::Record;

/// The record could not be made durable. The step that it announces is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the record cannot be written: {0}")]
pub struct RecordNotKept(pub String);

/// Whoever attends a remediation: a person at a terminal, or a function's log.
pub trait Attendant: Send + Sync {
    /// Returns whether [`approve`](Attendant::approve) takes time, so that the account is looked
    /// at again after it: what was shown must be what is done.
    fn asks(&self) -> bool;

    /// Shows the steps that would be taken, and returns whether they may be.
    fn approve<'a>(&'a mut self, record: &'a Record<Value>) -> BoxFuture<'a, bool>;

    /// Makes the record durable: before each step, with the step begun, and after it,
    /// with its outcome.
    ///
    /// # Errors
    /// If it is not durable. Nothing further is changed then.
    fn keep(&mut self, record: &Record<Value>) -> Result<(), RecordNotKept>;

    /// Returns whether no further step is to be begun.
    fn is_stopped(&self) -> bool;
}

/// Nobody: everything that the mode allows is approved, and no record is kept. For
/// accounts of a sandbox.
#[derive(Clone, Copy, Debug)]
pub struct Unattended;

impl Attendant for Unattended {
    fn asks(&self) -> bool {
        false
    }

    fn approve<'a>(&'a mut self, _: &'a Record<Value>) -> BoxFuture<'a, bool> {
        ready(true).boxed()
    }

    fn keep(&mut self, _: &Record<Value>) -> Result<(), RecordNotKept> {
        Ok(())
    }

    fn is_stopped(&self) -> bool {
        false
    }
}
