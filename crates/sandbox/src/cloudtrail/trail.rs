//! A trail: all that is known of it, and who sees it.

use serde_json::{Map, Value, json};

use super::name::{arn_of, invalid_arn, owner_in};
use super::selectors::{ADVANCED_EVENT_SELECTORS, EVENT_SELECTORS, complete_selectors};
use super::{STRING, refused};
use crate::organization::{Account, AccountRegion, Kind, Resource};
use crate::request::Request;
use crate::wire::{Failure, Member, Shape, Structure, list, member, one_of, required, text};

pub(super) type Members = Map<String, Value>;

/// Members of a trail in the organization file.
pub(crate) const KIND: Kind = Kind {
    key: "trail",
    shape: &TRAIL,
    of: |account| &mut account.trails,
    complete,
};

const TRAIL: Shape = Shape::Structure(&[
    // Of DescribeTrails.
    required("Name", text(1, 128)),
    member("S3BucketName", STRING),
    member("S3KeyPrefix", STRING),
    member("SnsTopicName", STRING),
    member("SnsTopicARN", STRING),
    member("IncludeGlobalServiceEvents", Shape::Boolean),
    member("IsMultiRegionTrail", Shape::Boolean),
    member("HomeRegion", STRING),
    member("TrailARN", STRING),
    member("LogFileValidationEnabled", Shape::Boolean),
    member("CloudWatchLogsLogGroupArn", STRING),
    member("CloudWatchLogsRoleArn", STRING),
    member("KmsKeyId", STRING),
    member("HasCustomEventSelectors", Shape::Boolean),
    member("HasInsightSelectors", Shape::Boolean),
    member("IsOrganizationTrail", Shape::Boolean),
    // Of GetTrailStatus.
    member("IsLogging", Shape::Boolean),
    member("LatestDeliveryError", STRING),
    member("LatestNotificationError", STRING),
    member("LatestDeliveryTime", Shape::Timestamp),
    member("LatestNotificationTime", Shape::Timestamp),
    member("StartLoggingTime", Shape::Timestamp),
    member("StopLoggingTime", Shape::Timestamp),
    member("LatestCloudWatchLogsDeliveryError", STRING),
    member("LatestCloudWatchLogsDeliveryTime", Shape::Timestamp),
    member("LatestDigestDeliveryTime", Shape::Timestamp),
    member("LatestDigestDeliveryError", STRING),
    // Of GetEventSelectors.
    member("EventSelectors", EVENT_SELECTORS),
    member("AdvancedEventSelectors", ADVANCED_EVENT_SELECTORS),
    // Of ListTags.
    TAGS_LIST,
    // The sandbox's own: members that CloudTrail's answers leave out, those that
    // `DescribeTrails` leaves out for accounts other than the owner, and which operations
    // answer them about an organization trail.
    member("Omitted", list(&STRING, 0, usize::MAX)),
    member("MembersMayNotSee", list(&STRING, 0, usize::MAX)),
    member("MembersMayRead", list(&READ, 0, usize::MAX)),
]);

pub(super) const TAGS_LIST: Member = member(
    "TagsList",
    list(
        &Shape::Structure(&[required("Key", text(1, 128)), member("Value", text(1, 256))]),
        0,
        200,
    ),
);

const READ: Shape = one_of(&["GetTrailStatus", "GetEventSelectors"]);

/// Adds what follows from the rest, and AWS's defaults. A trail of an organization
/// file is switched on; one that `CreateTrail` makes says that it is not.
pub(super) fn complete(place: &AccountRegion<'_>, members: &mut Members) {
    let name = members.get("Name").and_then(Value::as_str);
    let arn = place.arn("cloudtrail", &format!("trail/{}", name.unwrap_or_default()));
    let is_custom = ["EventSelectors", "AdvancedEventSelectors"]
        .iter()
        .any(|selectors| members.contains_key(*selectors));
    for (member, value) in [
        ("TrailARN", json!(arn)),
        ("HomeRegion", json!(place.region)),
        ("S3BucketName", json!(format!("trails-{}", place.account))),
        ("IncludeGlobalServiceEvents", json!(true)),
        ("IsMultiRegionTrail", json!(false)),
        ("IsOrganizationTrail", json!(false)),
        ("LogFileValidationEnabled", json!(false)),
        ("HasCustomEventSelectors", json!(is_custom)),
        ("HasInsightSelectors", json!(false)),
        ("IsLogging", json!(true)),
        ("MembersMayRead", json!(["GetTrailStatus"])),
    ] {
        members.entry(member).or_insert(value);
    }
    complete_selectors(members);
}

/// A trail as it is now.
pub(super) struct Trail {
    /// The account that it belongs to.
    pub(super) owner: String,
    pub(super) members: Members,
}

impl Trail {
    fn new(owner: &Account, resource: &Resource) -> Self {
        Self {
            owner: owner.id.clone(),
            members: resource.members.clone(),
        }
    }

    pub(super) fn text(&self, member: &str) -> &str {
        let text = self.members.get(member).and_then(Value::as_str);
        text.unwrap_or_default()
    }

    pub(super) fn is(&self, member: &str) -> bool {
        is(&self.members, member)
    }

    pub(super) fn arn(&self) -> &str {
        self.text("TrailARN")
    }

    /// Returns true if the account of the request owns it.
    pub(super) fn is_own(&self, request: &Request<'_>) -> bool {
        self.owner == request.account()
    }

    pub(super) fn is_at_home_in(&self, region: &str) -> bool {
        self.text("HomeRegion") == region
    }

    /// Returns true if it shows in a Region: at home, and everywhere if it is for all Regions.
    pub(super) fn is_in(&self, region: &str) -> bool {
        self.is_at_home_in(region) || self.is("IsMultiRegionTrail")
    }

    /// Returns true if a list of names, which is one of its members, has this one.
    fn lists(&self, list: &str, name: &str) -> bool {
        let list = self.members.get(list).and_then(Value::as_array);
        list.is_some_and(|names| names.iter().any(|other| other == name))
    }

    /// Returns true if `DescribeTrails` leaves a member out because somebody else owns the trail.
    pub(super) fn hides(&self, member: &str, request: &Request<'_>) -> bool {
        !self.is_own(request) && self.lists("MembersMayNotSee", member)
    }

    /// Some of its members as an answer.
    pub(super) fn answer(&self, names: &[&str]) -> Structure {
        let shown = |name: &str| names.contains(&name) && !self.lists("Omitted", name);
        let members = self.members.iter();
        let members = members.filter(|(name, _)| shown(name));
        let members: Members = members
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        TRAIL.structure(&members.into())
    }
}

pub(super) fn is(members: &Members, member: &str) -> bool {
    members.get(member).and_then(Value::as_bool) == Some(true)
}

/// Every trail that logs events of the account that asks, in whatever Region: its own,
/// and those of its organization.
pub(super) fn known(request: &Request<'_>) -> Vec<Trail> {
    request.world.look(|accounts| {
        let trails = accounts
            .values()
            .flat_map(|account| account.trails.iter().map(move |trail| (account, trail)));
        let asks = accounts.get(request.account());
        let shared = |account: &Account| {
            account.in_organization && asks.is_some_and(|asks| asks.in_organization)
        };
        let known = trails.filter(|(account, trail)| {
            account.id == request.account()
                || is(&trail.members, "IsOrganizationTrail") && shared(account)
        });
        known
            .map(|(account, trail)| Trail::new(account, trail))
            .collect()
    })
}

/// The trail that a request names and wants to know something of.
pub(super) fn find(request: &Request<'_>, named: &str) -> Result<Trail, Failure> {
    let arn = arn_of(request, named)?;
    let trail = known(request).into_iter().find(|trail| trail.arn() == arn);
    let trail = trail.ok_or_else(|| no_such_trail(request, &arn))?;
    if !trail.is_in(request.region) {
        return Err(unknown(request, &arn));
    }
    Ok(trail)
}

/// The same, for what accounts that do not own the trail may not be told.
pub(super) fn find_to_tell(request: &Request<'_>, named: &str) -> Result<Trail, Failure> {
    let trail = find(request, named)?;
    if trail.is_own(request) || trail.lists("MembersMayRead", request.operation.name) {
        return Ok(trail);
    }
    Err(unknown(request, trail.arn()))
}

/// The trail that a request names and wants to change: in its home Region, by its owner.
pub(super) fn find_to_change(request: &Request<'_>, named: &str) -> Result<Trail, Failure> {
    let arn = arn_of(request, named)?;
    let is_shadow = |trail: &Trail| {
        trail.is_own(request) && trail.is_in(request.region) && trail.text("Name") == named
    };
    let known = known(request);
    let by_arn = known.iter().position(|trail| trail.arn() == arn);
    let position = by_arn.or_else(|| known.iter().position(is_shadow));
    let trail = position.and_then(|position| known.into_iter().nth(position));
    let trail = trail.ok_or_else(|| no_such_trail(request, &arn))?;
    if !trail.is_own(request) {
        return Err(refused(
            "NotOrganizationMasterAccountException",
            "The organization trail can only be changed by the account that owns it.",
        ));
    }
    if !trail.is_at_home_in(request.region) {
        let home = trail.text("HomeRegion");
        return Err(refused(
            "InvalidHomeRegionException",
            format!(
                "{} can only be changed in its home Region, {home}.",
                trail.arn()
            ),
        ));
    }
    Ok(trail)
}

/// Changes a trail, and gives it as it is then.
pub(super) fn change(
    request: &Request<'_>,
    trail: &Trail,
    change: impl FnOnce(&mut Members),
) -> Result<Trail, Failure> {
    let changed = request.world.change_account(&trail.owner, |account| {
        let position = account
            .trails
            .iter()
            .position(|other| other.text("TrailARN") == Some(trail.arn()))?;
        change(&mut account.trails.get_mut(position)?.members);
        let changed = account.trails.get(position)?;
        Some(Trail::new(account, changed))
    });
    changed
        .flatten()
        .ok_or_else(|| unknown(request, trail.arn()))
}

/// Returns the account and Region in which the request creates a trail.
pub(super) fn place<'a>(request: &'a Request<'_>) -> AccountRegion<'a> {
    AccountRegion {
        partition: request.partition(),
        account: request.account(),
        region: request.region,
    }
}

pub(super) fn foreign_arn(request: &Request<'_>) -> Failure {
    invalid_arn(format!(
        "AccountID in ARN is wrong, you can only access resources with AccountID {}.",
        request.account()
    ))
}

fn no_such_trail(request: &Request<'_>, arn: &str) -> Failure {
    if owner_in(arn) == request.account() {
        unknown(request, arn)
    } else {
        foreign_arn(request)
    }
}

fn unknown(request: &Request<'_>, arn: &str) -> Failure {
    let account = request.account();
    refused(
        "TrailNotFoundException",
        format!("Unknown trail: {arn} for the user: {account}"),
    )
}
