//! The record that a search found: a sample of its class, changed no more than
//! needed, and confirmed.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::search::{Scene, Search};
use super::space::{Name, Place, RECORD};
use crate::cloudtrail::{Class, account_of_root_arn};
use crate::matching::matches_json;

/// Choice for a place.
#[derive(Clone, Copy)]
pub(super) enum Choice<'v> {
    /// Nothing: whatever the sample has there will do.
    Free,
    /// The sample's own value.
    Sample,
    /// This value, or that nothing stands there.
    Value(Option<&'v Value>),
}

/// The record, if it is in the class and the matcher says of it what it should.
///
/// With wildcards the rest of the sample may be in the way; then it is left out.
pub(super) fn confirmed(
    search: &Search<'_>,
    scene: &Scene,
    matched: bool,
    choices: &[Choice<'_>],
) -> Option<Cow<'static, Value>> {
    let is_sample = !choices
        .iter()
        .any(|choice| matches!(choice, Choice::Value(_)));
    if is_sample && is_right(search, scene, matched, &scene.sample) {
        return Some(scene.sample.clone());
    }
    [false, true].into_iter().find_map(|bare| {
        let record = build(search, &scene.sample, choices, bare);
        let mut records = if names_one_account(&record) {
            vec![record]
        } else {
            naming_one_account(&record)
        };
        records.retain(|record| is_right(search, scene, matched, record));
        records.pop().map(Cow::Owned)
    })
}

fn is_right(search: &Search<'_>, scene: &Scene, matched: bool, record: &Value) -> bool {
    let at = |path: &[&str]| path.iter().try_fold(record, |v, name| v.get(name));
    Class::of_record(record) == Some(scene.class)
        && scene
            .facts
            .iter()
            .all(|fact| fact.values.admit(at(fact.path), search.account))
        && names_one_account(record)
        && search.patterns.iter().any(|p| matches_json(p, record)) == matched
}

/// The one invariant about two places: a root user's ARN names its account.
fn names_one_account(record: &Value) -> bool {
    let text = |name| record.get("userIdentity")?.get(name)?.as_str();
    match (text("arn").and_then(account_of_root_arn), text("accountId")) {
        (Some(in_arn), Some(account)) if text("type") == Some("Root") => in_arn == account,
        _ => true,
    }
}

/// Both ways to mend a record whose root ARN names another account than its own.
fn naming_one_account(record: &Value) -> Vec<Value> {
    let text = |name| record.get("userIdentity")?.get(name)?.as_str();
    let (Some(arn), Some(account)) = (text("arn"), text("accountId")) else {
        return Vec::new();
    };
    let of_arn = account_of_root_arn(arn).unwrap_or_default();
    let with = |name: &str, text: String| {
        let mut record = record.clone();
        *record.get_mut("userIdentity")?.get_mut(name)? = text.into();
        Some(record)
    };
    [
        with("arn", arn.replace(of_arn, account)),
        with("accountId", of_arn.to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn build(search: &Search<'_>, sample: &Value, choices: &[Choice<'_>], bare: bool) -> Value {
    let places = &search.space.places;
    let mut record = sample.clone();
    for (at, (place, choice)) in places.iter().zip(choices).enumerate() {
        if bare
            && place.children.iter().any(|c| is_fresh_member(places, *c))
            && let Some(Value::Object(members)) = target(places, choices, &mut record, at)
        {
            keep_named(places, place, members);
        }
        if let Choice::Value(value) = choice {
            match value {
                Some(value) => put(places, choices, &mut record, at, value),
                None => remove(places, choices, &mut record, at),
            }
        }
    }
    record
}

fn is_fresh_member(places: &[Place<'_>], place: usize) -> bool {
    places
        .get(place)
        .is_some_and(|p| matches!(p.name, Name::Fresh { element: false, .. }))
}

fn keep_named(places: &[Place<'_>], place: &Place<'_>, members: &mut Map<String, Value>) {
    members.retain(|name, _| {
        let mut children = place.children.iter().filter_map(|c| places.get(*c));
        children.any(|child| child.name == Name::Member(name))
    });
}

/// The name or index of a place in its object or array.
enum Key {
    Member(String),
    Element(usize),
}

fn key(places: &[Place<'_>], choices: &[Choice<'_>], at: usize) -> Option<Key> {
    let place = places.get(at)?;
    Some(match place.name {
        Name::Record => return None,
        Name::Member(name) => Key::Member(name.to_owned()),
        Name::Element(index) => Key::Element(index),
        Name::Fresh {
            element: false,
            condition,
        } => Key::Member(format!("example{condition}")),
        Name::Fresh { element: true, .. } => {
            Key::Element(first_free_index(places, choices, place, at))
        }
    })
}

/// The index after those of the elements that were chosen before this one.
fn first_free_index(
    places: &[Place<'_>],
    choices: &[Choice<'_>],
    place: &Place<'_>,
    at: usize,
) -> usize {
    let siblings = places
        .get(place.parent)
        .map_or(&[][..], |parent| parent.children.as_slice());
    let present = |c: &&usize| matches!(choices.get(**c), Some(Choice::Value(Some(_))));
    let mut free = 0;
    for name in siblings
        .iter()
        .filter(present)
        .filter_map(|c| places.get(*c))
        .map(|p| &p.name)
    {
        if let Name::Element(index) = name {
            free = free.max(index + 1);
        }
    }
    let fresh = |c: &&usize| {
        places
            .get(**c)
            .is_some_and(|p| matches!(p.name, Name::Fresh { .. }))
    };
    free + siblings
        .iter()
        .filter(present)
        .filter(fresh)
        .filter(|c| **c < at)
        .count()
}

/// Returns the value at a place, if there is one.
fn target<'r>(
    places: &[Place<'_>],
    choices: &[Choice<'_>],
    record: &'r mut Value,
    at: usize,
) -> Option<&'r mut Value> {
    if at == RECORD {
        return Some(record);
    }
    let parent = target(places, choices, record, places.get(at)?.parent)?;
    match key(places, choices, at)? {
        Key::Member(name) => parent.get_mut(name),
        Key::Element(index) => parent.get_mut(index),
    }
}

fn put(places: &[Place<'_>], choices: &[Choice<'_>], record: &mut Value, at: usize, value: &Value) {
    if at == RECORD {
        return;
    }
    let parent = places
        .get(at)
        .and_then(|p| target(places, choices, record, p.parent));
    match (parent, key(places, choices, at)) {
        (Some(Value::Object(members)), Some(Key::Member(name))) => {
            members.insert(name, value.clone());
        }
        (Some(Value::Array(elements)), Some(Key::Element(index))) => {
            while elements.len() <= index {
                elements.push(Value::Null);
            }
            if let Some(element) = elements.get_mut(index) {
                *element = value.clone();
            }
        }
        _ => {}
    }
}

fn remove(places: &[Place<'_>], choices: &[Choice<'_>], record: &mut Value, at: usize) {
    let parent = places
        .get(at)
        .and_then(|p| target(places, choices, record, p.parent));
    if let (Some(Value::Object(members)), Some(Key::Member(name))) =
        (parent, key(places, choices, at))
    {
        let _: Option<Value> = Map::remove(members, &name);
    }
}
