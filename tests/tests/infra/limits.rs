//! What AWS allows templates and names to be.

use std::collections::BTreeMap;

use sandbox::cloudformation::{StackPlace, Template, TemplateError};
use serde_json::Value;

use crate::infra::{ACCOUNT, REGION, full, least, template, texts};

#[test]
fn every_template_becomes_a_stack() {
    for name in texts().keys() {
        assert!(!full(name).resources.is_empty(), "{name}");
    }
}

/// What is there under a condition is referred to under it only.
#[test]
fn every_template_becomes_a_stack_by_default() {
    for name in texts().keys() {
        let (least, full) = (least(name), full(name));
        assert!(least.resources.len() <= full.resources.len(), "{name}");
    }
    // Packages that are not given are functions that are not there.
    let least = least("account");
    assert_eq!(least.of_type("AWS::Lambda::Function").count(), 0);
}

#[test]
fn every_template_can_be_sent_in_a_request() {
    for (name, text) in texts() {
        assert!(text.len() < 51_200, "{name}: {} bytes", text.len());
        assert!(template(&name).parameters().len() <= 200, "{name}");
    }
}

#[test]
fn every_header_says_where_it_goes_and_whom_it_trusts() {
    for (name, text) in texts() {
        let header: Vec<_> = text
            .lines()
            .take_while(|line| line.starts_with('#'))
            .collect();
        for word in ["# Account ", "# Region ", "# Deployer ", "# Trusts "] {
            let said = header.iter().any(|line| line.starts_with(word));
            assert!(said, "{name}: {word}");
        }
    }
}

/// What AWS Config, IAM, Lambda and so on accept; of rules 64 although they may be longer,
/// because their results could not be read otherwise (aws-facts A2).
#[test]
fn names_are_short_enough() {
    for name in texts().keys() {
        for resource in full(name).resources {
            let (property, most) = match resource.resource_type.as_str() {
                "AWS::Config::ConfigRule" => ("ConfigRuleName", 64),
                "AWS::Events::EventBus" | "AWS::Events::Rule" => ("Name", 64),
                "AWS::IAM::Role" => ("RoleName", 64),
                "AWS::Lambda::Function" => ("FunctionName", 64),
                "AWS::S3::Bucket" => ("BucketName", 63),
                "AWS::SQS::Queue" => ("QueueName", 80),
                _ => continue,
            };
            let named = resource.text(property);
            let named =
                named.unwrap_or_else(|| panic!("{name}: {} has no name", resource.logical_id));
            assert!(named.len() <= most, "{name}: {named}");
        }
    }
}

/// One prefix finds, guards and watches everything.
#[test]
fn everything_of_ours_has_a_name_that_says_so() {
    for name in texts().keys() {
        for resource in full(name).resources {
            let (property, begins) = match resource.resource_type.as_str() {
                "AWS::IAM::Role" => ("RoleName", "rootguard-"),
                "AWS::CloudWatch::Alarm" => ("AlarmName", "rootguard-"),
                "AWS::Config::ConfigRule" => ("ConfigRuleName", "rootguard-"),
                "AWS::Lambda::Function" => ("FunctionName", "rootguard-"),
                "AWS::Logs::LogGroup" => ("LogGroupName", "/rootguard/"),
                "AWS::SQS::Queue" => ("QueueName", "rootguard-"),
                "AWS::SNS::Topic" => ("TopicName", "rootguard-"),
                "AWS::Events::EventBus" | "AWS::Events::Rule" | "AWS::SSM::Document" => {
                    ("Name", "rootguard-")
                }
                _ => continue,
            };
            let named = resource.text(property).unwrap_or_default();
            assert!(named.starts_with(begins), "{name}: {named}");
        }
    }
}

/// AWS Organizations takes 5,120 characters, blanks of the JSON text included.
#[test]
fn the_service_control_policy_fits() {
    let stack = full("guardrails");
    let policy = stack.of_type("AWS::Organizations::Policy").next().unwrap();
    let text = policy.properties["Content"].to_string();
    assert!(text.len() <= 5120, "{} characters", text.len());
}

#[test]
fn the_service_control_policy_is_off_by_default() {
    let given = BTreeMap::from([("TargetIds".to_owned(), "r-abcd".to_owned())]);
    let place = StackPlace::new(ACCOUNT, REGION);
    let stack = template("guardrails").instantiate(&place, &given).unwrap();
    assert_eq!(stack.resources, []);
}

/// Of an event that EventBridge would not take, a stack would be told only on AWS.
#[test]
fn event_patterns_fit() {
    for name in texts().keys() {
        for rule in full(name).of_type("AWS::Events::Rule") {
            // A schedule has none.
            let pattern = rule.properties.get("EventPattern");
            let pattern = pattern.map(ToString::to_string).unwrap_or_default();
            assert!(
                pattern.len() <= 2048,
                "{name}: {} characters",
                pattern.len()
            );
        }
    }
}

/// A message that is worked on must not come back before the function is done.
#[test]
fn queues_wait_for_their_functions() {
    for name in texts().keys() {
        let stack = full(name);
        for mapping in stack.of_type("AWS::Lambda::EventSourceMapping") {
            let function = stack
                .of_type("AWS::Lambda::Function")
                .find(|function| Some(function.reference()) == mapping.text("FunctionName"))
                .unwrap();
            let queue = stack
                .of_type("AWS::SQS::Queue")
                .find(|queue| queue.attribute("Arn") == mapping.text("EventSourceArn"))
                .unwrap();
            let seconds = |value: &Value| value.as_u64().unwrap();
            let timeout = seconds(&function.properties["Timeout"]);
            assert_eq!(
                seconds(&queue.properties["VisibilityTimeout"]),
                6 * timeout,
                "{name}"
            );
        }
    }
}

#[test]
fn what_is_not_known_is_named() {
    let named = |text: &str, given: &[(&str, &str)]| {
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let place = StackPlace::new(ACCOUNT, REGION);
        let stack = Template::parse(text).and_then(|it| it.instantiate(&place, &given.collect()));
        stack.unwrap_err().to_string()
    };
    for (text, expected) in [
        (
            "Transform: AWS::Serverless-2016-10-31",
            "the template: Transform is not known here",
        ),
        (
            "Resources: {A: {Type: 'AWS::EC2::Instance'}}",
            "Resources.A: AWS::EC2::Instance is not known here",
        ),
        (
            "Resources: {A: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Select [0, [a]]}}}",
            "Resources.A.Properties.QueueName: Fn::Select is not known here",
        ),
        (
            "Resources: {A: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Ref B}}}",
            "Resources.A.Properties.QueueName: there is no B",
        ),
        (
            "Resources: {A: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !GetAtt C.Arn}}}",
            "Resources.A.Properties.QueueName: there is no C.Arn",
        ),
        (
            "Resources: {A: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Sub 'a-${AWS::StackId}'}}}",
            "Resources.A.Properties.QueueName: there is no AWS::StackId",
        ),
        (
            "Resources: {A: {Type: 'AWS::SQS::Queue', CreationPolicy: {}}}",
            "Resources.A: CreationPolicy is not known here",
        ),
        (
            "Resources: {A: {Type: 'AWS::SQS::Queue', Condition: B}}",
            "Conditions: there is no B",
        ),
        (
            "Conditions: {B: !Or [!Ref X, !Ref Y]}\nResources: {A: {Type: 'AWS::SQS::Queue', Condition: B}}",
            "Conditions.B: Fn::Or is not known here",
        ),
        (
            "Resources: {A: {Type: 'AWS::SQS::Queue', DependsOn: B}, B: {Type: 'AWS::SQS::Queue', DependsOn: A}}",
            "B needs itself first",
        ),
        (
            "Parameters: {P: {Type: 'AWS::SSM::Parameter::Value<String>'}}",
            "Parameters.P: the Type String, Number or CommaDelimitedList was expected",
        ),
        (
            "Parameters: {P: {Type: String, Description: d, NoEcho: true}}",
            "Parameters.P: NoEcho is not known here",
        ),
        (
            "Parameters: {P: {Type: String, Description: d}}",
            "parameter P has no value",
        ),
        (
            "Parameters: {P: {Type: Number, Description: d, MinValue: 2, Default: 1}}",
            "parameter P: \"1\" is not allowed; it takes a whole number from 2 to 9223372036854775807",
        ),
    ] {
        assert_eq!(named(text, &[]), expected);
    }
    assert_eq!(
        named("Resources: {}", &[("Q", "1")]),
        "the parameters: there is no Q"
    );
}

/// Every value of a list has to match, and the whole of it.
#[test]
fn parameters_are_held_to_their_patterns() {
    let evidence = template("evidence");
    let (organization, topics) = (
        &evidence.parameters()["OrganizationId"],
        &evidence.parameters()["TopicArns"],
    );
    let topic = "arn:aws:sns:eu-west-1:111122223333:a";
    for (parameter, value, allowed) in [
        (organization, "o-sandbox0001", true),
        (organization, "o-short", false),
        (organization, "x o-sandbox0001", false),
        (topics, "", true),
        (topics, topic, true),
        (topics, &format!("{topic}, {topic}"), true),
        (topics, &format!("{topic},everything"), false),
    ] {
        let checked = parameter.check(value);
        assert_eq!(checked.is_ok(), allowed, "{value}");
        if !allowed {
            assert!(
                matches!(checked, Err(TemplateError::NotAllowed { .. })),
                "{value}"
            );
        }
    }
}
