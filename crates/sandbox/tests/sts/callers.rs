//! Identity of the caller.

use super::*;

#[tokio::test]
async fn twelve_digits_are_the_administrator_of_that_account() {
    for transport in both(ORGANIZATION).await {
        let me = administrator(&transport, "333333333333")
            .get_caller_identity()
            .send()
            .await;
        let me = me.unwrap();
        assert_eq!(me.account(), Some("333333333333"));
        let arn = "arn:aws:sts::333333333333:assumed-role/Administrator/sandbox";
        assert_eq!(me.arn(), Some(arn));
    }
}

#[tokio::test]
async fn unknown_and_suspended_credentials_are_refused_as_aws_does() {
    for transport in both(ORGANIZATION).await {
        for account in ["999999999999", "444444444444"] {
            let sts = administrator(&transport, account)
                .get_caller_identity()
                .send()
                .await;
            assert_eq!(code(sts), "InvalidClientTokenId");
            let config = aws_sdk_config::Client::new(&transport.config(account, "eu-west-1"));
            let error = config.describe_config_rules().send().await.unwrap_err();
            assert_eq!(error.code(), Some("UnrecognizedClientException"));
        }
        // A Region that is not enabled does not know anybody either.
        let elsewhere = Client::new(&transport.config("333333333333", "ap-east-1"));
        let refused = elsewhere.get_caller_identity().send().await;
        assert_eq!(code(refused), "InvalidClientTokenId");
        let refused = assume_root(&elsewhere, "333333333333", AUDIT)
            .await
            .unwrap_err();
        assert!(refused.into_service_error().is_region_disabled_exception());
    }
}

#[tokio::test]
async fn a_session_needs_its_token() {
    for transport in both(ORGANIZATION).await {
        let config = reader(&transport, None).await;
        let provider = config.credentials_provider().unwrap();
        let mut issued = provider.provide_credentials().await.unwrap();
        issued = Credentials::new(issued.access_key_id(), "secret", None, None, "test");
        let sts = Client::new(&transport.config_as(issued, "eu-west-1"));
        assert_eq!(
            code(sts.get_caller_identity().send().await),
            "InvalidClientTokenId"
        );
    }
}

#[tokio::test]
async fn other_partitions_have_their_own_regions_and_endpoints() {
    for (partition, region) in [
        ("aws-us-gov", "us-gov-east-1"),
        ("aws-cn", "cn-northwest-1"),
        ("aws-eusc", "eusc-de-east-1"),
    ] {
        let organization = format!(
            "partition = \"{partition}\"
            [[account]]\nid = \"111111111111\"\nname = \"a\"
            [[account]]\nid = \"222222222222\"\nname = \"b\""
        );
        for transport in both(&organization).await {
            let sts = Client::new(&transport.config("111111111111", region));
            let me = sts.get_caller_identity().send().await.unwrap();
            assert!(
                me.arn()
                    .unwrap()
                    .starts_with(&format!("arn:{partition}:sts::"))
            );
            let iam = aws_sdk_iam::Client::new(&transport.config("111111111111", region));
            iam.get_account_summary().send().await.unwrap();
            let calls = transport.sandbox.calls();
            assert_eq!(calls.first().unwrap().region, region);

            let elsewhere = Client::new(&transport.config("111111111111", "eu-west-1"));
            let refused = elsewhere.get_caller_identity().send().await;
            assert_eq!(code(refused), "InvalidClientTokenId");
            let error = assume_root(&sts, "222222222222", AUDIT).await.unwrap_err();
            assert_eq!(error.raw_response().unwrap().status().as_u16(), 501);
        }
    }
}
