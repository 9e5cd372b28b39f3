//! Everything that rootguard deploys: the registry of controls.

mod rule;

pub use rule::Rule;

use no_root_keys::NoRootKeys;
use rule::RuleOf;

/// Every rule of the bundle, in the order in which people are shown them.
pub const RULES: &[&dyn Rule] = &[&RuleOf::<NoRootKeys>::NEW];
