//! Deploys again to accounts where a stack set failed for a reason that passes.
//!
//! Rules need a configuration recorder. An account that joins has none yet, so the stack
//! set with the rules fails there, and StackSets does not try again. This function does,
//! daily and when an account joins. [`choose`] says what is tried again, and is pure.

mod choice;
mod function;
mod settings;
mod stack_sets;

pub use choice::{Choice, Instance, Left, Operation, StackSet, choose};
pub use function::{Error, Reconciled, Retried, reconcile, serve};
pub use settings::{InvalidSettings, Settings, variables};
pub use stack_sets::{ACTIONS, NotAsked};
