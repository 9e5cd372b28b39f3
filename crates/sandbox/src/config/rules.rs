//! `PutConfigRule`, `DescribeConfigRules`, `DeleteConfigRule` and
//! `StartConfigRulesEvaluation`.

use std::time::Duration;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::invocation::{invocable, notify_later};
use super::notification::{CHANGED, OVERSIZED, SCHEDULED, SNAPSHOT};
use super::recorded;
use super::remediations::rule_in_use;
use super::rule::{Definition, EvaluationMode, Rule, Source};
use super::{RULE_NAME, RULE_NAMES, RuleKey, invalid, no_such_rule, on_rule, page, refused};
use crate::operations::{Needed, resource_named};
use crate::request::Request;
use crate::wire::{
    Allowed, Failure, Shape, Structure, list, member, one_of, required, text, text_of,
};

const MOST_RULES: usize = 1000;

const FREQUENCY: Shape = one_of(&[
    "One_Hour",
    "Three_Hours",
    "Six_Hours",
    "Twelve_Hours",
    "TwentyFour_Hours",
]);

const MODE: Shape = one_of(&["DETECTIVE", "PROACTIVE"]);

const SOURCE_DETAIL: Shape = Shape::Structure(&[
    member("EventSource", one_of(&["aws.config"])),
    member(
        "MessageType",
        one_of(&[CHANGED, SNAPSHOT, SCHEDULED, OVERSIZED]),
    ),
    member("MaximumExecutionFrequency", FREQUENCY),
]);

const CUSTOM_POLICY_DETAILS: Shape = Shape::Structure(&[
    required(
        "PolicyRuntime",
        text_of(
            Allowed::Pattern(r"guard\-2\.x\.x", |text| text == "guard-2.x.x"),
            1,
            64,
        ),
    ),
    required("PolicyText", text(0, 10000)),
    member("EnableDebugLogDelivery", Shape::Boolean),
]);

pub(crate) const PUT_CONFIG_RULE: Shape = Shape::Structure(&[
    required(
        "ConfigRule",
        Shape::Structure(&[
            member("ConfigRuleName", RULE_NAME),
            member("ConfigRuleArn", text(1, 256)),
            member("ConfigRuleId", text(1, 64)),
            member("Description", text(0, 256)),
            member(
                "Scope",
                Shape::Structure(&[
                    member("ComplianceResourceTypes", list(&text(1, 256), 0, 100)),
                    member("TagKey", text(1, 128)),
                    member("TagValue", text(1, 256)),
                    member("ComplianceResourceId", text(1, 768)),
                ]),
            ),
            required(
                "Source",
                Shape::Structure(&[
                    required("Owner", one_of(&["CUSTOM_LAMBDA", "AWS", "CUSTOM_POLICY"])),
                    member("SourceIdentifier", text(1, 256)),
                    member("SourceDetails", list(&SOURCE_DETAIL, 0, 25)),
                    member("CustomPolicyDetails", CUSTOM_POLICY_DETAILS),
                ]),
            ),
            member("InputParameters", text(1, 1024)),
            member("MaximumExecutionFrequency", FREQUENCY),
            member(
                "ConfigRuleState",
                one_of(&["ACTIVE", "DELETING", "DELETING_RESULTS", "EVALUATING"]),
            ),
            member("CreatedBy", text(1, 256)),
            member(
                "EvaluationModes",
                list(&Shape::Structure(&[member("Mode", MODE)]), 0, usize::MAX),
            ),
        ]),
    ),
    member("Tags", list(&TAG, 0, 50)),
]);

const TAG: Shape = Shape::Structure(&[member("Key", text(1, 128)), member("Value", text(0, 256))]);

pub(crate) const DESCRIBE_CONFIG_RULES: Shape = Shape::Structure(&[
    member("ConfigRuleNames", RULE_NAMES),
    member("NextToken", text(0, usize::MAX)),
    member(
        "Filters",
        Shape::Structure(&[member("EvaluationMode", MODE)]),
    ),
]);

pub(crate) const START_EVALUATION: Shape =
    Shape::Structure(&[member("ConfigRuleNames", list(&RULE_NAME, 1, 25))]);

/// The rule that is to be put.
pub(crate) fn put_rule(request: &Request<'_>) -> Vec<Needed> {
    let given = |member: &str| {
        let member = format!("/ConfigRule/{member}");
        request.input.pointer(&member).and_then(Value::as_str)
    };
    if let (None, Some(arn)) = (given("ConfigRuleName"), given("ConfigRuleArn")) {
        return vec![Needed::on(request, resource_named(arn))];
    }
    let name = given("ConfigRuleName");
    vec![on_rule(request, name.unwrap_or_default())]
}

pub(crate) fn put_config_rule(request: &Request<'_>) -> Result<Structure, Failure> {
    let account = request.world.account(request.account());
    if !account.is_some_and(|account| account.config_recorder) {
        return Err(refused(
            "NoAvailableConfigurationRecorderException",
            "Configuration recorder is not available to put config rule.",
        ));
    }
    let definition = request.input.get("ConfigRule").cloned().unwrap_or_default();
    let definition: Definition = serde_json::from_value(definition)
        .map_err(|error| request.protocol.malformed(error.to_string()))?;
    check(request, &definition)?;
    let key = put(request, definition)?;
    // A rule is evaluated when it is made or changed.
    let evaluations = {
        let state = request.world.config.state();
        let rule = state.rules.get(&key);
        rule.map(|rule| recorded::evaluations(request.world, &key, rule))
    };
    for evaluation in evaluations.iter().flatten() {
        notify_later(request.world, &key, evaluation);
    }
    Ok(Structure::new())
}

/// Holds a definition to what AWS Config asks of it beyond its shape.
fn check(request: &Request<'_>, definition: &Definition) -> Result<(), Failure> {
    let Definition {
        source,
        input_parameters,
        maximum_execution_frequency,
        ..
    } = definition;
    if source.owner != "CUSTOM_LAMBDA" {
        return Err(Failure::not_implemented(format!(
            "config rules of {}",
            source.owner
        )));
    }
    if request
        .input
        .pointer("/ConfigRule/Source/CustomPolicyDetails")
        .is_some()
    {
        return Err(invalid(
            "CustomPolicyDetails goes with the owner CUSTOM_POLICY only.",
        ));
    }
    let proactive = |mode: &EvaluationMode| mode.mode.as_deref() == Some("PROACTIVE");
    if definition.evaluation_modes.iter().any(proactive) {
        return Err(Failure::not_implemented("proactive evaluation"));
    }
    if let Some(written) = input_parameters
        && serde_json::from_str::<Map<String, Value>>(written).is_err()
    {
        return Err(invalid(format!(
            "Invalid json {written} passed in the parameter"
        )));
    }
    check_source(source)?;
    if maximum_execution_frequency.is_some() && !source.has_message(SNAPSHOT) {
        return Err(invalid(
            "MaximumExecutionFrequency of a custom rule with a schedule goes into its SourceDetails.",
        ));
    }
    let function = source.source_identifier.as_deref().unwrap_or_default();
    if invocable(request.world, request.account(), function).is_none() {
        return Err(refused(
            "InsufficientPermissionsException",
            format!(
                "The AWS Lambda function {function} cannot be invoked. Check the specified \
                 function ARN, and check the function's permissions."
            ),
        ));
    }
    Ok(())
}

fn check_source(source: &Source) -> Result<(), Failure> {
    let function = source.source_identifier.as_deref().unwrap_or_default();
    let parts: Vec<&str> = function.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "lambda", _, _, "function", _] => {}
        ["arn", _, "lambda", _, _, "function", _, qualifier] if *qualifier != "$LATEST" => {}
        _ => {
            return Err(invalid(format!(
                "The sourceIdentifier {function} is not the ARN of a Lambda function without $LATEST."
            )));
        }
    }
    if source.source_details.is_empty() {
        return Err(invalid("A custom rule needs SourceDetails."));
    }
    for detail in &source.source_details {
        if detail.message_type.is_none() {
            return Err(invalid("Every SourceDetail needs a MessageType."));
        }
        if detail.maximum_execution_frequency.is_some()
            && detail.message_type.as_deref() != Some(SCHEDULED)
        {
            return Err(invalid(
                "MaximumExecutionFrequency goes with ScheduledNotification only.",
            ));
        }
    }
    if source.has_message(CHANGED) != source.has_message(OVERSIZED) {
        return Err(invalid(format!("{CHANGED} and {OVERSIZED} go together.")));
    }
    Ok(())
}

/// Makes or changes the rule that a definition names, by name, ARN or id.
fn put(request: &Request<'_>, definition: Definition) -> Result<RuleKey, Failure> {
    let mut state = request.world.config.state();
    let Definition {
        config_rule_name: name,
        config_rule_arn: arn,
        config_rule_id: id,
        ..
    } = &definition;
    let known = state
        .rules_in(request.account(), request.region)
        .find(|(key, rule)| {
            name.as_ref() == Some(&key.name)
                || (name.is_none()
                    && (arn.as_ref() == Some(&rule.arn) || id.as_ref() == Some(&rule.id)))
        })
        .map(|(key, rule)| (key.clone(), rule.arn.clone(), rule.id.clone()));
    if let Some((key, its_arn, its_id)) = known {
        if arn.as_ref().is_some_and(|arn| *arn != its_arn)
            || id.as_ref().is_some_and(|id| *id != its_id)
        {
            return Err(invalid(
                "The ConfigRuleArn or ConfigRuleId is of another rule.",
            ));
        }
        if let Some(rule) = state.rules.get_mut(&key) {
            rule.definition = definition;
        }
        return Ok(key);
    }
    let Some(name) = name.clone() else {
        return Err(invalid("ConfigRuleName is required for a new rule."));
    };
    if arn.is_some() || id.is_some() {
        return Err(invalid(
            "A new rule must not specify ConfigRuleArn or ConfigRuleId.",
        ));
    }
    if state.rules_in(request.account(), request.region).count() >= MOST_RULES {
        return Err(refused(
            "MaxNumberOfConfigRulesExceededException",
            format!("The account already contains {MOST_RULES} rules."),
        ));
    }
    let suffix = Uuid::new_v4().simple().to_string();
    let id = format!("config-rule-{}", suffix.get(..6).unwrap_or(&suffix));
    let key = RuleKey::asked(request, name);
    let arn = format!(
        "arn:{}:config:{}:{}:config-rule/{id}",
        request.partition(),
        request.region,
        request.account()
    );
    state
        .rules
        .insert(key.clone(), Rule::new(arn, id, definition));
    Ok(key)
}

pub(crate) fn describe_config_rules(request: &Request<'_>) -> Result<Structure, Failure> {
    let state = request.world.config.state();
    let proactive = request
        .input
        .pointer("/Filters/EvaluationMode")
        .and_then(Value::as_str)
        == Some("PROACTIVE");
    let rules = state.named(request)?.into_iter().filter(|_| !proactive);
    let rules = rules.map(|(key, rule)| rule.output(&key.name)).collect();
    page(request, "ConfigRules", rules, 25)
}

pub(crate) fn delete_config_rule(request: &Request<'_>) -> Result<Structure, Failure> {
    let name = request.text("ConfigRuleName").unwrap_or_default();
    let mut state = request.world.config.state();
    let key = RuleKey::asked(request, name);
    let rule = state.rules.get(&key).ok_or_else(|| no_such_rule(name))?;
    if rule.remediation.is_some() {
        return Err(rule_in_use(name));
    }
    state.rules.remove(&key);
    Ok(Structure::new())
}

/// Minimum time between two requests for an evaluation.
const ONCE_PER: Duration = Duration::from_mins(1);

pub(crate) fn start_config_rules_evaluation(request: &Request<'_>) -> Result<Structure, Failure> {
    let names = request.texts("ConfigRuleNames");
    if names.is_empty() {
        return Err(invalid("At least one ConfigRuleName is required."));
    }
    let mut asked = Vec::new();
    {
        let mut state = request.world.config.state();
        for (key, rule) in state.named(request)? {
            let recently = rule
                .started
                .is_some_and(|started| request.now.since(started) < ONCE_PER);
            if rule.running > 0 || recently {
                return Err(refused(
                    "LimitExceededException",
                    format!(
                        "An evaluation of {} is in progress or was started less than a minute ago.",
                        key.name
                    ),
                ));
            }
            let evaluations = recorded::evaluations(request.world, key, rule);
            asked.push((key.clone(), evaluations));
        }
        for (key, _) in &asked {
            if let Some(rule) = state.rules.get_mut(key) {
                rule.started = Some(request.now);
            }
        }
    }
    for (key, evaluations) in &asked {
        for evaluation in evaluations {
            notify_later(request.world, key, evaluation);
        }
    }
    Ok(Structure::new())
}
