//! The stacks that bring about what the organization wants: which template goes where, in
//! which order, with which parameters. The templates of controls are made from what each
//! control says of itself.

mod artifact;
mod generated;
mod group;
mod parameters;
mod permissions;
mod rank;
mod rule_parameters;
mod stacks;
mod template;

use std::collections::BTreeMap;

pub use artifact::{Package, artifact_bucket, functions, sha256, template_key, template_url};
pub use rank::rank;
pub use stacks::{DeploymentError, DeploymentInput, stacks};
pub use template::Template;

/// A stack that is to be there.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Its name, `rootguard-…`, the same in every account and Region.
    pub name: String,
    /// Its template.
    pub template: Template,
    /// The twelve-digit id of its account.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// The group whose stack sets it has; none of other stacks.
    pub group: Option<GroupSets>,
    /// Every parameter of the template, by name: what is not given would stay as it was
    /// in an earlier deployment.
    pub parameters: BTreeMap<String, Value>,
}

/// The stack sets of a group, which one stack has.
#[derive(Clone, Debug)]
pub struct GroupSets {
    /// The name of the group.
    pub group: String,
    /// Its ring.
    pub ring: i64,
    /// The stack sets, each after those that it depends on.
    pub sets: Vec<StackSet>,
}

/// A stack set.
#[derive(Clone, Debug)]
pub struct StackSet {
    /// Its name, `rootguard-GROUP-…`.
    pub name: String,
    /// The template of its instances.
    pub template: Template,
    /// The Regions of its instances.
    pub regions: Vec<String>,
    /// The names of the stack sets that come before it in each account.
    pub depends_on: Vec<String>,
    /// Every parameter of its template.
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
    /// Output of a stack before, known once it is there.
    Output {
        /// That stack.
        stack: StackId,
        /// The name of its output.
        output: &'static str,
    },
}

/// Account, Region and name of a stack.
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
    /// Returns where it is.
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
