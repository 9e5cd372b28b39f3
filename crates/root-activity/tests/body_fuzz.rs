//! Fuzz target: the parser of message bodies, the only input from outside.
//!
//! `cargo test` replays the corpus and tries random bytes; `cargo bolero test
//! -p root-activity --test body_fuzz body` goes on for as long as one likes.
#![allow(clippy::unwrap_used, reason = "test")]

use config_rule::Timestamp;
use root_activity::{Input, Memory, Message, Publication, Watched, triage};
use serde_json::{Value, json};

/// What must hold of any bytes that arrive as a body: they are read or refused, and the
/// reason is short enough to be an attribute of a dead letter.
fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    check_body(&text);
    // The bytes as what AWS forwards, where most of the parser is.
    let detail: Value = serde_json::from_slice(bytes).unwrap_or_else(|_| json!(text));
    let account = detail.get("recipientAccountId").cloned();
    check_body(
        &json!({
            "source": "aws.iam",
            "detail-type": "AWS API Call via CloudTrail",
            "account": account.unwrap_or_else(|| json!("111122223333")),
            "detail": detail,
        })
        .to_string(),
    );
}

fn check_body(body: &str) {
    if let Err(reason) = Input::read(body) {
        assert!(reason.to_string().len() < 1000, "{reason}");
    }
    let message = Message {
        id: "1".to_owned(),
        receipt_handle: "1".to_owned(),
        body: body.to_owned(),
        sent_at: None,
    };
    let now = Timestamp::UNIX_EPOCH;
    let plan = triage(&[message], &mut Memory::default(), &Watched::default(), now);
    let messages = plan.notices.iter().map(|notice| notice.messages.len());
    let places = [
        plan.held.len(),
        plan.dead.len(),
        plan.evaluations.len(),
        plan.done.len(),
    ];
    assert_eq!(messages.sum::<usize>() + places.iter().sum::<usize>(), 1);
    for notice in plan.notices {
        let subject = notice.facts.subject();
        assert!(
            (1..=100).contains(&subject.len()) && subject.is_ascii(),
            "{subject}"
        );
        let publications = notice.facts.publications();
        assert!(
            publications
                .iter()
                .all(|one| one.size() <= Publication::MAX_BYTES)
        );
        assert_eq!(publications.len(), 3);
    }
}

#[test]
fn body() {
    bolero::check!().for_each(check);
}

/// Random bytes rarely are records, so the corpus must be there and be read.
#[test]
fn the_corpus_holds_records_that_are_reported_and_bodies_that_are_refused() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/__fuzz__/body/corpus");
    let read: Vec<bool> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            check(&bytes);
            Input::read(&String::from_utf8_lossy(&bytes)).is_ok()
        })
        .collect();
    assert!(read.iter().filter(|read| **read).count() >= 4);
    assert!(read.iter().filter(|read| !**read).count() >= 8);
}
