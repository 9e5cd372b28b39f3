//! The command `rootguard` as people run it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test"
)]

mod acceptance;
mod account;
mod boto3;
mod command;
mod connection;
mod demo;
mod deploy;
mod event_patterns;
mod everywhere;
mod exceptions;
mod filters;
mod gains;
mod organization;
mod profiles;
#[path = "../../../sandbox/tests/python/mod.rs"]
mod python;
mod remediation;
mod report;
mod rules;
mod security_hub_prediction;
mod snapshot;
mod status;
