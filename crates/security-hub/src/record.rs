//! What Lambda sends to an on-success destination: the result of an asynchronous
//! invocation in an envelope.

use config_rule::{Evaluation, Identity};
use serde_json::Value;

/// An event that is no evaluation record of this account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// It is not what Lambda sends to a destination on success.
    #[error("the event is not what Lambda sends to an on-success destination: {0}")]
    Envelope(&'static str),
    /// The text is no evaluation record.
    #[error("the responsePayload is no evaluation record: {0}")]
    Record(String),
    /// The record is about another place than the function's own.
    #[error(
        "the record is about {record}, this function reports only about its own account and Region, {own}"
    )]
    Elsewhere {
        /// Of the record.
        record: String,
        /// Of this function.
        own: String,
    },
}

/// The evaluation record in an event, if it is about `own`: a finding can only be
/// imported where it belongs, and a function must not be made to speak for others.
///
/// # Errors
/// If there is none.
pub fn record_of(event: &Value, own: &Identity) -> Result<Evaluation, RecordError> {
    let context = event
        .get("requestContext")
        .ok_or(RecordError::Envelope("it has no requestContext"))?;
    if context.get("condition").and_then(Value::as_str) != Some("Success") {
        return Err(RecordError::Envelope("its condition is not Success"));
    }
    let payload = event
        .get("responsePayload")
        .ok_or(RecordError::Envelope("it has no responsePayload"))?;
    let record: Evaluation = serde_json::from_value(payload.clone())
        .map_err(|error| RecordError::Record(error.to_string()))?;
    let same = record.account == own.account()
        && record.region == own.region()
        && record.partition == own.partition();
    if !same {
        return Err(RecordError::Elsewhere {
            record: format!("{} in {}", record.account, record.region),
            own: own.to_string(),
        });
    }
    Ok(record)
}
