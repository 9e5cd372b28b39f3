//! Permissions to read and to change trails.

use super::*;

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

        // What the file says that others are not shown.
        for (account, bucket) in [(MEMBER, None), (MANAGEMENT, Some("trails-111111111111"))] {
            let there = client(&transport, account, ELSEWHERE);
            let arn = arn(MANAGEMENT, ELSEWHERE, "org-one-region");
            let listed = there.describe_trails().trail_name_list(&arn).send().await;
            let listed = listed.unwrap();
            assert_eq!(listed.trail_list()[0].s3_bucket_name(), bucket);
            let got = there.get_trail().name(&arn).send().await.unwrap();
            assert_eq!(got.trail().unwrap().s3_bucket_name(), bucket);
        }

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
            |text: serde_json::Value| sandbox::Document::parse(&text.to_string()).unwrap();
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
