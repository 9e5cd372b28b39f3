//! Patterns that people deployed or wrote by accident, and records: every
//! decision in a reviewed snapshot, and in agreement with the matcher.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test"
)]

use std::fmt::Write as _;

use filter_pattern::{
    Account, Class, Decision, Explanation, Pattern, Verdict, decide, smallest_correction,
};
use serde_json::Value;

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn patterns() -> Vec<(String, String)> {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let patterns = lines(include_str!("data/filter-patterns.jsonl"));
    patterns
        .iter()
        .map(|line| (text(line, "pattern"), text(line, "about")))
        .collect()
}

/// `invokedBy: null` is no record of CloudTrail: tools that ship records on write it.
fn records() -> Vec<Value> {
    let mut records = lines(include_str!("data/cloudtrail-events.jsonl"));
    records.retain(|line| line["kind"] != "root-invokedBy-null");
    records
        .iter_mut()
        .map(|line| line["event"].take())
        .collect()
}

fn letter(verdict: Verdict) -> char {
    match verdict {
        Verdict::Yes => 'Y',
        Verdict::No => '-',
        Verdict::Undecided => '?',
    }
}

#[test]
fn decisions() {
    let mut table = String::from(
        "covers: D direct root use, P privileged session, C console-brokered\n\
         matches: I AWS internal, V service-invoked, E service events, O other principals\n\n\
         DPC IVEO\n",
    );
    for (pattern, about) in patterns() {
        let explanation = Explanation::new(&pattern, None);
        let (c, m) = (explanation.covers, explanation.matches);
        let covers = [c.direct_root_use, c.privileged_session, c.console_brokered].map(letter);
        let matches = [
            m.aws_internal,
            m.service_invoked,
            m.service_events,
            m.other_principals,
        ]
        .map(letter);
        let row = String::from_iter(covers) + " " + &String::from_iter(matches);
        let pattern = pattern.replace('\n', "⏎");
        match explanation.error {
            None => writeln!(table, "{row}  {about:10}  {pattern}"),
            Some(error) => writeln!(
                table,
                "invalid   {about:10}  {pattern}\n            at {}: {}; {}",
                error.offset, error.message, error.hint
            ),
        }
        .unwrap();
    }
    insta::assert_snapshot!(table);
}

#[test]
fn corrections() {
    let mut table = String::new();
    for (pattern, _) in patterns().iter().filter(|(_, about)| about != "other") {
        let corrected = smallest_correction(pattern, None);
        writeln!(
            table,
            "{}\n  {}",
            pattern.replace('\n', "⏎"),
            corrected.as_deref().unwrap_or("is right")
        )
        .unwrap();
        if let Some(corrected) = corrected {
            let corrected = Pattern::parse(&corrected).unwrap();
            assert!(decide(&[corrected], None).is_right(), "{pattern}");
        }
    }
    insta::assert_snapshot!(table);
}

/// Asserts that a decision agrees with records that really occurred.
fn assert_agrees(
    decision: &Decision,
    patterns: &[Pattern],
    records: &[Value],
    account: Option<&Account>,
) {
    let is_matched = |record: &Value| patterns.iter().any(|p| p.matches_record(record));
    for class in Class::ALL {
        let (covers, matches) = (decision.covers(class), decision.matches(class));
        for record in records
            .iter()
            .filter(|r| Class::of_record(r) == Some(class))
        {
            let of_account = account.is_none_or(|a| record["userIdentity"]["accountId"] == a.id());
            if covers.verdict == Verdict::Yes && of_account {
                assert!(is_matched(record), "{patterns:?} does not cover {record}");
            }
            if matches.verdict == Verdict::No {
                assert!(!is_matched(record), "{patterns:?} matches {record}");
            }
        }
        if covers.verdict == Verdict::No && class.is_human() {
            let witness = covers.witness.as_ref().unwrap();
            assert!(!is_matched(witness), "{patterns:?} matches {witness}");
            assert_eq!(Class::of_record(witness), Some(class));
        }
        if matches.verdict == Verdict::Yes {
            let witness = matches.witness.as_ref().unwrap();
            assert!(is_matched(witness), "{patterns:?} misses {witness}");
            assert_eq!(Class::of_record(witness), Some(class));
        }
    }
}

#[test]
fn decisions_agree_with_the_records() {
    let records = records();
    let account = Account::new("111122223333", "aws").unwrap();
    for (source, _) in patterns() {
        let Ok(pattern) = Pattern::parse(&source) else {
            continue;
        };
        for account in [None, Some(&account)] {
            let decision = decide(std::slice::from_ref(&pattern), account);
            assert_agrees(&decision, std::slice::from_ref(&pattern), &records, account);
        }
    }
}

#[test]
fn decisions_about_two_patterns_agree_with_the_records() {
    let records = records();
    let patterns: Vec<_> = patterns()
        .iter()
        .filter_map(|(p, _)| Pattern::parse(p).ok())
        .collect();
    for pair in patterns.windows(2) {
        assert_agrees(&decide(pair, None), pair, &records, None);
    }
}
