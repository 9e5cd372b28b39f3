//! Root keys deleted from a central account, and everything that must stop it.

use std::collections::BTreeMap;

use config_rule::{Compliance, Fact, Timestamp, parse_parameters};
use control_testkit::{
    MANAGEMENT, MEMBER, REQUEST_QUEUE, RemediationResult, central_function, days_ago, let_fail,
    member_organization, outcome_left, remediate_member, request_event, served, sessions,
};
use no_root_keys::{NoRootKeys, RootKeys};
use proptest::prelude::*;
use remediation::{OrganizationMembership, Outcome, Record, Remediation};
use root_credentials::{
    AccountSummary, REMOVAL_WRITES, Removal, RemovalDetails, RootAccessKey, RootAudit, Task,
};
use sandbox::{AccessKey, Account, Fault, LastUsed, RootUser, Sandbox, SigningCertificate};
use serde_json::{Map, Value, json};

use crate::fixtures;

const KEY: &str = "AKIA0000000000000001";

/// A member's root user with a key of this age, used so many days ago.
fn with_key(created: u64, used: Option<u64>) -> RootUser {
    RootUser {
        access_keys: vec![AccessKey {
            created: days_ago(created),
            last_used: used.map(|days| LastUsed {
                date: days_ago(days),
                region: "us-east-1".to_owned(),
                service: "s3".to_owned(),
            }),
            ..AccessKey::new(KEY)
        }],
        ..RootUser::without_credentials()
    }
}

fn organization(root: &RootUser) -> Sandbox {
    let mut member = Account::new(MEMBER, "member");
    member.root = root.clone();
    member_organization::<NoRootKeys>(&member)
}

async fn remediate(
    sandbox: &Sandbox,
    account: &str,
    settings: &[(&str, Value)],
) -> Record<Removal> {
    remediate_member::<NoRootKeys>(sandbox, account, settings).await
}

fn keys(sandbox: &Sandbox, account: &str) -> usize {
    sandbox.account(account).unwrap().root.access_keys.len()
}

fn codes(record: &Record<Removal>) -> Vec<&str> {
    record
        .manual
        .iter()
        .map(|item| item.code.as_ref())
        .collect()
}

/// Every row that a member account can be in: repaired, and repaired again.
#[tokio::test]
async fn every_row_is_remediated_or_left_to_a_human_by_name() {
    let mut repaired = BTreeMap::new();
    // What a rule allows by its parameters is compliant, or is not read.
    for row in fixtures::rows()
        .iter()
        .filter(|row| row.parameters.is_empty())
    {
        let (name, facts) = (&row.name, &row.facts);
        let account = fixtures::account_to_remediate(MEMBER, facts);
        let sandbox = member_organization::<NoRootKeys>(&account);
        let_fail(&sandbox, MEMBER, "iam:GetAccountSummary", &facts.summary);
        if let Some(report) = &facts.report {
            let_fail(&sandbox, MEMBER, "iam:GetCredentialReport", report);
        }
        let record = remediate(&sandbox, MEMBER, &[]).await;
        assert_eq!(record.before.compliance, row.compliance, "{name}");
        let kept = sandbox.account(MEMBER).unwrap().root;
        if record.before.compliance != Compliance::NonCompliant {
            assert!(record.steps.is_empty(), "{name}");
            assert_eq!(sessions(&sandbox), 0, "{name}");
        }
        // Certificates are a human's business, unless an organization says otherwise.
        let certificates = &account.root.signing_certificates;
        assert_eq!(&kept.signing_certificates, certificates, "{name}");
        if record.steps.is_empty() {
            assert_eq!(kept, account.root, "{name}");
        } else {
            assert_eq!(kept.access_keys, [], "{name}");
        }
        served(&sandbox);
        let again = remediate(&sandbox, MEMBER, &[]).await;
        assert_eq!(again.outcome, record.outcome, "{name}");
        let written = served(&sandbox)
            .into_iter()
            .filter(|call| call.starts_with("Delete"));
        assert_eq!(written.collect::<Vec<_>>(), Vec::<String>::new(), "{name}");
        repaired.insert(name.clone(), RemediationResult::new(&record));
    }
    let expected: BTreeMap<String, RemediationResult> =
        serde_json::from_str(include_str!("../remediations.json")).unwrap();
    assert_eq!(repaired, expected, "{}", json!(repaired));
}

#[tokio::test]
async fn a_key_that_has_long_been_quiet_is_deleted_and_nothing_is_done_twice() {
    for used in [None, Some(91), Some(300)] {
        let sandbox = organization(&with_key(400, used));
        let record = remediate(&sandbox, MEMBER, &[]).await;
        assert_eq!(record.outcome, Outcome::Done, "{}", record.why);
        assert_eq!(keys(&sandbox, MEMBER), 0);
        assert_eq!(keys(&sandbox, MANAGEMENT), 1);
        assert!(record.warnings[0].contains("root-usage alarm"));
        assert!(
            record
                .steps
                .iter()
                .all(|recorded| !recorded.step.reversible)
        );
        let calls = served(&sandbox);
        let opened = calls.iter().filter(|operation| *operation == "AssumeRoot");
        assert_eq!(
            opened.count(),
            2,
            "one session to look, one to delete: {calls:?}"
        );
        let again = remediate(&sandbox, MEMBER, &[]).await;
        assert_eq!(again.outcome, Outcome::Done);
        assert!(!served(&sandbox).contains(&"AssumeRoot".to_owned()));
    }
}

#[tokio::test]
async fn a_key_that_was_used_lately_is_refused_without_a_session() {
    let mut root = with_key(400, Some(1));
    root.credential_report = sandbox::CredentialReport::Fresh;
    let sandbox = organization(&root);
    let record = remediate(&sandbox, MEMBER, &[]).await;
    assert_eq!(
        (record.outcome, codes(&record)),
        (Outcome::Refused, vec!["KEY_IN_USE"])
    );
    assert!(!served(&sandbox).contains(&"AssumeRoot".to_owned()));
    assert_eq!(keys(&sandbox, MEMBER), 1);
}

#[tokio::test]
async fn a_key_that_is_young_or_in_use_is_not_deleted_whatever_a_report_knows() {
    // No report is there, so a session looks.
    for (created, used) in [(1, None), (400, Some(1)), (89, Some(89)), (1, Some(1))] {
        let sandbox = organization(&with_key(created, used));
        let record = remediate(&sandbox, MEMBER, &[]).await;
        let left = (Outcome::WaitingForHuman, vec!["KEY_IN_USE"]);
        assert_eq!((record.outcome, codes(&record)), left, "{created} {used:?}");
        assert_eq!(keys(&sandbox, MEMBER), 1);
        assert!(!served(&sandbox).contains(&"DeleteAccessKey".to_owned()));
    }
}

#[tokio::test]
async fn guards_stand_before_every_session() {
    for (account, settings, code) in [
        (MANAGEMENT, vec![], "MANAGEMENT_ACCOUNT"),
        (
            MEMBER,
            vec![("managementAccountId", json!(""))],
            "NAME_MANAGEMENT_ACCOUNT",
        ),
        (
            MEMBER,
            vec![("excludedAccounts", json!(MEMBER))],
            "ACCOUNT_EXCLUDED",
        ),
    ] {
        let sandbox = organization(&with_key(400, None));
        let record = remediate(&sandbox, account, &settings).await;
        assert_eq!(
            (record.outcome, codes(&record)),
            (Outcome::Refused, vec![code])
        );
        assert!(
            !served(&sandbox).contains(&"AssumeRoot".to_owned()),
            "{code}"
        );
        assert_eq!(keys(&sandbox, account), 1);
    }
    let sandbox = organization(&with_key(400, None));
    for settings in [
        [("mode", json!("off"))],
        [("dryRun", json!(true))],
        [("mode", json!("automatic"))],
    ] {
        remediate(&sandbox, MEMBER, &settings).await;
        assert!(
            !served(&sandbox)
                .iter()
                .any(|operation| operation.starts_with("Delete"))
        );
        assert_eq!(keys(&sandbox, MEMBER), 1, "{settings:?}");
    }
    let allowed = [
        ("mode", json!("automatic")),
        ("allowIrreversible", json!(true)),
    ];
    let sandbox = organization(&with_key(400, None));
    let record = remediate(&sandbox, MEMBER, &allowed).await;
    assert_eq!(record.outcome, Outcome::Done);
}

#[tokio::test]
async fn what_could_not_be_read_opens_no_session() {
    for action in ["sts:AssumeRole", "iam:GetAccountSummary"] {
        let sandbox = organization(&with_key(400, None));
        sandbox.inject(Fault::access_denied().action(action));
        let record = remediate(&sandbox, MEMBER, &[]).await;
        assert_eq!(codes(&record), ["READ_REFUSED"], "{action}");
        assert!(!served(&sandbox).contains(&"AssumeRoot".to_owned()));
    }
    for action in [
        "sts:AssumeRoot",
        "iam:ListAccessKeys",
        "iam:GetAccessKeyLastUsed",
    ] {
        let sandbox = organization(&with_key(400, None));
        sandbox.inject(Fault::access_denied().action(action));
        let record = remediate(&sandbox, MEMBER, &[]).await;
        assert_eq!(codes(&record), ["READ_REFUSED"], "{action}");
        assert_eq!(keys(&sandbox, MEMBER), 1);
    }
}

#[tokio::test]
async fn certificates_are_deleted_only_where_that_is_said() {
    let certificate = SigningCertificate::new("CERTIFICATE0000000000000000");
    let root = RootUser {
        signing_certificates: vec![certificate],
        ..RootUser::without_credentials()
    };
    let sandbox = organization(&root);
    let record = remediate(&sandbox, MEMBER, &[]).await;
    assert_eq!(codes(&record), ["DELETE_CERTIFICATE"]);
    let allowed = [("deleteSigningCertificates", json!(true))];
    let record = remediate(&sandbox, MEMBER, &allowed).await;
    assert_eq!(record.outcome, Outcome::Done, "{}", record.why);
}

#[tokio::test]
async fn a_rerun_completes_wherever_the_connection_ended() {
    let mut root = with_key(400, None);
    root.access_keys.push(AccessKey {
        created: days_ago(500),
        ..AccessKey::new("AKIA0000000000000002")
    });
    for (lost, after) in [(false, 0), (true, 0), (false, 1), (true, 1)] {
        let sandbox = organization(&root);
        let delete = |fault: Fault| fault.action(REMOVAL_WRITES[1]).after(after);
        if lost {
            sandbox.inject(delete(Fault::lost_answer()).times(1));
        }
        sandbox.inject(delete(Fault::dropped_connection()));
        let record = remediate(&sandbox, MEMBER, &[]).await;
        assert_eq!(record.outcome, Outcome::Failed);
        sandbox.clear_faults();
        let rerun = remediate(&sandbox, MEMBER, &[]).await;
        assert_eq!(
            rerun.outcome,
            Outcome::Done,
            "{lost} {after}: {}",
            rerun.why
        );
        assert_eq!(keys(&sandbox, MEMBER), 0);
    }
}

/// The role of the templates allows the two tasks only; that no other is even asked for,
/// `remediate_member` sees in every test.
#[tokio::test]
async fn no_other_task_is_allowed_to_the_function() {
    let sandbox = organization(&with_key(400, None));
    let role = sandbox
        .role_credentials(control_testkit::CENTRAL, "remediator")
        .unwrap();
    let sdk = sandbox.sdk_config_as(role, control_testkit::CENTRAL_REGION);
    let mut opened = Vec::new();
    for task in [
        "IAMAuditRootUserCredentials",
        "IAMCreateRootUserPassword",
        "IAMDeleteRootUserCredentials",
        "S3UnlockBucketPolicy",
        "SQSUnlockQueuePolicy",
    ] {
        let arn = format!("arn:aws:iam::aws:policy/root-task/{task}");
        let policy = aws_sdk_sts::types::PolicyDescriptorType::builder().arn(&arn);
        let request = aws_sdk_sts::Client::new(&sdk).assume_root();
        let request = request.target_principal(MEMBER);
        let answer = request.task_policy_arn(policy.build()).send().await;
        if answer.is_ok() {
            opened.push(arn);
        } else {
            let refused = sandbox.calls().pop().unwrap();
            assert_eq!(refused.error.as_deref(), Some("AccessDenied"), "{task}");
        }
    }
    assert_eq!(opened, [Task::Audit, Task::Delete].map(Task::policy_arn));
}

/// What Organizations says stands before every session, whatever is configured.
#[tokio::test]
async fn an_account_that_is_no_member_is_refused() {
    // Somebody named another account as the management account.
    let elsewhere = [("managementAccountId", json!(control_testkit::CENTRAL))];
    let sandbox = organization(&with_key(400, None));
    let record = remediate(&sandbox, MANAGEMENT, &elsewhere).await;
    let refused = (Outcome::Refused, vec!["MANAGEMENT_ACCOUNT"]);
    assert_eq!((record.outcome, codes(&record)), refused);
    let left = |account: &mut Account| account.in_organization = false;
    sandbox.change_account(MEMBER, left).unwrap();
    let record = remediate(&sandbox, MEMBER, &[]).await;
    let refused = (Outcome::Refused, vec!["NOT_IN_ORGANIZATION"]);
    assert_eq!((record.outcome, codes(&record)), refused);
    let suspended = |account: &mut Account| {
        account.in_organization = true;
        account.state = sandbox::AccountState::Suspended;
    };
    sandbox.change_account(MEMBER, suspended).unwrap();
    // Nobody can be anybody in it, so it is not even seen.
    let record = remediate(&sandbox, MEMBER, &[]).await;
    assert_eq!(codes(&record), ["READ_REFUSED"]);
    let active = |account: &mut Account| account.state = sandbox::AccountState::Active;
    sandbox.change_account(MEMBER, active).unwrap();
    sandbox.inject(Fault::access_denied().action("organizations:DescribeAccount"));
    let record = remediate(&sandbox, MEMBER, &[]).await;
    assert_eq!(codes(&record), ["READ_REFUSED"]);
    assert_eq!(sessions(&sandbox), 0);
    assert_eq!(keys(&sandbox, MEMBER), 1);
}

#[test]
fn only_an_active_account_of_the_organization_passes() {
    let standing = |state: Option<&str>, management: &str| OrganizationMembership {
        state: state.map(str::to_owned),
        management_account: Some(management.to_owned()),
    };
    for (standing, code) in [
        (Some(standing(Some("ACTIVE"), MANAGEMENT)), None),
        (
            Some(standing(Some("SUSPENDED"), MANAGEMENT)),
            Some("ACCOUNT_NOT_ACTIVE"),
        ),
        (
            Some(standing(Some("PENDING_CLOSURE"), MANAGEMENT)),
            Some("ACCOUNT_NOT_ACTIVE"),
        ),
        (Some(standing(None, MANAGEMENT)), Some("ACCOUNT_NOT_ACTIVE")),
        (
            Some(standing(Some("ACTIVE"), MEMBER)),
            Some("MANAGEMENT_ACCOUNT"),
        ),
        (None, Some("NOT_IN_ORGANIZATION")),
    ] {
        let item = OrganizationMembership::guard(standing.as_ref(), MEMBER);
        let found = item.as_ref().map(|item| item.code.as_ref());
        assert_eq!(found, code, "{standing:?}");
    }
}

/// A young key nobody may delete is looked at once a day; a person may look whenever.
#[tokio::test]
async fn automatic_mode_opens_one_session_in_an_account_a_day() {
    let automatic = [
        ("mode", json!("automatic")),
        ("allowIrreversible", json!(true)),
    ];
    let sandbox = organization(&with_key(1, None));
    let record = remediate(&sandbox, MEMBER, &automatic).await;
    assert_eq!(codes(&record), ["KEY_IN_USE"]);
    assert_eq!(sessions(&sandbox), 1);
    for _ in 0..2 {
        let record = remediate(&sandbox, MEMBER, &automatic).await;
        let refused = (Outcome::Refused, vec!["SESSION_OPENED_TODAY"]);
        assert_eq!((record.outcome, codes(&record)), refused);
        assert_eq!(sessions(&sandbox), 0);
    }
    let record = remediate(&sandbox, MEMBER, &[]).await;
    assert_eq!(codes(&record), ["KEY_IN_USE"]);
    assert_eq!(sessions(&sandbox), 1);
    // What cannot be written down might be done again.
    let sandbox = organization(&with_key(400, None));
    sandbox.inject(Fault::access_denied().action("ssm:PutParameter"));
    let record = remediate(&sandbox, MEMBER, &automatic).await;
    assert_eq!(codes(&record), ["READ_REFUSED"]);
    assert_eq!(sessions(&sandbox), 0);
}

proptest! {
    /// Both dates count, whatever else is known.
    #[test]
    fn a_key_is_deleted_only_if_it_is_old_and_has_been_quiet(
        created in 0_i64..200,
        used in proptest::option::of(0_i64..200),
        known: bool,
        quiet in 1_i64..=120,
    ) {
        const DAY: i64 = 86_400_000;
        let now = Timestamp::from_epoch_millis(1_000 * DAY);
        let ago = |days: i64| Timestamp::from_epoch_millis((1_000 - days) * DAY);
        let summary = AccountSummary { access_keys_present: Some(1), ..AccountSummary::default() };
        let facts = RootKeys {
            observed_at: now,
            summary: Fact::Known(summary),
            report: None,
        };
        let key = RootAccessKey {
            id: KEY.to_owned(),
            active: true,
            created: known.then(|| ago(created)),
            last_used: used.map(ago),
        };
        let audit = RootAudit {
            access_keys: vec![key],
            signing_certificates: vec![],
            password: None,
            mfa_devices: vec![],
        };
        let standing = OrganizationMembership {
            state: Some("ACTIVE".to_owned()),
            management_account: Some(MANAGEMENT.to_owned()),
        };
        let details = RemovalDetails {
            account: MEMBER.to_owned(),
            partition: "aws".to_owned(),
            standing: Some(Fact::Known(Some(standing))),
            is_first_today: None,
            audit: Some(Fact::Known(audit)),
        };
        let settings = Map::from_iter([
            ("quietDays".to_owned(), json!(quiet)),
            ("managementAccountId".to_owned(), json!(MANAGEMENT)),
        ]);
        let settings = parse_parameters(settings).unwrap();
        let parameters = parse_parameters(Map::new()).unwrap();
        let plan = NoRootKeys::plan(&facts, &details, &parameters, &settings);
        let deletes = known && created > quiet && used.is_none_or(|used| used > quiet);
        prop_assert_eq!(plan.steps.len(), usize::from(deletes));
        prop_assert_eq!(plan.manual.len(), usize::from(!deletes));
    }
}

/// The function as a process: requests come by its queue, about the account on the
/// envelope, or not at all; what became of one is left where its runbook waits.
#[tokio::test]
async fn the_central_function_believes_its_queue_and_the_envelope() {
    let sandbox = organization(&with_key(400, None));
    let program = env!("CARGO_BIN_EXE_no-root-keys-remediate");
    let remediation = json!({"mode": "manual", "managementAccountId": MANAGEMENT});
    let (_server, process) = central_function::<NoRootKeys>(program, &sandbox, &remediation).await;
    let id = json!({"requestId": "r-1"});
    let other = "arn:aws:sqs:eu-west-1:111122223333:root-remediation";
    for event in [
        request_event(other, MEMBER, &id),
        json!({"resourceId": MEMBER}),
    ] {
        let refused = process.send(event).await.unwrap_err();
        assert_eq!(refused.error_type, "InvalidRequest", "{refused}");
    }
    let names_another = json!({"requestId": "r-1", "account": MEMBER});
    let event = request_event(REQUEST_QUEUE, control_testkit::CENTRAL, &names_another);
    let refused = process.send(event).await.unwrap();
    assert_eq!(refused[0]["outcome"], "REFUSED");
    assert_eq!(sandbox.parameters().len(), 0);
    let event = request_event(REQUEST_QUEUE, MANAGEMENT, &id);
    let management = process.send(event).await.unwrap();
    assert_eq!(management[0]["record"]["outcome"], "REFUSED");
    let left = outcome_left(&sandbox, MANAGEMENT, "r-1").unwrap();
    assert_eq!(left["outcome"], "REFUSED", "{left}");
    assert!(left["why"].as_str().unwrap().contains("management account"));
    assert_eq!(outcome_left(&sandbox, MEMBER, "r-1"), None);
    assert!(!served(&sandbox).contains(&"AssumeRoot".to_owned()));
    assert_eq!(keys(&sandbox, MEMBER), 1);
    let event = request_event(REQUEST_QUEUE, MEMBER, &id);
    let done = process.send(event).await.unwrap();
    assert_eq!(done[0]["requestId"], "r-1");
    assert_eq!(done[0]["record"]["outcome"], "DONE", "{done}");
    assert_eq!((keys(&sandbox, MEMBER), keys(&sandbox, MANAGEMENT)), (0, 1));
    let left = outcome_left(&sandbox, MEMBER, "r-1").unwrap();
    assert_eq!(left["outcome"], "DONE", "{left}");
}

/// Off is off, whoever asks: nothing is looked at. And a runbook whose request failed
/// does not wait in vain.
#[tokio::test]
async fn a_runbook_is_told_that_nothing_is_done() {
    let sandbox = organization(&with_key(400, None));
    let program = env!("CARGO_BIN_EXE_no-root-keys-remediate");
    let event = request_event(REQUEST_QUEUE, MEMBER, &json!({"requestId": "r-2"}));
    let off = json!({"managementAccountId": MANAGEMENT});
    let (_server, process) = central_function::<NoRootKeys>(program, &sandbox, &off).await;
    process.send(event.clone()).await.unwrap();
    let left = outcome_left(&sandbox, MEMBER, "r-2").unwrap();
    assert_eq!(left["outcome"], "REFUSED", "{left}");
    assert!(!served(&sandbox).contains(&"GetAccountSummary".to_owned()));
    let manual = json!({"mode": "manual", "managementAccountId": MANAGEMENT});
    let (_server, process) = central_function::<NoRootKeys>(program, &sandbox, &manual).await;
    sandbox.inject(Fault::error(400, "Unheard").action("iam:GetAccountSummary"));
    let failed = process.send(event).await.unwrap_err();
    assert_eq!(failed.error_type, "CallFailed", "{failed}");
    let left = outcome_left(&sandbox, MEMBER, "r-2").unwrap();
    assert_eq!(left["outcome"], "FAILED", "{left}");
}
