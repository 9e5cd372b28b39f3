//! Template, `rules.toml` and the parameters of the functions say the same.

use std::collections::BTreeMap;

use bundle::{RULES, Rule, Rules};
use config_rule::{Choice, EXCEPTIONS, Exceptions, Frequency, ParameterKind, ParameterSpec};
use sandbox::cloudformation::{Stack, StackResource};
use serde_json::{Map, Value, json};

use crate::infra::{ACCOUNT, REGION, folder, stack, template, texts};

/// `no-root-keys` and `whenUnverifiable` as parts of a template's names.
fn word(name: &str) -> String {
    let capitalized = |part: &str| part[..1].to_uppercase() + &part[1..];
    name.split('-').map(capitalized).collect()
}

fn file(rule: &dyn Rule) -> String {
    format!("controls/{}", rule.metadata().name)
}

fn deployed<'a>(stack: &'a Stack, rule: &dyn Rule) -> Option<&'a StackResource> {
    let mut rules = stack.of_type("AWS::Config::ConfigRule");
    rules.find(|deployed| deployed.reference() == rule.metadata().deployed_name())
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
        ParameterKind::Text(_) => json!(match spec.name {
            "organizationId" => "o-exampleorgid",
            other => panic!("{other} has no example here"),
        }),
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
                "arn:aws:iam::111122223333:role/rootguard/rootguard-evidence",
                "arn:aws:iam::444455556666:role/rootguard/rootguard-evidence",
            ],
            other => panic!("{other} has no example here"),
        }),
    }
}

/// What a function takes is what its template takes, with the same default.
#[test]
fn the_template_takes_what_the_functions_take() {
    for &rule in RULES {
        let template = template(&file(rule));
        for spec in rule.parameters() {
            let found = &template.parameters()[&word(spec.name)];
            let (allowed, range, default) = match &spec.kind {
                ParameterKind::Boolean => (
                    Some(owned(["true", "false"])),
                    (None, None),
                    spec.default.to_string(),
                ),
                ParameterKind::Integer { min, max } => {
                    (None, (Some(*min), Some(*max)), spec.default.to_string())
                }
                ParameterKind::Choice(words) => (
                    Some(owned(words.iter().copied())),
                    (None, None),
                    spec.default.as_str().unwrap().to_owned(),
                ),
                ParameterKind::List(_) | ParameterKind::Text(_) => {
                    (None, (None, None), String::new())
                }
            };
            assert_eq!(found.allowed_values, allowed, "{}", found.name);
            assert_eq!((found.min_value, found.max_value), range, "{}", found.name);
            assert_eq!(found.default, Some(default), "{}", found.name);
        }
        let frequency = &template.parameters()["Frequency"];
        let words = Frequency::ALL.iter().map(|(word, _)| *word);
        assert_eq!(frequency.allowed_values, Some(owned(words)));
        let default = rule.metadata().frequency.word();
        assert_eq!(frequency.default.as_deref(), Some(default));
    }
}

#[test]
fn severities_reach_the_function() {
    let severities = "no-root-keys=LOW,trail-logging=CRITICAL";
    let stack = stack("account", &[("Severities", severities)]);
    let variables = &stack.resource("SecurityHub").unwrap().properties["Environment"]["Variables"];
    assert_eq!(variables["ROOTGUARD_SEVERITIES"], severities);
}

/// What is accepted reaches every function of the control, the one that judges and the one
/// that remediates.
#[test]
fn exceptions_reach_the_functions() {
    for &rule in RULES {
        let name = rule.metadata().name;
        let remediates = if rule.is_from_central() {
            "root-access"
        } else {
            "remediations"
        };
        let remediates = format!("{remediates}/{name}");
        let code = &rule.metadata().reasons[0];
        let text =
            format!("{ACCOUNT} {code} 2027-03-31 SOC, night;444455556666 {code} 2027-01-01 Jörg");
        for template in [file(rule), remediates] {
            for expected in [text.as_str(), ""] {
                let stack = stack(&template, &[("Exceptions", expected)]);
                let found = stack.of_type("AWS::Lambda::Function").next().unwrap();
                let arrives = &found.properties["Environment"]["Variables"][EXCEPTIONS];
                assert_eq!(arrives, expected, "{template}");
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
    for name in texts().keys() {
        let template = template(name);
        let Some(parameter) = template.parameters().get("Exceptions") else {
            continue;
        };
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
            assert_eq!(deployed, function, "{name}: {value:?}");
            if function { taken += 1 } else { refused += 1 }
        }
    }
    // Each control has two functions.
    let functions = 2 * RULES.len();
    assert_eq!((taken, refused), (functions * 5, functions * 8));
}

/// A rule is periodic and nothing else: AWS Config evaluates a change-triggered rule once for
/// each recorded resource. It may invoke its function before it is there.
#[test]
fn a_rule_invokes_its_function_periodically() {
    for &rule in RULES {
        let metadata = rule.metadata();
        let name = metadata.deployed_name();
        let stack = stack(&file(rule), &[]);
        let deployed = deployed(&stack, rule).unwrap();
        let source = &deployed.properties["Source"];
        let function = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}");
        assert_eq!(source["SourceIdentifier"], function);
        let title = format!("{}.", metadata.title);
        assert_eq!(deployed.text("Description"), Some(&*title));
        assert_eq!(
            source["SourceDetails"],
            json!([{
                "EventSource": "aws.config",
                "MessageType": "ScheduledNotification",
                "MaximumExecutionFrequency": metadata.frequency.word(),
            }])
        );
        assert_eq!(deployed.properties.get("Scope"), None);
        let place = |resource: &StackResource| {
            let mut all = stack.resources.iter();
            all.position(|other| other == resource).unwrap()
        };
        let permission = stack.of_type("AWS::Lambda::Permission").next().unwrap();
        assert!(place(permission) < place(deployed), "{name}");
        assert_eq!(
            Value::from(permission.properties.clone()),
            json!({
                "FunctionName": name,
                "Action": "lambda:InvokeFunction",
                "Principal": "config.amazonaws.com",
                "SourceAccount": ACCOUNT,
            })
        );
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
        for configured in rules.enabled() {
            let rule = configured.rule;
            let mut given: BTreeMap<_, _> = configured
                .input_parameters()
                .into_iter()
                .map(|(name, value)| (word(&name), value.as_str().unwrap().to_owned()))
                .collect();
            // What the organization completes is nothing here.
            for completed in ["centralEvidenceRoleArns", "organizationId"].map(word) {
                if template(&file(rule)).parameters().contains_key(&completed) {
                    given.entry(completed).or_default();
                }
            }
            let given: Vec<_> = given
                .iter()
                .map(|(name, value)| (&**name, &**value))
                .collect();
            let stack = stack(&file(rule), &given);
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
    for &rule in RULES {
        let stack = stack(&file(rule), &[]);
        for (name, value) in input_parameters(&stack, rule) {
            assert_ne!(value, "", "{name}");
        }
    }
}
