//! Asking other Regions and other accounts: what is sent, and what its answer
//! means.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use std::sync::{Arc, Mutex};

use aws_sdk_sts::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use config_rule::{Account, CallError, EvidenceRole, Fact, Identity, Unread};

/// STS as far as these tests ask it.
#[derive(Clone, Debug, Default)]
struct Sts {
    /// IAM action that is refused, and its error code.
    refuses: Option<(&'static str, &'static str)>,
    requests: Arc<Mutex<Vec<Request>>>,
}

#[derive(Clone, Debug)]
struct Request {
    host: String,
    body: String,
    authorization: String,
    token: Option<String>,
}

impl HttpConnector for Sts {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let host = request.uri().trim_start_matches("https://");
        let request = Request {
            host: host.trim_end_matches('/').to_owned(),
            body: String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap(),
            authorization: request.headers().get("authorization").unwrap().to_owned(),
            token: request
                .headers()
                .get("x-amz-security-token")
                .map(str::to_owned),
        };
        let (status, answer) = self.answer(&request.body);
        self.requests.lock().unwrap().push(request);
        let answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(answer));
        HttpConnectorFuture::ready(Ok(answer))
    }
}

impl Sts {
    fn answer(&self, body: &str) -> (u16, String) {
        let action = body.split('&').next().unwrap();
        if let Some((_, code)) = self
            .refuses
            .filter(|(refused, _)| action.ends_with(refused))
        {
            let error = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
            return (403, format!("<ErrorResponse>{error}</ErrorResponse>"));
        }
        let answer = if action.ends_with("AssumeRole") {
            "<AssumeRoleResponse><AssumeRoleResult><Credentials>\
             <AccessKeyId>ASIASESSION</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
             <SessionToken>token</SessionToken><Expiration>2026-11-21T00:15:00Z</Expiration>\
             </Credentials></AssumeRoleResult></AssumeRoleResponse>"
        } else {
            "<GetCallerIdentityResponse><GetCallerIdentityResult>\
             </GetCallerIdentityResult></GetCallerIdentityResponse>"
        };
        (200, answer.to_owned())
    }

    fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The account 111122223333 in eu-west-1.
    fn account(&self) -> Account {
        let sts = self.clone();
        let http_client = http_client_fn(move |_, _| SharedHttpConnector::new(sts.clone()));
        let credentials = Credentials::new("AKIAFUNCTION", "s", None, None, "test");
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http_client)
            .build();
        let function = "arn:aws:lambda:eu-west-1:111122223333:function:f";
        Account::new(sdk, Identity::of_function(function).unwrap())
    }
}

fn role() -> EvidenceRole {
    let arn = "arn:aws:iam::999999999999:role/rootguard/evidence";
    EvidenceRole::new(arn.parse().unwrap()).unwrap()
}

async fn ask(account: &Account) -> Result<Fact<Option<GetCallerIdentityOutput>>, CallError> {
    let config = aws_sdk_sts::config::Builder::from(account.sdk()).build();
    let request = aws_sdk_sts::Client::from_conf(config).get_caller_identity();
    account.call("sts:GetCallerIdentity", request.send()).await
}

#[tokio::test]
async fn an_evidence_role_is_assumed_once_and_shows_its_account() {
    let sts = Sts::default();
    let account = sts.account();
    for _ in 0..2 {
        let owner = account.through(&role(), "trail-logging").await.unwrap();
        let owner = owner.known().unwrap();
        assert_eq!(owner.identity().account(), "999999999999");
        assert_eq!(owner.identity().region(), "eu-west-1");
        assert_eq!(owner.observed_at(), account.observed_at());
        ask(&owner.in_region("us-east-1")).await.unwrap();
    }
    ask(&account).await.unwrap();

    let requests = sts.requests();
    let keys: Vec<_> = requests
        .iter()
        .map(|request| (request.host.as_str(), request.token.as_deref()))
        .collect();
    let session = ("sts.us-east-1.amazonaws.com", Some("token"));
    let own = ("sts.eu-west-1.amazonaws.com", None);
    assert_eq!(keys, [own, session, session, own]);
    assert!(requests[0].authorization.contains("AKIAFUNCTION"));
    assert!(requests[1].authorization.contains("ASIASESSION"));
    for parameter in [
        "RoleArn=arn%3Aaws%3Aiam%3A%3A999999999999%3Arole%2Frootguard%2Fevidence",
        "RoleSessionName=rootguard-trail-logging",
        "DurationSeconds=900",
    ] {
        assert!(requests[0].body.contains(parameter), "{:?}", requests[0]);
    }
    let asked = "sts:GetCallerIdentity";
    assert_eq!(account.calls(), ["sts:AssumeRole", asked, asked, asked]);
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_a_fact() {
    let sts = Sts {
        refuses: Some(("AssumeRole", "AccessDenied")),
        ..Sts::default()
    };
    let account = sts.account();
    for _ in 0..2 {
        let owner = account.through(&role(), "trail-logging").await.unwrap();
        assert_eq!(
            owner.known().unwrap_err(),
            Unread::Denied {
                action: "sts:AssumeRole".to_owned(),
                code: "AccessDenied".to_owned(),
            }
        );
    }
    assert_eq!(account.calls(), ["sts:AssumeRole"]);
}

/// AWS does not say that a Region is off; it says that it does not know the
/// credentials. In the first Region that is an error of ours.
#[tokio::test]
async fn credentials_unknown_in_another_region_mean_that_it_is_off() {
    for code in ["UnrecognizedClientException", "InvalidClientTokenId"] {
        let sts = Sts {
            refuses: Some(("GetCallerIdentity", code)),
            ..Sts::default()
        };
        let account = sts.account();
        let elsewhere = ask(&account.in_region("ap-east-1")).await.unwrap();
        assert!(matches!(
            elsewhere.known().unwrap_err(),
            Unread::Unavailable { code: seen, .. } if seen == code
        ));
        let here = ask(&account.in_region("eu-west-1")).await;
        assert!(matches!(here, Err(CallError::Failed { .. })), "{here:?}");
    }
}
