//! Notifications of alarms to topics, where the policies of topic and key allow them.

use iam_policy::{Applicable, Context, Decision, Document, PolicyError, Principal};
use serde_json::json;

use crate::organization::Resource;
use crate::request::Request;
use crate::{kms, sns};

const SERVICE: &str = "cloudwatch.amazonaws.com";

/// Runs an action of an alarm that has changed its state from `before`. The error is for
/// its history: AWS tells nobody else.
pub(super) fn notify(
    request: &Request<'_>,
    alarm: &Resource,
    before: &str,
    action: &str,
) -> Result<(), String> {
    let arn = alarm.text("AlarmArn").unwrap_or_default();
    if !action.contains(":sns:") {
        return Err(format!("the sandbox does not run actions like {action}"));
    }
    let topic = sns::topic_for_service(request, action).ok_or("the topic does not exist")?;
    let allowed = |what: &str, resource: &str, policy: Option<&str>| {
        is_allowed(request, arn, what, resource, policy)
            .map_err(|error| error.to_string())?
            .then_some(())
            .ok_or(format!("{SERVICE} is not allowed to perform {what}"))
    };
    allowed("sns:Publish", action, topic.policy.as_deref())?;
    if let Some(key) = &topic.key {
        let owner = action.split(':').nth(4).unwrap_or_default();
        let (arn, policy) = kms::usable_by_services(request, owner, key)?;
        for what in ["kms:Decrypt", "kms:GenerateDataKey"] {
            allowed(what, &arn, policy.as_deref())?;
        }
    }
    let (name, state) = (
        alarm.text("AlarmName").unwrap_or_default(),
        alarm.text("StateValue").unwrap_or_default(),
    );
    let message = json!({
        "AlarmName": name,
        "AlarmDescription": alarm.text("AlarmDescription"),
        "AWSAccountId": request.account(),
        "NewStateValue": state,
        "NewStateReason": alarm.text("StateReason"),
        "StateChangeTime": request.now.with_millis(),
        "Region": request.region,
        "AlarmArn": arn,
        "OldStateValue": before,
    });
    let subject: String = format!("{state}: \"{name}\" in {}", request.region);
    let subject: String = subject
        .chars()
        .filter(|c| (' '..='~').contains(c))
        .take(100)
        .collect();
    sns::publish_as_service(request, action, &subject, &message.to_string())
        .map_err(|failure| failure.message)
}

fn is_allowed(
    request: &Request<'_>,
    alarm: &str,
    action: &str,
    resource: &str,
    policy: Option<&str>,
) -> Result<bool, PolicyError> {
    let Some(policy) = policy else {
        return Ok(false);
    };
    let document = Document::parse(policy)?;
    let account = request.account();
    let mut context = Context::usual([
        ("aws:SourceArn", alarm),
        ("aws:SourceAccount", account),
        ("aws:SourceOwner", account),
        ("aws:SecureTransport", "true"),
    ]);
    if request.world.has_member(account) {
        let organization = request.world.organization.id.as_str();
        context.set("aws:SourceOrgID", [organization]);
    }
    let asked = iam_policy::Request {
        principal: Principal::service(SERVICE),
        action: action.to_owned(),
        resource: resource.to_owned(),
        context,
    };
    let applicable = Applicable {
        resource: Some(&document),
        ..Applicable::default()
    };
    Ok(iam_policy::authorize(&asked, &applicable) == Decision::Allowed)
}
