//! The control on facts, and as a Lambda function in a sandboxed organization.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test"
)]

mod confirmation;
mod fixtures;
mod lambda;
mod laws;
mod remediation;
mod remediator;
mod unanswered;
mod undo;
mod verdicts;
mod world;
