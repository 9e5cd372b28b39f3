//! Clients that nobody here wrote: boto3 calls every operation of the sandbox, and its
//! raw answers are held to botocore's model of the service; the AWS CLI reads what the
//! organization file says.
//!
//! They need Python: see `python/mod.rs`.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test"
)]

mod python;

use std::process::Stdio;

use aws_sdk_config::types::{
    ComplianceType, ConfigRule, Evaluation, EventSource, MessageType, Owner, Source, SourceDetail,
};
use python::{isolated, python};
use sandbox::{Context, Fault, Notification, Organization, Sandbox, Server};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");
const REGION: &str = "eu-west-1";
/// The account that has everything, and the one that has nothing.
const FULL: &str = "222222222222";
const EMPTY: &str = "333333333333";
const RULE: &str = "client-rule";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:222222222222:function:client-rule";

/// The organization of `clients/organization.toml`, served, with one rule.
async fn served() -> (Sandbox, Server) {
    let organization = Organization::read(format!("{SCRIPTS}/organization.toml"))
        .expect("the organization file is right");
    let sandbox = Sandbox::new(organization).expect("an organization");
    sandbox.register_function(FUNCTION, |_: Value, _: Context| async { Ok(Value::Null) });
    let scheduled = SourceDetail::builder()
        .event_source(EventSource::AwsConfig)
        .message_type(MessageType::ScheduledNotification)
        .build();
    let source = Source::builder()
        .owner(Owner::CustomLambda)
        .source_identifier(FUNCTION)
        .source_details(scheduled)
        .build()
        .expect("a source");
    let rule = ConfigRule::builder()
        .config_rule_name(RULE)
        .source(source)
        .build();
    aws_sdk_config::Client::new(&sandbox.sdk_config(FULL, REGION))
        .put_config_rule()
        .config_rule(rule)
        .send()
        .await
        .expect("a rule");
    sandbox.settled().await;
    let server = sandbox
        .serve(([127, 0, 0, 1], 0).into())
        .await
        .expect("a server");
    (sandbox, server)
}

/// A token with which the rule's function may report.
fn result_token(sandbox: &Sandbox) -> String {
    let event = sandbox
        .event(FULL, REGION, RULE, &Notification::Scheduled)
        .expect("an event");
    event["resultToken"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn the_check_of_answers_notices_doctored_ones() {
    let Some(python) = python().await else { return };
    let output = isolated(&python, SCRIPTS)
        .args(["-m", "unittest", "test_answers"])
        .output()
        .await
        .expect("Python runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn boto3_calls_every_operation_and_every_answer_is_of_the_model() {
    let Some(python) = python().await else { return };
    let (sandbox, server) = served().await;
    sandbox.inject(Fault::failed_evaluations().account(EMPTY));
    let operations: Vec<(&str, &str)> = sandbox::operations().collect();
    let task = json!({
        "endpoint": server.endpoint_url(),
        "operations": operations,
        "function": FUNCTION,
        "resultToken": result_token(&sandbox),
    });

    let mut script = isolated(&python, SCRIPTS)
        .arg("boto3_calls.py")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python runs");
    let mut input = script.stdin.take().expect("a pipe");
    input
        .write_all(task.to_string().as_bytes())
        .await
        .expect("the script reads");
    drop(input);
    let output = script.wait_with_output().await.expect("Python runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");

    let result: Value = serde_json::from_slice(&output.stdout).expect("a result");
    let problems: Vec<&str> = result["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    for (service, name) in operations {
        let client = match service {
            "access-analyzer" => "accessanalyzer",
            "monitoring" => "cloudwatch",
            service => service,
        };
        let answered = &result["exercised"][format!("{client}.{name}")];
        assert!(answered.as_u64() > Some(0), "{service}.{name}: {answered}");
    }
}

/// Runs the AWS CLI as the administrator of an account and returns its output.
async fn cli(python: &str, server: &Server, account: &str, arguments: &[&str]) -> Value {
    let output = isolated(python, SCRIPTS)
        .args(["-m", "awscli", "--output", "json", "--region", REGION])
        .args(["--endpoint-url", &server.endpoint_url()])
        .args(arguments)
        .env("AWS_ACCESS_KEY_ID", account)
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .output()
        .await
        .expect("Python runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[tokio::test]
async fn the_aws_cli_reads_what_the_organization_file_says() {
    let Some(python) = python().await else { return };
    let (sandbox, server) = served().await;
    for account in &sandbox.organization().accounts {
        let answer = cli(
            &python,
            &server,
            &account.id,
            &["sts", "get-caller-identity"],
        )
        .await;
        assert_eq!(answer["Account"], json!(account.id));

        let answer = cli(
            &python,
            &server,
            &account.id,
            &["iam", "get-account-summary"],
        )
        .await;
        let root = &account.root;
        for (key, value) in [
            ("AccountAccessKeysPresent", root.access_keys.len()),
            (
                "AccountSigningCertificatesPresent",
                root.signing_certificates.len(),
            ),
            (
                "AccountMFAEnabled",
                usize::from(!root.mfa_devices.is_empty()),
            ),
            ("AccountPasswordPresent", usize::from(root.password)),
            ("Roles", account.roles.len()),
        ] {
            assert_eq!(
                answer["SummaryMap"][key],
                json!(value),
                "{} {key}",
                account.name
            );
        }
    }

    let account = sandbox.account(FULL).expect("the account");
    let annotation = format!("{}: {:?}", account.name, account.root.access_keys[0].id);
    let evaluation = Evaluation::builder()
        .compliance_resource_type("AWS::::Account")
        .compliance_resource_id(FULL)
        .compliance_type(ComplianceType::NonCompliant)
        .annotation(&annotation)
        .ordering_timestamp(std::time::SystemTime::now().into())
        .build()
        .expect("an evaluation");
    aws_sdk_config::Client::new(&sandbox.sdk_config(FULL, REGION))
        .put_evaluations()
        .evaluations(evaluation)
        .result_token(result_token(&sandbox))
        .send()
        .await
        .expect("the evaluation is taken");
    let command = [
        "configservice",
        "get-compliance-details-by-config-rule",
        "--config-rule-name",
        RULE,
    ];
    let answer = cli(&python, &server, FULL, &command).await;
    let results = answer["EvaluationResults"].as_array().expect("a list");
    assert_eq!(results.len(), 1);
    let qualifier = &results[0]["EvaluationResultIdentifier"]["EvaluationResultQualifier"];
    assert_eq!(qualifier["ConfigRuleName"], RULE);
    assert_eq!(qualifier["ResourceId"], FULL);
    assert_eq!(results[0]["ComplianceType"], "NON_COMPLIANT");
    assert_eq!(results[0]["Annotation"], json!(annotation));
}
