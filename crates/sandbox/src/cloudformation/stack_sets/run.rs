//! Operations run: one account and Region after the other, until they are done, too many
//! failed, or somebody stops them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Action, Instance, Job, Operation, StackSet};
use crate::cloudformation::change::{changes, outputs};
use crate::cloudformation::stacks::{DELETED, Record, spawn};
use crate::cloudformation::{StackPlace, execution};
use crate::organization::AccountState;
use crate::world::World;

/// The detailed status of what is not done because the account is not in use.
const SKIPPED: &str = "SKIPPED_SUSPENDED_ACCOUNT";

/// Outcome of a job.
enum Outcome {
    Succeeded(Option<String>),
    /// With the id of its stack, if there is one.
    Failed(String, Option<String>),
    Skipped,
}

/// Begins an operation, or puts it behind those that are under way. False, where the
/// stack set does not let operations wait.
pub(super) fn start(world: &Arc<World>, set: &str, mut operation: Operation) -> bool {
    let sets = &world.stack_sets;
    let started = sets.change(set, |set| {
        let busy = set.operations.iter().any(|other| !other.is_over());
        if busy && !set.managed {
            return None;
        }
        operation.status = if busy { "QUEUED" } else { "RUNNING" };
        for job in &operation.jobs {
            announce(set, job, &operation);
        }
        set.operations.push(operation);
        Some(busy)
    });
    match started.flatten() {
        None => return false,
        // Whoever runs the other one goes on with this.
        Some(true) => {}
        Some(false) => {
            let (world, set) = (Arc::clone(world), set.to_owned());
            spawn(&Arc::clone(&world), async move {
                while let Some(operation) = next(&world, &set) {
                    run(&world, &set, &operation).await;
                }
            });
        }
    }
    true
}

/// An instance shows as soon as somebody wants it.
fn announce(set: &mut StackSet, job: &Job, operation: &Operation) {
    let key = (job.account.clone(), job.region.clone());
    if operation.action == Action::Create {
        set.instances
            .entry(key.clone())
            .or_insert_with(|| Instance {
                unit: job.unit.clone(),
                status: "OUTDATED",
                detailed: "PENDING",
                reason: None,
                stack: None,
                overrides: operation.overrides.clone().unwrap_or_default(),
                operation: operation.id.clone(),
            });
    }
    if let Some(instance) = set.instances.get_mut(&key) {
        instance.detailed = "PENDING";
        instance.reason = None;
        instance.operation.clone_from(&operation.id);
        if let Some(overrides) = &operation.overrides {
            instance.overrides.extend(overrides.clone());
        }
    }
}

/// The next operation of a stack set that is to be run.
fn next(world: &World, set: &str) -> Option<String> {
    world.stack_sets.change(set, |set| {
        let mut waiting = set.operations.iter_mut();
        let operation = waiting.find(|operation| !operation.is_over())?;
        if operation.status == "QUEUED" {
            operation.status = "RUNNING";
        }
        Some(operation.id.clone())
    })?
}

async fn run(world: &Arc<World>, set: &str, id: &str) {
    let mut number = 0;
    loop {
        if world.stack_sets.stepwise.load(Ordering::Relaxed) {
            world.stack_sets.step.notified().await;
        }
        let step = with_operation(world, set, id, |operation| {
            let stopped = operation.status == "STOPPING";
            let failed = number > 0
                && operation
                    .jobs
                    .get(number - 1)
                    .is_some_and(|job| operation.exceeds_tolerance(&job.region));
            let job = operation
                .jobs
                .get_mut(number)
                .filter(|_| !stopped && !failed)?;
            job.status = "RUNNING";
            Some((job.clone(), operation.action, operation.retains))
        });
        let Some((job, action, retains)) = step.flatten() else {
            break;
        };
        instance(world, set, &job, |instance| instance.detailed = "RUNNING");
        let outcome = work(world, set, &job, action, retains).await;
        conclude(world, set, id, number, action, &outcome);
        number += 1;
    }
    end(world, set, id);
}

fn with_operation<T>(
    world: &World,
    set: &str,
    id: &str,
    change: impl FnOnce(&mut Operation) -> T,
) -> Option<T> {
    world.stack_sets.change(set, |set| {
        let mut operations = set.operations.iter_mut();
        operations.find(|operation| operation.id == id).map(change)
    })?
}

fn instance(world: &World, set: &str, job: &Job, change: impl FnOnce(&mut Instance)) {
    world.stack_sets.change(set, |set| {
        let key = (job.account.clone(), job.region.clone());
        set.instances.get_mut(&key).map(change)
    });
}

/// Does one job.
async fn work(world: &Arc<World>, set: &str, job: &Job, action: Action, retains: bool) -> Outcome {
    let key = (job.account.clone(), job.region.clone());
    let known = world.stack_sets.change(set, |set| {
        let stack = set.instances.get(&key).and_then(|one| one.stack.clone());
        (set.clone(), stack)
    });
    let Some((set, stack)) = known else {
        return Outcome::Skipped;
    };
    // Where nothing was ever made, there is nothing to delete.
    if action == Action::Delete && (retains || stack.is_none()) {
        return Outcome::Succeeded(None);
    }
    let account = world.account(&job.account);
    let Some(account) = account.filter(|account| account.state == AccountState::Active) else {
        return Outcome::Skipped;
    };
    if account.disabled_regions.contains(&job.region) {
        let problem = format!(
            "Region {} is not enabled in account {}",
            job.region, job.account
        );
        return Outcome::Failed(problem, None);
    }
    let place = StackPlace {
        partition: world.partition().name().to_owned(),
        account: job.account.clone(),
        region: job.region.clone(),
    };
    let record = stack.and_then(|id| world.stacks.find(&place, &id));
    let record = record.filter(|record| record.status != DELETED);
    if action == Action::Delete {
        return match record {
            Some(record) => {
                let id = record.id.clone();
                match execution::delete(world, &id).await {
                    Ok(()) => Outcome::Succeeded(None),
                    Err(problem) => Outcome::Failed(problem, Some(id)),
                }
            }
            None => Outcome::Succeeded(None),
        };
    }
    deploy(world, &set, &place, record).await
}

/// Makes the stack of an instance what its stack set says.
async fn deploy(
    world: &Arc<World>,
    set: &StackSet,
    place: &StackPlace,
    record: Option<Record>,
) -> Outcome {
    let mut said = set.said.clone();
    let key = (place.account.clone(), place.region.clone());
    if let Some(instance) = set.instances.get(&key) {
        said.parameters.extend(instance.overrides.clone());
    }
    let target = match set.template.instantiate(place, &said.parameters) {
        Ok(target) => target,
        Err(error) => return Outcome::Failed(error.to_string(), record.map(|record| record.id)),
    };
    // A stack that was never made is made anew.
    let record = match record {
        Some(record) if record.status == "ROLLBACK_COMPLETE" => {
            // Nothing of it is left, so nothing can go wrong.
            let _ = execution::delete(world, &record.id).await;
            None
        }
        record => record,
    };
    let creates = record.is_none();
    let now = world.clock.now();
    let record = record.unwrap_or_else(|| {
        let suffix = uuid::Uuid::new_v4();
        let name = format!("StackSet-{}-{suffix}", set.name);
        world.stacks.begin(place, &name, now)
    });
    let same = record.outputs == outputs(&target) && changes(&record.resources, &target).is_empty();
    if same && !creates {
        return Outcome::Succeeded(Some(record.id));
    }
    execution::begin(world, &record.id, creates, now);
    match execution::execute(world, &record.id, said, target).await {
        Ok(()) => Outcome::Succeeded(Some(record.id)),
        Err(error) => {
            let reason = format!(
                "ResourceLogicalId:{}, ResourceType:{}, ResourceStatusReason:{}.",
                error.logical_id, error.resource_type, error.problem
            );
            Outcome::Failed(reason, Some(record.id))
        }
    }
}

/// Notes what a job came to, in the operation and in the instance.
fn conclude(world: &World, set: &str, id: &str, number: usize, action: Action, outcome: &Outcome) {
    let (result, detailed, reason) = match outcome {
        Outcome::Succeeded(_) => ("SUCCEEDED", "SUCCEEDED", None),
        Outcome::Failed(reason, _) if action == Action::Delete => {
            ("FAILED", "INOPERABLE", Some(reason.clone()))
        }
        Outcome::Failed(reason, _) => ("FAILED", "FAILED", Some(reason.clone())),
        Outcome::Skipped => {
            let reason = "The account is suspended".to_owned();
            ("CANCELLED", SKIPPED, Some(reason))
        }
    };
    let job = with_operation(world, set, id, |operation| {
        let job = operation.jobs.get_mut(number)?;
        job.status = result;
        job.reason.clone_from(&reason);
        Some(job.clone())
    });
    let Some(job) = job.flatten() else {
        return;
    };
    if action == Action::Delete && matches!(outcome, Outcome::Succeeded(_)) {
        world.stack_sets.change(set, |set| {
            set.instances
                .remove(&(job.account.clone(), job.region.clone()))
        });
        return;
    }
    instance(world, set, &job, |instance| {
        instance.detailed = detailed;
        instance.reason = reason;
        instance.status = match detailed {
            "SUCCEEDED" => "CURRENT",
            "INOPERABLE" => "INOPERABLE",
            _ => "OUTDATED",
        };
        if let Outcome::Succeeded(Some(stack)) | Outcome::Failed(_, Some(stack)) = outcome {
            instance.stack = Some(stack.clone());
        }
    });
}

/// Ends an operation: what was not done is cancelled.
fn end(world: &World, set: &str, id: &str) {
    let now = world.clock.now();
    let cancelled = with_operation(world, set, id, |operation| {
        let regions: Vec<_> = operation
            .jobs
            .iter()
            .map(|job| job.region.clone())
            .collect();
        let failed = regions
            .iter()
            .any(|region| operation.exceeds_tolerance(region));
        operation.status = match operation.status {
            "STOPPING" => "STOPPED",
            _ if failed => "FAILED",
            _ => "SUCCEEDED",
        };
        operation.ended = Some(now);
        let first = operation.jobs.iter().find(|job| job.status == "FAILED");
        operation.reason = first.filter(|_| failed).and_then(|job| job.reason.clone());
        let stopped = operation.status == "STOPPED";
        let why = if stopped {
            "Cancelled since the operation was stopped"
        } else {
            "Cancelled since failure tolerance has exceeded"
        };
        let pending = operation.jobs.iter_mut();
        let pending = pending.filter(|job| job.status == "PENDING");
        let cancelled = pending.map(|job| {
            job.status = "CANCELLED";
            job.reason = Some(why.to_owned());
            job.clone()
        });
        cancelled.collect::<Vec<_>>()
    });
    for job in cancelled.into_iter().flatten() {
        instance(world, set, &job, |instance| {
            instance.detailed = "CANCELLED";
            instance.reason.clone_from(&job.reason);
        });
    }
    world.stack_sets.ended.send_modify(|ended| *ended += 1);
}

/// Waits until an operation has ended, and says why it failed if it did.
pub(super) async fn ended(world: &World, set: &str, id: &str) -> Result<(), String> {
    let mut ended = world.stack_sets.ended.subscribe();
    let outcome = || {
        let sets = world.stack_sets.lock();
        let operation = sets.get(set).and_then(|set| set.operation(id).cloned());
        operation.filter(Operation::is_over)
    };
    loop {
        if let Some(operation) = outcome() {
            return match operation.status {
                "SUCCEEDED" => Ok(()),
                _ => Err(format!(
                    "Resource handler returned message: \"Stack set operation [{id}] was \
                     unexpectedly stopped or failed. status reason(s): [{}]\"",
                    operation.reason.unwrap_or_default()
                )),
            };
        }
        // Fails only without a sender, and that is in the world.
        let _ = ended.changed().await;
    }
}
