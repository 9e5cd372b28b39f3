//! Metrics of queues, which SQS publishes once a minute; here, whenever metrics are read.

use std::collections::BTreeMap;

use super::messages::QueuedMessage;
use super::queues::attribute;
use crate::Timestamp;
use crate::cloudwatch::{MetricName, Sample};
use crate::world::World;

/// After so many receipts a message that nobody deleted counts no more for the age of the
/// oldest (`sqs-age-poison`).
const POISON_AFTER: u32 = 3;

/// Publishes what the queues of an account in a Region hold now.
pub(crate) fn publish_gauges(world: &World, account: &str, region: &str, now: Timestamp) {
    let queues = world.account(account).map(|account| account.queues);
    for queue in queues
        .iter()
        .flatten()
        .filter(|queue| queue.region == region)
    {
        let messages = world
            .queues
            .messages_in(attribute(queue, "QueueArn").unwrap_or_default());
        let visible = |message: &&QueuedMessage| message.visible <= now;
        let visible = messages.iter().filter(visible).count();
        let hidden = messages.len() - visible;
        for (metric, value, unit) in [
            (
                "ApproximateAgeOfOldestMessage",
                age_of_oldest(&messages, now),
                "Seconds",
            ),
            (
                "ApproximateNumberOfMessagesVisible",
                count(visible),
                "Count",
            ),
            (
                "ApproximateNumberOfMessagesNotVisible",
                count(hidden),
                "Count",
            ),
        ] {
            let name = queue.text("QueueName").unwrap_or_default();
            let metric = MetricName {
                account: account.to_owned(),
                region: region.to_owned(),
                namespace: "AWS/SQS".to_owned(),
                name: metric.to_owned(),
                dimensions: BTreeMap::from([("QueueName".to_owned(), name.to_owned())]),
            };
            let sample = Sample {
                time: now,
                value,
                unit: unit.to_owned(),
            };
            world.metrics.publish(metric, sample);
        }
    }
}

fn count(messages: usize) -> f64 {
    u32::try_from(messages).map_or(f64::MAX, f64::from)
}

/// The age in seconds of the oldest message that is no poison; zero where there is none.
fn age_of_oldest(messages: &[QueuedMessage], now: Timestamp) -> f64 {
    let counted = messages
        .iter()
        .filter(|message| message.received < POISON_AFTER);
    let ages = counted.map(|message| now.since(message.sent).as_secs_f64());
    ages.fold(0.0, f64::max).floor()
}
