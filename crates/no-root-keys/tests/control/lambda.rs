//! The Lambda function as its own process, invoked by AWS Config in a sandbox.
use std::collections::BTreeSet;
use std::time::Duration;

use config_rule::{Compliance, Control, Fact};
use control_testkit::{Deployment, RuleHarness, with};
use no_root_keys::NoRootKeys;
use sandbox::{Account, Fault, Organization, Sandbox};
use serde_json::{Map, Value, json};

use crate::fixtures::{self, ACCOUNT, REGION, rows};

const FUNCTION: Deployment = Deployment {
    program: env!("CARGO_BIN_EXE_no-root-keys"),
    account: ACCOUNT,
    region: REGION,
    timeout: Duration::from_secs(20),
};

async fn deploy(sandbox: Sandbox, parameters: &Map<String, Value>) -> RuleHarness {
    RuleHarness::new::<NoRootKeys>(&FUNCTION, sandbox, parameters).await
}

async fn deploy_with_timeout(sandbox: Sandbox, timeout: Duration) -> RuleHarness {
    let function = Deployment {
        timeout,
        ..FUNCTION
    };
    RuleHarness::new::<NoRootKeys>(&function, sandbox, &with([])).await
}

fn clean() -> Sandbox {
    Sandbox::new(Organization::with_accounts([Account::new(
        ACCOUNT, "clean",
    )]))
    .unwrap()
}

const GET_ACCOUNT_SUMMARY: &str = "iam:GetAccountSummary";
const PUT_EVALUATIONS: &str = "config:PutEvaluations";

/// Every row of the table, and over all of them the promises about calls: how
/// many there are, and that the role needs what the control declares, no less
/// and no more.
#[tokio::test]
async fn every_row_of_the_table_ends_in_config_as_it_says() {
    let mut made = BTreeSet::new();
    for row in rows() {
        let stage = deploy(fixtures::sandbox(&row.facts), &row.parameters).await;
        let record = stage.evaluated().await.unwrap_or_else(|error| {
            panic!("{}: {error}\n{}", row.name, stage.process.output());
        });
        let result = row.reported_result();
        stage.assert_reported(&row.name, &record, result).await;
        let calls = stage.calls();
        let expected: &[&str] = match (&row.facts.summary, row.compliance) {
            (Fact::Known(_), Compliance::NonCompliant) => &[
                GET_ACCOUNT_SUMMARY,
                "iam:GetCredentialReport",
                PUT_EVALUATIONS,
            ],
            _ => &[GET_ACCOUNT_SUMMARY, PUT_EVALUATIONS],
        };
        assert_eq!(calls, expected, "{}", row.name);
        made.extend(calls);
    }
    let declared = NoRootKeys::METADATA.evaluation_actions();
    assert_eq!(made, declared.map(str::to_owned).collect());
}

#[tokio::test]
async fn the_record_says_what_was_judged_and_how() {
    let stage = deploy(clean(), &with([])).await;
    let record = stage.evaluated().await.unwrap();
    for (key, value) in [
        ("control", json!("no-root-keys")),
        ("account", json!(ACCOUNT)),
        ("region", json!(REGION)),
        ("partition", json!("aws")),
        ("ruleName", json!("no-root-keys")),
        ("compliance", json!("COMPLIANT")),
        ("reasonCode", json!("NO_ROOT_KEYS")),
        (
            "parameters",
            json!({"forbidSigningCertificates": true, "whenUnverifiable": "NON_COMPLIANT"}),
        ),
        (
            "evidence",
            json!({"accountAccessKeysPresent": 0, "accountSigningCertificatesPresent": 0}),
        ),
        ("calls", json!([GET_ACCOUNT_SUMMARY, PUT_EVALUATIONS])),
        ("testMode", json!(false)),
    ] {
        assert_eq!(record[key], value, "{key}");
    }
}

/// An exception that holds, one that has expired, one of another account, and a text that
/// is none: of that nobody shall think that it is one.
#[tokio::test]
async fn exceptions_hold_as_long_as_they_are_to_and_only_if_they_can_be_read() {
    let mut rows = rows().into_iter();
    let row = rows.find(|row| row.annotation.starts_with("ROOT_ACCESS_KEY_PRESENT"));
    let row = row.unwrap();
    let excepting = async |exceptions: String| {
        let sandbox = fixtures::sandbox(&row.facts);
        RuleHarness::excepting::<NoRootKeys>(&FUNCTION, sandbox, &row.parameters, &exceptions).await
    };
    let of = |account: &str, day: &str| format!("{account} ROOT_ACCESS_KEY_PRESENT {day} SOC");
    for (exceptions, compliance, begins) in [
        (
            of(ACCOUNT, "2999-12-31"),
            "NOT_APPLICABLE",
            "EXCEPTED: ROOT_ACCESS_KEY_PRESENT until 2999-12-31 by SOC: ",
        ),
        (
            of(ACCOUNT, "2020-12-31"),
            "NON_COMPLIANT",
            "ROOT_ACCESS_KEY_PRESENT: the exception of SOC expired on 2020-12-31; ",
        ),
        (
            of("999999999999", "2999-12-31"),
            "NON_COMPLIANT",
            "ROOT_ACCESS_KEY_PRESENT: ",
        ),
    ] {
        let stage = excepting(exceptions).await;
        let record = stage.evaluated().await.unwrap();
        assert_eq!(record["compliance"], compliance);
        let annotation = record["annotation"].as_str().unwrap();
        assert!(annotation.starts_with(begins), "{annotation}");
        assert_eq!(annotation.contains("expired"), begins.contains("expired"));
        let result = (compliance.to_owned(), annotation.to_owned());
        stage.assert_reported(begins, &record, result).await;
    }
    let stage = excepting(of(ACCOUNT, "soon")).await;
    let error = stage.evaluated().await.unwrap_err();
    assert_eq!(error.error_type, "ExceptionsError");
    assert_eq!(stage.config_results().await, []);
    assert_eq!(stage.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn one_log_line_of_ours_per_evaluation_and_no_payload() {
    let stage = deploy(clean(), &with([])).await;
    let event = stage.event();
    stage.process.send(event.clone()).await.unwrap();
    let _ = stage.process.send(json!({"password": "hunter2"})).await;
    let output = stage.process.output();
    let lines: Vec<Value> = output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    let ours = |message: &str| {
        let of_message = lines.iter().filter(|line| line["message"] == message);
        of_message.cloned().collect::<Vec<_>>()
    };
    // Config's own evaluation of the new rule, and ours.
    let evaluated = ours("evaluated");
    assert_eq!(evaluated.len(), 2, "{output}");
    assert_eq!(evaluated[0]["reason_code"], "NO_ROOT_KEYS");
    assert_eq!(evaluated[0]["account"], ACCOUNT);
    let failed = ours("evaluation failed");
    assert_eq!(failed.len(), 1, "{output}");
    assert_eq!(failed[0]["error_type"], "InvalidEvent");
    assert!(!output.contains("hunter2"));
    assert!(!output.contains(event["resultToken"].as_str().unwrap()));
}

#[tokio::test]
async fn an_inactive_key_is_a_key() {
    let mut account = Account::new(ACCOUNT, "inactive key");
    account.root.access_keys = vec![sandbox::AccessKey {
        active: false,
        ..sandbox::AccessKey::new("AKIA0000000000000001")
    }];
    account.root.credential_report = sandbox::CredentialReport::Fresh;
    let sandbox = Sandbox::new(Organization::with_accounts([account])).unwrap();
    let stage = deploy(sandbox, &with([])).await;
    stage.evaluated().await.unwrap();
    let [(compliance, annotation)] = &stage.config_results().await[..] else {
        panic!("not one result");
    };
    assert_eq!(compliance, "NON_COMPLIANT");
    assert!(annotation.starts_with("ROOT_ACCESS_KEY_PRESENT"));
}

#[tokio::test]
async fn what_could_not_be_read_is_reported_or_fails_as_the_rule_says() {
    let denied = || {
        let sandbox = clean();
        sandbox.inject(Fault::access_denied().action(GET_ACCOUNT_SUMMARY));
        sandbox
    };
    let stage = deploy(denied(), &with([("whenUnverifiable", "NON_COMPLIANT")])).await;
    assert_eq!(
        stage.evaluated().await.unwrap()["compliance"],
        "UNVERIFIABLE"
    );
    assert_eq!(stage.config_results().await[0].0, "NON_COMPLIANT");

    let stage = deploy(denied(), &with([("whenUnverifiable", "FAIL")])).await;
    let error = stage.evaluated().await.unwrap_err();
    assert_eq!(error.error_type, "Unverifiable");
    assert!(error.message.starts_with("UNVERIFIABLE_ACCESS_DENIED"));
    assert_eq!(stage.config_results().await, []);
}

#[tokio::test]
async fn throttling_that_ends_is_not_noticed() {
    let sandbox = clean();
    sandbox.inject(Fault::throttling().action(GET_ACCOUNT_SUMMARY).times(3));
    sandbox.inject(Fault::throttling().action(PUT_EVALUATIONS).times(2));
    let stage = deploy(sandbox, &with([])).await;
    let record = stage.evaluated().await.unwrap();
    assert_eq!(
        record["calls"],
        json!([GET_ACCOUNT_SUMMARY, PUT_EVALUATIONS])
    );
    assert_eq!(stage.config_results().await[0].0, "COMPLIANT");
    assert_eq!(stage.calls().len(), 7);
}

#[tokio::test]
async fn throttling_that_does_not_end_is_a_failure_and_no_verdict() {
    let sandbox = clean();
    sandbox.inject(Fault::throttling().action(GET_ACCOUNT_SUMMARY));
    let stage = deploy(sandbox, &with([])).await;
    let error = stage.evaluated().await.unwrap_err();
    assert_eq!(error.error_type, "Throttled", "{error}");
    assert!(error.message.contains(GET_ACCOUNT_SUMMARY));
    assert_eq!(stage.config_results().await, []);
}

#[tokio::test]
async fn throttling_beyond_the_deadline_fails_before_lambda_ends_the_process() {
    let sandbox = clean();
    sandbox.inject(Fault::throttling().action(GET_ACCOUNT_SUMMARY));
    sandbox.inject(Fault::latency(Duration::from_millis(300)).action(GET_ACCOUNT_SUMMARY));
    let stage = deploy_with_timeout(sandbox, Duration::from_secs(1)).await;
    let error = stage.evaluated().await.unwrap_err();
    assert_eq!(error.error_type, "DeadlineExceeded", "{error}");
    assert!(error.message.contains(GET_ACCOUNT_SUMMARY));
    assert_eq!(stage.config_results().await, []);
}

#[tokio::test]
async fn reporting_that_hangs_fails_before_lambda_ends_the_process() {
    let sandbox = clean();
    sandbox.inject(Fault::latency(Duration::from_mins(1)).action(PUT_EVALUATIONS));
    let stage = deploy_with_timeout(sandbox, Duration::from_secs(1)).await;
    let error = stage.evaluated().await.unwrap_err();
    assert_eq!(error.error_type, "DeadlineExceeded", "{error}");
    assert!(error.message.contains(PUT_EVALUATIONS));
}

#[tokio::test]
async fn a_server_error_is_a_failure_and_no_verdict() {
    let sandbox = clean();
    sandbox.inject(Fault::server_error(500).action(GET_ACCOUNT_SUMMARY));
    let stage = deploy_with_timeout(sandbox, Duration::from_secs(2)).await;
    stage.evaluated().await.unwrap_err();
    assert_eq!(stage.config_results().await, []);
}

#[tokio::test]
async fn a_result_that_config_did_not_keep_is_sent_again() {
    let sandbox = clean();
    sandbox.inject(Fault::failed_evaluations().times(1));
    let stage = deploy(sandbox, &with([])).await;
    stage.evaluated().await.unwrap();
    assert_eq!(stage.config_results().await[0].0, "COMPLIANT");
    assert_eq!(
        stage.calls(),
        [GET_ACCOUNT_SUMMARY, PUT_EVALUATIONS, PUT_EVALUATIONS]
    );
}

#[tokio::test]
async fn a_result_that_config_never_keeps_is_a_failure() {
    let sandbox = clean();
    sandbox.inject(Fault::failed_evaluations());
    let stage = deploy(sandbox, &with([])).await;
    let error = stage.evaluated().await.unwrap_err();
    assert_eq!(error.error_type, "ReportFailed");
    assert!(error.message.contains("FailedEvaluations"));
    assert_eq!(stage.config_results().await, []);
}

#[tokio::test]
async fn a_role_that_may_not_report_says_so() {
    let sandbox = clean();
    sandbox.inject(Fault::access_denied().action(PUT_EVALUATIONS));
    let stage = deploy(sandbox, &with([])).await;
    let error = stage.evaluated().await.unwrap_err();
    assert_eq!(error.error_type, "ReportFailed");
    assert!(
        error
            .message
            .starts_with("config:PutEvaluations was refused")
    );
}

/// The event that the sandbox made, with one thing changed: what the function
/// answers, and that nothing is reported where it is an error.
#[tokio::test]
async fn events_that_config_would_not_send_are_refused_by_name() {
    let stage = deploy(clean(), &with([])).await;
    stage.evaluated().await.unwrap();
    let invoking = |key: &str, value: Value| {
        let mut event = stage.event();
        let mut invoking: Value =
            serde_json::from_str(event["invokingEvent"].as_str().unwrap()).unwrap();
        invoking[key] = value;
        event["invokingEvent"] = invoking.to_string().into();
        event
    };
    let changed = |key: &str, value: Value| {
        let mut event = stage.event();
        event[key] = value;
        event
    };
    stage.forget_calls();
    for (event, error_type, message) in [
        (json!(null), "InvalidEvent", "not a JSON object"),
        (
            changed("resultToken", Value::Null),
            "InvalidEvent",
            "resultToken",
        ),
        (
            invoking("messageType", json!("Proactive")),
            "InvalidEvent",
            r#"messageType "Proactive" is unknown"#,
        ),
        (
            changed("ruleParameters", json!(r#"{"forbidCertificates":"true"}"#)),
            "InvalidParameter",
            "forbidCertificates is unknown; this rule takes forbidSigningCertificates",
        ),
        (
            changed("ruleParameters", json!(r#"{"whenUnverifiable":"PASS"}"#)),
            "InvalidParameter",
            "whenUnverifiable",
        ),
        (
            changed("accountId", json!("999999999999")),
            "OtherAccount",
            "999999999999",
        ),
        (
            invoking("awsAccountId", json!("999999999999")),
            "OtherAccount",
            "999999999999",
        ),
    ] {
        let error = stage.process.send(event).await.unwrap_err();
        assert_eq!(error.error_type, error_type, "{error}");
        assert!(error.message.contains(message), "{error}");
    }
    assert_eq!(stage.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn parameters_may_be_absent_typed_or_strings() {
    let mut account = Account::new(ACCOUNT, "certificate");
    account.root.signing_certificates = vec![sandbox::SigningCertificate::new("CERTIFICATE1")];
    let sandbox = Sandbox::new(Organization::with_accounts([account])).unwrap();
    let stage = deploy(sandbox, &with([])).await;
    for (parameters, compliance) in [
        (Value::Null, "NON_COMPLIANT"),
        (json!("{}"), "NON_COMPLIANT"),
        (
            json!(r#"{"forbidSigningCertificates":"true"}"#),
            "NON_COMPLIANT",
        ),
        (
            json!(r#"{"forbidSigningCertificates":"false"}"#),
            "COMPLIANT",
        ),
        (json!(r#"{"forbidSigningCertificates":false}"#), "COMPLIANT"),
    ] {
        let mut event = stage.event();
        event["ruleParameters"] = parameters.clone();
        let record = stage.process.send(event).await.unwrap();
        assert_eq!(record["compliance"], compliance, "{parameters}");
    }
}

#[tokio::test]
async fn a_test_leaves_no_result() {
    let stage = deploy(clean(), &with([])).await;
    stage.evaluated().await.unwrap();
    let before = stage.config_results_with_times().await;
    let mut event = stage.event();
    event["resultToken"] = json!("TESTMODE");
    let record = stage.process.send(event).await.unwrap();
    assert_eq!(record["testMode"], true);
    assert_eq!(stage.config_results_with_times().await, before);
}

#[tokio::test]
async fn long_account_data_is_cut_to_what_config_takes() {
    let mut account = Account::new(ACCOUNT, "long");
    let created = sandbox::Timestamp::from_millis(1_577_836_800_000);
    account.root.access_keys = vec![sandbox::AccessKey {
        last_used: Some(sandbox::LastUsed {
            date: created,
            region: "us-east-1".to_owned(),
            service: "é".repeat(300),
        }),
        ..sandbox::AccessKey::new("AKIA0000000000000001")
    }];
    account.root.credential_report = sandbox::CredentialReport::Fresh;
    let sandbox = Sandbox::new(Organization::with_accounts([account])).unwrap();
    let stage = deploy(sandbox, &with([])).await;
    stage.evaluated().await.unwrap();
    let [(_, annotation)] = &stage.config_results().await[..] else {
        panic!("not one result");
    };
    assert_eq!(annotation.chars().count(), 256);
    assert!(annotation.ends_with("éé…"));
}

#[tokio::test]
async fn a_warm_process_forgets_the_event_before() {
    let stage = deploy(clean(), &with([])).await;
    let first = stage.evaluated().await.unwrap();
    assert_eq!(first["compliance"], "COMPLIANT");
    let process = stage.process.id().await;
    stage
        .sandbox
        .change_account(ACCOUNT, |account| {
            account.root.access_keys = vec![sandbox::AccessKey::new("AKIA0000000000000001")];
        })
        .unwrap();
    let _ = stage.process.send(json!({"broken": true})).await;
    let second = stage.process.send(stage.event()).await.unwrap();
    assert_eq!(second["compliance"], "NON_COMPLIANT");
    assert_eq!(stage.process.id().await, process);
    assert_eq!(stage.config_results().await[0].0, "NON_COMPLIANT");
}
