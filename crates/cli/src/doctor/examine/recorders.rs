//! Whether every account has a configuration recorder that rules can use.

use config_rule::Fact;

use crate::doctor::facts::Facts;
use crate::doctor::finding::Finding;

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let region = &facts.wanted.home_region;
    let mut findings = Vec::new();
    for (account, seen) in facts.seen() {
        let recorders = match &seen.recorders {
            Fact::Known(recorders) => recorders,
            Fact::Unread(unread) => {
                findings.push(
                    Finding::could_not_tell("whether there is a configuration recorder", unread)
                        .in_account(&account.id),
                );
                continue;
            }
        };
        let mut own = recorders.iter().filter(|recorder| !recorder.service_linked);
        let finding = match own.next() {
            None => Finding::wrong(
                "there is no customer-managed configuration recorder: AWS Config refuses every \
                 rule, so nothing is judged",
                format!(
                    "switch on AWS Config there (Control Tower: enroll the account), or: aws \
                     configservice put-configuration-recorder --region {region} \
                     --configuration-recorder name=default,roleARN=ROLE; the reconciler deploys \
                     the rules within a day"
                ),
            ),
            Some(recorder) => match &recorder.recording {
                Fact::Known(true) => continue,
                Fact::Known(false) => Finding::wrong(
                    "the configuration recorder is stopped: no change triggers an evaluation",
                    format!(
                        "aws configservice start-configuration-recorder --region {region} \
                         --configuration-recorder-name {}",
                        recorder.name
                    ),
                ),
                Fact::Unread(unread) => {
                    Finding::could_not_tell("whether the configuration recorder records", unread)
                }
            },
        };
        findings.push(finding.in_account(&account.id).in_region(region));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{denied, rows, seen};
    use super::*;
    use crate::doctor::facts::Recorder;

    fn recorder(service_linked: bool, recording: Fact<bool>) -> Fact<Vec<Recorder>> {
        Fact::Known(vec![Recorder {
            name: "default".to_owned(),
            service_linked,
            recording,
        }])
    }

    #[test]
    fn rules_need_a_recorder_of_ones_own() {
        rows(
            examine,
            &[
                ("as it should be", |_| {}, &[]),
                (
                    "there is none",
                    |facts| seen(facts).recorders = Fact::Known(Vec::new()),
                    &[(
                        "no customer-managed configuration recorder",
                        "put-configuration-recorder --region eu-west-1",
                    )],
                ),
                (
                    "there is one of a service",
                    |facts| seen(facts).recorders = recorder(true, Fact::Known(true)),
                    &[(
                        "no customer-managed configuration recorder",
                        "Control Tower",
                    )],
                ),
                (
                    "it is stopped",
                    |facts| seen(facts).recorders = recorder(false, Fact::Known(false)),
                    &[(
                        "is stopped",
                        "start-configuration-recorder --region eu-west-1 --configuration-recorder-name default",
                    )],
                ),
                (
                    "nobody may see whether it records",
                    |facts| {
                        let unread = denied("config:DescribeConfigurationRecorderStatus");
                        seen(facts).recorders = recorder(false, unread);
                    },
                    &[(
                        "could not tell whether the configuration recorder records",
                        "allow config:DescribeConfigurationRecorderStatus",
                    )],
                ),
                (
                    "nobody may ask",
                    |facts| seen(facts).recorders = denied("config:DescribeConfigurationRecorders"),
                    &[(
                        "could not tell whether there is",
                        "allow config:DescribeConfigurationRecorders",
                    )],
                ),
            ],
        );
    }
}
