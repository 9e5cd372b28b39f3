//! Results as people and machines read them: one row per account and control.

use std::io::Write;
use std::time::SystemTime;

use anyhow::Context;
use bundle::{ConfiguredRule, Snapshot};
use clap::ValueEnum;
use comfy_table::Color;
use config_rule::{Compliance, Prediction, ReasonCode, Severity, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::exceptions;
use crate::exit::is_closed_pipe;
use crate::rules::ChosenRules;
use crate::table::{Line, table};

/// Form in which results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table for people
    Table,
    /// One JSON document for programs
    Json,
}

/// Result of one control in one account.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    /// The twelve-digit account id.
    pub(crate) account: String,
    /// Name of the account, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account_name: Option<String>,
    /// The control's name.
    pub(crate) control: &'static str,
    /// Severity where the control does not hold.
    pub(crate) severity: Severity,
    /// The verdict, or why there is none.
    #[serde(flatten)]
    pub(crate) result: RowResult,
    /// More, where the account was looked at here.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<Detail>,
}

/// Place and time of looking at an account, and what the verdict rests on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Detail {
    /// The partition.
    pub(crate) partition: String,
    /// The Region in which it was asked.
    pub(crate) region: String,
    /// Time.
    pub(crate) observed_at: Timestamp,
    /// Reason, as a stable name.
    pub(crate) reason_code: ReasonCode,
    /// Evidence of the verdict.
    pub(crate) evidence: Map<String, Value>,
    /// Prediction of Security Hub's own control; nothing where there are no facts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) native: Option<Prediction>,
}

/// The reason code where there is no verdict.
pub(crate) const EVALUATION_FAILED: ReasonCode = ReasonCode::new("EVALUATION_FAILED");

impl Row {
    /// Returns what formats for other programs need.
    pub(crate) fn detail(&self) -> anyhow::Result<&Detail> {
        let missing = || format!("nobody looked at {} here", self.account);
        self.detail.as_ref().with_context(missing)
    }
}

/// The verdict, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", untagged)]
pub(crate) enum RowResult {
    /// There is one.
    Judged {
        /// Compliance of the account.
        compliance: Compliance,
        /// `REASON_CODE: what was seen, and what to do`.
        annotation: String,
    },
    /// The evaluation failed.
    Failed {
        /// Failure.
        error: String,
    },
}

impl RowResult {
    /// Returns whether somebody has to do something.
    pub(crate) fn needs_attention(&self) -> bool {
        !matches!(
            self,
            Self::Judged {
                compliance: Compliance::Compliant | Compliance::NotApplicable,
                ..
            }
        )
    }
}

/// Returns what a rule says of a snapshot.
pub(crate) fn judged(
    snapshot: &Snapshot,
    account_name: Option<String>,
    rule: &ConfiguredRule,
) -> Row {
    let (result, reason_code, evidence, native) = match snapshot.judge(rule) {
        Ok(verdict) => {
            // Security Hub knows no exceptions of ours. When a snapshot was taken does not
            // matter to them: they are the organization's of now.
            let native = snapshot.predict(rule, &verdict).ok();
            let now = SystemTime::now().into();
            let verdict = rule.excepted(snapshot.account(), verdict, now);
            (
                RowResult::Judged {
                    compliance: verdict.compliance,
                    annotation: verdict.annotation().to_string(),
                },
                verdict.reason,
                verdict.evidence,
                native,
            )
        }
        Err(error) => (
            RowResult::Failed {
                error: error.to_string(),
            },
            EVALUATION_FAILED,
            Map::new(),
            None,
        ),
    };
    Row {
        account: snapshot.account().to_owned(),
        account_name,
        control: rule.name(),
        severity: rule.severity,
        result,
        detail: Some(Detail {
            partition: snapshot.partition().to_owned(),
            region: snapshot.region().to_owned(),
            observed_at: snapshot.observed_at(),
            reason_code,
            evidence,
            native,
        }),
    }
}

/// Numbers of rows by compliance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counts {
    pub(crate) compliant: usize,
    pub(crate) not_compliant: usize,
    pub(crate) not_applicable: usize,
    pub(crate) unverifiable: usize,
    pub(crate) failed: usize,
}

impl Counts {
    pub(crate) fn new(rows: &[Row]) -> Self {
        let mut counts = Self::default();
        for row in rows {
            counts.add(row);
        }
        counts
    }

    /// Counts one more.
    pub(crate) fn add(&mut self, row: &Row) {
        *match row.result {
            RowResult::Failed { .. } => &mut self.failed,
            RowResult::Judged { compliance, .. } => match compliance {
                Compliance::Compliant => &mut self.compliant,
                Compliance::NonCompliant => &mut self.not_compliant,
                Compliance::NotApplicable => &mut self.not_applicable,
                Compliance::Unverifiable => &mut self.unverifiable,
            },
        } += 1;
    }

    /// `4 compliant, 1 failed`: what there is none of is left out.
    pub(crate) fn sentence(self) -> String {
        let parts = [
            (self.compliant, "compliant"),
            (self.not_compliant, "not compliant"),
            (self.not_applicable, "not applicable"),
            (self.unverifiable, "unverifiable"),
            (self.failed, "failed to evaluate"),
        ];
        let some: Vec<String> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        some.join(", ")
    }
}

/// Document that `--format json` prints.
#[derive(Debug, Serialize)]
struct Document<'a> {
    results: &'a [Row],
    counts: Counts,
    rules: &'a ChosenRules,
}

/// Prints rows to standard output, and how many there are of which kind, also of those
/// that are not shown; a table with sentences for people below it. The
/// verdicts are the same if nobody reads them to the end.
pub(crate) fn print(
    rows: &[Row],
    counts: Counts,
    rules: &ChosenRules,
    notes: &[String],
    format: Format,
) -> anyhow::Result<()> {
    match write(rows, counts, rules, notes, format) {
        Err(error) if is_closed_pipe(&error) => Ok(()),
        result => result,
    }
}

fn write(
    rows: &[Row],
    counts: Counts,
    rules: &ChosenRules,
    notes: &[String],
    format: Format,
) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match format {
        Format::Table => {
            if !rows.is_empty() {
                let lines: Vec<_> = rows.iter().map(line).collect();
                let table = table(["CONTROL", "COMPLIANCE", "REASON"], &lines);
                writeln!(out, "{}\n", table.trim_fmt())?;
            }
            writeln!(out, "{}", counts.sentence())?;
            writeln!(out, "Judged by the {rules}.")?;
            for note in exceptions::notes(rules.exceptions()) {
                writeln!(out, "{note}")?;
            }
            for note in notes {
                writeln!(out, "{note}")?;
            }
        }
        Format::Json => {
            let document = Document {
                results: rows,
                counts,
                rules,
            };
            serde_json::to_writer_pretty(&mut out, &document)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(())
}

/// A row of results as people read it.
pub(crate) fn line(row: &Row) -> Line<'_> {
    let (state, color, text) = match &row.result {
        RowResult::Judged {
            compliance,
            annotation,
        } => (compliance.to_string(), color_of(*compliance), annotation),
        RowResult::Failed { error } => ("evaluation failed".to_owned(), Color::Magenta, error),
    };
    Line {
        account: &row.account,
        account_name: row.account_name.as_deref(),
        control: row.control,
        state,
        color,
        text: text.clone(),
    }
}

fn color_of(compliance: Compliance) -> Color {
    match compliance {
        Compliance::Compliant => Color::Green,
        Compliance::NonCompliant => Color::Red,
        Compliance::NotApplicable => Color::Grey,
        Compliance::Unverifiable => Color::Yellow,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_say_only_what_there_is() {
        let row = |result| Row {
            account: "111122223333".to_owned(),
            account_name: None,
            control: "no-root-keys",
            severity: Severity::Low,
            result,
            detail: None,
        };
        let judged = |compliance| {
            row(RowResult::Judged {
                compliance,
                annotation: String::new(),
            })
        };
        let rows = [
            judged(Compliance::Compliant),
            judged(Compliance::Compliant),
            judged(Compliance::Unverifiable),
            row(RowResult::Failed {
                error: "no".to_owned(),
            }),
        ];
        let sentence = Counts::new(&rows).sentence();
        assert_eq!(
            sentence,
            "2 compliant, 1 unverifiable, 1 failed to evaluate"
        );
    }
}
