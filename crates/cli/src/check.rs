//! `rootguard check`: the verdicts on one account, reported to nobody.

use std::io::Write;
use std::path::PathBuf;

use bundle::Snapshot;
use clap::Args;
use config_rule::Account;

use crate::aws::{AwsArgs, observe};
use crate::exit::Outcome;
use crate::formats::{self, Format};
use crate::organization::{ScanResult, Selection};
use crate::report;
use crate::rows::{self, Counts, Row, judged};
use crate::rules::{ChosenRules, RulesFile};
use crate::score::Scores;
use crate::security_hub_prediction::Differences;
use crate::standards;

/// Judge the account of the current credentials, an organization, or a snapshot
///
/// Changes nothing in AWS. Credentials and Region come from where the AWS CLI takes
/// them: environment, profiles, SSO, instance and container roles. A snapshot is
/// judged offline and needs neither.
///
/// Exit code: 0 compliant, 1 not compliant, 2 could not judge.
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    aws: AwsArgs,
    #[command(flatten)]
    rules: RulesFile,
    /// New file to write what was seen of the account to
    #[arg(long, value_name = "FILE", conflicts_with = "organization")]
    snapshot_out: Option<PathBuf>,
    /// Judge what --snapshot-out wrote, without AWS
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "profile", "region", "endpoint_url", "snapshot_out", "organization", "score_gains",
        ]
    )]
    snapshot: Option<PathBuf>,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    gains: ScoreGains,
    /// How results are printed
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// Choice of asking Security Hub.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ScoreGains {
    /// Say what the score of each standard that is enabled in Security Hub gains where its
    /// controls that ask what ours ask pass; reads its findings, as the account that asks
    /// sees them
    #[arg(long)]
    score_gains: bool,
}

impl ScoreGains {
    /// Returns what Security Hub's findings tell; nothing where nobody wants to know.
    pub(crate) async fn notes(self, account: &Account) -> Vec<String> {
        if self.score_gains {
            standards::notes(account).await
        } else {
            Vec::new()
        }
    }
}

impl Check {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        let mut rules = self.rules.read()?;
        if self.selection.organization {
            let caller = self.aws.account().await?;
            rules.know_organization(&caller).await;
            let seen = self.selection.observe(&caller, &rules).await?;
            let gains = self.gains.notes(&caller).await;
            return organization(seen, &caller, &rules, self.format, gains);
        }
        if let Some(file) = &self.snapshot_out {
            Snapshot::is_writable(file)?;
        }
        let (snapshot, gains) = if let Some(file) = &self.snapshot {
            (Snapshot::read(file)?, Vec::new())
        } else {
            let account = self.aws.account().await?;
            rules.know_organization(&account).await;
            let snapshot = observe(&account, &rules).await;
            (snapshot, self.gains.notes(&account).await)
        };
        let rows: Vec<_> = rules
            .enabled()
            .map(|rule| judged(&snapshot, None, rule))
            .collect();
        let mut notes = Vec::new();
        if let Some(file) = &self.snapshot {
            let (file, time) = (file.display(), snapshot.observed_at());
            notes.push(format!(
                "ScanResult at {time}, in {file}: nothing was asked now."
            ));
        }
        // Before the rows, whose reader may have seen enough; a failure is told after
        // them, because the verdicts stand.
        let mut written = Ok(());
        if let Some(file) = &self.snapshot_out {
            written = snapshot.write(file);
            if written.is_ok() {
                notes.push(format!("What was seen is in {}.", file.display()));
            }
        }
        let counts = match self.format.as_row_format() {
            None if self.format == Format::Html => {
                report::print(&rows, &rules, &notes, &gains)?;
                Counts::new(&rows)
            }
            Some(format) => {
                let counts = Counts::new(&rows);
                notes.extend(security_hub_notes(&rows));
                if format == rows::Format::Table {
                    notes.extend(gains);
                } else {
                    tell(&gains);
                }
                rows::print(&rows, counts, &rules, &notes, format)?;
                counts
            }
            None => {
                let counts = formats::print(self.format, &mut rows.into_iter().map(Ok))?;
                tell(&gains);
                counts
            }
        };
        written?;
        Ok(outcome(counts))
    }
}

/// Judges what was seen of an organization.
fn organization(
    mut seen: ScanResult,
    caller: &Account,
    rules: &ChosenRules,
    format: Format,
    gains: Vec<String>,
) -> anyhow::Result<Outcome> {
    let mut notes = seen.notes();
    let rows = seen.rows(caller, rules);
    let counts = match format.as_row_format() {
        None if format == Format::Html => {
            let rows: Vec<Row> = rows.collect::<Result<_, _>>()?;
            report::print(&rows, rules, &notes, &gains)?;
            Counts::new(&rows)
        }
        None => {
            let counts = formats::print(format, &mut rows.into_iter())?;
            notes.extend(gains);
            tell(&notes);
            counts
        }
        Some(rows::Format::Json) => {
            let rows: Vec<Row> = rows.collect::<Result<_, _>>()?;
            let counts = Counts::new(&rows);
            rows::print(&rows, counts, rules, &notes, rows::Format::Json)?;
            tell(&gains);
            counts
        }
        Some(rows::Format::Table) => {
            let mut counts = Counts::default();
            let mut scores = Scores::default();
            let mut differences = Differences::default();
            let mut shown = Vec::new();
            for row in rows {
                let row = row?;
                counts.add(&row);
                scores.add(&row);
                differences.add(&row);
                if row.result.needs_attention() {
                    shown.push(row);
                }
            }
            let (ours, native) = scores.both();
            notes.extend([
                format!("As Security Hub scores: {}.", ours.sentence()),
                format!("Its own controls that ask the same: {}.", native.sentence()),
            ]);
            notes.extend(differences.notes());
            notes.extend(gains);
            rows::print(&shown, counts, rules, &notes, rows::Format::Table)?;
            counts
        }
    };
    Ok(outcome(counts))
}

/// Says something to people, where standard output is for programs.
fn tell(notes: &[String]) {
    for note in notes {
        let _ = writeln!(std::io::stderr(), "{note}");
    }
}

/// Returns where Security Hub's own controls will say something else.
fn security_hub_notes(rows: &[Row]) -> Vec<String> {
    let mut differences = Differences::default();
    for row in rows {
        differences.add(row);
    }
    differences.notes().collect()
}

/// A proven violation outweighs what could not be judged.
fn outcome(counts: Counts) -> Outcome {
    if counts.not_compliant > 0 {
        Outcome::NotCompliant
    } else if counts.unverifiable > 0 || counts.failed > 0 {
        Outcome::Unjudged
    } else {
        Outcome::Done
    }
}
