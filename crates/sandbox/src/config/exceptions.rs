//! Remediation exceptions: results that AWS Config does not remediate by itself.

use serde_json::Value;

use super::{RULE_NAME, RuleKey, invalid, page};
use crate::Timestamp;
use crate::request::Request;
use crate::wire::{Failure, Shape, Structure, integer, list, member, required, text};

/// That a result is not remediated.
#[derive(Clone, Debug)]
pub(super) struct RemediationException {
    message: Option<String>,
    expires: Option<Timestamp>,
}

const RESOURCE_KEYS: Shape = list(
    &Shape::Structure(&[
        member("ResourceType", text(1, 256)),
        member("ResourceId", text(1, 1024)),
    ]),
    1,
    100,
);

pub(crate) const PUT_EXCEPTIONS: Shape = Shape::Structure(&[
    required("ConfigRuleName", RULE_NAME),
    required("ResourceKeys", RESOURCE_KEYS),
    member("Message", text(1, 1024)),
    member("ExpirationTime", Shape::Timestamp),
]);

pub(crate) const DESCRIBE_EXCEPTIONS: Shape = Shape::Structure(&[
    required("ConfigRuleName", RULE_NAME),
    member("ResourceKeys", RESOURCE_KEYS),
    member("Limit", integer(0, 100)),
    member("NextToken", text(0, usize::MAX)),
]);

/// Maximum page size.
const MOST: usize = 25;

fn resources(request: &Request<'_>) -> Vec<(String, String)> {
    let word = |key: &Value, name: &str| {
        let value = key.get(name).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let keys = request.list("ResourceKeys").iter();
    keys.map(|key| (word(key, "ResourceType"), word(key, "ResourceId")))
        .collect()
}

pub(crate) fn put_remediation_exceptions(request: &Request<'_>) -> Result<Structure, Failure> {
    let name = request.text("ConfigRuleName").unwrap_or_default();
    let mut state = request.world.config.state();
    let rule = state.rules.get_mut(&RuleKey::asked(request, name));
    let rule = rule.ok_or_else(|| invalid(format!("There is no rule {name}.")))?;
    let expires = request.input.get("ExpirationTime").and_then(Value::as_f64);
    let exception = RemediationException {
        message: request.text("Message").map(str::to_owned),
        expires: expires.map(Timestamp::from_epoch_seconds),
    };
    let mut failed = Vec::new();
    for resource in resources(request) {
        let result = rule.results.get(&resource);
        if result.is_some_and(|result| result.compliance == "NON_COMPLIANT") {
            rule.exceptions.insert(resource, exception.clone());
        } else {
            failed.push(exception.output(name, &resource));
        }
    }
    let batches = (!failed.is_empty()).then(|| {
        vec![
            Structure::new()
                .with("FailureMessage", "The resource is not NON_COMPLIANT.")
                .with("FailedItems", failed),
        ]
    });
    Ok(Structure::new().with("FailedBatches", batches.unwrap_or_default()))
}

pub(crate) fn describe_remediation_exceptions(request: &Request<'_>) -> Result<Structure, Failure> {
    let name = request.text("ConfigRuleName").unwrap_or_default();
    let wanted = resources(request);
    let state = request.world.config.state();
    let rule = state.rules.get(&RuleKey::asked(request, name));
    let exceptions = rule.into_iter().flat_map(|rule| &rule.exceptions);
    let found = exceptions.filter(|(resource, exception)| {
        (wanted.is_empty() || wanted.contains(resource))
            && exception
                .expires
                .is_none_or(|expires| expires > request.now)
    });
    let found = found.map(|(resource, exception)| exception.output(name, resource));
    let limit = request.size("Limit").filter(|limit| *limit > 0);
    let size = limit.map_or(MOST, |limit| limit.min(MOST));
    page(request, "RemediationExceptions", found.collect(), size)
}

impl RemediationException {
    fn output(&self, rule: &str, resource: &(String, String)) -> Structure {
        Structure::new()
            .with("ConfigRuleName", rule)
            .with("ResourceType", &resource.0)
            .with("ResourceId", &resource.1)
            .with_some("Message", self.message.as_ref())
            .with_some("ExpirationTime", self.expires)
    }
}
