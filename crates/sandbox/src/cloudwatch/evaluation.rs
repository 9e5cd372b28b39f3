//! The state that an alarm's metric puts it in, at the sandbox's clock.
//!
//! An alarm is looked at whenever somebody asks `CloudWatch` about alarms, and when log
//! events arrive; not in between. One whose metric never had data stays in the state that
//! the organization file or `SetAlarmState` says.

use serde_json::Value;

use super::METRIC_ALARMS;
use super::metrics::{MetricName, by_period};
use super::state::{self, Change};
use crate::organization::Resource;
use crate::regional;
use crate::request::Request;
use crate::sqs::publish_gauges;
use crate::wire::Failure;

/// Number of periods beyond the evaluated ones that are searched for data.
const EXTRA_PERIODS: i64 = 2;

/// An alarm on one metric that can be evaluated here.
struct Watch<'a> {
    statistic: &'a str,
    period: i64,
    evaluated: i64,
    to_alarm: usize,
    threshold: f64,
    comparison: &'a str,
    missing: &'a str,
    unit: Option<&'a str>,
}

impl<'a> Watch<'a> {
    /// None for what is not evaluated here: metric math, percentiles, bands, queries,
    /// periods under a minute.
    fn on_metric(alarm: &'a Resource) -> Option<Self> {
        let integer = |member: &str| alarm.members.get(member).and_then(Value::as_i64);
        let evaluated = integer("EvaluationPeriods")?;
        let to_alarm = integer("DatapointsToAlarm").unwrap_or(evaluated);
        let watch = Self {
            statistic: alarm.text("Statistic")?,
            period: integer("Period").filter(|period| *period >= 60)? * 1000,
            evaluated,
            to_alarm: usize::try_from(to_alarm).ok()?,
            threshold: alarm.members.get("Threshold").and_then(Value::as_f64)?,
            comparison: alarm.text("ComparisonOperator")?,
            missing: alarm.text("TreatMissingData").unwrap_or("missing"),
            unit: alarm.text("Unit"),
        };
        watch.breaches(0.0).is_some().then_some(watch)
    }

    fn breaches(&self, value: f64) -> Option<bool> {
        Some(match self.comparison {
            "GreaterThanOrEqualToThreshold" => value >= self.threshold,
            "GreaterThanThreshold" => value > self.threshold,
            "LessThanThreshold" => value < self.threshold,
            "LessThanOrEqualToThreshold" => value <= self.threshold,
            _ => return None,
        })
    }

    /// The state by the data of the periods that are looked at, oldest first. None: as it
    /// was.
    fn state(&self, breaching: &[bool]) -> Option<&'static str> {
        let evaluated = usize::try_from(self.evaluated).unwrap_or(usize::MAX);
        let recent = breaching.iter().rev().take(evaluated);
        let found = recent.clone().filter(|breaches| **breaches).count();
        let absent = evaluated.saturating_sub(breaching.len());
        let assumed = match self.missing {
            "breaching" => absent,
            "ignore" if breaching.is_empty() => return None,
            "missing" if breaching.is_empty() => return Some("INSUFFICIENT_DATA"),
            _ => 0,
        };
        let is_alarmed = found.saturating_add(assumed) >= self.to_alarm;
        Some(if is_alarmed { "ALARM" } else { "OK" })
    }
}

fn metric_of(request: &Request<'_>, alarm: &Resource) -> Option<MetricName> {
    let dimensions = alarm.members.get("Dimensions").and_then(Value::as_array);
    let dimensions = dimensions.into_iter().flatten().filter_map(|dimension| {
        let text = |member: &str| dimension.get(member)?.as_str().map(str::to_owned);
        Some((text("Name")?, text("Value")?))
    });
    Some(MetricName {
        account: request.account().to_owned(),
        region: request.region.to_owned(),
        namespace: alarm.text("Namespace")?.to_owned(),
        name: alarm.text("MetricName")?.to_owned(),
        dimensions: dimensions.collect(),
    })
}

/// Refuses to publish to a metric that an alarm watches in a way that is not evaluated
/// here: its state would be made up.
pub(crate) fn check_evaluable(request: &Request<'_>, metric: &MetricName) -> Result<(), Failure> {
    for alarm in regional::resources(request, METRIC_ALARMS.of)? {
        let name = alarm.text("AlarmName").unwrap_or_default();
        let on_metric = metric_of(request, &alarm).as_ref() == Some(metric);
        let lines = alarm.members.get("Metrics").and_then(Value::as_array);
        let in_math = lines.into_iter().flatten().any(|line| {
            let text = |member: &str| {
                let member = line.pointer(&format!("/MetricStat/Metric/{member}"));
                member.and_then(Value::as_str)
            };
            text("MetricName") == Some(&metric.name) && text("Namespace") == Some(&metric.namespace)
        });
        if in_math || (on_metric && Watch::on_metric(&alarm).is_none()) {
            let what = format!("the evaluation of alarms like {name}");
            return Err(Failure::not_implemented(what));
        }
    }
    Ok(())
}

/// Puts the alarms of the Region into the states that their data say.
pub(crate) fn evaluate(request: &Request<'_>) -> Result<(), Failure> {
    publish_gauges(
        request.world,
        request.account(),
        request.region,
        request.now,
    );
    for alarm in regional::resources(request, METRIC_ALARMS.of)? {
        let (Some(metric), Some(watch)) = (metric_of(request, &alarm), Watch::on_metric(&alarm))
        else {
            continue;
        };
        let samples = request.world.metrics.samples(&metric);
        if samples.is_empty() {
            continue;
        }
        let now = request.now.millis();
        let latest = now.div_euclid(watch.period) * watch.period;
        let before = watch.evaluated.saturating_add(EXTRA_PERIODS - 1);
        let first = latest.saturating_sub(before.saturating_mul(watch.period));
        let periods = by_period(&samples, watch.period, watch.unit);
        let breaching: Vec<bool> = periods
            .range(first..=latest)
            .filter_map(|(_, datapoint)| watch.breaches(datapoint.statistic(watch.statistic)?))
            .collect();
        let Some(state) = watch.state(&breaching) else {
            continue;
        };
        if alarm.text("StateValue") != Some(state) {
            let reason = format!(
                "Threshold Crossed: {} of the last {} datapoints breached the threshold ({:?}).",
                breaching.iter().filter(|breaches| **breaches).count(),
                watch.evaluated,
                watch.threshold,
            );
            let name = alarm.text("AlarmName").unwrap_or_default();
            state::change(request, name, &Change::to(state, &reason))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn alarm(changes: Value) -> Resource {
        let mut alarm = json!({
            "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
        });
        if let (Some(alarm), Value::Object(changes)) = (alarm.as_object_mut(), changes) {
            alarm.extend(changes);
        }
        Resource::new("eu-west-1", alarm)
    }

    #[test]
    fn data_decides_and_what_is_missing_as_the_alarm_says() {
        for (changes, breaching, expected) in [
            (json!({}), vec![true], Some("ALARM")),
            (json!({}), vec![], Some("OK")),
            (json!({}), vec![true, false], Some("OK")),
            (
                json!({"TreatMissingData": "missing"}),
                vec![],
                Some("INSUFFICIENT_DATA"),
            ),
            (json!({"TreatMissingData": "ignore"}), vec![], None),
            (
                json!({"TreatMissingData": "breaching"}),
                vec![],
                Some("ALARM"),
            ),
            (json!({"EvaluationPeriods": 3}), vec![true], Some("OK")),
            (
                json!({"EvaluationPeriods": 3, "DatapointsToAlarm": 1}),
                vec![true],
                Some("ALARM"),
            ),
            (
                json!({"EvaluationPeriods": 2, "TreatMissingData": "breaching"}),
                vec![true],
                Some("ALARM"),
            ),
        ] {
            let alarm = alarm(changes.clone());
            let watch = Watch::on_metric(&alarm).expect("an alarm on one metric");
            assert_eq!(watch.state(&breaching), expected, "{changes} {breaching:?}");
        }
    }

    #[test]
    fn what_is_not_understood_is_not_evaluated() {
        for changes in [
            json!({"Statistic": null, "ExtendedStatistic": "p90"}),
            json!({"Period": 10}),
            json!({"ComparisonOperator": "GreaterThanUpperThreshold"}),
            json!({"Threshold": null}),
        ] {
            assert!(
                Watch::on_metric(&alarm(changes.clone())).is_none(),
                "{changes}"
            );
        }
    }
}
