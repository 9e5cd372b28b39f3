//! The bodies of the queue's messages: events that EventBridge forwarded, and notes that this
//! function wrote to itself.

use config_rule::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::record::{Record, RecordError};

/// The source of the events with which a drill announces itself.
pub const DRILL_SOURCE: &str = "rootguard.drill";

/// The parsed body of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A record that AWS wrote.
    Record(Record),
    /// An event that is not believed.
    Unauthenticated(Unauthenticated),
    /// The announcement of a drill.
    Drill(Drill),
    /// A note that this function wrote to itself.
    Note(Note),
}

/// An event that did not come from CloudTrail: somebody made it up, or a rule forwards
/// events that it should not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unauthenticated {
    /// The account that sent it. AWS writes this.
    pub account: String,
    /// Its `source`.
    pub source: String,
    /// The reason that it is not believed.
    pub why: String,
}

/// A drill: until it is over, the calls that a drill makes are labelled if this principal
/// makes them in this account. They are reported all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drill {
    /// Its name, as in the receipt.
    pub id: String,
    /// The account it happens in: the one that announced it.
    #[serde(default)]
    pub account: String,
    /// The ARN of the role session that holds it.
    pub principal: String,
    /// Time at which it will be over.
    pub until: Timestamp,
}

/// A note to itself: the queue is the only memory of this function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Note {
    /// A privileged root session was opened.
    Session(Session),
    /// A drill goes on.
    Drill(Drill),
    /// AWS Config still has to evaluate rules.
    Evaluate(Evaluate),
}

/// A privileged root session, as recorded in the account from which it was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The access key of its calls.
    pub access_key: String,
    /// The principal that opened it.
    pub principal: String,
    /// The name of its task policy.
    pub task: String,
    /// The time at which it is forgotten.
    pub until: Timestamp,
}

/// Rules of an account that AWS Config has to evaluate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluate {
    /// The account.
    pub account: String,
    /// Its partition.
    pub partition: String,
    /// The rules.
    pub rules: Vec<String>,
    /// The number of attempts so far.
    pub attempts: u32,
}

/// A body that cannot be read. The reason repeats none of its content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not JSON.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// It is not an event of EventBridge.
    #[error("the body is not an EventBridge event: it has no {0}")]
    NotAnEvent(&'static str),
    /// It is an event whose detail is not a record.
    #[error(transparent)]
    RecordError(#[from] RecordError),
    /// It is a note or an announcement that lacks something.
    #[error("the {0} cannot be read: {1}")]
    Malformed(&'static str, String),
    /// Reading it panicked: a defect of rootguard.
    #[error("reading it panicked")]
    Panicked,
}

/// The key of a note. EventBridge cannot write it: its events have other keys.
const NOTE: &str = "rootguardNote";

impl Note {
    /// Returns the body of a message with this note.
    pub fn to_body(&self) -> String {
        serde_json::json!({ NOTE: self }).to_string()
    }

    /// The time until which it stays in the queue; `None` if it is acted on once.
    pub(crate) fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Session(session) => Some(session.until),
            Self::Drill(drill) => Some(drill.until),
            Self::Evaluate(_) => None,
        }
    }
}

impl Input {
    /// Reads the body of a message.
    ///
    /// # Errors
    /// Returns [`Unreadable`] if it is neither an event nor a note.
    pub fn read(body: &str) -> Result<Self, Unreadable> {
        let mut event: Value =
            serde_json::from_str(body).map_err(|error| Unreadable::NotJson(error.to_string()))?;
        if let Some(note) = event.get_mut(NOTE) {
            return serde_json::from_value(note.take())
                .map(Self::Note)
                .map_err(|error| malformed("note", &error));
        }
        let text = |member: &'static str| {
            let text = event.get(member).and_then(Value::as_str);
            text.map(str::to_owned)
                .ok_or(Unreadable::NotAnEvent(member))
        };
        let (source, detail_type, account) =
            (text("source")?, text("detail-type")?, text("account")?);
        let detail = event.get_mut("detail").map(Value::take);
        let detail = detail.ok_or(Unreadable::NotAnEvent("detail"))?;
        if source == DRILL_SOURCE {
            let drill: Drill = serde_json::from_value(detail)
                .map_err(|error| malformed("announcement of a drill", &error))?;
            return Ok(Self::Drill(Drill { account, ..drill }));
        }
        if let Some(why) = disbelieve(&source, &detail_type, &account, &detail) {
            return Ok(Self::Unauthenticated(Unauthenticated {
                account,
                source,
                why,
            }));
        }
        Ok(Self::Record(Record::new(detail)?.received_by(&account)))
    }
}

/// Returns the reason that an event is not believed. AWS alone writes a source that begins
/// with `aws.` and the envelope's account.
fn disbelieve(source: &str, detail_type: &str, account: &str, detail: &Value) -> Option<String> {
    if !source.starts_with("aws.") {
        return Some("its source is not an AWS service".to_owned());
    }
    if !detail_type.ends_with("via CloudTrail") {
        return Some("it did not come via CloudTrail".to_owned());
    }
    // EventBridge delivered records without this member until 2021.
    let recipient = detail.get("recipientAccountId").unwrap_or(&Value::Null);
    let is_of_account = recipient.is_null() || recipient == "" || recipient == account;
    (!is_of_account).then(|| "the record is of another account than the event".to_owned())
}

fn malformed(what: &'static str, error: &serde_json::Error) -> Unreadable {
    Unreadable::Malformed(what, error.to_string())
}
