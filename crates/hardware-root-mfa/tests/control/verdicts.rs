//! Given facts, the verdict: every row of `verdicts.json` on the pure function.

use std::collections::BTreeSet;

use config_rule::{Control, parse_parameters};
use hardware_root_mfa::HardwareRootMfa;

use crate::given;

#[test]
fn every_row_has_its_verdict() {
    for row in given::rows() {
        let parameters = parse_parameters(row.parameters).unwrap();
        let verdict = HardwareRootMfa::evaluate(&row.facts, &parameters);
        assert_eq!(verdict.compliance, row.compliance, "{}", row.name);
        assert_eq!(
            verdict.annotation().as_str(),
            row.annotation,
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
    let declared: BTreeSet<String> = HardwareRootMfa::METADATA
        .all_reasons()
        .map(|reason| reason.as_str().to_owned())
        .collect();
    assert_eq!(shown, declared);
}

/// The readers' table and the code's must be the same.
#[test]
fn the_readme_names_every_reason_code() {
    let readme = include_str!("../../README.md");
    for reason in HardwareRootMfa::METADATA.all_reasons() {
        assert!(readme.contains(&format!("`{reason}`")), "{reason}");
    }
}
