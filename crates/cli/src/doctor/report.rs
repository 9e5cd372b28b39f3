//! What the doctor prints.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Context;
use comfy_table::Color;
use serde::Serialize;

use super::finding::{Finding, Kind};
use crate::exit::{Outcome, is_closed_pipe};
use crate::rows::Format;
use crate::table::{Line, table};

/// Number of accounts of a finding that are named in a table.
const NAMED: usize = 3;

/// Findings, and where was looked for them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub(super) findings: Vec<Finding>,
    pub(super) counts: Counts,
    /// The accounts that were looked at, by id, and what people call them.
    pub(super) accounts: BTreeMap<String, String>,
    /// The accounts that are not active, and their states.
    pub(super) not_active: BTreeMap<String, String>,
    /// Notes for people besides.
    pub(super) notes: Vec<String>,
}

/// Numbers of findings by kind.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Counts {
    wrong: usize,
    could_not_tell: usize,
}

impl Counts {
    pub(super) fn new(findings: &[Finding]) -> Self {
        let of_kind = |kind| findings.iter().filter(|one| one.kind == kind).count();
        Self {
            wrong: of_kind(Kind::Wrong),
            could_not_tell: of_kind(Kind::CouldNotTell),
        }
    }
}

impl Report {
    /// Returns what is wrong outweighs what could not be told.
    pub(super) fn outcome(&self) -> Outcome {
        match self.counts {
            Counts { wrong: 1.., .. } => Outcome::NotCompliant,
            Counts {
                could_not_tell: 1..,
                ..
            } => Outcome::Unjudged,
            Counts { .. } => Outcome::Done,
        }
    }

    /// Prints it. What was found is the same if nobody reads it to the end.
    pub(super) fn print(&self, format: Format) -> anyhow::Result<()> {
        match self.write(format) {
            Err(error) if is_closed_pipe(&error) => Ok(()),
            result => result,
        }
    }

    fn write(&self, format: Format) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if let Format::Json = format {
            serde_json::to_writer_pretty(&mut out, self).context("writing what was found")?;
            writeln!(out)?;
            return Ok(out.flush()?);
        }
        let told = self.told_once();
        if !told.is_empty() {
            let lines: Vec<_> = told.iter().map(Told::line).collect();
            let header = ["EXAMINATION", "RESULT", "WHAT, AND WHAT TO DO"];
            writeln!(out, "{}\n", table(header, &lines).trim_fmt())?;
        }
        writeln!(out, "{}", self.sentence())?;
        for note in &self.notes {
            writeln!(out, "{note}")?;
        }
        if !self.not_active.is_empty() {
            let accounts = self.not_active.iter();
            let accounts: Vec<_> = accounts
                .map(|(id, state)| format!("{id} ({state})"))
                .collect();
            let accounts = accounts.join(", ");
            writeln!(out, "Not looked at, because not active: {accounts}.")?;
        }
        Ok(out.flush()?)
    }

    fn sentence(&self) -> String {
        let Counts {
            wrong,
            could_not_tell,
        } = self.counts;
        let accounts = counted(self.accounts.len(), "account");
        let wrong = (wrong > 0).then(|| counted(wrong, "finding"));
        let open = (could_not_tell > 0)
            .then(|| counted(could_not_tell, "question") + " that could not be answered");
        match (wrong, open) {
            (None, None) => format!("Nothing is wrong in {accounts}."),
            (Some(one), None) | (None, Some(one)) => format!("{one} in {accounts}."),
            (Some(wrong), Some(open)) => format!("{wrong} and {open} in {accounts}."),
        }
    }

    /// Returns what is the same in many accounts and Regions, once.
    fn told_once(&self) -> Vec<Told<'_>> {
        let mut told: Vec<Told<'_>> = Vec::new();
        for finding in &self.findings {
            let same = |told: &&mut Told<'_>| {
                let other = told.finding;
                (other.examination, &other.what, &other.fix)
                    == (finding.examination, &finding.what, &finding.fix)
            };
            let place = (finding.account.as_deref(), finding.region.as_deref());
            match told.iter_mut().find(same) {
                Some(told) => told.places.push(place),
                None => told.push(Told {
                    finding,
                    places: vec![place],
                    report: self,
                    account: String::new(),
                    name: None,
                }),
            }
        }
        for one in &mut told {
            (one.account, one.name) = one.whose();
        }
        told
    }
}

fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    }
}

/// A finding, and where it was found.
struct Told<'a> {
    finding: &'a Finding,
    places: Vec<(Option<&'a str>, Option<&'a str>)>,
    report: &'a Report,
    account: String,
    name: Option<String>,
}

impl Told<'_> {
    /// The account and what people call it; of several, how many, and the first.
    fn whose(&self) -> (String, Option<String>) {
        let mut ids: Vec<&str> = self.places.iter().filter_map(|(id, _)| *id).collect();
        ids.dedup();
        match ids.as_slice() {
            [] => ("organization".to_owned(), None),
            [id] => {
                let name = self.report.accounts.get(*id);
                (
                    (*id).to_owned(),
                    name.filter(|name| !name.is_empty()).cloned(),
                )
            }
            ids => {
                let mut named: Vec<_> = ids.iter().take(NAMED).copied().collect();
                if ids.len() > NAMED {
                    named.push("…");
                }
                (format!("{} accounts", ids.len()), Some(named.join("\n")))
            }
        }
    }

    fn line(&self) -> Line<'_> {
        let (state, color) = match self.finding.kind {
            Kind::Wrong => ("wrong", Color::Red),
            Kind::CouldNotTell => ("could not tell", Color::Yellow),
        };
        let mut regions: Vec<&str> = self
            .places
            .iter()
            .filter_map(|(_, region)| *region)
            .collect();
        regions.sort_unstable();
        regions.dedup();
        let Finding { what, fix, .. } = self.finding;
        let place = match regions.as_slice() {
            [] => String::new(),
            regions => format!("{}: ", regions.join(", ")),
        };
        Line {
            account: &self.account,
            account_name: self.name.as_deref(),
            control: self.finding.examination,
            state: state.to_owned(),
            color,
            text: format!("{place}{what}\n→ {fix}"),
        }
    }
}
