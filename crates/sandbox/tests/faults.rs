//! Faults on request, and the record of every call.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

mod both;

use std::time::{Duration, Instant};

use aws_sdk_iam::Client;
use aws_sdk_iam::config::retry::RetryConfig;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_types::SdkConfig;
use both::{Transport, both};
use sandbox::{Fault, Permission};

const ORGANIZATION: &str = r#"
    [[account]]
    id = "111111111111"
    name = "well"

    [[account]]
    id = "222222222222"
    name = "denied"
    denied_actions = ["iam:GetAccountSummary", "config:*"]

    [[account]]
    id = "333333333333"
    name = "throttled"
    throttled_actions = ["iam:Get*"]
"#;

const WELL: &str = "111111111111";

fn config(transport: &Transport, account: &str, attempts: u32) -> SdkConfig {
    let retry = RetryConfig::standard().with_max_attempts(attempts);
    transport
        .config(account, "eu-west-1")
        .into_builder()
        .retry_config(retry)
        .build()
}

fn client(transport: &Transport, account: &str, attempts: u32) -> Client {
    Client::new(&config(transport, account, attempts))
}

#[tokio::test]
async fn standing_faults_are_those_of_the_file() {
    for transport in both(ORGANIZATION).await {
        let denied = client(&transport, "222222222222", 3)
            .get_account_summary()
            .send()
            .await;
        let denied = denied.unwrap_err();
        assert_eq!(denied.code(), Some("AccessDenied"));
        assert!(denied.message().unwrap().contains("service control policy"));
        assert_eq!(denied.raw_response().unwrap().status().as_u16(), 403);
        let config_client = aws_sdk_config::Client::new(&config(&transport, "222222222222", 3));
        let denied = config_client
            .describe_config_rules()
            .send()
            .await
            .unwrap_err();
        assert_eq!(denied.code(), Some("AccessDeniedException"));

        let throttled = client(&transport, "333333333333", 3);
        let error = throttled.get_account_summary().send().await.unwrap_err();
        assert_eq!(error.code(), Some("Throttling"));
        assert_eq!(transport.sandbox.calls().len(), 5);
        assert!(throttled.list_virtual_mfa_devices().send().await.is_ok());
        transport.sandbox.clear_faults();
        assert!(throttled.get_account_summary().send().await.is_err());
    }
}

#[tokio::test]
async fn a_retry_after_a_throttle_takes_milliseconds() {
    for transport in both(ORGANIZATION).await {
        transport
            .sandbox
            .inject(Fault::throttling().account(WELL).action("iam:*").times(4));
        let started = Instant::now();
        client(&transport, WELL, 5)
            .get_account_summary()
            .send()
            .await
            .unwrap();
        assert!(
            // The SDK's own backoff takes seven seconds on average.
            started.elapsed() < Duration::from_secs(2),
            "{:?}",
            started.elapsed()
        );
        let codes: Vec<_> = transport
            .sandbox
            .take_calls()
            .into_iter()
            .map(|call| call.error)
            .collect();
        let throttled = Some("Throttling".to_owned());
        let mut expected = vec![throttled; 4];
        expected.push(None);
        assert_eq!(codes, expected);
        assert!(transport.sandbox.calls().is_empty());

        let json = aws_sdk_config::Client::new(&config(&transport, WELL, 1));
        transport
            .sandbox
            .inject(Fault::throttling().action("config:*").times(1));
        let error = json.describe_config_rules().send().await.unwrap_err();
        assert_eq!(error.code(), Some("ThrottlingException"));
        let wait = error
            .raw_response()
            .unwrap()
            .headers()
            .get("x-amz-retry-after");
        assert_eq!(wait, Some("2"));
    }
}

#[tokio::test]
async fn servers_fail_answers_are_late_and_connections_drop() {
    for transport in both(ORGANIZATION).await {
        let iam = client(&transport, WELL, 1);
        transport.sandbox.inject(Fault::server_error(503).times(1));
        let error = iam.get_account_summary().send().await.unwrap_err();
        assert_eq!(error.raw_response().unwrap().status().as_u16(), 503);

        transport
            .sandbox
            .inject(Fault::latency(Duration::from_millis(60)).times(1));
        let started = Instant::now();
        iam.get_account_summary().send().await.unwrap();
        assert!(started.elapsed() >= Duration::from_millis(60));

        transport
            .sandbox
            .inject(Fault::dropped_connection().times(1));
        let error = iam.get_account_summary().send().await.unwrap_err();
        assert!(matches!(error, SdkError::DispatchFailure(_)), "{error:?}");
        iam.get_account_summary().send().await.unwrap();

        transport.sandbox.take_calls();
        transport
            .sandbox
            .inject(Fault::dropped_connection().times(1));
        client(&transport, WELL, 2)
            .get_account_summary()
            .send()
            .await
            .unwrap();
        let statuses: Vec<_> = transport
            .sandbox
            .calls()
            .into_iter()
            .map(|call| call.status)
            .collect();
        assert_eq!(statuses, [None, Some(200)]);
    }
}

#[tokio::test]
async fn a_call_is_recorded_with_who_where_what_and_how_it_ended() {
    for transport in both(ORGANIZATION).await {
        client(&transport, WELL, 1)
            .get_account_summary()
            .send()
            .await
            .unwrap();
        let sts = aws_sdk_sts::Client::new(&config(&transport, WELL, 1));
        sts.get_caller_identity().send().await.unwrap();
        let config = aws_sdk_config::Client::new(&config(&transport, WELL, 1));
        let missing = config
            .delete_config_rule()
            .config_rule_name("r")
            .send()
            .await;
        assert!(missing.is_err());

        let calls = transport.sandbox.calls();
        let summary = &calls[0];
        assert_eq!(summary.account, WELL);
        assert_eq!(
            summary.principal,
            "arn:aws:sts::111111111111:assumed-role/Administrator/sandbox"
        );
        assert_eq!(
            (summary.service.as_str(), summary.operation.as_str()),
            ("iam", "GetAccountSummary")
        );
        let needed = |action: &str, resource: &str| {
            vec![Permission {
                action: action.to_owned(),
                resource: resource.to_owned(),
            }]
        };
        assert_eq!(summary.permissions, needed("iam:GetAccountSummary", "*"));
        assert_eq!(
            (summary.status, summary.error.as_deref()),
            (Some(200), None)
        );
        // AWS asks for no permission to know oneself.
        assert_eq!(calls[1].permissions, []);
        assert_eq!(calls[1].region, "eu-west-1");
        assert_eq!(
            calls[2].permissions,
            needed(
                "config:DeleteConfigRule",
                "arn:aws:config:eu-west-1:111111111111:config-rule/"
            )
        );
        assert_eq!(calls[2].error.as_deref(), Some("NoSuchConfigRuleException"));
        assert!(calls[0].time <= calls[2].time);
    }
}
