//! Remediation configurations: the runbook that AWS Config offers for the results of a rule.
//! While a rule has one, the rule cannot be deleted (`config-rule-in-use`).

use serde_json::Value;

use super::{RULE_NAME, RuleKey, invalid, refused};
use crate::request::Request;
use crate::wire::{Failure, Shape, Structure, integer, list, member, one_of, required, text};

const PARAMETER: Shape = Shape::Structure(&[
    member(
        "ResourceValue",
        Shape::Structure(&[required("Value", one_of(&["RESOURCE_ID"]))]),
    ),
    member(
        "StaticValue",
        Shape::Structure(&[required("Values", list(&text(1, 256), 0, 25))]),
    ),
]);

const PERCENTAGE: Shape = integer(1, 100);

const CONFIGURATION: Shape = Shape::Structure(&[
    required("ConfigRuleName", RULE_NAME),
    required("TargetType", one_of(&["SSM_DOCUMENT"])),
    required("TargetId", text(1, 256)),
    member("TargetVersion", text(0, usize::MAX)),
    member("Parameters", Shape::Map(&PARAMETER)),
    member("ResourceType", text(0, usize::MAX)),
    member("Automatic", Shape::Boolean),
    member(
        "ExecutionControls",
        Shape::Structure(&[member(
            "SsmControls",
            Shape::Structure(&[
                member("ConcurrentExecutionRatePercentage", PERCENTAGE),
                member("ErrorPercentage", PERCENTAGE),
            ]),
        )]),
    ),
    member("MaximumAutomaticAttempts", integer(1, 25)),
    member("RetryAttemptSeconds", integer(1, 2_678_000)),
    member("Arn", text(1, 1024)),
    member("CreatedByService", text(1, 1024)),
]);

pub(crate) const PUT_REMEDIATIONS: Shape = Shape::Structure(&[required(
    "RemediationConfigurations",
    list(&CONFIGURATION, 0, 25),
)]);

pub(crate) const DESCRIBE_REMEDIATIONS: Shape =
    Shape::Structure(&[required("ConfigRuleNames", list(&RULE_NAME, 0, 25))]);

pub(crate) const DELETE_REMEDIATION: Shape = Shape::Structure(&[
    required("ConfigRuleName", RULE_NAME),
    member("ResourceType", text(0, usize::MAX)),
]);

/// The most parameters that a configuration passes to its runbook.
const MOST_PARAMETERS: usize = 25;

pub(crate) fn put_remediation_configurations(request: &Request<'_>) -> Result<Structure, Failure> {
    let configurations = request.list("RemediationConfigurations");
    let mut state = request.world.config.state();
    for configuration in configurations {
        check(configuration)?;
        let name = rule_name(configuration);
        if !state.rules.contains_key(&RuleKey::asked(request, name)) {
            return Err(invalid(format!(
                "The ConfigRule '{name}' provided in the request is invalid."
            )));
        }
    }
    for configuration in configurations {
        let key = RuleKey::asked(request, rule_name(configuration));
        if let Some(rule) = state.rules.get_mut(&key) {
            rule.remediation = Some(configuration.clone());
        }
    }
    Ok(Structure::new().with("FailedBatches", Vec::<Structure>::new()))
}

/// Checks what AWS Config demands beyond the shape: a value for every parameter, and a role
/// for a runbook that starts by itself.
fn check(configuration: &Value) -> Result<(), Failure> {
    let parameters = configuration.get("Parameters").and_then(Value::as_object);
    let values = |parameter: &Value| {
        let kinds = ["ResourceValue", "StaticValue"];
        kinds
            .iter()
            .filter(|kind| parameter.get(kind).is_some())
            .count()
    };
    let parameters = parameters.into_iter().flatten();
    if parameters.clone().count() > MOST_PARAMETERS {
        return Err(invalid("A remediation has at most 25 parameters."));
    }
    if let Some((name, _)) = parameters.clone().find(|(_, one)| values(one) != 1) {
        return Err(invalid(format!(
            "Parameter {name} needs either a ResourceValue or a StaticValue."
        )));
    }
    let automatic = configuration.get("Automatic") == Some(&Value::Bool(true));
    let mut names = parameters.map(|(name, _)| name.as_str());
    if automatic && !names.any(|name| name == "AutomationAssumeRole") {
        return Err(invalid(
            "AutomationAssumeRole is required for an automatic remediation.",
        ));
    }
    Ok(())
}

fn rule_name(configuration: &Value) -> &str {
    let name = configuration.get("ConfigRuleName").and_then(Value::as_str);
    name.unwrap_or_default()
}

#[expect(clippy::unnecessary_wraps, reason = "handlers are of one type")]
pub(crate) fn describe_remediation_configurations(
    request: &Request<'_>,
) -> Result<Structure, Failure> {
    let names = request.texts("ConfigRuleNames");
    let state = request.world.config.state();
    let configurations = names.iter().filter_map(|name| {
        let rule = state.rules.get(&RuleKey::asked(request, *name))?;
        Some(CONFIGURATION.structure(rule.remediation.as_ref()?))
    });
    let configurations: Vec<_> = configurations.collect();
    Ok(Structure::new().with("RemediationConfigurations", configurations))
}

pub(crate) fn delete_remediation_configuration(
    request: &Request<'_>,
) -> Result<Structure, Failure> {
    let name = request.text("ConfigRuleName").unwrap_or_default();
    let mut state = request.world.config.state();
    let rule = state.rules.get_mut(&RuleKey::asked(request, name));
    match rule.and_then(|rule| rule.remediation.take()) {
        Some(_) => Ok(Structure::new()),
        None => Err(refused(
            "NoSuchRemediationConfigurationException",
            format!("No RemediationConfiguration for rule {name} exists"),
        )),
    }
}

/// The refusal to delete a rule that has a remediation configuration, in AWS's words.
pub(super) fn rule_in_use(name: &str) -> Failure {
    refused(
        "ResourceInUseException",
        format!(
            "The rule {name} currently has a RemediationConfiguration. Please delete the \
             RemediationConfiguration and try again."
        ),
    )
}
