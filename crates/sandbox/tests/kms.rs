//! Keys, their policies and their aliases, as the SDK sees them.
#![allow(clippy::unwrap_used, reason = "test")]

mod both;

use aws_sdk_kms::Client;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::types::{KeyManagerType, KeyMetadata, KeyState, MultiRegionKeyType, Tag};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use both::{Transport, both};
use sandbox::{Account, Organization, Resource, Sandbox};
use serde_json::json;

const OWNER: &str = "111111111111";
const OTHER: &str = "222222222222";
const REGION: &str = "eu-west-1";
const KEY: &str = "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-4000-8000-000000000001";
const ALIAS: &str = "arn:aws:kms:eu-west-1:111111111111:alias/alarms";

const ORGANIZATION: &str = r#"
    [[account]]
    id = "111111111111"
    name = "owner"

    [[account.key]]
    region = "eu-west-1"
    KeyId = "00000000-0000-4000-8000-000000000001"
    Description = "für Alarme ✓"

    [[account.key]]
    region = "eu-west-1"
    KeyId = "no-delegation"
    KeyState = "Disabled"
    [account.key.Policy]
    Version = "2012-10-17"
    Statement = { Effect = "Allow", Principal = { AWS = "222222222222" }, Action = ["kms:DescribeKey", "kms:GetKeyPolicy"], Resource = "*" }

    [[account.key_alias]]
    region = "eu-west-1"
    AliasName = "alias/alarms"
    TargetKeyId = "00000000-0000-4000-8000-000000000001"

    [[account.role]]
    name = "reader"
    trust = { Version = "2012-10-17", Statement = { Effect = "Allow", Principal = { AWS = "111111111111" }, Action = "sts:AssumeRole" } }
    policies = [{ Version = "2012-10-17", Statement = { Effect = "Allow", Action = "kms:*", Resource = "*" } }]

    [[account]]
    id = "222222222222"
    name = "other"
"#;

fn client(transport: &Transport, account: &str) -> Client {
    Client::new(&transport.config(account, REGION))
}

fn code<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    result: Result<T, SdkError<E, HttpResponse>>,
) -> String {
    let error = result.unwrap_err();
    error.code().unwrap().to_owned()
}

async fn describe(kms: &Client, key: &str) -> Result<KeyMetadata, String> {
    match kms.describe_key().key_id(key).send().await {
        Ok(answer) => Ok(answer.key_metadata.unwrap()),
        error => Err(code(error)),
    }
}

async fn policy(kms: &Client, key: &str) -> Result<String, String> {
    match kms.get_key_policy().key_id(key).send().await {
        Ok(answer) => Ok(answer.policy.unwrap()),
        error => Err(code(error)),
    }
}

#[tokio::test]
async fn a_key_is_found_by_everything_that_names_it() {
    for transport in both(ORGANIZATION).await {
        let kms = client(&transport, OWNER);
        let id = KEY.rsplit('/').next().unwrap();
        for name in [KEY, id, "alias/alarms", ALIAS] {
            let key = describe(&kms, name).await.unwrap();
            assert_eq!(key.arn(), Some(KEY), "{name}");
            assert_eq!(key.description(), Some("für Alarme ✓"));
            assert_eq!(key.key_state(), Some(&KeyState::Enabled));
            assert_eq!(key.key_manager(), Some(&KeyManagerType::Customer));
            assert!(key.enabled());
            assert_eq!(
                key.multi_region_configuration()
                    .and_then(|many| many.multi_region_key_type()),
                None::<&MultiRegionKeyType>
            );
        }
        let disabled = describe(&kms, "no-delegation").await;
        assert_eq!(disabled.unwrap_err(), "AccessDeniedException");
        for (name, error) in [
            ("missing", "NotFoundException"),
            ("alias/missing", "NotFoundException"),
            (&KEY.replace("eu-west-1", "us-east-1"), "NotFoundException"),
            (
                "arn:aws:sns:eu-west-1:111111111111:key",
                "InvalidArnException",
            ),
            (
                "arn:aws:kms:eu-west-1:111111111111:grant/1",
                "InvalidArnException",
            ),
        ] {
            assert_eq!(describe(&kms, name).await.unwrap_err(), error, "{name}");
        }
        // A policy is asked for by the key itself.
        policy(&kms, KEY).await.unwrap();
        assert_eq!(
            policy(&kms, "alias/alarms").await.unwrap_err(),
            "NotFoundException"
        );
        assert_eq!(
            policy(&kms, ALIAS).await.unwrap_err(),
            "InvalidArnException"
        );
        let named = kms.get_key_policy().key_id(KEY).policy_name("other").send();
        assert_eq!(code(named.await), "NotFoundException");
    }
}

#[tokio::test]
async fn aws_makes_its_keys_when_they_are_asked_about() {
    for transport in both(ORGANIZATION).await {
        let kms = client(&transport, OWNER);
        let aliases = kms.list_aliases().send().await.unwrap();
        let of_sns = |aliases: &[aws_sdk_kms::types::AliasListEntry]| {
            let mut aliases = aliases.iter();
            let found = aliases.find(|alias| alias.alias_name() == Some("alias/aws/sns"));
            found.unwrap().target_key_id().map(str::to_owned)
        };
        assert_eq!(of_sns(aliases.aliases()), None);
        let key = describe(&kms, "alias/aws/sns").await.unwrap();
        assert_eq!(key.key_manager(), Some(&KeyManagerType::Aws));
        let aliases = kms.list_aliases().send().await.unwrap();
        assert_eq!(of_sns(aliases.aliases()).as_deref(), Some(key.key_id()));
        assert_eq!(describe(&kms, key.key_id()).await.unwrap(), key);
        policy(&kms, key.key_id()).await.unwrap();
        let disable = kms.disable_key().key_id(key.key_id()).send().await;
        assert_eq!(code(disable), "AccessDeniedException");
        let unknown = describe(&kms, "alias/aws/unknown").await;
        assert_eq!(unknown.unwrap_err(), "NotFoundException");
    }
}

#[tokio::test]
async fn a_key_policy_that_does_not_delegate_denies_its_own_account() {
    for transport in both(ORGANIZATION).await {
        let credentials = transport.sandbox.role_credentials(OWNER, "reader").unwrap();
        let reader = Client::new(&transport.config_as(credentials, REGION));
        describe(&reader, KEY).await.unwrap();
        policy(&reader, KEY).await.unwrap();
        for kms in [reader, client(&transport, OWNER)] {
            let denied = "AccessDeniedException";
            assert_eq!(describe(&kms, "no-delegation").await.unwrap_err(), denied);
            assert_eq!(policy(&kms, "no-delegation").await.unwrap_err(), denied);
        }
        let other = client(&transport, OTHER);
        let arn = "arn:aws:kms:eu-west-1:111111111111:key/no-delegation";
        let key = describe(&other, arn).await.unwrap();
        assert_eq!(key.key_state(), Some(&KeyState::Disabled));
        // What is not for other accounts, no policy gives them.
        assert_eq!(
            policy(&other, arn).await.unwrap_err(),
            "AccessDeniedException"
        );
        assert_eq!(
            describe(&other, KEY).await.unwrap_err(),
            "AccessDeniedException"
        );
    }
}

#[tokio::test]
async fn a_key_is_made_with_everything_and_nobody_is_locked_out() {
    for transport in both(ORGANIZATION).await {
        let kms = client(&transport, OWNER);
        let mine = |sid: &str| {
            json!({ "Version": "2012-10-17", "Statement": [{ "Sid": sid, "Effect": "Allow",
                "Principal": { "AWS": "arn:aws:iam::111111111111:root" },
                "Action": "kms:*", "Resource": "*" }] })
            .to_string()
        };
        let theirs = mine("theirs").replace(OWNER, OTHER);
        let tag = Tag::builder().tag_key("Größe").tag_value("✓");
        let create = kms
            .create_key()
            .description("Schlüssel ✓")
            .policy(mine("a"));
        let create = create.tags(tag.build().unwrap());
        let key = create.clone().send().await.unwrap().key_metadata.unwrap();
        let key = key.key_id();
        assert_eq!(policy(&kms, key).await.unwrap(), mine("a"));
        let malformed = "MalformedPolicyDocumentException";
        assert_eq!(code(create.clone().policy(&theirs).send().await), malformed);
        assert_eq!(code(create.clone().policy("{}").send().await), malformed);
        let several = create.clone().multi_region(true).send().await;
        assert_eq!(code(several), "NotImplemented");

        let put = kms.put_key_policy().key_id(key);
        assert_eq!(code(put.clone().policy(&theirs).send().await), malformed);
        put.clone().policy(mine("b")).send().await.unwrap();
        assert_eq!(policy(&kms, key).await.unwrap(), mine("b"));

        let alias = kms.create_alias().target_key_id(key);
        alias.clone().alias_name("alias/new").send().await.unwrap();
        assert_eq!(describe(&kms, "alias/new").await.unwrap().key_id(), key);
        for (name, error) in [
            ("alias/new", "AlreadyExistsException"),
            ("alias/aws/new", "InvalidAliasNameException"),
            ("new", "InvalidAliasNameException"),
        ] {
            assert_eq!(code(alias.clone().alias_name(name).send().await), error);
        }

        let state = async || describe(&kms, key).await.unwrap().key_state.unwrap();
        kms.disable_key().key_id(key).send().await.unwrap();
        assert_eq!(state().await, KeyState::Disabled);
        kms.enable_key().key_id(key).send().await.unwrap();
        assert_eq!(state().await, KeyState::Enabled);
        let delete = kms.schedule_key_deletion().key_id(key);
        assert_eq!(
            code(delete.clone().pending_window_in_days(6).send().await),
            "ValidationException"
        );
        let deletion = delete.pending_window_in_days(7).send().await.unwrap();
        assert!(deletion.deletion_date().is_some());
        assert_eq!(state().await, KeyState::PendingDeletion);
        let enable = kms.enable_key().key_id(key).send().await;
        assert_eq!(code(enable), "KMSInvalidStateException");

        put.policy(&theirs)
            .bypass_policy_lockout_safety_check(true)
            .send()
            .await
            .unwrap();
        assert_eq!(
            policy(&kms, key).await.unwrap_err(),
            "AccessDeniedException"
        );
    }
}

#[tokio::test]
async fn lists_have_pages() {
    let mut owner = Account::new(OWNER, "owner");
    let key = |number| Resource::new(REGION, json!({ "KeyId": format!("key-{number}") }));
    owner.keys = (0..101).map(key).collect();
    let sandbox = Sandbox::new(Organization::with_accounts([owner])).unwrap();
    let kms = Client::new(&sandbox.sdk_config(OWNER, REGION));
    let first = kms.list_keys().send().await.unwrap();
    assert!(first.truncated() && first.keys().len() == 100);
    let rest = kms.list_keys().set_marker(first.next_marker);
    let rest = rest.limit(1000).send().await.unwrap();
    assert!(!rest.truncated() && rest.keys().len() == 1);
    let bad = kms.list_aliases().marker("no page").send().await;
    assert_eq!(code(bad), "InvalidMarkerException");
    let of_key = kms.list_aliases().key_id("key-0").send().await.unwrap();
    assert_eq!(of_key.aliases(), []);
}
