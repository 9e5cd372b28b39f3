//! `rootguard plan` and `rootguard remediate`: what would be done about an account, and
//! doing it.

use std::io::{Write, stderr, stdout};
use std::path::PathBuf;

use anyhow::{Context, bail};
use bundle::{ConfiguredRule, RemediationTask};
use clap::Args;
use config_rule::{Account, Identity};
use remediation::{Outcome as RecordOutcome, Record, RecordedStep, StepStatus, WaitSettings};
use serde_json::Value;

use crate::attended::{Interrupt, Person, lock_account, recorded_in};
use crate::aws::{AwsArgs, announce_caller};
use crate::exit::Outcome;
use crate::organization::is_account_id;
use crate::question::{Answer, Questions};
use crate::record_file::RecordFile;
use crate::rules::{ChosenRules, RulesFile};

/// Show what would be done about an account, and what only a human can do
///
/// Changes nothing in AWS. Steps are shown with what is there now and what will be.
///
/// Exit code: 0 nothing to do, 1 something to do, 2 no plan, or none that would help.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    aws: AwsArgs,
    #[command(flatten)]
    rules: RulesFile,
    /// Plan for this rule only
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// Do not ask before a privileged root session is opened
    #[arg(long, requires = "account")]
    yes: bool,
    #[command(flatten)]
    member: Member,
}

/// Remediate the account of the current credentials, as far as rules.toml allows
///
/// Shows the steps of one rule after the other and asks for each; where the account was
/// changed meanwhile, shows and asks again. Before each step a record of it is written to
/// a file, from which `rootguard undo` reverts reversible steps. Ctrl-C finishes the step
/// in flight and stops.
///
/// Exit code: 0 done, 1 something is left to a human or was not approved, 2 failed.
#[derive(Debug, Args)]
pub(crate) struct Remediate {
    #[command(flatten)]
    aws: AwsArgs,
    #[command(flatten)]
    rules: RulesFile,
    /// Remediate what this rule is about, and nothing else
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Show the plan and change nothing
    #[arg(long)]
    dry_run: bool,
    /// New file to write the records to [default: a name made of account and time]
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    #[command(flatten)]
    member: Member,
}

/// A member account that is remediated from the account of the credentials.
#[derive(Debug, Args)]
struct Member {
    /// Member account whose root user it is about, through a privileged root session of
    /// the account of the credentials; with --rule no-root-keys or hardware-root-mfa. Sets off the member's
    /// root-usage alarm
    #[arg(long, value_name = "ID", requires = "rule", value_parser = account_id)]
    account: Option<String>,
}

pub(crate) fn account_id(text: &str) -> Result<String, String> {
    let is_id = is_account_id(text);
    is_id
        .then(|| text.to_owned())
        .ok_or_else(|| "an account id has twelve digits".to_owned())
}

impl Plan {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        let mut rules = self.rules.read()?;
        let account = self.aws.account().await?;
        rules.know_organization(&account).await;
        let rules = chosen(&rules, self.rule.as_deref())?;
        self.member.warn(&rules, &Questions::new(self.yes)).await?;
        let mut worst = Outcome::Done;
        for rule in rules {
            let record = rule.rule.plan(self.member.task(rule, &account)?).await;
            let record = record.with_context(|| format!("no plan for {}", rule.name()))?;
            print(&record)?;
            let is_left = !record.steps.is_empty() || !record.manual.is_empty();
            worst = match (record.outcome, worst) {
                (RecordOutcome::Failed, _) | (_, Outcome::Unjudged) => Outcome::Unjudged,
                _ if is_left => Outcome::NotCompliant,
                _ => worst,
            };
        }
        Ok(worst)
    }
}

impl Remediate {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        let mut rules = self.rules.read()?;
        let account = self.aws.account().await?;
        rules.know_organization(&account).await;
        let rules = chosen(&rules, self.rule.as_deref())?;
        let questions = Questions::new(self.yes);
        announce_caller(&account).await?;
        self.member.warn(&rules, &questions).await?;
        let id = self.member.account.as_deref();
        let id = id.unwrap_or(account.identity().account());
        let _lock = if self.dry_run {
            None
        } else {
            Some(lock_account(id)?)
        };
        let interrupt = Interrupt::listen();
        let mut file = RecordFile::new(self.record.clone(), "record", id, account.observed_at());
        let mut outcomes = Vec::new();
        for rule in rules {
            let task = self.member.task(rule, &account)?;
            if self.dry_run {
                let plan = rule.rule.plan(task).await;
                let plan = plan.with_context(|| format!("no plan for {}", rule.name()))?;
                print(&plan)?;
                outcomes.push(plan.outcome);
                continue;
            }
            let mut person = Person {
                questions: &questions,
                file: &mut file,
                interrupt: &interrupt,
                unanswered: None,
            };
            let record = rule.rule.remediate(task, &mut person).await;
            interrupt.set_changing(false);
            if let Some(error) = person.unanswered {
                if !file.is_created() {
                    return Err(error.context("nothing was changed"));
                }
                writeln!(stdout(), "{}", recorded_in(file.path()))?;
                return Err(error.context("the steps shown last were not taken"));
            }
            let record = record.with_context(|| format!("nothing was done for {}", rule.name()))?;
            print(&record)?;
            outcomes.push(record.outcome);
            if record.tried().next().is_some() {
                file.complete(&record);
            }
            if interrupt.is_stopped() {
                break;
            }
        }
        if file.is_created() {
            writeln!(stdout(), "{}", recorded_in(file.path()))?;
        }
        Ok(outcome(&outcomes))
    }
}

fn outcome(outcomes: &[RecordOutcome]) -> Outcome {
    let is_done = |outcome: &RecordOutcome| {
        matches!(outcome, RecordOutcome::Done | RecordOutcome::NotApplicable)
    };
    if outcomes.contains(&RecordOutcome::Failed) {
        Outcome::Unjudged
    } else if outcomes.iter().all(is_done) {
        Outcome::Done
    } else {
        Outcome::NotCompliant
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

fn is_from_central(rule: &ConfiguredRule) -> anyhow::Result<()> {
    if rule.rule.is_from_central() {
        return Ok(());
    }
    let rules = bundle::RULES.iter().filter(|rule| rule.is_from_central());
    let names: Vec<_> = rules.map(|rule| rule.metadata().name).collect();
    bail!("--account goes with --rule {}", names.join(" or "));
}

impl Member {
    /// Warns of the alarm that looking sets off, and asks.
    async fn warn(&self, rules: &[&ConfiguredRule], questions: &Questions) -> anyhow::Result<()> {
        let Some(member) = &self.account else {
            return Ok(());
        };
        for rule in rules {
            is_from_central(rule)?;
        }
        writeln!(
            stderr(),
            "warning: this may open a privileged root session in account {member}, which sets off \
             its root-usage alarm: tell whoever is told of root use"
        )?;
        if questions.ask("Open it?").await? != Answer::Yes {
            bail!("no session was opened, and nothing was changed");
        }
        Ok(())
    }

    fn task(&self, rule: &ConfiguredRule, account: &Account) -> anyhow::Result<RemediationTask> {
        let mut identity = account.identity().clone();
        if let Some(member) = &self.account {
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
pub(crate) fn print(record: &Record<Value>) -> anyhow::Result<()> {
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
            StepStatus::Applying => " [begun]".to_owned(),
            StepStatus::Unanswered { error } => format!(" [may have been applied: {error}]"),
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
