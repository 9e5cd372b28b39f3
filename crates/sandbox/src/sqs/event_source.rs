//! A queue as the event source of a function: what Lambda's pollers do.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::messages::{QueuedMessage, seconds};
use super::queues::attribute;
use crate::lambda::{Context, Function, FunctionError, count_invocation};
use crate::world::World;

/// Outcome of one batch.
#[derive(Clone, Debug)]
pub struct Poll {
    /// Number of messages in the batch.
    pub messages: usize,
    /// The messages that went back into the queue.
    pub returned: BTreeSet<String>,
    /// Failure of the invocation, after which all messages went back to the queue.
    pub error: Option<FunctionError>,
}

/// Polls every queue that was wired to a function until there is nothing to receive, and
/// says what came of each batch. Messages that came back wait for their time.
pub(crate) async fn poll_wired(world: &World) -> Vec<Poll> {
    let wires: Vec<_> = {
        let wires = world.functions.wires();
        let pollings = wires.pollings.iter();
        pollings
            .map(|(wire, polling)| (wire.clone(), polling.clone()))
            .collect()
    };
    let mut polls = Vec::new();
    for ((queue, arn), polling) in wires {
        let Some(registered) = world.functions.get(&arn) else {
            continue;
        };
        loop {
            let most = polling.batch_size;
            let (function, context) = registered.invocation(&arn);
            let reports = polling.reports_failed_items;
            let polled = poll(world, &queue, (most, reports), function, context).await;
            if polled.messages == 0 {
                break;
            }
            polls.push(polled);
        }
    }
    polls
}

/// Takes a batch from a queue, invokes a function with it, and deletes what the function
/// does not give back, if it reports that (`ReportBatchItemFailures`).
pub(crate) async fn poll(
    world: &World,
    queue: &str,
    (most, reports): (usize, bool),
    function: &dyn Function,
    context: Context,
) -> Poll {
    let hidden = visibility_timeout(world, queue).unwrap_or_default();
    let batch = world.queues.receive(queue, most, hidden, world.clock.now());
    let ids: BTreeSet<String> = batch.iter().map(|message| message.id.clone()).collect();
    if batch.is_empty() {
        return Poll {
            messages: 0,
            returned: ids,
            error: None,
        };
    }
    let arn = context.invoked_function_arn.clone();
    let records: Vec<Value> = batch.iter().map(|message| record(queue, message)).collect();
    let outcome = function
        .invoke(json!({ "Records": records }), context)
        .await;
    count_invocation(world, &arn, outcome.is_ok());
    let (returned, error) = match outcome {
        Ok(answer) if reports => (given_back(&answer, &ids), None),
        // What the function returns means nothing.
        Ok(_) => (BTreeSet::new(), None),
        Err(error) => (ids, Some(error)),
    };
    for message in batch.iter().filter(|one| !returned.contains(&one.id)) {
        let receipt = message.receipt.as_deref().unwrap_or_default();
        world.queues.delete(queue, receipt);
    }
    Poll {
        messages: batch.len(),
        returned,
        error,
    }
}

/// Returns how long a queue hides a message that is being worked on. None, if there is no such
/// queue.
pub(crate) fn visibility_timeout(world: &World, queue: &str) -> Option<Duration> {
    let account = world.account(queue.split(':').nth(4)?)?;
    let mut queues = account.queues.iter();
    let known = queues.find(|known| attribute(known, "QueueArn") == Some(queue))?;
    Some(seconds(known, "VisibilityTimeout"))
}

/// Returns the ids of the messages that an answer gives back. An answer that names a message
/// outside the batch, or is malformed, gives back all, as on AWS.
fn given_back(answer: &Value, ids: &BTreeSet<String>) -> BTreeSet<String> {
    let failures = answer.get("batchItemFailures");
    if failures.is_none_or(Value::is_null) {
        return BTreeSet::new();
    }
    let items = failures.and_then(Value::as_array).into_iter().flatten();
    let named: Option<BTreeSet<String>> = items
        .map(|item| {
            let id = item.get("itemIdentifier")?.as_str()?;
            ids.get(id).cloned()
        })
        .collect();
    named.unwrap_or_else(|| ids.clone())
}

fn record(queue: &str, message: &QueuedMessage) -> Value {
    let system: serde_json::Map<_, _> = message
        .system_attributes()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    json!({
        "messageId": message.id,
        "receiptHandle": message.receipt,
        "body": message.body,
        "attributes": system,
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": queue,
        "awsRegion": queue.split(':').nth(3),
    })
}
