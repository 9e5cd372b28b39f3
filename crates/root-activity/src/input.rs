//! What arrives in the queue: events that EventBridge forwarded, and notes to ourselves.

use config_rule::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::record::{NotARecord, Record};

/// The source of the events with which a drill announces itself.
pub const DRILL_SOURCE: &str = "rootguard.drill";

/// What the body of a message turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A record that AWS wrote.
    Record(Record),
    /// An event that is not believed.
    Unauthenticated(Unauthenticated),
    /// A drill that announces itself.
    Drill(Drill),
    /// What this function wrote to itself.
    Note(Note),
}

/// An event that did not come the way root activity does: somebody made it up, or a
/// rule forwards what it should not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unauthenticated {
    /// The account that sent it. AWS writes this.
    pub account: String,
    /// What it says it comes from.
    pub source: String,
    /// What it lacks.
    pub why: String,
}

/// A drill: for a while, what this principal does in this account is labelled. It is
/// reported all the same, because anybody may announce a drill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drill {
    /// Its name, which the receipt has too.
    pub id: String,
    /// The account it happens in: the one that announced it.
    #[serde(default)]
    pub account: String,
    /// Who does it: the ARN of a role session.
    pub principal: String,
    /// When it will be over.
    pub until: Timestamp,
}

/// What this function wrote to itself, because the queue is its only memory.
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

/// A privileged root session, as the account saw it from which it was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The access key that its calls have.
    pub access_key: String,
    /// Who opened it.
    pub principal: String,
    /// What for: the name of the task policy.
    pub task: String,
    /// When it is forgotten.
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
    /// How often it was tried before.
    pub attempts: u32,
}

/// The body of a message that nothing can be made of. Says why and repeats no content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is no JSON.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// It is no event of EventBridge.
    #[error("the body is no event: it has no {0}")]
    NotAnEvent(&'static str),
    /// It is an event about something else.
    #[error(transparent)]
    NotARecord(#[from] NotARecord),
    /// It is a note or an announcement with a mistake.
    #[error("the {0} cannot be read: {1}")]
    Malformed(&'static str, String),
    /// Reading it panicked: a defect of rootguard.
    #[error("reading it panicked")]
    Panicked,
}

/// The key of a note. EventBridge cannot write it: its events have other keys.
const NOTE: &str = "rootguardNote";

impl Note {
    /// The body of a message with this note.
    pub fn to_body(&self) -> String {
        serde_json::json!({ NOTE: self }).to_string()
    }

    /// When it has done its work. Nothing, where it is done at once.
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
    /// When nothing can be made of it.
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
        Ok(Self::Record(Record::new(detail)?))
    }
}

/// Why an event is not believed, by the three things that only AWS can write.
fn disbelieve(source: &str, detail_type: &str, account: &str, detail: &Value) -> Option<String> {
    if !source.starts_with("aws.") {
        return Some("its source is not an AWS service".to_owned());
    }
    if !detail_type.ends_with("via CloudTrail") {
        return Some("it did not come via CloudTrail".to_owned());
    }
    let recipient = detail.get("recipientAccountId").and_then(Value::as_str);
    match recipient {
        Some(recipient) if recipient == account => None,
        Some(_) => Some("the record is of another account than the event".to_owned()),
        None => Some("the record does not say whose it is".to_owned()),
    }
}

fn malformed(what: &'static str, error: &serde_json::Error) -> Unreadable {
    Unreadable::Malformed(what, error.to_string())
}
