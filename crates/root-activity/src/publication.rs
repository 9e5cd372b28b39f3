//! The messages of a notice to SNS, from the full one to a single line.

use serde_json::{Value, json};

use crate::facts::Facts;

/// A message to the topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The subject; `None` if the message is a single line.
    pub subject: Option<String>,
    /// The message.
    pub message: String,
    /// `true` if the message is an object with a text per protocol.
    pub by_protocol: bool,
    /// The attributes by which subscriptions choose; none of them is empty.
    pub attributes: Vec<(&'static str, String)>,
}

impl Publication {
    /// The most bytes of a message with subject and attributes. SNS accepts 262,144, with the
    /// texts of every protocol together.
    pub const MAX_BYTES: usize = 65_536;

    /// The number of bytes of message, subject and attributes.
    pub fn size(&self) -> usize {
        let subject = self.subject.as_ref().map_or(0, String::len);
        let attributes = self.attributes.iter();
        // Each attribute has the type `String` besides.
        let attributes = attributes.map(|(name, value)| name.len() + value.len() + 6);
        self.message.len() + subject + attributes.sum::<usize>()
    }
}

impl Facts {
    /// The messages of this notice, of at most [`Publication::MAX_BYTES`] each. The first has
    /// everything; each of the others is for the case that SNS refuses the one before: the
    /// worst event as plain text, then the subject as a single line.
    pub fn publications(&self) -> Vec<Publication> {
        let subject = self.subject();
        let full = Publication {
            subject: Some(subject.clone()),
            message: self.by_protocol().to_string(),
            by_protocol: true,
            attributes: self.attributes(),
        };
        let short = Publication {
            subject: Some(subject.clone()),
            message: self.short_text(),
            by_protocol: false,
            attributes: self.attributes(),
        };
        let line = Publication {
            subject: None,
            message: subject,
            by_protocol: false,
            attributes: Vec::new(),
        };
        let mut all = vec![full, short, line];
        all.retain(|one| one.size() <= Publication::MAX_BYTES);
        all
    }

    /// The text for each protocol. Protocols that are not named get `default`.
    fn by_protocol(&self) -> Value {
        json!({
            "default": self.for_machines().to_string(),
            "email": self.text(),
            "https": self.for_chat().to_string(),
            "sms": self.subject(),
        })
    }

    /// The facts with subject and advice, for machines.
    pub fn for_machines(&self) -> Value {
        let mut facts = json!(self);
        if let Some(facts) = facts.as_object_mut() {
            facts.insert("subject".to_owned(), self.subject().into());
            facts.insert("whatToDo".to_owned(), self.kind.advice().into());
        }
        facts
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = vec![
            ("kind", self.kind.to_string()),
            ("severity", self.severity.to_string()),
            ("mfa", self.mfa.to_owned()),
            ("refused", self.refused.to_string()),
            ("drill", self.drill.is_some().to_string()),
        ];
        if !self.account.is_empty() {
            attributes.push(("account", self.account.clone()));
        }
        attributes
    }
}
