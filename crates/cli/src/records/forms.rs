//! What stands around a record, and the record in it.

use std::fmt;

use serde_json::Value;

use super::inner;

/// Form in which records were wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// Nothing.
    Record,
    /// `{"Records": […]}`, as CloudTrail delivers it.
    LogFile,
    /// An event of EventBridge.
    Event,
    /// `aws cloudtrail lookup-events`
    LookupEvents,
    /// `aws logs filter-log-events` and its kind, or a subscription of a log group.
    LogEvents,
    /// Messages of a queue, or a notification of a topic.
    Message,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Record => "records as they are",
            Self::LogFile => "CloudTrail log files",
            Self::Event => "EventBridge events",
            Self::LookupEvents => "output of lookup-events",
            Self::LogEvents => "log events",
            Self::Message => "messages of queues or topics",
        })
    }
}

/// The members that hold lists of something that wraps records.
pub(super) const LISTS: [&str; 5] = ["Records", "Events", "events", "logEvents", "Messages"];

/// Takes the records and events out of a document, whatever they are wrapped in, and how
/// deep. A document in which there is neither is given as it is.
///
/// # Errors
/// Those of `each`.
pub(crate) fn unwrap(
    document: Value,
    each: &mut dyn FnMut(Value, Form) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    unwrap_in(document, Form::Record, each)
}

fn unwrap_in(
    mut document: Value,
    form: Form,
    each: &mut dyn FnMut(Value, Form) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if let Value::Array(items) = document {
        return items
            .into_iter()
            .try_for_each(|item| unwrap_in(item, form, each));
    }
    for list in LISTS {
        let items = document.get_mut(list).filter(|items| items.is_array());
        if let Some(items) = items.map(Value::take) {
            let form = match list {
                "Records" => Form::LogFile,
                _ => form,
            };
            return unwrap_in(items, form, each);
        }
    }
    for (member, form) in [
        ("CloudTrailEvent", Form::LookupEvents),
        ("message", Form::LogEvents),
        ("body", Form::Message),
        ("Body", Form::Message),
        ("Message", Form::Message),
    ] {
        // A record has no such member with a document in it.
        if let Some(inner) = inner(&document, member) {
            return unwrap_in(inner, form, each);
        }
    }
    if let Some(event) = document.get_mut("event").filter(|event| event.is_object()) {
        return unwrap_in(event.take(), form, each);
    }
    let form = if document.get("detail-type").is_some() && form == Form::Record {
        Form::Event
    } else {
        form
    };
    each(document, form)
}
