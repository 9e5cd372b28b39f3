//! The drill of the path in real time: a marked event on the bus of root-activity, and the
//! message about it.

use std::time::Duration;

use serde_json::Value;

use super::receipt::Receipt;
use super::{Exercise, announcement, metric, notification, until};

/// A link between bus and queue, and the metric in which AWS counts what goes through it.
/// The names are those of infra/activity-hub.yaml.
struct Link {
    name: &'static str,
    namespace: &'static str,
    metric: &'static str,
    dimensions: &'static [(&'static str, &'static str)],
    /// Meaning of nothing having gone through.
    broken: &'static str,
}

const LINKS: &[Link] = &[
    Link {
        name: "rule",
        namespace: "AWS/Events",
        metric: "Invocations",
        dimensions: &[
            ("EventBusName", "rootguard-activity"),
            ("RuleName", "rootguard-arrivals"),
        ],
        broken: "the bus took the event and the rule rootguard-arrivals did not: it is missing or \
                 switched off, or its pattern is not that of the template",
    },
    Link {
        name: "queue",
        namespace: "AWS/SQS",
        metric: "NumberOfMessagesSent",
        dimensions: &[("QueueName", "rootguard-activity")],
        broken: "the rule gave the event to the queue rootguard-activity, which did not take it: \
                 look at its policy and its key",
    },
    Link {
        name: "function",
        namespace: "AWS/Lambda",
        metric: "Invocations",
        dimensions: &[("FunctionName", "root-activity")],
        broken: "nobody works on the queue rootguard-activity: look at the event source mapping \
                 and the concurrency of the function root-activity",
    },
    Link {
        name: "topic",
        namespace: "AWS/SNS",
        metric: "NumberOfMessagesPublished",
        dimensions: &[("TopicName", "rootguard-activity")],
        broken: "the function root-activity ran and published nothing: look at its log group, its \
                 dead letters, its role and the topic's policy and key",
    },
];

/// Returns what would be done.
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
        Ok(None) => name_broken(exercise, bus, receipt).await,
        Err(error) => receipt.unseen("notification", format!("{error:#}")),
    }
    Ok(())
}

/// Finds the link that nothing went through since the drill began. Traffic of others counts:
/// a link that carries it is not the broken one.
async fn name_broken(exercise: &Exercise, bus: &str, receipt: &mut Receipt) {
    // Metrics are in the account and Region of the bus, which need not be the drill's.
    let here = exercise.account.identity();
    let elsewhere = [(3, here.region()), (4, here.account())]
        .iter()
        .any(|(part, own)| bus.split(':').nth(*part) != Some(own));
    if elsewhere {
        return receipt.broken(
            "notification",
            "the bus took the event and nobody was told; hold the drill in the account and Region \
             of the bus to see which link is broken",
        );
    }
    for link in LINKS {
        let passed = until(exercise.timeout, async || {
            let metric = [link.namespace, link.metric];
            let Exercise {
                account, started, ..
            } = exercise;
            let passed = metric::sum(account, metric, link.dimensions, *started).await?;
            Ok((passed > 0.0).then_some(()))
        });
        match passed.await {
            Ok(Some(())) => {
                let metric = format!("{}/{}", link.namespace, link.metric);
                receipt.works(link.name, metric);
            }
            Ok(None) => return receipt.broken(link.name, link.broken),
            Err(error) => receipt.unseen(link.name, format!("{error:#}")),
        }
    }
    receipt.broken(
        "notification",
        "the topic was told and this queue was not: is it subscribed, without a filter policy, and \
         does its policy let the topic in?",
    );
}
