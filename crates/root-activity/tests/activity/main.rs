//! What arrives becomes what people are told: the pure part, without AWS.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test"
)]

mod fixtures;
mod flood;
mod forwarding;
mod laws;
mod plan;
mod records;
mod sessions;
mod tampering;
mod words;
