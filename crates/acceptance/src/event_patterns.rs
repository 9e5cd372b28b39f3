//! Event patterns: `events:TestEventPattern` on all that are deployed.

use aws_sdk_eventbridge::Client;
use config_rule::Account;
use event_pattern::Pattern;
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Tally, asked};
use crate::deployed::Deployed;

/// Asks of every deployed pattern whether an event made for it fits, and one that nobody
/// watches for.
pub(crate) async fn match_as_decided(account: &Account) -> Tally {
    let deployed = Deployed::by(account);
    let mut tally = Tally::default();
    for (at, pattern) in &deployed.event_patterns {
        let text = match pattern {
            Value::String(text) => text.clone(),
            object => object.to_string(),
        };
        let parsed = match Pattern::parse(&text) {
            Ok(parsed) => parsed,
            Err(error) => {
                tally.expect(false, || format!("{at}: {error}"));
                continue;
            }
        };
        let object = serde_json::from_str(&text).unwrap_or_default();
        for event in [completed(witness(&object)), completed(None)] {
            let believed = parsed.matches_event(&event);
            let client = Client::new(account.sdk());
            let request = client.test_event_pattern();
            let request = request.event_pattern(&text).event(event.to_string());
            match asked(account, "events:TestEventPattern", request.send()).await {
                Answer::Given(answer) => tally.expect(answer.result() == believed, || {
                    format!("{at} on {event}: {}, believed: {believed}", answer.result())
                }),
                Answer::Refused(error) => tally.expect(false, || format!("{at}: {error}")),
                Answer::Unanswered(reason) => tally.unanswered(reason),
            }
        }
    }
    tally
}

/// The members that every event must have, and those of an event made for a pattern.
fn completed(made: Option<Value>) -> Value {
    let mut event = json!({
        "id": "7bf73129-1428-4cd3-a780-95db273d1602",
        "account": "111122223333",
        "source": "aws.ec2",
        "time": "2026-11-30T12:00:00Z",
        "region": "eu-west-1",
        "resources": [],
        "detail-type": "EC2 Instance State-change Notification",
        "detail": {},
    });
    if let (Some(event), Some(Value::Object(made))) = (event.as_object_mut(), made) {
        event.extend(made);
    }
    event
}

/// Makes a value that fits a pattern, where its first alternatives say how. It need not fit:
/// the belief is about what both sides say of it.
fn witness(pattern: &Value) -> Option<Value> {
    match pattern {
        Value::Object(members) => {
            let mut made = Map::new();
            for (name, wanted) in members {
                match (name.as_str(), wanted) {
                    ("$or", Value::Array(ways)) => {
                        if let Some(Value::Object(way)) = ways.first().and_then(witness) {
                            made.extend(way);
                        }
                    }
                    _ => made.extend(witness(wanted).map(|value| (name.clone(), value))),
                }
            }
            Some(made.into())
        }
        Value::Array(choices) => choices.iter().find_map(chosen),
        _ => None,
    }
}

/// Makes a value for one alternative of a field.
fn chosen(choice: &Value) -> Option<Value> {
    let Some((operator, operand)) = choice.as_object().and_then(|one| one.iter().next()) else {
        return Some(choice.clone());
    };
    let text = operand.as_str().unwrap_or_default();
    match operator.as_str() {
        "prefix" => Some(format!("{text}x").into()),
        "suffix" => Some(format!("x{text}").into()),
        "wildcard" => Some(text.replace('*', "x").into()),
        "equals-ignore-case" => Some(text.into()),
        "anything-but" => Some("something else".into()),
        "exists" if *operand == Value::Bool(true) => Some("x".into()),
        _ => None,
    }
}
