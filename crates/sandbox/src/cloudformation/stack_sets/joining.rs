//! An account joins the organization, or moves in it: stack sets that deploy by themselves
//! bring what others of its unit have, in the order in which they depend on each other.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::operation::{Preferences, jobs};
use super::{Action, Operation, StackSet, resource};
use crate::cloudformation::stacks::spawn;
use crate::organization::Account;
use crate::world::World;

/// Puts an account into the organization, and begins to deploy to it.
pub(crate) fn join(world: &Arc<World>, account: Account) {
    let id = account.id.clone();
    world.add_account(account);
    let world = Arc::clone(world);
    spawn(&Arc::clone(&world), async move {
        // A stack set waits until all that it depends on succeeded, and for ever where one of
        // them did not (`stacksets-depends-on`).
        let mut failed = BTreeSet::new();
        for set in in_order(&world) {
            let mut succeeded = !set.auto.depends_on.iter().any(|arn| failed.contains(arn));
            if succeeded {
                for operation in operations(&world, &set, &id) {
                    // How it ended stands in the operation and the instances too.
                    succeeded &= resource::perform(&world, &set.id, operation).await.is_ok();
                }
            }
            if !succeeded {
                failed.insert(set.arn(&world));
            }
        }
    });
}

/// The stack sets that deploy by themselves, each after those that it depends on.
fn in_order(world: &World) -> Vec<StackSet> {
    let sets = world.stack_sets.lock();
    let mut waiting: Vec<_> = sets
        .values()
        .filter(|set| set.auto.enabled)
        .cloned()
        .collect();
    drop(sets);
    let arns: BTreeSet<_> = waiting.iter().map(|set| set.arn(world)).collect();
    let (mut done, mut ordered) = (BTreeSet::new(), Vec::new());
    while !waiting.is_empty() {
        let is_ready = |set: &StackSet| {
            let mut needed = set.auto.depends_on.iter();
            needed.all(|arn| done.contains(arn) || !arns.contains(arn))
        };
        let (ready, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(is_ready);
        // Those that wait for each other wait for ever.
        if ready.is_empty() {
            break;
        }
        done.extend(ready.iter().map(|set| set.arn(world)));
        ordered.extend(ready);
        waiting = rest;
    }
    ordered
}

/// Returns the operations for an account that joined: those of its stack set, without overrides and
/// preferences, which do not apply to accounts that join.
fn operations(world: &World, set: &StackSet, account: &str) -> Vec<Operation> {
    let groups = set.groups.iter().filter_map(|group| {
        let accounts = group.targets.resolve(world);
        let own: Vec<_> = accounts
            .into_iter()
            .filter(|(id, _)| id == account)
            .collect();
        let mut operation = Operation::new(Action::Create, world.clock.now());
        operation.targets = group.targets.clone();
        operation.jobs = jobs(&own, &group.regions, &Preferences::default());
        (!operation.jobs.is_empty()).then_some(operation)
    });
    groups.collect()
}
