//! `rootguard explain-filter` and `rootguard test-filter`.

use std::path::Path;

use serde_json::Value;

use crate::command::{run, run_with_input};

const CIS: &str = r#"{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}"#;

/// The CloudTrail records that `filter-pattern` is measured on.
fn records() -> String {
    let file = "../filter-pattern/tests/data/cloudtrail-events.jsonl";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_pattern_is_explained_from_the_arguments_or_from_standard_input() {
    let argument = run(&["explain-filter", CIS, "--format", "json"]);
    let input = run_with_input(&["explain-filter", "--format", "json"], &format!("{CIS}\n"));
    assert_eq!((argument.code, input.code), (0, 0));
    assert_eq!(argument.out, input.out);
    let explanation = argument.json();
    for (pointer, value) in [
        ("/valid", "true"),
        ("/language", "\"json\""),
        ("/covers/directRootUse", "\"yes\""),
        ("/covers/consoleBrokered", "\"no\""),
        ("/matches/awsInternal", "\"no\""),
        ("/matches/otherPrincipals", "\"no\""),
        ("/cisExact", "true"),
        (
            "/witnesses/consoleBrokered/userIdentity/invokedBy",
            "\"signin.amazonaws.com\"",
        ),
    ] {
        let found = explanation
            .pointer(pointer)
            .unwrap_or_else(|| panic!("no {pointer}"));
        assert_eq!(found.to_string(), value, "{pointer}");
    }
}

#[test]
fn an_invalid_pattern_is_shown_with_its_fault_and_a_hint() {
    let text = run(&["explain-filter", "{ $.userIdentity.type = “Root” }"]);
    assert_eq!(text.code, 1);
    assert!(text.out.contains("typographic quote"), "{}", text.out);
    assert!(
        text.out.contains("write the plain double quote"),
        "{}",
        text.out
    );
    let json = run(&["explain-filter", "--format", "json", "{ $.a == b }"]);
    assert_eq!(json.code, 1);
    let document = json.json();
    assert_eq!(document["valid"], false);
    assert_eq!(document["error"]["offset"], 6);
    assert!(document["error"]["hint"].as_str().unwrap().contains('='));
}

#[test]
fn records_are_matched_one_line_each() {
    let events = records();
    let all = run(&["test-filter", "", "--events", &events]);
    assert_eq!(all.code, 0, "{}", all.err);
    let lines = std::fs::read_to_string(&events).unwrap();
    assert_eq!(all.out, "true\n".repeat(lines.lines().count()));
    let cis = run(&["test-filter", CIS, "--events", &events]);
    let expected = lines
        .lines()
        .map(|line| format!("{}\n", is_direct_root_use(line)));
    assert_eq!(cis.out, expected.collect::<String>());
    assert!(cis.out.contains("true") && cis.out.contains("false"));
}

/// Returns what the CIS pattern says, in other words.
fn is_direct_root_use(line: &str) -> bool {
    let line: Value = serde_json::from_str(line).unwrap();
    let record = &line["event"];
    let identity = &record["userIdentity"];
    let event_type = record["eventType"].as_str();
    identity["type"] == "Root"
        && identity.get("invokedBy").is_none()
        && event_type.is_some_and(|event_type| event_type != "AwsServiceEvent")
}

#[test]
fn what_cannot_be_matched_is_an_error() {
    let events = records();
    let invalid = run(&["test-filter", "{ $.a = ", "--events", &events]);
    assert_eq!((invalid.code, invalid.out.as_str()), (2, ""));
    assert!(
        invalid.err.contains("not a valid pattern"),
        "{}",
        invalid.err
    );
    let missing = run(&["test-filter", "a", "--events", "absent.jsonl"]);
    assert_eq!(missing.code, 2);
    assert!(missing.err.contains("absent.jsonl"), "{}", missing.err);
}

/// Each tells a person what to do, in words.
#[test]
fn a_pattern_that_catches_nothing_or_has_a_known_gap_says_so() {
    for (pattern, says) in [
        (
            r#"{ $.userIdentity.type = "root" }"#,
            "It catches nothing: AWS writes Root, with a capital.",
        ),
        (
            r#"{ $.userIdentity.arn = "arn:aws:iam::*:root" }"#,
            "It catches nothing: AWS takes the * in \"arn:aws:iam::*:root\" literally",
        ),
        (
            r#"{ $.eventName = "x" && $.eventName = "y" }"#,
            "It catches nothing: no record",
        ),
        (CIS, "the known gap of the CIS benchmark's text"),
        (
            "Root",
            "Could not be decided: text and space-delimited patterns",
        ),
    ] {
        let explained = run(&["explain-filter", pattern]);
        assert!(explained.out.contains(says), "{pattern}: {}", explained.out);
        assert!(
            explained.out.lines().all(|line| line.chars().count() < 300),
            "{}",
            explained.out
        );
    }
    let whole = run(&["explain-filter", "--records", CIS]);
    assert!(whole.out.contains("{\"awsRegion\""), "{}", whole.out);
    let json = run(&["explain-filter", "--format", "json", CIS]).json();
    for class in [
        "directRootUse",
        "privilegedSession",
        "consoleBrokered",
        "otherPrincipals",
    ] {
        assert!(json["matches"][class].is_string(), "{class}");
    }
}
