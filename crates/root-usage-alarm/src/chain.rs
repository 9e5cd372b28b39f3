//! What is created where a chain lacks something: names and contents.

use std::collections::BTreeMap;

use alarms::{Metric, MetricAlarm, MetricFilter, MetricStat, MetricTransformation};
use config_rule::Arn;
use filter_pattern::{CIS_PATTERN, CONSOLE_PATTERN};
use serde_json::{Value, json};

/// Of the filter with the text that the CIS benchmark prescribes.
pub const CIS_FILTER: &str = "rootguard-root-usage";
/// Of the filter for console work that the benchmark's text misses.
pub const CONSOLE_FILTER: &str = "rootguard-root-usage-in-console";
/// Of the alarm, the topic and, behind `alias/`, its key.
pub const NAME: &str = "rootguard-root-usage";

/// The statement that lets alarms publish.
const STATEMENT_ID: &str = "rootguard-alarms-publish";

/// Description by which the key of a topic is found until its alias is there.
pub(crate) const KEY_DESCRIPTION: &str = "Encrypts the topic rootguard-root-usage";

/// The names in the place of a log group: its account and Region.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainNames {
    /// The log group.
    pub log_group: Arn,
    /// The alarm.
    pub alarm: Arn,
    /// The topic, where the organization names none.
    pub topic: Arn,
    /// The alias of the topic's key.
    pub key_alias: Arn,
}

impl ChainNames {
    /// The names beside a log group. `of` makes the ARN of a service's resource there.
    pub(crate) fn beside(log_group: &Arn, of: impl Fn(&str, &str) -> Arn) -> Self {
        Self {
            log_group: log_group.clone(),
            alarm: of("cloudwatch", &format!("alarm:{NAME}")),
            topic: of("sns", NAME),
            key_alias: of("kms", &format!("alias/{NAME}")),
        }
    }
}

/// The metric that the created filters feed.
pub(crate) fn metric() -> Metric {
    Metric {
        namespace: "RootGuard".to_owned(),
        metric_name: "RootUsage".to_owned(),
        dimensions: BTreeMap::new(),
    }
}

/// The filters that are created: the benchmark's text byte for byte, because an
/// additional clause fails `CloudWatch.1`, and another one for what it misses.
pub(crate) fn filters() -> [MetricFilter; 2] {
    [(CIS_FILTER, CIS_PATTERN), (CONSOLE_FILTER, CONSOLE_PATTERN)].map(|(name, pattern)| {
        let metric = metric();
        MetricFilter {
            filter_name: name.to_owned(),
            filter_pattern: pattern.to_owned(),
            metric_transformations: vec![MetricTransformation {
                metric_namespace: metric.namespace,
                metric_name: metric.metric_name,
                metric_value: "1".to_owned(),
                default_value: None,
                dimensions: BTreeMap::new(),
                unit: None,
            }],
            apply_on_transformed_logs: false,
            field_selection_criteria: None,
            emit_system_field_dimensions: Vec::new(),
        }
    })
}

/// The alarm: one root event in a minute sets it off, a quiet minute ends it.
pub(crate) fn alarm(arn: &Arn, metric: &Metric, topic: &Arn) -> MetricAlarm {
    MetricAlarm {
        alarm_arn: arn.clone(),
        actions_enabled: true,
        alarm_actions: vec![topic.to_string()],
        state_value: "INSUFFICIENT_DATA".to_owned(),
        state_transitioned: None,
        metric: Some(MetricStat {
            metric: metric.clone(),
            stat: "Sum".to_owned(),
            period: 60,
            unit: None,
        }),
        metrics: Vec::new(),
        evaluation_periods: Some(1),
        datapoints_to_alarm: Some(1),
        threshold: Some(1.0),
        comparison_operator: Some("GreaterThanOrEqualToThreshold".to_owned()),
        treat_missing_data: Some("notBreaching".to_owned()),
        evaluate_low_sample_count_percentile: None,
        threshold_metric_id: None,
        is_prom_ql: false,
        is_wall_clock_window: false,
        warm_up_ends: None,
    }
}

/// Returns whether an alarm is as it would be made, whatever state it is in.
pub(crate) fn is_as_made(seen: &MetricAlarm, made: &MetricAlarm) -> bool {
    let mut seen = seen.clone();
    seen.state_value.clone_from(&made.state_value);
    seen.state_transitioned = made.state_transitioned;
    seen == *made
}

/// Lets the alarms of the topic's account and Region publish.
pub(crate) fn publish_statement(topic: &Arn) -> Value {
    let (partition, region, account) = (topic.partition(), topic.region(), topic.account());
    json!({
        "Sid": STATEMENT_ID,
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
        "Condition": {
            "StringEquals": {"aws:SourceAccount": account},
            "ArnLike": {
                "aws:SourceArn": format!("arn:{partition}:cloudwatch:{region}:{account}:alarm:*"),
            },
        },
    })
}

/// The policy of the key: its account decides, and `CloudWatch` may use it.
pub(crate) fn key_policy(alias: &Arn) -> String {
    let (partition, account) = (alias.partition(), alias.account());
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "owner",
                "Effect": "Allow",
                "Principal": {"AWS": format!("arn:{partition}:iam::{account}:root")},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "alarms",
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
            },
        ],
    });
    policy.to_string()
}

/// The statements of a policy document.
pub(crate) fn statements(document: &Value) -> Vec<Value> {
    match document.get("Statement") {
        Some(Value::Array(statements)) => statements.clone(),
        Some(statement) => vec![statement.clone()],
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filter_pattern::{Account, Class, Pattern, Verdict, decide};

    #[test]
    fn the_two_filters_catch_every_human_use_and_no_noise() {
        let account = Account::new("111122223333", "aws").unwrap();
        let patterns = filters().map(|filter| Pattern::parse(&filter.filter_pattern).unwrap());
        let decision = decide(&patterns, Some(&account));
        for class in Class::ALL {
            let wanted = match class {
                Class::DirectRootUse | Class::PrivilegedSession | Class::ConsoleBrokered => {
                    assert_eq!(decision.covers(class).verdict, Verdict::Yes, "{class:?}");
                    Verdict::Yes
                }
                _ => Verdict::No,
            };
            assert_eq!(decision.matches(class).verdict, wanted, "{class:?}");
        }
        assert!(patterns[0].is_cis_exact());
    }
}
