//! What CloudWatch Logs itself says about a filter, and what follows.

use config_rule::{Compliance, Control, parse_parameters};
use filter_pattern::{Account, CIS_PATTERN, Class, Pattern, decide};
use root_usage_alarm::{RootUsageAlarm, canonical_records};
use serde_json::{Map, Value, json};

use crate::fixtures;

fn account() -> Account {
    Account::new("111122223333", "aws").unwrap()
}

/// The reason code of a chain with this pattern, where CloudWatch Logs gave
/// these answers.
fn reason(pattern: &str, answers: &[(Value, bool)], confirm_with_aws: bool) -> String {
    let messages: Vec<_> = answers
        .iter()
        .map(|(record, matched)| json!({"message": record.to_string(), "matched": matched}))
        .collect();
    let mut facts = fixtures::complete();
    fixtures::change(
        &mut facts,
        "/metricFilters/{group}/known/0/filterPattern",
        &json!(pattern),
    );
    facts["filterTests"] = json!({ pattern: {"known": {"messages": messages}} });
    let facts = serde_json::from_value(facts).unwrap();
    let values = Map::from_iter([("confirmWithAws".to_owned(), json!(confirm_with_aws))]);
    let parameters = parse_parameters(values).unwrap();
    let verdict = RootUsageAlarm::evaluate(&facts, &parameters);
    if verdict.reason.as_str() == "FILTER_UNDECIDED" {
        assert_eq!(verdict.compliance, Compliance::Unverifiable);
    }
    verdict.reason.to_string()
}

#[test]
fn a_canonical_record_that_aws_rejects_is_missed() {
    let all = canonical_records(&account());
    for rejected in 0..all.len() {
        let answers: Vec<_> = all
            .iter()
            .enumerate()
            .map(|(at, record)| (record.clone(), at != rejected))
            .collect();
        assert_eq!(
            reason(CIS_PATTERN, &answers, true),
            "FILTER_MISSES_ROOT_USE"
        );
        assert_eq!(reason(CIS_PATTERN, &answers, false), "ROOT_USAGE_ALARMED");
    }
    let confirmed = all.map(|record| (record, true));
    assert_eq!(reason(CIS_PATTERN, &confirmed, true), "ROOT_USAGE_ALARMED");
}

#[test]
fn a_proven_miss_stands_unless_aws_matches_its_witness() {
    let text = r#"{ $.userIdentity.type = "Root" && $.eventName = "ConsoleLogin" }"#;
    let pattern = Pattern::parse(text).unwrap();
    let decision = decide(&[pattern], Some(&account()));
    let witness = decision
        .covers(Class::DirectRootUse)
        .witness
        .clone()
        .unwrap();
    for (matched, expected) in [
        (false, "FILTER_MISSES_ROOT_USE"),
        (true, "FILTER_UNDECIDED"),
    ] {
        let answers = [(witness.clone(), matched)];
        assert_eq!(reason(text, &answers, true), expected);
        assert_eq!(reason(text, &answers, false), "FILTER_MISSES_ROOT_USE");
    }
}

#[test]
fn matching_others_stands_unless_aws_does_not_match_its_witness() {
    let text = r#"{ $.userIdentity.type = "*" }"#;
    let pattern = Pattern::parse(text).unwrap();
    let decision = decide(&[pattern], Some(&account()));
    let witness = decision
        .matches(Class::OtherPrincipals)
        .witness
        .clone()
        .unwrap();
    for (matched, expected) in [(true, "FILTER_MATCHES_OTHERS"), (false, "FILTER_UNDECIDED")] {
        assert_eq!(reason(text, &[(witness.clone(), matched)], true), expected);
    }
}
