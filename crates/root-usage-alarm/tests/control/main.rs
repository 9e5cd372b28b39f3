//! The control on facts, and as a Lambda function in a sandboxed organization.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test"
)]

mod confirmation;
mod given;
mod lambda;
mod laws;
mod remediator;
mod repair;
mod verdicts;
mod world;
