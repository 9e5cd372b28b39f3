//! The function as a process, on a queue in a sandboxed organization.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test"
)]

mod evaluation;
mod failures;
#[path = "../activity/fixtures.rs"]
mod fixtures;
mod harness;
mod load;
mod notification;
mod requests;
