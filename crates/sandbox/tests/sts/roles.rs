//! Sessions of roles.

use super::*;

#[tokio::test]
async fn a_role_is_assumed_with_every_member_set() {
    for transport in both(ORGANIZATION).await {
        let sts = administrator(&transport, "222222222222");
        let tag = Tag::builder()
            .key("Größe")
            .value("✓ & <groß>")
            .build()
            .unwrap();
        let session_policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow",
            "Action":"iam:GetAccountSummary","Resource":"*"}}"#;
        let assumed = sts
            .assume_role()
            .role_arn(READER)
            .role_session_name("zoe@example.com")
            .policy(session_policy)
            .policy_arns(
                PolicyDescriptorType::builder()
                    .arn(ADMINISTRATOR_ACCESS)
                    .build(),
            )
            .duration_seconds(7200)
            .tags(tag)
            .transitive_tag_keys("Größe")
            .external_id("rootguard/1")
            .serial_number("arn:aws:iam::222222222222:mfa/zoe")
            .token_code("123456")
            .source_identity("zoe")
            .send()
            .await
            .unwrap();
        assert_eq!(assumed.source_identity(), Some("zoe"));
        let arn = "arn:aws:sts::333333333333:assumed-role/reader/zoe@example.com";
        assert_eq!(assumed.assumed_role_user().unwrap().arn(), arn);

        let credentials = usable(assumed.credentials().unwrap());
        let config = transport.config_as(credentials, "eu-west-1");
        let me = Client::new(&config)
            .get_caller_identity()
            .send()
            .await
            .unwrap();
        assert_eq!(me.arn(), Some(arn));
        assert!(me.user_id().unwrap().ends_with(":zoe@example.com"));
    }
}

#[tokio::test]
async fn a_session_may_do_what_role_and_session_policy_both_allow() {
    for transport in both(ORGANIZATION).await {
        let iam = aws_sdk_iam::Client::new(&reader(&transport, None).await);
        iam.get_account_summary().send().await.unwrap();
        iam.generate_credential_report().send().await.unwrap();
        assert_eq!(
            code(iam.list_virtual_mfa_devices().send().await),
            "AccessDenied"
        );

        let only_get = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow",
            "Action":["iam:GetAccountSummary","iam:List*"],"Resource":"*"}}"#;
        let iam = aws_sdk_iam::Client::new(&reader(&transport, Some(only_get)).await);
        iam.get_account_summary().send().await.unwrap();
        assert_eq!(
            code(iam.generate_credential_report().send().await),
            "AccessDenied"
        );
        assert_eq!(
            code(iam.list_virtual_mfa_devices().send().await),
            "AccessDenied"
        );
        // AWS Config words it its own way.
        let config = aws_sdk_config::Client::new(&reader(&transport, None).await);
        let error = config.describe_config_rules().send().await.unwrap_err();
        assert_eq!(error.code(), Some("AccessDeniedException"));
    }
}

#[tokio::test]
async fn a_trust_policy_is_enforced() {
    for transport in both(ORGANIZATION).await {
        let assume = async |account, role: &str, external_id: Option<&str>| {
            let sts = administrator(&transport, account);
            let assume = sts.assume_role().role_arn(role).role_session_name("test");
            code(
                assume
                    .set_external_id(external_id.map(str::to_owned))
                    .send()
                    .await,
            )
        };
        let denied = "AccessDenied";
        assert_eq!(assume("222222222222", READER, None).await, denied);
        assert_eq!(
            assume("222222222222", READER, Some("rootguard/2")).await,
            denied
        );
        assert_eq!(
            assume("111111111111", READER, Some("rootguard/1")).await,
            denied
        );
        // An administrator of the role's own account is not trusted either.
        assert_eq!(
            assume("333333333333", READER, Some("rootguard/1")).await,
            denied
        );
        let nobody = "arn:aws:iam::333333333333:role/nobody";
        assert_eq!(
            assume("222222222222", nobody, Some("rootguard/1")).await,
            denied
        );
        let without_path = "arn:aws:iam::222222222222:role/auditor";
        assert_eq!(assume("222222222222", without_path, None).await, denied);
        assert_eq!(
            assume("222222222222", "arn:aws:iam", None).await,
            "ValidationError"
        );
    }
}

#[tokio::test]
async fn sessions_last_as_long_as_the_role_allows() {
    for transport in both(ORGANIZATION).await {
        let sts = administrator(&transport, "222222222222");
        let assume = || {
            let assume = sts.assume_role().role_arn(READER).role_session_name("test");
            assume.external_id("rootguard/1")
        };
        assert_eq!(
            code(assume().duration_seconds(7201).send().await),
            "ValidationError"
        );
        assert_eq!(
            code(assume().duration_seconds(899).send().await),
            "ValidationError"
        );
        assert_eq!(
            code(assume().policy("{").send().await),
            "MalformedPolicyDocument"
        );

        let config = reader(&transport, None).await;
        let iam = aws_sdk_iam::Client::new(&config);
        iam.get_account_summary().send().await.unwrap();
        transport.sandbox.advance_clock(Duration::from_hours(1));
        assert_eq!(code(iam.get_account_summary().send().await), "ExpiredToken");
        let error = aws_sdk_config::Client::new(&config)
            .describe_config_rules()
            .send()
            .await;
        assert_eq!(code(error), "ExpiredTokenException");
    }
}

#[tokio::test]
async fn sessions_carry_tags_and_mfa_into_conditions() {
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*",
        "Action":["sts:AssumeRole","sts:TagSession"]}}"#;
    let policy = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"iam:GetAccountSummary","Resource":"*",
         "Condition":{"StringEquals":{"aws:PrincipalTag/team":"Größe"}}},
        {"Effect":"Allow","Action":"iam:ListVirtualMFADevices","Resource":"*",
         "Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}},
        {"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}"#;
    let organization = format!(
        "[[account]]\nid = \"111111111111\"\nname = \"only\"\n\
         [[account.role]]\nname = \"r\"\ntrust = '''{trust}'''\npolicies = ['''{policy}''']"
    );
    for transport in both(&organization).await {
        let administrator = administrator(&transport, "111111111111");
        let assume = |sts: &Client| {
            let assume = sts
                .assume_role()
                .role_arn("arn:aws:iam::111111111111:role/r");
            assume.role_session_name("test")
        };
        let config = |assumed: AssumeRoleOutput| {
            transport.config_as(usable(assumed.credentials().unwrap()), "eu-west-1")
        };
        let tag = Tag::builder().key("team").value("Größe").build().unwrap();
        let tagged = assume(&administrator)
            .tags(tag.clone())
            .transitive_tag_keys("team");
        let tagged = config(tagged.send().await.unwrap());
        let iam = aws_sdk_iam::Client::new(&tagged);
        iam.get_account_summary().send().await.unwrap();
        assert_eq!(
            code(iam.list_virtual_mfa_devices().send().await),
            "AccessDenied"
        );

        // The tag is transitive: the next session has it, and cannot have another.
        let chained = assume(&Client::new(&tagged));
        let retagged = chained.clone().tags(tag.clone()).send().await;
        assert_eq!(code(retagged), "ValidationError");
        let too_long = chained.clone().duration_seconds(3601).send().await;
        assert_eq!(code(too_long), "ValidationError");
        let chained = config(chained.send().await.unwrap());
        aws_sdk_iam::Client::new(&chained)
            .get_account_summary()
            .send()
            .await
            .unwrap();

        let serial = "arn:aws:iam::111111111111:mfa/zoe";
        let with_mfa = assume(&administrator)
            .serial_number(serial)
            .token_code("123456");
        let iam = aws_sdk_iam::Client::new(&config(with_mfa.send().await.unwrap()));
        iam.list_virtual_mfa_devices().send().await.unwrap();
        assert_eq!(code(iam.get_account_summary().send().await), "AccessDenied");

        let other_case = Tag::builder().key("TEAM").value("b").build().unwrap();
        let twice = assume(&administrator)
            .tags(tag)
            .tags(other_case)
            .send()
            .await;
        assert_eq!(code(twice), "ValidationError");
        let no_arn = administrator
            .assume_role()
            .role_arn("arn:aws:iam::1:role/no-account");
        let no_arn = no_arn.role_session_name("test").send().await;
        assert_eq!(code(no_arn), "AccessDenied");
        let unknown = assume(&administrator)
            .transitive_tag_keys("team")
            .send()
            .await;
        assert_eq!(code(unknown), "ValidationError");
    }
}

#[tokio::test]
async fn a_source_identity_stays() {
    for transport in both(ORGANIZATION).await {
        let sts = administrator(&transport, "222222222222");
        let assumed = sts.assume_role().role_arn(READER).role_session_name("test");
        let assumed = assumed
            .external_id("rootguard/1")
            .source_identity("zoe")
            .send()
            .await;
        assert_eq!(assumed.unwrap().source_identity(), Some("zoe"));
        // The auditor's trust policy does not let sessions be named.
        let auditor = sts
            .assume_role()
            .role_arn("arn:aws:iam::222222222222:role/rootguard/auditor")
            .role_session_name("test")
            .source_identity("zoe");
        assert_eq!(code(auditor.send().await), "AccessDenied");
    }
}

#[tokio::test]
async fn what_would_change_a_session_in_unknown_ways_is_refused() {
    for transport in both(ORGANIZATION).await {
        let sts = administrator(&transport, "222222222222");
        let assume = || {
            let assume = sts.assume_role().role_arn(READER).role_session_name("test");
            assume.external_id("rootguard/1")
        };
        let context = ProvidedContext::builder()
            .context_assertion("token")
            .build();
        let error = assume()
            .provided_contexts(context)
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.raw_response().unwrap().status().as_u16(), 501);
        let managed = PolicyDescriptorType::builder();
        let managed = managed
            .arn("arn:aws:iam::aws:policy/ReadOnlyAccess")
            .build();
        let error = assume().policy_arns(managed).send().await.unwrap_err();
        assert_eq!(error.raw_response().unwrap().status().as_u16(), 501);
        let message = error.message().unwrap();
        assert!(message.contains("policy/ReadOnlyAccess"), "{message}");
    }
}

#[tokio::test]
async fn an_account_of_its_own_has_no_organization() {
    const SHARED: &str = "arn:aws:iam::555555555555:role/shared";
    for transport in both(ORGANIZATION).await {
        for (caller, is_member) in [("333333333333", true), ("555555555555", false)] {
            let assumed = administrator(&transport, caller)
                .assume_role()
                .role_arn(SHARED)
                .role_session_name("test")
                .send()
                .await;
            assert_eq!(assumed.is_ok(), is_member, "{caller}");
        }
        let sts = administrator(&transport, "222222222222");
        let refused = assume_root(&sts, "555555555555", AUDIT).await;
        assert_eq!(code(refused), "AccessDenied");
    }
}
