//! Every row of what AWS's own matcher answered: validity, matches, complexity.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use event_pattern::Pattern;
use serde_json::Value;

/// The pattern of a row, byte for byte: the order of members has a meaning.
fn source(line: &str) -> String {
    let rest = line.split_once("\"pattern\":").unwrap().1.trim_start();
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
    match values.next().unwrap().unwrap() {
        Value::String(text) => text,
        _ => rest[..values.byte_offset()].to_owned(),
    }
}

#[test]
fn every_row_agrees() {
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for line in include_str!("data/event-patterns.jsonl").lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        seen += 1;
        let source = source(line);
        let pattern = Pattern::parse(&source);
        if pattern.is_ok() != row["valid"].as_bool().unwrap() {
            wrong.push(format!("valid: {source}"));
        }
        let Ok(pattern) = pattern else { continue };
        let complexity = pattern.complexity();
        if row["complexity"] != complexity {
            wrong.push(format!(
                "complexity {complexity} for {}: {source}",
                row["complexity"]
            ));
        }
        let events = row["events"].as_array().unwrap();
        let expected = row["matches"].as_array().unwrap();
        for (event, expected) in events.iter().zip(expected) {
            if pattern.matches_event(event) != expected.as_bool().unwrap() {
                wrong.push(format!("expected {expected}: {source}\n  {event}"));
            }
        }
        let canonical = Pattern::parse(&pattern.to_string()).unwrap();
        for event in events {
            assert_eq!(
                canonical.matches_event(event),
                pattern.matches_event(event),
                "{canonical}"
            );
        }
        assert_eq!(canonical.to_string(), pattern.to_string());
    }
    assert!(seen >= 1_500);
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
