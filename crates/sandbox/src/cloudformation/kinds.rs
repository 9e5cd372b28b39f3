//! The types of resources, and what they are called once they are there.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::StackPlace;
use crate::identity::unique_uuid;

/// What `Ref` and `Fn::GetAtt` give of a resource.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Identity {
    pub(super) reference: String,
    /// Those that the templates ask for.
    pub(super) attributes: BTreeMap<&'static str, String>,
}

impl Identity {
    fn of(reference: impl Into<String>) -> Self {
        Self {
            reference: reference.into(),
            attributes: BTreeMap::new(),
        }
    }

    fn with(mut self, attribute: &'static str, value: impl Into<String>) -> Self {
        self.attributes.insert(attribute, value.into());
        self
    }
}

/// What a resource will be called. None, if its type is not known here.
pub(super) fn identify(
    resource_type: &str,
    place: &StackPlace,
    logical_id: &str,
    properties: &Map<String, Value>,
) -> Option<Identity> {
    let text = |property: &str| properties.get(property).and_then(Value::as_str);
    let name = |property: &str| text(property).unwrap_or(logical_id);
    let StackPlace {
        partition,
        account,
        region,
    } = place;
    // What AWS makes up; here the same for the same stack.
    let made_up = || unique_uuid(&format!("{account} {region} {logical_id}")).to_string();
    let identity = match resource_type {
        "AWS::CloudFormation::StackSet" => {
            Identity::of(format!("{}:{}", name("StackSetName"), made_up()))
        }
        "AWS::CloudWatch::Alarm" => Identity::of(name("AlarmName")),
        "AWS::Config::ConfigRule" => Identity::of(name("ConfigRuleName")),
        "AWS::Events::EventBus" => {
            let name = name("Name");
            let arn = place.arn("events", &format!("event-bus/{name}"));
            Identity::of(name).with("Arn", arn)
        }
        "AWS::Events::Rule" => {
            let name = match text("EventBusName") {
                Some(bus) => format!("{bus}/{}", name("Name")),
                None => name("Name").to_owned(),
            };
            let arn = place.arn("events", &format!("rule/{name}"));
            Identity::of(name).with("Arn", arn)
        }
        "AWS::IAM::Role" => {
            let (path, name) = (text("Path").unwrap_or("/"), name("RoleName"));
            let arn = format!("arn:{partition}:iam::{account}:role{path}{name}");
            Identity::of(name).with("Arn", arn)
        }
        "AWS::KMS::Key" => {
            let id = made_up();
            let arn = place.arn("kms", &format!("key/{id}"));
            Identity::of(id).with("Arn", arn)
        }
        "AWS::Lambda::Function" => {
            let name = name("FunctionName");
            let arn = place.arn("lambda", &format!("function:{name}"));
            Identity::of(name).with("Arn", arn)
        }
        "AWS::Logs::LogGroup" => {
            let name = name("LogGroupName");
            let arn = place.arn("logs", &format!("log-group:{name}:*"));
            Identity::of(name).with("Arn", arn)
        }
        "AWS::S3::Bucket" => {
            let name = name("BucketName");
            Identity::of(name).with("Arn", format!("arn:{partition}:s3:::{name}"))
        }
        "AWS::SNS::Topic" => Identity::of(place.arn("sns", name("TopicName"))),
        "AWS::SQS::Queue" => {
            let name = name("QueueName");
            Identity::of(format!(
                "https://sqs.{region}.amazonaws.com/{account}/{name}"
            ))
            .with("Arn", place.arn("sqs", name))
            .with("QueueName", name)
        }
        "AWS::SSM::Document" => Identity::of(name("Name")),
        // Nothing refers to these.
        "AWS::Config::ConfigurationAggregator"
        | "AWS::Config::RemediationConfiguration"
        | "AWS::Events::EventBusPolicy"
        | "AWS::Lambda::EventInvokeConfig"
        | "AWS::Lambda::EventSourceMapping"
        | "AWS::Lambda::Permission"
        | "AWS::Logs::MetricFilter"
        | "AWS::Organizations::Policy"
        | "AWS::S3::BucketPolicy"
        | "AWS::SNS::Subscription"
        | "AWS::SNS::TopicPolicy"
        | "AWS::SQS::QueuePolicy"
        | "AWS::SecurityHub::AutomationRule" => Identity::of(logical_id),
        _ => return None,
    };
    Some(identity)
}

/// The properties that a resource of a type keeps all its life: where one of them changes,
/// another takes its place. From CloudFormation's schemas.
pub(super) fn create_only(resource_type: &str) -> &'static [&'static str] {
    match resource_type {
        "AWS::CloudFormation::StackSet" => &["PermissionModel", "StackSetName"],
        "AWS::CloudWatch::Alarm" => &["AlarmName"],
        "AWS::Config::ConfigRule" | "AWS::Config::RemediationConfiguration" => &["ConfigRuleName"],
        "AWS::Config::ConfigurationAggregator" => &["ConfigurationAggregatorName"],
        "AWS::Events::EventBus" | "AWS::Events::Rule" => &["Name"],
        "AWS::Events::EventBusPolicy" => &["EventBusName", "StatementId"],
        "AWS::IAM::Role" => &["Path", "RoleName"],
        "AWS::Lambda::EventInvokeConfig" => &["FunctionName", "Qualifier"],
        "AWS::Lambda::EventSourceMapping" => &["EventSourceArn"],
        "AWS::Lambda::Function" => &["FunctionName", "PackageType"],
        "AWS::Lambda::Permission" => &[
            "Action",
            "FunctionName",
            "Principal",
            "PrincipalOrgID",
            "SourceAccount",
            "SourceArn",
        ],
        "AWS::Logs::LogGroup" => &["LogGroupName"],
        "AWS::Logs::MetricFilter" => &["FilterName", "LogGroupName"],
        "AWS::Organizations::Policy" => &["Type"],
        "AWS::S3::Bucket" => &["BucketName"],
        "AWS::S3::BucketPolicy" => &["Bucket"],
        "AWS::SNS::Subscription" => &["Endpoint", "Protocol", "TopicArn"],
        "AWS::SNS::Topic" => &["FifoTopic", "TopicName"],
        "AWS::SQS::Queue" => &["FifoQueue", "QueueName"],
        "AWS::SSM::Document" => &["DocumentType", "Name"],
        _ => &[],
    }
}

/// The permission that making a resource takes, where no modelled request makes it.
pub(super) fn creating_action(resource_type: &str) -> Option<&'static str> {
    Some(match resource_type {
        "AWS::Config::ConfigurationAggregator" => "config:PutConfigurationAggregator",
        "AWS::Config::RemediationConfiguration" => "config:PutRemediationConfigurations",
        "AWS::Events::EventBus" => "events:CreateEventBus",
        "AWS::Events::EventBusPolicy" => "events:PutPermission",
        "AWS::Events::Rule" => "events:PutRule",
        "AWS::IAM::Role" => "iam:CreateRole",
        "AWS::KMS::Key" => "kms:CreateKey",
        "AWS::Lambda::EventInvokeConfig" => "lambda:PutFunctionEventInvokeConfig",
        "AWS::Lambda::EventSourceMapping" => "lambda:CreateEventSourceMapping",
        "AWS::Lambda::Function" => "lambda:CreateFunction",
        "AWS::Organizations::Policy" => "organizations:CreatePolicy",
        "AWS::S3::Bucket" => "s3:CreateBucket",
        "AWS::S3::BucketPolicy" => "s3:PutBucketPolicy",
        "AWS::SQS::Queue" => "sqs:CreateQueue",
        "AWS::SQS::QueuePolicy" => "sqs:SetQueueAttributes",
        "AWS::SSM::Document" => "ssm:CreateDocument",
        "AWS::SecurityHub::AutomationRule" => "securityhub:CreateAutomationRule",
        _ => return None,
    })
}
