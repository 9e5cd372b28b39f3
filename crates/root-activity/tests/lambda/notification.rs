//! What people are told, and when.

use std::time::Duration;

use serde_json::{Value, json};

use crate::fixtures::{assume_root, in_session, root};
use crate::harness::{Harness, dead_letters, queue};

const KEY: &str = "ASIAPRIVILEGED000001";

#[tokio::test]
async fn a_sign_in_is_told_at_once_with_the_name_of_the_account() {
    let stage = Harness::new().await;
    stage.arrives(&root(
        "ConsoleLogin",
        &json!({
            "eventSource": "signin.amazonaws.com",
            "eventType": "AwsConsoleSignIn",
            "responseElements": {"ConsoleLogin": "Success"},
            "additionalEventData": {"MFAUsed": "No"},
        }),
    ));
    let told = stage.told().await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        told[0].subject.as_deref(),
        Some("ROOT signed in WITHOUT MFA - 111122223333 (Zahlungen Gr??e) from 192.0.2.7")
    );
    assert!(told[0].messages["email"].contains("Account   111122223333 (Zahlungen Größe)\n"));
    let machines: Value = serde_json::from_str(&told[0].messages["default"]).unwrap();
    assert_eq!(machines["accountName"], "Zahlungen Größe");
    assert_eq!(told[0].attributes["kind"], "sign-in");
    assert_eq!(told[0].attributes["severity"], "CRITICAL");
    assert!(stage.waiting().is_empty());
}

#[tokio::test]
async fn what_nobody_can_read_is_put_aside_with_the_reason_and_the_rest_is_told() {
    let stage = Harness::new().await;
    stage
        .sandbox
        .enqueue(&queue(), "{\"source\": ", Duration::ZERO);
    stage.arrives(&root("RunInstances", &json!({})));
    assert_eq!(stage.told().await.len(), 1);
    assert!(stage.waiting().is_empty());
    let dead = stage.sandbox.queued(&dead_letters());
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].body, "{\"source\": ");
    let reason = &dead[0].attributes["reason"];
    assert!(reason.starts_with("the body is not JSON: EOF"), "{reason}");
}

#[tokio::test]
async fn a_duplicate_in_a_later_batch_is_not_told_again() {
    let stage = Harness::new().await;
    let record = root("RunInstances", &json!({}));
    stage.arrives(&record);
    assert_eq!(stage.told().await.len(), 1);
    stage.arrives(&record);
    assert!(stage.told().await.is_empty());
    assert!(stage.waiting().is_empty());
}

#[tokio::test]
async fn a_privileged_session_is_recognised_across_batches_and_instances() {
    let mut stage = Harness::new().await;
    stage.arrives(&in_session(KEY, "ListAccessKeys"));
    assert!(stage.told().await.is_empty());
    let [held] = stage.waiting().try_into().unwrap();
    let hidden = held.visible.millis() - held.sent.millis();
    assert!(
        (15_000..=25_000).contains(&hidden),
        "hidden for {hidden} ms"
    );

    // The account that opened it is heard of later.
    stage.arrives(&assume_root(KEY));
    let opened = stage.told().await;
    let subject = opened[0].subject.as_deref().unwrap();
    assert!(
        subject.starts_with("Privileged root session: sts:AssumeRoot - "),
        "{subject}"
    );
    // The call, and the note that remembers the session.
    assert_eq!(stage.waiting().len(), 2);

    // A new instance knows only what is in the queue.
    stage.restart().await;
    stage.sandbox.advance_clock(Duration::from_secs(30));
    let told = stage.told().await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].attributes["kind"], "privileged-session");
    let by = "privileged session by arn:aws:sts::111122223333:assumed-role/admin/eve for \
              IAMAuditRootUserCredentials";
    assert!(told[0].messages["email"].contains(by));
    assert_eq!(stage.waiting().len(), 1, "the note stays");
}

#[tokio::test]
async fn a_call_of_no_session_is_roots_after_two_minutes() {
    let stage = Harness::new().await;
    stage.arrived(&in_session(KEY, "ListAccessKeys"), Duration::from_mins(2));
    let told = stage.told().await;
    assert_eq!(told[0].attributes["kind"], "api-call");
    assert!(stage.waiting().is_empty());
}

#[tokio::test]
async fn a_function_that_was_not_deployed_right_says_what_is_missing() {
    let stage = Harness::new().await;
    let started = stage
        .start_with(|settings| settings.environment("ROOTGUARD_TOPIC_ARN", ""))
        .await;
    assert!(started.is_err());
}
