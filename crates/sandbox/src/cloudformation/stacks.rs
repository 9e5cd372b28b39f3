//! The stacks of all accounts and Regions, what happened to them, and what is under way.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use uuid::Uuid;

use super::change::Change;
use super::{Stack, StackPlace, StackResource};
use crate::Timestamp;
use crate::world::World;

/// A template with what was said about it.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub(super) template: String,
    pub(super) description: Option<String>,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) capabilities: Vec<String>,
    pub(super) tags: Vec<(String, String)>,
}

/// A stack as it is now.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) place: StackPlace,
    pub(super) status: &'static str,
    pub(super) reason: Option<String>,
    pub(super) created: Timestamp,
    pub(super) updated: Option<Timestamp>,
    pub(super) deleted: Option<Timestamp>,
    pub(super) said: Said,
    pub(super) resources: Vec<StackResource>,
    pub(super) outputs: Vec<(String, String)>,
    /// The oldest first.
    pub(super) events: Vec<Event>,
    pub(super) change_sets: Vec<ChangeSet>,
}

/// Something that happened to a stack or one of its resources.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) logical_id: String,
    pub(super) physical_id: String,
    pub(super) resource_type: String,
    pub(super) status: String,
    pub(super) reason: Option<String>,
    pub(super) at: Timestamp,
}

/// Changes that somebody looks at before they are made.
#[derive(Clone, Debug)]
pub(super) struct ChangeSet {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) created: Timestamp,
    pub(super) execution: &'static str,
    /// Reason for which there is nothing to execute.
    pub(super) failed: Option<String>,
    pub(super) said: Said,
    pub(super) changes: Vec<Change>,
    pub(super) target: Stack,
}

/// All stacks, deleted ones too, by their ids.
#[derive(Debug, Default)]
pub(crate) struct Stacks {
    records: Mutex<BTreeMap<String, Record>>,
    /// Number of operations on stacks and stack sets under way.
    under_way: watch::Sender<usize>,
}

/// Resource type of a stack among its own events.
pub(super) const STACK: &str = "AWS::CloudFormation::Stack";

pub(super) const IN_REVIEW: &str = "REVIEW_IN_PROGRESS";
pub(super) const DELETED: &str = "DELETE_COMPLETE";

impl Stacks {
    pub(super) fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes a stack, if there is one of this id.
    pub(super) fn change<T>(&self, id: &str, change: impl FnOnce(&mut Record) -> T) -> Option<T> {
        self.lock().get_mut(id).map(change)
    }

    /// The stack of a name in a place, or of an id; one that was deleted by its id only.
    pub(super) fn find(&self, place: &StackPlace, named: &str) -> Option<Record> {
        let records = self.lock();
        let is_it = |record: &&Record| {
            record.place == *place
                && (record.id == named || record.name == named && record.status != DELETED)
        };
        records.values().find(is_it).cloned()
    }

    /// Begins a stack of which nothing is there yet.
    pub(super) fn begin(&self, place: &StackPlace, name: &str, now: Timestamp) -> Record {
        let id = place.arn(
            "cloudformation",
            &format!("stack/{name}/{}", Uuid::new_v4()),
        );
        let record = Record {
            id: id.clone(),
            name: name.to_owned(),
            place: place.clone(),
            status: IN_REVIEW,
            reason: None,
            created: now,
            updated: None,
            deleted: None,
            said: Said::default(),
            resources: Vec::new(),
            outputs: Vec::new(),
            events: Vec::new(),
            change_sets: Vec::new(),
        };
        self.lock().insert(id, record.clone());
        record
    }

    /// Waits until no operation is under way.
    pub(crate) async fn settled(&self) {
        // Fails only without a sender, and that is `self`.
        let _ = self
            .under_way
            .subscribe()
            .wait_for(|running| *running == 0)
            .await;
    }

    pub(crate) fn are_settled(&self) -> bool {
        *self.under_way.borrow() == 0
    }
}

impl Record {
    /// Notes a status of the stack itself.
    pub(super) fn becomes(&mut self, status: &'static str, reason: Option<String>, at: Timestamp) {
        self.status = status;
        self.reason.clone_from(&reason);
        self.events.push(Event {
            id: Uuid::new_v4().to_string(),
            logical_id: self.name.clone(),
            physical_id: self.id.clone(),
            resource_type: STACK.to_owned(),
            status: status.to_owned(),
            reason,
            at,
        });
    }

    /// Returns true if something is being done to it.
    pub(super) fn is_busy(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS") && self.status != IN_REVIEW
    }
}

/// An operation that is under way, and counted as such until it is dropped.
struct UnderWay(Arc<World>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let running = &self.0.stacks.under_way;
        running.send_modify(|running| *running = running.saturating_sub(1));
    }
}

/// Does something that the request for it does not wait for.
pub(super) fn spawn(world: &Arc<World>, work: impl Future<Output = ()> + Send + 'static) {
    world.stacks.under_way.send_modify(|running| *running += 1);
    let under_way = UnderWay(Arc::clone(world));
    tokio::spawn(async move {
        work.await;
        drop(under_way);
    });
}
