//! `rootguard undo`: taking back what a remediation did.

use std::io::{Write, stdout};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use remediation::{Outcome as UndoOutcome, Record, StepStatus};
use serde_json::Value;

use crate::aws::{AwsArgs, announce_caller};
use crate::exit::Outcome;

/// Take back the reversible steps of a record
///
/// The record is a file that `rootguard remediate` wrote, or what a remediating function
/// returned. What somebody has changed since is left alone, and told.
///
/// Exit code: 0 taken back, 1 something cannot be taken back, 2 failed.
#[derive(Debug, Args)]
pub(crate) struct Undo {
    #[command(flatten)]
    aws: AwsArgs,
    /// File with one record, or a list of them
    #[arg(value_name = "RECORD")]
    record: PathBuf,
}

impl Undo {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        let file = self.record.display();
        let text = std::fs::read_to_string(&self.record)
            .with_context(|| format!("{file} cannot be read"))?;
        let records: Value =
            serde_json::from_str(&text).with_context(|| format!("{file} is not JSON"))?;
        let records = match records {
            Value::Array(records) => records,
            record => vec![record],
        };
        let records: Vec<Record<Value>> = serde_json::from_value(Value::Array(records))
            .with_context(|| format!("{file} holds no record of a remediation"))?;
        let account = self.aws.account().await?;
        announce_caller(&account).await?;
        let mut worst = Outcome::Done;
        for record in records.iter().rev() {
            let own = account.identity().account();
            if record.account != own {
                bail!(
                    "the record is about account {}, the credentials are of {own}",
                    record.account
                );
            }
            let rule = bundle::RULES.iter();
            let mut rule = rule.filter(|rule| rule.metadata().name == record.control);
            let rule = rule
                .next()
                .with_context(|| format!("no rule {}", record.control))?;
            let account = account.in_region(&record.region);
            let undo = rule.undo(&account, record).await?;
            let mut out = stdout().lock();
            writeln!(out, "{}  {}", record.control, undo.outcome)?;
            for step in &undo.steps {
                let status = match &step.status {
                    StepStatus::Applied => "taken back".to_owned(),
                    StepStatus::NotReached => "not reached".to_owned(),
                    StepStatus::Failed { error } => format!("failed: {error}"),
                    StepStatus::Withheld { why } => why.clone(),
                };
                writeln!(out, "  * {} ({}): {status}", step.what, step.resource)?;
            }
            match undo.outcome {
                UndoOutcome::Done => {}
                UndoOutcome::Failed => return Ok(Outcome::Unjudged),
                _ => worst = Outcome::NotCompliant,
            }
        }
        Ok(worst)
    }
}
