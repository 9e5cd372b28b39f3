//! A notice: one burst of activity, made of several events.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::facts::Facts;
use crate::input::{Note, Session};
use crate::kind::Kind;
use crate::record::Record;
use crate::session_task;

/// One event that is reported.
#[derive(Clone, Debug)]
pub(crate) struct Sighting {
    pub(crate) kind: Kind,
    /// The account whose root user or guard it is about.
    pub(crate) account: String,
    /// The key of the events that are reported together with it.
    pub(crate) burst: String,
    /// The key by which duplicates are recognised.
    pub(crate) event: String,
    pub(crate) record: Option<Record>,
    /// The privileged root session in which it happened.
    pub(crate) session: Option<Session>,
    pub(crate) drill: Option<String>,
    pub(crate) unauthenticated: Option<String>,
    pub(crate) changed: Vec<String>,
    pub(crate) controls: &'static [&'static str],
    pub(crate) notes: Vec<Note>,
}

impl Sighting {
    pub(crate) fn new(kind: Kind, account: String) -> Self {
        Self {
            kind,
            account,
            burst: String::new(),
            event: String::new(),
            record: None,
            session: None,
            drill: None,
            unauthenticated: None,
            changed: Vec::new(),
            controls: &[],
            notes: Vec::new(),
        }
    }

    /// Attributes the event to a privileged root session. The session explains the calls that
    /// its task expects; a change of the guard and every other call keep their kind.
    pub(crate) fn in_privileged_session(&mut self, session: Session) {
        let call = self.record.as_ref().map(Record::call).unwrap_or_default();
        if self.kind != Kind::Tampering && session_task::explains(&session.task, &call) {
            self.kind = Kind::PrivilegedSession;
        }
        self.session = Some(session);
    }

    /// The text at a path of its record.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.record.as_ref()?.text(path)
    }

    /// Returns `true` if its call changes something.
    fn is_change(&self) -> bool {
        let name = self.record.as_ref().map_or("", Record::event_name);
        !["Describe", "Get", "Head", "List", "Lookup"]
            .iter()
            .any(|start| name.starts_with(start))
    }
}

/// A notice about one burst of activity.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The ids of the messages that it is made of.
    pub messages: Vec<String>,
    /// The key of the burst, which later events of it have too.
    pub burst: String,
    /// The keys of its events, without duplicates.
    pub events: Vec<String>,
    /// The notes that must be in the queue once it is published.
    pub notes: Vec<Note>,
    /// The rules that AWS Config should evaluate in the account.
    pub controls: BTreeSet<&'static str>,
    /// The facts that are published.
    pub facts: Facts,
}

impl Notice {
    /// Creates a notice of the events of a burst.
    pub(crate) fn new(messages: Vec<String>, mut sightings: Vec<Sighting>) -> Self {
        // In the order in which it happened, however it was delivered.
        sightings.sort_by(|a, b| key(a).cmp(&key(b)));
        sightings.dedup_by(|a, b| a.event == b.event);
        let events: Vec<String> = sightings.iter().map(|one| one.event.clone()).collect();
        let notes = sightings.iter().flat_map(|one| one.notes.clone()).collect();
        let controls = sightings.iter().flat_map(|one| one.controls);
        let controls = controls.copied().collect();
        let burst = sightings.first().map(|one| one.burst.clone());
        let worst = sightings
            .iter()
            .enumerate()
            .max_by_key(|(number, one)| (one.kind, one.is_change(), Reverse(*number)))
            .map_or(0, |(number, _)| number);
        // The worst first, the others after it.
        if let Some(before) = sightings.get_mut(..=worst) {
            before.rotate_right(1);
        }
        Self {
            messages,
            burst: burst.unwrap_or_default(),
            notes,
            controls,
            facts: Facts::new(&sightings),
            events,
        }
    }
}

fn key(sighting: &Sighting) -> (&str, &str) {
    (
        sighting.text("eventTime").unwrap_or_default(),
        &sighting.event,
    )
}
