//! CloudTrail: what accounts, Regions and members of an organization see of trails, and
//! what changes them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_imports,
    reason = "test"
)]

#[path = "../both/mod.rs"]
mod both;
mod changes;
mod listing;
mod rights;
mod selectors;

use std::time::{Duration, SystemTime};

use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudtrail::operation::get_trail_status::GetTrailStatusOutput;
use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{
    AdvancedEventSelector, AdvancedFieldSelector, DataResource, EventSelector, ReadWriteType, Tag,
    Trail,
};
use both::{Transport, both};
use sandbox::{Fault, Resource};
use serde_json::json;

const MANAGEMENT: &str = "111111111111";
const MEMBER: &str = "222222222222";
const HOME: &str = "eu-west-1";
const ELSEWHERE: &str = "us-east-1";

const ORGANIZATION: &str = r#"
    regions = ["us-east-1", "eu-west-1"]

    [[account]]
    id = "111111111111"
    name = "management"

    [[account.trail]]
    region = "eu-west-1"
    Name = "org"
    IsMultiRegionTrail = true
    IsOrganizationTrail = true

    [[account.trail]]
    region = "us-east-1"
    Name = "org-one-region"
    IsOrganizationTrail = true
    MembersMayRead = ["GetTrailStatus", "GetEventSelectors"]
    MembersMayNotSee = ["S3BucketName"]

    [[account]]
    id = "222222222222"
    name = "member"

    [[account.trail]]
    region = "eu-west-1"
    Name = "everywhere"
    S3BucketName = "logs"
    S3KeyPrefix = "Präfix ✓"
    SnsTopicARN = "arn:aws:sns:eu-west-1:222222222222:logs"
    IsMultiRegionTrail = true
    LogFileValidationEnabled = true
    CloudWatchLogsLogGroupArn = "arn:aws:logs:eu-west-1:222222222222:log-group:logs:*"
    CloudWatchLogsRoleArn = "arn:aws:iam::222222222222:role/logs"
    KmsKeyId = "arn:aws:kms:eu-west-1:222222222222:key/k"
    LatestCloudWatchLogsDeliveryError = "Größe"
    EventSelectors = [{ ReadWriteType = "WriteOnly" }]
    TagsList = [{ Key = "Schlüssel", Value = "✓" }, { Key = "leer" }]

    [[account.trail]]
    region = "eu-west-1"
    Name = "here-only"
    IsLogging = false
    LatestDeliveryTime = "2026-11-20T10:00:00.125Z"

    [[account.trail]]
    region = "us-east-1"
    Name = "there-only"
    Omitted = ["IsLogging", "IsMultiRegionTrail", "LatestDeliveryTime", "AdvancedEventSelectors"]
"#;

fn client(transport: &Transport, account: &str, region: &str) -> Client {
    Client::new(&transport.config(account, region))
}

fn arn(account: &str, region: &str, name: &str) -> String {
    format!("arn:aws:cloudtrail:{region}:{account}:trail/{name}")
}

/// The code of a refusal; CloudTrail's all have the status 400.
fn refusal<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    result: Result<T, SdkError<E, aws_smithy_runtime_api::client::orchestrator::HttpResponse>>,
) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 400);
    error.code().unwrap().to_owned()
}

/// The names of the trails that are listed.
async fn described(client: &Client, shadows: bool) -> Vec<String> {
    let request = client.describe_trails().include_shadow_trails(shadows);
    names(request.send().await.unwrap().trail_list())
}

fn names(trails: &[Trail]) -> Vec<String> {
    trails
        .iter()
        .map(|trail| trail.name().unwrap().to_owned())
        .collect()
}

async fn status(client: &Client, name: &str) -> GetTrailStatusOutput {
    client.get_trail_status().name(name).send().await.unwrap()
}

fn times(status: &GetTrailStatusOutput) -> [Option<&DateTime>; 6] {
    [
        status.latest_delivery_time(),
        status.latest_notification_time(),
        status.latest_cloud_watch_logs_delivery_time(),
        status.latest_digest_delivery_time(),
        status.start_logging_time(),
        status.stop_logging_time(),
    ]
}

fn is_now(time: Option<&DateTime>) -> bool {
    let now = DateTime::from(SystemTime::now()).secs();
    time.is_some_and(|time| (time.secs() - now).abs() < 60)
}

/// Creates the resources that a log group, a role and a key are needed for.
fn furnish(transport: &Transport) {
    let trust = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "sts:AssumeRole"}});
    let trust = sandbox::Document::parse(&trust.to_string()).unwrap();
    transport
        .sandbox
        .change_account(MEMBER, |account| {
            account.log_groups = vec![Resource::new(HOME, json!({"logGroupName": "events"}))];
            account.roles = vec![sandbox::Role::new("to-logs", trust, vec![])];
            account.keys = vec![Resource::new(HOME, json!({"KeyId": "1234"}))];
            let alias = json!({"AliasName": "alias/logs", "TargetKeyId": "1234"});
            account.key_aliases = vec![Resource::new(HOME, alias)];
        })
        .unwrap();
}

const GROUP: &str = "arn:aws:logs:eu-west-1:222222222222:log-group:events:*";
const ROLE: &str = "arn:aws:iam::222222222222:role/to-logs";
const KEY: &str = "arn:aws:kms:eu-west-1:222222222222:key/1234";
