//! What a topic tells a queue that is subscribed to it.

use anyhow::anyhow;
use config_rule::{Account, Arn, Timestamp};
use serde_json::Value;

use super::{Exercise, known};

/// The longest that SQS waits for a message, in seconds. Short, so that a link is not given
/// up much later than said.
const WAIT_SECONDS: i32 = 2;

/// Takes messages out of the queue: what was published, without SNS's notification around
/// it. What is no JSON is left out.
pub(super) async fn receive(exercise: &Exercise, queue: &str) -> anyhow::Result<Vec<Value>> {
    let sqs = aws_sdk_sqs::Client::new(exercise.account.sdk());
    let received = sqs
        .receive_message()
        .queue_url(queue)
        .max_number_of_messages(10)
        .wait_time_seconds(WAIT_SECONDS)
        .send()
        .await
        .map_err(|error| anyhow!("sqs:ReceiveMessage: {}", config_rule::explain(&error)))?;
    let mut published = Vec::new();
    for message in received.messages() {
        let delete = sqs.delete_message().queue_url(queue);
        delete
            .set_receipt_handle(message.receipt_handle.clone())
            .send()
            .await
            .map_err(|error| anyhow!("sqs:DeleteMessage: {}", config_rule::explain(&error)))?;
        let body = message.body().unwrap_or_default();
        let Ok(document) = serde_json::from_str::<Value>(body) else {
            continue;
        };
        let inner = document.get("Message").and_then(Value::as_str);
        published.extend(match inner {
            Some(inner) => serde_json::from_str(inner).ok(),
            None => Some(document),
        });
    }
    Ok(published)
}

/// Returns whether a message is that of an alarm's change to `ALARM` since some time.
pub(super) fn is_alarm(message: &Value, alarm: &str, since: Timestamp) -> bool {
    let text = |member| message.get(member).and_then(Value::as_str);
    let changed = text("StateChangeTime").unwrap_or_default();
    let changed = changed.replace("+0000", "Z").parse::<Timestamp>();
    text("AlarmName") == Some(alarm)
        && text("NewStateValue") == Some("ALARM")
        && changed.is_ok_and(|changed| changed >= since)
}

/// Returns who is subscribed to a topic and has confirmed it, by protocol.
pub(super) async fn confirmed(account: &Account, topic: &Arn) -> anyhow::Result<Vec<String>> {
    let subscriptions = known(alarms::Subscription::observe(account, topic).await?)?;
    let subscriptions = subscriptions.unwrap_or_default().into_iter();
    let confirmed = subscriptions.filter(|subscription| subscription.confirmed().is_some());
    Ok(confirmed
        .map(|subscription| subscription.protocol)
        .collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_this_alarms_new_change_to_alarm_counts() {
        let message = |name: &str, state: &str, time: &str| json!({"AlarmName": name, "NewStateValue": state, "StateChangeTime": time});
        let since: Timestamp = "2026-11-21T18:00:00Z".parse().unwrap();
        for (message, expected) in [
            (message("a", "ALARM", "2026-11-21T18:00:00.000+0000"), true),
            (message("a", "ALARM", "2026-11-21T18:00:01Z"), true),
            (message("a", "ALARM", "2026-11-21T17:59:59.999+0000"), false),
            (message("a", "OK", "2026-11-21T18:00:01Z"), false),
            (message("b", "ALARM", "2026-11-21T18:00:01Z"), false),
            (json!({"AlarmName": "a", "NewStateValue": "ALARM"}), false),
        ] {
            assert_eq!(is_alarm(&message, "a", since), expected, "{message}");
        }
    }
}
