//! S3 with the SDK: who may write and read, and which version they get.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test"
)]

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_types::SdkConfig;
use sandbox::{Organization, Sandbox, sdk_config_over_http};

const OWNER: &str = "111111111111";
const MEMBER: &str = "222222222222";
const STRANGER: &str = "333333333333";
const REGION: &str = "eu-west-1";
const BUCKET: &str = "artifacts-1";

const ORGANIZATION: &str = r#"
    [[account]]
    id = "111111111111"
    name = "owner"

    [[account.role]]
    name = "writer"
    path = "/rootguard/"
    trust = { Version = "2012-10-17", Statement = { Effect = "Allow", Principal = "*", Action = "sts:AssumeRole" } }
    policies = [{ Version = "2012-10-17", Statement = { Effect = "Allow", Action = "s3:PutObject", Resource = "*" } }]

    [[account.bucket]]
    region = "eu-west-1"
    Name = "artifacts-1"
    Versioning = "Enabled"

    [account.bucket.Policy]
    Version = "2012-10-17"

    [[account.bucket.Policy.Statement]]
    Effect = "Allow"
    Principal = "*"
    Action = ["s3:GetObject", "s3:GetObjectVersion"]
    Resource = "arn:aws:s3:::artifacts-1/*"
    Condition = { StringEquals = { "aws:PrincipalOrgID" = "o-sandbox0001" } }

    [[account.bucket.Policy.Statement]]
    Effect = "Deny"
    Principal = "*"
    Action = "s3:PutObject"
    Resource = "arn:aws:s3:::artifacts-1/*"
    Condition = { ArnNotEquals = { "aws:PrincipalArn" = "arn:aws:iam::111111111111:role/rootguard/writer" } }

    [[account.bucket]]
    region = "eu-west-1"
    Name = "plain"

    [[account]]
    id = "222222222222"
    name = "member"

    [[account]]
    id = "333333333333"
    name = "stranger"
    in_organization = false
"#;

fn sandbox() -> Sandbox {
    Sandbox::new(ORGANIZATION.parse::<Organization>().unwrap()).unwrap()
}

fn writer(sandbox: &Sandbox) -> Client {
    let credentials = sandbox.role_credentials(OWNER, "writer").unwrap();
    Client::new(&sandbox.sdk_config_as(credentials, REGION))
}

async fn put(client: &Client, bucket: &str, key: &str, body: &str) -> Result<String, String> {
    let body = ByteStream::from(body.as_bytes().to_vec());
    let put = client.put_object().bucket(bucket).key(key).body(body);
    match put.send().await {
        Ok(put) => Ok(put.version_id.unwrap_or_default()),
        Err(error) => Err(code(&error)),
    }
}

async fn get(
    sdk: &SdkConfig,
    bucket: &str,
    key: &str,
    version: Option<&str>,
) -> Result<String, String> {
    let get = Client::new(sdk).get_object().bucket(bucket).key(key);
    match get.set_version_id(version.map(str::to_owned)).send().await {
        Ok(got) => {
            let body = got.body.collect().await.unwrap().into_bytes();
            Ok(String::from_utf8(body.to_vec()).unwrap())
        }
        Err(error) => Err(code(&error)),
    }
}

fn code<E: ProvideErrorMetadata>(error: &SdkError<E>) -> String {
    error.code().unwrap_or("no code").to_owned()
}

#[tokio::test]
async fn every_version_stays_and_the_newest_is_taken() {
    let sandbox = sandbox();
    let sdk = sandbox.sdk_config(MEMBER, REGION);
    let writer = writer(&sandbox);
    let key = "templates/ein Schlüssel+1.yaml";
    let first = put(&writer, BUCKET, key, "eins").await.unwrap();
    let second = put(&writer, BUCKET, key, "zwei ✓").await.unwrap();
    assert_ne!(first, second);
    let got = |version: Option<&str>| {
        let (sdk, version) = (sdk.clone(), version.map(str::to_owned));
        async move { get(&sdk, BUCKET, key, version.as_deref()).await }
    };
    assert_eq!(got(None).await.as_deref(), Ok("zwei ✓"));
    assert_eq!(got(Some(&first)).await.as_deref(), Ok("eins"));
    let head = Client::new(&sdk).head_object().bucket(BUCKET).key(key);
    let head = head.send().await.unwrap();
    assert_eq!(head.version_id, Some(second));
    assert_eq!(head.content_length, Some(8));
    // In a bucket without versions there is one object, and it has no version.
    let owner = Client::new(&sandbox.sdk_config(OWNER, REGION));
    for body in ["eins", "zwei"] {
        assert_eq!(put(&owner, "plain", "a", body).await.as_deref(), Ok(""));
    }
    let sdk = sandbox.sdk_config(OWNER, REGION);
    assert_eq!(get(&sdk, "plain", "a", None).await.as_deref(), Ok("zwei"));
}

#[tokio::test]
async fn the_policy_of_the_bucket_decides() {
    let sandbox = sandbox();
    let key = "a";
    let version = put(&writer(&sandbox), BUCKET, key, "eins").await.unwrap();
    let denied = || Err("AccessDenied".to_owned());
    for account in [OWNER, MEMBER, STRANGER] {
        let administrator = Client::new(&sandbox.sdk_config(account, REGION));
        assert_eq!(put(&administrator, BUCKET, key, "x").await, denied());
    }
    for version in [None, Some(version.as_str())] {
        let stranger = sandbox.sdk_config(STRANGER, REGION);
        assert_eq!(get(&stranger, BUCKET, key, version).await, denied());
        let member = sandbox.sdk_config(MEMBER, REGION);
        assert_eq!(
            get(&member, BUCKET, key, version).await.as_deref(),
            Ok("eins")
        );
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_to_whom_it_concerns() {
    let sandbox = sandbox();
    let version = put(&writer(&sandbox), BUCKET, "a", "eins").await.unwrap();
    let owner = sandbox.sdk_config(OWNER, REGION);
    let member = sandbox.sdk_config(MEMBER, REGION);
    let elsewhere = sandbox.sdk_config(OWNER, "us-east-1");
    for (sdk, bucket, key, version, expected) in [
        (&owner, BUCKET, "b", None, "NoSuchKey"),
        (&owner, BUCKET, "b", Some(version.as_str()), "NoSuchKey"),
        (&owner, BUCKET, "a", Some("another"), "NoSuchVersion"),
        (&owner, "nobodys", "a", None, "NoSuchBucket"),
        (&member, BUCKET, "b", None, "AccessDenied"),
        (&elsewhere, BUCKET, "a", None, "PermanentRedirect"),
    ] {
        let got = get(sdk, bucket, key, version).await;
        assert_eq!(got, Err(expected.to_owned()), "{bucket}/{key}");
    }
    let head = Client::new(&owner).head_object().bucket(BUCKET).key("b");
    assert!(
        head.send()
            .await
            .unwrap_err()
            .into_service_error()
            .is_not_found()
    );
}

#[tokio::test]
async fn it_is_the_same_over_http() {
    let sandbox = sandbox();
    let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let credentials = sandbox.role_credentials(OWNER, "writer").unwrap();
    let sdk = sdk_config_over_http(&server.endpoint_url(), credentials, REGION);
    let version = put(&Client::new(&sdk), BUCKET, "a/b c", "eins")
        .await
        .unwrap();
    let credentials = Sandbox::administrator(MEMBER);
    let sdk = sdk_config_over_http(&server.endpoint_url(), credentials, REGION);
    for version in [None, Some(version.as_str())] {
        let got = get(&sdk, BUCKET, "a/b c", version).await;
        assert_eq!(got.as_deref(), Ok("eins"));
    }
    let head = Client::new(&sdk).head_object().bucket(BUCKET).key("a/b c");
    assert_eq!(head.send().await.unwrap().content_length, Some(4));
}
