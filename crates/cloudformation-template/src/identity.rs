//! The types of resources, and the names and attributes of resources once they exist.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::StackPlace;

/// Values that `Ref` and `Fn::GetAtt` return for a resource.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Identity {
    pub(crate) reference: String,
    /// Those that the templates ask for.
    pub(crate) attributes: BTreeMap<&'static str, String>,
}

impl Identity {
    fn new(reference: impl Into<String>) -> Self {
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

/// Predicts the name of a resource. Returns `None` for a type that is not known here.
pub(crate) fn identify(
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
            Identity::new(format!("{}:{}", name("StackSetName"), made_up()))
        }
        "AWS::CloudWatch::Alarm" => Identity::new(name("AlarmName")),
        "AWS::Config::ConfigRule" => Identity::new(name("ConfigRuleName")),
        "AWS::Events::EventBus" => {
            let name = name("Name");
            let arn = place.arn("events", &format!("event-bus/{name}"));
            Identity::new(name).with("Arn", arn)
        }
        "AWS::Events::Rule" => {
            let name = match text("EventBusName") {
                Some(bus) => format!("{bus}/{}", name("Name")),
                None => name("Name").to_owned(),
            };
            let arn = place.arn("events", &format!("rule/{name}"));
            Identity::new(name).with("Arn", arn)
        }
        "AWS::IAM::Role" => {
            let (path, name) = (text("Path").unwrap_or("/"), name("RoleName"));
            let arn = format!("arn:{partition}:iam::{account}:role{path}{name}");
            Identity::new(name).with("Arn", arn)
        }
        "AWS::KMS::Key" => {
            let id = made_up();
            let arn = place.arn("kms", &format!("key/{id}"));
            Identity::new(id).with("Arn", arn)
        }
        "AWS::Lambda::Function" => {
            let name = name("FunctionName");
            let arn = place.arn("lambda", &format!("function:{name}"));
            Identity::new(name).with("Arn", arn)
        }
        "AWS::Logs::LogGroup" => {
            let name = name("LogGroupName");
            let arn = place.arn("logs", &format!("log-group:{name}:*"));
            Identity::new(name).with("Arn", arn)
        }
        "AWS::Organizations::Policy" => {
            let id = made_up().replace('-', "");
            Identity::new(format!("p-{}", id.get(..8).unwrap_or_default()))
        }
        "AWS::S3::Bucket" => {
            let name = name("BucketName");
            Identity::new(name).with("Arn", format!("arn:{partition}:s3:::{name}"))
        }
        "AWS::SNS::Topic" => Identity::new(place.arn("sns", name("TopicName"))),
        "AWS::SQS::Queue" => {
            let name = name("QueueName");
            Identity::new(format!(
                "https://sqs.{region}.amazonaws.com/{account}/{name}"
            ))
            .with("Arn", place.arn("sqs", name))
            .with("QueueName", name)
        }
        "AWS::SSM::Document" => Identity::new(name("Name")),
        // Nothing refers to these.
        "AWS::Config::ConfigurationAggregator"
        | "AWS::Config::RemediationConfiguration"
        | "AWS::Events::EventBusPolicy"
        | "AWS::Lambda::EventInvokeConfig"
        | "AWS::Lambda::EventSourceMapping"
        | "AWS::Lambda::Permission"
        | "AWS::Logs::MetricFilter"
        | "AWS::S3::BucketPolicy"
        | "AWS::SNS::Subscription"
        | "AWS::SNS::TopicPolicy"
        | "AWS::SQS::QueuePolicy"
        | "AWS::SecurityHub::AutomationRule" => Identity::new(logical_id),
        _ => return None,
    };
    Some(identity)
}

/// Derives from a text an id like those that AWS makes up: equal for equal texts.
pub fn unique_uuid(text: &str) -> Uuid {
    // FNV-1a, twice with different seeds: 128 bits are plenty to tell things apart.
    let hash = |seed: u64| {
        text.bytes().fold(seed, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        })
    };
    Uuid::from_u64_pair(hash(0xcbf2_9ce4_8422_2325), hash(0x8422_2325_cbf2_9ce4))
}
