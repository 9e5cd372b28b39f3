//! The events that AWS Config sends, and those that it does not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use config_rule::{EventError, MessageType, RuleEvent};
use serde_json::{Value, json};

/// The event of aws-facts A1 around an invoking event.
fn event(invoking: &Value) -> Value {
    json!({
        "invokingEvent": invoking.to_string(),
        "ruleParameters": r#"{"forbidSigningCertificates":"true"}"#,
        "resultToken": "token",
        "eventLeftScope": false,
        "executionRoleArn": "arn:aws:iam::111122223333:role/config",
        "configRuleArn": "arn:aws:config:us-east-1:111122223333:config-rule/config-rule-abc123",
        "configRuleName": "no-root-keys",
        "configRuleId": "config-rule-abc123",
        "accountId": "111122223333",
        "version": "1.0",
    })
}

fn scheduled() -> Value {
    json!({
        "awsAccountId": "111122223333",
        "notificationCreationTime": "2016-07-13T21:50:00.373Z",
        "messageType": "ScheduledNotification",
        "recordVersion": "1.0",
    })
}

/// The event with the value at `key` replaced, or without the key.
fn with(mut event: Value, key: &str, value: Option<Value>) -> Value {
    let object = event.as_object_mut().unwrap();
    match value {
        Some(value) => object.insert(key.to_owned(), value),
        None => object.remove(key),
    };
    event
}

#[test]
fn reads_a_scheduled_event() {
    let event = RuleEvent::parse(&event(&scheduled())).unwrap();
    assert_eq!(event.message_type, MessageType::ScheduledNotification);
    assert_eq!(event.result_token, "token");
    assert_eq!(event.rule_name.as_deref(), Some("no-root-keys"));
    assert_eq!(event.parameters["forbidSigningCertificates"], "true");
    assert_eq!(event.account_ids, ["111122223333", "111122223333"]);
    assert_eq!(
        event.ordering_timestamp.to_string(),
        "2016-07-13T21:50:00.373Z"
    );
}

#[test]
fn every_kind_of_message_asks_for_the_same() {
    let item = json!({
        "configurationItemCaptureTime": "2016-02-17T01:36:34.043Z",
        "awsAccountId": "444455556666",
        "configurationItemStatus": "ResourceDeleted",
        "resourceType": "AWS::CloudTrail::Trail",
    });
    for (invoking, message_type, time) in [
        (
            json!({"messageType": "ConfigurationItemChangeNotification", "configurationItem": item}),
            MessageType::ConfigurationItemChangeNotification,
            "2016-02-17T01:36:34.043Z",
        ),
        (
            json!({
                "messageType": "ConfigurationItemChangeNotification",
                "configurationItem": item,
                "notificationCreationTime": "2016-07-13T21:50:00Z",
            }),
            MessageType::ConfigurationItemChangeNotification,
            "2016-07-13T21:50:00Z",
        ),
        (
            json!({
                "messageType": "OversizedConfigurationItemChangeNotification",
                "configurationItemSummary": item,
            }),
            MessageType::OversizedConfigurationItemChangeNotification,
            "2016-02-17T01:36:34.043Z",
        ),
        (
            json!({
                "messageType": "ConfigurationSnapshotDeliveryCompleted",
                "s3ObjectKey": "key",
                "notificationCreationTime": "2016-07-13T21:50:00Z",
            }),
            MessageType::ConfigurationSnapshotDeliveryCompleted,
            "2016-07-13T21:50:00Z",
        ),
    ] {
        let parsed = RuleEvent::parse(&event(&invoking)).unwrap();
        assert_eq!(parsed.message_type, message_type);
        assert_eq!(parsed.ordering_timestamp.to_string(), time);
        if message_type != MessageType::ConfigurationSnapshotDeliveryCompleted {
            assert!(parsed.account_ids.contains(&"444455556666".to_owned()));
        }
    }
}

#[test]
fn what_config_may_leave_out_or_add_is_no_error() {
    for (key, value) in [
        ("ruleParameters", None),
        ("ruleParameters", Some(Value::Null)),
        ("ruleParameters", Some(json!(""))),
        ("eventLeftScope", None),
        ("executionRoleArn", None),
        ("configRuleName", None),
        ("evaluationMode", Some(json!("DETECTIVE"))),
    ] {
        let event = with(event(&scheduled()), key, value);
        let parsed = RuleEvent::parse(&event).unwrap();
        assert_eq!(parsed.parameters.is_empty(), key == "ruleParameters");
    }
}

#[test]
fn names_the_key_that_is_missing_or_wrong() {
    let invoking = |key: &str, value| event(&with(scheduled(), key, value));
    for (event, message) in [
        (json!("event"), "the event is not a JSON object"),
        (
            with(event(&scheduled()), "resultToken", None),
            "the event has no resultToken",
        ),
        (
            with(event(&scheduled()), "resultToken", Some(json!(""))),
            "the event has no resultToken",
        ),
        (
            with(event(&scheduled()), "resultToken", Some(json!(1))),
            "resultToken in the event is not a string",
        ),
        (
            with(event(&scheduled()), "invokingEvent", None),
            "the event has no invokingEvent",
        ),
        (
            with(event(&scheduled()), "invokingEvent", Some(json!("{"))),
            "invokingEvent in the event is not JSON: error at line 1 column 1",
        ),
        (
            with(event(&scheduled()), "invokingEvent", Some(json!("[]"))),
            "invokingEvent in the event is not a JSON object in a string",
        ),
        (
            with(event(&scheduled()), "ruleParameters", Some(json!("oops"))),
            "ruleParameters in the event is not JSON: error at line 1 column 1",
        ),
        (
            with(event(&scheduled()), "ruleParameters", Some(json!({}))),
            "ruleParameters in the event is not a string",
        ),
        (
            invoking("messageType", None),
            "the event has no invokingEvent.messageType",
        ),
        (
            invoking("messageType", Some(json!("Proactive"))),
            r#"invokingEvent.messageType "Proactive" is unknown"#,
        ),
        (
            invoking("notificationCreationTime", None),
            "the event has no invokingEvent.notificationCreationTime",
        ),
        (
            invoking("notificationCreationTime", Some(json!("now"))),
            r#"notificationCreationTime in the event: "now" is not a time"#,
        ),
        (
            invoking("configurationItem", Some(json!("item"))),
            "configurationItem in the event is not an object",
        ),
    ] {
        let error = RuleEvent::parse(&event).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error:?} / {message:?}");
    }
}

#[test]
fn errors_do_not_repeat_the_payload() {
    let secret = "{\"password\": \"hunter2\", oops}";
    let event = with(event(&scheduled()), "invokingEvent", Some(json!(secret)));
    let error = RuleEvent::parse(&event).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    assert!(matches!(error, EventError::NotJson { .. }));
}
