//! The Lambda function as its own process, with the records that Lambda sends it, against
//! a sandboxed Security Hub.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use bundle::RULES;
use sandbox::Document;
use sandbox::{
    Account, Context, Fault, Function as _, FunctionProcess, Organization, ProcessSettings, Role,
    Sandbox, Server,
};
use security_hub::BATCH_IMPORT_FINDINGS;
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";
const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function:security-hub";

/// The function, deployed as `infra/account.yaml` does it.
struct Harness {
    sandbox: Sandbox,
    process: FunctionProcess,
    _server: Server,
}

impl Harness {
    async fn new(security_hub: bool, severities: &str) -> Self {
        let trust = json!({
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            },
        });
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Action": BATCH_IMPORT_FINDINGS,
                "Resource": format!("arn:aws:securityhub:{REGION}:{ACCOUNT}:product/{ACCOUNT}/default"),
            },
        });
        let [trust, policy] =
            [trust, policy].map(|document| Document::parse(&document.to_string()).unwrap());
        let account = Account {
            security_hub,
            roles: vec![Role::new("security-hub", trust, vec![policy])],
            ..Account::new(ACCOUNT, "account")
        };
        let sandbox = Sandbox::new(Organization::with_accounts([account])).unwrap();
        let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        let settings = ProcessSettings::new(env!("CARGO_BIN_EXE_security-hub"), ARN)
            .credentials(&sandbox.role_credentials(ACCOUNT, "security-hub").unwrap())
            .endpoint_url(server.endpoint_url())
            .environment("ROOTGUARD_SEVERITIES", severities)
            .timeout(Duration::from_secs(20));
        let process = FunctionProcess::start(settings).await.unwrap();
        Self {
            sandbox,
            process,
            _server: server,
        }
    }

    async fn outcome(&self, event: Value) -> Value {
        let result = self.process.send(event).await;
        result.unwrap_or_else(|error| panic!("{error}\n{}", self.process.output()))["outcome"]
            .clone()
    }

    fn findings(&self) -> Vec<Value> {
        self.sandbox.findings(ACCOUNT, REGION)
    }

    /// The IAM actions of the function's requests so far, and on what.
    fn calls(&self) -> Vec<(String, String)> {
        let calls = self.sandbox.calls().into_iter();
        calls
            .flat_map(|call| call.permissions)
            .map(|permission| (permission.action, permission.resource))
            .collect()
    }
}

/// A record, as the evaluation functions return it.
fn record(compliance: &str, reason: &str, observed_at: &str) -> Value {
    json!({
        "control": "no-root-keys",
        "account": ACCOUNT,
        "region": REGION,
        "partition": "aws",
        "ruleArn": "arn:aws:config:eu-west-1:111122223333:config-rule/config-rule-abc123",
        "ruleName": "no-root-keys",
        "compliance": compliance,
        "reasonCode": reason,
        "annotation": format!("{reason}: what was seen, and what to do."),
        "evidence": {"accountAccessKeysPresent": 1, "text": "Schlüssel", "blank": ""},
        "parameters": {"forbidSigningCertificates": true},
        "observedAt": observed_at,
        "orderingTimestamp": "2026-11-20T10:00:00.000Z",
        "durationMillis": 12,
        "calls": ["iam:GetAccountSummary"],
        "testMode": false,
    })
}

/// Returns what Lambda makes of it for a destination on success.
fn event(record: &Value) -> Value {
    json!({
        "version": "1.0",
        "timestamp": "2026-11-20T10:00:01.000Z",
        "requestContext": {
            "requestId": "e4b46cbf-b738-xmpl-8880-a18cdf61200e",
            "functionArn": format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:no-root-keys:$LATEST"),
            "condition": "Success",
            "approximateInvokeCount": 1,
        },
        "requestPayload": {"resultToken": "token"},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": record,
    })
}

const FIRST: &str = "2026-11-20T10:00:00.5Z";

fn failed() -> Value {
    event(&record("NON_COMPLIANT", "ROOT_ACCESS_KEY_PRESENT", FIRST))
}

#[tokio::test]
async fn an_evaluation_becomes_a_finding_that_says_all_of_it() {
    let stage = Harness::new(true, "no-root-keys=HIGH").await;
    assert_eq!(stage.outcome(failed()).await, "IMPORTED");
    let [finding] = &stage.findings()[..] else {
        panic!("not one finding");
    };
    let annotation = "ROOT_ACCESS_KEY_PRESENT: what was seen, and what to do.";
    for (path, value) in [
        ("/SchemaVersion", json!("2018-10-08")),
        (
            "/Id",
            json!("arn:aws:securityhub:eu-west-1:111122223333:rootguard/no-root-keys"),
        ),
        (
            "/ProductArn",
            json!("arn:aws:securityhub:eu-west-1:111122223333:product/111122223333/default"),
        ),
        ("/GeneratorId", json!("rootguard/no-root-keys")),
        ("/AwsAccountId", json!(ACCOUNT)),
        ("/Title", json!("The root user has no access keys")),
        ("/Description", json!(annotation)),
        ("/Remediation/Recommendation/Text", json!(annotation)),
        (
            "/Remediation/Recommendation/Url",
            json!("https://docs.aws.amazon.com/console/securityhub/IAM.4/remediation"),
        ),
        (
            "/SourceUrl",
            json!(
                "https://eu-west-1.console.aws.amazon.com/config/home?region=eu-west-1#/rules/details?configRuleName=no%2Droot%2Dkeys"
            ),
        ),
        ("/Compliance/Status", json!("FAILED")),
        (
            "/Compliance/StatusReasons",
            json!([{"ReasonCode": "ROOT_ACCESS_KEY_PRESENT", "Description": annotation}]),
        ),
        (
            "/Compliance/RelatedRequirements/1",
            json!("CIS AWS Foundations Benchmark v1.4.0/1.4"),
        ),
        (
            "/FindingProviderFields/Severity",
            json!({"Label": "HIGH", "Original": "HIGH"}),
        ),
        ("/RecordState", json!("ACTIVE")),
        (
            "/Resources",
            json!([{"Type": "AwsAccount", "Id": "AWS::::Account:111122223333", "Partition": "aws", "Region": REGION}]),
        ),
        (
            "/ProductFields",
            json!({
                "rootguard/control": "no-root-keys",
                "rootguard/securityHubControl": "IAM.4",
                "rootguard/compliance": "NON_COMPLIANT",
                "rootguard/reasonCode": "ROOT_ACCESS_KEY_PRESENT",
                "rootguard/evidence/accountAccessKeysPresent": "1",
                "rootguard/evidence/text": "Schlüssel",
            }),
        ),
        ("/CreatedAt", json!(FIRST)),
        ("/UpdatedAt", json!(FIRST)),
    ] {
        assert_eq!(finding.pointer(path), Some(&value), "{path}");
    }
}

#[tokio::test]
async fn every_evaluation_updates_the_finding_and_an_older_one_does_not() {
    let stage = Harness::new(true, "").await;
    let status = || {
        let findings = stage.findings();
        assert_eq!(findings.len(), 1);
        let of = |path| {
            findings[0]
                .pointer(path)
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned()
        };
        [
            of("/Compliance/Status"),
            of("/FindingProviderFields/Severity/Label"),
            of("/RecordState"),
            of("/UpdatedAt"),
        ]
    };
    let mut hour = 0;
    for (compliance, shown) in [
        ("NON_COMPLIANT", ["FAILED", "CRITICAL", "ACTIVE"]),
        ("NON_COMPLIANT", ["FAILED", "CRITICAL", "ACTIVE"]),
        ("COMPLIANT", ["PASSED", "INFORMATIONAL", "ACTIVE"]),
        ("UNVERIFIABLE", ["WARNING", "CRITICAL", "ACTIVE"]),
        (
            "NOT_APPLICABLE",
            ["NOT_AVAILABLE", "INFORMATIONAL", "ARCHIVED"],
        ),
    ] {
        hour += 1;
        let time = format!("2026-11-20T{hour:02}:00:00Z");
        let outcome = stage
            .outcome(event(&record(compliance, "REASON", &time)))
            .await;
        assert_eq!(outcome, "IMPORTED");
        let [a, b, c] = shown;
        assert_eq!(status(), [a, b, c, &time], "{compliance}");
    }
    let late = record("COMPLIANT", "REASON", "2026-11-20T00:30:00.000Z");
    assert_eq!(stage.outcome(event(&late)).await, "IMPORTED");
    assert_eq!(status()[0], "NOT_AVAILABLE");
}

#[tokio::test]
async fn security_hub_that_is_not_enabled_is_no_error() {
    let stage = Harness::new(false, "").await;
    assert_eq!(stage.outcome(failed()).await, "SECURITY_HUB_NOT_ENABLED");
    assert!(stage.process.output().contains("SecurityHubNotEnabled"));
}

#[tokio::test]
async fn a_finding_that_was_listed_as_failed_is_sent_again() {
    let stage = Harness::new(true, "").await;
    stage.sandbox.inject(Fault::failed_evaluations().times(2));
    assert_eq!(stage.outcome(failed()).await, "IMPORTED");
    assert_eq!(stage.findings().len(), 1);
    assert_eq!(stage.calls().len(), 3);
}

/// Nothing is lost: Lambda invokes again, then the record goes to the queue.
#[tokio::test]
async fn what_security_hub_does_not_keep_fails_the_invocation() {
    for (fault, kind, said) in [
        (
            Fault::failed_evaluations(),
            "ImportFailed",
            "FailedFindings 4 times (InternalFailure",
        ),
        (
            Fault::access_denied(),
            "ImportFailed",
            "AccessDeniedException",
        ),
        (
            Fault::error(400, "InvalidInputException"),
            "ImportFailed",
            "InvalidInputException",
        ),
        (
            Fault::throttling(),
            "ImportFailed",
            "TooManyRequestsException",
        ),
        (
            Fault::server_error(503).times(30),
            "ImportFailed",
            "InternalFailure",
        ),
    ] {
        let stage = Harness::new(true, "").await;
        stage.sandbox.inject(fault);
        let context = Context::new(ARN, Duration::from_mins(1));
        let error = stage.process.invoke(failed(), context).await.unwrap_err();
        assert_eq!(error.error_type, kind, "{error}");
        assert!(error.message.contains(said), "{said}: {error}");
        assert_eq!(stage.findings(), [] as [Value; 0]);
    }
}

#[tokio::test]
async fn throttling_that_ends_is_not_noticed() {
    let stage = Harness::new(true, "").await;
    stage.sandbox.inject(Fault::throttling().times(3));
    assert_eq!(stage.outcome(failed()).await, "IMPORTED");
}

#[tokio::test]
async fn only_records_of_the_own_account_and_region_are_reported() {
    let stage = Harness::new(true, "").await;
    let with = |key: &str, value: Value| {
        let mut record = record("COMPLIANT", "NO_ROOT_KEYS", FIRST);
        record[key] = value;
        event(&record)
    };
    let mut failure = failed();
    failure["requestContext"]["condition"] = json!("RetriesExhausted");
    for (event, kind) in [
        (with("account", json!("444455556666")), "OtherAccount"),
        (with("region", json!("us-east-1")), "OtherAccount"),
        (with("partition", json!("aws-cn")), "OtherAccount"),
        (with("control", json!("another")), "UnknownControlError"),
        (with("compliance", json!("FINE")), "InvalidEvent"),
        (failure, "InvalidEvent"),
        (record("COMPLIANT", "NO_ROOT_KEYS", FIRST), "InvalidEvent"),
        (json!(null), "InvalidEvent"),
    ] {
        let error = stage.process.send(event.clone()).await.unwrap_err();
        assert_eq!(error.error_type, kind, "{event}: {error}");
    }
    assert_eq!(stage.calls(), []);
    let test = with("testMode", json!(true));
    assert_eq!(stage.outcome(test).await, "TEST");
    assert_eq!(stage.findings(), [] as [Value; 0]);
}

/// The role of this test may do nothing else, on nothing else.
#[tokio::test]
async fn it_needs_one_action_on_the_product_of_its_account() {
    let stage = Harness::new(true, "").await;
    stage.outcome(failed()).await;
    let product = format!("arn:aws:securityhub:{REGION}:{ACCOUNT}:product/{ACCOUNT}/default");
    let called: BTreeSet<_> = stage.calls().into_iter().collect();
    assert_eq!(
        called,
        BTreeSet::from([(BATCH_IMPORT_FINDINGS.to_owned(), product)])
    );
}

#[tokio::test]
async fn one_log_line_of_ours_and_no_payload() {
    let stage = Harness::new(true, "").await;
    stage.outcome(failed()).await;
    let _ = stage.process.send(json!({"password": "hunter2"})).await;
    let output = stage.process.output();
    let lines: Vec<Value> = output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    let count = |message: &str| {
        lines
            .iter()
            .filter(|line| line["message"] == message)
            .count()
    };
    assert_eq!(count("reported"), 1, "{output}");
    assert_eq!(count("reporting failed"), 1, "{output}");
    assert!(!output.contains("hunter2") && !output.contains("Schlüssel"));
}

/// The function has a table of its own, because it must not carry every control's code.
#[test]
fn the_table_is_that_of_the_controls() {
    let ours: Vec<_> = security_hub::CONTROLS
        .iter()
        .map(|control| {
            assert!(control.requirements.len() <= 32, "{}", control.name);
            (
                control.name,
                control.title,
                control.security_hub_control,
                control.severity,
            )
        })
        .collect();
    let rules: Vec<_> = RULES
        .iter()
        .map(|rule| rule.metadata())
        .map(|control| {
            (
                control.name,
                control.title,
                control.security_hub_control,
                control.severity,
            )
        })
        .collect();
    assert_eq!(ours, rules);
}
