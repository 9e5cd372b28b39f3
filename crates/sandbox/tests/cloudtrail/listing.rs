//! Lists of trails, for each account, with their state.

use super::*;

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
