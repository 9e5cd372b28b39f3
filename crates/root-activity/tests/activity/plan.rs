//! Messages to begin with, and what becomes of them.

use config_rule::Timestamp;
use root_activity::{Memory, Message, Plan, Watched, triage};
use serde_json::Value;

use crate::fixtures::event;

/// Returns when every test happens, in seconds after that.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_epoch_millis(1_767_225_600_000 + seconds * 1000)
}

/// A message that came into the queue at a second.
pub(crate) fn message(id: &str, sent: i64, body: &(impl ToString + ?Sized)) -> Message {
    Message {
        id: id.to_owned(),
        receipt_handle: format!("handle of {id}"),
        body: body.to_string(),
        sent_at: Some(at(sent)),
    }
}

/// The plan for messages at a second, by a function that remembers nothing.
pub(crate) fn plan(messages: &[Message], now: i64) -> Plan {
    triage(
        messages,
        &mut Memory::default(),
        &Watched::default(),
        at(now),
    )
}

/// The plan for one record that has waited for as long as anything may.
pub(crate) fn plan_of(record: &Value) -> Plan {
    plan(&[message("1", 0, &event(record))], 120)
}

/// The subject of the only notice of a plan.
pub(crate) fn subject(plan: &Plan) -> String {
    assert_eq!(plan.notices.len(), 1, "{plan:?}");
    plan.notices[0].facts.subject()
}
