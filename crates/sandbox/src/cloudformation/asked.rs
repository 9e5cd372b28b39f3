//! Requests to services for resources, in the words of their own APIs, so that the sandbox refuses
//! what AWS refuses.

use serde_json::{Value, json};

use super::StackResource;

/// A request to a service: which, its operation, its input.
pub(super) type Asked = (&'static str, &'static str, Value);

/// The requests that make a resource, or change what there is of it. None, where no
/// request makes resources of this type here.
pub(super) fn to_put(resource: &StackResource, is_there: bool) -> Option<Vec<Asked>> {
    let properties = || Value::Object(resource.properties.clone());
    let property = |name: &str| resource.properties.get(name).cloned();
    let asked = match resource.resource_type.as_str() {
        "AWS::CloudWatch::Alarm" => vec![("monitoring", "PutMetricAlarm", properties())],
        "AWS::Config::ConfigRule" => {
            let mut rule = resource.properties.clone();
            if let Some(parameters) = rule.get_mut("InputParameters") {
                *parameters = parameters.to_string().into();
            }
            vec![("config", "PutConfigRule", json!({ "ConfigRule": rule }))]
        }
        "AWS::Config::RemediationConfiguration" => {
            let configurations = json!({ "RemediationConfigurations": [properties()] });
            vec![("config", "PutRemediationConfigurations", configurations)]
        }
        "AWS::Lambda::Permission" => {
            let mut permission = resource.properties.clone();
            permission.insert("StatementId".to_owned(), resource.logical_id.clone().into());
            vec![("lambda", "AddPermission", permission.into())]
        }
        "AWS::Logs::LogGroup" => {
            let group = property("LogGroupName");
            let kept = json!({"logGroupName": group, "retentionInDays": number(property("RetentionInDays"))});
            let created = match property("LogGroupClass") {
                Some(class) => json!({"logGroupName": group, "logGroupClass": class}),
                None => json!({ "logGroupName": group }),
            };
            let create = ("logs", "CreateLogGroup", created);
            let keep = ("logs", "PutRetentionPolicy", kept);
            if is_there {
                vec![keep]
            } else {
                vec![create, keep]
            }
        }
        "AWS::Logs::MetricFilter" => {
            vec![("logs", "PutMetricFilter", with_small_initials(properties()))]
        }
        "AWS::SNS::Subscription" => vec![("sns", "Subscribe", properties())],
        "AWS::SNS::Topic" => {
            let mut attributes = resource.properties.clone();
            let name = attributes.remove("TopicName");
            if is_there {
                let topic = resource.reference();
                attributes
                    .iter()
                    .map(|(name, value)| set(topic, name, value))
                    .collect()
            } else {
                let topic = json!({"Name": name, "Attributes": attributes});
                vec![("sns", "CreateTopic", topic)]
            }
        }
        "AWS::SNS::TopicPolicy" => {
            let policy = property("PolicyDocument").unwrap_or_default().to_string();
            let policy = policy.into();
            let topics = listed(resource, "Topics");
            topics.map(|topic| set(topic, "Policy", &policy)).collect()
        }
        _ => return None,
    };
    Some(asked)
}

/// The requests that remove a resource, if any do.
pub(super) fn to_remove(resource: &StackResource) -> Option<Vec<Asked>> {
    let name = resource.reference();
    let property = |name: &str| resource.properties.get(name).cloned();
    Some(match resource.resource_type.as_str() {
        "AWS::CloudWatch::Alarm" => {
            vec![(
                "monitoring",
                "DeleteAlarms",
                json!({ "AlarmNames": [name] }),
            )]
        }
        "AWS::Config::ConfigRule" => {
            vec![(
                "config",
                "DeleteConfigRule",
                json!({ "ConfigRuleName": name }),
            )]
        }
        "AWS::Config::RemediationConfiguration" => {
            let named = json!({ "ConfigRuleName": property("ConfigRuleName") });
            vec![("config", "DeleteRemediationConfiguration", named)]
        }
        "AWS::KMS::Key" => {
            let key = json!({"KeyId": name, "PendingWindowInDays": 30});
            vec![("kms", "ScheduleKeyDeletion", key)]
        }
        "AWS::Lambda::Permission" => {
            let named = json!({"FunctionName": property("FunctionName"), "StatementId": resource.logical_id});
            vec![("lambda", "RemovePermission", named)]
        }
        "AWS::Logs::LogGroup" => {
            vec![("logs", "DeleteLogGroup", json!({ "logGroupName": name }))]
        }
        "AWS::Logs::MetricFilter" => {
            let filter = json!({"logGroupName": property("LogGroupName"), "filterName": property("FilterName")});
            vec![("logs", "DeleteMetricFilter", filter)]
        }
        "AWS::SNS::Topic" => vec![("sns", "DeleteTopic", json!({ "TopicArn": name }))],
        _ => return None,
    })
}

/// The texts of a list among a resource's properties.
pub(super) fn listed<'a>(
    resource: &'a StackResource,
    property: &str,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let items = resource.properties.get(property).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str)
}

fn set(topic: &str, attribute: &str, value: &Value) -> Asked {
    let attribute = json!({
        "TopicArn": topic,
        "AttributeName": attribute,
        "AttributeValue": value,
    });
    ("sns", "SetTopicAttributes", attribute)
}

/// A number that came out of a parameter is a text.
pub(super) fn number(value: Option<Value>) -> Option<Value> {
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
