//! AWS Config looks at once at an account whose guard was changed.

use std::time::Duration;

use sandbox::Fault;
use serde_json::{Value, json};

use crate::fixtures::{role, root};
use crate::harness::Harness;

fn stop_logging(id: &str) -> Value {
    let mut record = role("cloudtrail:StopLogging", &json!({"name": "trail"}));
    record["eventID"] = json!(id);
    record["userIdentity"]["accessKeyId"] = json!(format!("ASIA{id}"));
    record
}

#[tokio::test]
async fn the_rules_concerned_are_evaluated_in_the_account() {
    let stage = Harness::new().await;
    stage.arrives(&stop_logging("first"));
    let told = stage.told().await;
    assert_eq!(told[0].attributes["kind"], "tampering");
    stage.sandbox.settled().await;
    assert_eq!(stage.evaluated(), 2, "trail-logging and root-usage-alarm");
    assert!(stage.waiting().is_empty());
}

/// AWS Config evaluates once a minute. A change within that minute must be seen too.
#[tokio::test]
async fn a_second_change_within_the_minute_is_evaluated_after_it() {
    let stage = Harness::new().await;
    stage.arrives(&stop_logging("first"));
    stage.told().await;
    stage.sandbox.settled().await;
    stage.arrives(&stop_logging("second"));
    assert_eq!(stage.told().await.len(), 1, "people do not wait");
    stage.sandbox.settled().await;
    assert_eq!(stage.evaluated(), 2);
    let [note] = stage.waiting().try_into().unwrap();
    assert!(note.body.contains("\"attempts\":1"), "{}", note.body);

    stage.sandbox.advance_clock(Duration::from_secs(66));
    assert!(stage.told().await.is_empty());
    stage.sandbox.settled().await;
    assert_eq!(stage.evaluated(), 4);
    assert!(stage.waiting().is_empty());
}

#[tokio::test]
async fn a_change_of_roots_credentials_concerns_the_rule_about_them() {
    let stage = Harness::new().await;
    stage.arrives(&root(
        "DeactivateMFADevice",
        &json!({"eventSource": "iam.amazonaws.com"}),
    ));
    stage.told().await;
    stage.sandbox.settled().await;
    assert_eq!(stage.evaluated(), 1);
}

#[tokio::test]
async fn what_cannot_be_evaluated_is_told_all_the_same() {
    for fault in [
        Fault::access_denied().action("sts:AssumeRole"),
        Fault::access_denied().action("config:StartConfigRulesEvaluation"),
        Fault::error(400, "NoSuchConfigRuleException").action("config:StartConfigRulesEvaluation"),
    ] {
        let stage = Harness::new().await;
        stage.sandbox.inject(fault);
        stage.arrives(&stop_logging("first"));
        assert_eq!(stage.told().await.len(), 1);
        assert!(stage.waiting().is_empty());
        let output = stage.process.output();
        assert!(output.contains("evaluation not started"), "{output}");
    }
}

#[tokio::test]
async fn nobody_is_asked_for_ever() {
    let stage = Harness::new().await;
    let fault = Fault::error(400, "LimitExceededException");
    stage
        .sandbox
        .inject(fault.action("config:StartConfigRulesEvaluation"));
    stage.arrives(&stop_logging("first"));
    for _ in 0..10 {
        stage.poll().await;
        stage.sandbox.advance_clock(Duration::from_secs(66));
    }
    assert!(stage.waiting().is_empty());
    assert!(stage.process.output().contains("evaluation not started"));
}
