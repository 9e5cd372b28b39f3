//! What AWS refuses or does otherwise than a template might assume.

use std::collections::BTreeSet;

use sandbox::cloudformation::{Stack, StackResource};
use serde_json::Value;

use crate::infra::{full, stack, texts};

fn everything() -> impl Iterator<Item = (String, Stack)> {
    texts().into_keys().map(|name| {
        let stack = full(&name);
        (name, stack)
    })
}

/// A new account has a concurrency quota of 10, of which none can be reserved.
#[test]
fn no_function_reserves_concurrency() {
    for (name, stack) in everything() {
        for function in stack.of_type("AWS::Lambda::Function") {
            let reserved = function.properties.get("ReservedConcurrentExecutions");
            assert_eq!(reserved, None, "{name}: {}", function.reference());
        }
        for mapping in stack.of_type("AWS::Lambda::EventSourceMapping") {
            let most = &mapping.properties["ScalingConfig"]["MaximumConcurrency"];
            let most = most.as_u64().unwrap();
            assert!((2..=1000).contains(&most), "{name}: {most}");
        }
    }
}

/// The ARNs under the members that say where something goes that failed.
fn failure_queues(value: &Value, found: &mut BTreeSet<String>) {
    let Some(members) = value.as_object() else {
        let items = value.as_array().into_iter().flatten();
        return items.for_each(|item| failure_queues(item, found));
    };
    for (key, member) in members {
        let arn = match key.as_str() {
            "DeadLetterConfig" => &member["Arn"],
            "OnFailure" => &member["Destination"],
            "RedrivePolicy" => &member["deadLetterTargetArn"],
            _ => &Value::Null,
        };
        found.extend(arn.as_str().map(str::to_owned));
        failure_queues(member, found);
    }
}

/// The queue or function that an alarm watches.
fn watches(alarm: &StackResource) -> &str {
    alarm.properties["Dimensions"][0]["Value"].as_str().unwrap()
}

#[test]
fn every_queue_that_collects_failures_has_an_alarm() {
    let (mut collecting, mut watched) = (BTreeSet::new(), BTreeSet::new());
    for (_, stack) in everything() {
        for resource in &stack.resources {
            failure_queues(&Value::from(resource.properties.clone()), &mut collecting);
        }
        for alarm in stack.of_type("AWS::CloudWatch::Alarm") {
            let visible = alarm.text("MetricName") == Some("ApproximateNumberOfMessagesVisible");
            if visible && alarm.properties["Threshold"] == 1 {
                watched.insert(watches(alarm).to_owned());
            }
        }
    }
    assert!(collecting.len() >= 5, "{collecting:?}");
    for arn in collecting {
        let queue = arn.rsplit(':').next().unwrap();
        assert!(watched.contains(queue), "{arn}");
    }
}

/// SQS leaves a message that was received three times out of the age of the oldest one, so
/// an alarm on that age is quiet exactly when a function keeps failing.
#[test]
fn standstill_is_seen_in_errors_throttles_and_visible_messages() {
    for (name, stack) in everything() {
        for alarm in stack.of_type("AWS::CloudWatch::Alarm") {
            let metric = alarm.text("MetricName");
            assert_ne!(metric, Some("ApproximateAgeOfOldestMessage"), "{name}");
        }
    }
    let hub = full("activity-hub");
    let watched: Vec<_> = hub
        .of_type("AWS::CloudWatch::Alarm")
        .filter(|alarm| alarm.properties.contains_key("Dimensions"))
        .map(|alarm| (alarm.text("MetricName").unwrap(), watches(alarm)))
        .collect();
    for (metric, of) in [
        ("ApproximateNumberOfMessagesVisible", "rootguard-activity"),
        (
            "ApproximateNumberOfMessagesVisible",
            "rootguard-activity-dead-letters",
        ),
        ("Errors", "rootguard-root-activity"),
        ("Throttles", "rootguard-root-activity"),
    ] {
        let is_watched = watched.iter().any(|it| it.0 == metric && it.1 == of);
        assert!(is_watched, "{metric} of {of}: {watched:?}");
    }
}

fn statements(policy: &StackResource) -> Vec<Value> {
    policy.properties["Content"]["Statement"]
        .as_array()
        .unwrap()
        .clone()
}

/// Matches as IAM does: `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(before) else {
        return false;
    };
    (0..=rest.len()).any(|at| rest.is_char_boundary(at) && fits(after, &rest[at..]))
}

/// The patterns of the actions that are denied to a principal on a resource.
fn denied_actions(policy: &StackResource, on: &str, exempt: &str) -> BTreeSet<String> {
    let list = |value: &Value| -> Vec<String> {
        match value {
            Value::Array(items) => items
                .iter()
                .map(|it| it.as_str().unwrap().to_owned())
                .collect(),
            one => vec![one.as_str().unwrap().to_owned()],
        }
    };
    let about = statements(policy).into_iter().filter(|statement| {
        let on_it = list(&statement["Resource"])
            .iter()
            .any(|pattern| fits(pattern, on));
        let exempted = &statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"];
        let exempted = !exempted.is_null() && list(exempted).iter().any(|it| fits(it, exempt));
        on_it && !exempted
    });
    about
        .flat_map(|statement| list(&statement["Action"]))
        .collect()
}

fn is_denied(denied: &BTreeSet<String>, action: &str) -> bool {
    denied.iter().any(|pattern| fits(pattern, action))
}

/// Whoever made a role of that name would be exempt; StackSets makes it through a
/// service-linked role, which service control policies do not bind.
#[test]
fn nobody_makes_a_role_that_the_guardrails_exempt() {
    let stack = full("guardrails");
    let policy = stack.of_type("AWS::Organizations::Policy").next().unwrap();
    let role = "arn:aws:iam::111122223333:role/stacksets-exec-0123456789abcdef";
    for principal in ["arn:aws:iam::111122223333:role/admin", role] {
        let denied = denied_actions(policy, role, principal);
        for action in [
            "iam:CreateRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:AttachRolePolicy",
            "iam:PutRolePolicy",
        ] {
            assert!(is_denied(&denied, action), "{principal}: {action}");
        }
    }
}

/// Everything that templates make under a name can be changed by nobody but the exempt.
#[test]
fn the_guardrails_cover_what_is_deployed() {
    let guardrails = full("guardrails");
    let policy = guardrails
        .of_type("AWS::Organizations::Policy")
        .next()
        .unwrap();
    let admin = "arn:aws:iam::111122223333:role/admin";
    for (name, stack) in everything() {
        for resource in &stack.resources {
            let deletes = match resource.resource_type.as_str() {
                "AWS::CloudWatch::Alarm" => "cloudwatch:DeleteAlarms",
                "AWS::Config::ConfigRule" => "config:DeleteConfigRule",
                "AWS::Events::EventBus" => "events:DeleteEventBus",
                "AWS::Events::Rule" => "events:DeleteRule",
                "AWS::IAM::Role" => "iam:DeleteRole",
                "AWS::Lambda::Function" => "lambda:DeleteFunction",
                "AWS::Logs::LogGroup" => "logs:DeleteLogGroup",
                "AWS::S3::Bucket" => "s3:DeleteBucket",
                "AWS::SNS::Topic" => "sns:DeleteTopic",
                "AWS::SQS::Queue" => "sqs:DeleteQueue",
                "AWS::SSM::Document" => "ssm:DeleteDocument",
                _ => continue,
            };
            let arn = match resource.resource_type.as_str() {
                "AWS::CloudWatch::Alarm" => {
                    let named = resource.text("AlarmName").unwrap();
                    format!("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:{named}")
                }
                "AWS::Config::ConfigRule" => {
                    "arn:aws:config:eu-west-1:111122223333:config-rule/config-rule-abcdef"
                        .to_owned()
                }
                "AWS::SSM::Document" => {
                    let named = resource.text("Name").unwrap();
                    format!("arn:aws:ssm:eu-west-1:111122223333:document/{named}")
                }
                "AWS::SNS::Topic" => resource.reference().to_owned(),
                _ => resource.attribute("Arn").unwrap().to_owned(),
            };
            let denied = denied_actions(policy, &arn, admin);
            assert!(is_denied(&denied, deletes), "{name}: {deletes} on {arn}");
            let exempt = "arn:aws:iam::111122223333:role/stacksets-exec-1";
            let denied = denied_actions(policy, &arn, exempt);
            assert!(!is_denied(&denied, deletes), "{name}: {arn}");
        }
    }
}

/// Eight central accounts besides the management account, the most there can be, with a role
/// of the longest name that IAM takes.
#[test]
fn the_guardrails_fit_for_the_largest_organization() {
    let deployers = (1..=8).map(|n| format!("arn:aws:iam::{n:012}:role/{}", "r".repeat(64)));
    let roles: Vec<_> = ["stacksets-exec-*", "rootguard/*"]
        .iter()
        .map(|role| format!("arn:*:iam::*:role/{role}"))
        .chain(deployers)
        .collect();
    let stack = stack("guardrails", &[("ExemptRoleArns", &roles.join(","))]);
    let policy = stack.of_type("AWS::Organizations::Policy").next().unwrap();
    let length = policy.properties["Content"].to_string().chars().count();
    assert!(length <= 5120, "{length} characters");
}
