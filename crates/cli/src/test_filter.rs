//! `rootguard test-filter`: which records a pattern matches.

use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use crate::exit::Outcome;
use crate::explain_filter::valid_pattern;
use crate::records::{Item, Source, Tally, open, read, unwrap};

/// Match records against a filter pattern, offline
///
/// Prints a line for each record, in order: true or false. Like
/// `aws logs test-metric-filter`, without AWS. Takes what `rootguard watch` takes; a line
/// that is no JSON is a message as it is, and so is what a line has under the key `event`.
///
/// Exit code: 0 matched, 2 there was nothing that could be read.
#[derive(Debug, Args)]
pub(crate) struct TestFilter {
    /// The pattern, in single quotes because of the `$`
    #[arg(value_name = "PATTERN", allow_hyphen_values = true)]
    pattern: String,
    /// File or folder with records or log messages; standard input for `-`
    #[arg(long, value_name = "FILE")]
    events: PathBuf,
}

impl TestFilter {
    pub(crate) fn run(self) -> anyhow::Result<Outcome> {
        let pattern = valid_pattern(&self.pattern)?;
        let mut out = BufWriter::new(std::io::stdout().lock());
        let mut tally = Tally::default();
        for source in Source::all(&self.events)? {
            let mut stream = open(&source)?;
            read(&mut stream, &mut |item| {
                match item {
                    Item::Document(document) => {
                        // What a line has under this key is the message, whatever it is.
                        if let Some(event) = document.get("event") {
                            tally.document();
                            return Ok(writeln!(out, "{}", pattern.matches_record(event))?);
                        }
                        unwrap(document, &mut |record, form| {
                            tally.document();
                            tally.record(form);
                            Ok(writeln!(out, "{}", pattern.matches_record(&record))?)
                        })?;
                    }
                    Item::Line(_, message) => {
                        tally.document();
                        writeln!(out, "{}", pattern.matches(&message))?;
                    }
                    Item::Broken(line) => tally.unreadable(format!("line {line} of {source}")),
                }
                Ok(())
            })?;
        }
        out.flush()?;
        if !tally.has_read() && !tally.is_empty() {
            tally.print()?;
            bail!(
                "there was nothing that could be read in {}",
                self.events.display()
            );
        }
        Ok(Outcome::Done)
    }
}
