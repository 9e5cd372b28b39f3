//! The event with which AWS Config invokes a custom Lambda rule.
//!
//! Our own types: `aws_lambda_events::config` leaves `invokingEvent` a string
//! and refuses events without `eventLeftScope`.

use serde_json::{Map, Value};

use crate::timestamp::{Timestamp, TimestampError};

/// Request of AWS Config to evaluate a rule and to report with a result token.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleEvent {
    /// Cause of the evaluation. Every cause leads to the evaluation of the account.
    pub message_type: MessageType,
    /// The rule's ARN, if the event names it.
    pub rule_arn: Option<String>,
    /// The rule's name, if the event names it.
    pub rule_name: Option<String>,
    /// Ties the answer to this request.
    pub result_token: String,
    /// The rule's parameters; empty if it has none.
    pub parameters: Map<String, Value>,
    /// Every account id that the event names.
    pub account_ids: Vec<String>,
    /// Time of AWS Config's request, or of the recorded change. Results are ordered by it; it can
    /// be months old.
    pub ordering_timestamp: Timestamp,
}

/// Causes for which AWS Config evaluates a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageType {
    /// It is time.
    ScheduledNotification,
    /// A resource changed.
    ConfigurationItemChangeNotification,
    /// A resource changed, and its description is too large for an event.
    OversizedConfigurationItemChangeNotification,
    /// A snapshot of all resources was delivered.
    ConfigurationSnapshotDeliveryCompleted,
}

impl MessageType {
    const ALL: [(&'static str, Self); 4] = [
        ("ScheduledNotification", Self::ScheduledNotification),
        (
            "ConfigurationItemChangeNotification",
            Self::ConfigurationItemChangeNotification,
        ),
        (
            "OversizedConfigurationItemChangeNotification",
            Self::OversizedConfigurationItemChangeNotification,
        ),
        (
            "ConfigurationSnapshotDeliveryCompleted",
            Self::ConfigurationSnapshotDeliveryCompleted,
        ),
    ];
}

/// An event that AWS Config would not send. Names the key; never repeats the
/// payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// The event is not a JSON object.
    #[error("the event is not a JSON object; this function is invoked by an AWS Config rule")]
    NotAnObject,
    /// A key is not there, or is empty.
    #[error("the event has no {0}; this function is invoked by an AWS Config rule")]
    Missing(&'static str),
    /// The value of a key is of another JSON type.
    #[error("{key} in the event is not {expected}")]
    WrongType {
        /// The key.
        key: &'static str,
        /// The JSON type that AWS Config sends.
        expected: &'static str,
    },
    /// A key should hold JSON in a string, and does not.
    #[error("{key} in the event is not JSON: error at line {line} column {column}")]
    NotJson {
        /// The key.
        key: &'static str,
        /// The line within the string.
        line: usize,
        /// The column within that line.
        column: usize,
    },
    /// A kind of message that AWS Config did not send when this was written.
    #[error("invokingEvent.messageType {0:?} is unknown; update rootguard if AWS added it")]
    UnknownMessageType(String),
    /// A time that is none.
    #[error("{key} in the event: {source}")]
    InvalidTime {
        /// The key.
        key: &'static str,
        /// Description of the error in the timestamp.
        source: TimestampError,
    },
}

impl RuleEvent {
    /// Reads the event. Keys that are not known are ignored: AWS adds some.
    ///
    /// # Errors
    /// With the key that is missing or wrong.
    pub fn parse(event: &Value) -> Result<Self, EventError> {
        let event = event.as_object().ok_or(EventError::NotAnObject)?;
        let invoking = object_in_string(event, "invokingEvent")?
            .ok_or(EventError::Missing("invokingEvent"))?;
        let parameters = object_in_string(event, "ruleParameters")?.unwrap_or_default();
        let item = match object(&invoking, "configurationItem")? {
            None => object(&invoking, "configurationItemSummary")?,
            item => item,
        };
        let account_ids = [
            text(event, "accountId")?,
            text(&invoking, "awsAccountId")?,
            item.map_or(Ok(None), |item| text(item, "awsAccountId"))?,
        ];
        Ok(Self {
            message_type: message_type(&invoking)?,
            rule_arn: text(event, "configRuleArn")?.map(str::to_owned),
            rule_name: text(event, "configRuleName")?.map(str::to_owned),
            result_token: text(event, "resultToken")?
                .ok_or(EventError::Missing("resultToken"))?
                .to_owned(),
            parameters,
            account_ids: account_ids
                .into_iter()
                .flatten()
                .map(str::to_owned)
                .collect(),
            ordering_timestamp: ordering_timestamp(&invoking, item)?,
        })
    }
}

fn message_type(invoking: &Map<String, Value>) -> Result<MessageType, EventError> {
    let name =
        text(invoking, "messageType")?.ok_or(EventError::Missing("invokingEvent.messageType"))?;
    MessageType::ALL
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, message_type)| *message_type)
        .ok_or_else(|| EventError::UnknownMessageType(name.chars().take(80).collect()))
}

/// Returns the time of AWS Config's request, else the time at which the change was captured. Never
/// the current time: an older result that arrives late must not replace a newer one.
fn ordering_timestamp(
    invoking: &Map<String, Value>,
    item: Option<&Map<String, Value>>,
) -> Result<Timestamp, EventError> {
    let asked = ("notificationCreationTime", Some(invoking));
    let captured = ("configurationItemCaptureTime", item);
    for (key, holder) in [asked, captured] {
        if let Some(time) = holder.map_or(Ok(None), |holder| text(holder, key))? {
            return time
                .parse()
                .map_err(|source| EventError::InvalidTime { key, source });
        }
    }
    Err(EventError::Missing(
        "invokingEvent.notificationCreationTime",
    ))
}

/// The text under `key`; absent, `null` and empty are all `None`.
fn text<'a>(
    object: &'a Map<String, Value>,
    key: &'static str,
) -> Result<Option<&'a str>, EventError> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(EventError::WrongType {
            key,
            expected: "a string",
        }),
    }
}

fn object<'a>(
    holder: &'a Map<String, Value>,
    key: &'static str,
) -> Result<Option<&'a Map<String, Value>>, EventError> {
    match holder.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(EventError::WrongType {
            key,
            expected: "an object",
        }),
    }
}

/// AWS Config wraps two objects into strings.
fn object_in_string(
    event: &Map<String, Value>,
    key: &'static str,
) -> Result<Option<Map<String, Value>>, EventError> {
    let Some(json) = text(event, key)? else {
        return Ok(None);
    };
    match serde_json::from_str(json) {
        Ok(Value::Object(object)) => Ok(Some(object)),
        Ok(_) => Err(EventError::WrongType {
            key,
            expected: "a JSON object in a string",
        }),
        // Its own text may repeat the payload; where it is wrong says enough.
        Err(error) => Err(EventError::NotJson {
            key,
            line: error.line(),
            column: error.column(),
        }),
    }
}
