//! The messages of an invocation, as Lambda takes them from the queue.

use config_rule::Timestamp;
use serde_json::Value;

/// A message of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id, by which Lambda is told what failed.
    pub id: String,
    /// By which the queue is told how long to hide it.
    pub receipt_handle: String,
    /// What it says.
    pub body: String,
    /// When it came into the queue.
    pub sent_at: Option<Timestamp>,
}

/// An event that is none of SQS, so that no message of it can be told from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event is not a batch of SQS messages: {0} is missing")]
pub struct NotABatch(&'static str);

impl Message {
    /// The messages of an event.
    ///
    /// # Errors
    /// When one has no id, because it could not be given back alone.
    pub fn all(event: &Value) -> Result<Vec<Self>, NotABatch> {
        let records = event.get("Records").and_then(Value::as_array);
        let records = records.ok_or(NotABatch("Records"))?;
        records.iter().map(Self::read).collect()
    }

    fn read(record: &Value) -> Result<Self, NotABatch> {
        let text = |path: &str| {
            let text = record.pointer(path).and_then(Value::as_str);
            text.map(str::to_owned)
        };
        let sent_at = text("/attributes/SentTimestamp").and_then(|millis| millis.parse().ok());
        Ok(Self {
            id: text("/messageId").ok_or(NotABatch("messageId"))?,
            receipt_handle: text("/receiptHandle").unwrap_or_default(),
            body: text("/body").unwrap_or_default(),
            sent_at: sent_at.map(Timestamp::from_epoch_millis),
        })
    }
}
