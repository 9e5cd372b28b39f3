//! Trails are made and changed, or not.

use super::*;

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
async fn names_that_cloudtrail_does_not_take_are_refused() {
    for transport in both(ORGANIZATION).await {
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
    }
}

#[tokio::test]
async fn what_cloudtrail_does_not_take_is_refused() {
    for transport in both(ORGANIZATION).await {
        furnish(&transport);
        let cloudtrail = client(&transport, MEMBER, HOME);
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
    }
}

#[tokio::test]
async fn a_region_shows_five_trails_at_most() {
    for transport in both(ORGANIZATION).await {
        let cloudtrail = client(&transport, MEMBER, HOME);
        let create = |name: &str| {
            cloudtrail
                .create_trail()
                .name(name)
                .s3_bucket_name("bucket")
        };
        for name in ["third", "fourth", "fifth"] {
            create(name).send().await.unwrap();
        }
        let sixth = create("sixth").send().await;
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
