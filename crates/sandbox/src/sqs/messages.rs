//! Messages on their way through queues.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::queues::{QUEUE_URL, attribute, queue};
use crate::Timestamp;
use crate::organization::Resource;
use crate::request::Request;
use crate::wire::{Failure, Output, Shape, Structure, integer, list, member, required, text};
use crate::world::World;

const TEXT: Shape = text(0, usize::MAX);

/// The longest that SQS hides a message, in seconds.
const HOURS_12: i64 = 43200;

const ATTRIBUTE: Shape = Shape::Structure(&[
    member("StringValue", TEXT),
    member("BinaryValue", TEXT),
    member("StringListValues", list(&TEXT, 0, usize::MAX)),
    member("BinaryListValues", list(&TEXT, 0, usize::MAX)),
    required("DataType", TEXT),
]);

pub(crate) const SEND_MESSAGE: Shape = Shape::Structure(&[
    QUEUE_URL,
    required("MessageBody", TEXT),
    member("DelaySeconds", integer(0, 900)),
    member("MessageAttributes", Shape::Map(&ATTRIBUTE)),
    member("MessageSystemAttributes", Shape::Map(&ATTRIBUTE)),
    member("MessageDeduplicationId", TEXT),
    member("MessageGroupId", TEXT),
]);

const NAMES: Shape = list(&TEXT, 0, usize::MAX);

pub(crate) const RECEIVE_MESSAGE: Shape = Shape::Structure(&[
    QUEUE_URL,
    member("AttributeNames", NAMES),
    member("MessageSystemAttributeNames", NAMES),
    member("MessageAttributeNames", NAMES),
    member("MaxNumberOfMessages", integer(1, 10)),
    member("VisibilityTimeout", integer(0, HOURS_12)),
    member("WaitTimeSeconds", integer(0, 20)),
    member("ReceiveRequestAttemptId", TEXT),
]);

pub(crate) const DELETE_MESSAGE: Shape =
    Shape::Structure(&[QUEUE_URL, required("ReceiptHandle", TEXT)]);

pub(crate) const CHANGE_VISIBILITY_BATCH: Shape = Shape::Structure(&[
    QUEUE_URL,
    required(
        "Entries",
        list(
            &Shape::Structure(&[
                required("Id", TEXT),
                required("ReceiptHandle", TEXT),
                member("VisibilityTimeout", integer(0, HOURS_12)),
            ]),
            0,
            10,
        ),
    ),
]);

/// A message in a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct QueuedMessage {
    /// Its id.
    pub id: String,
    /// Body of the message.
    pub body: String,
    /// Its attributes that are texts, by name.
    pub attributes: BTreeMap<String, String>,
    /// Time at which it was sent.
    pub sent: Timestamp,
    /// Time from which it can be received.
    pub visible: Timestamp,
    /// Number of times it was received.
    pub received: u32,
    /// The handle of the last receipt.
    pub(crate) receipt: Option<String>,
    /// The attributes as they were given.
    given: Map<String, Value>,
}

/// The messages of all queues, by the ARNs of these.
#[derive(Debug, Default)]
pub(crate) struct Queues(Mutex<BTreeMap<String, Vec<QueuedMessage>>>);

impl Queues {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<QueuedMessage>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The messages in a queue.
    pub(crate) fn messages_in(&self, arn: &str) -> Vec<QueuedMessage> {
        self.lock().get(arn).cloned().unwrap_or_default()
    }

    pub(crate) fn send(
        &self,
        arn: &str,
        body: &str,
        given: Map<String, Value>,
        (sent, visible): (Timestamp, Timestamp),
    ) -> String {
        let id = Uuid::new_v4().to_string();
        let texts = given.iter().filter_map(|(name, attribute)| {
            let value = attribute.get("StringValue")?.as_str()?;
            Some((name.clone(), value.to_owned()))
        });
        let message = QueuedMessage {
            id: id.clone(),
            body: body.to_owned(),
            attributes: texts.collect(),
            sent,
            visible,
            received: 0,
            receipt: None,
            given,
        };
        self.lock().entry(arn.to_owned()).or_default().push(message);
        id
    }

    /// Receives what is visible, and hides it.
    pub(crate) fn receive(
        &self,
        arn: &str,
        most: usize,
        hidden: Duration,
        now: Timestamp,
    ) -> Vec<QueuedMessage> {
        let mut queues = self.lock();
        let messages = queues.entry(arn.to_owned()).or_default().iter_mut();
        let visible = messages.filter(|message| message.visible <= now).take(most);
        visible
            .map(|message| {
                message.visible = now.plus(hidden);
                message.received += 1;
                message.receipt = Some(Uuid::new_v4().to_string());
                message.clone()
            })
            .collect()
    }

    /// Deletes the message with a receipt handle. Whether there is one.
    pub(crate) fn delete(&self, arn: &str, receipt: &str) -> bool {
        let mut queues = self.lock();
        let messages = queues.entry(arn.to_owned()).or_default();
        let before = messages.len();
        messages.retain(|message| message.receipt.as_deref() != Some(receipt));
        messages.len() < before
    }

    /// Hides a message from now on. Whether it is one that somebody works on.
    fn hide(&self, arn: &str, receipt: &str, hidden: Duration, now: Timestamp) -> bool {
        let mut queues = self.lock();
        let mut messages = queues.entry(arn.to_owned()).or_default().iter_mut();
        let message = messages
            .find(|message| message.receipt.as_deref() == Some(receipt) && message.visible > now);
        message.is_some_and(|message| {
            message.visible = now.plus(hidden);
            true
        })
    }
}

/// Returns a duration attribute of a queue, which is in seconds.
pub(super) fn seconds(queue: &Resource, name: &str) -> Duration {
    let seconds = attribute(queue, name).and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(0))
}

fn asked(request: &Request<'_>, member: &str) -> Option<Duration> {
    let seconds = request.integer(member)?;
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

/// Puts a message into a queue, as a service does that may.
pub(crate) fn deliver(world: &World, arn: &str, body: &str, now: Timestamp) {
    world.queues.send(arn, body, Map::new(), (now, now));
    let name = arn.rsplit(':').next().unwrap_or_default();
    let sent = ["AWS/SQS", "NumberOfMessagesSent"];
    world.metrics.count(now, arn, sent, &[("QueueName", name)]);
}

pub(crate) fn send_message(request: &Request<'_>) -> Result<Structure, Failure> {
    let queue = queue(request)?;
    let body = request.text("MessageBody").unwrap_or_default();
    if body.is_empty() {
        return Err(invalid(
            "MissingRequiredParameterException",
            "The request must contain the parameter MessageBody.",
        ));
    }
    if request.text("MessageGroupId").is_some() || request.text("MessageDeduplicationId").is_some()
    {
        return Err(Failure::not_implemented(
            "groups of messages in sqs:SendMessage",
        ));
    }
    let given = request
        .input
        .get("MessageAttributes")
        .and_then(Value::as_object);
    let given = given.cloned().unwrap_or_default();
    let is_empty = |value: &Value| {
        ["StringValue", "BinaryValue"].iter().all(|kind| {
            value
                .get(kind)
                .and_then(Value::as_str)
                .is_none_or(str::is_empty)
        })
    };
    if let Some((name, _)) = given.iter().find(|(_, value)| is_empty(value)) {
        return Err(invalid(
            "InvalidParameterValueException",
            format!("The message attribute '{name}' must contain a non-empty value."),
        ));
    }
    let delay = asked(request, "DelaySeconds").unwrap_or_else(|| seconds(&queue, "DelaySeconds"));
    let times = (request.now, request.now.plus(delay));
    let arn = attribute(&queue, "QueueArn").unwrap_or_default();
    let id = request.world.queues.send(arn, body, given, times);
    Ok(Structure::new().with("MessageId", id))
}

pub(crate) fn receive_message(request: &Request<'_>) -> Result<Structure, Failure> {
    let queue = queue(request)?;
    let hidden = asked(request, "VisibilityTimeout");
    let hidden = hidden.unwrap_or_else(|| seconds(&queue, "VisibilityTimeout"));
    let most = request.size("MaxNumberOfMessages").unwrap_or(1);
    let arn = attribute(&queue, "QueueArn").unwrap_or_default();
    let received = request.world.queues.receive(arn, most, hidden, request.now);
    if received.is_empty() {
        return Ok(Structure::new());
    }
    let mut system = request.texts("MessageSystemAttributeNames");
    system.extend(request.texts("AttributeNames"));
    let names = request.texts("MessageAttributeNames");
    let messages = received.iter().map(|message| {
        let known = message.system_attributes().into_iter();
        let known = known.filter(|(name, _)| system.contains(name) || system.contains(&"All"));
        let known = known.map(|(name, value)| (name.to_owned(), Output::from(value)));
        let given = message.given.iter().filter_map(|(name, value)| {
            let wanted = names.contains(&name.as_str()) || names.contains(&"All");
            wanted.then(|| Some((name.clone(), ATTRIBUTE.output(value)?)))?
        });
        let structure = Structure::new()
            .with("MessageId", &message.id)
            .with_some("ReceiptHandle", message.receipt.as_deref())
            .with("Body", &message.body);
        let structure = with_map(structure, "Attributes", known.collect());
        with_map(structure, "MessageAttributes", given.collect())
    });
    Ok(Structure::new().with("Messages", messages.collect::<Vec<_>>()))
}

impl QueuedMessage {
    /// Returns the system attributes of the message.
    pub(crate) fn system_attributes(&self) -> [(&'static str, String); 3] {
        [
            ("ApproximateReceiveCount", self.received.to_string()),
            ("SenderId", "AIDASANDBOX".to_owned()),
            ("SentTimestamp", self.sent.millis().to_string()),
        ]
    }
}

fn with_map(structure: Structure, name: &'static str, map: BTreeMap<String, Output>) -> Structure {
    let map = (!map.is_empty()).then_some(Output::Map(map));
    structure.with_some(name, map)
}

pub(crate) fn delete_message(request: &Request<'_>) -> Result<Structure, Failure> {
    let queue = queue(request)?;
    let receipt = request.text("ReceiptHandle").unwrap_or_default();
    let arn = attribute(&queue, "QueueArn").unwrap_or_default();
    if request.world.queues.delete(arn, receipt) {
        Ok(Structure::new())
    } else {
        Err(invalid_receipt())
    }
}

pub(crate) fn change_message_visibility_batch(request: &Request<'_>) -> Result<Structure, Failure> {
    let queue = queue(request)?;
    let entries = request.list("Entries");
    if entries.is_empty() {
        return Err(invalid(
            "EmptyBatchRequest",
            "There should be at least one ChangeMessageVisibilityBatchRequestEntry in the request.",
        ));
    }
    let arn = attribute(&queue, "QueueArn").unwrap_or_default();
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        let text = |member: &str| {
            entry
                .get(member)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let hidden = entry.get("VisibilityTimeout").and_then(Value::as_u64);
        let hidden = Duration::from_secs(hidden.unwrap_or(0));
        let queues = &request.world.queues;
        let result = Structure::new().with("Id", text("Id"));
        if queues.hide(arn, text("ReceiptHandle"), hidden, request.now) {
            successful.push(result);
        } else {
            let failure = invalid_receipt();
            let result = result.with("SenderFault", true);
            failed.push(
                result
                    .with("Code", failure.code.as_ref())
                    .with("Message", failure.message),
            );
        }
    }
    Ok(Structure::new()
        .with("Successful", successful)
        .with("Failed", failed))
}

fn invalid_receipt() -> Failure {
    invalid(
        "ReceiptHandleIsInvalid",
        "The input receipt handle is invalid.",
    )
}

fn invalid(code: &'static str, message: impl Into<String>) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, code, message)
}
