//! The command `rootguard` as people run it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test"
)]

mod account;
mod command;
mod demo;
mod filters;
mod organization;
mod rules;
mod snapshot;
