//! Deploys a rule to an account, as a stack set would.

use std::time::{Duration, SystemTime};

use anyhow::Context;
use aws_sdk_config::types::{ConfigRule, EventSource, MessageType, Owner, Source, SourceDetail};
use bundle::{ConfiguredRule, Rule};
use config_rule::{ASSUME_ROLE, Exceptions, Function};
use sandbox::Document;
use sandbox::{FunctionError, Role, Sandbox, sdk_config_over_http};
use serde_json::{Value, json};

use super::REGION;

/// The longest that an evaluation may take. All of them share one thread of a machine that may
/// be busy; what AWS throttles for ever ends much sooner.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(30);

/// Path of the roles of functions and of those that show them evidence.
pub(super) const ROLE_PATH: &str = "/rootguard/";

/// The parameter that names the roles which show what other accounts own.
const EVIDENCE_ROLES: &str = "centralEvidenceRoleArns";

/// The evidence roles of the organization.
pub(super) fn evidence_roles(sandbox: &Sandbox) -> Vec<String> {
    let organization = sandbox.organization();
    let accounts = organization.accounts.iter();
    let roles = accounts.flat_map(|account| {
        let roles = account.roles.iter().filter(|role| role.path == ROLE_PATH);
        roles.map(|role| (&account.id, &role.name))
    });
    roles
        .map(|(account, name)| {
            let partition = organization.partition;
            format!("arn:{partition}:iam::{account}:role{ROLE_PATH}{name}")
        })
        .collect()
}

/// The rule with the evidence roles of this organization, if it takes any: they are not
/// what somebody wants but what there is, and `rules.toml` may be another organization's.
pub(super) fn in_this_organization(rule: &ConfiguredRule, roles: &[String]) -> ConfiguredRule {
    let mut rule = rule.clone();
    let mut taken = rule.rule.parameters().into_iter();
    if taken.any(|parameter| parameter.name == EVIDENCE_ROLES) {
        rule.parameters
            .insert(EVIDENCE_ROLES.to_owned(), json!(roles));
    }
    rule
}

/// Deploys the function with its role, then the Config rule, which AWS Config evaluates
/// at once.
pub(super) async fn deploy(
    sandbox: &Sandbox,
    endpoint: &str,
    account: &str,
    configured: &ConfiguredRule,
) -> anyhow::Result<()> {
    let rule = configured.rule;
    let metadata = rule.metadata();
    let name = format!("rootguard-{}", metadata.name);
    let arn = format!("arn:aws:lambda:{REGION}:{account}:function:{name}");
    let function_role = function_role(&name, configured)?;
    sandbox.change_account(account, |account| account.roles.push(function_role))?;
    let function_sdk =
        sdk_config_over_http(endpoint, sandbox.role_credentials(account, &name)?, REGION);
    let accepted = configured.accepted();
    sandbox.register_function_with_timeout(
        &arn,
        move |event: Value, context: sandbox::Context| {
            let (sdk, accepted) = (function_sdk.clone(), accepted.clone());
            async move { invoke(rule, &event, &context, accepted, sdk).await }
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
    let administrator = sdk_config_over_http(endpoint, Sandbox::administrator(account), REGION);
    aws_sdk_config::Client::new(&administrator)
        .put_config_rule()
        .config_rule(rule)
        .send()
        .await
        .map_err(|error| anyhow::Error::msg(config_rule::explain(&error)))
        .with_context(|| format!("deploying {} to {account}", metadata.name))?;
    Ok(())
}

/// The function's role: may do what the control declares, and assume no roles but the
/// evidence roles that its parameters name.
fn function_role(name: &str, configured: &ConfiguredRule) -> anyhow::Result<Role> {
    let document = |statements: Vec<Value>| {
        let document = json!({ "Version": "2012-10-17", "Statement": statements });
        Document::parse(&document.to_string())
    };
    let metadata = configured.rule.metadata();
    let actions = metadata.evaluation_actions();
    let actions: Vec<_> = actions.filter(|action| *action != ASSUME_ROLE).collect();
    let mut allowed = vec![json!({ "Effect": "Allow", "Action": actions, "Resource": "*" })];
    if let Some(roles) = configured.parameters.get(EVIDENCE_ROLES) {
        allowed.push(json!({ "Effect": "Allow", "Action": ASSUME_ROLE, "Resource": roles }));
    }
    let trust = json!({
        "Effect": "Allow",
        "Principal": { "Service": "lambda.amazonaws.com" },
        "Action": ASSUME_ROLE,
    });
    Ok(Role {
        path: ROLE_PATH.to_owned(),
        ..Role::new(name, document(vec![trust])?, vec![document(allowed)?])
    })
}

/// Returns what the Lambda function does with an invocation.
async fn invoke(
    rule: &dyn Rule,
    event: &Value,
    context: &sandbox::Context,
    exceptions: Exceptions,
    sdk: aws_types::SdkConfig,
) -> Result<Value, FunctionError> {
    let remaining = context.deadline.duration_since(SystemTime::now());
    let function = Function {
        arn: context.invoked_function_arn.clone(),
        deadline: tokio::time::Instant::now() + remaining.unwrap_or_default(),
        exceptions,
    };
    match rule.evaluate(event, &function, sdk).await {
        Ok(evaluation) => Ok(serde_json::to_value(evaluation).unwrap_or_default()),
        Err(error) => Err(FunctionError::new(error.error_type(), error.to_string())),
    }
}
