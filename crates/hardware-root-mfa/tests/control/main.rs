//! The control on facts, and on a sandboxed account.
#![allow(clippy::unwrap_used, reason = "test")]

mod given;
mod laws;
mod observe;
mod verdicts;
