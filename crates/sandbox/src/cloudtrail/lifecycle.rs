//! `CreateTrail`, `UpdateTrail` and `DeleteTrail`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::settings::{self, SETTINGS};
use super::trail::{self, Members, TAGS_LIST, Trail};
use super::{STRING, name, refused};
use crate::organization::{Account, Resource};
use crate::request::Request;
use crate::wire::{Failure, Shape, Structure, member, required};

pub(crate) const CREATE_TRAIL: Shape = Shape::Structure(&[
    required("Name", STRING),
    required("S3BucketName", STRING),
    member("S3KeyPrefix", STRING),
    member("SnsTopicName", STRING),
    member("IncludeGlobalServiceEvents", Shape::Boolean),
    member("IsMultiRegionTrail", Shape::Boolean),
    member("EnableLogFileValidation", Shape::Boolean),
    member("CloudWatchLogsLogGroupArn", STRING),
    member("CloudWatchLogsRoleArn", STRING),
    member("KmsKeyId", STRING),
    member("IsOrganizationTrail", Shape::Boolean),
    TAGS_LIST,
]);

pub(crate) const UPDATE_TRAIL: Shape = Shape::Structure(&[
    required("Name", STRING),
    member("S3BucketName", STRING),
    member("S3KeyPrefix", STRING),
    member("SnsTopicName", STRING),
    member("IncludeGlobalServiceEvents", Shape::Boolean),
    member("IsMultiRegionTrail", Shape::Boolean),
    member("EnableLogFileValidation", Shape::Boolean),
    member("CloudWatchLogsLogGroupArn", STRING),
    member("CloudWatchLogsRoleArn", STRING),
    member("KmsKeyId", STRING),
    member("IsOrganizationTrail", Shape::Boolean),
]);

/// Maximum number of trails that an account may see in a Region.
const MOST_TRAILS: usize = 5;

const MOST_TAGS: usize = 50;

fn account(request: &Request<'_>) -> Result<Account, Failure> {
    let account = request.world.account(request.account());
    account.ok_or_else(|| request.protocol.unknown_credentials())
}

pub(crate) fn create_trail(request: &Request<'_>) -> Result<Structure, Failure> {
    request.world.trail_changes.keep(request)?;
    let named = request.text("Name").unwrap_or_default();
    name::check_name(named)?;
    let tags = request.list("TagsList");
    check_tags(tags)?;
    let mut members = Members::new();
    members.insert("Name".to_owned(), json!(named));
    members.insert("IsLogging".to_owned(), json!(false));
    members.insert("TagsList".to_owned(), json!(tags));
    settings::set(request, &account(request)?, &mut members)?;
    trail::complete(&trail::place(request), &mut members);
    let created = Trail {
        owner: request.account().to_owned(),
        members,
    };
    check_room(request, &created)?;
    let resource = Resource {
        region: request.region.to_owned(),
        members: created.members.clone(),
    };
    request
        .world
        .change_account(request.account(), |account| account.trails.push(resource));
    Ok(created.answer(&SETTINGS))
}

/// A trail of all Regions has its name in all of them, and counts in each.
fn check_room(request: &Request<'_>, new: &Trail) -> Result<(), Failure> {
    let mut own = trail::known(request);
    own.retain(|trail| trail.is_own(request));
    let meets = |trail: &&Trail| trail.is_in(request.region) || new.is("IsMultiRegionTrail");
    if own
        .iter()
        .filter(meets)
        .any(|trail| trail.text("Name") == new.text("Name"))
    {
        let message = format!(
            "Trail {} already exists for customer: {}",
            new.text("Name"),
            request.account()
        );
        return Err(refused("TrailAlreadyExistsException", message));
    }
    if own
        .iter()
        .filter(|trail| trail.is_in(request.region))
        .count()
        >= MOST_TRAILS
    {
        let (account, region) = (request.account(), request.region);
        return Err(refused(
            "MaximumNumberOfTrailsExceededException",
            format!("User: {account} already has {MOST_TRAILS} trails in {region}."),
        ));
    }
    Ok(())
}

fn check_tags(tags: &[Value]) -> Result<(), Failure> {
    if tags.len() > MOST_TAGS {
        let message = format!("A trail has at most {MOST_TAGS} tags.");
        return Err(refused("TagsLimitExceededException", message));
    }
    let keys: BTreeSet<_> = tags.iter().map(|tag| tag["Key"].as_str()).collect();
    if keys.len() < tags.len() {
        let message = "A key of a tag stands twice.";
        return Err(refused("InvalidTagParameterException", message));
    }
    Ok(())
}

pub(crate) fn update_trail(request: &Request<'_>) -> Result<Structure, Failure> {
    request.world.trail_changes.keep(request)?;
    let named = request.text("Name").unwrap_or_default();
    let found = trail::find_to_change(request, named)?;
    let mut members = found.members.clone();
    settings::set(request, &account(request)?, &mut members)?;
    let changed = trail::change(request, &found, |now| *now = members)?;
    Ok(changed.answer(&SETTINGS))
}

pub(crate) fn delete_trail(request: &Request<'_>) -> Result<Structure, Failure> {
    request.world.trail_changes.keep(request)?;
    let named = request.text("Name").unwrap_or_default();
    let found = trail::find_to_change(request, named)?;
    request.world.change_account(&found.owner, |account| {
        let is_other = |trail: &Resource| trail.text("TrailARN") != Some(found.arn());
        account.trails.retain(is_other);
    });
    Ok(Structure::new())
}
