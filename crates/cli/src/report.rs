//! `rootguard report`: one HTML file that people look at.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use security_hub::CONTROLS;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::aws::{AwsArgs, observe};
use crate::check::ScoreGains;
use crate::exit::{Outcome, is_closed_pipe};
use crate::organization::Selection;
use crate::rows::{Row, judged};
use crate::rules::{ChosenRules, RulesFile};
use crate::score::Scores;
use crate::security_hub_prediction::Differences;

/// Write a report that people look at: one HTML file, which needs no network
///
/// Judges as `check` does. The file is readable by its owner only, and replaced where it is
/// there already. Exit code: 0 written, whatever it says; 2 not written.
#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(flatten)]
    aws: AwsArgs,
    #[command(flatten)]
    rules: RulesFile,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    gains: ScoreGains,
    /// File to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Earlier report: say what has changed since
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
}

const PAGE: &str = include_str!("report/page.html");
/// Mark at which the data stands in the page.
const DATA: &str = "/*DATA*/";
const BEGIN: &str = r#"<script type="application/json" id="data">"#;
const END: &str = "</script>";

impl Report {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        let mut rules = self.rules.read()?;
        let previous = self
            .previous
            .as_deref()
            .map(States::of_report)
            .transpose()?;
        let caller = self.aws.account().await?;
        rules.know_organization(&caller).await;
        let (rows, notes) = if self.selection.organization {
            let mut seen = self.selection.observe(&caller, &rules).await?;
            let notes = seen.notes();
            let rows: Result<Vec<Row>, _> = seen.rows(&caller, &rules).collect();
            (rows?, notes)
        } else {
            let snapshot = observe(&caller, &rules).await;
            let rows = rules.enabled().map(|rule| judged(&snapshot, None, rule));
            (rows.collect(), Vec::new())
        };
        let gains = self.gains.notes(&caller).await;
        let page = page(&rows, &rules, &notes, &gains, previous.as_ref())?;
        write(&self.output, &page).with_context(|| format!("writing {}", self.output.display()))?;
        Ok(Outcome::Done)
    }
}

/// Prints the page, for `check`. Nobody has to read it to the end.
pub(crate) fn print(
    rows: &[Row],
    rules: &ChosenRules,
    notes: &[String],
    gains: &[String],
) -> anyhow::Result<()> {
    let page = page(rows, rules, notes, gains, None)?;
    let mut out = std::io::stdout().lock();
    let written = out.write_all(page.as_bytes()).and_then(|()| out.flush());
    match written.map_err(anyhow::Error::from) {
        Err(error) if is_closed_pipe(&error) => Ok(()),
        written => written,
    }
}

fn page(
    rows: &[Row],
    rules: &ChosenRules,
    notes: &[String],
    gains: &[String],
    previous: Option<&States>,
) -> anyhow::Result<String> {
    let mut data = data(rows, rules, notes, previous)?;
    if let Some(members) = data.as_object_mut() {
        members.insert("gains".to_owned(), json!(gains));
    }
    // What an account is called must not end the element.
    let data = data.to_string().replace('<', "\\u003c");
    Ok(PAGE.replacen(DATA, &data, 1))
}

/// There at once and whole, or not at all.
fn write(path: &Path, page: &str) -> std::io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(page.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

fn data(
    rows: &[Row],
    rules: &ChosenRules,
    notes: &[String],
    previous: Option<&States>,
) -> anyhow::Result<Value> {
    let mut scores = Scores::default();
    let mut differences = Differences::default();
    let mut results = Vec::new();
    for row in rows {
        scores.add(row);
        differences.add(row);
        let mut result = serde_json::to_value(row)?;
        // What nobody opens would make the file many times as large.
        if !row.result.needs_attention()
            && let Some(members) = result.as_object_mut()
        {
            members.retain(|name, _| !["evidence", "native", "partition"].contains(&name.as_str()));
        }
        results.push(result);
    }
    let (ours, native) = scores.both();
    let accounts: std::collections::BTreeSet<_> = rows.iter().map(|row| &row.account).collect();
    let attention = rows.iter().filter(|row| row.result.needs_attention());
    let controls = CONTROLS.iter().map(|control| {
        json!({
            "name": control.name,
            "title": control.title,
            "securityHubControl": control.security_hub_control,
            "url": control.steps_url(),
            "requirements": control.requirements,
        })
    });
    let newest = rows.iter().filter_map(|row| row.detail.as_ref());
    let newest = newest.map(|detail| detail.observed_at).max();
    let when = newest.map_or_else(String::new, |time| format!("Last seen at {time}. "));
    let states = States::of_results(&results);
    Ok(json!({
        "when": format!("{when}Judged by the {rules}. {}", notes.join(" ")),
        "tiles": [
            ["accounts", accounts.len().to_string()],
            ["results that need attention", attention.count().to_string()],
            ["our score, as Security Hub computes one", ours.sentence()],
            ["Security Hub's own four controls, predicted", native.sentence()],
        ],
        "controls": controls.collect::<Vec<_>>(),
        "changes": previous.map(|previous| states.since(previous)),
        "exceptions": rules.exceptions(),
        "differences": differences.notes().collect::<Vec<_>>(),
        "results": results,
    }))
}

/// Result of each control in each account.
struct States(BTreeMap<(String, String), String>);

impl States {
    fn of_results(results: &[Value]) -> Self {
        let text = |row: &Value, name: &str| row.get(name)?.as_str().map(str::to_owned);
        let states = results.iter().filter_map(|row| {
            let key = (text(row, "account")?, text(row, "control")?);
            let failed = || "EVALUATION_FAILED".to_owned();
            Some((key, text(row, "compliance").unwrap_or_else(failed)))
        });
        Self(states.collect())
    }

    /// A report has its data in it.
    fn of_report(path: &Path) -> anyhow::Result<Self> {
        let named = || path.display().to_string();
        let page = std::fs::read_to_string(path).with_context(named)?;
        let data = page
            .split_once(BEGIN)
            .and_then(|(_, rest)| rest.split_once(END))
            .and_then(|(data, _)| serde_json::from_str::<Value>(data).ok())
            .ok_or_else(|| anyhow!("{} is no report of rootguard", named()))?;
        let results = data.get("results").and_then(Value::as_array);
        Ok(Self::of_results(results.map_or(&[], Vec::as_slice)))
    }

    /// A line for each thing that has changed.
    fn since(&self, previous: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        for ((account, control), now) in &self.0 {
            match previous.0.get(&(account.clone(), control.clone())) {
                Some(before) if before == now => {}
                Some(before) => {
                    changes.push(format!("{account}: {control} was {before}, is {now}"));
                }
                None => changes.push(format!("{account}: {control} is {now}, and is new")),
            }
        }
        for ((account, control), before) in &previous.0 {
            if !self.0.contains_key(&(account.clone(), control.clone())) {
                changes.push(format!("{account}: {control} was {before}, and is gone"));
            }
        }
        changes
    }
}
