//! Identity of the caller, sessions of roles, sessions of root users.
#![allow(clippy::unwrap_used, clippy::wildcard_imports, reason = "test")]

#[path = "../both/mod.rs"]
mod both;
mod callers;
mod roles;
mod root_sessions;

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sdk_sts::Client;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::assume_role::AssumeRoleOutput;
use aws_sdk_sts::operation::assume_root::{AssumeRootError, AssumeRootOutput};
use aws_sdk_sts::types::{PolicyDescriptorType, ProvidedContext, Tag};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_types::SdkConfig;
use both::{Transport, both};
use sandbox::{Organization, Sandbox};

const ORGANIZATION: &str = r#"
    management_account = "111111111111"
    iam_delegated_administrator = "222222222222"
    regions = ["us-east-1", "eu-west-1"]

    [[account]]
    id = "111111111111"
    name = "management"

    [[account]]
    id = "222222222222"
    name = "security"

    [[account.role]]
    name = "auditor"
    path = "/rootguard/"
    trust = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"sts:AssumeRole"}}'
    policies = ['''{"Version":"2012-10-17","Statement":{
        "Effect":"Allow","Action":"sts:AssumeRoot","Resource":"arn:aws:iam::*:root",
        "Condition":{"StringEquals":{"sts:TaskPolicyArn":"arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"}}}}''']

    [[account]]
    id = "333333333333"
    name = "member"

    [account.root]
    access_keys = [{ id = "AKIAROOT000000000003" }]

    [[account.role]]
    name = "reader"
    max_session_duration = 7200
    [account.role.trust]
    Version = "2012-10-17"
    [[account.role.trust.Statement]]
    Effect = "Allow"
    Action = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    Principal = { AWS = "arn:aws:iam::222222222222:root" }
    Condition = { StringEquals = { "sts:ExternalId" = "rootguard/1" } }
    [[account.role.policies]]
    Version = "2012-10-17"
    Statement = { Effect = "Allow", Action = ["iam:Get*", "iam:Generate*"], Resource = "*" }

    [[account]]
    id = "444444444444"
    name = "suspended"
    state = "SUSPENDED"

    [[account]]
    id = "555555555555"
    name = "outsider"
    in_organization = false

    [[account.role]]
    name = "shared"
    trust = '''{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*",
        "Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-sandbox0001"}}}}'''
"#;

const AUDIT: &str = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials";
const DELETE: &str = "arn:aws:iam::aws:policy/root-task/IAMDeleteRootUserCredentials";
const ADMINISTRATOR_ACCESS: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
const READER: &str = "arn:aws:iam::333333333333:role/reader";

fn administrator(transport: &Transport, account: &str) -> Client {
    Client::new(&transport.config(account, "eu-west-1"))
}

fn usable(issued: &aws_sdk_sts::types::Credentials) -> Credentials {
    Credentials::new(
        issued.access_key_id(),
        issued.secret_access_key(),
        Some(issued.session_token().to_owned()),
        None,
        "test",
    )
}

fn code<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    result: Result<T, SdkError<E, HttpResponse>>,
) -> String {
    result.unwrap_err().code().unwrap().to_owned()
}

async fn assume_root(
    sts: &Client,
    target: &str,
    task: &str,
) -> Result<AssumeRootOutput, SdkError<AssumeRootError, HttpResponse>> {
    let task = PolicyDescriptorType::builder().arn(task).build();
    sts.assume_root()
        .target_principal(target)
        .task_policy_arn(task)
        .send()
        .await
}

/// Assumes the reader with nothing but what its trust policy asks for.
async fn reader(transport: &Transport, policy: Option<&str>) -> SdkConfig {
    let assumed = administrator(transport, "222222222222")
        .assume_role()
        .role_arn(READER)
        .role_session_name("test")
        .external_id("rootguard/1")
        .set_policy(policy.map(str::to_owned))
        .send()
        .await
        .unwrap();
    transport.config_as(usable(assumed.credentials().unwrap()), "eu-west-1")
}
