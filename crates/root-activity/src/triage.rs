//! What becomes of every message of a batch.

use std::collections::{BTreeMap, HashSet};
use std::panic::catch_unwind;
use std::time::Duration;

use config_rule::Timestamp;

use crate::classify::{Class, classify};
use crate::input::{Drill, Evaluate, Input, Note, Session, Unauthenticated, Unreadable};
use crate::kind::Kind;
use crate::memory::Memory;
use crate::message::Message;
use crate::notice::{Notice, Sighting};
use crate::record::{Outcome, Record};
use crate::tampering::Watched;

/// The longest that anything waits before people are told, counted from its arrival in
/// the queue.
pub const HOLD: Duration = Duration::from_mins(2);

/// How long a message that waits is hidden before it is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(20);

/// How long it is known that an access key is of a privileged root session: the session
/// itself, 15 minutes at most, and as long again for records that are late.
const KNOW_SESSION: Duration = Duration::from_mins(30);

/// The longest drill that is believed.
const LONGEST_DRILL: Duration = Duration::from_hours(1);

/// What is to be done with the messages of a batch. Each of them is in one place.
#[derive(Debug, Default)]
pub struct Plan {
    /// What people are told, of one or several messages.
    pub notices: Vec<Notice>,
    /// Messages with rules that AWS Config still has to evaluate.
    pub evaluations: Vec<(String, Evaluate)>,
    /// Messages that wait in the queue.
    pub held: Vec<Held>,
    /// Messages that nothing can be made of.
    pub dead: Vec<Dead>,
    /// Messages that are done with.
    pub done: Vec<String>,
}

/// A message that waits in the queue.
#[derive(Debug)]
pub struct Held {
    /// The message.
    pub id: String,
    /// How long it is hidden.
    pub wait: Duration,
}

/// A message that nothing can be made of.
#[derive(Debug)]
pub struct Dead {
    /// The message.
    pub id: String,
    /// Why.
    pub reason: Unreadable,
}

/// A message that people may have to be told about.
struct Candidate<'a> {
    message: &'a Message,
    sighting: Sighting,
}

/// Decides about every message. What a batch says about privileged sessions and drills
/// holds for all of it, wherever in the batch it says so.
pub fn triage(
    messages: &[Message],
    memory: &mut Memory,
    watched: &Watched,
    now: Timestamp,
) -> Plan {
    memory.forget(now);
    let mut plan = Plan::default();
    let mut candidates = Vec::new();
    let mut seen = HashSet::new();
    for message in messages {
        // Lambda gives every message once; were it twice, it is done or given back once.
        if !seen.insert(&message.id) {
            continue;
        }
        let read = || read(message, watched, now);
        let input = catch_unwind(read).unwrap_or(Err(Unreadable::Panicked));
        match input {
            Err(reason) => plan.dead.push(Dead {
                id: message.id.clone(),
                reason,
            }),
            Ok(Read::Silent) => plan.done.push(message.id.clone()),
            Ok(Read::Note(note)) => take_note(note, message, memory, &mut plan, now),
            Ok(Read::Sighting(sighting)) => {
                for note in &sighting.notes {
                    memory.learn(note.clone());
                }
                candidates.push(Candidate {
                    message,
                    sighting: *sighting,
                });
            }
        }
    }
    for burst in bursts(candidates, memory, &mut plan, now) {
        report_or_hold(burst, memory, &mut plan, now);
    }
    plan
}

/// What one message is about.
enum Read {
    Silent,
    Note(Note),
    Sighting(Box<Sighting>),
}

impl Read {
    fn about(sighting: Sighting) -> Self {
        Self::Sighting(Box::new(sighting))
    }
}

fn read(message: &Message, watched: &Watched, now: Timestamp) -> Result<Read, Unreadable> {
    let arrived = message.sent_at.unwrap_or(now);
    Ok(match Input::read(&message.body)? {
        Input::Note(note) => Read::Note(note),
        Input::Unauthenticated(event) => Read::about(unauthenticated(event, message)),
        Input::Drill(drill) => Read::about(announced(drill, arrived)),
        Input::Record(record) => match classify(&record, watched) {
            Class::Silent(_) => Read::Silent,
            Class::Report(kind) => Read::about(sighting(record, kind, message, arrived)),
            Class::Tampering(tampering) => Read::about(Sighting {
                controls: tampering.controls,
                changed: tampering.resources,
                ..sighting(record, Kind::Tampering, message, arrived)
            }),
        },
    })
}

fn sighting(record: Record, kind: Kind, message: &Message, arrived: Timestamp) -> Sighting {
    let account = record.account().to_owned();
    let event = record.text("eventID").unwrap_or(&message.id);
    let event = format!("{account} {event}");
    let controls = match record.outcome() {
        Outcome::Succeeded => kind.controls(),
        _ => &[],
    };
    let session = (kind == Kind::PrivilegedSession)
        .then(|| opened(&record, arrived))
        .flatten();
    let mut sighting = Sighting {
        burst: burst_of(&record),
        controls,
        event,
        ..Sighting::new(kind, account)
    };
    if kind == Kind::PrivilegedSession {
        // It is about the account whose root user somebody wants to be.
        let target = record.text("requestParameters/targetPrincipal");
        let target = target.and_then(|target| target.split(':').rfind(|part| is_account(part)));
        if let Some(target) = target {
            target.clone_into(&mut sighting.account);
        }
    }
    if let Some(session) = session {
        sighting.burst = in_session(&session.access_key);
        sighting.notes = vec![Note::Session(session.clone())];
        sighting.session = Some(session);
    }
    sighting.record = Some(record);
    sighting
}

fn is_account(part: &str) -> bool {
    part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// What calls belong together: those with one access key, else those of one principal
/// from one address.
fn burst_of(record: &Record) -> String {
    let address = record.text("sourceIPAddress").unwrap_or_default();
    match record.access_key() {
        Some(key) => format!("{} {key}", record.account()),
        None => format!("{} {} {address}", record.account(), record.principal()),
    }
}

fn in_session(access_key: &str) -> String {
    format!("session {access_key}")
}

/// The privileged root session that a call opened, if it did.
fn opened(record: &Record, arrived: Timestamp) -> Option<Session> {
    let access_key = record.text("responseElements/credentials/accessKeyId")?;
    let policy = record.text("requestParameters/taskPolicyArn/arn");
    let policy = policy.or_else(|| record.text("requestParameters/taskPolicyArn"));
    let task = policy.and_then(|arn| arn.rsplit('/').next());
    Some(Session {
        access_key: access_key.to_owned(),
        principal: record.principal(),
        task: task.unwrap_or("an unknown task").to_owned(),
        until: later(arrived, KNOW_SESSION),
    })
}

fn unauthenticated(event: Unauthenticated, message: &Message) -> Sighting {
    Sighting {
        burst: format!("unauthenticated {} {}", event.account, event.source),
        // Whoever made it up could have made up the id of a real event.
        event: format!("unauthenticated {}", message.id),
        unauthenticated: Some(format!("{}: {}", event.source, event.why)),
        ..Sighting::new(Kind::Unauthenticated, event.account)
    }
}

fn announced(drill: Drill, arrived: Timestamp) -> Sighting {
    let until = drill.until.min(later(arrived, LONGEST_DRILL));
    let drill = Drill { until, ..drill };
    Sighting {
        burst: format!("drill {} {}", drill.account, drill.id),
        event: format!("drill {} {}", drill.account, drill.id),
        drill: Some(drill.id.clone()),
        notes: vec![Note::Drill(drill.clone())],
        ..Sighting::new(Kind::Drill, drill.account)
    }
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_epoch_millis(time.epoch_millis().saturating_add(by))
}

/// A note stays in the queue until it has done its work.
fn take_note(note: Note, message: &Message, memory: &mut Memory, plan: &mut Plan, now: Timestamp) {
    match (note.until(), note) {
        (_, Note::Evaluate(evaluate)) => plan.evaluations.push((message.id.clone(), evaluate)),
        (Some(until), note) if until > now => {
            memory.learn(note);
            plan.held.push(Held {
                id: message.id.clone(),
                wait: LOOK_AGAIN,
            });
        }
        _ => plan.done.push(message.id.clone()),
    }
}

/// Groups what belongs together, without what was reported before and what may still
/// turn out to be of a privileged session.
fn bursts<'a>(
    candidates: Vec<Candidate<'a>>,
    memory: &Memory,
    plan: &mut Plan,
    now: Timestamp,
) -> Vec<Vec<Candidate<'a>>> {
    let mut bursts: BTreeMap<String, Vec<Candidate<'a>>> = BTreeMap::new();
    for mut candidate in candidates {
        let sighting = &mut candidate.sighting;
        if memory.has_reported(&sighting.event) {
            plan.done.push(candidate.message.id.clone());
            continue;
        }
        let wait = look_closer(sighting, candidate.message, memory, now);
        if !wait.is_zero() {
            plan.held.push(Held {
                id: candidate.message.id.clone(),
                wait,
            });
            continue;
        }
        let burst = bursts.entry(candidate.sighting.burst.clone());
        burst.or_default().push(candidate);
    }
    bursts.into_values().collect()
}

/// Adds what the memory knows: the privileged session and the drill that it is of. Says
/// how long to wait for knowing.
fn look_closer(
    sighting: &mut Sighting,
    message: &Message,
    memory: &Memory,
    now: Timestamp,
) -> Duration {
    let Some(record) = &sighting.record else {
        return Duration::ZERO;
    };
    let principal = record.text("userIdentity/arn").unwrap_or_default();
    let drill = memory.drill(record.account(), principal);
    let key = record.access_key().filter(|_| record.is_by_root());
    let session = key.and_then(|key| memory.session(key)).cloned();
    let doubtful = record.is_flagged_privileged() || record.may_be_in_privileged_session();

    sighting.drill = drill.map(|drill| drill.id.clone());
    if let Some(session) = session {
        sighting.burst = in_session(&session.access_key);
        sighting.session = Some(session);
        sighting.in_privileged_session();
        Duration::ZERO
    } else if doubtful {
        left_to_wait(message, now).min(LOOK_AGAIN)
    } else {
        Duration::ZERO
    }
}

fn report_or_hold(burst: Vec<Candidate<'_>>, memory: &Memory, plan: &mut Plan, now: Timestamp) {
    let all_may_wait = burst.iter().all(|one| one.sighting.kind.may_wait());
    let quiet = burst
        .first()
        .map_or(Duration::ZERO, |one| memory.quiet(&one.sighting.burst, now));
    let left = burst.iter().map(|one| left_to_wait(one.message, now)).min();
    let wait = quiet.min(left.unwrap_or_default());
    if all_may_wait && !wait.is_zero() {
        plan.held.extend(burst.into_iter().map(|one| Held {
            id: one.message.id.clone(),
            wait,
        }));
        return;
    }
    let ids = burst.iter().map(|one| one.message.id.clone()).collect();
    let sightings = burst.into_iter().map(|one| one.sighting).collect();
    plan.notices.push(Notice::new(ids, sightings));
}

/// How long a message may still wait. Not at all, if nobody knows how long it did.
fn left_to_wait(message: &Message, now: Timestamp) -> Duration {
    let waited = message.sent_at.map_or(HOLD, |sent| now.since(sent));
    HOLD.saturating_sub(waited)
}
