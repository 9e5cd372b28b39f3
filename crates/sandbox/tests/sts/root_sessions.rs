//! Sessions of root users.

use super::*;

#[tokio::test]
async fn a_root_session_may_do_its_task_and_nothing_else() {
    for transport in both(ORGANIZATION).await {
        let sts = administrator(&transport, "222222222222");
        let session = async |task| {
            let assumed = assume_root(&sts, "333333333333", task).await.unwrap();
            let credentials = usable(assumed.credentials().unwrap());
            let config = transport.config_as(credentials, "eu-west-1");
            (Client::new(&config), aws_sdk_iam::Client::new(&config))
        };
        let (sts, audit) = session(AUDIT).await;
        let me = sts.get_caller_identity().send().await.unwrap();
        assert_eq!(me.arn(), Some("arn:aws:iam::333333333333:root"));
        audit.get_account_summary().send().await.unwrap();
        audit.list_access_keys().send().await.unwrap();
        let delete = |iam: &aws_sdk_iam::Client| {
            iam.delete_access_key()
                .access_key_id("AKIAROOT000000000003")
        };
        assert_eq!(code(delete(&audit).send().await), "AccessDenied");
        assert_eq!(
            code(audit.list_virtual_mfa_devices().send().await),
            "AccessDenied"
        );
        assert_eq!(
            code(audit.generate_credential_report().send().await),
            "AccessDenied"
        );
        let other = audit.list_access_keys().user_name("somebody").send().await;
        assert_eq!(code(other), "AccessDenied");

        let (_, removal) = session(DELETE).await;
        assert_eq!(
            code(removal.get_account_summary().send().await),
            "AccessDenied"
        );
        removal.list_access_keys().send().await.unwrap();
        delete(&removal).send().await.unwrap();

        let (_, password) =
            session("arn:aws:iam::aws:policy/root-task/IAMCreateRootUserPassword").await;
        password.get_login_profile().send().await.unwrap();
        assert_eq!(
            code(password.list_access_keys().send().await),
            "AccessDenied"
        );

        transport.sandbox.advance_clock(Duration::from_mins(15));
        assert_eq!(code(audit.list_access_keys().send().await), "ExpiredToken");
    }
}

#[tokio::test]
async fn root_is_assumed_from_the_right_accounts_into_members_only() {
    for transport in both(ORGANIZATION).await {
        let denied = "AccessDenied";
        let management = administrator(&transport, "111111111111");
        assume_root(&management, "333333333333", AUDIT)
            .await
            .unwrap();
        let by_arn = assume_root(&management, "arn:aws:iam::333333333333:root", AUDIT).await;
        by_arn.unwrap();
        let security = administrator(&transport, "222222222222");
        for target in ["111111111111", "444444444444", "999999999999"] {
            assert_eq!(
                code(assume_root(&security, target, AUDIT).await),
                denied,
                "{target}"
            );
        }
        let member = administrator(&transport, "333333333333");
        assert_eq!(
            code(assume_root(&member, "333333333333", AUDIT).await),
            denied
        );

        let invalid = "ValidationError";
        assert_eq!(
            code(assume_root(&security, "elsewhere-in-it", AUDIT).await),
            invalid
        );
        let other = "arn:aws:iam::aws:policy/ReadOnlyAccess";
        assert_eq!(
            code(assume_root(&security, "333333333333", other).await),
            invalid
        );
        let task = PolicyDescriptorType::builder().arn(AUDIT).build();
        let long = security
            .assume_root()
            .target_principal("333333333333")
            .task_policy_arn(task);
        assert_eq!(code(long.duration_seconds(901).send().await), invalid);
        let empty = PolicyDescriptorType::builder().build();
        let empty = security
            .assume_root()
            .target_principal("333333333333")
            .task_policy_arn(empty);
        assert_eq!(code(empty.send().await), invalid);

        // Neither a root user nor a root session assumes root, or a role.
        let key = Credentials::new("AKIAROOT000000000003", "secret", None, None, "test");
        let root = Client::new(&transport.config_as(key, "eu-west-1"));
        assert_eq!(
            code(assume_root(&root, "222222222222", AUDIT).await),
            denied
        );
        let role = root
            .assume_role()
            .role_arn(READER)
            .role_session_name("test")
            .send()
            .await;
        assert_eq!(code(role), denied);
    }
}

#[tokio::test]
async fn policies_limit_the_tasks_by_their_condition_key() {
    for transport in both(ORGANIZATION).await {
        let assumed = administrator(&transport, "222222222222")
            .assume_role()
            .role_arn("arn:aws:iam::222222222222:role/rootguard/auditor")
            .role_session_name("test")
            .send()
            .await
            .unwrap();
        let credentials = usable(assumed.credentials().unwrap());
        let auditor = Client::new(&transport.config_as(credentials, "eu-west-1"));
        assume_root(&auditor, "333333333333", AUDIT).await.unwrap();
        let denied = assume_root(&auditor, "333333333333", DELETE).await;
        assert_eq!(code(denied), "AccessDenied");
    }
}

#[tokio::test]
async fn root_is_assumed_at_regional_endpoints_only() {
    let organization: Organization = ORGANIZATION.parse().unwrap();
    let sandbox = Sandbox::new(organization).unwrap();
    let config = sandbox.sdk_config("222222222222", "us-east-1");
    assume_root(&Client::new(&config), "333333333333", AUDIT)
        .await
        .unwrap();

    // The host decides: the signing Region of the global endpoint is us-east-1 too.
    let global = config
        .into_builder()
        .endpoint_url("https://sts.amazonaws.com")
        .build();
    let global = Client::new(&global);
    global.get_caller_identity().send().await.unwrap();
    assert_eq!(
        code(assume_root(&global, "333333333333", AUDIT).await),
        "InvalidAction"
    );

    // The global endpoint is in no Region that could be switched off.
    let organization = ORGANIZATION.replace("\"us-east-1\", ", "");
    let sandbox = Sandbox::new(organization.parse().unwrap()).unwrap();
    let config = sandbox.sdk_config("222222222222", "us-east-1");
    let regional = Client::new(&config).get_caller_identity().send().await;
    assert_eq!(code(regional), "InvalidClientTokenId");
    let global = config
        .into_builder()
        .endpoint_url("https://sts.amazonaws.com")
        .build();
    Client::new(&global)
        .get_caller_identity()
        .send()
        .await
        .unwrap();
}
