//! The templates in `infra/`: what they say is what the functions, `rules.toml` and
//! AWS's limits say.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test"
)]

mod activity;
mod attacks;
mod deployed;
mod infra;
mod limits;
mod readme;
mod refusals;
mod regions;
mod roles;
mod rules;
mod whole;
