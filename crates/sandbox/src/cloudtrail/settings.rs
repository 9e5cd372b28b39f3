//! Settings of a trail in a request, validated as CloudTrail does.

use serde_json::{Value, json};

use super::refused;
use super::trail::{Members, is, place};
use crate::identity::role_arn;
use crate::organization::{Account, is_account_id};
use crate::request::Request;
use crate::wire::Failure;

/// Members of the answers of `CreateTrail` and `UpdateTrail`.
pub(super) const SETTINGS: [&str; 13] = [
    "Name",
    "S3BucketName",
    "S3KeyPrefix",
    "SnsTopicName",
    "SnsTopicARN",
    "IncludeGlobalServiceEvents",
    "IsMultiRegionTrail",
    "TrailARN",
    "LogFileValidationEnabled",
    "CloudWatchLogsLogGroupArn",
    "CloudWatchLogsRoleArn",
    "KmsKeyId",
    "IsOrganizationTrail",
];

/// Sets what the request sets, and leaves everything else of the trail as it is. An
/// empty text takes a member away.
pub(super) fn set(
    request: &Request<'_>,
    account: &Account,
    members: &mut Members,
) -> Result<(), Failure> {
    let was = is(members, "IsOrganizationTrail");
    for (member, value) in given(request, account)? {
        if value == json!("") {
            members.remove(member);
        } else {
            members.insert(member.to_owned(), value);
        }
    }
    set_regions(request, members)?;
    let is_there = |member| members.contains_key(member);
    if is_there("CloudWatchLogsLogGroupArn") != is_there("CloudWatchLogsRoleArn") {
        return Err(combination(
            "CloudWatchLogsLogGroupArn and CloudWatchLogsRoleArn go together.",
        ));
    }
    let manages = request.world.organization.management_account() == Some(request.account());
    if is(members, "IsOrganizationTrail") != was && !manages {
        return Err(refused(
            "NotOrganizationMasterAccountException",
            "Only the management account can make a trail one of the organization.",
        ));
    }
    Ok(())
}

/// A trail for all Regions has the events of global services, and loses them with the
/// other Regions.
fn set_regions(request: &Request<'_>, members: &mut Members) -> Result<(), Failure> {
    let given = |member| request.input.get(member).and_then(Value::as_bool);
    let global = given("IncludeGlobalServiceEvents");
    if is(members, "IsMultiRegionTrail") && global == Some(false) {
        return Err(combination(
            "A multi-Region trail must include the events of global services.",
        ));
    }
    if let (Some(regions), None) = (given("IsMultiRegionTrail"), global) {
        members.insert("IncludeGlobalServiceEvents".to_owned(), json!(regions));
    }
    Ok(())
}

/// Returns the settings of a request, under the names of `DescribeTrails`.
fn given(request: &Request<'_>, account: &Account) -> Result<Vec<(&'static str, Value)>, Failure> {
    let mut given = Vec::new();
    for (member, shown) in [
        ("IncludeGlobalServiceEvents", "IncludeGlobalServiceEvents"),
        ("IsMultiRegionTrail", "IsMultiRegionTrail"),
        ("EnableLogFileValidation", "LogFileValidationEnabled"),
        ("IsOrganizationTrail", "IsOrganizationTrail"),
    ] {
        if let Some(value) = request.input.get(member) {
            given.push((shown, value.clone()));
        }
    }
    if let Some(bucket) = request.text("S3BucketName") {
        given.push(("S3BucketName", json!(checked_bucket(bucket)?)));
    }
    if let Some(prefix) = request.text("S3KeyPrefix") {
        if prefix.chars().count() > 200 {
            let message = "The prefix has more than 200 characters.";
            return Err(refused("InvalidS3PrefixException", message));
        }
        given.push(("S3KeyPrefix", json!(prefix)));
    }
    if let Some(topic) = request.text("SnsTopicName") {
        given.push(("SnsTopicName", json!(topic)));
        given.push(("SnsTopicARN", json!(topic_arn(request, topic)?)));
    }
    if let Some(group) = request.text("CloudWatchLogsLogGroupArn") {
        check_log_group(request, account, group)?;
        given.push(("CloudWatchLogsLogGroupArn", json!(group)));
    }
    if let Some(role) = request.text("CloudWatchLogsRoleArn") {
        check_role(request, account, role)?;
        given.push(("CloudWatchLogsRoleArn", json!(role)));
    }
    if let Some(key) = request.text("KmsKeyId") {
        given.push(("KmsKeyId", json!(key_arn(request, account, key)?)));
    }
    Ok(given)
}

fn checked_bucket(name: &str) -> Result<&str, Failure> {
    let is_end = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    let fits = (3..=63).contains(&bytes.len())
        && bytes
            .iter()
            .all(|byte| is_end(byte) || b".-".contains(byte))
        && bytes.first().is_some_and(is_end)
        && bytes.last().is_some_and(is_end);
    if fits {
        return Ok(name);
    }
    Err(refused(
        "InvalidS3BucketNameException",
        format!("'{name}' is not the name of a bucket."),
    ))
}

/// The ARN of a topic that is given by its name or its ARN.
fn topic_arn(request: &Request<'_>, topic: &str) -> Result<String, Failure> {
    let name = topic.rsplit(':').next().unwrap_or_default();
    let is_name = |name: &str| {
        let mut bytes = name.bytes();
        bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    };
    if topic.is_empty() || (topic.len() <= 256 && topic.starts_with("arn:") && is_name(name)) {
        return Ok(topic.to_owned());
    }
    if topic.len() <= 256 && is_name(topic) {
        return Ok(place(request).arn("sns", topic));
    }
    Err(refused(
        "InvalidSnsTopicNameException",
        format!("'{topic}' is not the name of a topic."),
    ))
}

fn check_log_group(request: &Request<'_>, account: &Account, arn: &str) -> Result<(), Failure> {
    let prefix = place(request).arn("logs", "log-group:");
    let name = arn
        .strip_prefix(prefix.as_str())
        .and_then(|name| name.strip_suffix(":*"));
    let exists = account.log_groups.iter().any(|group| {
        group.region == request.region && group.text("logGroupName") == name && name.is_some()
    });
    if exists || arn.is_empty() {
        return Ok(());
    }
    Err(refused(
        "InvalidCloudWatchLogsLogGroupArnException",
        format!("{arn} is not the ARN of a log group of this account and Region with :* behind."),
    ))
}

fn check_role(request: &Request<'_>, account: &Account, arn: &str) -> Result<(), Failure> {
    let is_it = |role| role_arn(request.partition(), &account.id, role) == arn;
    if arn.is_empty() || account.roles.iter().any(is_it) {
        return Ok(());
    }
    Err(refused(
        "InvalidCloudWatchLogsRoleArnException",
        format!("{arn} is not a role of this account."),
    ))
}

/// The ARN of a key that is given by its id, its ARN or an alias. Keys of other accounts
/// are taken as they are.
fn key_arn(request: &Request<'_>, account: &Account, key: &str) -> Result<String, Failure> {
    if key.is_empty() {
        return Ok(String::new());
    }
    let own = place(request).arn("kms", "");
    let local = key.strip_prefix(own.as_str()).unwrap_or(key);
    if local.starts_with("arn:") {
        let owner = local.split(':').nth(4).unwrap_or_default();
        return if is_account_id(owner) && local.contains(":key/") {
            Ok(local.to_owned())
        } else {
            let message = format!("{key} is not the ARN of a key.");
            Err(refused("InvalidKmsKeyIdException", message))
        };
    }
    let mut aliases = account.key_aliases.iter();
    let target = aliases
        .find(|alias| alias.region == request.region && alias.text("AliasName") == Some(local))
        .and_then(|alias| alias.text("TargetKeyId"));
    let id = target.unwrap_or(local.strip_prefix("key/").unwrap_or(local));
    let exists = account
        .keys
        .iter()
        .any(|key| key.region == request.region && key.text("KeyId") == Some(id));
    if exists {
        return Ok(format!("{own}key/{id}"));
    }
    Err(refused(
        "KmsKeyNotFoundException",
        format!("There is no key {key} in this account and Region."),
    ))
}

fn combination(message: &'static str) -> Failure {
    refused("InvalidParameterCombinationException", message)
}
