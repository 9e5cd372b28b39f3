//! The requests that messages take: what the README's cost is computed from.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::fixtures::{assume_root, in_session, role, root};
use crate::harness::Harness;

/// The requests that the function makes for records that come in one batch.
async fn requests(records: &[Value]) -> BTreeMap<String, usize> {
    let stage = Harness::new().await;
    stage.sandbox.take_calls();
    for record in records {
        stage.arrives(record);
    }
    stage.told().await;
    let mut counts = BTreeMap::new();
    for call in stage.sandbox.calls() {
        *counts.entry(call.operation).or_default() += 1;
    }
    counts
}

fn counted<const N: usize>(counts: [(&str, usize); N]) -> BTreeMap<String, usize> {
    let counts = counts.into_iter();
    counts
        .map(|(name, count)| (name.to_owned(), count))
        .collect()
}

#[tokio::test]
async fn what_nobody_is_told_takes_no_request() {
    let silent = root(
        "ListUsers",
        &json!({"userIdentity": {"invokedBy": "ce.amazonaws.com"}}),
    );
    let records = [silent, role("ec2:RunInstances", &json!({}))];
    assert_eq!(requests(&records).await, counted([]));
}

#[tokio::test]
async fn a_burst_takes_one_publication_and_one_look_at_the_name() {
    let call = |number| root("RunInstances", &json!({"eventID": format!("{number}")}));
    let records: Vec<Value> = (0..300).map(call).collect();
    let expected = counted([("DescribeAccount", 1), ("Publish", 1)]);
    assert_eq!(requests(&records).await, expected);
}

#[tokio::test]
async fn a_privileged_session_takes_a_note_besides() {
    let key = "ASIAPRIVILEGED000001";
    let records = [
        assume_root(key),
        in_session(key, "ListAccessKeys"),
        in_session(key, "GetLoginProfile"),
    ];
    let expected = counted([("DescribeAccount", 1), ("Publish", 1), ("SendMessage", 1)]);
    assert_eq!(requests(&records).await, expected);
}

#[tokio::test]
async fn what_waits_is_hidden_ten_at_a_time() {
    let waiting = |number: usize| {
        let mut record = in_session(&format!("ASIA{number}"), "ListAccessKeys");
        record["eventID"] = json!(number.to_string());
        record
    };
    let records: Vec<Value> = (0..25).map(waiting).collect();
    let expected = counted([("ChangeMessageVisibilityBatch", 3)]);
    assert_eq!(requests(&records).await, expected);
}

#[tokio::test]
async fn tampering_takes_a_session_in_the_account_and_one_start() {
    let record = role("cloudtrail:StopLogging", &json!({"name": "t"}));
    let expected = counted([
        ("AssumeRole", 1),
        ("DescribeAccount", 1),
        ("Publish", 1),
        ("StartConfigRulesEvaluation", 1),
    ]);
    assert_eq!(requests(&[record]).await, expected);
}
