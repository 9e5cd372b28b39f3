//! Whether the rules are there, and their results are recent.

use std::time::Duration;

use config_rule::{DEPLOYED, Fact, Frequency};

use crate::doctor::facts::{Facts, Results, WantedRule};
use crate::doctor::finding::Finding;

/// Returns how old the latest result of a rule may be.
pub(in crate::doctor) fn overdue_after(rule: &WantedRule) -> Duration {
    let hours = match rule.frequency {
        Frequency::OneHour => 1,
        Frequency::ThreeHours => 3,
        Frequency::SixHours => 6,
        Frequency::TwelveHours => 12,
        Frequency::TwentyFourHours => 24,
    };
    Duration::from_hours(2 * hours)
}

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    if !facts.is_deployed() {
        return Vec::new();
    }
    let region = &facts.wanted.home_region;
    let mut findings = Vec::new();
    for (account, seen) in facts.seen() {
        for rule in facts.rules_of(&account.id).unwrap_or_default() {
            let name = rule.name;
            let finding = match seen.results.get(name) {
                Some(Fact::Known(Some(results))) => examine_results(facts, rule, results),
                // Without a recorder there can be no rule, and that is said already.
                Some(Fact::Known(None)) if seen.has_recorder() => Some(Finding::wrong(
                    format!("AWS Config has no rule {DEPLOYED}{name}: nobody judges the account"),
                    "rootguard deploy",
                )),
                Some(Fact::Unread(unread)) => {
                    let question = format!("how recent the results of {name} are");
                    Some(Finding::could_not_tell(&question, unread))
                }
                Some(Fact::Known(None)) | None => None,
            };
            findings
                .extend(finding.map(|finding| finding.in_account(&account.id).in_region(region)));
        }
    }
    findings
}

fn examine_results(facts: &Facts, rule: &WantedRule, results: &Results) -> Option<Finding> {
    let (name, region) = (rule.name, &facts.wanted.home_region);
    let hours = overdue_after(rule).as_secs() / 3600;
    let again = format!(
        "aws configservice start-config-rules-evaluation --region {region} --config-rule-names \
         {DEPLOYED}{name}; if nothing comes: aws logs tail /rootguard/{name} --region {region}"
    );
    if let Some(latest) = results.latest {
        let stale = facts.wanted.now.since(latest) > overdue_after(rule);
        return stale.then(|| {
            let what = format!(
                "the result of {name} is older than {hours} hours, twice the rule's frequency: \
                 what AWS Config shows may no longer be so"
            );
            Finding::wrong(what, again)
        });
    }
    match &results.invocations {
        Fact::Known(0) => {
            let what =
                format!("{name} has no result, and was not asked for one within {hours} hours");
            Some(Finding::wrong(what, again))
        }
        // NOT_APPLICABLE leaves no result.
        Fact::Known(_) => None,
        Fact::Unread(unread) => {
            let question = format!("why {name} has no result");
            Some(Finding::could_not_tell(&question, unread))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{NOW, RULE, denied, rows, seen, undeployed};
    use super::*;
    use config_rule::Timestamp;

    fn results(facts: &mut Facts, age: Option<Duration>, invocations: Fact<u64>) {
        let latest = age.map(|age| {
            let age = i64::try_from(age.as_millis()).unwrap();
            Timestamp::from_epoch_millis(NOW - age)
        });
        let results = Results {
            latest,
            invocations,
        };
        seen(facts).results.insert(RULE, Fact::Known(Some(results)));
    }

    /// The frequency is six hours.
    const JUST: Duration = Duration::from_hours(12);

    #[test]
    fn results_are_no_older_than_twice_their_frequency() {
        let over = "older than 12 hours, twice the rule's frequency";
        let again = "start-config-rules-evaluation --region eu-west-1 --config-rule-names rootguard-no-root-keys";
        rows(
            examine,
            &[
                ("as it should be", |_| {}, &[]),
                (
                    "just recent enough",
                    |facts| results(facts, Some(JUST), Fact::Known(0)),
                    &[],
                ),
                (
                    "a millisecond too old",
                    |facts| results(facts, Some(JUST + Duration::from_millis(1)), Fact::Known(9)),
                    &[(over, again)],
                ),
                (
                    "no result, never asked",
                    |facts| results(facts, None, Fact::Known(0)),
                    &[("no result, and was not asked", again)],
                ),
                (
                    "no result, because not applicable",
                    |facts| results(facts, None, Fact::Known(1)),
                    &[],
                ),
                (
                    "no result, and nobody may see whether it was asked",
                    |facts| results(facts, None, denied("cloudwatch:GetMetricStatistics")),
                    &[(
                        "could not tell why no-root-keys has no result",
                        "allow cloudwatch:GetMetricStatistics",
                    )],
                ),
                (
                    "no rule",
                    |facts| {
                        seen(facts).results.insert(RULE, Fact::Known(None));
                    },
                    &[(
                        "AWS Config has no rule rootguard-no-root-keys",
                        "rootguard deploy",
                    )],
                ),
                (
                    "no rule, because no recorder",
                    |facts| {
                        seen(facts).results.insert(RULE, Fact::Known(None));
                        seen(facts).recorders = Fact::Known(Vec::new());
                    },
                    &[],
                ),
                ("nothing was ever deployed", undeployed, &[]),
                (
                    "nobody may ask",
                    |facts| {
                        let unread = denied("config:GetComplianceDetailsByConfigRule");
                        seen(facts).results.insert(RULE, unread);
                    },
                    &[(
                        "could not tell how recent",
                        "allow config:GetComplianceDetailsByConfigRule",
                    )],
                ),
            ],
        );
    }
}
