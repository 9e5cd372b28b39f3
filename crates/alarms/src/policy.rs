//! What a resource policy says to a request of an AWS service, as IAM would.
//!
//! Small on purpose: the requests are those that CloudWatch makes for an alarm
//! (publish, decrypt, invoke), whose context is known. Whatever is outside of
//! that leaves the answer undecided; it never allows.

mod condition;
mod document;

use config_rule::Arn;
use serde_json::Value;

pub use condition::arn_like;
use document::{Effect, Policy};

/// What a policy answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows it, and none denies it.
    Allowed,
    /// A statement denies it, or none allows it.
    Denied,
    /// It depends on what is not known here, or the policy cannot be read.
    Undecided,
}

/// A request that CloudWatch makes because an alarm changed to `ALARM`.
#[derive(Clone, Copy, Debug)]
pub struct ServiceRequest<'a> {
    /// The service principal, such as `cloudwatch.amazonaws.com`.
    pub principal: &'a str,
    /// The IAM action, such as `sns:Publish`.
    pub action: &'a str,
    /// The resource that is acted on, whose policy it is.
    pub resource: &'a Arn,
    /// The alarm on whose behalf it is made.
    pub alarm: &'a Arn,
}

/// Whether the resource policy `document` allows the request. A service has no
/// identity-based policies, so what its resource policy does not allow is denied.
pub fn decide(document: &str, request: &ServiceRequest<'_>) -> Decision {
    let Ok(json) = serde_json::from_str::<Value>(document) else {
        return Decision::Undecided;
    };
    let Some(policy) = Policy::read(&json) else {
        return Decision::Undecided;
    };
    let (mut allowed, mut undecided) = (false, false);
    for statement in &policy.statements {
        match (statement.applies(request), statement.effect) {
            (Some(true), Effect::Deny) => return Decision::Denied,
            (Some(true), Effect::Allow) => allowed = true,
            (None, Effect::Deny) => undecided = true,
            // Matters only if nothing else allows.
            (None, Effect::Allow) => undecided = undecided || !policy.allows(request),
            (Some(false), _) => {}
        }
    }
    match (undecided, allowed) {
        (true, _) => Decision::Undecided,
        (false, true) => Decision::Allowed,
        (false, false) => Decision::Denied,
    }
}

#[cfg(test)]
mod tests;
