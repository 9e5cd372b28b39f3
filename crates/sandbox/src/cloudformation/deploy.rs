//! A stack in an account: every resource is asked of its service, in the words of the
//! service's own API, so that what AWS would refuse is refused.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Stack, StackResource};
use crate::organization::{Kind, Place, Resource, Role};
use crate::policy::Document;
use crate::request::perform_as_administrator;
use crate::world::World;
use crate::{kms, lambda};

/// Why a stack is not deployed. What came before the resource stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{logical_id} ({resource_type}): {problem}")]
pub struct DeployError {
    /// What the template calls the resource.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// What the service answered, or what the sandbox lacks.
    pub problem: String,
}

/// A request to a service: which, its operation, its input.
type Asked = (&'static str, &'static str, Value);

pub(crate) async fn deploy(world: &Arc<World>, stack: &Stack) -> Result<(), DeployError> {
    for resource in &stack.resources {
        let failed = |problem: String| DeployError {
            logical_id: resource.logical_id.clone(),
            resource_type: resource.resource_type.clone(),
            problem,
        };
        match resource.resource_type.as_str() {
            "AWS::IAM::Role" => make_role(world, stack, resource),
            "AWS::KMS::Key" => {
                let policy = resource.properties.get("KeyPolicy");
                let members = json!({"KeyId": resource.reference(), "Policy": policy});
                add(world, stack, &kms::KEY, members)
            }
            "AWS::Lambda::Function" => {
                let members = json!({ "FunctionName": resource.reference() });
                add(world, stack, &lambda::FUNCTION, members)
            }
            _ => Ok(()),
        }
        .map_err(failed)?;
        for (service, operation, input) in asked(resource).map_err(failed)? {
            let (account, region) = (&stack.place.account, &stack.place.region);
            let operation = (service, operation);
            perform_as_administrator(world, account, region, operation, input)
                .await
                .map_err(|failure| failed(failure.to_string()))?;
        }
    }
    Ok(())
}

/// What is asked of services for a resource.
fn asked(resource: &StackResource) -> Result<Vec<Asked>, String> {
    let properties = || Value::Object(resource.properties.clone());
    let property = |name: &str| resource.properties.get(name).cloned();
    let asked = match resource.resource_type.as_str() {
        // Roles, keys and functions are made without a request. Where invocations go that
        // end, the sandbox does not carry them.
        "AWS::IAM::Role"
        | "AWS::KMS::Key"
        | "AWS::Lambda::EventInvokeConfig"
        | "AWS::Lambda::Function"
        | "AWS::SQS::Queue" => vec![],
        "AWS::CloudWatch::Alarm" => vec![("monitoring", "PutMetricAlarm", properties())],
        "AWS::Config::ConfigRule" => {
            let mut rule = resource.properties.clone();
            if let Some(parameters) = rule.get_mut("InputParameters") {
                *parameters = parameters.to_string().into();
            }
            vec![("config", "PutConfigRule", json!({ "ConfigRule": rule }))]
        }
        "AWS::Lambda::Permission" => {
            let mut permission = resource.properties.clone();
            permission.insert("StatementId".to_owned(), resource.logical_id.clone().into());
            vec![("lambda", "AddPermission", permission.into())]
        }
        "AWS::Logs::LogGroup" => {
            let group = property("LogGroupName");
            let kept = json!({"logGroupName": group, "retentionInDays": number(property("RetentionInDays"))});
            let group = json!({ "logGroupName": group });
            vec![
                ("logs", "CreateLogGroup", group),
                ("logs", "PutRetentionPolicy", kept),
            ]
        }
        "AWS::Logs::MetricFilter" => {
            vec![("logs", "PutMetricFilter", with_small_initials(properties()))]
        }
        "AWS::SNS::Subscription" => vec![("sns", "Subscribe", properties())],
        "AWS::SNS::Topic" => {
            let mut attributes = resource.properties.clone();
            let name = attributes.remove("TopicName");
            let topic = json!({"Name": name, "Attributes": attributes});
            vec![("sns", "CreateTopic", topic)]
        }
        "AWS::SNS::TopicPolicy" => {
            let topics = property("Topics").unwrap_or_default();
            let topics = topics.as_array().into_iter().flatten();
            let policy = property("PolicyDocument").unwrap_or_default().to_string();
            let set = topics.map(|topic| {
                let attribute = json!({
                    "TopicArn": topic,
                    "AttributeName": "Policy",
                    "AttributeValue": policy,
                });
                ("sns", "SetTopicAttributes", attribute)
            });
            set.collect()
        }
        _ => return Err("the sandbox has no resources of this type".to_owned()),
    };
    Ok(asked)
}

fn make_role(world: &World, stack: &Stack, resource: &StackResource) -> Result<(), String> {
    let document =
        |written: &Value| Document::try_from(written.clone()).map_err(|error| error.to_string());
    let property = |name: &str| resource.properties.get(name).unwrap_or(&Value::Null);
    if !property("ManagedPolicyArns").is_null() {
        return Err("the sandbox does not know managed policies".to_owned());
    }
    let policies = property("Policies").as_array().into_iter().flatten();
    let policies = policies.map(|policy| {
        let written = policy.get("PolicyDocument").unwrap_or(&Value::Null);
        document(written)
    });
    let trust = document(property("AssumeRolePolicyDocument"))?;
    let role = Role {
        path: resource.text("Path").unwrap_or("/").to_owned(),
        ..Role::new(
            resource.reference(),
            trust,
            policies.collect::<Result<_, _>>()?,
        )
    };
    let added = world.change_account(&stack.place.account, |account| {
        let exists = account.role(&role.name).is_some();
        if !exists {
            account.roles.push(role);
        }
        exists
    });
    match added {
        Some(false) => Ok(()),
        Some(true) => Err("EntityAlreadyExists: there is a role of this name".to_owned()),
        None => Err("there is no such account".to_owned()),
    }
}

/// Adds a resource that no request makes as it has to be.
fn add(world: &World, stack: &Stack, kind: &Kind, members: Value) -> Result<(), String> {
    let place = Place {
        partition: world.partition(),
        account: &stack.place.account,
        region: &stack.place.region,
    };
    let members = kind.members(&place, members)?;
    let resource = Resource {
        region: stack.place.region.clone(),
        members,
    };
    world
        .change_account(&stack.place.account, |account| {
            (kind.of)(account).push(resource);
        })
        .ok_or_else(|| "there is no such account".to_owned())
}

/// A number that came out of a parameter is a text.
fn number(value: Option<Value>) -> Option<Value> {
    let parsed = value
        .as_ref()
        .and_then(Value::as_str)
        .map(str::parse::<i64>);
    match parsed {
        Some(Ok(number)) => Some(number.into()),
        _ => value,
    }
}

/// The names that CloudWatch Logs has in its own API.
fn with_small_initials(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(with_small_initials).collect(),
        Value::Object(members) => {
            let small = members.into_iter().map(|(name, member)| {
                let mut letters = name.chars();
                let initial = letters.next().map(|initial| initial.to_ascii_lowercase());
                let name: String = initial.into_iter().chain(letters).collect();
                (name, with_small_initials(member))
            });
            Value::Object(small.collect())
        }
        plain => plain,
    }
}
