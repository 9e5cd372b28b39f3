//! The drill of the path in real time: a marked event on the bus of root-activity, and the
//! message about it.

use std::time::Duration;

use serde_json::Value;

use super::receipt::Receipt;
use super::{Exercise, announcement, notification, until};

/// What would be done.
pub(super) fn plan(exercise: &Exercise, bus: &str) -> String {
    format!(
        "{} puts an event that announces it on {bus}. Whoever is told of root activity is \
         told of a drill.",
        exercise.id
    )
}

/// Announces the drill, and waits until people would know of it.
pub(super) async fn follow(
    exercise: &Exercise,
    bus: &str,
    receipt: &mut Receipt,
) -> anyhow::Result<()> {
    // Nothing else is done in its name.
    let lasts = exercise.timeout.max(Duration::from_mins(1));
    if let Err(error) = announcement::announce(exercise, bus, lasts).await {
        receipt.broken("bus", format!("{error:#}"));
        return Ok(());
    }
    receipt.works("bus", bus);
    let Some(queue) = &exercise.queue_url else {
        receipt.unseen("notification", "no queue was named");
        return Ok(());
    };
    let told = until(exercise.timeout, async || {
        let notices = notification::receive(exercise, queue).await?;
        let is_this = |notice: &Value| {
            let text = |member| notice.get(member).and_then(Value::as_str);
            text("kind") == Some("drill") && text("drill") == Some(&exercise.id)
        };
        Ok(notices.into_iter().find(is_this))
    });
    match told.await {
        Ok(Some(notice)) => {
            let subject = notice.get("subject").and_then(Value::as_str);
            receipt.works("notification", subject.unwrap_or_default());
        }
        Ok(None) => receipt.broken(
            "notification",
            "the bus took the event and nobody was told: look at the rule rootguard-arrivals, the \
             queue rootguard-activity and the one for dead letters, the function root-activity, \
             its topic, and whether this queue is subscribed",
        ),
        Err(error) => receipt.unseen("notification", format!("{error:#}")),
    }
    Ok(())
}
