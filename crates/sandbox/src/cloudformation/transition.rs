//! A stack becomes another: what is new is made, what differs is changed, what is gone is
//! removed at the end. If anything fails, everything is as it was before.

use std::sync::Arc;

use super::change::{Action, modified};
use super::kinds;
use super::provision::{Placed, Problem};
use super::{DeployError, Stack, StackPlace, StackResource};
use crate::world::World;

/// Change of a resource, as the events of a stack report it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    Create,
    Update,
    Delete,
}

/// Receiver of changes of resources: the change, the resource, and the outcome if there is one.
pub(super) trait Witness {
    fn begins(&mut self, happening: Happening, resource: &StackResource);
    fn ends(
        &mut self,
        happening: Happening,
        resource: &StackResource,
        outcome: Result<(), &Problem>,
    );
}

/// Nobody.
impl Witness for () {
    fn begins(&mut self, _: Happening, _: &StackResource) {}
    fn ends(&mut self, _: Happening, _: &StackResource, _: Result<(), &Problem>) {}
}

/// Change made to a resource of the new stack.
enum Done<'a> {
    Made(&'a StackResource),
    Changed {
        from: &'a StackResource,
        to: &'a StackResource,
    },
    Replaced {
        from: &'a StackResource,
        by: &'a StackResource,
    },
}

/// A stack on its way to another.
pub(super) struct Transition<'a, W> {
    world: &'a Arc<World>,
    place: &'a StackPlace,
    witness: &'a mut W,
    done: Vec<Done<'a>>,
}

impl<'a, W: Witness> Transition<'a, W> {
    pub(super) fn new(world: &'a Arc<World>, place: &'a StackPlace, witness: &'a mut W) -> Self {
        Self {
            world,
            place,
            witness,
            done: Vec::new(),
        }
    }

    /// Makes and changes what the new stack has. What it has no more is still there.
    ///
    /// # Errors
    /// The first resource that could not be made or changed; [`Self::roll_back`] is next.
    pub(super) async fn advance(
        &mut self,
        old: &'a [StackResource],
        new: &'a Stack,
    ) -> Result<(), DeployError> {
        for resource in &new.resources {
            let before = old.iter().find(|one| one.logical_id == resource.logical_id);
            let done = match before.map(|before| (before, modified(before, resource))) {
                None => Done::Made(resource),
                Some((_, None)) => continue,
                Some((from, Some(change))) => match change.action {
                    Action::Modify { replaced: true } => Done::Replaced { from, by: resource },
                    _ => Done::Changed { from, to: resource },
                },
            };
            let (happening, before) = match done {
                Done::Made(_) | Done::Replaced { .. } => (Happening::Create, None),
                Done::Changed { from, .. } => (Happening::Update, Some(from)),
            };
            if let Done::Replaced { from, by } = done
                && let Some(name) =
                    kinds::custom_name(by).filter(|_| from.reference() == by.reference())
            {
                return Err(DeployError {
                    logical_id: by.logical_id.clone(),
                    resource_type: by.resource_type.clone(),
                    problem: format!(
                        "CloudFormation cannot update a stack when a custom-named resource \
                         requires replacing. Rename {name} and update the stack again."
                    ),
                });
            }
            // A replacement of the same name finds its predecessor in the way.
            if let Done::Replaced { from, by } = done
                && from.reference() == by.reference()
            {
                self.placed(from)
                    .remove()
                    .await
                    .map_err(|problem| DeployError {
                        logical_id: from.logical_id.clone(),
                        resource_type: from.resource_type.clone(),
                        problem,
                    })?;
            }
            self.put(happening, resource, before)
                .await
                .map_err(|problem| DeployError {
                    logical_id: resource.logical_id.clone(),
                    resource_type: resource.resource_type.clone(),
                    problem,
                })?;
            self.done.push(done);
        }
        Ok(())
    }

    /// Removes what the old stack had and the new one has not.
    pub(super) async fn clean_up(&mut self, old: &[StackResource], new: &Stack) -> Vec<Problem> {
        let mut problems = Vec::new();
        for resource in old.iter().rev() {
            let replaced = self.done.iter().any(|done| {
                matches!(done, Done::Replaced { from, by }
                    if from.logical_id == resource.logical_id && from.reference() != by.reference())
            });
            if new.resource(&resource.logical_id).is_none() || replaced {
                problems.extend(self.let_go(resource).await.err());
            }
        }
        problems
    }

    /// Undoes what was done, the last thing first.
    pub(super) async fn roll_back(&mut self) -> Vec<Problem> {
        let mut problems = Vec::new();
        while let Some(done) = self.done.pop() {
            let undone = match done {
                Done::Made(resource) => self.let_go(resource).await,
                Done::Changed { from, to } => self.put(Happening::Update, from, Some(to)).await,
                Done::Replaced { from, by } => {
                    let gone = self.let_go(by).await;
                    match gone {
                        Ok(()) if from.reference() == by.reference() => {
                            self.put(Happening::Create, from, None).await
                        }
                        gone => gone,
                    }
                }
            };
            problems.extend(undone.err());
        }
        problems
    }

    async fn put(
        &mut self,
        happening: Happening,
        resource: &StackResource,
        before: Option<&StackResource>,
    ) -> Result<(), Problem> {
        self.witness.begins(happening, resource);
        let put = self.placed(resource).put(before).await;
        self.tell(happening, resource, put)
    }

    /// Removes a resource, unless its template says that it stays.
    async fn let_go(&mut self, resource: &StackResource) -> Result<(), Problem> {
        if resource.retained {
            return Ok(());
        }
        self.witness.begins(Happening::Delete, resource);
        let removed = self.placed(resource).remove().await;
        self.tell(Happening::Delete, resource, removed)
    }

    fn tell(
        &mut self,
        happening: Happening,
        resource: &StackResource,
        outcome: Result<(), Problem>,
    ) -> Result<(), Problem> {
        self.witness
            .ends(happening, resource, outcome.as_ref().copied());
        outcome
    }

    fn placed<'b>(&'b self, resource: &'b StackResource) -> Placed<'b> {
        Placed {
            world: self.world,
            place: self.place,
            resource,
        }
    }
}

/// Puts a stack into its account as if nothing of it were there. What came before a
/// resource that fails stays.
pub(crate) async fn deploy(world: &Arc<World>, stack: &Stack) -> Result<(), DeployError> {
    let mut nobody = ();
    let mut transition = Transition::new(world, &stack.place, &mut nobody);
    transition.advance(&[], stack).await
}
