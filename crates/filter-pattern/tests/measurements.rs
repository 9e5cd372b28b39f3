//! Comparison of the matcher with measurements of the real service.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use std::collections::BTreeSet;

use filter_pattern::Pattern;
use serde_json::Value;

/// The deliberate differences, as (pattern, what the service was seen to do).
/// The README has the same table, with the reasons.
const DIFFERENCES: &[(&str, &str)] = &[
    ("{ $.someInt != 1*3 }", "no-match"),
    ("{ $.someFloat != 1*4 }", "no-match"),
];

fn measurements() -> Vec<(String, String, String, bool)> {
    let lines = include_str!("data/filter-pattern-measurements.jsonl").lines();
    lines
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            (
                text("pattern"),
                text("logEvent"),
                text("expect"),
                text("strength") == "asserted",
            )
        })
        .collect()
}

fn verdict(pattern: &str, event: &str) -> &'static str {
    match Pattern::parse(pattern) {
        Err(_) => "invalid",
        Ok(pattern) if pattern.matches(event) => "match",
        Ok(_) => "no-match",
    }
}

#[test]
fn the_matcher_agrees_with_the_service_except_where_the_table_says() {
    let measurements = measurements();
    assert!(measurements.len() >= 75);
    let differing: BTreeSet<_> = measurements
        .iter()
        .filter(|(pattern, event, expected, _)| verdict(pattern, event) != expected)
        .map(|(pattern, _, expected, _)| (pattern.as_str(), expected.as_str()))
        .collect();
    assert_eq!(differing, DIFFERENCES.iter().copied().collect());
}

#[test]
fn no_asserted_measurement_differs() {
    for (pattern, event, expected, _) in measurements().iter().filter(|m| m.3) {
        assert_eq!(verdict(pattern, event), expected, "{pattern}");
    }
}

#[test]
fn the_readme_has_the_same_table() {
    let readme = include_str!("../README.md");
    let section = readme.split("## Deliberate differences").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows: BTreeSet<_> = section
        .lines()
        .filter(|line| line.starts_with("| `{"))
        .map(|line| {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            (cells[1].trim_matches('`'), cells[2])
        })
        .collect();
    assert_eq!(rows, DIFFERENCES.iter().copied().collect());
}
