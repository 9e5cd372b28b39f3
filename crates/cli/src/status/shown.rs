//! What AWS Config shows, as people and machines read it.

use std::io::Write;

use bundle::ConfiguredRule;
use config_rule::{Choice, Compliance};
use serde::Serialize;

use super::{Age, Format, RemediationException, Shown};
use crate::exceptions;
use crate::exit::{Outcome, is_closed_pipe};
use crate::formats::no_formula;
use crate::rows::{Counts, RowResult, line};
use crate::rules::ChosenRules;
use crate::table::{Line, table};

/// All that is shown, and what there is to say of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status<'a> {
    results: Vec<Shown>,
    counts: Counts,
    /// Number of results that are stale.
    stale: usize,
    notes: Vec<String>,
    rules: &'a ChosenRules,
    #[serde(skip)]
    organization: bool,
}

impl<'a> Status<'a> {
    pub(super) fn new(
        results: Vec<Shown>,
        organization: bool,
        rules: &'a ChosenRules,
        mut notes: Vec<String>,
    ) -> Self {
        let mut counts = Counts::default();
        for shown in &results {
            counts.add(&shown.row);
        }
        let stale = results.iter().filter(|shown| shown.is_stale()).count();
        if organization {
            notes.push(
                "Remediation exceptions are shown by AWS Config in each account only.".to_owned(),
            );
        }
        for rule in rules.enabled() {
            let unheeded = results.iter().filter(|shown| is_unheeded(shown, rule));
            for shown in unheeded {
                notes.push(format!(
                    "rules.toml accepts what {} has in {}, and its function there does not know \
                     yet: deploy it.",
                    rule.name(),
                    shown.row.account
                ));
            }
        }
        Self {
            results,
            counts,
            stale,
            notes,
            rules,
            organization,
        }
    }

    /// A violation outweighs what is not known.
    pub(super) fn outcome(&self) -> Outcome {
        if self.counts.not_compliant > 0 {
            Outcome::NotCompliant
        } else if self.stale > 0 || self.counts.failed > 0 {
            Outcome::Unjudged
        } else {
            Outcome::Done
        }
    }

    /// Prints to standard output. Nobody has to read it to the end.
    pub(super) fn print(&self, format: Format) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        let written = match format {
            Format::Table => self.write_table(&mut out),
            Format::Json => self.write_json(&mut out),
            Format::Csv => self.write_csv(&mut out),
        };
        match written.and_then(|()| Ok(out.flush()?)) {
            Err(error) if is_closed_pipe(&error) => Ok(()),
            written => written,
        }
    }

    fn write_table(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        let results = self.results.iter();
        let shown = results.filter(|shown| !self.organization || shown.needs_attention());
        let lines: Vec<_> = shown.map(Shown::line).collect();
        if !lines.is_empty() {
            let table = table(["CONTROL", "COMPLIANCE", "REPORTED"], &lines);
            writeln!(out, "{}\n", table.trim_fmt())?;
        }
        let stale = match self.stale {
            0 => String::new(),
            some => format!("; {some} of them stale"),
        };
        let counts = self.counts.sentence();
        let counts = counts.replace("failed to evaluate", "without a result");
        writeln!(out, "{counts}{stale}")?;
        writeln!(out, "Expected by the {}.", self.rules)?;
        let exceptions = exceptions::notes(self.rules.exceptions());
        for note in self.notes.iter().chain(&exceptions) {
            writeln!(out, "{note}")?;
        }
        Ok(())
    }

    fn write_json(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)?;
        Ok(())
    }

    fn write_csv(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record([
            "account",
            "account_name",
            "region",
            "control",
            "severity",
            "compliance",
            "annotation",
            "recorded_at",
            "age_hours",
            "stale",
            "remediation_exception",
        ])?;
        for shown in &self.results {
            let row = &shown.row;
            let (compliance, text) = match &row.result {
                RowResult::Judged {
                    compliance,
                    annotation,
                } => (compliance.to_string(), annotation),
                RowResult::Failed { error } => ("NO_RESULT".to_owned(), error),
            };
            let age = |text: fn(&Age) -> String| shown.age.as_ref().map_or_else(String::new, text);
            let exception = shown.remediation_exception.as_ref();
            let exception = exception.map_or_else(String::new, RemediationException::sentence);
            writer.write_record([
                row.account.as_str(),
                &no_formula(row.account_name.as_deref().unwrap_or_default()),
                &shown.region,
                row.control,
                row.severity.word(),
                &compliance,
                &no_formula(text),
                &age(|age| age.recorded_at.to_string()),
                &age(|age| age.hours.to_string()),
                &age(|age| age.stale.to_string()),
                &no_formula(&exception),
            ])?;
        }
        writer.flush()?;
        Ok(())
    }
}

/// Returns whether `rules.toml` accepts what is shown, and the function did not know.
fn is_unheeded(shown: &Shown, rule: &ConfiguredRule) -> bool {
    let RowResult::Judged {
        compliance: Compliance::NonCompliant,
        annotation,
    } = &shown.row.result
    else {
        return false;
    };
    let now = std::time::SystemTime::now().into();
    let mut exceptions = rule.exceptions.iter();
    shown.row.control == rule.name()
        && exceptions.any(|configured| {
            let exception = &configured.exception;
            let code = annotation.split(':').next();
            !exception.is_expired(now)
                && exception.account == shown.row.account
                && code == Some(exception.reason_code.as_str())
        })
}

impl Shown {
    fn is_stale(&self) -> bool {
        self.age.is_some_and(|age| age.stale)
    }

    /// Returns whether somebody has to do something.
    fn needs_attention(&self) -> bool {
        self.row.result.needs_attention() || self.is_stale()
    }

    /// The result as people read it, with its age.
    fn line(&self) -> Line<'_> {
        let mut line = line(&self.row);
        if let RowResult::Failed { .. } = self.row.result {
            "no result".clone_into(&mut line.state);
        }
        if let Some(age) = self.age {
            let ago = age.sentence();
            line.text = format!("{ago}: {}", line.text);
        }
        if let Some(exception) = &self.remediation_exception {
            line.text = format!("{}\n{}", line.text, exception.sentence());
        }
        line
    }
}

impl Age {
    fn sentence(self) -> String {
        let ago = match self.hours {
            0 => "less than an hour ago".to_owned(),
            hours @ 1..=47 => format!("{hours} h ago"),
            hours => format!("{} days ago", hours / 24),
        };
        if self.stale {
            format!("STALE, {ago}")
        } else {
            ago
        }
    }
}

impl RemediationException {
    fn sentence(&self) -> String {
        let until = self.expires.map(|time| format!(" until {time}"));
        let why = self.message.as_ref().map(|why| format!(": {why}"));
        format!(
            "AWS Config does not remediate it{}{}",
            until.unwrap_or_default(),
            why.unwrap_or_default()
        )
    }
}
