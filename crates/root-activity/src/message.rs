//! The messages of an invocation, as Lambda takes them from the queue.

use config_rule::Timestamp;
use serde_json::Value;

/// A message of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id, by which Lambda is told that it failed.
    pub id: String,
    /// Its receipt handle, by which it is hidden.
    pub receipt_handle: String,
    /// Its body.
    pub body: String,
    /// The time at which it came into the queue.
    pub sent_at: Option<Timestamp>,
}

/// An event that is not a batch of SQS messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event is not a batch of SQS messages: {0} is missing")]
pub struct BatchError(&'static str);

impl Message {
    /// Reads the messages of an event.
    ///
    /// # Errors
    /// Returns an error if a message has no id, because it could not be given back alone.
    pub fn all(event: &Value) -> Result<Vec<Self>, BatchError> {
        let records = event.get("Records").and_then(Value::as_array);
        let records = records.ok_or(BatchError("Records"))?;
        records.iter().map(Self::read).collect()
    }

    fn read(record: &Value) -> Result<Self, BatchError> {
        let text = |path: &str| {
            let text = record.pointer(path).and_then(Value::as_str);
            text.map(str::to_owned)
        };
        let sent_at = text("/attributes/SentTimestamp").and_then(|millis| millis.parse().ok());
        Ok(Self {
            id: text("/messageId").ok_or(BatchError("messageId"))?,
            receipt_handle: text("/receiptHandle").unwrap_or_default(),
            body: text("/body").unwrap_or_default(),
            sent_at: sent_at.map(Timestamp::from_epoch_millis),
        })
    }
}
