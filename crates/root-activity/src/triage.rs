//! The decision about every message of a batch.

use std::cmp::Reverse;
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

/// The longest time for which an event waits before it is reported, counted from its arrival
/// in the queue.
pub const HOLD: Duration = Duration::from_mins(2);

/// The time for which a message that waits is hidden before it is read again.
const LOOK_AGAIN: Duration = Duration::from_secs(20);

/// The time for which the access key of a privileged root session is remembered: the session
/// itself, 15 minutes at most, and as long again for records that are late.
const KNOW_SESSION: Duration = Duration::from_mins(30);

/// The longest drill that is believed.
const LONGEST_DRILL: Duration = Duration::from_hours(1);

/// The calls of a drill that are reported. Nothing else that its principal does is its own.
const DRILL_CALLS: &[&str] = &["cloudwatch:SetAlarmState"];

/// The work that the messages of a batch give. Each message is in one place.
#[derive(Debug, Default)]
pub struct Plan {
    /// The notices to publish, the worst first. Each is made of one or several messages.
    pub notices: Vec<Notice>,
    /// Messages with rules that AWS Config still has to evaluate.
    pub evaluations: Vec<(String, Evaluate)>,
    /// Messages that wait in the queue.
    pub held: Vec<Held>,
    /// Messages that cannot be read.
    pub dead: Vec<Dead>,
    /// Messages that are done with.
    pub done: Vec<String>,
}

/// A message that waits in the queue.
#[derive(Debug)]
pub struct Held {
    /// The message.
    pub id: String,
    /// The time for which it is hidden.
    pub wait: Duration,
}

/// A message that cannot be read.
#[derive(Debug)]
pub struct Dead {
    /// The message.
    pub id: String,
    /// The reason.
    pub reason: Unreadable,
}

/// A message that may have to be reported.
struct Candidate<'a> {
    message: &'a Message,
    sighting: Sighting,
}

/// Decides about every message. The privileged sessions and drills that a batch announces
/// hold for all of it, wherever in the batch they stand.
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
    // If the time is up before all are published, the worst are.
    plan.notices
        .sort_by_key(|notice| Reverse(notice.facts.kind));
    plan
}

/// The content of one message.
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
        // It is about the account that the session is for.
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

/// The key of the events that are reported together: those with one access key, else those
/// of one principal from one address.
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

/// The privileged root session that a call opened.
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

/// Groups the events that are reported together. Leaves out those that were reported before,
/// and those that a privileged session may still explain.
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

/// Adds the privileged session and the drill that the memory knows. Returns the time to wait
/// for one that it does not know yet.
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
    let is_of_drill = !record.is_by_root() && DRILL_CALLS.contains(&record.call().as_str());
    let drill = memory.drill(record.account(), principal);
    let drill = drill.filter(|_| is_of_drill).map(|drill| drill.id.clone());
    let key = record.access_key().filter(|_| record.is_by_root());
    let session = key.and_then(|key| memory.session(key)).cloned();
    let doubtful = record.is_flagged_privileged() || record.may_be_in_privileged_session();

    sighting.drill = drill;
    if let Some(session) = session {
        sighting.burst = in_session(&session.access_key);
        sighting.in_privileged_session(session);
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

/// The time for which a message may still wait: none if its arrival is unknown.
fn left_to_wait(message: &Message, now: Timestamp) -> Duration {
    let waited = message.sent_at.map_or(HOLD, |sent| now.since(sent));
    HOLD.saturating_sub(waited)
}
