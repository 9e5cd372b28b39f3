//! A remediation that a person attends: shows and asks, keeps the record in a file, and
//! stops after the step in flight on Ctrl-C.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Write, stderr};
use std::path::{Path, PathBuf};
use std::process::exit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, bail};
use futures::FutureExt;
use futures::future::BoxFuture;
use remediation::{Attendant, Record, RecordNotKept, StepStatus};
use serde_json::Value;

use crate::question::{Answer, Questions};
use crate::record_file::RecordFile;
use crate::remediate::print;

/// The exit code of a process that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Ctrl-C: ends the process at once where nothing is being changed, and else after the
/// step in flight.
#[derive(Clone, Default)]
pub(crate) struct Interrupt {
    is_changing: Arc<AtomicBool>,
    is_stopped: Arc<AtomicBool>,
    record: Arc<OnceLock<PathBuf>>,
}

impl Interrupt {
    /// Listens from now on.
    pub(crate) fn listen() -> Self {
        let interrupt = Self::default();
        let listener = interrupt.clone();
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                // Nobody is left to tell if standard error is gone.
                let mut err = stderr();
                if !listener.is_changing.load(Ordering::Relaxed) {
                    let _ = writeln!(err, "\nInterrupted. Nothing is being changed now.");
                    if let Some(record) = listener.record.get() {
                        let _ = writeln!(err, "{}", recorded_in(record));
                    }
                    exit(INTERRUPTED);
                }
                listener.is_stopped.store(true, Ordering::Relaxed);
                let _ = writeln!(
                    err,
                    "\nInterrupted. Finishing the step in flight; no other follows."
                );
            }
        });
        interrupt
    }

    /// Says whether something is being changed.
    pub(crate) fn set_changing(&self, is_changing: bool) {
        self.is_changing.store(is_changing, Ordering::Relaxed);
    }

    /// Says where what was done is recorded.
    pub(crate) fn set_record(&self, record: &Path) {
        self.record.get_or_init(|| record.to_owned());
    }

    /// Returns whether no further step is to be begun.
    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }
}

/// Returns where a record is, and what it is good for.
pub(crate) fn recorded_in(record: &Path) -> String {
    let record = record.display();
    format!("Recorded in {record}; rootguard undo {record} reverts it.")
}

/// Keeps two processes on this machine from changing an account at the same time.
///
/// # Errors
/// If another one is at it.
pub(crate) fn lock_account(account: &str) -> anyhow::Result<File> {
    let path = std::env::temp_dir().join(format!("rootguard-{account}.lock"));
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).open(&path);
    let file = file.with_context(|| format!("{} cannot be opened", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "another rootguard on this machine is changing account {account}; wait until it has \
             ended (it holds {})",
            path.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("{} cannot be locked", path.display()))
        }
    }
}

/// A person at the terminal.
pub(crate) struct Person<'a> {
    pub(crate) questions: &'a Questions,
    pub(crate) file: &'a mut RecordFile,
    pub(crate) interrupt: &'a Interrupt,
    /// Reason why nobody could be asked.
    pub(crate) unanswered: Option<anyhow::Error>,
}

impl Attendant for Person<'_> {
    fn asks(&self) -> bool {
        !self.questions.answers_all()
    }

    fn approve<'a>(&'a mut self, record: &'a Record<Value>) -> BoxFuture<'a, bool> {
        async move {
            let question = format!("Apply the steps of {}?", record.control);
            let answer = match print(record) {
                Ok(()) => self.questions.ask(&question).await,
                Err(error) => Err(error),
            };
            match answer {
                Ok(answer) => answer == Answer::Yes,
                Err(error) => {
                    self.unanswered = Some(error);
                    false
                }
            }
        }
        .boxed()
    }

    fn keep(&mut self, record: &Record<Value>) -> Result<(), RecordNotKept> {
        let mut steps = record.steps.iter();
        let is_changing = steps.any(|recorded| recorded.status == StepStatus::Applying);
        self.interrupt.set_changing(is_changing);
        let kept = self.file.keep(record);
        match &kept {
            Ok(()) => self.interrupt.set_record(self.file.path()),
            Err(_) => self.interrupt.set_changing(false),
        }
        kept
    }

    fn is_stopped(&self) -> bool {
        self.interrupt.is_stopped()
    }
}
