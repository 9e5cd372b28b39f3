//! Set-up of the AWS SDK: one configuration per process.

use std::env;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region};
use aws_sdk_sts::config::SharedCredentialsProvider;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::SdkConfig;

/// Number of attempts per call. High, because the deadline of an evaluation ends its retries;
/// finite, because a function that is throttled for minutes should fail while the cause can still
/// be seen.
const MAX_ATTEMPTS: u32 = 10;

/// The longest pause between two attempts.
const MAX_BACKOFF: Duration = Duration::from_secs(5);

/// The longest that one attempt may take. AWS's control planes answer within a
/// second; an attempt that hangs must leave time for another.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(8);

/// The configuration of a Lambda function: Region, endpoint and credentials
/// from the environment variables that Lambda or its owner set, and no other place.
///
/// Built by hand: [`ConfigLoader`] looks for profile files at every start, and makes
/// the package a tenth larger by all the places where credentials might be.
pub fn of_function() -> SdkConfig {
    let config = of_variables(|name| env::var(name).ok());
    let credentials = EnvironmentVariableCredentialsProvider::new();
    with_http_client(
        config
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build(),
    )
}

fn of_variables(variable: impl Fn(&str) -> Option<String>) -> aws_types::sdk_config::Builder {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    let is_true = |name| set(name).map(|value| value.eq_ignore_ascii_case("true"));
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(set("AWS_REGION").map(Region::new))
        .retry_config(retry_config())
        .timeout_config(timeout_config());
    config.set_endpoint_url(set("AWS_ENDPOINT_URL"));
    config.set_use_fips(is_true("AWS_USE_FIPS_ENDPOINT"));
    config.set_use_dual_stack(is_true("AWS_USE_DUALSTACK_ENDPOINT"));
    config
}

/// Loads the configuration of a program that a person starts: from profiles,
/// single sign-on, or wherever else the `loader` looks. All requests, also those for
/// credentials, go through `http_client`.
pub async fn load(loader: ConfigLoader, http_client: SharedHttpClient) -> SdkConfig {
    loader
        .retry_config(retry_config())
        .timeout_config(timeout_config())
        .http_client(http_client)
        .load()
        .await
}

fn retry_config() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_max_backoff(MAX_BACKOFF)
}

fn timeout_config() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build()
}

/// One HTTP client for all services, so that connections are shared and the TLS
/// roots are read once.
fn with_http_client(config: SdkConfig) -> SdkConfig {
    let http_client = http_client_for(config.endpoint_url());
    config.into_builder().http_client(http_client).build()
}

/// The HTTP client for an endpoint: without TLS if `endpoint_url` says
/// `http://`, because the SDK's default client needs CA certificates even to
/// talk to a sandbox on this machine.
pub fn http_client_for(endpoint_url: Option<&str>) -> SharedHttpClient {
    let builder = aws_smithy_http_client::Builder::new();
    if endpoint_url.is_some_and(|url| url.starts_with("http://")) {
        builder.build_http()
    } else {
        builder
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .build_https()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configured(variables: &[(&str, &str)]) -> SdkConfig {
        let value = |name: &str| variables.iter().find(|(known, _)| *known == name);
        of_variables(|name| value(name).map(|(_, value)| (*value).to_owned())).build()
    }

    #[test]
    fn a_function_is_where_lambda_says() {
        let config = configured(&[("AWS_REGION", "eu-west-1")]);
        assert_eq!(config.region(), Some(&Region::from_static("eu-west-1")));
        assert_eq!(config.endpoint_url(), None);
        assert_eq!(config.use_fips(), None);
        assert_eq!(config.use_dual_stack(), None);
    }

    #[test]
    fn the_owner_of_a_function_chooses_the_endpoints() {
        let config = configured(&[
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
            ("AWS_USE_FIPS_ENDPOINT", "true"),
            ("AWS_USE_DUALSTACK_ENDPOINT", "False"),
        ]);
        assert_eq!(config.endpoint_url(), Some("http://127.0.0.1:1"));
        assert_eq!(config.use_fips(), Some(true));
        assert_eq!(config.use_dual_stack(), Some(false));
    }

    #[test]
    fn an_empty_variable_is_one_that_is_not_set() {
        assert_eq!(configured(&[("AWS_ENDPOINT_URL", "")]).endpoint_url(), None);
    }
}
