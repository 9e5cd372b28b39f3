//! CloudTrail: what accounts, Regions and members of an organization see of trails, and
//! what changes them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

mod both;

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

#[tokio::test]
async fn a_trail_is_listed_as_it_is() {
    for transport in both(ORGANIZATION).await {
        let cloudtrail = client(&transport, MEMBER, HOME);
        let named = cloudtrail.describe_trails().trail_name_list("everywhere");
        let listed = named.send().await.unwrap();
        let expected = Trail::builder()
            .name("everywhere")
            .s3_bucket_name("logs")
            .s3_key_prefix("Präfix ✓")
            .sns_topic_arn("arn:aws:sns:eu-west-1:222222222222:logs")
            .include_global_service_events(true)
            .is_multi_region_trail(true)
            .home_region(HOME)
            .trail_arn(arn(MEMBER, HOME, "everywhere"))
            .log_file_validation_enabled(true)
            .cloud_watch_logs_log_group_arn("arn:aws:logs:eu-west-1:222222222222:log-group:logs:*")
            .cloud_watch_logs_role_arn("arn:aws:iam::222222222222:role/logs")
            .kms_key_id("arn:aws:kms:eu-west-1:222222222222:key/k")
            .has_custom_event_selectors(true)
            .has_insight_selectors(false)
            .is_organization_trail(false)
            .build();
        assert_eq!(listed.trail_list(), std::slice::from_ref(&expected));
        let got = cloudtrail.get_trail().name("everywhere").send().await;
        assert_eq!(got.unwrap().trail(), Some(&expected));

        let elsewhere = client(&transport, MEMBER, ELSEWHERE);
        let by_arn = elsewhere.get_trail().name(arn(MEMBER, HOME, "everywhere"));
        assert_eq!(by_arn.send().await.unwrap().trail(), Some(&expected));
        let by_name = elsewhere.get_trail().name("everywhere").send().await;
        assert_eq!(refusal(by_name), "TrailNotFoundException");

        let there = elsewhere.get_trail().name("there-only").send().await;
        let there = there.unwrap().trail().unwrap().clone();
        assert_eq!(there.is_multi_region_trail(), None);
        assert_eq!(there.has_custom_event_selectors(), Some(false));
    }
}

#[tokio::test]
async fn shadows_show_in_other_regions_and_accounts() {
    for transport in both(ORGANIZATION).await {
        for (account, region, own, all) in [
            (
                MEMBER,
                HOME,
                vec!["everywhere", "here-only"],
                vec!["org", "everywhere", "here-only"],
            ),
            (
                MEMBER,
                ELSEWHERE,
                vec!["there-only"],
                vec!["org", "org-one-region", "everywhere", "there-only"],
            ),
            (MANAGEMENT, HOME, vec!["org"], vec!["org"]),
            (
                MANAGEMENT,
                ELSEWHERE,
                vec!["org-one-region"],
                vec!["org", "org-one-region"],
            ),
        ] {
            let cloudtrail = client(&transport, account, region);
            assert_eq!(
                described(&cloudtrail, false).await,
                own,
                "{account} {region}"
            );
            assert_eq!(
                described(&cloudtrail, true).await,
                all,
                "{account} {region}"
            );
            let default = cloudtrail.describe_trails().send().await.unwrap();
            assert_eq!(names(default.trail_list()), all);
            let listed = cloudtrail.list_trails().send().await.unwrap();
            let known = if account == MEMBER { 5 } else { 2 };
            assert_eq!(listed.trails().len(), known);
            assert!(listed.next_token().is_none());
        }

        let cloudtrail = client(&transport, MEMBER, ELSEWHERE);
        let asked = cloudtrail
            .describe_trails()
            .trail_name_list("there-only")
            .trail_name_list("everywhere")
            .trail_name_list("no-such-trail")
            .trail_name_list(arn(MEMBER, HOME, "here-only"))
            .trail_name_list(arn(MANAGEMENT, HOME, "org"));
        let listed = asked.send().await.unwrap();
        assert_eq!(
            names(listed.trail_list()),
            ["org", "here-only", "there-only"]
        );
        for (named, code) in [
            ("Größe", "InvalidTrailNameException"),
            (
                "arn:aws:cloudtrail:eu-west-1:111111111111:channel/c",
                "CloudTrailARNInvalidException",
            ),
            (
                "arn:aws:cloudtrail:eu-west-1:333333333333:trail/t",
                "CloudTrailARNInvalidException",
            ),
        ] {
            let asked = cloudtrail.describe_trails().trail_name_list(named);
            assert_eq!(refusal(asked.send().await), code, "{named}");
        }
    }
}

#[tokio::test]
async fn trails_are_listed_page_by_page() {
    for transport in both(ORGANIZATION).await {
        transport
            .sandbox
            .inject(Fault::pages_of(2).action("cloudtrail:ListTrails"));
        let cloudtrail = client(&transport, MEMBER, HOME);
        let pages = cloudtrail.list_trails().into_paginator().items().send();
        let trails = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
        let names: Vec<_> = trails.iter().map(|trail| trail.name().unwrap()).collect();
        assert_eq!(
            names,
            [
                "org",
                "org-one-region",
                "everywhere",
                "here-only",
                "there-only"
            ]
        );
        let bad = cloudtrail.list_trails().next_token("✓").send().await;
        assert_eq!(refusal(bad), "ValidationException");
    }
}

#[tokio::test]
async fn a_trail_that_logs_delivers_unless_the_file_says_otherwise() {
    for transport in both(ORGANIZATION).await {
        let cloudtrail = client(&transport, MEMBER, HOME);
        let everywhere = status(&cloudtrail, "everywhere").await;
        assert_eq!(everywhere.is_logging(), Some(true));
        assert!(is_now(everywhere.latest_delivery_time()));
        assert!(is_now(everywhere.latest_notification_time()));
        assert!(is_now(everywhere.latest_digest_delivery_time()));
        assert_eq!(everywhere.latest_cloud_watch_logs_delivery_time(), None);
        let error = everywhere.latest_cloud_watch_logs_delivery_error();
        assert_eq!(error, Some("Größe"));

        let stopped = status(&cloudtrail, "here-only").await;
        assert_eq!(stopped.is_logging(), Some(false));
        let delivered = stopped.latest_delivery_time().unwrap();
        assert_eq!(delivered.to_millis().unwrap(), 1_795_168_800_125);
        assert_eq!(stopped.latest_digest_delivery_time(), None);

        let elsewhere = client(&transport, MEMBER, ELSEWHERE);
        let silent = status(&elsewhere, "there-only").await;
        assert_eq!(silent.is_logging(), None);
        assert_eq!(silent.latest_delivery_time(), None);
        let shadow = status(&elsewhere, &arn(MEMBER, HOME, "everywhere")).await;
        assert_eq!(shadow.is_logging(), Some(true));
        for named in ["everywhere", &arn(MEMBER, HOME, "here-only")] {
            let asked = elsewhere.get_trail_status().name(named).send().await;
            assert_eq!(refusal(asked), "TrailNotFoundException", "{named}");
        }
    }
}

#[tokio::test]
async fn a_trail_that_is_stopped_keeps_its_times_and_delivers_again_after_a_while() {
    for transport in both(ORGANIZATION).await {
        let cloudtrail = client(&transport, MEMBER, HOME);
        cloudtrail
            .stop_logging()
            .name("everywhere")
            .send()
            .await
            .unwrap();
        let stopped = status(&cloudtrail, "everywhere").await;
        assert_eq!(stopped.is_logging(), Some(false));
        assert!(is_now(stopped.stop_logging_time()));
        transport.sandbox.advance_clock(Duration::from_hours(100));
        let later = status(&cloudtrail, "everywhere").await;
        assert_eq!(times(&later), times(&stopped));
        assert_eq!(later.is_logging(), Some(false));

        let start = || {
            cloudtrail
                .start_logging()
                .name(arn(MEMBER, HOME, "everywhere"))
        };
        start().send().await.unwrap();
        let started = status(&cloudtrail, "everywhere").await;
        assert_eq!(started.is_logging(), Some(true));
        assert_eq!(
            started.latest_delivery_time(),
            stopped.latest_delivery_time()
        );
        assert!(started.start_logging_time() > stopped.stop_logging_time());
        transport.sandbox.advance_clock(Duration::from_mins(5));
        start().send().await.unwrap();
        let delivering = status(&cloudtrail, "everywhere").await;
        assert!(delivering.latest_delivery_time() > started.start_logging_time());
        assert_eq!(
            delivering.start_logging_time(),
            started.start_logging_time()
        );
        // What fails goes on failing.
        assert_eq!(delivering.latest_cloud_watch_logs_delivery_time(), None);
    }
}

#[tokio::test]
async fn selectors_are_basic_or_advanced_and_complete() {
    for transport in both(ORGANIZATION).await {
        let cloudtrail = client(&transport, MEMBER, HOME);
        let get = async |name: &str| {
            let answer = cloudtrail.get_event_selectors().trail_name(name).send();
            answer.await.unwrap()
        };
        let basic = get("everywhere").await;
        assert_eq!(
            basic.trail_arn(),
            Some(arn(MEMBER, HOME, "everywhere").as_str())
        );
        let write_only = EventSelector::builder()
            .read_write_type(ReadWriteType::WriteOnly)
            .include_management_events(true)
            .set_data_resources(Some(vec![]))
            .set_exclude_management_event_sources(Some(vec![]))
            .build();
        assert_eq!(basic.event_selectors(), [write_only]);
        assert!(basic.advanced_event_selectors.is_none());

        let default = get("here-only").await;
        assert!(default.event_selectors.is_none());
        let conditions = default.advanced_event_selectors()[0].field_selectors();
        assert_eq!(conditions[0].field(), "eventCategory");
        assert_eq!(conditions[0].equals(), ["Management"]);

        let silent = client(&transport, MEMBER, ELSEWHERE);
        let silent = silent.get_event_selectors().trail_name("there-only").send();
        let silent = silent.await.unwrap();
        assert!(silent.event_selectors.is_none() && silent.advanced_event_selectors.is_none());
    }
}

fn condition(field: &str) -> aws_sdk_cloudtrail::types::builders::AdvancedFieldSelectorBuilder {
    AdvancedFieldSelector::builder().field(field)
}

fn management() -> AdvancedFieldSelector {
    condition("eventCategory")
        .equals("Management")
        .build()
        .unwrap()
}

fn advanced(conditions: impl IntoIterator<Item = AdvancedFieldSelector>) -> AdvancedEventSelector {
    AdvancedEventSelector::builder()
        .name("Auswahl ✓")
        .set_field_selectors(Some(conditions.into_iter().collect()))
        .build()
        .unwrap()
}

#[tokio::test]
async fn selectors_that_are_put_are_the_selectors() {
    for transport in both(ORGANIZATION).await {
        let cloudtrail = client(&transport, MEMBER, HOME);
        let put = || cloudtrail.put_event_selectors().trail_name("everywhere");
        let get = async || {
            let answer = cloudtrail.get_event_selectors().trail_name("everywhere");
            answer.send().await.unwrap()
        };
        let selector = advanced([
            management(),
            condition("eventName")
                .starts_with("a")
                .ends_with("b")
                .not_equals("c")
                .not_starts_with("d")
                .not_ends_with("✓")
                .build()
                .unwrap(),
        ]);
        let answer = put()
            .advanced_event_selectors(selector.clone())
            .send()
            .await;
        assert_eq!(
            answer.unwrap().advanced_event_selectors(),
            std::slice::from_ref(&selector)
        );
        assert_eq!(get().await.advanced_event_selectors(), [selector]);
        assert!(get().await.event_selectors.is_none());

        let data = DataResource::builder()
            .r#type("AWS::S3::Object")
            .values("arn:aws:s3:::Größe/")
            .build();
        let selector = EventSelector::builder()
            .read_write_type(ReadWriteType::All)
            .include_management_events(false)
            .data_resources(data)
            .exclude_management_event_sources("kms.amazonaws.com")
            .build();
        put()
            .event_selectors(selector.clone())
            .send()
            .await
            .unwrap();
        assert_eq!(get().await.event_selectors(), [selector]);
        assert!(get().await.advanced_event_selectors.is_none());
    }
}

#[tokio::test]
async fn selectors_that_cloudtrail_does_not_take_are_refused() {
    for transport in both(ORGANIZATION).await {
        let cloudtrail = client(&transport, MEMBER, HOME);
        let put = || cloudtrail.put_event_selectors().trail_name("everywhere");
        let basic = EventSelector::builder;
        let too_many = (0..501).map(|number| format!("e{number}")).collect();
        let data = DataResource::builder()
            .r#type("AWS::S3::Object")
            .set_values(Some(vec!["arn:aws:s3:::b/".to_owned(); 251]))
            .build();
        let odd_data = DataResource::builder().r#type("AWS::SNS::Topic").build();
        for request in [
            put(),
            put()
                .event_selectors(basic().build())
                .advanced_event_selectors(advanced([management()])),
            put().set_event_selectors(Some(vec![])),
            put().set_advanced_event_selectors(Some(vec![])),
            put().set_event_selectors(Some(vec![basic().build(); 6])),
            put().event_selectors(basic().read_write_type("read-only".into()).build()),
            put().event_selectors(
                basic()
                    .exclude_management_event_sources("s3.amazonaws.com")
                    .build(),
            ),
            put().event_selectors(basic().data_resources(data).build()),
            put().event_selectors(basic().data_resources(odd_data).build()),
            put().advanced_event_selectors(advanced([condition("eventName")
                .equals("a")
                .build()
                .unwrap()])),
            put().advanced_event_selectors(advanced([condition("eventCategory").build().unwrap()])),
            put().advanced_event_selectors(advanced([
                management(),
                condition("readOnly").not_equals("true").build().unwrap(),
            ])),
            put().advanced_event_selectors(advanced([
                management(),
                condition("eventName")
                    .set_equals(Some(too_many))
                    .build()
                    .unwrap(),
            ])),
        ] {
            assert_eq!(
                refusal(request.send().await),
                "InvalidEventSelectorsException"
            );
        }
        let selectors = cloudtrail.get_event_selectors().trail_name("everywhere");
        let selectors = selectors.send().await.unwrap();
        let kept = selectors.event_selectors()[0].read_write_type();
        assert_eq!(kept, Some(&ReadWriteType::WriteOnly));
    }
}

#[tokio::test]
async fn members_see_the_organizations_trails_and_cannot_change_them() {
    for transport in both(ORGANIZATION).await {
        let cloudtrail = client(&transport, MEMBER, HOME);
        let org = arn(MANAGEMENT, HOME, "org");
        assert_eq!(status(&cloudtrail, &org).await.is_logging(), Some(true));
        let seen = cloudtrail.get_trail().name(&org).send().await.unwrap();
        assert_eq!(seen.trail().unwrap().is_organization_trail(), Some(true));
        let by_name = cloudtrail.get_trail_status().name("org").send().await;
        assert_eq!(refusal(by_name), "TrailNotFoundException");
        let selectors = || cloudtrail.get_event_selectors().trail_name(&org);
        assert_eq!(refusal(selectors().send().await), "TrailNotFoundException");
        let elsewhere = client(&transport, MEMBER, ELSEWHERE);
        let told = elsewhere.get_event_selectors().trail_name(arn(
            MANAGEMENT,
            ELSEWHERE,
            "org-one-region",
        ));
        assert_eq!(
            told.send().await.unwrap().advanced_event_selectors().len(),
            1
        );

        let master_only = "NotOrganizationMasterAccountException";
        let update = cloudtrail
            .update_trail()
            .name(&org)
            .is_multi_region_trail(false);
        let selectors = cloudtrail
            .put_event_selectors()
            .trail_name(&org)
            .event_selectors(EventSelector::builder().build());
        assert_eq!(refusal(update.send().await), master_only);
        assert_eq!(refusal(selectors.send().await), master_only);
        assert_eq!(
            refusal(cloudtrail.start_logging().name(&org).send().await),
            master_only
        );
        assert_eq!(
            refusal(cloudtrail.stop_logging().name(&org).send().await),
            master_only
        );
        assert_eq!(
            refusal(cloudtrail.delete_trail().name(&org).send().await),
            master_only
        );
        let own = cloudtrail
            .update_trail()
            .name("everywhere")
            .is_organization_trail(true);
        assert_eq!(refusal(own.send().await), master_only);
        let create = cloudtrail
            .create_trail()
            .name("mine")
            .s3_bucket_name("bucket")
            .is_organization_trail(true);
        assert_eq!(refusal(create.send().await), master_only);
        let tags = cloudtrail.list_tags().resource_id_list(&org).send().await;
        assert_eq!(refusal(tags), "CloudTrailARNInvalidException");

        // The owner takes it away from everybody.
        let owner = client(&transport, MANAGEMENT, HOME);
        let update = owner
            .update_trail()
            .name("org")
            .is_organization_trail(false);
        update.send().await.unwrap();
        assert_eq!(
            described(&cloudtrail, true).await,
            ["everywhere", "here-only"]
        );
        let gone = cloudtrail.get_trail_status().name(&org).send().await;
        assert_eq!(refusal(gone), "CloudTrailARNInvalidException");
    }
}

#[tokio::test]
async fn trails_are_changed_at_home() {
    for transport in both(ORGANIZATION).await {
        let elsewhere = client(&transport, MEMBER, ELSEWHERE);
        for named in ["everywhere".to_owned(), arn(MEMBER, HOME, "everywhere")] {
            let stop = elsewhere.stop_logging().name(&named).send().await;
            assert_eq!(refusal(stop), "InvalidHomeRegionException");
            let update = elsewhere.update_trail().name(&named).s3_key_prefix("x");
            assert_eq!(refusal(update.send().await), "InvalidHomeRegionException");
            let delete = elsewhere.delete_trail().name(&named).send().await;
            assert_eq!(refusal(delete), "InvalidHomeRegionException");
        }
        let unknown = elsewhere.delete_trail().name("here-only").send().await;
        assert_eq!(refusal(unknown), "TrailNotFoundException");

        let home = client(&transport, MEMBER, HOME);
        home.delete_trail().name("everywhere").send().await.unwrap();
        assert_eq!(described(&home, false).await, ["here-only"]);
        assert_eq!(
            described(&elsewhere, true).await,
            ["org", "org-one-region", "there-only"]
        );
    }
}

/// What a log group, a role and a key are needed for.
fn furnish(transport: &Transport) {
    let trust = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "sts:AssumeRole"}});
    let trust = sandbox::policy::Document::parse(&trust.to_string()).unwrap();
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

#[tokio::test]
async fn a_trail_is_made_switched_off_with_all_that_is_given() {
    for transport in both(ORGANIZATION).await {
        furnish(&transport);
        let cloudtrail = client(&transport, MEMBER, HOME);
        let made = cloudtrail
            .create_trail()
            .name("New.trail_1")
            .s3_bucket_name("bucket.1")
            .s3_key_prefix("Größe")
            .sns_topic_name("topic")
            .include_global_service_events(true)
            .is_multi_region_trail(true)
            .enable_log_file_validation(true)
            .cloud_watch_logs_log_group_arn(GROUP)
            .cloud_watch_logs_role_arn(ROLE)
            .kms_key_id("alias/logs")
            .is_organization_trail(false)
            .tags_list(Tag::builder().key("Größe").value("✓").build().unwrap())
            .send()
            .await
            .unwrap();
        let trail_arn = arn(MEMBER, HOME, "New.trail_1");
        assert_eq!(made.trail_arn(), Some(trail_arn.as_str()));
        assert_eq!(
            made.sns_topic_arn(),
            Some("arn:aws:sns:eu-west-1:222222222222:topic")
        );
        assert_eq!(made.kms_key_id(), Some(KEY));
        assert_eq!(made.cloud_watch_logs_log_group_arn(), Some(GROUP));
        assert_eq!(made.log_file_validation_enabled(), Some(true));

        let off = status(&cloudtrail, "New.trail_1").await;
        assert_eq!(off.is_logging(), Some(false));
        assert_eq!(times(&off), [None; 6]);
        let tags = cloudtrail
            .list_tags()
            .resource_id_list(&trail_arn)
            .send()
            .await
            .unwrap();
        let tags = tags.resource_tag_list()[0].tags_list();
        assert_eq!((tags[0].key(), tags[0].value()), ("Größe", Some("✓")));

        cloudtrail
            .start_logging()
            .name("New.trail_1")
            .send()
            .await
            .unwrap();
        let new = status(&cloudtrail, "New.trail_1").await;
        assert_eq!(
            (new.is_logging(), new.latest_delivery_time()),
            (Some(true), None)
        );
        transport.sandbox.advance_clock(Duration::from_mins(5));
        let delivering = status(&cloudtrail, "New.trail_1").await;
        assert!(delivering.latest_delivery_time().is_some());
        assert!(delivering.latest_cloud_watch_logs_delivery_time().is_some());
        let elsewhere = client(&transport, MEMBER, ELSEWHERE);
        assert!(
            described(&elsewhere, true)
                .await
                .contains(&"New.trail_1".to_owned())
        );
    }
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_nothing_else() {
    for transport in both(ORGANIZATION).await {
        let cloudtrail = client(&transport, MEMBER, HOME);
        let before = transport.sandbox.account(MEMBER).unwrap().trails;
        let update = || cloudtrail.update_trail().name("everywhere");
        update().send().await.unwrap();
        assert_eq!(transport.sandbox.account(MEMBER).unwrap().trails, before);

        update().is_multi_region_trail(false).send().await.unwrap();
        let mut expected = before.clone();
        let members = &mut expected[0].members;
        members.insert("IsMultiRegionTrail".to_owned(), json!(false));
        members.insert("IncludeGlobalServiceEvents".to_owned(), json!(false));
        assert_eq!(transport.sandbox.account(MEMBER).unwrap().trails, expected);

        let emptied = update()
            .is_multi_region_trail(true)
            .s3_key_prefix("")
            .sns_topic_name("")
            .kms_key_id("")
            .cloud_watch_logs_log_group_arn("")
            .cloud_watch_logs_role_arn("");
        let emptied = emptied.send().await.unwrap();
        assert_eq!(emptied.include_global_service_events(), Some(true));
        assert_eq!(emptied.s3_bucket_name(), Some("logs"));
        for left in [
            emptied.s3_key_prefix(),
            emptied.sns_topic_arn(),
            emptied.kms_key_id(),
            emptied.cloud_watch_logs_log_group_arn(),
            emptied.cloud_watch_logs_role_arn(),
        ] {
            assert_eq!(left, None);
        }
    }
}

#[tokio::test]
async fn what_cloudtrail_does_not_take_is_refused() {
    for transport in both(ORGANIZATION).await {
        furnish(&transport);
        let cloudtrail = client(&transport, MEMBER, HOME);
        for name in [
            "ab",
            "-trail",
            "trail_",
            "my--trail",
            "my-_trail",
            "192.168.5.4",
            "Größe",
            "a trail",
            &"a".repeat(129),
        ] {
            let create = cloudtrail
                .create_trail()
                .name(name)
                .s3_bucket_name("bucket");
            assert_eq!(
                refusal(create.send().await),
                "InvalidTrailNameException",
                "{name}"
            );
        }
        let create = || {
            cloudtrail
                .create_trail()
                .name("new")
                .s3_bucket_name("bucket")
        };
        let tag = || Tag::builder().key("k").build().unwrap();
        let tags = (0..51).map(|number| Tag::builder().key(number.to_string()).build().unwrap());
        for (request, code) in [
            (
                create().s3_bucket_name("Bucket"),
                "InvalidS3BucketNameException",
            ),
            (
                create().s3_key_prefix("p".repeat(201)),
                "InvalidS3PrefixException",
            ),
            (
                create().sns_topic_name("no topic"),
                "InvalidSnsTopicNameException",
            ),
            (create().kms_key_id("5678"), "KmsKeyNotFoundException"),
            (create().kms_key_id("alias/none"), "KmsKeyNotFoundException"),
            (
                create().kms_key_id("arn:aws:s3:::bucket"),
                "InvalidKmsKeyIdException",
            ),
            (
                create().cloud_watch_logs_log_group_arn(GROUP),
                "InvalidParameterCombinationException",
            ),
            (
                create()
                    .cloud_watch_logs_log_group_arn(GROUP.replace(":*", ""))
                    .cloud_watch_logs_role_arn(ROLE),
                "InvalidCloudWatchLogsLogGroupArnException",
            ),
            (
                create()
                    .cloud_watch_logs_log_group_arn(GROUP.replace("events", "none"))
                    .cloud_watch_logs_role_arn(ROLE),
                "InvalidCloudWatchLogsLogGroupArnException",
            ),
            (
                create()
                    .cloud_watch_logs_log_group_arn(GROUP)
                    .cloud_watch_logs_role_arn("arn:aws:iam::222222222222:role/none"),
                "InvalidCloudWatchLogsRoleArnException",
            ),
            (
                create()
                    .is_multi_region_trail(true)
                    .include_global_service_events(false),
                "InvalidParameterCombinationException",
            ),
            (create().name("everywhere"), "TrailAlreadyExistsException"),
            (
                create().name("there-only").is_multi_region_trail(true),
                "TrailAlreadyExistsException",
            ),
            (
                create().tags_list(tag()).tags_list(tag()),
                "InvalidTagParameterException",
            ),
            (
                create().set_tags_list(Some(tags.collect())),
                "TagsLimitExceededException",
            ),
        ] {
            assert_eq!(refusal(request.send().await), code);
        }
        assert_eq!(transport.sandbox.account(MEMBER).unwrap().trails.len(), 3);

        for name in ["third", "fourth", "fifth"] {
            create().name(name).send().await.unwrap();
        }
        let sixth = create().name("sixth").send().await;
        assert_eq!(refusal(sixth), "MaximumNumberOfTrailsExceededException");
        // Counted there: the shadow, its own, and the new one.
        let elsewhere = client(&transport, MEMBER, ELSEWHERE);
        let there = elsewhere
            .create_trail()
            .name("third")
            .s3_bucket_name("bucket");
        there.send().await.unwrap();
    }
}

#[tokio::test]
async fn tags_are_told_to_the_owner_at_home() {
    for transport in both(ORGANIZATION).await {
        let home = client(&transport, MEMBER, HOME);
        let elsewhere = client(&transport, MEMBER, ELSEWHERE);
        let everywhere = arn(MEMBER, HOME, "everywhere");
        let asked = home
            .list_tags()
            .resource_id_list(&everywhere)
            .resource_id_list(arn(MEMBER, HOME, "here-only"));
        let told = asked.send().await.unwrap();
        let [tagged, untagged] = told.resource_tag_list() else {
            unreachable!("one for each trail")
        };
        assert_eq!(tagged.resource_id(), Some(everywhere.as_str()));
        let tags: Vec<_> = tagged
            .tags_list()
            .iter()
            .map(|tag| (tag.key(), tag.value()))
            .collect();
        assert_eq!(tags, [("Schlüssel", Some("✓")), ("leer", None)]);
        assert!(untagged.tags_list().is_empty());
        for (client, named, code) in [
            (
                &elsewhere,
                everywhere.as_str(),
                "CloudTrailARNInvalidException",
            ),
            (&home, "everywhere", "CloudTrailARNInvalidException"),
            (
                &home,
                &arn(MEMBER, HOME, "none"),
                "ResourceNotFoundException",
            ),
        ] {
            let asked = client.list_tags().resource_id_list(named).send().await;
            assert_eq!(refusal(asked), code, "{named}");
        }
    }
}

#[tokio::test]
async fn an_account_changes_one_trail_a_second() {
    for transport in both(ORGANIZATION).await {
        // Without retries: each change is one request.
        let config = transport.config(MEMBER, HOME);
        let config = aws_sdk_cloudtrail::config::Builder::from(&config)
            .retry_config(aws_sdk_cloudtrail::config::retry::RetryConfig::disabled())
            .build();
        let cloudtrail = Client::from_conf(config);
        let start = || cloudtrail.start_logging().name("everywhere");
        start().send().await.unwrap();
        let error = start().send().await.unwrap_err();
        let answer = error.raw_response().unwrap();
        assert_eq!(answer.headers().get("x-amz-retry-after"), Some("2"));
        assert_eq!(error.code(), Some("ThrottlingException"));
        // The second that the client is to wait has passed in the sandbox.
        start().send().await.unwrap();
        // Another account has a pace of its own, and reads are not counted.
        let other = client(&transport, MANAGEMENT, HOME);
        other.start_logging().name("org").send().await.unwrap();
        status(&cloudtrail, "everywhere").await;
        transport.sandbox.advance_clock(Duration::from_secs(1));
        start().send().await.unwrap();
    }
}

#[tokio::test]
async fn a_fault_may_be_about_one_trail() {
    for transport in both(ORGANIZATION).await {
        let denied = arn(MEMBER, HOME, "everywhere");
        transport.sandbox.inject(
            Fault::access_denied()
                .account(MEMBER)
                .action("cloudtrail:GetTrailStatus")
                .resource(&denied),
        );
        let cloudtrail = client(&transport, MEMBER, HOME);
        let asked = cloudtrail
            .get_trail_status()
            .name("everywhere")
            .send()
            .await;
        assert_eq!(refusal(asked), "AccessDeniedException");
        status(&cloudtrail, "here-only").await;
        let selectors = cloudtrail.get_event_selectors().trail_name(&denied);
        selectors.send().await.unwrap();
    }
}

/// The function's role names trails; what its account may see of others is no matter of
/// policies of theirs.
#[tokio::test]
async fn roles_are_held_to_the_trails_in_their_policies() {
    for transport in both(ORGANIZATION).await {
        let document =
            |text: serde_json::Value| sandbox::policy::Document::parse(&text.to_string()).unwrap();
        let trust = document(json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole"}}));
        let policy = document(json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["cloudtrail:GetTrailStatus", "cloudtrail:UpdateTrail"],
             "Resource": ["arn:aws:cloudtrail:*:*:trail/org", "arn:aws:cloudtrail:*:222222222222:trail/here-*"]},
            {"Effect": "Allow", "Action": "iam:PassRole", "Resource": ROLE,
             "Condition": {"StringEquals": {"iam:PassedToService": "cloudtrail.amazonaws.com"}}},
        ]}));
        furnish(&transport);
        transport
            .sandbox
            .change_account(MEMBER, |account| {
                account
                    .roles
                    .push(sandbox::Role::new("reader", trust, vec![policy]));
            })
            .unwrap();
        let credentials = transport
            .sandbox
            .role_credentials(MEMBER, "reader")
            .unwrap();
        let cloudtrail = Client::new(&transport.config_as(credentials, HOME));
        status(&cloudtrail, &arn(MANAGEMENT, HOME, "org")).await;
        status(&cloudtrail, "here-only").await;
        let denied = cloudtrail
            .get_trail_status()
            .name("everywhere")
            .send()
            .await;
        assert_eq!(refusal(denied), "AccessDeniedException");
        let denied = cloudtrail.describe_trails().send().await;
        assert_eq!(refusal(denied), "AccessDeniedException");
        let update = |role: &str| {
            cloudtrail
                .update_trail()
                .name("here-only")
                .cloud_watch_logs_log_group_arn(GROUP)
                .cloud_watch_logs_role_arn(role)
        };
        update(ROLE).send().await.unwrap();
        let other = update("arn:aws:iam::222222222222:role/another")
            .send()
            .await;
        assert_eq!(refusal(other), "AccessDeniedException");
    }
}
