//! Stack sets with service-managed permissions: a stack in every account of some
//! organizational units and every one of some Regions, by operations that go from one
//! account and Region to the next.

mod api;
mod joining;
mod operation;
mod orders;
mod resource;
mod run;
mod shapes;
mod targets;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use super::Template;
use super::stacks::Said;
use crate::world::World;

pub(crate) use api::{
    activate_organizations_access, describe_organizations_access, describe_stack_instance,
    describe_stack_set, describe_stack_set_operation, list_stack_instances,
    list_stack_set_operation_results, list_stack_set_operations, list_stack_sets, on_stack_set,
};
pub(crate) use joining::join;
pub(super) use operation::{Action, Job, Operation, Preferences};
pub(crate) use orders::{
    create_stack_instances, delete_stack_instances, stop_stack_set_operation,
    update_stack_instances,
};
pub(super) use resource::{put, remove};
pub(crate) use shapes::{
    CREATE_INSTANCES, DELETE_INSTANCES, DESCRIBE_ACCESS, DESCRIBE_INSTANCE, LIST_INSTANCES,
    LIST_OPERATIONS, LIST_RESULTS, LIST_SETS, OF_OPERATION, OF_SET, UPDATE_INSTANCES,
};
pub(super) use targets::Targets;

/// The service principal that needs trusted access to the organization.
pub(crate) const PRINCIPAL: &str = "member.org.stacksets.cloudformation.amazonaws.com";

/// A stack set as it is now.
#[derive(Clone, Debug)]
pub(super) struct StackSet {
    /// Name and a made-up part, `rootguard-all-rules:1234…`.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) region: String,
    pub(super) description: Option<String>,
    pub(super) said: Said,
    pub(super) template: Template,
    pub(super) auto: AutoDeployment,
    /// True if operations wait for each other instead of being refused.
    pub(super) managed: bool,
    /// Requested instances, which accounts that join later get too.
    pub(super) groups: Vec<Group>,
    /// By account and Region.
    pub(super) instances: BTreeMap<(String, String), Instance>,
    /// The oldest first.
    pub(super) operations: Vec<Operation>,
}

/// Automatic deployment to accounts that join, and the stack sets it waits for.
#[derive(Clone, Debug, Default)]
pub(super) struct AutoDeployment {
    pub(super) enabled: bool,
    pub(super) retains: bool,
    /// ARNs of stack sets.
    pub(super) depends_on: Vec<String>,
}

/// Accounts and Regions with instances.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    pub(super) targets: Targets,
    pub(super) regions: Vec<String>,
}

/// A stack of a stack set, or the wish for one.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub(super) unit: String,
    /// `CURRENT`, `OUTDATED` or `INOPERABLE`.
    pub(super) status: &'static str,
    pub(super) detailed: &'static str,
    pub(super) reason: Option<String>,
    /// The id of its stack, once there was one.
    pub(super) stack: Option<String>,
    pub(super) overrides: BTreeMap<String, String>,
    pub(super) operation: String,
}

/// All stack sets, by Region and id: StackSets keeps them in the management account,
/// whoever made them.
#[derive(Debug, Default)]
pub(crate) struct StackSets {
    sets: Mutex<BTreeMap<String, StackSet>>,
    /// True once trusted access was activated after the start.
    activated: AtomicBool,
    /// True if operations only advance when their state is read.
    stepwise: AtomicBool,
    step: Notify,
    /// Counts the operations that ended.
    ended: watch::Sender<u64>,
}

impl StackSets {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, StackSet>> {
        self.sets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, id: &str, change: impl FnOnce(&mut StackSet) -> T) -> Option<T> {
        self.lock().get_mut(id).map(change)
    }

    /// The stack set of a name or id in a Region.
    fn find(&self, region: &str, named: &str) -> Option<StackSet> {
        let sets = self.lock();
        let mut sets = sets.values();
        sets.find(|set| set.region == region && (set.id == named || set.name == named))
            .cloned()
    }

    /// Lets operations go on only when somebody asks about stack sets, one account and
    /// Region at a time.
    pub(crate) fn set_stepwise(&self, stepwise: bool) {
        self.stepwise.store(stepwise, Ordering::Relaxed);
        self.step.notify_one();
    }

    /// Somebody looked.
    fn looked_at(&self) {
        self.step.notify_one();
    }

    pub(crate) fn is_activated(&self) -> bool {
        self.activated.load(Ordering::Relaxed)
    }
}

/// Returns true if StackSets may look into the organization.
fn has_trusted_access(world: &World) -> bool {
    let trusted = world.organization.trusted_services();
    world.stack_sets.is_activated() || trusted.contains(&PRINCIPAL)
}

impl StackSet {
    /// Its ARN: in the management account, whoever made it.
    fn arn(&self, world: &World) -> String {
        let management = world.organization.management_account();
        format!(
            "arn:{}:cloudformation:{}:{}:stackset/{}",
            world.partition(),
            self.region,
            management.unwrap_or_default(),
            self.id
        )
    }

    fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.id == id)
    }
}
