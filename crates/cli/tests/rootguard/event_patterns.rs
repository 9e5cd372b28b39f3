//! `rootguard explain-event-pattern` and `rootguard test-event-pattern`.

use std::io::Write as _;

use crate::command::{run, run_with_input};

const SIGN_IN: &str = r#"{"detail-type":["AWS Console Sign In via CloudTrail"],"detail":{"userIdentity":{"type":["Root"]}}}"#;

#[test]
fn an_event_pattern_is_explained_from_the_arguments_or_from_standard_input() {
    let argument = run(&["explain-event-pattern", SIGN_IN, "--format", "json"]);
    let input = run_with_input(
        &["explain-event-pattern", "--format", "json"],
        &format!("{SIGN_IN}\n"),
    );
    assert_eq!((argument.code, input.code), (0, 0));
    assert_eq!(argument.out, input.out);
    let explanation = argument.json();
    for (pointer, value) in [
        ("/valid", "true"),
        ("/error", "null"),
        ("/complexity", "0"),
        ("/covers/rootSignIn", "\"yes\""),
        ("/covers/rootCalls", "\"no\""),
        ("/matches/others", "\"no\""),
        ("/witnesses/rootCalls/detail/userIdentity/type", "\"Root\""),
    ] {
        let found = explanation
            .pointer(pointer)
            .unwrap_or_else(|| panic!("no {pointer}"));
        assert_eq!(found.to_string(), value, "{pointer}");
    }
    let text = run(&["explain-event-pattern", SIGN_IN]);
    assert_eq!(text.code, 0);
    for part in [
        "every event is matched",
        "misses events, e.g. DeleteTrail",
        "Complexity: 0",
    ] {
        assert!(text.out.contains(part), "{}", text.out);
    }
}

#[test]
fn an_invalid_event_pattern_is_shown_with_its_fault_and_a_hint() {
    let pattern = r#"{"source": "aws.signin"}"#;
    let text = run(&["explain-event-pattern", pattern]);
    assert_eq!(text.code, 1);
    assert!(
        text.out.contains("must be an object or an array"),
        "{}",
        text.out
    );
    let json = run(&["explain-event-pattern", "--format", "json", pattern]);
    assert_eq!(json.code, 1);
    let document = json.json();
    assert_eq!(document["valid"], false);
    assert_eq!(document["error"]["offset"], 11);
    assert!(document["error"]["hint"].as_str().unwrap().contains('['));
}

#[test]
fn events_of_a_file_or_of_standard_input_are_matched_line_by_line() {
    let events = [
        r#"{"detail-type":"AWS Console Sign In via CloudTrail","detail":{"userIdentity":{"type":"Root"}}}"#,
        r#"{"detail-type":"AWS Console Sign In via CloudTrail","detail":{"userIdentity":{"type":"IAMUser"}}}"#,
    ]
    .join("\n");
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(events.as_bytes()).unwrap();
    let path = file.path().to_str().unwrap();
    let of_file = run(&["test-event-pattern", SIGN_IN, "--events", path]);
    let dash = run_with_input(&["test-event-pattern", SIGN_IN, "--events", "-"], &events);
    let absent = run_with_input(&["test-event-pattern", SIGN_IN], &events);
    for result in [of_file, dash, absent] {
        assert_eq!((result.code, result.out.as_str()), (0, "true\nfalse\n"));
    }
    let broken = run_with_input(&["test-event-pattern", SIGN_IN], "{}\n[]\n");
    assert_eq!(broken.code, 2);
    assert!(
        broken.err.contains("line 2 of standard input"),
        "{}",
        broken.err
    );
    let invalid = run_with_input(&["test-event-pattern", "{}"], &events);
    assert_eq!(invalid.code, 2);
    assert!(invalid.err.contains("empty objects"), "{}", invalid.err);
}
