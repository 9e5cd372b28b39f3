//! From what the organization wants to the stacks that bring it about: which template goes
//! where, in which order, with which parameters.

mod artifact;
mod parameters;
mod rule_parameters;
mod stacks;
mod template;

use std::collections::BTreeMap;

pub use artifact::{FUNCTIONS, Package, artifact_bucket, sha256, template_key, template_url};
pub use stacks::{DeploymentError, Wanted, stacks};
pub use template::Template;

/// A stack that is to be there.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Its name, `rootguard-…`, the same in every account and Region.
    pub name: String,
    /// What it is made of.
    pub template: Template,
    /// The twelve-digit id of its account.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// Of stacks for a group, its ring.
    pub ring: Option<i64>,
    /// Every parameter of the template, by name: what is not given would stay as it was
    /// in an earlier deployment.
    pub parameters: BTreeMap<String, Value>,
}

/// The value of a stack's parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// It is known.
    Text(String),
    /// The version that an object has in a bucket, known once it is uploaded.
    Version {
        /// The bucket.
        bucket: String,
        /// The object's key.
        key: String,
    },
    /// What a stack before says, known once it is there.
    Output {
        /// Where that stack is.
        stack: StackId,
        /// The name of its output.
        output: &'static str,
    },
}

/// Where a stack is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StackId {
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The stack's name.
    pub name: String,
}

impl Stack {
    /// Where it is.
    pub fn id(&self) -> StackId {
        StackId {
            account: self.account.clone(),
            region: self.region.clone(),
            name: self.name.clone(),
        }
    }

    /// Its template and place, for people.
    pub fn place(&self) -> String {
        format!("{} in {} {}", self.name, self.account, self.region)
    }
}
