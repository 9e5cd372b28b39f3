//! `rootguard doctor` against a local organization in which one thing after the other is
//! wrong.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test"
)]

mod organization;

use std::collections::BTreeSet;
use std::time::Duration;

use organization::{CENTRAL, HOME, Harness, MANAGEMENT, MEMBER, function};
use sandbox::{AccountState, ControlPolicy, Fault, FunctionError};
use serde_json::Value;

const NEW: &str = "777766665555";

/// Of each finding the account, and what is wrong.
fn said(report: &Value) -> Vec<(String, String)> {
    let findings = report["findings"].as_array().unwrap().iter();
    let text = |finding: &Value, member: &str| finding[member].as_str().unwrap_or("-").to_owned();
    findings
        .map(|finding| (text(finding, "account"), text(finding, "what")))
        .collect()
}

/// Nothing else than this is said, besides what `healthy` says.
#[track_caller]
fn assert_says(report: &Value, account: &str, part: &str, fix: &str) {
    let findings = report["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| {
        finding["account"] == account && finding["what"].as_str().unwrap().contains(part)
    });
    let found = found.unwrap_or_else(|| panic!("{account}: {part}: {:#?}", said(report)));
    let told = found["fix"].as_str().unwrap();
    assert!(told.contains(fix), "{told}");
}

#[tokio::test]
async fn nothing_is_wrong_where_everything_is_as_it_should_be() {
    let stage = Harness::new(|_| {}).await;
    let run = stage.doctor(&[]).await;
    assert_eq!(said(&run.json()), []);
    assert_eq!(run.code, 0);
    assert_eq!(run.json()["notActive"], serde_json::json!({}));
    let table = stage.doctor(&["--format", "table"]).await;
    assert!(
        table.out.starts_with("Nothing is wrong in 3 accounts.\n"),
        "{}",
        table.out
    );
    assert!(table.out.contains("Held to the rules of "), "{}", table.out);
    // Every page is read.
    let pages = Fault::pages_of(1).action("events:ListRules");
    stage.sandbox.inject(pages);
    assert_eq!(said(&stage.doctor(&[]).await.json()), []);
}

#[tokio::test]
async fn an_account_without_a_recorder_is_told_how_to_get_one() {
    let stage = Harness::new(|organization| {
        organization.account(MEMBER).config_recorder = false;
        organization.account(CENTRAL).config_recording = false;
    })
    .await;
    let run = stage.doctor(&[]).await;
    let report = run.json();
    assert_eq!(run.code, 1);
    assert_says(
        &report,
        MEMBER,
        "no customer-managed configuration recorder",
        "put-configuration-recorder --region eu-west-1",
    );
    assert_says(
        &report,
        CENTRAL,
        "is stopped",
        "start-configuration-recorder",
    );
    // And why its rules are not there.
    assert_says(
        &report,
        MEMBER,
        "rootguard-all-no-root-keys failed here: ",
        "create-stack-instances",
    );
    assert_eq!(said(&report).len(), 3, "{:#?}", said(&report));
}

#[tokio::test]
async fn an_account_that_joins_later_is_looked_at() {
    let stage = Harness::new(|_| {}).await;
    let mut joins = organization::account(NEW, "new");
    joins.functions.clear();
    stage.sandbox.join(joins);
    stage.sandbox.settled().await;
    let report = stage.doctor(&[]).await.json();
    // What is missing where, and the operation that could not bring it.
    let about = said(&report).into_iter().map(|(account, _)| account);
    let about: BTreeSet<_> = about.collect();
    assert_eq!(
        about,
        BTreeSet::from([MANAGEMENT.to_owned(), NEW.to_owned()])
    );
    assert_says(
        &report,
        NEW,
        "the function rootguard-no-root-keys is missing",
        "rootguard deploy",
    );
}

#[tokio::test]
async fn an_operation_that_failed_half_way_is_told_with_its_reason() {
    let stage = Harness::new(|_| {}).await;
    let denied = Fault::access_denied().action("sqs:CreateQueue");
    stage.sandbox.inject(denied.account(NEW));
    stage.sandbox.join(organization::account(NEW, "new"));
    stage.sandbox.settled().await;
    let run = stage.doctor(&[]).await;
    let report = run.json();
    assert_eq!(run.code, 1);
    let ended = "(CREATE) on the stack set rootguard-all-account ended as FAILED: ";
    assert_says(
        &report,
        MANAGEMENT,
        ended,
        "rootguard deploy, which goes on",
    );
    let failed = "rootguard-all-account failed here: ResourceLogicalId:Queue";
    assert_says(&report, NEW, failed, "create-stack-instances");
}

/// Before the first deployment nothing that is missing is wrong.
#[tokio::test]
async fn before_deploying_only_the_organization_is_looked_at() {
    let stage = Harness::new(|organization| {
        organization.settings.trusted_services.clear();
        for account in &mut organization.settings.accounts {
            account.functions.clear();
            account.event_rules.clear();
            account
                .buckets
                .retain(|bucket| bucket.text("Name") == Some("templates"));
        }
    })
    .await;
    let report = stage.doctor(&[]).await.json();
    assert_eq!(said(&report).len(), 2, "{:#?}", said(&report));
    assert_says(
        &report,
        MANAGEMENT,
        "StackSets has no trusted access",
        "activate-organizations-access",
    );
    assert_says(
        &report,
        MANAGEMENT,
        "CloudTrail has no trusted access",
        "--service-principal cloudtrail.amazonaws.com",
    );
}

#[tokio::test]
async fn accounts_that_are_not_active_are_named_and_never_asked() {
    let stage = Harness::new(|organization| {
        let suspended = organization.account(MEMBER);
        suspended.state = AccountState::Suspended;
        suspended.config_recorder = false;
    })
    .await;
    let run = stage.doctor(&[]).await;
    assert_eq!((run.code, said(&run.json())), (0, vec![]));
    assert_eq!(run.json()["notActive"][MEMBER], "SUSPENDED");
    let table = stage.doctor(&["--format", "table"]).await;
    let note = format!("Not looked at, because not active: {MEMBER} (SUSPENDED).");
    assert!(table.out.contains(&note), "{}", table.out);
}

#[tokio::test]
async fn the_organization_is_held_to_rules_toml() {
    let stage = Harness::new(|organization| {
        organization.settings.trusted_services.clear();
        organization.settings.delegated_administrators.clear();
        organization.settings.iam_delegated_administrator = Some(MEMBER.to_owned());
        organization.settings.root_sessions = false;
    })
    .await;
    let run = stage.doctor(&[]).await;
    let report = run.json();
    assert_says(
        &report,
        MANAGEMENT,
        "StackSets has no trusted access",
        "activate-organizations-access",
    );
    assert_says(
        &report,
        MANAGEMENT,
        "IAM has no trusted access",
        "enable-aws-service-access",
    );
    assert_says(
        &report,
        CENTRAL,
        "no delegated administrator of IAM",
        "register-delegated-administrator",
    );
    assert_says(
        &report,
        MEMBER,
        "can open root sessions",
        "deregister-delegated-administrator",
    );
    assert_says(
        &report,
        MANAGEMENT,
        "RootSessions is not enabled",
        "enable-organizations-root-sessions",
    );
    assert_eq!(run.code, 1);
}

#[tokio::test]
async fn policies_above_an_account_are_read_as_aws_reads_them() {
    let region_deny = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny",
        "NotAction": ["iam:*", "sts:*", "config:*", "cloudtrail:*", "cloudwatch:*", "logs:*", "sns:*", "kms:*", "lambda:*"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}}}]}"#;
    let stage = Harness::new(|organization| {
        organization.settings.control_policies.push(ControlPolicy {
            id: "p-regions01".to_owned(),
            name: "Region deny".to_owned(),
            content: region_deny.to_owned(),
            targets: vec!["ou-root-workload".to_owned()],
        });
    })
    .await;
    let run = stage.doctor(&[]).await;
    let report = run.json();
    assert_eq!(said(&report).len(), 1, "{:#?}", said(&report));
    let denied = "the policy Region deny (p-regions01) on ou-root-workload denies forwarding of \
                  root activity from or to these Regions: us-east-1";
    assert_says(&report, MEMBER, denied, "role/rootguard/*");
}

#[tokio::test]
async fn what_is_deployed_is_looked_at_in_every_account() {
    let stage = Harness::new(|organization| {
        let member = organization.account(MEMBER);
        member
            .functions
            .retain(|one| one.text("FunctionName") != Some("rootguard-no-root-keys"));
        member.event_rules.retain(|rule| rule.region != "us-east-1");
        let central = organization.account(CENTRAL);
        for function in &mut central.functions {
            function
                .members
                .insert("State".to_owned(), "Inactive".into());
        }
    })
    .await;
    let run = stage.doctor(&[]).await;
    let report = run.json();
    assert_says(
        &report,
        MEMBER,
        "the function rootguard-no-root-keys is missing",
        "rootguard deploy",
    );
    assert_says(
        &report,
        MEMBER,
        "every forwarding rule is missing",
        "rootguard deploy",
    );
    assert_says(
        &report,
        CENTRAL,
        "in the state Inactive",
        "aws lambda get-function-configuration",
    );
}

#[tokio::test]
async fn who_works_for_the_whole_organization_is_looked_at() {
    let stage = Harness::new(|organization| {
        for id in [CENTRAL, MANAGEMENT] {
            let of_rule = |name: Option<&str>| {
                bundle::RULES
                    .iter()
                    .any(|rule| Some(&*rule.metadata().deployed_name()) == name)
            };
            let functions = &mut organization.account(id).functions;
            functions.retain(|one| of_rule(one.text("FunctionName")));
        }
    })
    .await;
    let report = stage.doctor(&[]).await.json();
    let fix = "rootguard deploy";
    assert_says(
        &report,
        CENTRAL,
        "the function rootguard-root-activity is missing",
        fix,
    );
    assert_says(
        &report,
        MANAGEMENT,
        "the function rootguard-reconciler is missing",
        fix,
    );
    assert_eq!(report["counts"]["wrong"], 2);
}

#[tokio::test]
async fn a_function_that_fails_is_told_with_the_way_to_its_log() {
    let stage = Harness::new(|_| {}).await;
    let sandbox = &stage.sandbox;
    sandbox.set_lambda_retry_delay(Duration::ZERO);
    sandbox.register_function(function(MEMBER, "trail-logging"), |_: Value, _| async {
        Err(FunctionError::new("Throttled", "CloudTrail is busy"))
    });
    let config = aws_sdk_config::Client::new(&sandbox.sdk_config(MEMBER, HOME));
    let start = config.start_config_rules_evaluation();
    let start = start
        .config_rule_names("rootguard-trail-logging")
        .send()
        .await;
    start.unwrap();
    sandbox.settled().await;
    let run = stage.doctor(&[]).await;
    assert_says(
        &run.json(),
        MEMBER,
        "invocations of the function rootguard-trail-logging failed",
        "aws logs tail /rootguard/trail-logging",
    );
    assert_eq!(run.code, 1);
}

#[tokio::test]
async fn what_may_not_be_read_is_named_and_no_good_news() {
    let denied = [
        "config:DescribeConfigurationRecorders",
        "events:ListRules",
        "lambda:GetFunctionConfiguration",
    ];
    for action in denied {
        let stage = Harness::new(|_| {}).await;
        stage
            .sandbox
            .inject(Fault::access_denied().action(action).account(MEMBER));
        let run = stage.doctor(&[]).await;
        let report = run.json();
        assert_eq!(run.code, 2, "{action}: {:#?}", said(&report));
        assert_says(
            &report,
            MEMBER,
            "could not tell",
            &format!("allow {action}"),
        );
        assert_eq!(report["counts"]["wrong"], 0);
    }
}

#[tokio::test]
async fn an_account_without_the_role_is_no_good_news() {
    let stage = Harness::new(|organization| organization.account(MEMBER).roles.clear()).await;
    let run = stage.doctor(&[]).await;
    assert_eq!(run.code, 2);
    assert_says(
        &run.json(),
        MEMBER,
        "cannot look into the account",
        "--role",
    );
    let excluded = stage.doctor(&["--exclude", MEMBER]).await;
    assert_eq!((excluded.code, said(&excluded.json())), (0, vec![]));
}

#[tokio::test]
async fn whoever_asks_wrongly_is_told_what_to_do() {
    let stage = Harness::new(|_| {}).await;
    let member = stage.doctor_as(MEMBER, &[]).await;
    assert_eq!(member.code, 2);
    assert!(
        member.err.contains("Ask as the management account"),
        "{}",
        member.err
    );
    let wrong = stage.doctor(&["--exclude", "12"]).await;
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("an account id such as"), "{}", wrong.err);
}
