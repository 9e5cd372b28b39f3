//! Ten thousand records, and now and then one that nobody can read.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::fixtures::{MEMBER, role, root};
use crate::harness::{Harness, dead_letters, queue};

const BATCHES: usize = 1000;
const BATCH: usize = 10;
/// One batch of so many has a poisoned record.
const POISONED: usize = 100;

/// Returns what AWS sends besides root's: three of ten are root's, in sessions of ten calls.
fn record(number: usize) -> Value {
    let mut record = match number % BATCH {
        0..3 => {
            let session = number / 100;
            let key = json!({"userIdentity": {"accessKeyId": format!("ASIA{session:016}")}});
            root("RunInstances", &key)
        }
        3 => root(
            "ListUsers",
            &json!({"userIdentity": {"invokedBy": "support.amazonaws.com"}}),
        ),
        _ => role("ec2:RunInstances", &json!({})),
    };
    record["eventID"] = json!(format!("{number}"));
    record
}

/// The memory that the process has now, in KiB.
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Every event of root's is told once, whatever the batch it came in; every poisoned one
/// is put aside; and the function does not grow.
#[tokio::test]
async fn ten_thousand_records_are_told_once_and_the_poisoned_are_put_aside() {
    let stage = Harness::new().await;
    let process = stage.process.id().await.unwrap();
    let mut told = BTreeMap::new();
    let mut warm = 0;
    for batch in 0..BATCHES {
        for number in batch * BATCH..(batch + 1) * BATCH {
            // Old enough not to wait: in this test no time passes.
            if batch % POISONED == 0 && number % BATCH == 5 {
                stage
                    .sandbox
                    .enqueue(&queue(), &format!("poison {number}"), Duration::ZERO);
            } else {
                stage.arrived(&record(number), Duration::from_mins(2));
            }
        }
        for message in stage.told().await {
            let facts: Value = serde_json::from_str(&message.messages["default"]).unwrap();
            for event in facts["events"].as_array().unwrap() {
                *told.entry(event.as_str().unwrap().to_owned()).or_insert(0) += 1;
            }
        }
        assert!(stage.waiting().is_empty(), "batch {batch}");
        stage.sandbox.take_calls();
        if batch == BATCHES / 10 {
            warm = memory(process);
        }
    }
    let expected: Vec<String> = (0..BATCHES * BATCH)
        .filter(|number| number % BATCH < 3)
        .map(|number| format!("{MEMBER} {number}"))
        .collect();
    assert_eq!(told.len(), expected.len());
    for event in expected {
        assert_eq!(told.get(&event), Some(&1), "{event}");
    }
    let dead = stage.sandbox.queued(&dead_letters());
    assert_eq!(dead.len(), BATCHES / POISONED);
    for letter in dead {
        assert!(letter.body.starts_with("poison "));
        assert!(letter.attributes["reason"].starts_with("the body is not JSON"));
    }
    let grown = memory(process).saturating_sub(warm);
    assert!(grown < 8 * 1024, "grown by {grown} KiB from {warm} KiB");
}
