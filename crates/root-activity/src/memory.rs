//! The memory of one instance of the function. It is a cache: what must not be forgotten is in
//! the queue, as notes.

use std::collections::HashMap;
use std::time::Duration;

use config_rule::Timestamp;

use crate::input::{Drill, Note, Session};
use crate::notice::Notice;

/// The time for which a session that was reported stays silent, unless it does something worse.
pub(crate) const QUIET: Duration = Duration::from_mins(1);

/// The time for which an event is remembered, to recognise its duplicates.
const REMEMBER_EVENTS: Duration = Duration::from_mins(10);

/// The most entries of any kind. Beyond, everything is forgotten at once: the worst result is
/// a notice that is published twice.
const MOST: usize = 20_000;

/// The sessions, drills and events that an instance of the function remembers.
#[derive(Debug, Default)]
pub struct Memory {
    sessions: HashMap<String, Session>,
    drills: HashMap<String, Drill>,
    /// The time at which each burst was reported last.
    bursts: HashMap<String, Timestamp>,
    events: HashMap<String, Timestamp>,
}

impl Memory {
    /// Remembers a note.
    pub(crate) fn learn(&mut self, note: Note) {
        match note {
            Note::Session(session) => {
                self.sessions.insert(session.access_key.clone(), session);
            }
            Note::Drill(drill) => {
                self.drills.insert(drill.id.clone(), drill);
            }
            Note::Evaluate(_) => {}
        }
    }

    /// The privileged root session with this access key.
    pub(crate) fn session(&self, access_key: &str) -> Option<&Session> {
        self.sessions.get(access_key)
    }

    /// The drill that a principal holds in an account.
    pub(crate) fn drill(&self, account: &str, principal: &str) -> Option<&Drill> {
        let mut drills = self.drills.values();
        drills.find(|drill| drill.account == account && drill.principal == principal)
    }

    /// Returns `true` if the event was reported.
    pub(crate) fn has_reported(&self, event: &str) -> bool {
        self.events.contains_key(event)
    }

    /// The time for which a burst that was reported just before still has to be silent.
    pub(crate) fn quiet(&self, burst: &str, now: Timestamp) -> Duration {
        let reported = self.bursts.get(burst);
        reported.map_or(Duration::ZERO, |at| QUIET.saturating_sub(now.since(*at)))
    }

    /// Remembers a notice that was published.
    pub fn reported(&mut self, notice: &Notice, now: Timestamp) {
        self.bursts.insert(notice.burst.clone(), now);
        let events = notice.events.iter();
        self.events.extend(events.map(|event| (event.clone(), now)));
        for note in &notice.notes {
            self.learn(note.clone());
        }
    }

    /// Forgets what is over.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        self.sessions.retain(|_, session| session.until > now);
        self.drills.retain(|_, drill| drill.until > now);
        self.bursts.retain(|_, at| now.since(*at) < QUIET);
        self.events.retain(|_, at| now.since(*at) < REMEMBER_EVENTS);
        let sizes = [self.sessions.len(), self.bursts.len(), self.events.len()];
        if sizes.iter().any(|size| *size > MOST) {
            *self = Self::default();
        }
    }
}
