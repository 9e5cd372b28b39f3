//! Evaluation records to findings of AWS Security Hub.
//!
//! AWS Config forwards results to Security Hub by itself, but without the annotation,
//! always with the severity MEDIUM, only when the compliance changes, and for 90 days.
//! This function is the on-success destination of the evaluation functions, and imports
//! every evaluation as a finding that says what was seen, why, how bad it is and what
//! to do.

mod console;
mod control;
mod finding;
mod function;
mod import;
mod record;
mod severities;

pub use control::{CONTROLS, MappedControl};
pub use finding::{Finding, Judgement, UnknownControlError};
pub use function::{Error, Reported, handle, serve};
pub use import::{BATCH_IMPORT_FINDINGS, ImportError, Outcome};
pub use record::{RecordError, record_of};
pub use severities::{SEVERITIES, Severities, SeveritiesError};
