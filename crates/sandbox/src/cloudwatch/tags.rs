//! The tags of alarms and mute rules.

use hyper::StatusCode;
use serde_json::json;

use super::composite_alarm::all_alarms;
use super::mute_rule::ALARM_MUTE_RULES;
use super::{TAGS, refused};
use crate::operations::{Needed, resource_named};
use crate::regional;
use crate::request::Request;
use crate::wire::{Failure, Shape, Structure, required, text};

pub(crate) const LIST_TAGS: Shape = Shape::Structure(&[required("ResourceARN", text(1, 1024))]);

/// The resource whose tags are asked for.
pub(crate) fn tagged(request: &Request<'_>) -> Vec<Needed> {
    let arn = request.text("ResourceARN").unwrap_or_default();
    vec![Needed::on(request, resource_named(arn))]
}

pub(crate) fn list_tags_for_resource(request: &Request<'_>) -> Result<Structure, Failure> {
    let arn = request.text("ResourceARN").unwrap_or_default();
    let mut resources = all_alarms(request)?;
    resources.extend(regional::resources(request, ALARM_MUTE_RULES.of)?);
    let found = resources.iter().find(|resource| {
        [resource.text("AlarmArn"), resource.text("AlarmMuteRuleArn")].contains(&Some(arn))
    });
    let resource = found.ok_or_else(|| {
        let message = format!("{arn} does not exist");
        refused(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
    })?;
    let tags = resource.members.get("Tags").cloned().unwrap_or(json!([]));
    Ok(Shape::Structure(&[TAGS]).structure(&json!({ "Tags": tags })))
}
