//! An attendant whose record ends at some write.

use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use remediation::{Attendant, Record, RecordNotKept};
use serde_json::{Value, json};

/// End of a remediation before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The record cannot be written, from then on.
    FullDisk,
    /// No further step is wanted.
    Stop,
    /// The process is killed before the record is written.
    KillBefore,
    /// The process is killed after it.
    KillAfter,
}

impl End {
    pub(crate) const ALL: [Self; 4] = [
        Self::FullDisk,
        Self::Stop,
        Self::KillBefore,
        Self::KillAfter,
    ];

    pub(crate) fn is_kill(self) -> bool {
        matches!(self, Self::KillBefore | Self::KillAfter)
    }
}

/// Keeps the last record that was written.
pub(crate) struct Keeper {
    end: End,
    at: usize,
    writes: usize,
    /// Record on the disk.
    pub(crate) kept: Option<Value>,
    /// True if the end has come.
    pub(crate) has_ended: bool,
}

impl Keeper {
    pub(crate) fn new(end: End, at: usize) -> Self {
        Self {
            end,
            at,
            writes: 0,
            kept: None,
            has_ended: false,
        }
    }
}

impl Attendant for Keeper {
    fn asks(&self) -> bool {
        false
    }

    fn approve<'a>(&'a mut self, _: &'a Record<Value>) -> BoxFuture<'a, bool> {
        ready(true).boxed()
    }

    fn keep(&mut self, record: &Record<Value>) -> Result<(), RecordNotKept> {
        let is_end = self.writes >= self.at;
        self.writes += 1;
        self.has_ended |= is_end;
        if is_end {
            match self.end {
                End::FullDisk => return Err(RecordNotKept("no space left on device".to_owned())),
                End::KillBefore => panic!("killed before the record was written"),
                End::Stop | End::KillAfter => {}
            }
        }
        self.kept = Some(json!(record));
        assert!(
            !is_end || self.end != End::KillAfter,
            "killed after the record was written"
        );
        Ok(())
    }

    fn is_stopped(&self) -> bool {
        self.end == End::Stop && self.has_ended
    }
}
