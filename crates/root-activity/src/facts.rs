//! The facts of a notice, as machines read them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use config_rule::visible;
use serde::Serialize;

use crate::input::Session;
use crate::kind::{Kind, Severity};
use crate::listed::Listed;
use crate::notice::Sighting;
use crate::record::{Mfa, Outcome, Record};

/// The most items of a list. The number of items that are left out is in `unlisted`.
const MOST_LISTED: usize = 10;

/// The most bytes of each text, by what it is. Callers of AWS choose several of them.
mod bytes {
    pub(super) const ADDRESS: usize = 64;
    pub(super) const CALL: usize = 96;
    pub(super) const EVENT: usize = 64;
    pub(super) const NAME: usize = 64;
    pub(super) const PRINCIPAL: usize = 256;
    pub(super) const REASON: usize = 256;
    pub(super) const REGION: usize = 24;
    pub(super) const RESOURCE: usize = 200;
    pub(super) const USER_AGENT: usize = 160;
}

/// The facts of a notice. Every text is safe to show and of bounded length, so that the
/// whole is: [`Facts::publications`] says how much.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// The kind of the worst event.
    pub kind: Kind,
    /// The severity of the worst event.
    pub severity: Severity,
    /// `true` if every call was refused or failed.
    pub refused: bool,
    /// The account whose root user or guard it is about.
    pub account: String,
    /// The account's name, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    /// The partition of the account.
    pub partition: String,
    /// The worst event; absent for drills and for events that are not believed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst: Option<Event>,
    /// The Regions that recorded the events, that of the worst event first.
    pub regions: Vec<String>,
    /// The principal of the worst event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// The access key of the worst event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key: Option<String>,
    /// `used`, `not-used` or `unknown`; `not-used` if one event was without a second factor.
    pub mfa: &'static str,
    /// The source addresses, that of the worst event first.
    pub source_addresses: Vec<String>,
    /// The user agents, that of the worst event first.
    pub user_agents: Vec<String>,
    /// The time of the first event, as CloudTrail writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_time: Option<String>,
    /// The time of the last event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_time: Option<String>,
    /// The number of events.
    pub count: usize,
    /// The calls, the most frequent first.
    pub calls: Vec<CallCount>,
    /// The parts of the guard that were changed, those of the worst event first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// The number of distinct values that each list leaves out, by the list's name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unlisted: BTreeMap<&'static str, usize>,
    /// The privileged root session in which it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// The drill that made every one of these calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drill: Option<String>,
    /// The reason that the event is not believed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unauthenticated: Option<String>,
    /// The ids of the events, each after its account; that of the worst event first.
    pub events: Vec<String>,
}

/// The worst event of a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The call, such as `iam:CreateAccessKey`.
    pub call: String,
    /// `succeeded`, `denied` or `failed`.
    pub outcome: &'static str,
    /// The error code, if the call did not succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The source address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_address: Option<String>,
    /// The user agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The time, as CloudTrail writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The Region that recorded it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// `used`, `not-used` or `unknown`.
    pub mfa: &'static str,
    /// The event id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// A call, and the number of times it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallCount {
    /// The call, such as `iam:CreateAccessKey`.
    pub call: String,
    /// The number of events.
    pub count: usize,
    /// The number of events that were refused or failed.
    pub refused: usize,
}

impl Facts {
    /// Summarises events, the worst of which comes first.
    pub(crate) fn new(sightings: &[Sighting]) -> Self {
        let worst = sightings.first();
        let kind = worst.map_or(Kind::ApiCall, |one| one.kind);
        let records = || sightings.iter().filter_map(|one| one.record.as_ref());
        let mut unlisted = BTreeMap::new();
        let mut list = |name, texts: &mut dyn Iterator<Item = &str>, max_bytes| {
            let listed = Listed::new(texts, MOST_LISTED, max_bytes);
            if listed.left_out > 0 {
                unlisted.insert(name, listed.left_out);
            }
            listed.texts
        };
        let texts = |path| sightings.iter().filter_map(move |one| one.text(path));
        let regions = list("regions", &mut texts("awsRegion"), bytes::REGION);
        let addresses = &mut texts("sourceIPAddress");
        let source_addresses = list("sourceAddresses", addresses, bytes::ADDRESS);
        let user_agents = list("userAgents", &mut texts("userAgent"), bytes::USER_AGENT);
        let changed = &mut sightings
            .iter()
            .flat_map(|one| &one.changed)
            .map(String::as_str);
        let changed = list("changed", changed, bytes::RESOURCE);
        let events = &mut sightings.iter().map(|one| one.event.as_str());
        let events = list("events", events, bytes::EVENT);
        let mut calls = calls(records());
        if calls.len() > MOST_LISTED {
            unlisted.insert("calls", calls.len() - MOST_LISTED);
            calls.truncate(MOST_LISTED);
        }
        let shown = |text: Option<&str>, max_bytes| text.map(|text| visible(text, max_bytes));
        // Whoever opened a privileged session is behind its calls.
        let session = worst.and_then(|one| one.session.as_ref());
        let record = worst.and_then(|one| one.record.as_ref());
        let principal = session
            .map(|session| session.principal.clone())
            .or_else(|| record.map(Record::principal));
        let access_key = session
            .map(|session| session.access_key.as_str())
            .or_else(|| record.and_then(Record::access_key));
        Self {
            kind,
            severity: kind.severity(),
            refused: records().count() > 0
                && records().all(|record| record.outcome() != Outcome::Succeeded),
            account: worst.map_or_else(String::new, |one| visible(&one.account, bytes::NAME)),
            account_name: None,
            partition: visible(record.map_or("aws", Record::partition), bytes::REGION),
            worst: record.map(Event::new),
            regions,
            principal: shown(principal.as_deref(), bytes::PRINCIPAL),
            access_key: shown(access_key, bytes::NAME),
            mfa: least(records().map(Record::mfa)),
            source_addresses,
            user_agents,
            first_time: shown(texts("eventTime").min(), bytes::REGION),
            last_time: shown(texts("eventTime").max(), bytes::REGION),
            count: sightings.len(),
            calls,
            changed,
            unlisted,
            session: session.map(|session| Session {
                access_key: visible(&session.access_key, bytes::NAME),
                principal: visible(&session.principal, bytes::PRINCIPAL),
                task: visible(&session.task, bytes::NAME),
                until: session.until,
            }),
            drill: shown(drill(sightings), bytes::NAME),
            unauthenticated: shown(
                worst.and_then(|one| one.unauthenticated.as_deref()),
                bytes::REASON,
            ),
            events,
        }
    }

    /// Adds the name of the account.
    pub(crate) fn named(self, name: Option<&str>) -> Self {
        Self {
            account_name: name.map(|name| visible(name, bytes::NAME)),
            ..self
        }
    }
}

impl Event {
    fn new(record: &Record) -> Self {
        let text = |path, max_bytes| record.text(path).map(|text| visible(text, max_bytes));
        let error = text("errorCode", bytes::CALL).or_else(|| text("errorMessage", bytes::CALL));
        Self {
            call: visible(&record.call(), bytes::CALL),
            outcome: match record.outcome() {
                Outcome::Succeeded => "succeeded",
                Outcome::Denied => "denied",
                Outcome::Failed => "failed",
            },
            error,
            source_address: text("sourceIPAddress", bytes::ADDRESS),
            user_agent: text("userAgent", bytes::USER_AGENT),
            time: text("eventTime", bytes::REGION),
            region: text("awsRegion", bytes::REGION),
            mfa: least([record.mfa()]),
            id: text("eventID", bytes::EVENT),
        }
    }
}

/// The drill that made all of the calls. One event of anybody else's, and there is none.
fn drill(sightings: &[Sighting]) -> Option<&str> {
    let drill = sightings.first()?.drill.as_deref()?;
    let all = sightings
        .iter()
        .all(|one| one.drill.as_deref() == Some(drill));
    all.then_some(drill)
}

fn least(mfa: impl IntoIterator<Item = Mfa>) -> &'static str {
    let known = mfa.into_iter().filter(|mfa| *mfa != Mfa::Unknown);
    match known.max_by_key(|mfa| *mfa == Mfa::NotUsed) {
        None => "unknown",
        Some(Mfa::NotUsed) => "not-used",
        Some(_) => "used",
    }
}

fn calls<'a>(records: impl Iterator<Item = &'a Record>) -> Vec<CallCount> {
    let mut counts: BTreeMap<String, CallCount> = BTreeMap::new();
    for record in records {
        let call = visible(&record.call(), bytes::CALL);
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
    counts
}
