//! The control on facts, and on what CloudTrail answers.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

mod cloudtrail;
mod given;
mod laws;
mod observe;
mod verdicts;
