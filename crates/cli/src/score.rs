//! A score, computed as Security Hub computes the one of a standard: of the controls that
//! have data, those that passed. A control passed where it failed nowhere and somebody could
//! tell.

use std::collections::BTreeMap;

use config_rule::{Compliance, SecurityHubStatus};
use serde::Serialize;

use crate::rows::{Row, RowResult};

/// Finding of a control about an account, as far as a score goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    Passed,
    Failed,
    /// Of a check that could not tell.
    Unknown,
}

/// The controls of which something is known, and the worst of each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(BTreeMap<String, Finding>);

impl Tally {
    pub(crate) fn add(&mut self, control: &str, finding: Finding) {
        let worst = self.0.entry(control.to_owned()).or_insert(finding);
        *worst = match (*worst, finding) {
            (Finding::Failed, _) | (_, Finding::Failed) => Finding::Failed,
            (Finding::Unknown, _) | (_, Finding::Unknown) => Finding::Unknown,
            (Finding::Passed, Finding::Passed) => Finding::Passed,
        };
    }

    /// Of these controls, those that are here and did not pass.
    pub(crate) fn not_passed<'a>(&self, controls: &[&'a str]) -> Vec<&'a str> {
        let is_left = |control: &&&str| {
            let worst = self.0.get(**control);
            worst.is_some_and(|worst| *worst != Finding::Passed)
        };
        controls.iter().filter(is_left).copied().collect()
    }

    /// The same where these controls passed.
    #[must_use]
    pub(crate) fn if_passed(&self, controls: &[&str]) -> Self {
        let mut tally = self.clone();
        for (control, worst) in &mut tally.0 {
            if controls.contains(&control.as_str()) {
                *worst = Finding::Passed;
            }
        }
        tally
    }

    pub(crate) fn score(&self) -> Score {
        let passed = self.0.values().filter(|worst| **worst == Finding::Passed);
        Score {
            passed: passed.count(),
            with_data: self.0.len(),
        }
    }
}

/// Passed controls of those with data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Score {
    passed: usize,
    with_data: usize,
}

impl Score {
    /// Per cent, as Security Hub rounds it; nothing without data.
    pub(crate) fn percent(self) -> Option<usize> {
        let Self { passed, with_data } = self;
        (passed * 200 + with_data).checked_div(with_data * 2)
    }

    /// `2 of 4 controls passed (50 %)`.
    pub(crate) fn sentence(self) -> String {
        let Self { passed, with_data } = self;
        match self.percent() {
            Some(percent) => format!("{passed} of {with_data} controls passed ({percent} %)"),
            None => "no data".to_owned(),
        }
    }
}

/// Our score, and what the same question comes to for Security Hub's own controls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scores {
    ours: Tally,
    native: Tally,
}

impl Scores {
    pub(crate) fn add(&mut self, row: &Row) {
        let ours = match &row.result {
            RowResult::Judged { compliance, .. } => match compliance {
                Compliance::Compliant => Some(Finding::Passed),
                Compliance::NonCompliant => Some(Finding::Failed),
                Compliance::Unverifiable => Some(Finding::Unknown),
                Compliance::NotApplicable => None,
            },
            RowResult::Failed { .. } => Some(Finding::Unknown),
        };
        if let Some(ours) = ours {
            self.ours.add(row.control, ours);
        }
        let native = row
            .detail
            .as_ref()
            .and_then(|detail| detail.native.as_ref());
        let native = native.map_or(Some(Finding::Unknown), |native| match native.status {
            SecurityHubStatus::Passed => Some(Finding::Passed),
            SecurityHubStatus::Failed => Some(Finding::Failed),
            SecurityHubStatus::Unknown => Some(Finding::Unknown),
            SecurityHubStatus::NoData => None,
        });
        if let Some(native) = native {
            self.native.add(row.control, native);
        }
    }

    /// Ours, and that of Security Hub's own controls.
    pub(crate) fn both(&self) -> (Score, Score) {
        (self.ours.score(), self.native.score())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(findings: &[(&'static str, Finding)]) -> String {
        let mut tally = Tally::default();
        for (control, finding) in findings {
            tally.add(control, *finding);
        }
        tally.score().sentence()
    }

    #[test]
    fn a_control_passes_where_it_failed_nowhere_and_somebody_could_tell() {
        use Finding::{Failed, Passed, Unknown};
        for (findings, said) in [
            (&[][..], "no data"),
            (
                &[("a", Passed), ("a", Passed)],
                "1 of 1 controls passed (100 %)",
            ),
            (
                &[("a", Passed), ("a", Failed), ("a", Passed)],
                "0 of 1 controls passed (0 %)",
            ),
            (
                &[("a", Unknown), ("a", Passed)],
                "0 of 1 controls passed (0 %)",
            ),
            (
                &[("a", Passed), ("b", Failed), ("c", Passed)],
                "2 of 3 controls passed (67 %)",
            ),
        ] {
            assert_eq!(score(findings), said, "{findings:?}");
            let mut reversed = findings.to_vec();
            reversed.reverse();
            assert_eq!(score(&reversed), said);
        }
    }
}
