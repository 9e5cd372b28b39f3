//! Facts, as any account can have them.

use std::collections::{BTreeMap, BTreeSet};

use alarms::{
    Alarms, CompositeAlarm, Metric, MetricAlarm, MetricDataQuery, MetricFilter, MetricStat,
    MetricTransformation, MuteRule,
};
use config_rule::Timestamp;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::{ACCOUNT, REGION, arn};

/// A name that every service takes.
fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 _äß✓鍵<&>\"'-]{1,12}"
}

fn names() -> impl Strategy<Value = BTreeSet<String>> {
    btree_set(name(), 0..5)
}

fn text() -> impl Strategy<Value = String> {
    "\\PC{0,24}"
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(1.0),
        Just(0.0),
        -1e12..1e12,
        any::<i32>().prop_map(f64::from)
    ]
}

/// Times in quarters of a second, which CBOR's floats hold exactly: the SDK cuts off
/// what is less than a millisecond, also where it was a rounding error.
fn time() -> impl Strategy<Value = Timestamp> {
    let quarters = 4_000_000_000..16_000_000_000_i64;
    quarters.prop_map(|quarters| Timestamp::from_epoch_millis(quarters * 250))
}

fn unit() -> impl Strategy<Value = Option<String>> {
    option::of(select(&["Count", "Bytes/Second", "None"][..]).prop_map(str::to_owned))
}

fn word(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(words).prop_map(str::to_owned)
}

pub(crate) fn metric_filters() -> impl Strategy<Value = Vec<MetricFilter>> {
    let dimensions = btree_map(name(), text(), 0..3);
    let transformation = (
        name(),
        name(),
        text(),
        option::of(number()),
        dimensions,
        unit(),
    )
        .prop_map(
            |(metric_namespace, metric_name, metric_value, default_value, dimensions, unit)| {
                MetricTransformation {
                    metric_namespace,
                    metric_name,
                    metric_value,
                    default_value,
                    dimensions,
                    unit,
                }
            },
        );
    let filter = (
        text(),
        vec(transformation, 0..3),
        any::<bool>(),
        option::of(text()),
        vec(word(&["@aws.account", "@aws.region"]), 0..3),
    );
    // In the order in which AWS shows them.
    btree_map(name(), filter, 0..5).prop_map(|filters| {
        let filters = filters.into_iter().map(
            |(filter_name, (pattern, transformations, transformed, criteria, fields))| {
                MetricFilter {
                    filter_name,
                    filter_pattern: pattern,
                    metric_transformations: transformations,
                    apply_on_transformed_logs: transformed,
                    field_selection_criteria: criteria,
                    emit_system_field_dimensions: fields,
                }
            },
        );
        filters.collect()
    })
}

fn metric() -> impl Strategy<Value = Metric> {
    let dimensions: BTreeMap<String, String> = BTreeMap::new();
    let dimensions = prop_oneof![Just(dimensions), btree_map(name(), name(), 1..3)];
    (name(), name(), dimensions).prop_map(|(namespace, metric_name, dimensions)| Metric {
        namespace,
        metric_name,
        dimensions,
    })
}

fn metric_stat() -> impl Strategy<Value = MetricStat> {
    let stat = word(&["Sum", "Average", "SampleCount", "p99.9", "TM(10%:90%)"]);
    (metric(), stat, 1..100_000, unit()).prop_map(|(metric, stat, period, unit)| MetricStat {
        metric,
        stat,
        period,
        unit,
    })
}

fn line() -> impl Strategy<Value = MetricDataQuery> {
    let account = option::of(Just("999988887777".to_owned()));
    (
        name(),
        option::of(metric_stat()),
        option::of(name()),
        any::<bool>(),
        account,
    )
        .prop_map(
            |(id, metric_stat, expression, return_data, account_id)| MetricDataQuery {
                id,
                metric_stat,
                expression,
                return_data,
                account_id,
            },
        )
}

/// What alarms of both kinds have.
type Common = (bool, Vec<String>, String, Option<Timestamp>);

fn common() -> impl Strategy<Value = Common> {
    let action = name().prop_map(|name| format!("arn:aws:sns:{REGION}:{ACCOUNT}:{name}"));
    let state = word(&["OK", "ALARM", "INSUFFICIENT_DATA"]);
    (any::<bool>(), vec(action, 0..5), state, option::of(time()))
}

fn alarm_arn(name: &str) -> config_rule::Arn {
    arn(&format!(
        "arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"
    ))
}

fn metric_alarm() -> impl Strategy<Value = MetricAlarm> {
    let threshold = (
        option::of(1..1000),
        option::of(1..1000),
        option::of(number()),
        option::of(word(&[
            "GreaterThanThreshold",
            "LessThanOrEqualToThreshold",
        ])),
        option::of(word(&[
            "breaching",
            "notBreaching",
            "ignore",
            "missing",
            "odd ✓",
        ])),
        option::of(word(&["evaluate", "ignore"])),
        option::of(name()),
    );
    let evaluation = (any::<bool>(), any::<bool>(), option::of(time()));
    let watched = (option::of(metric_stat()), vec(line(), 0..3));
    (common(), watched, threshold, evaluation).prop_map(
        |(common, (metric, metrics), threshold, evaluation)| MetricAlarm {
            alarm_arn: alarm_arn(""),
            actions_enabled: common.0,
            alarm_actions: common.1,
            state_value: common.2,
            state_transitioned: common.3,
            metric,
            metrics,
            evaluation_periods: threshold.0,
            datapoints_to_alarm: threshold.1,
            threshold: threshold.2,
            comparison_operator: threshold.3,
            treat_missing_data: threshold.4,
            evaluate_low_sample_count_percentile: threshold.5,
            threshold_metric_id: threshold.6,
            is_prom_ql: evaluation.0,
            is_wall_clock_window: evaluation.1,
            warm_up_ends: evaluation.2,
        },
    )
}

fn composite_alarm() -> impl Strategy<Value = CompositeAlarm> {
    let rule = prop_oneof![
        name(),
        name().prop_map(|name| format!("ALARM(\"{name}\") AND NOT OK(other)")),
    ];
    (common(), rule, option::of(name())).prop_map(|(common, alarm_rule, actions_suppressor)| {
        CompositeAlarm {
            alarm_arn: alarm_arn(""),
            actions_enabled: common.0,
            alarm_actions: common.1,
            state_value: common.2,
            state_transitioned: common.3,
            alarm_rule,
            actions_suppressor,
        }
    })
}

pub(crate) fn alarms() -> impl Strategy<Value = Alarms> {
    let metric_alarms = btree_map(name(), metric_alarm(), 0..5);
    let composite_alarms = btree_map(name(), composite_alarm(), 0..4);
    (metric_alarms, composite_alarms).prop_map(|(metric_alarms, composite_alarms)| Alarms {
        metric_alarms: metric_alarms
            .into_iter()
            .map(|(name, alarm)| MetricAlarm {
                alarm_arn: alarm_arn(&name),
                ..alarm
            })
            .collect(),
        composite_alarms: composite_alarms
            .into_iter()
            .map(|(name, alarm)| CompositeAlarm {
                alarm_arn: alarm_arn(&name),
                ..alarm
            })
            .collect(),
    })
}

/// Rules that mute or will.
pub(crate) fn mute_rules() -> impl Strategy<Value = Vec<MuteRule>> {
    names().prop_flat_map(|names| {
        let rules: Vec<_> = names
            .into_iter()
            .map(|name| {
                let rule = format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm-mute-rule:{name}");
                word(&["ACTIVE", "SCHEDULED"]).prop_map(move |status| MuteRule {
                    alarm_mute_rule_arn: rule.clone(),
                    status,
                })
            })
            .collect();
        rules
    })
}

pub(crate) fn messages() -> impl Strategy<Value = Vec<String>> {
    let message = prop_oneof![
        "\\PC{1,24}",
        Just("Root 404".to_owned()),
        Just("{\"a\":\"xyz ✓\",\"b\":1}".to_owned()),
        Just("{\"b\":1}".to_owned()),
    ];
    vec(message, 1..8)
}
