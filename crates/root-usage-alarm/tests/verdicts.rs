//! Given facts, the verdict: every row of `verdicts.json` on the pure function.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

mod given;

use std::collections::BTreeSet;

use config_rule::{Control, parse_parameters};
use root_usage_alarm::RootUsageAlarm;

#[test]
fn every_row_has_its_verdict() {
    for row in given::rows() {
        let parameters = parse_parameters(row.parameters()).unwrap();
        let verdict = RootUsageAlarm::evaluate(&row.facts(), &parameters);
        assert_eq!(
            (verdict.compliance, verdict.annotation().as_str()),
            (row.compliance, row.annotation.as_str()),
            "{}",
            row.name
        );
    }
}

#[test]
fn the_rows_show_every_reason_code_and_no_other() {
    let shown: BTreeSet<String> = given::rows()
        .iter()
        .map(|row| row.annotation.split(':').next().unwrap().to_owned())
        .collect();
    let declared: BTreeSet<String> = RootUsageAlarm::METADATA
        .all_reasons()
        .map(|reason| reason.as_str().to_owned())
        .collect();
    assert_eq!(shown, declared);
}

/// The readers' table and the code's must be the same.
#[test]
fn the_readme_names_every_reason_code() {
    let readme = include_str!("../README.md");
    for reason in RootUsageAlarm::METADATA.all_reasons() {
        assert!(readme.contains(&format!("`{reason}`")), "{reason}");
    }
}

/// Whoever reads a verdict finds what is covered beside what CloudWatch.1 wants.
#[test]
fn a_verdict_on_filters_says_whether_they_cover_and_are_exact() {
    for row in given::rows() {
        let parameters = parse_parameters(row.parameters()).unwrap();
        let evidence = RootUsageAlarm::evaluate(&row.facts(), &parameters).evidence;
        assert_eq!(
            evidence.contains_key("covers"),
            evidence.contains_key("cisExact")
        );
        if row.annotation.starts_with("ROOT_USAGE_ALARMED") {
            assert_eq!(evidence["covers"], "yes", "{}", row.name);
        }
    }
}

#[test]
fn facts_survive_being_saved() {
    for row in given::rows() {
        let facts = row.facts();
        let saved = serde_json::to_string(&facts).unwrap();
        assert_eq!(facts, serde_json::from_str(&saved).unwrap(), "{}", row.name);
    }
}
