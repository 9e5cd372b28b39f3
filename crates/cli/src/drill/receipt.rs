//! What a drill came to, link by link, with the time that each took.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Instant, SystemTime};

use anyhow::Context;
use config_rule::Timestamp;
use serde::Serialize;

use super::Exercise;
use crate::exit::Outcome;

/// Stands among the links where somebody pressed Ctrl-C.
const INTERRUPTED: &str = "interrupted";

/// Result of a drill.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Receipt {
    drill: String,
    account: String,
    region: String,
    principal: String,
    started: Timestamp,
    ended: Timestamp,
    links: Vec<Link>,
    /// The stream that remains in the log group.
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<String>,
    #[serde(skip)]
    last: Instant,
}

/// One link of the chain.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Link {
    #[serde(rename = "link")]
    name: &'static str,
    status: Status,
    /// Since the link before, or since the drill began.
    took_ms: u64,
    detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    Works,
    Broken,
    /// It may work: the drill could not look at it.
    Unseen,
}

impl Receipt {
    pub(super) fn new(exercise: &Exercise) -> Self {
        let identity = exercise.account.identity();
        Self {
            drill: exercise.id.clone(),
            account: identity.account().to_owned(),
            region: identity.region().to_owned(),
            principal: exercise.principal.clone(),
            started: exercise.started,
            ended: exercise.started,
            links: Vec::new(),
            stream: None,
            last: Instant::now(),
        }
    }

    pub(super) fn works(&mut self, link: &'static str, detail: impl Into<String>) {
        self.add(link, Status::Works, detail.into());
    }

    pub(super) fn broken(&mut self, link: &'static str, why: impl Into<String>) {
        self.add(link, Status::Broken, why.into());
    }

    pub(super) fn unseen(&mut self, link: &'static str, why: impl Into<String>) {
        self.add(link, Status::Unseen, why.into());
    }

    fn add(&mut self, link: &'static str, status: Status, detail: String) {
        let took = self.last.elapsed().as_millis();
        self.last = Instant::now();
        self.ended = Timestamp::from(SystemTime::now());
        self.links.push(Link {
            name: link,
            status,
            took_ms: u64::try_from(took).unwrap_or(u64::MAX),
            detail,
        });
    }

    pub(super) fn leaves(&mut self, stream: String) {
        self.stream = Some(stream);
    }

    /// Somebody ended the drill before its end.
    pub(super) fn interrupted(&mut self, what_may_follow: String) {
        self.unseen(INTERRUPTED, what_may_follow);
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.links.iter().any(|link| link.name == INTERRUPTED)
    }

    pub(super) fn is_broken(&self) -> bool {
        self.has(Status::Broken)
    }

    fn has(&self, status: Status) -> bool {
        self.links.iter().any(|link| link.status == status)
    }

    pub(super) fn outcome(&self) -> Outcome {
        if self.is_broken() {
            Outcome::NotCompliant
        } else if self.has(Status::Unseen) {
            Outcome::Unjudged
        } else {
            Outcome::Done
        }
    }

    /// Writes it to a new file.
    pub(super) fn write(&self, file: &Path) -> anyhow::Result<()> {
        let writing = || format!("writing the receipt {}", file.display());
        let mut open = File::create_new(file).with_context(writing)?;
        let text = serde_json::to_string_pretty(self)?;
        writeln!(open, "{text}").with_context(writing)
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} in account {}, {}",
            self.drill, self.account, self.region
        )?;
        writeln!(
            f,
            "{} to {}, as {}",
            self.started, self.ended, self.principal
        )?;
        for link in &self.links {
            let status = match link.status {
                Status::Works => "works",
                Status::Broken => "BROKEN",
                Status::Unseen => "not seen",
            };
            let (seconds, tenths) = (link.took_ms / 1000, link.took_ms % 1000 / 100);
            let name = link.name;
            writeln!(
                f,
                "  {name:<13} {status:<9} {seconds:>4}.{tenths} s  {}",
                link.detail
            )?;
        }
        if let Some(stream) = &self.stream {
            writeln!(f, "The stream {stream} stays in the log group.")?;
        }
        match self.links.iter().find(|link| link.status == Status::Broken) {
            Some(link) => writeln!(f, "Broken: {}.", link.name),
            None if self.has(Status::Unseen) => writeln!(f, "Not every link could be seen."),
            None => writeln!(f, "Every link works."),
        }
    }
}
