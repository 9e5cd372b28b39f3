//! The table of a control's verdicts, on the pure function.

use std::collections::BTreeSet;
use std::fmt::Debug;

use config_rule::{Compliance, Control, Verdict, parse_parameters};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Given facts and parameters, the verdict.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound = "")]
pub struct Row<C: Control> {
    /// Name, for messages.
    pub name: String,
    /// The rule's parameters.
    pub parameters: Map<String, Value>,
    /// Facts.
    pub facts: C::Facts,
    /// Compliance.
    pub compliance: Compliance,
    /// Reason, in full.
    pub annotation: String,
}

impl<C: Control> Row<C> {
    /// Returns what the control concludes, which should be what the row says.
    pub fn verdict(&self) -> Verdict {
        let parameters = parse_parameters(self.parameters.clone()).unwrap();
        C::evaluate(&self.facts, &parameters)
    }

    /// Returns compliance and annotation as reported to AWS Config, unless the rule has another
    /// `whenUnverifiable`.
    pub fn reported_result(&self) -> (String, String) {
        let compliance = match self.compliance {
            Compliance::Unverifiable => Compliance::NonCompliant,
            compliance => compliance,
        };
        (compliance.to_string(), self.annotation.clone())
    }
}

/// The rows of a file.
pub fn rows<C: Control>(json: &str) -> Vec<Row<C>> {
    serde_json::from_str(json).unwrap()
}

/// The tests of a control's table: `verdict_tests!(Control, rows)`, where `rows` is the
/// expression that has all rows.
#[macro_export]
macro_rules! verdict_tests {
    ($control:ty, $rows:expr) => {
        #[test]
        fn every_row_has_its_verdict() {
            $crate::every_row_has_its_verdict::<$control>(&$rows);
        }

        #[test]
        fn the_rows_show_every_reason_code_and_no_other() {
            $crate::the_rows_show_every_reason_code_and_no_other::<$control>(&$rows);
        }

        #[test]
        fn the_readme_names_every_reason_code() {
            let readme = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));
            $crate::the_readme_names_every_reason_code::<$control>(readme);
        }

        #[test]
        fn facts_survive_being_saved() {
            $crate::facts_survive_being_saved::<$control>(&$rows);
        }
    };
}

/// On the pure function.
pub fn every_row_has_its_verdict<C: Control>(rows: &[Row<C>]) {
    for row in rows {
        let verdict = row.verdict();
        assert_eq!(
            (verdict.compliance, verdict.annotation().as_str()),
            (row.compliance, row.annotation.as_str()),
            "{}",
            row.name
        );
    }
}

/// So that no verdict is without a row, and no row about something else.
pub fn the_rows_show_every_reason_code_and_no_other<C: Control>(rows: &[Row<C>]) {
    let shown: BTreeSet<_> = rows
        .iter()
        .map(|row| row.annotation.split(':').next().unwrap())
        .collect();
    let declared = C::METADATA;
    let declared: BTreeSet<_> = declared
        .all_reasons()
        .map(config_rule::ReasonCode::as_str)
        .collect();
    assert_eq!(shown, declared);
}

/// The readers' table and the code's must be the same.
pub fn the_readme_names_every_reason_code<C: Control>(readme: &str) {
    for reason in C::METADATA.all_reasons() {
        assert!(readme.contains(&format!("`{reason}`")), "{reason}");
    }
}

/// A snapshot must give the verdict that was given when it was taken.
pub fn facts_survive_being_saved<C: Control>(rows: &[Row<C>])
where
    C::Facts: PartialEq + Debug,
{
    for row in rows {
        let saved = serde_json::to_string(&row.facts).unwrap();
        let read: C::Facts = serde_json::from_str(&saved).unwrap();
        assert_eq!(read, row.facts, "{}", row.name);
    }
}
