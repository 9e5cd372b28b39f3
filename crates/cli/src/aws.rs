//! Access to AWS, shared by all commands: which credentials, through which connection, and
//! what is read of an account.

mod connection;
mod profile;

use std::io::{Write, stderr};

use anyhow::{Context, anyhow, bail};
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_sts::config::{SharedCredentialsProvider, SharedHttpClient};
use aws_sdk_sts::error::SdkError;
use aws_sdk_sts::operation::get_caller_identity::{
    GetCallerIdentityError, GetCallerIdentityOutput,
};
use aws_types::SdkConfig;
use bundle::Snapshot;
use clap::Args;
use config_rule::{Account, Identity, sdk};

use crate::progress;
use crate::rules::ChosenRules;
use profile::SelectedProfile;

const BEHAVIOR: fn() -> BehaviorVersion = BehaviorVersion::v2026_01_12;

/// The account that is asked, and how.
#[derive(Debug, Args)]
pub(crate) struct AwsArgs {
    /// Profile of the AWS configuration to use, also where the environment has access keys
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Region to ask, such as us-east-1
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Endpoint to send every request to instead of AWS, such as a sandbox
    #[arg(long, value_name = "URL", value_parser = endpoint)]
    endpoint_url: Option<String>,
}

impl AwsArgs {
    /// Reads which account the credentials belong to.
    ///
    /// # Errors
    /// If the profile does not exist, there is no Region, or AWS does not say which account
    /// this is; with advice.
    pub(crate) async fn account(self) -> anyhow::Result<Account> {
        let profile = SelectedProfile::read(self.profile).await?;
        let http_client = connection::http_client(profile.ca_bundle())?;
        let mut loader = aws_config::defaults(BEHAVIOR());
        if let Some(name) = profile.name() {
            loader = loader.profile_name(name);
        }
        if let Some(region) = self.region {
            loader = loader.region(Region::new(region));
        }
        if let Some(url) = self.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        let config = sdk::load(loader, http_client.clone()).await;
        let credentials = credentials(&profile, &config, http_client);
        let config = config.into_builder();
        let config = config.credentials_provider(credentials).build();
        let region = config
            .region()
            .map(ToString::to_string)
            .context("no Region: pass --region, or set AWS_REGION or a Region in the profile")?;
        if !is_region_name(&region) {
            bail!("{region:?} is no Region: it has a name such as us-east-1");
        }
        let caller = caller_identity(&config).await.map_err(|error| {
            let advice = advice(&error, &region, &profile, config.endpoint_url());
            let why = config_rule::explain(&error);
            anyhow!("cannot tell which account this is (sts:GetCallerIdentity): {why}{advice}")
        })?;
        let arn = caller.arn().context("sts:GetCallerIdentity gave no ARN")?;
        Ok(Account::new(config, Identity::of_caller(arn, &region)?))
    }
}

/// Says on standard error who is about to change what: account, its name, Region and caller.
/// Every command that writes calls this before it asks.
///
/// # Errors
/// If AWS does not say who the caller is.
pub(crate) async fn announce_caller(account: &Account) -> anyhow::Result<()> {
    let caller = caller_identity(account.sdk()).await.map_err(|error| {
        let why = config_rule::explain(&error);
        anyhow!("cannot tell who the caller is (sts:GetCallerIdentity): {why}")
    })?;
    let arn = caller.arn().context("sts:GetCallerIdentity gave no ARN")?;
    let id = account.identity().account();
    let region = account.identity().region();
    let name = account_name(account.sdk(), id).await;
    let name = name.as_deref().unwrap_or("name not readable");
    writeln!(stderr(), "Account {id} ({name}) in {region}, as {arn}")?;
    Ok(())
}

/// Reads the name of an account, as far as the caller may.
async fn account_name(config: &SdkConfig, id: &str) -> Option<String> {
    let client = aws_sdk_organizations::Client::new(config);
    let described = client.describe_account().account_id(id).send().await.ok()?;
    let name = described.account?.name?;
    (!name.is_empty()).then_some(name)
}

/// Observes an account for every enabled rule, with progress on a terminal.
pub(crate) async fn observe(account: &Account, rules: &ChosenRules) -> Snapshot {
    let bar = progress::bar(rules.enabled().count());
    let mut snapshot = Snapshot::new(account);
    for rule in rules.enabled() {
        bar.set_message(rule.name());
        snapshot.observe(account, rule).await;
        bar.inc(1);
    }
    bar.finish_and_clear();
    snapshot
}

/// Creates the chain of credentials in the order of the AWS CLI.
///
/// A profile that is named on the command line beats the environment: neither its access
/// keys nor its web identity are used. Without one, the environment comes first, and its web
/// identity comes before the keys of a profile, but not before a role of the profile.
fn credentials(
    profile: &SelectedProfile,
    config: &SdkConfig,
    http_client: SharedHttpClient,
) -> SharedCredentialsProvider {
    let provider = ProviderConfig::without_region()
        .with_behavior_version(Some(BEHAVIOR()))
        .with_region(config.region().cloned())
        .with_use_fips(config.use_fips())
        .with_use_dual_stack(config.use_dual_stack())
        .with_http_client(http_client);
    let mut from_profile = ProfileFileCredentialsProvider::builder().configure(&provider);
    if let Some(name) = profile.name() {
        from_profile = from_profile.profile_name(name);
    }
    let from_profile = from_profile.build();
    let chain = if profile.is_explicit() {
        CredentialsProviderChain::first_try("Profile", from_profile)
    } else {
        let environment = EnvironmentVariableCredentialsProvider::new();
        let chain = CredentialsProviderChain::first_try("Environment", environment);
        let web_identity = WebIdentityTokenCredentialsProvider::builder()
            .configure(&provider)
            .build();
        if profile.assumes_role() {
            chain
                .or_else("Profile", from_profile)
                .or_else("WebIdentityToken", web_identity)
        } else {
            chain
                .or_else("WebIdentityToken", web_identity)
                .or_else("Profile", from_profile)
        }
    };
    let container = EcsCredentialsProvider::builder()
        .configure(&provider)
        .build();
    let instance = ImdsCredentialsProvider::builder()
        .configure(&provider)
        .build();
    SharedCredentialsProvider::new(
        chain
            .or_else("EcsContainer", container)
            .or_else("Ec2InstanceMetadata", instance),
    )
}

/// Asks STS who the caller is. A person at a terminal waits for at most two attempts.
async fn caller_identity(
    config: &SdkConfig,
) -> Result<GetCallerIdentityOutput, SdkError<GetCallerIdentityError>> {
    let config = aws_sdk_sts::config::Builder::from(config)
        .retry_config(RetryConfig::standard().with_max_attempts(2))
        .build();
    let client = aws_sdk_sts::Client::from_conf(config);
    client.get_caller_identity().send().await
}

fn endpoint(text: &str) -> Result<String, String> {
    let host = text
        .strip_prefix("http://")
        .or(text.strip_prefix("https://"));
    match host {
        Some(host) if !host.is_empty() && host.chars().all(|c| c.is_ascii_graphic()) => {
            Ok(text.to_owned())
        }
        _ => Err("it starts with http:// or https://, and has no spaces".to_owned()),
    }
}

/// Returns whether a text can be the name of a Region. Only AWS knows which exist.
fn is_region_name(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(is_part)
}

/// Returns advice for a failed `GetCallerIdentity`. Credentials are the most frequent cause,
/// but not where the request did not get to AWS.
fn advice(
    error: &SdkError<GetCallerIdentityError>,
    region: &str,
    profile: &SelectedProfile,
    endpoint_url: Option<&str>,
) -> String {
    if connection::is_certificate_refused(error) {
        return "\nThe certificate is signed by an authority that is not trusted here. Where a \
                proxy of your company reads the traffic, set AWS_CA_BUNDLE to the file with your \
                company's CA certificates."
            .to_owned();
    }
    let unanswered = match error {
        SdkError::ConstructionFailure(_) => return String::new(),
        SdkError::DispatchFailure(failure) => {
            failure.is_io() || failure.is_timeout() || connection::is_refused_by_proxy(error)
        }
        SdkError::TimeoutError(_) => true,
        _ => false,
    };
    let proxy = connection::proxy_sentence();
    match (unanswered, endpoint_url) {
        (true, Some(url)) => format!("\nDoes anything answer at {url}?{proxy}"),
        (true, None) => {
            format!("\nIs there a way to AWS from here, and a Region called {region}?{proxy}")
        }
        (false, _) => {
            let place = profile
                .name()
                .map_or_else(String::new, |name| format!(" in the profile {name}"));
            format!(
                "\nAre there valid credentials{place}, and is the Region {region} switched on? \
                 Try `aws sso login`, --profile, or AWS_PROFILE."
            )
        }
    }
}
