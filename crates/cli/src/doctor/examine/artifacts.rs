//! Whether every Region that gets functions has its packages.

use config_rule::Fact;

use crate::doctor::facts::Facts;
use crate::doctor::finding::Finding;

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    if !facts.is_deployed() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (account, seen) in facts.seen() {
        for (region, bucket) in &seen.buckets {
            let finding = match bucket {
                Fact::Known(true) => continue,
                Fact::Known(false) => Finding::wrong(
                    "the artifact bucket is missing: functions can neither be made nor updated \
                     in this Region",
                    "rootguard deploy",
                ),
                Fact::Unread(unread) => {
                    Finding::could_not_tell("whether the artifact bucket is there", unread)
                }
            };
            findings.push(finding.in_account(&account.id).in_region(region));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{denied, rows, seen};
    use super::*;

    fn bucket(facts: &mut Facts, there: Fact<bool>) {
        seen(facts).buckets.insert("eu-west-1".to_owned(), there);
    }

    #[test]
    fn packages_are_where_functions_are() {
        rows(
            examine,
            &[
                ("as it should be", |_| {}, &[]),
                (
                    "the bucket is missing",
                    |facts| bucket(facts, Fact::Known(false)),
                    &[("artifact bucket is missing", "rootguard deploy")],
                ),
                (
                    "it is missing before the first deployment",
                    |facts| {
                        bucket(facts, Fact::Known(false));
                        super::super::fixtures::undeployed(facts);
                    },
                    &[],
                ),
                (
                    "nobody may ask",
                    |facts| bucket(facts, denied("s3:ListBucket")),
                    &[(
                        "could not tell whether the artifact bucket",
                        "allow s3:ListBucket",
                    )],
                ),
            ],
        );
    }
}
