//! The control on facts, on a sandboxed account, and as a Lambda function.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test"
)]

mod fixtures;
mod lambda;
mod laws;
mod observe;
mod remediation;
mod verdicts;
