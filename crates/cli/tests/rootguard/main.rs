//! The command `rootguard` as people run it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test"
)]

mod account;
mod boto3;
mod command;
mod demo;
mod deploy;
mod everywhere;
mod exceptions;
mod filters;
mod native;
mod organization;
#[path = "../../../sandbox/tests/python/mod.rs"]
mod python;
mod remediation;
mod report;
mod rules;
mod snapshot;
