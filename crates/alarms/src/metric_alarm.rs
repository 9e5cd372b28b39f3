//! Metric alarms, as `DescribeAlarms` shows them.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types;
use config_rule::{Arn, Timestamp};
use serde::{Deserialize, Serialize};

/// An alarm on a metric, or on what metric math makes of metrics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricAlarm {
    /// The alarm's ARN, `…:alarm:NAME`.
    pub alarm_arn: Arn,
    /// True if it runs its actions at all.
    pub actions_enabled: bool,
    /// The actions that it runs when it changes to `ALARM`.
    pub alarm_actions: Vec<String>,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state_value: String,
    /// Time at which it changed to that state.
    pub state_transitioned: Option<Timestamp>,
    /// The metric, unless `metrics` says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<MetricStat>,
    /// Metrics and expressions, one of which returns the series to watch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<MetricDataQuery>,
    /// Number of periods that are looked at.
    pub evaluation_periods: Option<i32>,
    /// Number of them that must breach; all where it is not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datapoints_to_alarm: Option<i32>,
    /// Value that data points are compared with.
    pub threshold: Option<f64>,
    /// Comparison with the threshold, such as `GreaterThanOrEqualToThreshold`.
    pub comparison_operator: Option<String>,
    /// `breaching`, `notBreaching`, `ignore` or `missing`, which is the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treat_missing_data: Option<String>,
    /// `evaluate` or `ignore`: what a percentile of few samples counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluate_low_sample_count_percentile: Option<String>,
    /// The band of an anomaly detection model, in place of a threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold_metric_id: Option<String>,
    /// True if a `PromQL` query is evaluated, and none of the above.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_prom_ql: bool,
    /// True if the evaluated periods follow the clock and not the evaluation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_wall_clock_window: bool,
    /// Until when it does not run actions, after it was made or changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up_ends: Option<Timestamp>,
}

/// A metric: name, namespace and dimensions, all of which must be equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metric {
    /// The namespace.
    pub namespace: String,
    /// The name within the namespace.
    pub metric_name: String,
    /// The dimensions. Not a filter: with other ones it is another metric.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dimensions: BTreeMap<String, String>,
}

impl Metric {
    /// Returns whether the metrics differ in their dimensions at most.
    pub fn has_name_of(&self, other: &Self) -> bool {
        self.namespace == other.namespace && self.metric_name == other.metric_name
    }
}

/// A series made of a metric's samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricStat {
    /// The metric.
    #[serde(flatten)]
    pub metric: Metric,
    /// `Sum`, `Average`, …, or an extended statistic such as `p99`.
    pub stat: String,
    /// The length of a period in seconds.
    pub period: i32,
    /// Only samples of this unit count, if it is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// One line of metric math.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricDataQuery {
    /// By which name expressions refer to it.
    pub id: String,
    /// The series, if it is one of a metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_stat: Option<MetricStat>,
    /// The expression, if it is made of other lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// True if the alarm watches this line.
    pub return_data: bool,
    /// The account whose metric it is, if not the alarm's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
}

impl MetricAlarm {
    /// The alarm's name, unique in its account and Region.
    pub fn name(&self) -> &str {
        name_of(&self.alarm_arn)
    }

    /// Reads AWS's answer. `None` without an ARN, which AWS always gives.
    pub(crate) fn from_answer(alarm: types::MetricAlarm) -> Option<Self> {
        let metric = match (alarm.namespace, alarm.metric_name) {
            (Some(namespace), Some(metric_name)) => Some(MetricStat {
                metric: Metric {
                    namespace,
                    metric_name,
                    dimensions: dimensions(alarm.dimensions),
                },
                stat: alarm
                    .statistic
                    .map(|statistic| statistic.as_str().to_owned())
                    .or(alarm.extended_statistic)
                    .unwrap_or_default(),
                period: alarm.period.unwrap_or_default(),
                unit: alarm.unit.map(|unit| unit.as_str().to_owned()),
            }),
            _ => None,
        };
        let warm_up = alarm
            .warm_up_configuration
            .and_then(|warm_up| warm_up.warm_up_period_duration_in_minutes);
        let changed = alarm
            .alarm_configuration_updated_timestamp
            .map(Timestamp::from);
        Some(Self {
            alarm_arn: alarm.alarm_arn?.parse().ok()?,
            actions_enabled: alarm.actions_enabled.unwrap_or(false),
            alarm_actions: alarm.alarm_actions.unwrap_or_default(),
            state_value: alarm
                .state_value
                .map(|state| state.as_str().to_owned())
                .unwrap_or_default(),
            state_transitioned: alarm
                .state_transitioned_timestamp
                .or(alarm.state_updated_timestamp)
                .map(Timestamp::from),
            metric,
            metrics: alarm
                .metrics
                .unwrap_or_default()
                .into_iter()
                .map(MetricDataQuery::from)
                .collect(),
            evaluation_periods: alarm.evaluation_periods,
            datapoints_to_alarm: alarm.datapoints_to_alarm,
            threshold: alarm.threshold,
            comparison_operator: alarm
                .comparison_operator
                .map(|operator| operator.as_str().to_owned()),
            treat_missing_data: alarm.treat_missing_data,
            evaluate_low_sample_count_percentile: alarm.evaluate_low_sample_count_percentile,
            threshold_metric_id: alarm.threshold_metric_id,
            is_prom_ql: alarm.evaluation_criteria.is_some(),
            is_wall_clock_window: alarm
                .evaluation_window
                .is_some_and(|window| !window.is_sliding_window()),
            warm_up_ends: warm_up
                .zip(changed)
                .map(|(minutes, changed)| later(changed, minutes)),
        })
    }
}

/// The name in an alarm's ARN.
pub(crate) fn name_of(alarm: &Arn) -> &str {
    let resource = alarm.resource();
    resource.strip_prefix("alarm:").unwrap_or(resource)
}

fn later(time: Timestamp, minutes: i32) -> Timestamp {
    let millis = i64::from(minutes).saturating_mul(60_000);
    Timestamp::from_epoch_millis(time.epoch_millis().saturating_add(millis))
}

fn dimensions(dimensions: Option<Vec<types::Dimension>>) -> BTreeMap<String, String> {
    dimensions
        .unwrap_or_default()
        .into_iter()
        .filter_map(|dimension| Some((dimension.name?, dimension.value?)))
        .collect()
}

impl From<types::MetricDataQuery> for MetricDataQuery {
    fn from(query: types::MetricDataQuery) -> Self {
        let metric_stat = query.metric_stat.map(|stat| {
            let metric = stat
                .metric
                .unwrap_or_else(|| types::Metric::builder().build());
            MetricStat {
                metric: Metric {
                    namespace: metric.namespace.unwrap_or_default(),
                    metric_name: metric.metric_name.unwrap_or_default(),
                    dimensions: dimensions(metric.dimensions),
                },
                stat: stat.stat.unwrap_or_default(),
                period: stat.period.unwrap_or_default(),
                unit: stat.unit.map(|unit| unit.as_str().to_owned()),
            }
        });
        Self {
            id: query.id.unwrap_or_default(),
            metric_stat,
            expression: query.expression,
            // The default of the API.
            return_data: query.return_data.unwrap_or(true),
            account_id: query.account_id,
        }
    }
}
