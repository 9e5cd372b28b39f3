//! Deploys again to accounts where a stack set failed for a reason that passes, or never came
//! to.
//!
//! Rules need a configuration recorder. An account that joins has none yet, so the stack sets
//! with rules fail there, those that depend on them never begin, and StackSets does not come
//! back. This function does, daily and when an account joins; `rootguard deploy` does the same
//! at once. [`choose`] decides, and is pure.

mod choice;
mod function;
mod settings;
mod stack_sets;

pub use choice::{Choice, Instance, Left, Member, Missing, Operation, StackSet, choose};
pub use function::{Error, Reconciled, Retried, reconcile, reconcile_sets, serve};
pub use settings::{Retry, Settings, SettingsError, variables};
pub use stack_sets::{ACTIONS, StackSetError};
