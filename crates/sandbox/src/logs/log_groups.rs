//! Log groups.

use serde_json::{Map, Value, json};

use super::{
    GROUP_NAME, LIMIT, METRIC_FILTERS, NEXT_TOKEN, invalid, log_group, not_found, page, refused,
};
use crate::operations::{Needed, resource_named};
use crate::organization::{AccountRegion, Kind, LONG_AGO, Resource};
use crate::regional;
use crate::request::Request;
use crate::wire::{
    Allowed, Failure, Output, Shape, Structure, consists_of_word_and, integer, list, member,
    one_of, required, text, text_of,
};

const CLASS: Shape = one_of(&["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"]);

const TAGS: Shape = Shape::Map(&text(0, 256));

/// Members that `DescribeLogGroups` returns, but for the number of metric filters, and `tags`.
const LOG_GROUP: Shape = Shape::Structure(&[
    required("logGroupName", GROUP_NAME),
    member("creationTime", integer(0, i64::MAX)),
    member("retentionInDays", integer(1, i64::MAX)),
    member("arn", text(0, usize::MAX)),
    member("storedBytes", integer(0, i64::MAX)),
    member("kmsKeyId", text(0, 256)),
    member(
        "dataProtectionStatus",
        one_of(&["ACTIVATED", "DELETED", "ARCHIVED", "DISABLED"]),
    ),
    member(
        "inheritedProperties",
        list(&one_of(&["ACCOUNT_DATA_PROTECTION"]), 0, usize::MAX),
    ),
    member("logGroupClass", CLASS),
    member("logGroupArn", text(0, usize::MAX)),
    member("deletionProtectionEnabled", Shape::Boolean),
    member("bearerTokenAuthenticationEnabled", Shape::Boolean),
    member("retentionPolicyName", text(0, usize::MAX)),
    member("tags", TAGS),
]);

pub(crate) const LOG_GROUPS: Kind = Kind {
    key: "log_group",
    shape: &LOG_GROUP,
    of: |account| &mut account.log_groups,
    complete,
};

fn complete(place: &AccountRegion<'_>, members: &mut Map<String, Value>) {
    let name = members.get("logGroupName").and_then(Value::as_str);
    let arn = place.arn("logs", &format!("log-group:{}", name.unwrap_or_default()));
    members.insert("arn".to_owned(), format!("{arn}:*").into());
    members.insert("logGroupArn".to_owned(), arn.into());
    for (member, default) in [
        ("creationTime", json!(LONG_AGO.millis())),
        ("storedBytes", json!(0)),
        ("logGroupClass", json!("STANDARD")),
        ("deletionProtectionEnabled", json!(false)),
        ("bearerTokenAuthenticationEnabled", json!(false)),
    ] {
        members.entry(member).or_insert(default);
    }
}

pub(crate) const DESCRIBE_LOG_GROUPS: Shape = Shape::Structure(&[
    member("accountIdentifiers", list(&text(12, 12), 0, 20)),
    member("logGroupNamePrefix", GROUP_NAME),
    member(
        "logGroupNamePattern",
        text_of(
            Allowed::Pattern(r"[\.\-_/#A-Za-z0-9]*", |text| {
                consists_of_word_and(".-/#", text)
            }),
            0,
            512,
        ),
    ),
    NEXT_TOKEN,
    LIMIT,
    member("includeLinkedAccounts", Shape::Boolean),
    member("logGroupClass", CLASS),
    member("logGroupIdentifiers", list(&text(1, 2048), 1, 50)),
]);

pub(crate) const CREATE_LOG_GROUP: Shape = Shape::Structure(&[
    required("logGroupName", GROUP_NAME),
    member("kmsKeyId", text(0, 256)),
    member("tags", TAGS),
    member("logGroupClass", CLASS),
    member("deletionProtectionEnabled", Shape::Boolean),
]);

/// The input of operations about one log group.
pub(crate) const OF_LOG_GROUP: Shape = Shape::Structure(&[required("logGroupName", GROUP_NAME)]);

pub(crate) const PUT_RETENTION_POLICY: Shape = Shape::Structure(&[
    required("logGroupName", GROUP_NAME),
    required("retentionInDays", integer(i64::MIN, i64::MAX)),
]);

pub(crate) const LIST_TAGS: Shape = Shape::Structure(&[required("resourceArn", text(1, 1011))]);

/// The log group that is to be created, and its tags where it gets any.
pub(crate) fn created_log_group(request: &Request<'_>) -> Vec<Needed> {
    let needed = log_group(request);
    let tags: Vec<_> = needed
        .iter()
        .filter(|_| request.input.get("tags").is_some())
        .map(|needed| Needed {
            action: "logs:TagResource",
            ..needed.clone()
        })
        .collect();
    needed.into_iter().chain(tags).collect()
}

pub(crate) fn describe_log_groups(request: &Request<'_>) -> Result<Structure, Failure> {
    let linked = request.input.get("includeLinkedAccounts") == Some(&Value::Bool(true));
    if linked || !request.list("accountIdentifiers").is_empty() {
        return Err(Failure::not_implemented("log groups of linked accounts"));
    }
    let prefix = request.text("logGroupNamePrefix");
    let pattern = request.text("logGroupNamePattern");
    let class = request.text("logGroupClass");
    let identifiers = request.texts("logGroupIdentifiers");
    if prefix.is_some() && pattern.is_some() {
        return Err(invalid(
            "logGroupNamePrefix and logGroupNamePattern are mutually exclusive.",
        ));
    }
    if !identifiers.is_empty() && (prefix.is_some() || pattern.is_some() || class.is_some()) {
        return Err(invalid(
            "logGroupIdentifiers goes with includeLinkedAccounts only.",
        ));
    }
    let mut groups = regional::resources(request, LOG_GROUPS.of)?;
    groups.retain(|group| {
        let text = |member| group.text(member).unwrap_or_default();
        let name = text("logGroupName");
        let named = |identifier: &&str| *identifier == name || *identifier == text("logGroupArn");
        prefix.is_none_or(|prefix| name.starts_with(prefix))
            && pattern.is_none_or(|pattern| name.contains(pattern))
            && class.is_none_or(|class| class == text("logGroupClass"))
            && (identifiers.is_empty() || identifiers.iter().any(named))
    });
    groups.sort_by(|one, other| one.text("logGroupName").cmp(&other.text("logGroupName")));
    let filters = regional::resources(request, METRIC_FILTERS.of)?;
    let shown = groups.into_iter().map(|group| match pattern {
        Some(_) => briefly(&group),
        None => described(group, &filters),
    });
    page(request, "logGroups", shown.collect())
}

/// Returns the members of a log group that a search by pattern returns.
fn briefly(group: &Resource) -> Structure {
    let time = group.members.get("creationTime").and_then(Value::as_i64);
    Structure::new()
        .with_some("logGroupName", group.text("logGroupName"))
        .with_some("creationTime", time)
        .with_some("arn", group.text("arn"))
}

fn described(mut group: Resource, filters: &[Resource]) -> Structure {
    group.members.remove("tags");
    let name = group.text("logGroupName");
    let count = filters
        .iter()
        .filter(|filter| filter.text("logGroupName") == name)
        .count();
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    LOG_GROUP
        .structure(&Value::Object(group.members))
        .with("metricFilterCount", count)
}

pub(crate) fn create_log_group(request: &Request<'_>) -> Result<Structure, Failure> {
    let name = request.text("logGroupName").unwrap_or_default();
    if name.starts_with("aws/") {
        return Err(invalid("Log groups starting with aws/ are reserved."));
    }
    let mut group = Resource::new(request.region, request.input.clone());
    let now = request.now.millis();
    group.members.insert("creationTime".to_owned(), now.into());
    complete(&regional::place(request), &mut group.members);
    regional::change(request, |account| {
        if regional::find(request, &mut account.log_groups, "logGroupName", name).is_some() {
            return Err(refused(
                "ResourceAlreadyExistsException",
                "The specified log group already exists",
            ));
        }
        account.log_groups.push(group);
        Ok(Structure::new())
    })
}

pub(crate) fn delete_log_group(request: &Request<'_>) -> Result<Structure, Failure> {
    let name = request.text("logGroupName").unwrap_or_default();
    regional::change(request, |account| {
        let group = regional::find(request, &mut account.log_groups, "logGroupName", name)
            .ok_or_else(|| not_found("log group"))?;
        if group.members.get("deletionProtectionEnabled") == Some(&Value::Bool(true)) {
            return Err(refused(
                "ValidationException",
                "The log group has deletion protection enabled.",
            ));
        }
        for resources in [
            &mut account.log_groups,
            &mut account.log_streams,
            &mut account.metric_filters,
        ] {
            resources.retain(|resource| !regional::is(request, resource, "logGroupName", name));
        }
        Ok(Structure::new())
    })
}

const RETENTIONS: &[i64] = &[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

pub(crate) fn put_retention_policy(request: &Request<'_>) -> Result<Structure, Failure> {
    let name = request.text("logGroupName").unwrap_or_default();
    let days = request.integer("retentionInDays").unwrap_or_default();
    if !RETENTIONS.contains(&days) {
        return Err(invalid(format!(
            "The retention of {days} days is none of {RETENTIONS:?}."
        )));
    }
    regional::change(request, |account| {
        regional::find(request, &mut account.log_groups, "logGroupName", name)
            .ok_or_else(|| not_found("log group"))?
            .members
            .insert("retentionInDays".to_owned(), days.into());
        Ok(Structure::new())
    })
}

/// The resource whose tags are asked for.
pub(crate) fn tagged(request: &Request<'_>) -> Vec<Needed> {
    let arn = request.text("resourceArn").unwrap_or_default();
    vec![Needed::on(request, resource_named(arn))]
}

pub(crate) fn list_tags_for_resource(request: &Request<'_>) -> Result<Structure, Failure> {
    let arn = request.text("resourceArn").unwrap_or_default();
    let mut groups = regional::resources(request, LOG_GROUPS.of)?;
    let group = regional::find(request, &mut groups, "logGroupArn", arn)
        .ok_or_else(|| not_found("resource"))?;
    let none = json!({});
    let tags = TAGS.output(group.members.get("tags").unwrap_or(&none));
    Ok(Structure::new().with("tags", tags.unwrap_or(Output::Map([].into()))))
}
