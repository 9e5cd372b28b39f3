//! Sandboxed log groups, metric filters, alarms and mute rules as facts tell of them.

use std::collections::BTreeMap;

use alarms::{
    Alarms, CompositeAlarm, Metric, MetricAlarm, MetricDataQuery, MetricFilter, MetricStat,
    MuteRule, log_group_name,
};
use config_rule::{Arn, Timestamp};
use sandbox::{Account, Resource};
use serde_json::{Value, json};

/// The log group `group`, with these metric filters.
pub fn describe_metric_filters(group: &Arn, filters: &[MetricFilter], account: &mut Account) {
    let name = log_group_name(group);
    let members = json!({ "logGroupName": name });
    let groups = &mut account.log_groups;
    groups.push(Resource::new(group.region(), members));
    let filters = filters.iter().map(|filter| metric_filter(name, filter));
    let filters = filters.map(|members| Resource::new(group.region(), members));
    account.metric_filters.extend(filters);
}

fn metric_filter(log_group: &str, filter: &MetricFilter) -> Value {
    let transformations = filter.metric_transformations.iter();
    let transformations = transformations.map(|transformation| {
        let dimensions = &transformation.dimensions;
        json!({
            "metricName": transformation.metric_name,
            "metricNamespace": transformation.metric_namespace,
            "metricValue": transformation.metric_value,
            "defaultValue": transformation.default_value,
            "dimensions": (!dimensions.is_empty()).then_some(dimensions),
            "unit": transformation.unit,
        })
    });
    json!({
        "logGroupName": log_group,
        "filterName": filter.filter_name,
        "filterPattern": filter.filter_pattern,
        "metricTransformations": transformations.collect::<Vec<_>>(),
        "applyOnTransformedLogs": filter.apply_on_transformed_logs,
        "fieldSelectionCriteria": filter.field_selection_criteria,
        "emitSystemFieldDimensions": filter.emit_system_field_dimensions,
    })
}

/// Alarms of both kinds.
pub fn describe_alarms(alarms: &Alarms, account: &mut Account) {
    let metric_alarms = alarms.metric_alarms.iter();
    let metric_alarms =
        metric_alarms.map(|alarm| Resource::new(alarm.alarm_arn.region(), metric_alarm(alarm)));
    account.metric_alarms.extend(metric_alarms);
    let composite_alarms = alarms.composite_alarms.iter();
    let composite_alarms = composite_alarms
        .map(|alarm| Resource::new(alarm.alarm_arn.region(), composite_alarm(alarm)));
    account.composite_alarms.extend(composite_alarms);
}

/// Statistics that the API has apart from the others: `Statistic` is one of these.
const STATISTICS: &[&str] = &["SampleCount", "Average", "Sum", "Minimum", "Maximum"];

fn metric_alarm(alarm: &MetricAlarm) -> Value {
    let stat = alarm.metric.as_ref();
    let statistic = |plain: bool| {
        let stat = stat.map(|stat| stat.stat.as_str());
        stat.filter(|stat| STATISTICS.contains(stat) == plain)
    };
    // The facts know when it ends, the API when it began and how long it takes.
    let warm_up_began = alarm
        .warm_up_ends
        .map(|end| Timestamp::from_epoch_millis(end.epoch_millis() - 60_000));
    json!({
        "AlarmName": alarm.name(),
        "ActionsEnabled": alarm.actions_enabled,
        "AlarmActions": alarm.alarm_actions,
        "StateValue": alarm.state_value,
        "StateTransitionedTimestamp": seconds(alarm.state_transitioned),
        "Namespace": stat.map(|stat| &stat.metric.namespace),
        "MetricName": stat.map(|stat| &stat.metric.metric_name),
        "Dimensions": stat.map(|stat| dimensions(&stat.metric.dimensions)),
        "Statistic": statistic(true),
        "ExtendedStatistic": statistic(false),
        "Period": stat.map(|stat| stat.period),
        "Unit": stat.and_then(|stat| stat.unit.as_ref()),
        "Metrics": alarm.metrics.iter().map(query).collect::<Vec<_>>(),
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "Threshold": alarm.threshold,
        "ComparisonOperator": alarm.comparison_operator,
        "TreatMissingData": alarm.treat_missing_data,
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile,
        "ThresholdMetricId": alarm.threshold_metric_id,
        "EvaluationCriteria": alarm
            .is_prom_ql
            .then(|| json!({ "PromQLCriteria": { "Query": "up" } })),
        "EvaluationWindow": if alarm.is_wall_clock_window {
            json!({ "WallClockWindow": { "Timezone": "UTC" } })
        } else {
            json!({ "SlidingWindow": {} })
        },
        "WarmUpConfiguration": warm_up_began
            .map(|_| json!({ "WarmUpPeriodDurationInMinutes": 1 })),
        "AlarmConfigurationUpdatedTimestamp": seconds(warm_up_began),
    })
}

fn dimensions(dimensions: &BTreeMap<String, String>) -> Vec<Value> {
    let dimensions = dimensions.iter();
    dimensions
        .map(|(name, value)| json!({ "Name": name, "Value": value }))
        .collect()
}

fn query(query: &MetricDataQuery) -> Value {
    let metric = |metric: &Metric| {
        json!({
            "Namespace": metric.namespace,
            "MetricName": metric.metric_name,
            "Dimensions": dimensions(&metric.dimensions),
        })
    };
    let stat = |stat: &MetricStat| {
        json!({
            "Metric": metric(&stat.metric),
            "Stat": stat.stat,
            "Period": stat.period,
            "Unit": stat.unit,
        })
    };
    json!({
        "Id": query.id,
        "MetricStat": query.metric_stat.as_ref().map(stat),
        "Expression": query.expression,
        // Absent, it is true.
        "ReturnData": (!query.return_data).then_some(false),
        "AccountId": query.account_id,
    })
}

fn composite_alarm(alarm: &CompositeAlarm) -> Value {
    json!({
        "AlarmName": alarm.name(),
        "ActionsEnabled": alarm.actions_enabled,
        "AlarmActions": alarm.alarm_actions,
        "StateValue": alarm.state_value,
        "StateTransitionedTimestamp": seconds(alarm.state_transitioned),
        "AlarmRule": alarm.alarm_rule,
        "ActionsSuppressor": alarm.actions_suppressor,
    })
}

/// A mute rule that is about one alarm.
pub fn describe_mute_rule(rule: &MuteRule, alarm: &Arn) -> Resource {
    let schedule = json!({ "Expression": "cron(0 0 * * *)", "Duration": "PT1H" });
    let name = alarm.resource().trim_start_matches("alarm:");
    let members = json!({
        "Name": rule.name(),
        "Rule": { "Schedule": schedule },
        "MuteTargets": { "AlarmNames": [name] },
        "Status": rule.status,
    });
    Resource::new(alarm.region(), members)
}

/// A time as the API has it.
fn seconds(time: Option<Timestamp>) -> Option<f64> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact for the times that tests have"
    )]
    time.map(|time| time.epoch_millis() as f64 / 1000.0)
}
