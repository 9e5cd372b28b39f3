//! Validation of `PutMetricAlarm` beyond the shape of its input.

use serde_json::Value;

const HOUR: i64 = 3600;
const DAY: i64 = 86_400;
const WEEK: i64 = 7 * DAY;

/// Comparisons with the band of an anomaly detection model.
const WITH_BAND: &[&str] = &[
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
];

/// Members of an alarm on one metric that no other alarm may have.
const OF_ONE_METRIC: &[&str] = &[
    "MetricName",
    "Namespace",
    "Statistic",
    "ExtendedStatistic",
    "Dimensions",
    "Period",
    "Unit",
];

/// Members that a query makes superfluous.
const NOT_WITH_A_QUERY: &[&str] = &[
    "Threshold",
    "ComparisonOperator",
    "ThresholdMetricId",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "EvaluationWindow",
];

/// An alarm that is to be put. A list that is present and empty is as good as absent.
struct Alarm<'a>(&'a Value);

impl<'a> Alarm<'a> {
    fn get(&self, member: &str) -> Option<&'a Value> {
        let value = self.0.get(member)?;
        let is_empty = value.as_array().is_some_and(Vec::is_empty);
        (!is_empty).then_some(value)
    }

    fn has(&self, member: &str) -> bool {
        self.get(member).is_some()
    }

    fn text(&self, member: &str) -> Option<&'a str> {
        self.get(member).and_then(Value::as_str)
    }

    fn integer(&self, member: &str) -> Option<i64> {
        self.get(member).and_then(Value::as_i64)
    }

    fn needs(&self, members: &[&str]) -> Result<(), String> {
        match members.iter().find(|member| !self.has(member)) {
            Some(missing) => Err(format!("{missing} is required for this alarm")),
            None => Ok(()),
        }
    }

    fn excludes(&self, members: &[&str]) -> Result<(), String> {
        match members.iter().find(|member| self.has(member)) {
            Some(present) => Err(format!("{present} must not be specified for this alarm")),
            None => Ok(()),
        }
    }
}

/// Validates the alarm in a request.
pub(super) fn check(input: &Value) -> Result<(), String> {
    let alarm = Alarm(input);
    match (
        alarm.get("MetricName"),
        alarm.get("Metrics").and_then(Value::as_array),
        alarm.get("EvaluationCriteria"),
    ) {
        (Some(_), None, None) => one_metric(&alarm)?,
        (None, Some(lines), None) => metric_math(&alarm, lines)?,
        (None, None, Some(criteria)) => return query(&alarm, criteria),
        _ => {
            return Err(
                "Exactly one of MetricName, Metrics and EvaluationCriteria must be specified"
                    .to_owned(),
            );
        }
    }
    alarm.excludes(&["EvaluationInterval"])?;
    alarm.needs(&["EvaluationPeriods", "ComparisonOperator"])?;
    periods(&alarm)?;
    threshold(&alarm)?;
    words(&alarm)
}

fn one_metric(alarm: &Alarm<'_>) -> Result<(), String> {
    alarm.needs(&["Namespace", "Period"])?;
    if alarm.has("Statistic") == alarm.has("ExtendedStatistic") {
        return Err("Exactly one of Statistic and ExtendedStatistic must be specified".to_owned());
    }
    if let Some(statistic) = alarm.text("ExtendedStatistic").filter(|s| !is_extended(s)) {
        return Err(format!(
            "The value {statistic} for ExtendedStatistic is not supported"
        ));
    }
    let period = alarm.integer("Period").unwrap_or_default();
    if ![10, 20, 30].contains(&period) && period % 60 != 0 {
        return Err("Period must be 10, 20, 30 or a multiple of 60".to_owned());
    }
    Ok(())
}

/// Returns true if a text is a percentile, a trimmed statistic or one over a range: `p99.9`,
/// `tm90`, `IQM`, `PR(1:10)`, `TC(10%:90%)`.
fn is_extended(text: &str) -> bool {
    let is_number = |text: &str| text.parse::<f64>().is_ok_and(|number| number >= 0.0);
    let is_share = |text: &str| is_number(text) && text.parse::<f64>().is_ok_and(|n| n <= 100.0);
    let is_bound = |text: &str| text.is_empty() || is_number(text.trim_end_matches('%'));
    let share = ["p", "tm", "tc", "ts", "wm"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix));
    let range = ["PR(", "TM(", "TC(", "TS(", "WM("]
        .iter()
        .find_map(|prefix| {
            text.strip_prefix(prefix)?
                .strip_suffix(')')?
                .split_once(':')
        });
    text == "IQM"
        || share.is_some_and(is_share)
        || range
            .is_some_and(|(low, high)| is_bound(low) && is_bound(high) && (low, high) != ("", ""))
}

fn metric_math(alarm: &Alarm<'_>, lines: &[Value]) -> Result<(), String> {
    alarm.excludes(OF_ONE_METRIC)?;
    let id = |line: &Value| line.get("Id").and_then(Value::as_str).map(str::to_owned);
    let ids: Vec<_> = lines.iter().filter_map(id).collect();
    for (index, (line, id)) in lines.iter().zip(&ids).enumerate() {
        let starts_right = id.starts_with(|c: char| c.is_ascii_lowercase());
        let goes_on_right = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !starts_right || !goes_on_right || ids.iter().take(index).any(|other| other == id) {
            return Err(format!("The Id {id} is not unique or not valid"));
        }
        let stat = line.get("MetricStat");
        if stat.is_some() == line.get("Expression").is_some() {
            return Err(format!(
                "Exactly one of Expression and MetricStat must be in {id}"
            ));
        }
        let period = stat
            .and_then(|stat| stat.get("Period"))
            .and_then(Value::as_i64);
        if let Some(period) = period
            && ![1, 5, 10, 20, 30].contains(&period)
            && period % 60 != 0
        {
            return Err(format!(
                "The Period of {id} must be 1, 5, 10, 20, 30 or a multiple of 60"
            ));
        }
    }
    // The default of ReturnData is true.
    let is_returned = |line: &&Value| line.get("ReturnData") != Some(&Value::Bool(false));
    let returned = lines.iter().filter(is_returned).count();
    let band = alarm.text("ThresholdMetricId");
    if let Some(band) = band.filter(|band| !ids.iter().any(|id| id == band)) {
        return Err(format!("The ThresholdMetricId {band} is no Id in Metrics"));
    }
    match (returned, band) {
        (1, _) | (2, Some(_)) => Ok(()),
        _ => Err("Exactly one element of the metrics list should return data".to_owned()),
    }
}

fn query(alarm: &Alarm<'_>, criteria: &Value) -> Result<(), String> {
    if criteria.get("PromQLCriteria").is_none() {
        return Err("EvaluationCriteria must have PromQLCriteria".to_owned());
    }
    alarm.excludes(OF_ONE_METRIC)?;
    alarm.excludes(NOT_WITH_A_QUERY)?;
    let interval = alarm.integer("EvaluationInterval");
    if !interval.is_some_and(|s| [10, 20, 30].contains(&s) || s % 60 == 0) {
        return Err("EvaluationInterval must be 10, 20, 30 or a multiple of 60".to_owned());
    }
    words(alarm)
}

fn periods(alarm: &Alarm<'_>) -> Result<(), String> {
    let count = alarm.integer("EvaluationPeriods").unwrap_or_default();
    if alarm
        .integer("DatapointsToAlarm")
        .is_some_and(|datapoints| datapoints > count)
    {
        return Err("DatapointsToAlarm must not be more than EvaluationPeriods".to_owned());
    }
    let lines = alarm.get("Metrics").and_then(Value::as_array);
    let of_lines = lines
        .into_iter()
        .flatten()
        .filter_map(|line| line.pointer("/MetricStat/Period").and_then(Value::as_i64));
    let period = alarm.integer("Period").or_else(|| of_lines.max());
    let most = |period: i64| if period < HOUR { DAY } else { WEEK };
    match period {
        Some(period) if period.saturating_mul(count) > most(period) => Err(format!(
            "Metrics cannot be checked across more than {} seconds (EvaluationPeriods * Period)",
            most(period)
        )),
        _ => Ok(()),
    }
}

fn threshold(alarm: &Alarm<'_>) -> Result<(), String> {
    let comparison = alarm.text("ComparisonOperator").unwrap_or_default();
    let with_band = alarm.has("ThresholdMetricId");
    if with_band == alarm.has("Threshold") {
        return Err("Exactly one of Threshold and ThresholdMetricId must be specified".to_owned());
    }
    if with_band != WITH_BAND.contains(&comparison) {
        return Err(format!(
            "{comparison} does not go with this kind of threshold"
        ));
    }
    Ok(())
}

/// The members that are words, though the model calls them text.
fn words(alarm: &Alarm<'_>) -> Result<(), String> {
    for (member, allowed) in [
        (
            "TreatMissingData",
            ["breaching", "notBreaching", "ignore", "missing"].as_slice(),
        ),
        (
            "EvaluateLowSampleCountPercentile",
            ["evaluate", "ignore"].as_slice(),
        ),
    ] {
        if let Some(value) = alarm.text(member).filter(|value| !allowed.contains(value)) {
            return Err(format!("The value {value} is not supported for {member}"));
        }
    }
    Ok(())
}
