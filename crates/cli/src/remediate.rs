//! `rootguard plan` and `rootguard remediate`: what would be done about an account, and
//! doing it.

use std::fs::OpenOptions;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::PathBuf;

use anyhow::{Context, bail};
use bundle::{ConfiguredRule, RemediationTask};
use clap::Args;
use config_rule::{Account, Identity};
use remediation::{Outcome as RecordOutcome, Record, RecordedStep, StepStatus, WaitSettings};
use serde_json::{Value, json};

use crate::aws::{AwsArgs, announce_caller};
use crate::exit::Outcome;
use crate::rules::{ChosenRules, RulesFile};

/// Show what would be done about an account, and what only a human can do
///
/// Changes nothing in AWS. Steps are shown with what is there now and what will be.
///
/// Exit code: 0 nothing to do, 1 something to do, 2 could not plan.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    aws: AwsArgs,
    #[command(flatten)]
    rules: RulesFile,
    /// Plan for this rule only
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    #[command(flatten)]
    member: Member,
}

/// Repair the account of the current credentials, as far as rules.toml allows
///
/// Shows the plan first and asks. Every record is written to a file, from which
/// `rootguard undo` takes reversible steps back.
///
/// Exit code: 0 done, 1 something is left to a human, 2 failed.
#[derive(Debug, Args)]
pub(crate) struct Remediate {
    #[command(flatten)]
    aws: AwsArgs,
    #[command(flatten)]
    rules: RulesFile,
    /// Repair what this rule is about, and nothing else
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Show the plan and change nothing
    #[arg(long)]
    dry_run: bool,
    /// New file to write the records to
    #[arg(long, value_name = "FILE", default_value = "rootguard-record.json")]
    record: PathBuf,
    #[command(flatten)]
    member: Member,
}

/// A member account that is repaired from the account of the credentials.
#[derive(Debug, Args)]
struct Member {
    /// Member account whose root user it is about, through a privileged root session of
    /// the account of the credentials; with --rule no-root-keys or hardware-root-mfa. Sets off the member's
    /// root-usage alarm
    #[arg(long, value_name = "ID", requires = "rule")]
    account: Option<String>,
}

impl Plan {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        let rules = self.rules.read()?;
        let account = self.aws.account().await?;
        let mut left = false;
        for rule in chosen(&rules, self.rule.as_deref())? {
            let record = rule.rule.plan(self.member.task(rule, &account)?).await;
            let record = record.with_context(|| format!("no plan for {}", rule.name()))?;
            left |= !record.steps.is_empty() || !record.manual.is_empty();
            print(&record)?;
        }
        Ok(if left {
            Outcome::NotCompliant
        } else {
            Outcome::Done
        })
    }
}

impl Remediate {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        let rules = self.rules.read()?;
        let account = self.aws.account().await?;
        announce_caller(&account).await?;
        let mut records = Vec::new();
        for rule in chosen(&rules, self.rule.as_deref())? {
            let plan = rule.rule.plan(self.member.task(rule, &account)?).await;
            let plan = plan.with_context(|| format!("no plan for {}", rule.name()))?;
            print(&plan)?;
            let allowed =
                |recorded: &RecordedStep<Value>| recorded.status == StepStatus::NotReached;
            if self.dry_run || !plan.steps.iter().any(allowed) {
                records.push(plan);
                continue;
            }
            if !self.yes && !confirmed(rule.name())? {
                bail!("nothing was changed for {}", rule.name());
            }
            if records
                .iter()
                .all(|record: &Record<Value>| record.tried().next().is_none())
            {
                // Before the first change: what cannot be recorded cannot be undone.
                writable(&self.record)?;
            }
            let record = rule
                .rule
                .remediate(self.member.task(rule, &account)?)
                .await?;
            print(&record)?;
            records.push(record);
            write(&self.record, &records)?;
        }
        Ok(outcome(&records))
    }
}

fn outcome(records: &[Record<Value>]) -> Outcome {
    let is = |outcome| records.iter().any(|record| record.outcome == outcome);
    if is(RecordOutcome::Failed) {
        Outcome::Unjudged
    } else if is(RecordOutcome::WaitingForHuman) || is(RecordOutcome::Refused) {
        Outcome::NotCompliant
    } else {
        Outcome::Done
    }
}

fn chosen<'a>(
    rules: &'a ChosenRules,
    name: Option<&str>,
) -> anyhow::Result<Vec<&'a ConfiguredRule>> {
    let is_chosen = |rule: &&ConfiguredRule| name.is_none_or(|name| rule.name() == name);
    let chosen: Vec<_> = rules.enabled().filter(is_chosen).collect();
    if chosen.is_empty() {
        let names: Vec<_> = rules.enabled().map(ConfiguredRule::name).collect();
        bail!(
            "there is no rule {}; there are {}",
            name.unwrap_or_default(),
            names.join(", ")
        );
    }
    Ok(chosen)
}

impl Member {
    fn task(&self, rule: &ConfiguredRule, account: &Account) -> anyhow::Result<RemediationTask> {
        let mut identity = account.identity().clone();
        if let Some(member) = &self.account {
            if !rule.rule.is_from_central() {
                let rules = bundle::RULES.iter().filter(|rule| rule.is_from_central());
                let names: Vec<_> = rules.map(|rule| rule.metadata().name).collect();
                bail!("--account goes with --rule {}", names.join(" or "));
            }
            let arn = format!("arn:{}:iam::{member}:root", identity.partition());
            identity = Identity::of_caller(&arn, identity.region())?;
        }
        Ok(RemediationTask {
            sdk: account.sdk().clone(),
            identity,
            parameters: rule.parameters.clone(),
            remediation: rule.remediation.clone(),
            exceptions: rule.accepted(),
            from_central: self.account.is_some(),
            wait: WaitSettings::default(),
        })
    }
}

/// The plan or what became of it: each step as a diff, then what is left to a human.
fn print(record: &Record<Value>) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    writeln!(
        out,
        "{}  account {}  {}: {}",
        record.control, record.account, record.outcome, record.why
    )?;
    writeln!(out, "  before: {}", record.before.annotation())?;
    if let Some(after) = &record.after {
        writeln!(out, "  after:  {}", after.annotation())?;
    }
    for warning in &record.warnings {
        writeln!(out, "  warning: {warning}")?;
    }
    for RecordedStep { step, status } in &record.steps {
        let note = match status {
            StepStatus::Applied => " [applied]".to_owned(),
            StepStatus::NotReached => String::new(),
            StepStatus::Failed { error } => format!(" [failed: {error}]"),
            StepStatus::Withheld { why } => format!(" [withheld: {why}]"),
        };
        writeln!(out, "  * {} ({}){note}", step.what, step.resource)?;
        for (sign, state) in [('-', &step.before), ('+', &step.after)] {
            if !state.is_null() {
                writeln!(out, "    {sign} {state}")?;
            }
        }
        if let Some(cost) = &step.cost {
            writeln!(out, "    costs money: {cost}")?;
        }
        if !step.reversible {
            writeln!(out, "    cannot be undone")?;
        }
    }
    for item in &record.manual {
        writeln!(out, "  ! {}: {}", item.code, item.what)?;
        writeln!(out, "    {}", item.runbook)?;
    }
    Ok(())
}

fn confirmed(rule: &str) -> anyhow::Result<bool> {
    let mut out = stdout().lock();
    write!(out, "Apply the steps of {rule}? Type yes: ")?;
    out.flush()?;
    let mut answer = String::new();
    stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}

fn writable(file: &PathBuf) -> anyhow::Result<()> {
    let created = OpenOptions::new().write(true).create_new(true).open(file);
    created.with_context(|| format!("{} must be a new file; see --record", file.display()))?;
    Ok(())
}

fn write(file: &PathBuf, records: &[Record<Value>]) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(&json!(records))?;
    std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
}
