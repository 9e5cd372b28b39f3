//! Resource policies, and the requests that CloudWatch makes because an alarm changed to
//! `ALARM`: publish, decrypt, generate a data key, invoke.

use config_rule::Arn;
use iam_policy::{Applicable, Context, Decision, Document, Principal, Request, authorize};

/// The principal that publishes, decrypts and generates data keys for an alarm.
pub(crate) const CLOUDWATCH: &str = "cloudwatch.amazonaws.com";

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
    /// The id of the organization of the alarm's account, where it is known.
    pub organization: Option<&'a str>,
}

/// Decides a request by the resource policy `document`. A service has no identity-based
/// policies, so a request that its resource policy does not allow is denied. A policy that
/// cannot be read, or that asks for something unknown, leaves the request undecided where
/// that decides.
pub fn decide(document: &str, request: &ServiceRequest<'_>) -> Decision {
    let policy = match Document::parse(document) {
        Ok(policy) => policy,
        Err(error) => return Decision::Undecided(error.to_string()),
    };
    let alarm = request.alarm;
    let mut context = Context::partial([
        ("aws:SourceArn", alarm.as_str()),
        ("aws:SourceAccount", alarm.account()),
        // SNS's own name for the account.
        ("aws:SourceOwner", alarm.account()),
        ("aws:RequestedRegion", alarm.region()),
        ("aws:ResourceAccount", request.resource.account()),
        // Services talk to each other over TLS.
        ("aws:SecureTransport", "true"),
    ]);
    if let Some(organization) = request.organization {
        context.set("aws:SourceOrgID", [organization]);
    }
    let applicable = Applicable {
        resource: Some(&policy),
        ..Applicable::default()
    };
    authorize(
        &Request {
            principal: Principal::service(request.principal),
            action: request.action.to_owned(),
            resource: request.resource.to_string(),
            context,
        },
        &applicable,
    )
}

/// Decides by a topic's policy whether an alarm may publish to the topic.
pub fn alarm_may_publish(
    document: &str,
    topic: &Arn,
    alarm: &Arn,
    organization: Option<&str>,
) -> Decision {
    let request = ServiceRequest {
        principal: CLOUDWATCH,
        action: "sns:Publish",
        resource: topic,
        alarm,
        organization,
    };
    decide(document, &request)
}

#[cfg(test)]
mod tests;
