//! The event with which a drill announces itself to root-activity.

use std::time::{Duration, SystemTime};

use anyhow::{Context, anyhow, bail};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use config_rule::{Arn, Timestamp};
use root_activity::{DRILL_SOURCE, Drill};

use super::Exercise;

/// The longest that root-activity believes an announcement.
const LONGEST: Duration = Duration::from_hours(1);

/// Puts the announcement on the bus, valid for so long from now.
pub(super) async fn announce(
    exercise: &Exercise,
    bus: &str,
    lasts: Duration,
) -> anyhow::Result<()> {
    let arn: Arn = bus.parse().with_context(|| format!("the bus {bus}"))?;
    // The account is what EventBridge writes on the envelope.
    let drill = Drill {
        id: exercise.id.clone(),
        account: exercise.account.identity().account().to_owned(),
        principal: exercise.principal.clone(),
        until: Timestamp::from(SystemTime::now() + lasts.min(LONGEST)),
    };
    let entry = PutEventsRequestEntry::builder()
        .source(DRILL_SOURCE)
        .detail_type("Drill")
        .detail(serde_json::to_string(&drill)?)
        .event_bus_name(bus)
        .build();
    let there = exercise.account.in_region(arn.region());
    let answer = aws_sdk_eventbridge::Client::new(there.sdk())
        .put_events()
        .entries(entry)
        .send()
        .await
        .map_err(|error| anyhow!("events:PutEvents: {}", config_rule::explain(&error)))?;
    let refused = answer.entries().iter().find_map(|entry| entry.error_code());
    if answer.failed_entry_count() > 0 {
        bail!(
            "events:PutEvents: {}",
            refused.unwrap_or("the bus refused the event")
        );
    }
    Ok(())
}
