//! The templates give root-activity what it reads, and forward what it tells of.

use std::collections::BTreeSet;

use root_activity::{Settings, Watched};
use sandbox::cloudformation::Stack;
use serde_json::Value;

use crate::infra::{REGION, folder, full, texts};

fn settings(hub: &Stack) -> Settings {
    let function = hub.resource("RootActivity").unwrap();
    let variables = &function.properties["Environment"]["Variables"];
    let settings =
        Settings::from_variables(|name| variables.get(name)?.as_str().map(str::to_owned));
    settings.unwrap()
}

#[test]
fn the_function_finds_topic_queues_and_rules() {
    let hub = full("activity-hub");
    let settings = settings(&hub);
    let reference = |id: &str| hub.resource(id).unwrap().reference().to_owned();
    assert_eq!(settings.topic_arn, reference("Topic"));
    assert_eq!(settings.queue_url, reference("Queue"));
    assert_eq!(settings.dead_letter_queue_url, reference("DeadLetters"));
    assert_eq!(settings.evaluation_region.as_deref(), Some(REGION));
    assert_eq!(
        settings.rules,
        ["rootguard-no-root-keys", "rootguard-trail-logging"]
    );
    assert_eq!(settings.watched.resources, Watched::default().resources);
}

/// Every role, function, rule, queue and so on of the templates is known as one of ours.
#[test]
fn the_function_knows_what_is_ours() {
    let own = settings(&full("activity-hub")).watched.own_names;
    let ours = |name: &str| {
        own.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == pattern,
        })
    };
    for template in texts().keys() {
        for resource in full(template).resources {
            let property = match resource.resource_type.as_str() {
                "AWS::Config::ConfigRule" => "ConfigRuleName",
                "AWS::Events::EventBus" | "AWS::Events::Rule" | "AWS::SSM::Document" => "Name",
                "AWS::IAM::Role" => "RoleName",
                "AWS::Lambda::Function" => "FunctionName",
                "AWS::SNS::Topic" => "TopicName",
                "AWS::SQS::Queue" => "QueueName",
                _ => continue,
            };
            let name = resource.text(property).unwrap();
            assert!(ours(name), "{template}: {name}");
        }
    }
}

/// Changes to every role of the templates are forwarded.
#[test]
fn accounts_forward_changes_to_roles() {
    let activity = full("activity");
    let pattern = &activity.resource("GuardTampering").unwrap().properties["EventPattern"];
    let alternatives = pattern["detail"]["$or"].as_array().unwrap().iter();
    let names = alternatives.filter_map(|one| one.pointer("/requestParameters/roleName"));
    let names: Vec<_> = names.flat_map(|names| names.as_array().unwrap()).collect();
    for template in texts().keys() {
        for role in full(template).of_type("AWS::IAM::Role") {
            let fits = |listed: &&Value| match listed["prefix"].as_str() {
                Some(start) => role.reference().starts_with(start),
                None => *listed == role.reference(),
            };
            assert!(names.iter().any(fits), "{template}: {}", role.reference());
        }
    }
}

/// The names of calls under `eventName`, wherever they stand.
fn events(pattern: &Value, names: &mut BTreeSet<String>) {
    match pattern {
        Value::Array(items) => items.iter().for_each(|item| events(item, names)),
        Value::Object(members) => {
            for (key, member) in members {
                if key == "eventName" {
                    let listed = member.as_array().unwrap().iter();
                    names.extend(listed.filter_map(Value::as_str).map(str::to_owned));
                }
                events(member, names);
            }
        }
        _ => {}
    }
}

/// What root-activity tells of by the name of the call is forwarded from every account.
#[test]
fn accounts_forward_what_is_told() {
    let told = folder().join("../crates/root-activity/event-pattern.json");
    let told = std::fs::read_to_string(told).unwrap();
    let (mut wanted, mut forwarded) = (BTreeSet::new(), BTreeSet::new());
    events(&serde_json::from_str(&told).unwrap(), &mut wanted);
    for rule in full("activity").of_type("AWS::Events::Rule") {
        events(&rule.properties["EventPattern"], &mut forwarded);
    }
    let missing: Vec<_> = wanted.difference(&forwarded).collect();
    assert!(wanted.len() > 15 && missing.is_empty(), "{missing:?}");
}

/// Only this state matches calls that look and do not change.
#[test]
fn what_root_users_look_at_is_forwarded() {
    let stack = full("activity");
    let state = |id: &str| {
        stack
            .resource(id)
            .unwrap()
            .text("State")
            .unwrap()
            .to_owned()
    };
    for id in ["RootActivity", "SignInAndSessions"] {
        assert_eq!(state(id), "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS");
    }
}

/// Variables of the remediating functions, by the names that these read.
#[test]
fn remediating_functions_get_their_configuration() {
    let mut functions = 0;
    for template in texts().keys() {
        for function in full(template).of_type("AWS::Lambda::Function") {
            if function.reference().ends_with("-remediate") {
                let variables = &function.properties["Environment"]["Variables"];
                for name in [
                    remediation::lambda::RULE_PARAMETERS,
                    remediation::lambda::REMEDIATION,
                ] {
                    let text = variables[name].as_str().unwrap();
                    let object: Value = serde_json::from_str(text).unwrap();
                    assert!(object.is_object(), "{template}: {name}");
                }
                functions += 1;
            }
        }
    }
    assert_eq!(functions, 4);
}
