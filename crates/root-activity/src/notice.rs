//! What people are told about one burst of activity.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::input::{Note, Session};
use crate::kind::{Kind, Severity};
use crate::record::{Mfa, Outcome, Record};

/// The most of anything that a notice lists; what is beyond is counted.
const MOST_LISTED: usize = 20;

/// One thing that happened and that people are told about.
#[derive(Clone, Debug)]
pub(crate) struct Sighting {
    pub(crate) kind: Kind,
    /// The account whose root user or guard it is about.
    pub(crate) account: String,
    /// What it belongs together with.
    pub(crate) burst: String,
    /// By what duplicates are known.
    pub(crate) event: String,
    pub(crate) record: Option<Record>,
    /// The privileged root session it is of.
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

    /// Somebody did this with a privileged root session. Changing the guard stays that.
    pub(crate) fn in_privileged_session(&mut self) {
        if self.kind != Kind::Tampering {
            self.kind = Kind::PrivilegedSession;
        }
    }
}

/// What people are told about one burst of activity.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The messages it is made of.
    pub messages: Vec<String>,
    /// What belongs together with it, later.
    pub burst: String,
    /// The events it is made of, without duplicates.
    pub events: Vec<String>,
    /// What must not be forgotten once people know.
    pub notes: Vec<Note>,
    /// The rules that AWS Config should evaluate in the account.
    pub controls: BTreeSet<&'static str>,
    /// What machines are told.
    pub facts: Facts,
}

/// A notice for machines.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// The worst that happened.
    pub kind: Kind,
    /// How soon somebody should look.
    pub severity: Severity,
    /// Whether all that happened was refused or failed.
    pub refused: bool,
    /// The account whose root user or guard it is about.
    pub account: String,
    /// Its name, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    /// Its partition.
    pub partition: String,
    /// The Regions that recorded it.
    pub regions: BTreeSet<String>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// With which access key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key: Option<String>,
    /// `used`, `not-used` or `unknown`: the least of all that happened.
    pub mfa: &'static str,
    /// From which addresses.
    pub source_addresses: BTreeSet<String>,
    /// With which programs.
    pub user_agents: BTreeSet<String>,
    /// When it began and ended, as CloudTrail writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_time: Option<String>,
    /// See `first_time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_time: Option<String>,
    /// How many events there were.
    pub count: usize,
    /// What they were, the most frequent first.
    pub calls: Vec<CallCount>,
    /// What was changed of the guard.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub changed: BTreeSet<String>,
    /// Of which privileged root session it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// Which drill announced it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drill: Option<String>,
    /// Why it is not believed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unauthenticated: Option<String>,
    /// The ids of the first events.
    pub events: Vec<String>,
}

/// How often something was called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallCount {
    /// The call, such as `iam:CreateAccessKey`.
    pub call: String,
    /// How often.
    pub count: usize,
    /// How often of these it was refused or failed.
    pub refused: usize,
}

impl Notice {
    /// Of messages that belong together, and what they are about.
    pub(crate) fn new(messages: Vec<String>, mut sightings: Vec<Sighting>) -> Self {
        // In the order in which it happened, however it was delivered.
        sightings.sort_by(|a, b| (time(a), &a.event).cmp(&(time(b), &b.event)));
        sightings.dedup_by(|a, b| a.event == b.event);
        let events: Vec<String> = sightings.iter().map(|one| one.event.clone()).collect();
        let burst = sightings.first().map(|one| one.burst.clone());
        Self {
            messages,
            burst: burst.unwrap_or_default(),
            notes: sightings.iter().flat_map(|one| one.notes.clone()).collect(),
            controls: sightings
                .iter()
                .flat_map(|one| one.controls)
                .copied()
                .collect(),
            facts: Facts::of(&sightings, &events),
            events,
        }
    }
}

fn time(sighting: &Sighting) -> &str {
    let record = sighting.record.as_ref();
    record
        .and_then(|record| record.text("eventTime"))
        .unwrap_or_default()
}

impl Facts {
    fn of(sightings: &[Sighting], events: &[String]) -> Self {
        let worst = sightings.iter().max_by_key(|one| one.kind);
        let kind = worst.map_or(Kind::ApiCall, |one| one.kind);
        let records = || sightings.iter().filter_map(|one| one.record.as_ref());
        let texts = |path: &'static str| {
            let texts = records().filter_map(move |record| record.text(path));
            texts.map(line).take(MOST_LISTED).collect::<BTreeSet<_>>()
        };
        let mut mfa: Vec<Mfa> = records().map(Record::mfa).collect();
        // The principal of a privileged session is whoever opened it.
        let by = worst.and_then(|one| match (&one.session, &one.record) {
            (Some(session), _) => Some(session.principal.clone()),
            (None, record) => record.as_ref().map(Record::principal),
        });
        let refused = |record: &Record| record.outcome() != Outcome::Succeeded;
        let first = |of: fn(&Sighting) -> Option<String>| sightings.iter().find_map(of);
        Self {
            kind,
            severity: kind.severity(),
            refused: records().count() > 0 && records().all(refused),
            account: worst.map_or_else(String::new, |one| one.account.clone()),
            account_name: None,
            partition: records().next().map_or("aws", Record::partition).to_owned(),
            regions: texts("awsRegion"),
            principal: by.as_deref().map(line),
            access_key: first(|one| match (&one.session, &one.record) {
                (Some(session), _) => Some(line(&session.access_key)),
                (None, record) => Some(line(record.as_ref()?.access_key()?)),
            }),
            mfa: least(&mut mfa),
            source_addresses: texts("sourceIPAddress"),
            user_agents: texts("userAgent"),
            first_time: records().find_map(|record| record.text("eventTime").map(line)),
            last_time: records()
                .rev()
                .find_map(|record| record.text("eventTime").map(line)),
            count: sightings.len(),
            calls: calls(records()),
            changed: sightings
                .iter()
                .flat_map(|one| &one.changed)
                .map(|changed| line(changed))
                .take(MOST_LISTED)
                .collect(),
            session: sightings.iter().find_map(|one| one.session.clone()),
            drill: first(|one| one.drill.as_deref().map(line)),
            unauthenticated: first(|one| one.unauthenticated.as_deref().map(line)),
            events: events
                .iter()
                .take(MOST_LISTED)
                .map(|event| line(event))
                .collect(),
        }
    }
}

fn least(mfa: &mut Vec<Mfa>) -> &'static str {
    mfa.retain(|mfa| *mfa != Mfa::Unknown);
    match mfa.as_slice() {
        [] => "unknown",
        known if known.contains(&Mfa::NotUsed) => "not-used",
        _ => "used",
    }
}

fn calls<'a>(records: impl Iterator<Item = &'a Record>) -> Vec<CallCount> {
    let mut counts: BTreeMap<String, CallCount> = BTreeMap::new();
    for record in records {
        let call = line(&record.call());
        let count = counts.entry(call.clone()).or_insert(CallCount {
            call,
            count: 0,
            refused: 0,
        });
        count.count += 1;
        count.refused += usize::from(record.outcome() != Outcome::Succeeded);
    }
    let mut counts: Vec<_> = counts.into_values().collect();
    counts.sort_by_key(|count| Reverse(count.count));
    counts.truncate(MOST_LISTED);
    counts
}

/// A text from a record on one line of bearable length: whoever calls AWS chooses it.
fn line(text: &str) -> String {
    let line = |c: char| if c.is_control() { ' ' } else { c };
    let mut chars = text.chars().map(line);
    let mut line: String = chars.by_ref().take(300).collect();
    if chars.next().is_some() {
        line.push('…');
    }
    line
}
