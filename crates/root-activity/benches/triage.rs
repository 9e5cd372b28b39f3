//! How many records one function reads, classifies and words in a second, without the
//! calls it makes.
#![allow(clippy::indexing_slicing, missing_docs, reason = "benchmark")]

use std::hint::black_box;

use config_rule::Timestamp;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use root_activity::{Memory, Message, Publication, Watched, triage};
use serde_json::{Value, json};

/// A batch as large as Lambda gives.
const BATCH: usize = 1000;

/// The records that people collected, over and over, each an event of its own.
fn batch() -> Vec<Message> {
    let rows = include_str!("../../filter-pattern/tests/data/cloudtrail-events.jsonl").lines();
    let rows = rows.filter_map(|row| serde_json::from_str::<Value>(row).ok());
    let records: Vec<Value> = rows.map(|mut row| row["event"].take()).collect();
    let records = records.iter().cycle().take(BATCH).enumerate();
    let message = |(number, record): (usize, &Value)| {
        let mut record = record.clone();
        record["eventID"] = json!(number.to_string());
        let event = json!({
            "source": "aws.iam",
            "detail-type": "AWS API Call via CloudTrail",
            "account": "111122223333",
            "detail": record,
        });
        Message {
            id: number.to_string(),
            receipt_handle: String::new(),
            body: event.to_string(),
            sent_at: None,
        }
    };
    records.map(message).collect()
}

fn bench(criterion: &mut Criterion) {
    let batch = batch();
    let watched = Watched::default();
    let mut group = criterion.benchmark_group("triage");
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("1000 records", |bencher| {
        bencher.iter(|| {
            let now = Timestamp::UNIX_EPOCH;
            let plan = triage(black_box(&batch), &mut Memory::default(), &watched, now);
            let words: usize = plan
                .notices
                .iter()
                .map(|notice| {
                    notice
                        .facts
                        .publications()
                        .iter()
                        .map(Publication::size)
                        .sum::<usize>()
                })
                .sum();
            (words, plan.held.len())
        });
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
