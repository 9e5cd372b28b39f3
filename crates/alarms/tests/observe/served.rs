//! Facts as an organization has them: in the member names of AWS's own API.

use std::collections::BTreeMap;

use alarms::{Alarms, CompositeAlarm, Metric, MetricAlarm, MetricDataQuery, MetricFilter};
use config_rule::Timestamp;
use sandbox::{Account, Resource};
use serde_json::{Value, json};

use crate::REGION;

/// A resource of what is set: members that are null are left out.
fn resource(members: Value) -> Resource {
    let mut resource = Resource::new(REGION, members);
    resource.members.retain(|_, value| !value.is_null());
    resource
}

fn seconds(time: Option<Timestamp>) -> Option<f64> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact for the times of these tests"
    )]
    time.map(|time| time.epoch_millis() as f64 / 1000.0)
}

pub(crate) fn log_group(name: &str) -> Resource {
    resource(json!({ "logGroupName": name }))
}

pub(crate) fn metric_filter(group: &str, filter: &MetricFilter) -> Resource {
    let transformations = filter.metric_transformations.iter();
    let transformations = transformations.map(|transformation| {
        json!({
            "metricName": transformation.metric_name,
            "metricNamespace": transformation.metric_namespace,
            "metricValue": transformation.metric_value,
            "defaultValue": transformation.default_value,
            "dimensions": transformation.dimensions,
            "unit": transformation.unit,
        })
    });
    resource(json!({
        "logGroupName": group,
        "filterName": filter.filter_name,
        "filterPattern": filter.filter_pattern,
        "metricTransformations": transformations.collect::<Vec<_>>(),
        "applyOnTransformedLogs": filter.apply_on_transformed_logs,
        "fieldSelectionCriteria": filter.field_selection_criteria,
        "emitSystemFieldDimensions": filter.emit_system_field_dimensions,
    }))
}

pub(crate) fn alarms(account: &mut Account, alarms: &Alarms) {
    let metric_alarms = alarms.metric_alarms.iter().map(metric_alarm);
    account.metric_alarms.extend(metric_alarms);
    let composite_alarms = alarms.composite_alarms.iter().map(composite_alarm);
    account.composite_alarms.extend(composite_alarms);
}

const STATISTICS: &[&str] = &["SampleCount", "Average", "Sum", "Minimum", "Maximum"];

pub(crate) fn metric_alarm(alarm: &MetricAlarm) -> Resource {
    let stat = alarm.metric.as_ref();
    let statistic = |plain: bool| {
        let stat = stat.map(|stat| stat.stat.as_str());
        stat.filter(|stat| STATISTICS.contains(stat) == plain)
    };
    let a_minute_before =
        |end: Timestamp| Timestamp::from_epoch_millis(end.epoch_millis() - 60_000);
    let changed = alarm.warm_up_ends.map(a_minute_before);
    resource(json!({
        "AlarmName": alarm.name(),
        "ActionsEnabled": alarm.actions_enabled,
        "AlarmActions": alarm.alarm_actions,
        "StateValue": alarm.state_value,
        "StateTransitionedTimestamp": seconds(alarm.state_transitioned),
        "MetricName": stat.map(|stat| &stat.metric.metric_name),
        "Namespace": stat.map(|stat| &stat.metric.namespace),
        "Dimensions": stat.map(|stat| dimensions(&stat.metric.dimensions)),
        "Statistic": statistic(true),
        "ExtendedStatistic": statistic(false),
        "Period": stat.map(|stat| stat.period),
        "Unit": stat.and_then(|stat| stat.unit.as_ref()),
        "Metrics": alarm.metrics.iter().map(line).collect::<Vec<_>>(),
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "Threshold": alarm.threshold,
        "ComparisonOperator": alarm.comparison_operator,
        "TreatMissingData": alarm.treat_missing_data,
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile,
        "ThresholdMetricId": alarm.threshold_metric_id,
        "EvaluationCriteria": alarm.is_prom_ql.then(|| json!({ "PromQLCriteria": { "Query": "up" } })),
        "EvaluationWindow": if alarm.is_wall_clock_window {
            json!({ "WallClockWindow": { "Timezone": "UTC" } })
        } else {
            json!({ "SlidingWindow": {} })
        },
        "WarmUpConfiguration": changed.map(|_| json!({ "WarmUpPeriodDurationInMinutes": 1 })),
        "AlarmConfigurationUpdatedTimestamp": seconds(changed),
    }))
}

fn dimensions(dimensions: &BTreeMap<String, String>) -> Vec<Value> {
    let dimensions = dimensions.iter();
    dimensions
        .map(|(name, value)| json!({ "Name": name, "Value": value }))
        .collect()
}

fn line(line: &MetricDataQuery) -> Value {
    let metric = |metric: &Metric| {
        json!({
            "Namespace": metric.namespace,
            "MetricName": metric.metric_name,
            "Dimensions": dimensions(&metric.dimensions),
        })
    };
    let stat = line.metric_stat.as_ref().map(|stat| {
        json!({
            "Metric": metric(&stat.metric),
            "Stat": stat.stat,
            "Period": stat.period,
            "Unit": stat.unit,
        })
    });
    json!({
        "Id": line.id,
        "MetricStat": stat,
        "Expression": line.expression,
        // Absent, it is true.
        "ReturnData": (!line.return_data).then_some(false),
        "AccountId": line.account_id,
    })
}

fn composite_alarm(alarm: &CompositeAlarm) -> Resource {
    resource(json!({
        "AlarmName": alarm.name(),
        "ActionsEnabled": alarm.actions_enabled,
        "AlarmActions": alarm.alarm_actions,
        "StateValue": alarm.state_value,
        "StateTransitionedTimestamp": seconds(alarm.state_transitioned),
        "AlarmRule": alarm.alarm_rule,
        "ActionsSuppressor": alarm.actions_suppressor,
    }))
}

pub(crate) fn muted_alarm(account: &mut Account, name: &str, composite: bool) {
    if composite {
        let alarm = resource(json!({ "AlarmName": name, "AlarmRule": "TRUE" }));
        account.composite_alarms.push(alarm);
    } else {
        account
            .metric_alarms
            .push(resource(json!({ "AlarmName": name })));
    }
}

pub(crate) fn mute_rule(name: &str, status: &str, alarm: &str) -> Resource {
    let schedule = json!({ "Expression": "cron(0 0 * * *)", "Duration": "PT1H" });
    resource(json!({
        "Name": name,
        "Rule": { "Schedule": schedule },
        "MuteTargets": { "AlarmNames": [alarm] },
        "Status": status,
    }))
}
