//! CloudTrail records in the forms in which people have them: delivered files and folders of
//! them, output of the AWS CLI, events of EventBridge, messages of queues.

mod documents;
mod forms;
mod sources;

use std::collections::BTreeSet;
use std::fmt;
use std::io::Write;

use serde_json::Value;

pub(crate) use documents::{Item, read};
pub(crate) use forms::{Form, unwrap};
pub(crate) use sources::{Source, open};

/// Counts of what was read and what could not be.
#[derive(Default)]
pub(crate) struct Tally {
    forms: BTreeSet<Form>,
    /// JSON documents, whatever they hold.
    documents: usize,
    records: usize,
    /// Places of what could not be read: the first places, and how many.
    unreadable: Vec<String>,
    unreadable_count: usize,
}

impl Tally {
    /// More places than this are only counted.
    const MOST_PLACES: usize = 10;

    pub(crate) fn document(&mut self) {
        self.documents += 1;
    }

    pub(crate) fn record(&mut self, form: Form) {
        self.records += 1;
        self.forms.insert(form);
    }

    pub(crate) fn unreadable(&mut self, place: impl fmt::Display) {
        self.unreadable_count += 1;
        if self.unreadable.len() < Self::MOST_PLACES {
            self.unreadable.push(place.to_string());
        }
    }

    /// Returns whether anything was read.
    pub(crate) fn has_read(&self) -> bool {
        self.documents > 0
    }

    /// Returns whether there was nothing at all, readable or not.
    pub(crate) fn is_empty(&self) -> bool {
        self.documents + self.unreadable_count == 0
    }

    /// Says on standard error what was read and what could not be.
    pub(crate) fn print(&self) -> anyhow::Result<()> {
        let mut err = std::io::stderr();
        let forms: Vec<_> = self.forms.iter().map(Form::to_string).collect();
        let forms = if forms.is_empty() {
            String::new()
        } else {
            format!(" ({})", forms.join(", "))
        };
        writeln!(err, "Read {} records{forms}.", self.records)?;
        if self.unreadable_count > 0 {
            let more = self.unreadable_count - self.unreadable.len();
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            let places = self.unreadable.join(", ");
            writeln!(err, "Could not be read: {places}{more}.")?;
        }
        Ok(())
    }
}

/// The text of a JSON document in a member, if it is one.
fn inner(document: &Value, member: &str) -> Option<Value> {
    let text = document.get(member)?.as_str()?;
    let inner: Value = serde_json::from_str(text).ok()?;
    inner.is_object().then_some(inner)
}
