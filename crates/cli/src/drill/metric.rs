//! What is in a metric.

use std::time::{Duration, SystemTime};

use anyhow::anyhow;
use aws_sdk_cloudwatch::types::{Datapoint, Dimension, Statistic};
use config_rule::{Account, Timestamp};

/// Clocks differ, and a minute that has begun counts.
const MARGIN: Duration = Duration::from_mins(2);

/// The sum of what was published since a time, whole minutes; 0 where there is no data.
pub(super) async fn sum(
    account: &Account,
    [namespace, name]: [&str; 2],
    dimensions: &[(&str, &str)],
    since: Timestamp,
) -> anyhow::Result<f64> {
    let dimension = |(name, value): &(&str, &str)| {
        let dimension = Dimension::builder().name(*name).value(*value);
        dimension.build()
    };
    let answer = alarms::cloudwatch(account)
        .get_metric_statistics()
        .namespace(namespace)
        .metric_name(name)
        .set_dimensions(Some(dimensions.iter().map(dimension).collect()))
        .start_time(since.into())
        .end_time((SystemTime::now() + MARGIN).into())
        .period(60)
        .statistics(Statistic::Sum)
        .send()
        .await
        .map_err(|error| {
            let why = config_rule::explain(&error);
            anyhow!("cloudwatch:GetMetricStatistics: {why}")
        })?;
    Ok(answer.datapoints().iter().filter_map(Datapoint::sum).sum())
}
