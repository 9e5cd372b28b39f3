//! Metrics: the values that metric filters publish, the counts of services, and
//! `GetMetricStatistics`. Metrics of filters have no dimensions here.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::NAME;
use super::metric::{DIMENSIONS, NAMESPACE, POSITIVE, STATISTIC, UNIT};
use crate::Timestamp;
use crate::request::Request;
use crate::sqs::publish_gauges;
use crate::wire::{Failure, Output, Shape, Structure, list, member, required, text};

/// The unit of values that are published without one.
pub(crate) const NO_UNIT: &str = "None";

/// A metric of an account in a Region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MetricName {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) dimensions: BTreeMap<String, String>,
}

/// A value that was published.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) time: Timestamp,
    pub(crate) value: f64,
    pub(crate) unit: String,
}

/// Every value that was published.
#[derive(Debug, Default)]
pub(crate) struct Metrics(Mutex<BTreeMap<MetricName, Vec<Sample>>>);

impl Metrics {
    pub(crate) fn publish(&self, metric: MetricName, sample: Sample) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(metric).or_default().push(sample);
    }

    /// Counts something that a service did with the resource of an ARN.
    pub(crate) fn count(
        &self,
        now: Timestamp,
        arn: &str,
        [namespace, name]: [&str; 2],
        dimensions: &[(&str, &str)],
    ) {
        let part = |number| arn.split(':').nth(number).unwrap_or_default().to_owned();
        let dimensions = dimensions.iter();
        let metric = MetricName {
            account: part(4),
            region: part(3),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions: dimensions
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        };
        let sample = Sample {
            time: now,
            value: 1.0,
            unit: "Count".to_owned(),
        };
        self.publish(metric, sample);
    }

    /// The values of a metric; none, if nothing was ever published to it.
    pub(crate) fn samples(&self, metric: &MetricName) -> Vec<Sample> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(metric).cloned().unwrap_or_default()
    }
}

/// Statistics of the samples of one period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Datapoint {
    count: f64,
    sum: f64,
    minimum: f64,
    maximum: f64,
}

impl Datapoint {
    /// The value of a statistic, by its name.
    pub(super) fn statistic(&self, name: &str) -> Option<f64> {
        Some(match name {
            "SampleCount" => self.count,
            "Average" => self.sum / self.count,
            "Sum" => self.sum,
            "Minimum" => self.minimum,
            "Maximum" => self.maximum,
            _ => return None,
        })
    }

    fn with(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value;
        self.minimum = self.minimum.min(value);
        self.maximum = self.maximum.max(value);
    }
}

/// The periods of so many milliseconds that have data, by their start.
pub(super) fn by_period(
    samples: &[Sample],
    period: i64,
    unit: Option<&str>,
) -> BTreeMap<i64, Datapoint> {
    let mut periods = BTreeMap::new();
    let wanted = |sample: &&Sample| unit.is_none_or(|unit| unit == sample.unit);
    for sample in samples.iter().filter(wanted) {
        let start = sample.time.millis().div_euclid(period) * period;
        let empty = Datapoint {
            count: 0.0,
            sum: 0.0,
            minimum: f64::INFINITY,
            maximum: f64::NEG_INFINITY,
        };
        periods.entry(start).or_insert(empty).with(sample.value);
    }
    periods
}

pub(crate) const GET_METRIC_STATISTICS: Shape = Shape::Structure(&[
    required("Namespace", NAMESPACE),
    required("MetricName", NAME),
    member("Dimensions", DIMENSIONS),
    required("StartTime", Shape::Timestamp),
    required("EndTime", Shape::Timestamp),
    required("Period", POSITIVE),
    member("Statistics", list(&STATISTIC, 1, 5)),
    member("ExtendedStatistics", list(&text(0, usize::MAX), 1, 10)),
    member("Unit", UNIT),
]);

fn dimensions(request: &Request<'_>) -> BTreeMap<String, String> {
    let dimensions = request.list("Dimensions").iter();
    dimensions
        .filter_map(|dimension| {
            let text = |member: &str| dimension.get(member)?.as_str().map(str::to_owned);
            Some((text("Name")?, text("Value")?))
        })
        .collect()
}

pub(crate) fn get_metric_statistics(request: &Request<'_>) -> Result<Structure, Failure> {
    if !request.texts("ExtendedStatistics").is_empty() {
        return Err(Failure::not_implemented("percentiles of metrics"));
    }
    let statistics = request.texts("Statistics");
    if statistics.is_empty() {
        let message = "Statistics or ExtendedStatistics must be specified";
        return Err(request.protocol.invalid(message.to_owned()));
    }
    publish_gauges(
        request.world,
        request.account(),
        request.region,
        request.now,
    );
    let name = request.text("MetricName").unwrap_or_default();
    let metric = MetricName {
        account: request.account().to_owned(),
        region: request.region.to_owned(),
        namespace: request.text("Namespace").unwrap_or_default().to_owned(),
        name: name.to_owned(),
        dimensions: dimensions(request),
    };
    let samples = request.world.metrics.samples(&metric);
    let time = |member: &str| {
        let seconds = request
            .input
            .get(member)
            .and_then(serde_json::Value::as_f64);
        seconds.map_or(0, |seconds| Timestamp::from_epoch_seconds(seconds).millis())
    };
    let (start, end) = (time("StartTime"), time("EndTime"));
    let period = request.integer("Period").unwrap_or(60).saturating_mul(1000);
    let unit = request.text("Unit");
    let published_in = samples.first().map(|sample| sample.unit.as_str());
    let start = start.div_euclid(period) * period;
    let periods = by_period(&samples, period, unit);
    let datapoints = periods
        .into_iter()
        .filter(|(time, _)| (start..end).contains(time))
        .map(|(time, datapoint)| {
            let shown = Structure::new()
                .with("Timestamp", Output::Timestamp(Timestamp::from_millis(time)))
                .with("Unit", unit.or(published_in).unwrap_or(NO_UNIT));
            ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]
                .into_iter()
                .filter(|statistic| statistics.contains(statistic))
                .fold(shown, |shown, statistic| {
                    let value = datapoint.statistic(statistic).map(Output::Float);
                    shown.with_some(statistic, value)
                })
        });
    Ok(Structure::new()
        .with("Label", name)
        .with("Datapoints", datapoints.collect::<Vec<_>>()))
}
