//! `rootguard demo`: every rule in every account of a local organization.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, bail};
use aws_sdk_config::types::{
    ComplianceType, ConfigRule, EventSource, MessageType, Owner, Source, SourceDetail,
};
use bundle::{ConfiguredRule, Rule};
use clap::Args;
use config_rule::{Compliance, Function};
use sandbox::{FunctionError, Organization, Sandbox, sdk_config_over_http};
use serde_json::Value;

use crate::exit::Outcome;
use crate::progress;
use crate::rows::{self, Format, Row, RowResult};
use crate::rules::{ChosenRules, RulesFile};

const ORGANIZATION: &str = include_str!("organization.toml");
const REGION: &str = "us-east-1";

/// How long an evaluation may take here; what AWS throttles for ever ends sooner.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(5);

/// How often the bar moves.
const TICK: Duration = Duration::from_millis(10);

/// Show what rootguard finds, in a local organization; needs no AWS account
///
/// Starts a sandbox of AWS in this process, deploys every rule to every account,
/// lets AWS Config invoke it, and prints what AWS Config then shows.
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
        for account in &sandbox.organization().accounts {
            for rule in rules.enabled() {
                deploy(&sandbox, &endpoint, &account.id, rule).await?;
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
                    result: shown(&sandbox, &endpoint, &account.id, control).await?,
                });
            }
        }
        server.shut_down().await;
        let note = format!(
            "{} evaluations in {:.1} s, in a local organization: nothing here is real.",
            rows.len(),
            started.elapsed().as_secs_f64()
        );
        rows::print(&rows, &rules, &[note], self.format)?;
        Ok(Outcome::Done)
    }
}

/// Deploys a rule as a stack set would: the function, then the Config rule, which
/// AWS Config evaluates at once.
async fn deploy(
    sandbox: &Sandbox,
    endpoint: &str,
    account: &str,
    configured: &ConfiguredRule,
) -> anyhow::Result<()> {
    let rule = configured.rule;
    let metadata = rule.metadata();
    let arn = format!(
        "arn:aws:lambda:{REGION}:{account}:function:rootguard-{}",
        metadata.name
    );
    let sdk = sdk_config_over_http(endpoint, Sandbox::administrator(account), REGION);
    let function_sdk = sdk.clone();
    sandbox.register_function_with_timeout(
        &arn,
        move |event: Value, context: sandbox::Context| {
            let sdk = function_sdk.clone();
            async move { invoke(rule, &event, &context, sdk).await }
        },
        FUNCTION_TIMEOUT,
    );
    let source = Source::builder()
        .owner(Owner::CustomLambda)
        .source_identifier(&arn)
        .source_details(
            SourceDetail::builder()
                .event_source(EventSource::AwsConfig)
                .message_type(MessageType::ScheduledNotification)
                .maximum_execution_frequency(configured.frequency.to_string().as_str().into())
                .build(),
        )
        .build()?;
    let parameters = configured.input_parameters();
    let parameters = (!parameters.is_empty()).then(|| Value::Object(parameters).to_string());
    let rule = ConfigRule::builder()
        .config_rule_name(metadata.name)
        .description(metadata.title)
        .source(source)
        .set_input_parameters(parameters)
        .build();
    aws_sdk_config::Client::new(&sdk)
        .put_config_rule()
        .config_rule(rule)
        .send()
        .await
        .map_err(|error| anyhow::Error::msg(config_rule::explain(&error)))
        .with_context(|| format!("deploying {} to {account}", metadata.name))?;
    Ok(())
}

/// What the Lambda function does with an invocation.
async fn invoke(
    rule: &dyn Rule,
    event: &Value,
    context: &sandbox::Context,
    sdk: aws_types::SdkConfig,
) -> Result<Value, FunctionError> {
    let remaining = context.deadline.duration_since(SystemTime::now());
    let function = Function {
        arn: context.invoked_function_arn.clone(),
        deadline: tokio::time::Instant::now() + remaining.unwrap_or_default(),
    };
    match rule.evaluate(event, &function, sdk).await {
        Ok(evaluation) => Ok(serde_json::to_value(evaluation).unwrap_or_default()),
        Err(error) => Err(FunctionError::new(error.error_type(), error.to_string())),
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

/// What AWS Config shows of a rule: its result, or that its evaluation failed.
async fn shown(
    sandbox: &Sandbox,
    endpoint: &str,
    account: &str,
    control: &str,
) -> anyhow::Result<RowResult> {
    let status = sandbox.rule_status(account, REGION, control)?;
    if let Some(Err(error)) = status.and_then(|status| status.outcome) {
        return Ok(RowResult::Failed {
            error: error.to_string(),
        });
    }
    let sdk = sdk_config_over_http(endpoint, Sandbox::administrator(account), REGION);
    let details = aws_sdk_config::Client::new(&sdk)
        .get_compliance_details_by_config_rule()
        .config_rule_name(control)
        .send()
        .await
        .map_err(|error| anyhow::Error::msg(config_rule::explain(&error)))
        .with_context(|| format!("reading what AWS Config shows of {control} in {account}"))?;
    let [result] = details.evaluation_results() else {
        bail!("AWS Config does not show exactly one result of {control} in {account}");
    };
    let compliance = match result.compliance_type() {
        Some(ComplianceType::Compliant) => Compliance::Compliant,
        Some(ComplianceType::NonCompliant) => Compliance::NonCompliant,
        Some(ComplianceType::NotApplicable) => Compliance::NotApplicable,
        other => bail!("AWS Config shows {other:?} for {control} in {account}"),
    };
    Ok(RowResult::Judged {
        compliance,
        annotation: result.annotation().unwrap_or_default().to_owned(),
    })
}
