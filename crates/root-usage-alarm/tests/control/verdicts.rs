//! Given facts, the verdict: every row of `verdicts.json` on the pure function.

use control_testkit::verdict_tests;
use root_usage_alarm::RootUsageAlarm;

use crate::fixtures::rows;

verdict_tests!(RootUsageAlarm, rows());

/// Whoever reads a verdict finds what is covered beside what CloudWatch.1 wants.
#[test]
fn a_verdict_on_filters_says_whether_they_cover_and_are_exact() {
    for row in rows() {
        let evidence = row.verdict().evidence;
        assert_eq!(
            evidence.contains_key("covers"),
            evidence.contains_key("cisExact")
        );
        if row.annotation.starts_with("ROOT_USAGE_ALARMED") {
            assert_eq!(evidence["covers"], "yes", "{}", row.name);
        }
    }
}
