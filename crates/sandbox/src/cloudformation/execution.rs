//! Stacks are made, changed and deleted, and tell what happens to them.

use std::sync::Arc;

use uuid::Uuid;

use super::change::outputs;
use super::provision::Problem;
use super::stacks::{DELETED, Event, Said};
use super::transition::{Happening, Transition, Witness};
use super::{DeployError, Stack, StackPlace, StackResource};
use crate::Timestamp;
use crate::world::World;

/// Writes what happens into the events of a stack.
struct Scribe {
    world: Arc<World>,
    stack: String,
}

impl Scribe {
    fn write(&self, happening: Happening, resource: &StackResource, end: &str, why: Option<&str>) {
        let action = match happening {
            Happening::Create => "CREATE",
            Happening::Update => "UPDATE",
            Happening::Delete => "DELETE",
        };
        let event = Event {
            id: format!("{}-{}", resource.logical_id, Uuid::new_v4()),
            logical_id: resource.logical_id.clone(),
            physical_id: resource.reference().to_owned(),
            resource_type: resource.resource_type.clone(),
            status: format!("{action}_{end}"),
            reason: why.map(str::to_owned),
            at: self.world.clock.now(),
        };
        let stacks = &self.world.stacks;
        stacks.change(&self.stack, |record| record.events.push(event));
    }
}

impl Witness for Scribe {
    fn begins(&mut self, happening: Happening, resource: &StackResource) {
        self.write(happening, resource, "IN_PROGRESS", None);
    }

    fn ends(
        &mut self,
        happening: Happening,
        resource: &StackResource,
        outcome: Result<(), &Problem>,
    ) {
        match outcome {
            Ok(()) => self.write(happening, resource, "COMPLETE", None),
            Err(problem) => self.write(happening, resource, "FAILED", Some(problem)),
        }
    }
}

/// The statuses of one way to a stack.
struct Statuses {
    complete: &'static str,
    rolling_back: &'static str,
    rolled_back: &'static str,
    stuck: &'static str,
}

const CREATING: Statuses = Statuses {
    complete: "CREATE_COMPLETE",
    rolling_back: "ROLLBACK_IN_PROGRESS",
    rolled_back: "ROLLBACK_COMPLETE",
    stuck: "ROLLBACK_FAILED",
};

const UPDATING: Statuses = Statuses {
    complete: "UPDATE_COMPLETE",
    rolling_back: "UPDATE_ROLLBACK_IN_PROGRESS",
    rolled_back: "UPDATE_ROLLBACK_COMPLETE",
    stuck: "UPDATE_ROLLBACK_FAILED",
};

/// Begins to make a stack what it is to be: from now on it is in progress.
pub(super) fn begin(world: &World, id: &str, creates: bool, now: Timestamp) {
    let status = if creates {
        "CREATE_IN_PROGRESS"
    } else {
        "UPDATE_IN_PROGRESS"
    };
    world.stacks.change(id, |record| {
        if !creates {
            record.updated = Some(now);
        }
        record.becomes(status, Some("User Initiated".to_owned()), now);
    });
}

/// Makes a stack that was begun what it is to be, or leaves it as it was.
///
/// # Errors
/// The first resource that could not be made or changed.
pub(super) async fn execute(
    world: &Arc<World>,
    id: &str,
    said: Said,
    target: Stack,
) -> Result<(), DeployError> {
    let Some((creates, old, place)) = world.stacks.change(id, |record| {
        let creates = record.status == "CREATE_IN_PROGRESS";
        (creates, record.resources.clone(), record.place.clone())
    }) else {
        return Ok(());
    };
    let statuses = if creates { CREATING } else { UPDATING };
    let becomes = |status: &'static str, reason: Option<String>| {
        let now = world.clock.now();
        world
            .stacks
            .change(id, |record| record.becomes(status, reason, now));
    };
    let mut scribe = Scribe {
        world: Arc::clone(world),
        stack: id.to_owned(),
    };
    let mut transition = Transition::new(world, &place, &mut scribe);
    if let Err(error) = transition.advance(&old, &target).await {
        let did = if creates {
            "create"
        } else {
            "create or update"
        };
        let failed = format!(
            "The following resource(s) failed to {did}: [{}]. Rollback requested by user.",
            error.logical_id
        );
        becomes(statuses.rolling_back, Some(failed));
        let problems = transition.roll_back().await;
        match problems.first() {
            None => becomes(statuses.rolled_back, None),
            Some(problem) => becomes(statuses.stuck, Some(problem.clone())),
        }
        return Err(error);
    }
    if !creates {
        becomes("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None);
    }
    // What cannot be removed is left behind, as CloudFormation leaves it.
    transition.clean_up(&old, &target).await;
    world.stacks.change(id, |record| {
        record.outputs = outputs(&target);
        record.resources = target.resources;
        record.said = said;
    });
    becomes(statuses.complete, None);
    Ok(())
}

/// Deletes a stack that was begun to be deleted, the last resource first.
///
/// # Errors
/// Deletes a stack and returns the resources that could not be removed.
pub(super) async fn delete(world: &Arc<World>, id: &str) -> Result<(), Problem> {
    let Some((place, old)) = world.stacks.change(id, |record| {
        (record.place.clone(), record.resources.clone())
    }) else {
        return Ok(());
    };
    let nothing = nothing(&place);
    let mut scribe = Scribe {
        world: Arc::clone(world),
        stack: id.to_owned(),
    };
    let problems = Transition::new(world, &place, &mut scribe)
        .clean_up(&old, &nothing)
        .await;
    let now = world.clock.now();
    let failed = problems.into_iter().next();
    world.stacks.change(id, |record| {
        if failed.is_some() {
            record.becomes("DELETE_FAILED", failed.clone(), now);
        } else {
            record.resources.clear();
            record.outputs.clear();
            record.deleted = Some(now);
            record.becomes(DELETED, None, now);
        }
    });
    failed.map_or(Ok(()), Err)
}

/// A stack without anything.
fn nothing(place: &StackPlace) -> Stack {
    Stack {
        place: place.clone(),
        resources: Vec::new(),
        outputs: std::collections::BTreeMap::new(),
    }
}
