//! The command `rootguard` as people run it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test"
)]

mod account;
mod command;
mod filters;
mod organization;
mod remediation;
mod rules;
mod snapshot;
