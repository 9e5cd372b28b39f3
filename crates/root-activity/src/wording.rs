//! A notice in words: the subject and the text of a mail.

use std::fmt::Write as _;

use crate::facts::{CallCount, Event, Facts};
use crate::kind::Kind;

/// The most characters that SNS accepts as a subject.
const SUBJECT: usize = 100;

impl Facts {
    /// The subject: what happened, in which account and from which address. It has 1 to 100
    /// printable ASCII characters, as SNS demands. A part that does not fit is left out or cut
    /// visibly, because half an address is a wrong address.
    pub fn subject(&self) -> String {
        let mut subject = String::new();
        if let (Some(drill), true) = (&self.drill, self.kind != Kind::Drill) {
            let _ = write!(subject, "[drill {}] ", cut(drill, 16));
        }
        subject.push_str(&self.headline());
        let mut rest = String::new();
        if self.count > 1 && self.worst.is_some() {
            let _ = write!(rest, " +{}", self.count - 1);
        }
        let _ = write!(rest, " - {}", cut(&self.account, 12));
        if let (Some(worst), true) = (&self.worst, self.kind.is_told_by_its_calls()) {
            let left = SUBJECT.saturating_sub(subject.len() + rest.len() + 2);
            let _ = write!(subject, ": {}", cut(&worst.call, left.min(30)));
        }
        subject.push_str(&rest);
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

    /// The text of a mail: the worst event completely, then the others together, then the
    /// advice.
    pub fn text(&self) -> String {
        let mut text = self.worst_in_words();
        if self.count > 1 {
            let when = match (&self.first_time, &self.last_time) {
                (Some(first), Some(last)) if first != last => format!(", {first} to {last}"),
                _ => String::new(),
            };
            let _ = writeln!(text, "\nIn all {} events{when}:", self.count);
            row(&mut text, "Calls", &self.all_calls());
            for (name, list, texts) in [
                ("From", "sourceAddresses", &self.source_addresses),
                ("With", "userAgents", &self.user_agents),
                ("Regions", "regions", &self.regions),
            ] {
                if texts.len() > 1 {
                    row(&mut text, name, &self.joined(list, texts));
                }
            }
        }
        let _ = writeln!(text, "\nWhat to do: {}", self.kind.advice());
        text
    }

    /// The worst event alone, for a topic that refuses the full message.
    pub(crate) fn short_text(&self) -> String {
        let mut text = self.worst_in_words();
        if self.count > 1 {
            let _ = writeln!(text, "\nIn all {} events.", self.count);
        }
        let _ = writeln!(text, "\nWhat to do: {}", self.kind.advice());
        text
    }

    fn worst_in_words(&self) -> String {
        let mut text = format!("{}.\n\n", self.headline());
        let worst = self.worst.as_ref();
        let of_worst = |member: fn(&Event) -> &Option<String>| {
            worst
                .and_then(|worst| member(worst).as_deref())
                .unwrap_or_default()
        };
        row(&mut text, "What", &worst.map(what).unwrap_or_default());
        row(
            &mut text,
            "Account",
            &match &self.account_name {
                Some(name) => format!("{} ({name})", self.account),
                None => self.account.clone(),
            },
        );
        row(&mut text, "Who", &self.who());
        if let Some(session) = &self.session {
            let (principal, task) = (&session.principal, &session.task);
            let session = format!("privileged session by {principal} for {task}");
            row(&mut text, "Session", &session);
        }
        row(&mut text, "From", of_worst(|worst| &worst.source_address));
        row(&mut text, "With", of_worst(|worst| &worst.user_agent));
        row(&mut text, "When", of_worst(|worst| &worst.time));
        row(&mut text, "Region", of_worst(|worst| &worst.region));
        row(&mut text, "MFA", &self.mfa.replace('-', " "));
        row(&mut text, "Event", of_worst(|worst| &worst.id));
        row(&mut text, "Changed", &self.joined("changed", &self.changed));
        row(
            &mut text,
            "Drill",
            self.drill.as_deref().unwrap_or_default(),
        );
        row(
            &mut text,
            "Why",
            self.unauthenticated.as_deref().unwrap_or_default(),
        );
        text
    }

    fn all_calls(&self) -> String {
        let calls = self.calls.iter().map(|call| {
            let CallCount {
                call,
                count,
                refused,
            } = call;
            match (count, refused) {
                (1, 0) => call.clone(),
                (1, _) => format!("{call} (refused)"),
                (_, 0) => format!("{call} ({count} times)"),
                _ => format!("{call} ({count} times, {refused} refused)"),
            }
        });
        self.joined("calls", &calls.collect::<Vec<_>>())
    }

    /// The texts of a list, and the number of those that it leaves out.
    fn joined(&self, list: &str, texts: &[String]) -> String {
        let mut joined = texts.join(", ");
        if let Some(more) = self.unlisted.get(list) {
            let _ = write!(joined, " and {more} more");
        }
        joined
    }

    fn who(&self) -> String {
        match (&self.principal, &self.access_key) {
            (Some(principal), Some(key)) => format!("{principal}, access key {key}"),
            (Some(principal), None) => principal.clone(),
            (None, _) => String::new(),
        }
    }
}

fn what(worst: &Event) -> String {
    let call = &worst.call;
    match (worst.outcome, &worst.error) {
        ("succeeded", _) => call.clone(),
        (outcome, Some(error)) => format!("{call} ({outcome}: {error})"),
        (outcome, None) => format!("{call} ({outcome})"),
    }
}

fn row(text: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        let _ = writeln!(text, "{name:<9} {value}");
    }
}

/// Replaces every character that is not printable ASCII by `?`.
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

/// Cuts a text to so many ASCII characters.
fn cut(text: &str, most: usize) -> String {
    let mut text = ascii(text);
    if text.len() > most {
        text.truncate(most.saturating_sub(3));
        text.push_str("...");
    }
    text
}
