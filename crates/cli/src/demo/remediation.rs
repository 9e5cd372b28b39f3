//! What would be done about the accounts of the demo, and doing what `rules.toml` allows.

use std::time::{Duration, Instant};

use anyhow::Context;
use bundle::{ConfiguredRule, RemediationTask};
use comfy_table::Color;
use config_rule::Identity;
use remediation::{Record, RecordedStep, StepStatus, Unattended, WaitSettings};
use sandbox::Document;
use sandbox::{Role, Sandbox, sdk_config_over_http};
use serde_json::{Value, json};

use super::deploy::{ROLE_PATH, evidence_roles, in_this_organization};
use super::{REGION, config_result};
use crate::rows::{Row, line};
use crate::rules::ChosenRules;
use crate::table::{self, Line};

/// The sandbox is consistent at once, and nobody else changes it.
const WAIT: WaitSettings = WaitSettings {
    verifying: Duration::from_secs(2),
    between_observations: Duration::from_millis(50),
    between_steps: Duration::ZERO,
    while_busy: Duration::from_millis(50),
    busy_attempts: 5,
};

/// Time that the demo waits, by the clock of the sandbox: a trail that was switched on
/// delivers some minutes later.
const LATER: Duration = Duration::from_mins(10);

/// The setting that names the management account.
const MANAGEMENT_ACCOUNT: &str = "managementAccountId";
/// The setting that names the role by which the management account looks at members.
const MEMBER_ROLE: &str = "memberEvidenceRole";
/// The role of the demo that it names.
const ROOT_ACCESS: &str = "root-access";
/// The role in which the demo repairs.
const REMEDIATION: &str = "remediation";

/// Whose credentials a remediation has.
struct Remediators<'a> {
    sandbox: &'a Sandbox,
    endpoint: &'a str,
    evidence_roles: Vec<String>,
}

impl<'a> Remediators<'a> {
    /// Every account gets a role for remediation, and members one more, by which the
    /// management account looks after their root users.
    fn deployed(sandbox: &'a Sandbox, endpoint: &'a str) -> anyhow::Result<Self> {
        let organization = sandbox.organization();
        let management = organization.management_account().unwrap_or_default();
        for account in &organization.accounts {
            let function = json!({"Service": "lambda.amazonaws.com"});
            let central = json!({"AWS": format!("arn:aws:iam::{management}:root")});
            let mut roles = vec![role(REMEDIATION, &function)?];
            if account.in_organization && account.id != management {
                roles.push(role(ROOT_ACCESS, &central)?);
            }
            sandbox.change_account(&account.id, |account| account.roles.extend(roles))?;
        }
        Ok(Self {
            sandbox,
            endpoint,
            evidence_roles: evidence_roles(sandbox),
        })
    }

    /// The repair of what a row is about. Root users of members are looked after from the
    /// management account.
    fn task(&self, row: &Row, rule: &ConfiguredRule) -> anyhow::Result<RemediationTask> {
        let organization = self.sandbox.organization();
        let account = organization.account(&row.account);
        let is_member = account.is_some_and(|account| account.in_organization);
        let mut remediation = rule.remediation.clone();
        let mut from = row.account.as_str();
        let mut from_central = false;
        if rule.rule.is_from_central()
            && is_member
            && let Some(management) = organization.management_account()
        {
            (from, from_central) = (management, true);
            let by = format!("{}{ROOT_ACCESS}", ROLE_PATH.trim_start_matches('/'));
            remediation.insert(MANAGEMENT_ACCOUNT.to_owned(), json!(management));
            remediation.insert(MEMBER_ROLE.to_owned(), json!(by));
        }
        let credentials = self.sandbox.role_credentials(from, REMEDIATION)?;
        Ok(RemediationTask {
            sdk: sdk_config_over_http(self.endpoint, credentials, REGION),
            identity: Identity::of_caller(&format!("arn:aws:iam::{}:root", row.account), REGION)?,
            parameters: in_this_organization(rule, &self.evidence_roles).parameters,
            remediation,
            exceptions: rule.accepted(),
            from_central,
            wait: WAIT,
        })
    }
}

/// A role that may do everything: the demo shows what is done, and the tests of the
/// templates show how little that needs.
fn role(name: &str, principal: &Value) -> anyhow::Result<Role> {
    let document = |statement: Value| {
        let document = json!({"Version": "2012-10-17", "Statement": [statement]});
        Document::parse(&document.to_string())
    };
    let trust = json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"});
    let all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    Ok(Role {
        path: ROLE_PATH.to_owned(),
        ..Role::new(name, document(trust)?, vec![document(all)?])
    })
}

/// Plans for every row that needs somebody, applies what is allowed, and shows these rows
/// again.
pub(super) async fn remediate(
    sandbox: &Sandbox,
    endpoint: &str,
    rules: &ChosenRules,
    rows: Vec<Row>,
) -> anyhow::Result<()> {
    let started = Instant::now();
    let open: Vec<_> = rows
        .into_iter()
        .filter(|row| row.result.needs_attention())
        .collect();
    if open.is_empty() {
        return Ok(());
    }
    let remediators = Remediators::deployed(sandbox, endpoint)?;
    let rule_of = |row: &Row| rules.enabled().find(|rule| rule.name() == row.control);
    let mut plans = Vec::new();
    for row in &open {
        let rule = rule_of(row).context("a row is of a rule")?;
        plans.push(rule.rule.plan(remediators.task(row, rule)?).await);
    }
    let lines: Vec<_> = open
        .iter()
        .zip(&plans)
        .map(|(row, plan)| match plan {
            Ok(record) => planned(row, record),
            Err(error) => Line {
                state: "no plan".to_owned(),
                color: Color::Magenta,
                text: error.to_string(),
                ..line(row)
            },
        })
        .collect();
    table::print(
        ["PLAN", "STEPS (*) AND WHAT ONLY A HUMAN CAN DO (!)"],
        &lines,
        &[],
    )?;

    for (row, plan) in open.iter().zip(plans) {
        let is_allowed = |recorded: &RecordedStep<_>| recorded.status == StepStatus::NotReached;
        if plan.is_ok_and(|plan| plan.steps.iter().any(is_allowed)) {
            let rule = rule_of(row).context("a row is of a rule")?;
            let task = remediators.task(row, rule)?;
            rule.rule.remediate(task, &mut Unattended).await?;
        }
    }
    sandbox.advance_clock(LATER);
    judge_again(sandbox, endpoint, &open).await?;

    let (mut now, mut waits, mut green) = (Vec::new(), Vec::new(), 0);
    for row in &open {
        let result = config_result(sandbox, endpoint, &row.account, row.control).await?;
        let row = Row {
            result,
            ..row.clone()
        };
        let is_green = !row.result.needs_attention();
        green += usize::from(is_green);
        let rule = rule_of(&row).context("a row is of a rule")?;
        waits.push(if is_green {
            None
        } else {
            rule.rule.plan(remediators.task(&row, rule)?).await.ok()
        });
        now.push(row);
    }
    let human = waits.iter().flatten().count();
    let lines = now
        .iter()
        .zip(&waits)
        .map(|(row, left)| ended(row, left.as_ref()));
    let note = format!(
        "{green} turned green, {human} wait for a human, {} could not be judged. What rules.toml \
         allows was done in {:.1} s.",
        now.len() - green - human,
        started.elapsed().as_secs_f64()
    );
    table::print(
        ["TEN MINUTES LATER", "REASON, AND WHAT IT WAITS FOR"],
        &lines.collect::<Vec<_>>(),
        &[note],
    )
}

/// Has AWS Config judge again what was open.
async fn judge_again(sandbox: &Sandbox, endpoint: &str, open: &[Row]) -> anyhow::Result<()> {
    for row in open {
        let administrator = Sandbox::administrator(&row.account);
        let sdk = sdk_config_over_http(endpoint, administrator, REGION);
        aws_sdk_config::Client::new(&sdk)
            .start_config_rules_evaluation()
            .config_rule_names(row.control)
            .send()
            .await
            .map_err(|error| anyhow::Error::msg(config_rule::explain(&error)))
            .with_context(|| format!("judging {} in {} again", row.control, row.account))?;
    }
    sandbox.settled().await;
    Ok(())
}

/// Returns what would be done about a row.
fn planned<'a>(row: &'a Row, record: &Record<Value>) -> Line<'a> {
    let steps = record.steps.iter().map(|RecordedStep { step, status }| {
        let withheld = match status {
            StepStatus::Withheld { why } => format!(" (withheld: {why})"),
            _ => String::new(),
        };
        format!("* {}: {}{withheld}", step.what, step.resource)
    });
    let manual = record.manual.iter();
    let manual = manual.map(|item| format!("! {}: {}", item.code, item.what));
    let count = record.steps.len();
    Line {
        state: match count {
            0 => "by hand".to_owned(),
            1 => "1 step".to_owned(),
            count => format!("{count} steps"),
        },
        color: if count > 0 {
            Color::Cyan
        } else {
            Color::Yellow
        },
        text: steps.chain(manual).collect::<Vec<_>>().join("\n"),
        ..line(row)
    }
}

/// Returns what became of a row, and what is left of it to do.
fn ended<'a>(row: &'a Row, left: Option<&Record<Value>>) -> Line<'a> {
    let shown = line(row);
    let Some(record) = left else { return shown };
    let reason = shown.text.split(':').next().unwrap_or_default();
    Line {
        text: format!("{reason}\n{}: {}", record.outcome, record.why),
        ..shown
    }
}
