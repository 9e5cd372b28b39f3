//! A notice in words: a subject, a text for people, a text for machines, and attributes
//! by which subscriptions choose.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::kind::Kind;
use crate::notice::Facts;

/// The most characters that SNS takes as a subject.
const SUBJECT: usize = 100;

impl Facts {
    /// What happened, where and from where: 1 to 100 printable ASCII characters. What
    /// does not fit is left out or cut visibly: half an address is a wrong address.
    pub fn subject(&self) -> String {
        let mut subject = String::new();
        if let (Some(drill), true) = (&self.drill, self.kind != Kind::Drill) {
            let _ = write!(subject, "[drill {}] ", cut(drill, 16));
        }
        subject.push_str(&self.headline());
        if let (Some(first), true) = (self.calls.first(), self.kind.is_told_by_its_calls()) {
            let _ = write!(subject, ": {}", cut(&first.call, 30));
            if self.count > first.count {
                let _ = write!(subject, " +{}", self.count - first.count);
            }
        }
        let _ = write!(subject, " - {}", cut(&self.account, 12));
        let address = self.source_addresses.first();
        let from = address.map_or_else(String::new, |address| format!(" from {}", ascii(address)));
        let left = SUBJECT.saturating_sub(subject.len() + from.len());
        if let (Some(name), 8..) = (&self.account_name, left) {
            let _ = write!(subject, " ({})", cut(name, left - 3));
        }
        if subject.len() + from.len() <= SUBJECT {
            subject.push_str(&from);
        }
        subject
    }

    fn headline(&self) -> String {
        let headline = match (self.kind, self.refused) {
            (Kind::Tampering, true) => "Change of the guard refused",
            (Kind::PrivilegedSession, true) => "Privileged root session refused",
            (kind, _) => kind.headline(),
        };
        match (self.kind, self.mfa) {
            (Kind::SignIn | Kind::ApiCall, "not-used") => format!("{headline} WITHOUT MFA"),
            _ => headline.to_owned(),
        }
    }

    /// The notice for people.
    pub fn text(&self) -> String {
        let mut text = format!("{}.\n\n", self.headline());
        let mut row = |name: &str, value: &str| {
            if !value.is_empty() {
                let _ = writeln!(text, "{name:<9} {value}");
            }
        };
        row("What", &self.what());
        row(
            "Account",
            &match &self.account_name {
                Some(name) => format!("{} ({name})", self.account),
                None => self.account.clone(),
            },
        );
        row("Who", &self.who());
        if let Some(session) = &self.session {
            let of = format!(
                "privileged session by {} for {}",
                session.principal, session.task
            );
            row("Session", &of);
        }
        row("From", &joined(&self.source_addresses));
        row("With", &joined(&self.user_agents));
        row("When", &self.when());
        row("Region", &joined(&self.regions));
        row("MFA", &self.mfa.replace('-', " "));
        row("Changed", &joined(&self.changed));
        row("Drill", self.drill.as_deref().unwrap_or_default());
        row("Why", self.unauthenticated.as_deref().unwrap_or_default());
        let _ = writeln!(text, "\nWhat to do: {}", self.kind.advice());
        text
    }

    fn what(&self) -> String {
        let calls = self
            .calls
            .iter()
            .map(|call| match (call.count, call.refused) {
                (1, 0) => call.call.clone(),
                (1, _) => format!("{} (refused)", call.call),
                (count, 0) => format!("{} ({count} times)", call.call),
                (count, refused) => format!("{} ({count} times, {refused} refused)", call.call),
            });
        let mut what: Vec<String> = calls.collect();
        let listed: usize = self.calls.iter().map(|call| call.count).sum();
        if !self.calls.is_empty() && listed < self.count {
            what.push(format!("and {} more", self.count - listed));
        }
        what.join(", ")
    }

    fn who(&self) -> String {
        match (&self.principal, &self.access_key) {
            (Some(principal), Some(key)) => format!("{principal}, access key {key}"),
            (Some(principal), None) => principal.clone(),
            (None, _) => String::new(),
        }
    }

    fn when(&self) -> String {
        match (&self.first_time, &self.last_time) {
            (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
            (first, _) => first.clone().unwrap_or_default(),
        }
    }

    /// The notice for machines.
    pub fn for_machines(&self) -> Value {
        let mut facts = json!(self);
        if let Some(facts) = facts.as_object_mut() {
            facts.insert("subject".to_owned(), self.subject().into());
            facts.insert("whatToDo".to_owned(), self.kind.advice().into());
        }
        facts
    }

    /// The notice as SNS takes it with the message structure `json`: words for those who
    /// read mail, facts for everything that parses.
    pub fn message(&self) -> String {
        let facts = self.for_machines().to_string();
        let text = self.text();
        json!({
            "default": text,
            "email-json": facts,
            "firehose": facts,
            "http": facts,
            "https": facts,
            "lambda": facts,
            "sqs": facts,
        })
        .to_string()
    }

    /// By what subscriptions may choose: names and values, none of them empty.
    pub fn attributes(&self) -> Vec<(&'static str, String)> {
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

/// A text in printable ASCII.
fn ascii(text: &str) -> String {
    let printable = |c: char| {
        if c.is_ascii_graphic() || c == ' ' {
            c
        } else {
            '?'
        }
    };
    text.chars().map(printable).collect()
}

/// The same, in at most so many characters.
fn cut(text: &str, most: usize) -> String {
    let mut text = ascii(text);
    if text.len() > most {
        text.truncate(most.saturating_sub(3));
        text.push_str("...");
    }
    text
}

fn joined<'a>(texts: impl IntoIterator<Item = &'a String>) -> String {
    let texts: Vec<&str> = texts.into_iter().map(String::as_str).collect();
    texts.join(", ")
}
