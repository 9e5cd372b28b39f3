//! The rows of `verdicts.json`: what is different from `complete.json`, in
//! which one root event gets from the trail to a subscriber.

use std::time::SystemTime;

use config_rule::{Compliance, Timestamp};
use control_testkit::Row;
use root_usage_alarm::RootUsageAlarm;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A row as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(default)]
    parameters: Map<String, Value>,
    /// By JSON pointer, what is there instead; `null` takes it away.
    #[serde(default)]
    changes: Map<String, Value>,
    compliance: Compliance,
    annotation: String,
}

/// Names that stand for ARNs, to keep the rows readable.
const NAMES: &[(&str, &str)] = &[
    (
        "{group}",
        "arn:aws:logs:us-east-1:111122223333:log-group:trails:*",
    ),
    (
        "{alarm}",
        "arn:aws:cloudwatch:us-east-1:111122223333:alarm:root-use",
    ),
    (
        "{composite}",
        "arn:aws:cloudwatch:us-east-1:111122223333:alarm:security",
    ),
    ("{topic}", "arn:aws:sns:us-east-1:111122223333:root-usage"),
    (
        "{subscription}",
        "arn:aws:sns:us-east-1:111122223333:root-usage:1",
    ),
    ("{key}", "arn:aws:kms:us-east-1:111122223333:key/1234abcd"),
    (
        "{function}",
        "arn:aws:lambda:us-east-1:111122223333:function:page",
    ),
    ("{place}", "111122223333/us-east-1"),
    (
        "{orgTrail}",
        "arn:aws:cloudtrail:us-east-1:999988887777:trail/org",
    ),
    (
        "{orgGroup}",
        "arn:aws:logs:us-east-1:999988887777:log-group:org:*",
    ),
    ("{orgPlace}", "999988887777/us-east-1"),
    (
        "{orgKey}",
        "arn:aws:kms:us-east-1:999988887777:key/1234abcd",
    ),
    (
        "{foreignTopic}",
        "arn:aws:sns:us-east-1:444455556666:alerts",
    ),
    (
        "{foreignSubscription}",
        "arn:aws:sns:us-east-1:444455556666:alerts:1",
    ),
    (
        "{role}",
        "arn:aws:iam::999988887777:role/rootguard/evidence",
    ),
    (
        "{topicRole}",
        "arn:aws:iam::444455556666:role/rootguard/evidence",
    ),
];

/// All rows.
pub(crate) fn rows() -> Vec<Row<RootUsageAlarm>> {
    let written: Vec<Written> = serde_json::from_str(include_str!("../verdicts.json")).unwrap();
    written.into_iter().map(Row::from).collect()
}

pub(crate) fn row(name: &str) -> Row<RootUsageAlarm> {
    rows().into_iter().find(|row| row.name == name).unwrap()
}

/// The facts of a complete chain.
pub(crate) fn complete() -> Value {
    serde_json::from_str(include_str!("../complete.json")).unwrap()
}

impl From<Written> for Row<RootUsageAlarm> {
    fn from(written: Written) -> Self {
        let mut facts = complete();
        for (pointer, value) in &written.changes {
            change(&mut facts, pointer, value);
        }
        let parameters = spell(&Value::Object(written.parameters).to_string());
        Self {
            name: written.name,
            parameters: serde_json::from_str(&parameters).unwrap(),
            facts: serde_json::from_value(facts).unwrap(),
            compliance: written.compliance,
            annotation: written.annotation,
        }
    }
}

/// Puts `value` where `pointer` points, making the objects on the way.
pub(crate) fn change(facts: &mut Value, pointer: &str, value: &Value) {
    let value: Value = serde_json::from_str(&spell(&value.to_string())).unwrap();
    let mut place = facts;
    let mut steps = pointer.split('/').skip(1).map(spell).peekable();
    while let Some(step) = steps.next() {
        let last = steps.peek().is_none();
        place = match place {
            Value::Array(items) => &mut items[step.parse::<usize>().unwrap()],
            other => {
                if !other.is_object() {
                    *other = Value::Object(Map::new());
                }
                let members = other.as_object_mut().unwrap();
                if last && value.is_null() {
                    members.remove(&step);
                    return;
                }
                members.entry(step).or_insert(Value::Null)
            }
        };
    }
    *place = value;
}

fn spell(text: &str) -> String {
    NAMES
        .iter()
        .fold(text.to_owned(), |text, (name, arn)| text.replace(name, arn))
}

/// The row as if its account had been looked at now: a function looks at the clock.
pub(crate) fn as_of_now(row: Row<RootUsageAlarm>) -> Row<RootUsageAlarm> {
    let now = Timestamp::from(SystemTime::now()).epoch_millis() / 1000 * 1000;
    let shift = now - row.facts.observed_at.epoch_millis();
    let mut annotation = row.annotation;
    let mut facts = serde_json::to_value(&row.facts).unwrap();
    move_times(&mut facts, shift, &mut annotation);
    Row {
        facts: serde_json::from_value(facts).unwrap(),
        annotation,
        ..row
    }
}

/// Moves every time in the facts, also where the annotation speaks of it.
fn move_times(facts: &mut Value, shift: i64, annotation: &mut String) {
    match facts {
        Value::String(text) => {
            if let Ok(time) = text.parse::<Timestamp>() {
                let moved = Timestamp::from_epoch_millis(time.epoch_millis() + shift).to_string();
                *annotation = annotation.replace(&time.to_string(), &moved);
                *text = moved;
            }
        }
        Value::Array(items) => {
            for item in items {
                move_times(item, shift, annotation);
            }
        }
        Value::Object(members) => {
            for member in members.values_mut() {
                move_times(member, shift, annotation);
            }
        }
        _ => {}
    }
}
