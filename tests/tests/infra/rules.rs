//! Template, `rules.toml` and the parameters of the functions say the same.

use std::collections::{BTreeMap, BTreeSet};

use bundle::{RULES, Rule, Rules};
use config_rule::{
    Choice, EXCEPTIONS, Exceptions, Frequency, ParameterKind, ParameterSpec, Severity,
};
use sandbox::cloudformation::{Parameter, ParameterType, Stack, StackResource};
use serde_json::{Map, Value, json};

use crate::infra::{ACCOUNT, REGION, folder, stack, template};

/// `no-root-keys` and `whenUnverifiable` as parts of a template's names.
fn word(name: &str) -> String {
    let capitalized = |part: &str| part[..1].to_uppercase() + &part[1..];
    name.split('-').map(capitalized).collect()
}

fn parameter_name(rule: &dyn Rule, name: &str) -> String {
    word(rule.metadata().name) + &word(name)
}

fn deployed<'a>(stack: &'a Stack, rule: &dyn Rule) -> Option<&'a StackResource> {
    let mut rules = stack.of_type("AWS::Config::ConfigRule");
    rules.find(|deployed| deployed.reference() == rule.metadata().name)
}

fn input_parameters(stack: &Stack, rule: &dyn Rule) -> Map<String, Value> {
    let deployed = deployed(stack, rule).unwrap();
    deployed.properties["InputParameters"]
        .as_object()
        .unwrap()
        .clone()
}

fn owned(words: impl IntoIterator<Item = &'static str>) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
}

/// A value that is not the default, as `rules.toml` has it.
fn other_than_default(spec: &ParameterSpec) -> Value {
    match &spec.kind {
        ParameterKind::Boolean => (spec.default != json!(true)).into(),
        ParameterKind::Integer { min, .. } => (*min).into(),
        ParameterKind::Choice(words) => (*words.last().unwrap()).into(),
        ParameterKind::Text(_) => panic!("{} has no example here", spec.name),
        ParameterKind::List(_) => json!(match spec.name {
            "allowedExcludedSources" => ["kms.amazonaws.com", "rdsdata.amazonaws.com"],
            "acceptedActions" => [
                "arn:aws:ssm:*:111122223333:opsitem:1",
                "arn:aws:ssm-incidents::111122223333:response-plan/a-*",
            ],
            "acceptedTopicArns" => [
                "arn:aws:sns:us-east-1:111122223333:root-usage",
                "arn:aws:sns:us-east-1:444455556666:root-usage",
            ],
            "centralEvidenceRoleArns" => [
                "arn:aws:iam::111122223333:role/rootguard/evidence",
                "arn:aws:iam::444455556666:role/rootguard/evidence",
            ],
            other => panic!("{other} has no example here"),
        }),
    }
}

/// What a function takes is what the template takes, with the same default.
#[test]
fn the_template_takes_what_the_functions_take() {
    let template = template("rules");
    let mut known = BTreeSet::new();
    let mut parameter = |rule: &dyn Rule, name: &str| -> Parameter {
        let name = parameter_name(rule, name);
        let found = template.parameters().get(&name);
        let found = found.unwrap_or_else(|| panic!("rules.yaml has no parameter {name}"));
        known.insert(name);
        found.clone()
    };
    for &rule in RULES {
        for spec in rule.parameters() {
            let found = parameter(rule, spec.name);
            let (parameter_type, allowed, range, default) = match &spec.kind {
                ParameterKind::Boolean => (
                    ParameterType::String,
                    Some(owned(["true", "false"])),
                    (None, None),
                    spec.default.to_string(),
                ),
                ParameterKind::Integer { min, max } => (
                    ParameterType::Number,
                    None,
                    (Some(*min), Some(*max)),
                    spec.default.to_string(),
                ),
                ParameterKind::Choice(words) => (
                    ParameterType::String,
                    Some(owned(words.iter().copied())),
                    (None, None),
                    spec.default.as_str().unwrap().to_owned(),
                ),
                ParameterKind::List(_) | ParameterKind::Text(_) => {
                    assert!(found.allowed_pattern.is_some(), "{}", found.name);
                    (ParameterType::String, None, (None, None), String::new())
                }
            };
            assert_eq!(found.parameter_type, parameter_type, "{}", found.name);
            assert_eq!(found.allowed_values, allowed, "{}", found.name);
            assert_eq!((found.min_value, found.max_value), range, "{}", found.name);
            assert_eq!(found.default, Some(default), "{}", found.name);
        }
        let enabled = parameter(rule, "enabled");
        assert_eq!(enabled.allowed_values, Some(owned(["true", "false"])));
        assert_eq!(enabled.default.as_deref(), Some("true"));
        let frequency = parameter(rule, "frequency");
        let words = Frequency::ALL.iter().map(|(word, _)| *word);
        assert_eq!(frequency.allowed_values, Some(owned(words)));
        let default = rule.metadata().frequency.word();
        assert_eq!(frequency.default.as_deref(), Some(default));
    }
    let all: BTreeSet<_> = template.parameters().keys().cloned().collect();
    assert_eq!(all, known, "parameters that no rule has");
}

#[test]
fn severities_are_those_of_the_controls() {
    let template = template("functions");
    let mut severities = Vec::new();
    for &rule in RULES {
        let found = &template.parameters()[&parameter_name(rule, "severity")];
        let words = Severity::ALL.iter().map(|(word, _)| *word);
        assert_eq!(found.allowed_values, Some(owned(words)));
        let default = rule.metadata().severity.word();
        assert_eq!(found.default.as_deref(), Some(default));
        severities.push(format!("{}={default}", rule.metadata().name));
    }
    let stack = stack("functions", &[]);
    let variables = &stack.resource("SecurityHub").unwrap().properties["Environment"]["Variables"];
    assert_eq!(variables["ROOTGUARD_SEVERITIES"], severities.join(","));
}

/// What is accepted reaches every function of the control, the one that judges and the one
/// that repairs.
#[test]
fn exceptions_reach_the_functions() {
    for (template, suffix, rules) in [
        ("functions", "", RULES),
        ("root-access", "-remediate", &RULES[..2]),
        ("remediation", "-remediate", &RULES[2..]),
    ] {
        for &rule in rules {
            let parameter = parameter_name(rule, "exceptions");
            let code = &rule.metadata().reasons[0];
            let text = format!(
                "{ACCOUNT} {code} 2027-03-31 SOC, night;444455556666 {code} 2027-01-01 Jörg"
            );
            let function = rule.metadata().name.to_owned() + suffix;
            for (given, expected) in [(text.as_str(), text.as_str()), ("", "")] {
                let stack = stack(template, &[(&parameter, given)]);
                let mut functions = stack.of_type("AWS::Lambda::Function");
                let found = functions
                    .find(|found| found.reference() == function)
                    .unwrap();
                let arrives = &found.properties["Environment"]["Variables"][EXCEPTIONS];
                assert_eq!(arrives, expected, "{function}");
                let exceptions: Exceptions = expected.parse().unwrap();
                assert_eq!(exceptions.to_string(), expected);
            }
        }
    }
}

/// What no function could read is refused before it is deployed.
#[test]
fn a_template_takes_exceptions_that_functions_take() {
    let (mut taken, mut refused) = (0, 0);
    for name in ["functions", "organization", "remediation", "root-access"] {
        let template = template(name);
        let parameters = template.parameters().values();
        for parameter in parameters.filter(|parameter| parameter.name.ends_with("Exceptions")) {
            for value in [
                "",
                "111122223333 A_CODE 2027-03-31 me",
                "111122223333 A_CODE 2027-03-31 a b, c@d",
                "111122223333 A_CODE 2027-03-31 me;444455556666 A_CODE 2027-03-31 me",
                "111122223333 A_CODE 2027-03-31",
                "111122223333 A_CODE 2027-03-31 ",
                "111122223333 A_CODE 2027-03-31 me;",
                "111122223333 A_CODE 2027-03-31 two\nlines",
                "111122223333 a-code 2027-03-31 me",
                "1111 A_CODE 2027-03-31 me",
                "111122223333 A_CODE soon me",
                &format!("111122223333 A_CODE 2027-03-31 {}", "x".repeat(64)),
                &format!("111122223333 A_CODE 2027-03-31 {}", "x".repeat(65)),
            ] {
                let function = value.parse::<Exceptions>().is_ok();
                let deployed = parameter.check(value).is_ok();
                assert_eq!(deployed, function, "{name}: {}: {value:?}", parameter.name);
                if function { taken += 1 } else { refused += 1 }
            }
        }
    }
    assert_eq!((taken, refused), (12 * 5, 12 * 8));
}

/// A rule is triggered by what its control says, and invokes the control's function,
/// which it may do before it is there.
#[test]
fn a_rule_invokes_its_function_on_what_its_control_says() {
    let stack = stack("rules", &[]);
    assert_eq!(
        stack.of_type("AWS::Config::ConfigRule").count(),
        RULES.len()
    );
    for &rule in RULES {
        let metadata = rule.metadata();
        let deployed = deployed(&stack, rule).unwrap();
        let source = &deployed.properties["Source"];
        let function = format!(
            "arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}",
            metadata.name
        );
        assert_eq!(source["SourceIdentifier"], function);
        assert_eq!(
            deployed.text("Description"),
            Some(&*format!("{}.", metadata.title))
        );
        let on = |message: &str| json!({"EventSource": "aws.config", "MessageType": message});
        let mut details = vec![on("ScheduledNotification")];
        details[0]["MaximumExecutionFrequency"] = metadata.frequency.word().into();
        let mut scope = None;
        if !metadata.triggers.is_empty() {
            // Both, or changes of large items are missed (aws-facts A5).
            details.push(on("ConfigurationItemChangeNotification"));
            details.push(on("OversizedConfigurationItemChangeNotification"));
            scope = Some(json!({"ComplianceResourceTypes": metadata.triggers}));
        }
        assert_eq!(source["SourceDetails"], json!(details), "{}", metadata.name);
        assert_eq!(
            deployed.properties.get("Scope"),
            scope.as_ref(),
            "{}",
            metadata.name
        );

        let place = |resource: &StackResource| {
            let mut all = stack.resources.iter();
            all.position(|other| other == resource).unwrap()
        };
        let permission = stack
            .of_type("AWS::Lambda::Permission")
            .find(|permission| permission.text("FunctionName") == Some(metadata.name))
            .unwrap();
        assert!(place(permission) < place(deployed), "{}", metadata.name);
        assert_eq!(
            Value::from(permission.properties.clone()),
            json!({
                "FunctionName": metadata.name,
                "Action": "lambda:InvokeFunction",
                "Principal": "config.amazonaws.com",
                "SourceAccount": ACCOUNT,
            })
        );
    }
}

#[test]
fn a_rule_that_is_switched_off_deploys_nothing() {
    for &off in RULES {
        let enabled = parameter_name(off, "enabled");
        let stack = stack("rules", &[(&enabled, "false")]);
        let name = off.metadata().name;
        let left: Vec<_> = stack
            .resources
            .iter()
            .filter(|resource| {
                Value::from(resource.properties.clone())
                    .to_string()
                    .contains(name)
            })
            .collect();
        assert_eq!(left, Vec::<&StackResource>::new());
        assert_eq!(stack.resources.len(), 2 * (RULES.len() - 1));
    }
}

/// What `rules.toml` says arrives at AWS Config as the function reads it: the defaults of
/// the repository's own file, and files where one parameter is different.
#[test]
fn what_rules_toml_says_arrives_at_the_function() {
    let mut texts = vec![std::fs::read_to_string(folder().join("../rules.toml")).unwrap()];
    for &rule in RULES {
        for spec in rule.parameters() {
            let (rule, other) = (rule.metadata().name, other_than_default(&spec));
            texts.push(format!(
                "[rules.{rule}.parameters]\n{} = {other}\n",
                spec.name
            ));
        }
    }
    for text in texts {
        let rules = Rules::parse(&text).unwrap();
        let mut given = BTreeMap::new();
        for configured in rules.enabled() {
            for (name, value) in configured.input_parameters() {
                let value = value.as_str().unwrap().to_owned();
                given.insert(parameter_name(configured.rule, &name), value);
            }
        }
        let given: Vec<_> = given
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let stack = stack("rules", &given);
        for configured in rules.enabled() {
            let rule = configured.rule;
            let arrives = rule
                .read_parameters(input_parameters(&stack, rule))
                .unwrap();
            let wanted = rule.read_parameters(configured.parameters.clone()).unwrap();
            assert_eq!(arrives, wanted);
        }
    }
}

/// AWS Config takes no empty value, so an empty list is no parameter at all.
#[test]
fn no_parameter_is_empty() {
    let stack = stack("rules", &[]);
    for &rule in RULES {
        for (name, value) in input_parameters(&stack, rule) {
            assert_ne!(value, "", "{name}");
        }
    }
}

/// What a function would refuse cannot be deployed, and the other way round.
#[test]
fn template_and_functions_refuse_the_same_values() {
    let template = template("rules");
    let values = [
        "true",
        "false",
        "TRUE",
        "yes",
        "0",
        "1",
        "49",
        "60",
        "1440",
        "1441",
        "8760",
        "8761",
        "-1",
        "1.5",
        "COMPLIANT",
        "NOT_APPLICABLE",
        "NON_COMPLIANT",
        "FAIL",
        "fail",
        "ACCEPT",
        "REQUIRE_EVIDENCE",
        "kms.amazonaws.com",
        "kms.amazonaws.com,rdsdata.amazonaws.com",
        "kms.amazonaws.com.evil.example",
        "KMS",
        "arn:aws:sns:us-east-1:111122223333:root-usage",
        "arn:aws:iam::111122223333:role/rootguard/evidence",
        "arn:aws:iam::111122223333:role/rootguard/evidence,arn:aws:iam::444455556666:role/rootguard/evidence",
        "arn:aws:iam::111122223333:user/evidence",
        "arn:aws:ssm:*:111122223333:opsitem:1",
        "arn:aws:ssm:*",
        "everything",
    ];
    let (mut taken, mut refused) = (0, 0);
    for &rule in RULES {
        for spec in rule.parameters() {
            let parameter = &template.parameters()[&parameter_name(rule, spec.name)];
            for value in values {
                let given = Map::from_iter([(spec.name.to_owned(), value.into())]);
                let function = rule.read_parameters(given).is_ok();
                let deployed = parameter.check(value).is_ok();
                assert_eq!(deployed, function, "{}: {value}", parameter.name);
                if function { taken += 1 } else { refused += 1 }
            }
        }
    }
    assert!(
        taken > 40 && refused > 400,
        "{taken} taken, {refused} refused"
    );
}
