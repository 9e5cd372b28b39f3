//! Metric alarms.

use serde_json::{Map, Value, json};

use super::metric::{
    COMPARISON, DIMENSIONS, EVALUATION_CRITERIA, EVALUATION_WINDOW, METRICS, NAMESPACE, POSITIVE,
    STATISTIC, UNIT, WARM_UP,
};
use super::{
    ACTION_CONFIGURATION, ACTIONS, DESCRIPTION, NAME, STATE, TAGS, composite_alarm, put, threshold,
};
use crate::organization::{AccountRegion, Kind};
use crate::request::Request;
use crate::wire::{Failure, Shape, Structure, integer, member, one_of, required, text};

/// Members that `DescribeAlarms` returns, and `Tags`.
pub(super) const METRIC_ALARM: Shape = Shape::Structure(&[
    required("AlarmName", NAME),
    member("AlarmArn", text(1, 1600)),
    DESCRIPTION,
    member("AlarmConfigurationUpdatedTimestamp", Shape::Timestamp),
    member("ActionsEnabled", Shape::Boolean),
    member("OKActions", ACTIONS),
    member("AlarmActions", ACTIONS),
    member("InsufficientDataActions", ACTIONS),
    member("StateValue", STATE),
    member("StateReason", text(0, 1023)),
    member("StateReasonData", text(0, 4000)),
    member("StateUpdatedTimestamp", Shape::Timestamp),
    member("MetricName", NAME),
    member("Namespace", NAMESPACE),
    member("Statistic", STATISTIC),
    member("ExtendedStatistic", text(0, usize::MAX)),
    member("Dimensions", DIMENSIONS),
    member("Period", POSITIVE),
    member("Unit", UNIT),
    member("EvaluationPeriods", POSITIVE),
    member("DatapointsToAlarm", POSITIVE),
    member("Threshold", Shape::Float),
    member("ComparisonOperator", COMPARISON),
    member("TreatMissingData", text(1, 255)),
    member("EvaluateLowSampleCountPercentile", text(1, 255)),
    member("Metrics", METRICS),
    member("ThresholdMetricId", text(1, 255)),
    member(
        "EvaluationState",
        one_of(&["PARTIAL_DATA", "EVALUATION_FAILURE", "EVALUATION_ERROR"]),
    ),
    member("StateTransitionedTimestamp", Shape::Timestamp),
    member("EvaluationWindow", EVALUATION_WINDOW),
    member("WarmUpConfiguration", WARM_UP),
    member("EvaluationCriteria", EVALUATION_CRITERIA),
    member("EvaluationInterval", integer(10, 3600)),
    ACTION_CONFIGURATION,
    TAGS,
]);

pub(crate) const METRIC_ALARMS: Kind = Kind {
    key: "metric_alarm",
    shape: &METRIC_ALARM,
    of: |account| &mut account.metric_alarms,
    complete,
};

fn complete(place: &AccountRegion<'_>, members: &mut Map<String, Value>) {
    super::complete(place, members);
    members.entry("Dimensions").or_insert(json!([]));
}

pub(crate) const PUT_METRIC_ALARM: Shape = Shape::Structure(&[
    required("AlarmName", NAME),
    DESCRIPTION,
    member("ActionsEnabled", Shape::Boolean),
    member("OKActions", ACTIONS),
    member("AlarmActions", ACTIONS),
    member("InsufficientDataActions", ACTIONS),
    member("MetricName", NAME),
    member("Namespace", NAMESPACE),
    member("Statistic", STATISTIC),
    member("ExtendedStatistic", text(0, usize::MAX)),
    member("Dimensions", DIMENSIONS),
    member("Period", POSITIVE),
    member("Unit", UNIT),
    member("EvaluationPeriods", POSITIVE),
    member("DatapointsToAlarm", POSITIVE),
    member("Threshold", Shape::Float),
    member("ComparisonOperator", COMPARISON),
    member("TreatMissingData", text(1, 255)),
    member("EvaluateLowSampleCountPercentile", text(1, 255)),
    member("Metrics", METRICS),
    TAGS,
    member("ThresholdMetricId", text(1, 255)),
    member("EvaluationWindow", EVALUATION_WINDOW),
    member("WarmUpConfiguration", WARM_UP),
    member("EvaluationCriteria", EVALUATION_CRITERIA),
    member("EvaluationInterval", integer(10, 3600)),
    ACTION_CONFIGURATION,
]);

pub(crate) fn put_metric_alarm(request: &Request<'_>) -> Result<Structure, Failure> {
    threshold::check(request.input).map_err(|problem| request.protocol.invalid(problem))?;
    // What nobody has measured is missing; what a query does not return is fine.
    let first_state = match request.input.get("EvaluationCriteria") {
        Some(_) => "OK",
        None => "INSUFFICIENT_DATA",
    };
    let others = &composite_alarm::COMPOSITE_ALARMS;
    put(request, &METRIC_ALARMS, others, first_state)
}
