//! `rootguard test-filter`: which records a pattern matches.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::Value;

use crate::exit::Outcome;
use crate::explain_filter::valid_pattern;

/// Match records against a filter pattern, offline
///
/// Prints a line for each record, in order: true or false. Like
/// `aws logs test-metric-filter`, without AWS.
#[derive(Debug, Args)]
pub(crate) struct TestFilter {
    /// The pattern, in single quotes because of the `$`
    #[arg(value_name = "PATTERN", allow_hyphen_values = true)]
    pattern: String,
    /// File with one log message per line; of an object with the key `event`, its value
    #[arg(long, value_name = "FILE")]
    events: PathBuf,
}

impl TestFilter {
    pub(crate) fn run(self) -> anyhow::Result<Outcome> {
        let pattern = valid_pattern(&self.pattern)?;
        let path = self.events.display();
        let file = File::open(&self.events).with_context(|| format!("reading {path}"))?;
        let mut out = BufWriter::new(std::io::stdout().lock());
        for (number, line) in BufReader::new(file).lines().enumerate() {
            let line = line.with_context(|| format!("reading line {} of {path}", number + 1))?;
            let matched = match event_in(&line) {
                Some(event) => pattern.matches_record(&event),
                None => pattern.matches(&line),
            };
            writeln!(out, "{matched}")?;
        }
        out.flush()?;
        Ok(Outcome::Done)
    }
}

/// What a line wraps under the key `event`; any other line is the message itself.
fn event_in(line: &str) -> Option<Value> {
    match serde_json::from_str(line) {
        Ok(Value::Object(mut object)) => object.remove("event"),
        _ => None,
    }
}
