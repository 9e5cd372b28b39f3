//! `rootguard undo`: reverting what a remediation did.

use std::io::{Write, stdout};
use std::path::PathBuf;

use anyhow::{Context, bail};
use bundle::Rule;
use clap::Args;
use config_rule::Account;
use remediation::{Outcome as UndoOutcome, Record, Undo as UndoneRecord, UndoStatus};
use serde_json::Value;

use crate::attended::{Interrupt, lock_account};
use crate::aws::{AwsArgs, announce_caller};
use crate::exit::Outcome;
use crate::question::{Answer, Questions};
use crate::record_file::RecordFile;

/// Revert the reversible steps of a record
///
/// The record is a file that `rootguard remediate` wrote, or what a remediating function
/// returned or logged. Shows what would be reverted and asks. What somebody has changed
/// or uses since is left as it is, and named.
///
/// Exit code: 0 reverted, 1 something is left as it is, 2 failed.
#[derive(Debug, Args)]
pub(crate) struct Undo {
    #[command(flatten)]
    aws: AwsArgs,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// New file to write what was reverted to [default: a name made of account and time]
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// File with one record, or a list of them
    #[arg(value_name = "RECORD")]
    file: PathBuf,
}

impl Undo {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        let records = self.read()?;
        let account = self.aws.account().await?;
        let id = account.identity().account();
        let mut tasks = Vec::new();
        // All before anything is reverted: a record that is not believed ends it.
        for record in records.iter().rev() {
            let mut rules = bundle::RULES.iter();
            let rule = rules.find(|rule| rule.metadata().name == record.control);
            let rule = rule.with_context(|| format!("there is no rule {}", record.control))?;
            let task = Task {
                rule: *rule,
                account: account.in_region(&record.region),
                record,
            };
            let plan = rule.plan_undo(&task.account, record).await;
            tasks.push((task, plan.with_context(|| self.file.display().to_string())?));
        }
        announce_caller(&account).await?;
        for (_, plan) in &tasks {
            print(plan)?;
        }
        let is_ready = |plan: &UndoneRecord| plan.outcome == UndoOutcome::Ready;
        if !tasks.iter().any(|(_, plan)| is_ready(plan)) {
            return Ok(worst(tasks.iter().map(|(_, plan)| plan.outcome)));
        }
        if Questions::new(self.yes).ask("Revert these steps?").await? != Answer::Yes {
            bail!("nothing was reverted");
        }
        let _lock = lock_account(id)?;
        let interrupt = Interrupt::listen();
        let mut file = RecordFile::new(self.record, "undo", id, account.observed_at());
        let mut outcomes = Vec::new();
        for (task, plan) in tasks {
            if !is_ready(&plan) {
                outcomes.push(plan.outcome);
                continue;
            }
            if interrupt.is_stopped() {
                bail!("stopped before {}", plan.control);
            }
            let mut keep = |undo: &UndoneRecord| {
                let is_changing = |status| matches!(status, UndoStatus::Reverting);
                let mut steps = undo.steps.iter();
                interrupt.set_changing(steps.any(|step| is_changing(step.status.clone())));
                file.keep(undo)
            };
            let undone = task
                .rule
                .undo(&task.account, task.record, &mut keep)
                .await?;
            interrupt.set_changing(false);
            file.complete(&undone);
            print(&undone)?;
            outcomes.push(undone.outcome);
            if undone.outcome == UndoOutcome::Failed {
                break;
            }
        }
        if file.is_created() {
            writeln!(stdout(), "Recorded in {}.", file.path().display())?;
        }
        Ok(worst(outcomes))
    }

    fn read(&self) -> anyhow::Result<Vec<Record<Value>>> {
        let file = self.file.display();
        let text = std::fs::read_to_string(&self.file)
            .with_context(|| format!("{file} cannot be read"))?;
        let records: Value =
            serde_json::from_str(&text).with_context(|| format!("{file} is not JSON"))?;
        let records = match records {
            Value::Array(records) => records,
            record => vec![record],
        };
        let records = records.into_iter().map(Record::read);
        let records: Result<Vec<_>, _> = records.collect();
        records.with_context(|| format!("{file} cannot be undone"))
    }
}

/// A record, and where it is undone.
struct Task<'a> {
    rule: &'static dyn Rule,
    account: Account,
    record: &'a Record<Value>,
}

fn worst(outcomes: impl IntoIterator<Item = UndoOutcome>) -> Outcome {
    let mut worst = Outcome::Done;
    for outcome in outcomes {
        worst = match (outcome, worst) {
            (UndoOutcome::Failed, _) | (_, Outcome::Unjudged) => Outcome::Unjudged,
            (UndoOutcome::Done, worst) => worst,
            _ => Outcome::NotCompliant,
        };
    }
    worst
}

/// The plan or what became of it: each step as a diff.
fn print(undo: &UndoneRecord) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    let (control, account) = (&undo.control, &undo.account);
    writeln!(out, "{control}  account {account}  {}", undo.outcome)?;
    if undo.steps.is_empty() {
        writeln!(out, "  no step of the record was applied")?;
    }
    for step in &undo.steps {
        writeln!(
            out,
            "  * {} ({}): {}",
            step.what, step.resource, step.status
        )?;
        if step.status == UndoStatus::ToRevert {
            for (sign, state) in [('-', &step.from), ('+', &step.to)] {
                if !state.is_null() {
                    writeln!(out, "    {sign} {state}")?;
                }
            }
        }
    }
    Ok(())
}
