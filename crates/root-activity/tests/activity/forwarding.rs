//! What the rules in the accounts forward: at least everything that people are told.

use serde_json::{Value, json};

use crate::fixtures::{assume_root, event, role};
use crate::plan::plan_of;
use crate::records::RECORDS;
use crate::tampering::changes;

const PATTERN: &str = include_str!("../../event-pattern.json");

/// Returns whether an event fits a pattern, as far as this pattern goes: all members of an
/// object, one of a list.
fn fits(pattern: &Value, event: Option<&Value>) -> bool {
    match pattern {
        Value::Object(members) => members.iter().all(|(name, pattern)| match name.as_str() {
            "$or" => pattern
                .as_array()
                .unwrap()
                .iter()
                .any(|one| fits(one, event)),
            _ => fits(pattern, event.and_then(|event| event.get(name))),
        }),
        Value::Array(choices) => choices.iter().any(|choice| {
            let text = event.and_then(Value::as_str);
            match choice {
                Value::Object(operator) => {
                    let (operator, operand) = operator.iter().next().unwrap();
                    let operand = operand.as_str().unwrap();
                    text.is_some_and(|text| match operator.as_str() {
                        "prefix" => text.starts_with(operand),
                        "suffix" => text.ends_with(operand),
                        "wildcard" => text.contains(operand.trim_matches('*')),
                        other => panic!("{other} is not known here"),
                    })
                }
                literal => Some(literal) == event,
            }
        }),
        other => panic!("{other} is no pattern"),
    }
}

fn is_forwarded(record: &Value) -> bool {
    let pattern: Value = serde_json::from_str(PATTERN).unwrap();
    fits(&pattern, Some(&event(record)))
}

#[test]
fn whatever_people_are_told_is_forwarded() {
    let collected = RECORDS.lines().map(|row| {
        let mut row: Value = serde_json::from_str(row).unwrap();
        row["event"].take()
    });
    let changes = changes().map(|(call, request, _)| role(call, &request));
    let others = [
        assume_root("ASIAPRIVILEGED000001"),
        role("account:AcceptPrimaryEmailUpdate", &json!({})),
        role(
            "lambda:DeleteFunction20150331",
            &json!({"functionName": "arn:aws:lambda:eu-west-1:111122223333:function:no-root-keys"}),
        ),
        role(
            "config:DeleteConfigRule",
            &json!({"configRuleName": "trail-logging"}),
        ),
        role("iam:DeleteRole", &json!({"roleName": "rootguard-evidence"})),
    ];
    let mut forwarded = 0;
    for record in collected.chain(changes).chain(others) {
        let plan = plan_of(&record);
        let told = plan
            .notices
            .iter()
            .any(|notice| !notice.facts.calls.is_empty());
        assert!(!told || is_forwarded(&record), "{record}");
        forwarded += usize::from(is_forwarded(&record));
    }
    assert!(forwarded > 60, "{forwarded}");
}

#[test]
fn everyday_work_is_not_forwarded() {
    for record in [
        role("ec2:RunInstances", &json!({})),
        role(
            "lambda:UpdateFunctionCode20150331v2",
            &json!({"functionName": "shop"}),
        ),
    ] {
        assert!(!is_forwarded(&record));
    }
}

/// What EventBridge takes as a pattern, unless a quota is raised.
#[test]
fn the_pattern_is_short_enough() {
    let pattern: Value = serde_json::from_str(PATTERN).unwrap();
    assert!(
        pattern.to_string().len() <= 2048,
        "{}",
        pattern.to_string().len()
    );
}
