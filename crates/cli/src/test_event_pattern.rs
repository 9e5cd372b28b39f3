//! `rootguard test-event-pattern`: whether events match a pattern.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::exit::Outcome;
use crate::explain_event_pattern::valid_event_pattern;

/// Match events against an EventBridge event pattern, offline
///
/// Prints a line for each event, in order: true or false. Like
/// `aws events test-event-pattern`, without AWS.
#[derive(Debug, Args)]
pub(crate) struct TestEventPattern {
    /// The pattern, in single quotes
    #[arg(value_name = "PATTERN", allow_hyphen_values = true)]
    pattern: String,
    /// File with one event per line; `-`, or no file, is standard input
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
}

impl TestEventPattern {
    pub(crate) fn run(self) -> anyhow::Result<Outcome> {
        let pattern = valid_event_pattern(&self.pattern)?;
        let file = self.events.filter(|path| path.as_os_str() != "-");
        let (source, lines): (String, Box<dyn BufRead>) = match file {
            None => (
                "standard input".to_owned(),
                Box::new(std::io::stdin().lock()),
            ),
            Some(path) => {
                let source = path.display().to_string();
                let file = File::open(&path).with_context(|| format!("reading {source}"))?;
                (source, Box::new(BufReader::new(file)))
            }
        };
        let mut out = BufWriter::new(std::io::stdout().lock());
        for (number, line) in lines.lines().enumerate() {
            let place = || format!("line {} of {source}", number + 1);
            let line = line.with_context(|| format!("reading {}", place()))?;
            let matched = pattern
                .matches(&line)
                .with_context(|| format!("{} is no event, which is a JSON object", place()))?;
            writeln!(out, "{matched}")?;
        }
        out.flush()?;
        Ok(Outcome::Done)
    }
}
