//! A panic in a control is a failed invocation with its message, and the next
//! event is served by the same process.
//!
//! Whether that holds depends on the profile: `.ci/run` repeats this test on the
//! release profile with `ROOTGUARD_FUNCTION`, the path of the program `function`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use std::path::PathBuf;

use sandbox::{Account, FunctionProcess, Organization, ProcessSettings, Sandbox};
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";
const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function:panicking";

fn event(place: &str) -> Value {
    let invoking = json!({
        "awsAccountId": ACCOUNT,
        "messageType": "ScheduledNotification",
        "notificationCreationTime": "2026-11-21T00:00:00Z",
    });
    json!({
        "accountId": ACCOUNT,
        "resultToken": "TESTMODE",
        "invokingEvent": invoking.to_string(),
        "ruleParameters": json!({"place": place}).to_string(),
    })
}

#[tokio::test]
async fn a_panic_is_posted_with_its_message_and_the_next_event_is_served() {
    let program = std::env::var_os("ROOTGUARD_FUNCTION").map_or_else(
        || PathBuf::from(env!("CARGO_BIN_EXE_function")),
        PathBuf::from,
    );
    let account = Account::new(ACCOUNT, "account");
    let sandbox = Sandbox::new(Organization::with_accounts([account])).unwrap();
    let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let settings = ProcessSettings::new(program, ARN)
        .argument("panicking")
        .credentials(&Sandbox::administrator(ACCOUNT))
        .endpoint_url(server.endpoint_url());
    let process = FunctionProcess::start(settings).await.unwrap();
    let id = process.id().await;

    for (place, message) in [
        ("OBSERVE", "the control panicked: a defect in Observe"),
        ("EVALUATE", "the control panicked: a defect in Evaluate"),
    ] {
        let error = process.send(event(place)).await.unwrap_err();
        assert_eq!(error.error_type, "Panic");
        assert_eq!(error.message, message);
        let record = process.send(event("NOWHERE")).await.unwrap();
        assert_eq!(record["compliance"], "COMPLIANT");
    }
    assert_eq!(process.id().await, id, "the process was restarted");
    let output = process.output();
    assert!(output.lines().all(|line| line.starts_with('{')), "{output}");
}
