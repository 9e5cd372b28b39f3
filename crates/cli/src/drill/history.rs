//! What CloudWatch keeps of what happened to an alarm.
//!
//! Assumed, because AWS documents it by example only: an item of the type `StateUpdate` has
//! `newState.stateValue` in its data, and the summary of one of the type `Action` begins with
//! "Successfully" and names the action.

use anyhow::anyhow;
use aws_sdk_cloudwatch::types::{AlarmHistoryItem, AlarmType, HistoryItemType};
use config_rule::{Account, Timestamp};
use serde_json::Value;

use super::chain::Chain;

/// Returns what happened to an alarm after some time, newest first.
pub(super) async fn history(
    account: &Account,
    alarm: &str,
    kind: HistoryItemType,
    after: Timestamp,
) -> anyhow::Result<Vec<AlarmHistoryItem>> {
    let answer = alarms::cloudwatch(account)
        .describe_alarm_history()
        .alarm_name(alarm)
        .alarm_types(AlarmType::MetricAlarm)
        .alarm_types(AlarmType::CompositeAlarm)
        .history_item_type(kind)
        .send()
        .await
        .map_err(|error| {
            anyhow!(
                "cloudwatch:DescribeAlarmHistory: {}",
                config_rule::explain(&error)
            )
        })?;
    let mut items = answer.alarm_history_items.unwrap_or_default();
    items.retain(|item| time_of(item) > after);
    Ok(items)
}

/// Returns when it happened.
pub(super) fn time_of(item: &AlarmHistoryItem) -> Timestamp {
    item.timestamp()
        .map_or(Timestamp::UNIX_EPOCH, |time| Timestamp::from(*time))
}

fn data_of(item: &AlarmHistoryItem) -> Value {
    serde_json::from_str(item.history_data().unwrap_or_default()).unwrap_or_default()
}

/// Returns whether the alarm changed to `ALARM`.
pub(super) fn is_to_alarm(item: &AlarmHistoryItem) -> bool {
    let data = data_of(item);
    data.pointer("/newState/stateValue").and_then(Value::as_str) == Some("ALARM")
}

/// The action that reached its topic, or why it did not.
pub(super) async fn outcome_of_action(
    account: &Account,
    chain: &Chain,
    after: Timestamp,
) -> anyhow::Result<Option<Result<String, String>>> {
    let topic = chain.topic().map(|topic| topic.to_string());
    let action = topic
        .or_else(|| chain.acting.actions.first().cloned())
        .unwrap_or_default();
    let items = history(account, &chain.acting.name, HistoryItemType::Action, after).await?;
    let item = items.iter().find(|item| {
        item.history_summary()
            .is_some_and(|text| text.contains(&action))
    });
    Ok(item.map(|item| {
        let summary = item.history_summary().unwrap_or_default().to_owned();
        if summary.starts_with("Successfully") {
            return Ok(summary);
        }
        let data = data_of(item);
        let why = data
            .get("error")
            .and_then(Value::as_str)
            .unwrap_or("AWS does not say why");
        Err(format!("{summary}: {why}"))
    }))
}
