//! Fuzz target: the parser of Config's events, the only input from outside.
//!
//! `cargo test` replays the corpus and tries random bytes; `cargo bolero test
//! -p config-rule rule_event` goes on for as long as one likes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test")]

use config_rule::RuleEvent;
use serde_json::{Value, json};

/// Asserts the invariants of parsing arbitrary bytes as an event.
fn check(bytes: &[u8]) {
    if let Ok(event) = serde_json::from_slice::<Value>(bytes) {
        check_event(&event);
    }
    // The bytes as what Config wraps into strings, where most of the parser is.
    let text = String::from_utf8_lossy(bytes);
    check_event(&json!({"resultToken": "t", "invokingEvent": text}));
    check_event(&json!({
        "resultToken": "t",
        "ruleParameters": text,
        "invokingEvent": r#"{"messageType":"ScheduledNotification",
            "notificationCreationTime":"2016-07-13T21:50:00.373Z"}"#,
    }));
}

fn check_event(event: &Value) {
    match RuleEvent::parse(event) {
        Ok(parsed) => {
            assert!(!parsed.result_token.is_empty());
            assert_eq!(RuleEvent::parse(event).as_ref(), Ok(&parsed));
        }
        Err(error) => assert!(error.to_string().len() < 600, "{error}"),
    }
}

#[test]
fn rule_event() {
    bolero::check!().for_each(check);
}

/// Random bytes rarely are JSON, so the corpus must be there and be read.
#[test]
fn the_corpus_holds_events_that_parse_and_events_that_do_not() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/__fuzz__/rule_event/corpus"
    );
    let results: Vec<bool> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            check(&bytes);
            serde_json::from_slice(&bytes).is_ok_and(|event| RuleEvent::parse(&event).is_ok())
        })
        .collect();
    assert!(results.iter().filter(|parsed| **parsed).count() >= 4);
    assert!(results.iter().filter(|parsed| !**parsed).count() >= 8);
}
