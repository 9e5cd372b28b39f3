//! `JUnit` XML, in the form that Jenkins and GitLab read: a suite per account, a test per
//! control.

use std::fmt::Write as _;
use std::io::Write;

use config_rule::{Choice, Compliance};

use crate::rows::{Row, RowResult};

pub(super) fn write(
    rows: &mut dyn Iterator<Item = Row>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="rootguard">"#)?;
    let mut rows = rows.peekable();
    while let Some(first) = rows.next() {
        let mut suite = Suite::new(&first)?;
        suite.add(&first)?;
        while let Some(row) = rows.next_if(|row| row.account == first.account) {
            suite.add(&row)?;
        }
        suite.write(out)?;
    }
    writeln!(out, "</testsuites>")?;
    Ok(())
}

/// The tests of an account.
struct Suite {
    name: String,
    time: String,
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    cases: String,
}

impl Suite {
    fn new(row: &Row) -> anyhow::Result<Self> {
        let name = match &row.account_name {
            Some(name) => format!("{} {name}", row.account),
            None => row.account.clone(),
        };
        Ok(Self {
            name,
            // Without a zone: the form knows none. It is UTC.
            time: row
                .detail()?
                .observed_at
                .to_string()
                .chars()
                .take(19)
                .collect(),
            tests: 0,
            failures: 0,
            errors: 0,
            skipped: 0,
            cases: String::new(),
        })
    }

    fn add(&mut self, row: &Row) -> anyhow::Result<()> {
        self.tests += 1;
        let outcome = match &row.result {
            RowResult::Judged {
                compliance,
                annotation,
            } => match compliance {
                Compliance::Compliant => None,
                Compliance::NonCompliant => {
                    self.failures += 1;
                    Some(("failure", row.severity.word(), annotation))
                }
                Compliance::Unverifiable => {
                    self.errors += 1;
                    Some(("error", "UNVERIFIABLE", annotation))
                }
                Compliance::NotApplicable => {
                    self.skipped += 1;
                    Some(("skipped", "", annotation))
                }
            },
            RowResult::Failed { error } => {
                self.errors += 1;
                Some(("error", "EVALUATION_FAILED", error))
            }
        };
        write!(
            self.cases,
            r#"    <testcase classname="{}" name="{}" time="0""#,
            row.account, row.control
        )?;
        match outcome {
            None => writeln!(self.cases, "/>")?,
            Some((element, kind, text)) => {
                let text = escaped(text);
                let kind = if kind.is_empty() {
                    String::new()
                } else {
                    format!(r#" type="{kind}""#)
                };
                writeln!(self.cases, ">")?;
                writeln!(self.cases, r#"      <{element} message="{text}"{kind}/>"#)?;
                writeln!(self.cases, "    </testcase>")?;
            }
        }
        Ok(())
    }

    fn write(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        writeln!(
            out,
            r#"  <testsuite name="{}" timestamp="{}" tests="{}" failures="{}" errors="{}" skipped="{}" time="0">"#,
            escaped(&self.name),
            self.time,
            self.tests,
            self.failures,
            self.errors,
            self.skipped,
        )?;
        write!(out, "{}", self.cases)?;
        writeln!(out, "  </testsuite>")?;
        Ok(())
    }
}

/// A text in an attribute of XML 1.0, which has no way to write most control characters.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            hidden if config_rule::is_deceptive(hidden) => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}
