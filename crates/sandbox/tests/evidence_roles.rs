//! An evidence role shows the functions of an organization what its account owns: only
//! to them, and only that.
#![allow(clippy::unwrap_used, reason = "test")]

mod both;

use aws_credential_types::Credentials;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_types::SdkConfig;
use both::{Transport, both};

const REGION: &str = "eu-west-1";
const CENTRAL: &str = "222222222222";
const EVIDENCE: &str = "arn:aws:iam::222222222222:role/rootguard/evidence";
const TOPIC: &str = "arn:aws:sns:eu-west-1:222222222222:root-use";
const OTHER_TOPIC: &str = "arn:aws:sns:eu-west-1:222222222222:payroll";
const SUBSCRIPTION: &str = "arn:aws:sns:eu-west-1:222222222222:root-use:1";
const KEY: &str = "arn:aws:kms:eu-west-1:222222222222:key/alarms";
const OTHER_KEY: &str = "arn:aws:kms:eu-west-1:222222222222:key/payroll";

const ORGANIZATION: &str = r#"
    id = "o-rootguard1"

    [[account]]
    id = "111111111111"
    name = "member"

    [[account.role]]
    name = "root-usage-alarm"
    path = "/rootguard/"
    trust = { Version = "2012-10-17", Statement = { Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" } }
    policies = [{ Version = "2012-10-17", Statement = { Effect = "Allow", Action = "sts:AssumeRole", Resource = ["arn:aws:iam::222222222222:role/rootguard/evidence", "arn:aws:iam::222222222222:role/rootguard/of-others"] } }]

    [[account.role]]
    name = "no-root-keys"
    path = "/rootguard/"
    trust = { Version = "2012-10-17", Statement = { Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" } }

    [[account.role]]
    name = "powerful"
    trust = { Version = "2012-10-17", Statement = { Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" } }
    policies = [{ Version = "2012-10-17", Statement = { Effect = "Allow", Action = "*", Resource = "*" } }]

    [[account]]
    id = "222222222222"
    name = "central"

    [[account.role]]
    name = "evidence"
    path = "/rootguard/"
    [account.role.trust]
    Version = "2012-10-17"
    [[account.role.trust.Statement]]
    Effect = "Allow"
    Principal = "*"
    Action = "sts:AssumeRole"
    [account.role.trust.Statement.Condition]
    StringEquals = { "aws:PrincipalOrgID" = "o-rootguard1" }
    ArnLike = { "aws:PrincipalArn" = "arn:*:iam::*:role/rootguard/*" }
    [[account.role.policies]]
    Version = "2012-10-17"
    [[account.role.policies.Statement]]
    Effect = "Allow"
    Action = ["sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic"]
    Resource = "arn:aws:sns:eu-west-1:222222222222:root-use"
    [[account.role.policies.Statement]]
    Effect = "Allow"
    Action = "sns:GetSubscriptionAttributes"
    Resource = "*"
    [[account.role.policies.Statement]]
    Effect = "Allow"
    Action = ["kms:DescribeKey", "kms:GetKeyPolicy"]
    Resource = "arn:aws:kms:eu-west-1:222222222222:key/alarms"

    # The same for another organization.
    [[account.role]]
    name = "of-others"
    path = "/rootguard/"
    [account.role.trust]
    Version = "2012-10-17"
    [[account.role.trust.Statement]]
    Effect = "Allow"
    Principal = "*"
    Action = "sts:AssumeRole"
    [account.role.trust.Statement.Condition]
    StringEquals = { "aws:PrincipalOrgID" = "o-anotherone" }
    ArnLike = { "aws:PrincipalArn" = "arn:*:iam::*:role/rootguard/*" }

    [[account.topic]]
    region = "eu-west-1"
    Name = "root-use"
    Attributes = { KmsMasterKeyId = "alias/alarms" }

    [[account.topic]]
    region = "eu-west-1"
    Name = "payroll"

    [[account.subscription]]
    region = "eu-west-1"
    TopicArn = "arn:aws:sns:eu-west-1:222222222222:root-use"
    SubscriptionArn = "arn:aws:sns:eu-west-1:222222222222:root-use:1"
    Protocol = "email"
    Endpoint = "soc@example.com"

    [[account.key]]
    region = "eu-west-1"
    KeyId = "alarms"

    [[account.key]]
    region = "eu-west-1"
    KeyId = "payroll"

    [[account.key_alias]]
    region = "eu-west-1"
    AliasName = "alias/alarms"
    TargetKeyId = "alarms"
"#;

fn code<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    result: Result<T, SdkError<E, HttpResponse>>,
) -> String {
    let error = result.unwrap_err();
    error.code().unwrap().to_owned()
}

/// Returns the answer to a role of the member account that assumes a role of the central one.
async fn assumed(transport: &Transport, by: &str, role: &str) -> Result<SdkConfig, String> {
    let credentials = transport.sandbox.role_credentials("111111111111", by);
    let config = transport.config_as(credentials.unwrap(), REGION);
    let request = aws_sdk_sts::Client::new(&config).assume_role();
    let request = request.role_arn(role).role_session_name("rootguard");
    match request.send().await {
        Ok(answer) => {
            let session = answer.credentials.unwrap();
            let credentials = Credentials::new(
                session.access_key_id,
                session.secret_access_key,
                Some(session.session_token),
                None,
                "test",
            );
            Ok(transport.config_as(credentials, REGION))
        }
        refused => Err(code(refused)),
    }
}

#[tokio::test]
async fn functions_of_the_organization_assume_it_and_nobody_else() {
    for transport in both(ORGANIZATION).await {
        assumed(&transport, "root-usage-alarm", EVIDENCE)
            .await
            .unwrap();
        let of_others = EVIDENCE.replace("evidence", "of-others");
        for (by, role) in [
            ("powerful", EVIDENCE),
            ("no-root-keys", EVIDENCE),
            ("root-usage-alarm", &of_others),
        ] {
            let refused = assumed(&transport, by, role).await.unwrap_err();
            assert_eq!(refused, "AccessDenied", "{by} as {role}");
        }
        for account in ["111111111111", CENTRAL] {
            let config = transport.config(account, REGION);
            let request = aws_sdk_sts::Client::new(&config).assume_role();
            let request = request.role_arn(EVIDENCE).role_session_name("admin");
            assert_eq!(code(request.send().await), "AccessDenied", "{account}");
        }
    }
}

#[tokio::test]
async fn it_shows_the_named_topic_and_key_and_nothing_else() {
    for transport in both(ORGANIZATION).await {
        let config = assumed(&transport, "root-usage-alarm", EVIDENCE)
            .await
            .unwrap();
        let sns = aws_sdk_sns::Client::new(&config);
        let kms = aws_sdk_kms::Client::new(&config);
        let topic = |arn: &str| sns.get_topic_attributes().topic_arn(arn).send();
        let subscriptions = |arn: &str| sns.list_subscriptions_by_topic().topic_arn(arn).send();
        topic(TOPIC).await.unwrap();
        assert_eq!(subscriptions(TOPIC).await.unwrap().subscriptions().len(), 1);
        let attributes = sns.get_subscription_attributes();
        let attributes = attributes.subscription_arn(SUBSCRIPTION).send();
        attributes.await.unwrap();
        for name in [KEY, "alias/alarms"] {
            kms.describe_key().key_id(name).send().await.unwrap();
        }
        kms.get_key_policy().key_id(KEY).send().await.unwrap();

        let denied = "AuthorizationError";
        assert_eq!(code(topic(OTHER_TOPIC).await), denied);
        assert_eq!(code(subscriptions(OTHER_TOPIC).await), denied);
        assert_eq!(code(sns.list_topics().send().await), denied);
        let change = sns.set_topic_attributes().topic_arn(TOPIC);
        let change = change.attribute_name("DisplayName").send().await;
        assert_eq!(code(change), denied);
        let subscribe = sns.subscribe().topic_arn(TOPIC).protocol("sms");
        assert_eq!(code(subscribe.endpoint("+15550100").send().await), denied);
        let delete = sns.delete_topic().topic_arn(TOPIC).send().await;
        assert_eq!(code(delete), denied);

        let denied = "AccessDeniedException";
        let other = kms.describe_key().key_id(OTHER_KEY).send().await;
        assert_eq!(code(other), denied);
        let other = kms.get_key_policy().key_id(OTHER_KEY).send().await;
        assert_eq!(code(other), denied);
        assert_eq!(code(kms.list_keys().send().await), denied);
        let disable = kms.disable_key().key_id(KEY).send().await;
        assert_eq!(code(disable), denied);
    }
}
