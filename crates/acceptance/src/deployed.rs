//! Event patterns and policies that rootguard deploys, taken out of its templates.

use std::collections::BTreeMap;

use cloudformation_template::{Parameter, StackPlace, StackResource, Template};
use config_rule::Account;
use serde_json::Value;

/// The kind of a policy, as Access Analyzer tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PolicyKind {
    Identity,
    Resource,
    ServiceControl,
}

/// Event patterns and policies, each with the place in its template.
#[derive(Debug, Default)]
pub(crate) struct Deployed {
    pub(crate) event_patterns: Vec<(String, Value)>,
    pub(crate) policies: Vec<(String, PolicyKind, Value)>,
}

/// Values for parameters without a default: the first that a parameter takes.
const SAMPLES: &[&str] = &[
    "111122223333",
    "o-exampleorgid",
    "ou-root-example1",
    "r-root",
    "eu-west-1",
    "example",
    "1",
    "arn:aws:iam::111122223333:role/example",
    "arn:aws:sns:eu-west-1:111122223333:example",
    "arn:aws:events:eu-west-1:111122223333:event-bus/example",
    "arn:aws:cloudtrail:eu-west-1:111122223333:trail/example",
    "arn:aws:logs:eu-west-1:111122223333:log-group:example",
    "https://example.s3.eu-west-1.amazonaws.com/example.yaml",
];

impl Deployed {
    /// Collects what the templates deploy in the account and Region that ask. A template that
    /// cannot be evaluated has nothing here; `cloudformation-templates` asks about it.
    pub(crate) fn by(account: &Account) -> Self {
        let identity = account.identity();
        let place = StackPlace {
            partition: identity.partition().to_owned(),
            account: identity.account().to_owned(),
            region: identity.region().to_owned(),
        };
        let mut deployed = Self::default();
        for template in deployment::Template::all() {
            let name = template.name();
            let Ok(template) = Template::parse(template.text()) else {
                continue;
            };
            let values: BTreeMap<_, _> =
                template.parameters().values().filter_map(sample).collect();
            let Ok(stack) = template.instantiate(&place, &values) else {
                continue;
            };
            for resource in &stack.resources {
                deployed.add(&format!("{name} {}", resource.logical_id), resource);
            }
        }
        deployed
    }

    fn add(&mut self, at: &str, resource: &StackResource) {
        let property = |name: &str| resource.properties.get(name).cloned();
        match resource.resource_type.as_str() {
            "AWS::Events::Rule" => {
                let pattern = property("EventPattern").map(|pattern| (at.to_owned(), pattern));
                self.event_patterns.extend(pattern);
            }
            "AWS::IAM::Role" => {
                self.add_policy(
                    at,
                    PolicyKind::Resource,
                    property("AssumeRolePolicyDocument"),
                );
                let policies = property("Policies").unwrap_or_default();
                for policy in policies.as_array().into_iter().flatten() {
                    let document = policy.get("PolicyDocument").cloned();
                    self.add_policy(at, PolicyKind::Identity, document);
                }
            }
            "AWS::Organizations::Policy" => {
                self.add_policy(at, PolicyKind::ServiceControl, property("Content"));
            }
            "AWS::S3::BucketPolicy" | "AWS::SNS::TopicPolicy" | "AWS::SQS::QueuePolicy" => {
                self.add_policy(at, PolicyKind::Resource, property("PolicyDocument"));
            }
            "AWS::KMS::Key" => self.add_policy(at, PolicyKind::Resource, property("KeyPolicy")),
            _ => {}
        }
    }

    fn add_policy(&mut self, at: &str, kind: PolicyKind, document: Option<Value>) {
        if let Some(document) = document {
            self.policies.push((at.to_owned(), kind, document));
        }
    }
}

/// The name of a parameter without a default, and a value that it takes.
fn sample(parameter: &Parameter) -> Option<(String, String)> {
    if parameter.default.is_some() {
        return None;
    }
    let allowed = parameter
        .allowed_values
        .iter()
        .flatten()
        .map(String::as_str);
    let mut values = allowed.chain(SAMPLES.iter().copied());
    let value = values.find(|value| parameter.check(value).is_ok())?;
    Some((parameter.name.clone(), value.to_owned()))
}
