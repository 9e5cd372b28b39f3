//! The control on facts, on a sandboxed organization, and as a Lambda function in one.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test"
)]

mod fixtures;
mod lambda;
mod laws;
mod observe;
mod remediation;
mod verdicts;
