//! Messages to topics: kept for whoever asks the sandbox, and delivered to queues.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::subscriptions::State;
use super::{TEXT, attribute, find_topic, invalid, not_found, topic};
use crate::Timestamp;
use crate::organization::{Account, Resource};
use crate::request::Request;
use crate::sqs;
use crate::wire::{Failure, Shape, Structure, member, required};

/// The most bytes of a message.
const MOST_BYTES: usize = 262_144;

const ATTRIBUTE: Shape = Shape::Structure(&[
    required("DataType", TEXT),
    member("StringValue", TEXT),
    member("BinaryValue", TEXT),
]);

pub(crate) const PUBLISH: Shape = Shape::Structure(&[
    member("TopicArn", TEXT),
    member("TargetArn", TEXT),
    member("PhoneNumber", TEXT),
    required("Message", TEXT),
    member("Subject", TEXT),
    member("MessageStructure", TEXT),
    member("MessageAttributes", Shape::Map(&ATTRIBUTE)),
    member("MessageDeduplicationId", TEXT),
    member("MessageGroupId", TEXT),
]);

/// A message that somebody published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The topic.
    pub topic_arn: String,
    /// Time.
    pub time: Timestamp,
    /// Its subject.
    pub subject: Option<String>,
    /// Texts of the message by protocol; under `default` the text for all others.
    pub messages: BTreeMap<String, String>,
    /// Its attributes that are texts.
    pub attributes: BTreeMap<String, String>,
}

/// Every message that was published.
#[derive(Debug, Default)]
pub(crate) struct Publications(Mutex<Vec<Published>>);

impl Publications {
    pub(crate) fn record(&self, published: Published) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(published);
    }

    pub(crate) fn take(&self) -> Vec<Published> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(crate) fn publish(request: &Request<'_>) -> Result<Structure, Failure> {
    for other in ["TargetArn", "PhoneNumber"] {
        if request.text(other).is_some_and(|value| !value.is_empty()) {
            return Err(Failure::not_implemented(format!("{other} of sns:Publish")));
        }
    }
    let (account, topic) = topic(request)?;
    check_group(request, &topic)?;
    check_size(request)?;
    let subject = request.text("Subject");
    if subject.is_some_and(|subject| !is_subject(subject)) {
        return Err(invalid("Subject"));
    }
    let published = Published {
        topic_arn: topic.text("TopicArn").unwrap_or_default().to_owned(),
        time: request.now,
        subject: subject.map(str::to_owned),
        messages: messages(request)?,
        attributes: attributes(request)?,
    };
    deliver(request, &account, &published)?;
    record(request, published);
    Ok(Structure::new().with("MessageId", Uuid::new_v4().to_string()))
}

fn record(request: &Request<'_>, published: Published) {
    let arn = &published.topic_arn;
    let name = arn.rsplit(':').next().unwrap_or_default();
    let metric = ["AWS/SNS", "NumberOfMessagesPublished"];
    let metrics = &request.world.metrics;
    metrics.count(request.now, arn, metric, &[("TopicName", name)]);
    request.world.publications.record(published);
}

/// 1 to 100 printable characters, none of them a line break.
fn is_subject(subject: &str) -> bool {
    (1..=100).contains(&subject.len()) && subject.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Refuses a message that is too large: the text, with those of all protocols, and its
/// attributes count together, in bytes (`sns-message-size`).
fn check_size(request: &Request<'_>) -> Result<(), Failure> {
    let attributes = request.input.get("MessageAttributes");
    let attributes = attributes.and_then(Value::as_object).into_iter().flatten();
    let attributes = attributes.map(|(name, attribute)| {
        let members = attribute.as_object().into_iter().flatten();
        let texts = members.filter_map(|(_, text)| text.as_str());
        name.len() + texts.map(str::len).sum::<usize>()
    });
    let message = request.text("Message").unwrap_or_default();
    if message.len() + attributes.sum::<usize>() > MOST_BYTES {
        return Err(invalid("Message too long"));
    }
    Ok(())
}

/// Holds a message to the kind of its topic: those of a FIFO topic have a group and are told
/// apart, others have neither (`sns-fifo`).
fn check_group(request: &Request<'_>, topic: &Resource) -> Result<(), Failure> {
    let has = |member: &str| request.text(member).is_some_and(|text| !text.is_empty());
    if attribute(topic, "FifoTopic") != Some("true") {
        return if has("MessageDeduplicationId") {
            Err(invalid(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId \
                 parameter that is not valid for this topic type",
            ))
        } else {
            Ok(())
        };
    }
    if !has("MessageGroupId") {
        return Err(invalid(
            "The MessageGroupId parameter is required for FIFO topics",
        ));
    }
    let by_content = attribute(topic, "ContentBasedDeduplication") == Some("true");
    if !by_content && !has("MessageDeduplicationId") {
        return Err(invalid(
            "The topic should either have ContentBasedDeduplication enabled or \
             MessageDeduplicationId provided explicitly",
        ));
    }
    Ok(())
}

/// Returns the texts of a message by protocol.
fn messages(request: &Request<'_>) -> Result<BTreeMap<String, String>, Failure> {
    let message = request.text("Message").unwrap_or_default();
    if message.is_empty() {
        return Err(invalid("Empty message"));
    }
    match request.text("MessageStructure") {
        Some("json") => {
            let by_protocol: Map<String, Value> = serde_json::from_str(message)
                .map_err(|_| invalid("Message Structure - JSON message body failed to parse"))?;
            let by_protocol: BTreeMap<String, String> = by_protocol
                .into_iter()
                .filter_map(|(protocol, text)| Some((protocol, text.as_str()?.to_owned())))
                .collect();
            if by_protocol.contains_key("default") {
                Ok(by_protocol)
            } else {
                Err(invalid(
                    "Message Structure - No default entry in JSON message body",
                ))
            }
        }
        None | Some("") => Ok([("default".to_owned(), message.to_owned())].into()),
        Some(_) => Err(invalid("MessageStructure")),
    }
}

fn attributes(request: &Request<'_>) -> Result<BTreeMap<String, String>, Failure> {
    let given = request.input.get("MessageAttributes");
    let given = given.and_then(Value::as_object).into_iter().flatten();
    let mut texts = BTreeMap::new();
    for (name, value) in given {
        let text = |member: &str| {
            value
                .get(member)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        match (text("DataType"), text("StringValue"), text("BinaryValue")) {
            ("Binary", _, binary) if !binary.is_empty() => {}
            ("String" | "Number" | "String.Array", string, _) if !string.is_empty() => {
                texts.insert(name.clone(), string.to_owned());
            }
            _ => {
                return Err(invalid(format!(
                    "The message attribute '{name}' has no valid message attribute type or value"
                )));
            }
        }
    }
    Ok(texts)
}

/// A topic as a service sees it that is to publish to it.
pub(crate) struct ForService {
    /// Its policy.
    pub(crate) policy: Option<String>,
    /// The key that encrypts it.
    pub(crate) key: Option<String>,
}

/// The standard topic with an ARN, in this Region.
pub(crate) fn topic_for_service(request: &Request<'_>, arn: &str) -> Option<ForService> {
    let (_, topic) = find_topic(request, arn)?;
    let usable = topic.region == request.region && attribute(&topic, "FifoTopic") != Some("true");
    let text = |name: &str| attribute(&topic, name).map(str::to_owned);
    usable.then(|| ForService {
        policy: text("Policy"),
        key: text("KmsMasterKeyId").filter(|key| !key.is_empty()),
    })
}

/// Publishes for a service that may. Its messages have no attributes, so subscriptions
/// with a filter policy do not get them.
pub(crate) fn publish_as_service(
    request: &Request<'_>,
    arn: &str,
    subject: &str,
    message: &str,
) -> Result<(), Failure> {
    let (account, _) = find_topic(request, arn).ok_or_else(|| not_found("Topic"))?;
    if message.len() > MOST_BYTES {
        return Err(invalid("Message too long"));
    }
    let published = Published {
        topic_arn: arn.to_owned(),
        time: request.now,
        subject: Some(subject.to_owned()),
        messages: [("default".to_owned(), message.to_owned())].into(),
        attributes: BTreeMap::new(),
    };
    for subscription in queues_of(&account, &published) {
        if attribute(subscription, "FilterPolicy").is_none() {
            hand_over(request, subscription, &published);
        }
    }
    record(request, published);
    Ok(())
}

/// Puts the message into the queues that are subscribed. Others get theirs out of sight.
fn deliver(request: &Request<'_>, account: &Account, published: &Published) -> Result<(), Failure> {
    for subscription in queues_of(account, published) {
        if attribute(subscription, "FilterPolicy").is_some() {
            return Err(Failure::not_implemented(
                "publishing to a subscription with a FilterPolicy",
            ));
        }
        hand_over(request, subscription, published);
    }
    Ok(())
}

/// The confirmed subscriptions of queues to the topic.
fn queues_of<'a>(
    account: &'a Account,
    published: &'a Published,
) -> impl Iterator<Item = &'a Resource> {
    account.subscriptions.iter().filter(|subscription| {
        subscription.text("TopicArn") == Some(&published.topic_arn)
            && subscription.text("Protocol") == Some("sqs")
            && State::from_resource(subscription) == State::Confirmed
    })
}

fn hand_over(request: &Request<'_>, subscription: &Resource, published: &Published) {
    let queue = subscription.text("Endpoint").unwrap_or_default();
    let body = body(subscription, published);
    sqs::deliver(request.world, queue, &body, request.now);
}

fn body(subscription: &Resource, published: &Published) -> String {
    let messages = &published.messages;
    let message = messages.get("sqs").or_else(|| messages.get("default"));
    let message = message.cloned().unwrap_or_default();
    if attribute(subscription, "RawMessageDelivery") == Some("true") {
        return message;
    }
    let attributes = published
        .attributes
        .iter()
        .map(|(name, value)| (name.clone(), json!({"Type": "String", "Value": value})));
    json!({
        "Type": "Notification",
        "MessageId": Uuid::new_v4().to_string(),
        "TopicArn": published.topic_arn,
        "Subject": published.subject,
        "Message": message,
        "Timestamp": published.time.to_string(),
        "MessageAttributes": attributes.collect::<Map<_, _>>(),
    })
    .to_string()
}
