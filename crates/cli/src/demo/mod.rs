//! `rootguard demo`: every rule in every account of a local organization.

mod deploy;
mod remediation;

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use aws_sdk_config::types::ComplianceType;
use clap::Args;
use config_rule::Compliance;
use sandbox::{Organization, Sandbox, sdk_config_over_http};
use serde_json::Value;

use self::deploy::{deploy, evidence_roles, in_this_organization};
use crate::exit::Outcome;
use crate::progress;
use crate::rows::{self, Counts, Format, Row, RowResult};
use crate::rules::{ChosenRules, RulesFile};

const ORGANIZATION: &str = include_str!("organization.toml");
const REGION: &str = "us-east-1";

/// Time between two moves of the bar.
const TICK: Duration = Duration::from_millis(10);

/// Show what rootguard finds, in a local organization; needs no AWS account
///
/// Starts a sandbox of AWS in this process, deploys every rule to every account,
/// lets AWS Config invoke it, and prints what AWS Config then shows. The rules are
/// given the evidence role of that organization as centralEvidenceRoleArns. Then plans
/// what would be done about it, does what rules.toml allows, and shows what became of it;
/// with --format json it stops before that.
///
/// Exit code: 0 when every evaluation ended, whatever the verdicts.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    rules: RulesFile,
    /// How results are printed
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

impl Demo {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        let started = Instant::now();
        let rules = self.rules.read()?;
        let sandbox = Sandbox::new(ORGANIZATION.parse::<Organization>()?)?;
        let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await?;
        let endpoint = server.endpoint_url();
        let evidence_roles = evidence_roles(&sandbox);
        for account in &sandbox.organization().accounts {
            for rule in rules.enabled() {
                let rule = in_this_organization(rule, &evidence_roles);
                deploy(&sandbox, &endpoint, &account.id, &rule).await?;
            }
        }
        finish(&sandbox, &rules).await?;
        let mut rows = Vec::new();
        for account in &sandbox.organization().accounts {
            for rule in rules.enabled() {
                let control = rule.name();
                rows.push(Row {
                    account: account.id.clone(),
                    account_name: Some(account.name.clone()),
                    control,
                    severity: rule.severity,
                    result: config_result(&sandbox, &endpoint, &account.id, control).await?,
                    detail: None,
                });
            }
        }
        let note = format!(
            "{} evaluations in {:.1} s, in a local organization with an evidence role of its own: \
             nothing here is real.",
            rows.len(),
            started.elapsed().as_secs_f64()
        );
        rows::print(&rows, Counts::new(&rows), &rules, &[note], self.format)?;
        if self.format == Format::Table {
            remediation::remediate(&sandbox, &endpoint, &rules, rows).await?;
        }
        server.shut_down().await;
        Ok(Outcome::Done)
    }
}

/// Waits until every invocation has ended, and shows how far it is.
async fn finish(sandbox: &Sandbox, rules: &ChosenRules) -> anyhow::Result<()> {
    let accounts = &sandbox.organization().accounts;
    let all = accounts.len() * rules.enabled().count();
    let bar = progress::bar(all);
    loop {
        let mut ended = 0;
        for account in accounts {
            for rule in rules.enabled() {
                let status = sandbox.rule_status(&account.id, REGION, rule.name())?;
                ended += usize::from(status.is_some_and(|status| status.outcome.is_some()));
            }
        }
        bar.set_position(u64::try_from(ended)?);
        if ended == all {
            bar.finish_and_clear();
            return Ok(());
        }
        tokio::time::sleep(TICK).await;
    }
}

/// Returns what AWS Config shows of a rule: its result, or that its evaluation failed.
async fn config_result(
    sandbox: &Sandbox,
    endpoint: &str,
    account: &str,
    control: &str,
) -> anyhow::Result<RowResult> {
    let status = sandbox.rule_status(account, REGION, control)?;
    let returned = match status.and_then(|status| status.outcome) {
        Some(Err(error)) => {
            return Ok(RowResult::Failed {
                error: error.to_string(),
            });
        }
        Some(Ok(record)) => record,
        None => Value::Null,
    };
    let sdk = sdk_config_over_http(endpoint, Sandbox::administrator(account), REGION);
    let details = aws_sdk_config::Client::new(&sdk)
        .get_compliance_details_by_config_rule()
        .config_rule_name(control)
        .send()
        .await
        .map_err(|error| anyhow::Error::msg(config_rule::explain(&error)))
        .with_context(|| format!("reading what AWS Config shows of {control} in {account}"))?;
    let result = match details.evaluation_results() {
        [result] => result,
        // AWS Config keeps no results that are NOT_APPLICABLE: the function's own record has it.
        [] if returned.get("compliance").and_then(Value::as_str) == Some("NOT_APPLICABLE") => {
            let annotation = returned.get("annotation").and_then(Value::as_str);
            return Ok(RowResult::Judged {
                compliance: Compliance::NotApplicable,
                annotation: annotation.unwrap_or_default().to_owned(),
            });
        }
        _ => bail!("AWS Config does not show exactly one result of {control} in {account}"),
    };
    let compliance = match result.compliance_type() {
        Some(ComplianceType::Compliant) => Compliance::Compliant,
        Some(ComplianceType::NonCompliant) => Compliance::NonCompliant,
        other => bail!("AWS Config shows {other:?} for {control} in {account}"),
    };
    Ok(RowResult::Judged {
        compliance,
        annotation: result.annotation().unwrap_or_default().to_owned(),
    })
}
