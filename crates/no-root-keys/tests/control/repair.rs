//! Root keys deleted from a central account, and everything that must stop it.

use std::time::{Duration, SystemTime};

use aws_smithy_types::retry::RetryConfig;
use config_rule::{Identity, Timestamp, parse_parameters};
use control_tests::give_evidence_role;
use no_root_keys::{
    KeyChange, KeyDetails, NoRootKeys, NoRootKeysParameters, RootKeys, SESSION_WRITES,
};
use proptest::prelude::*;
use remediation::{Outcome, Patience, Record, Remediation, RemediationParameters, Run};
use root_credentials::{AccountSummary, RootAccessKey, RootAudit};
use sandbox::{
    AccessKey, Account, Fault, FunctionProcess, LastUsed, Organization, ProcessSettings, RootUser,
    Sandbox, SigningCertificate,
};
use serde_json::{Map, Value, json};

const MANAGEMENT: &str = "999999999999";
const CENTRAL: &str = "222222222222";
const MEMBER: &str = "111122223333";
const REGION: &str = "eu-west-1";
const KEY: &str = "AKIA0000000000000001";
const READS: &[&str] = &["iam:GetAccountSummary", "iam:GetCredentialReport"];

fn days_ago(days: u64) -> sandbox::Timestamp {
    let time = Timestamp::from(SystemTime::now() - Duration::from_hours(24 * days));
    sandbox::Timestamp::from_millis(time.epoch_millis())
}

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

/// An organization in which IAM's administration is delegated.
fn organization(root: &RootUser) -> Sandbox {
    let mut accounts = [MANAGEMENT, CENTRAL, MEMBER].map(|id| Account::new(id, id));
    for account in &mut accounts {
        account.root = RootUser::without_credentials();
        if account.id != CENTRAL {
            account.root = root.clone();
        }
    }
    let mut organization = Organization::of(accounts);
    organization.management_account = Some(MANAGEMENT.to_owned());
    organization.iam_delegated_administrator = Some(CENTRAL.to_owned());
    let sandbox = Sandbox::new(organization).unwrap();
    for account in [MANAGEMENT, MEMBER] {
        give_evidence_role(&sandbox, account, "evidence", READS);
    }
    // As it should be deployed: what the control declares, and no more.
    let actions: Vec<_> = NoRootKeys::EXAMINES
        .iter()
        .chain(NoRootKeys::WRITES)
        .copied()
        .collect();
    give_evidence_role(&sandbox, CENTRAL, "remediator", &actions);
    sandbox
}

async fn remediate(
    sandbox: &Sandbox,
    account: &str,
    settings: &[(&str, Value)],
) -> Record<KeyChange> {
    let role = sandbox.role_credentials(CENTRAL, "remediator").unwrap();
    let sdk = sandbox.sdk_config_as(role, REGION).into_builder();
    let quick = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
    let mut remediation = Map::from_iter([
        ("mode".to_owned(), json!("manual")),
        ("managementAccountId".to_owned(), json!(MANAGEMENT)),
    ]);
    for (name, value) in settings {
        remediation.insert((*name).to_owned(), value.clone());
    }
    let remediation: RemediationParameters<NoRootKeys> = parse_parameters(remediation).unwrap();
    let parameters: NoRootKeysParameters = parse_parameters(Map::new()).unwrap();
    let arn = format!("arn:aws:iam::{account}:root");
    let zero = Duration::ZERO;
    let run = Run {
        sdk: sdk.retry_config(quick).build(),
        identity: Identity::of_caller(&arn, REGION).unwrap(),
        parameters: &parameters,
        remediation: &remediation,
        patience: Patience {
            verifying: zero,
            between_looks: zero,
            between_steps: zero,
            ..Patience::default()
        },
        deadline: tokio::time::Instant::now() + Duration::from_mins(1),
    };
    run.remediate().await.unwrap()
}

/// The operations that were served, by name.
fn served(sandbox: &Sandbox) -> Vec<String> {
    let calls = sandbox.take_calls().into_iter();
    let served = calls.filter(|call| call.status == Some(200));
    served.map(|call| call.operation).collect()
}

fn keys(sandbox: &Sandbox, account: &str) -> usize {
    sandbox.account(account).unwrap().root.access_keys.len()
}

fn codes(record: &Record<KeyChange>) -> Vec<&str> {
    record
        .manual
        .iter()
        .map(|item| item.code.as_ref())
        .collect()
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
        let delete = |fault: Fault| fault.action(SESSION_WRITES[0]).after(after);
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

#[tokio::test]
async fn root_is_assumed_for_two_tasks_and_by_the_regions_own_endpoint() {
    let sandbox = organization(&with_key(400, None));
    remediate(&sandbox, MEMBER, &[]).await;
    let calls = sandbox.calls();
    let opened: Vec<_> = calls
        .iter()
        .filter(|call| call.operation == "AssumeRoot")
        .collect();
    assert_eq!(opened.len(), 2);
    for call in opened {
        assert_eq!(
            (call.region.as_str(), call.account.as_str()),
            (REGION, CENTRAL)
        );
        let root = format!("arn:aws:iam::{MEMBER}:root");
        assert_eq!(call.permissions[0].resource, root);
    }
    let policies = [
        root_credentials::Task::Audit,
        root_credentials::Task::Delete,
    ];
    for task in policies {
        let arn = task.policy_arn();
        assert!(
            arn.ends_with("RootUserCredentials") && !arn.contains("Create"),
            "{arn}"
        );
    }
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
            summary: config_rule::Fact::Known(summary),
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
            has_password: false,
            mfa_devices: vec![],
        };
        let details = KeyDetails {
            account: MEMBER.to_owned(),
            partition: "aws".to_owned(),
            audit: Some(config_rule::Fact::Known(audit)),
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
/// envelope, or not at all.
#[tokio::test]
async fn the_central_function_believes_its_queue_and_the_envelope() {
    const QUEUE: &str = "arn:aws:sqs:eu-west-1:222222222222:root-remediation";
    let sandbox = organization(&with_key(400, None));
    let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let arn = format!("arn:aws:lambda:{REGION}:{CENTRAL}:function:no-root-keys-remediate");
    let remediation = json!({"mode": "manual", "managementAccountId": MANAGEMENT});
    let settings = ProcessSettings::new(env!("CARGO_BIN_EXE_no-root-keys-remediate"), &arn)
        .credentials(&sandbox.role_credentials(CENTRAL, "remediator").unwrap())
        .endpoint_url(server.endpoint_url())
        .environment("ROOTGUARD_REMEDIATION", remediation.to_string())
        .environment("ROOTGUARD_REQUEST_QUEUE", QUEUE);
    let process = FunctionProcess::start(settings).await.unwrap();
    let event = |queue: &str, account: &str, detail: Value| {
        let envelope = json!({
            "source": "rootguard.remediation",
            "account": account,
            "detail": detail,
        });
        let body = envelope.to_string();
        json!({"Records": [{"eventSource": "aws:sqs", "eventSourceARN": queue, "body": body}]})
    };
    let id = json!({"requestId": "r-1"});
    let other = "arn:aws:sqs:eu-west-1:111122223333:root-remediation";
    for event in [
        event(other, MEMBER, id.clone()),
        json!({"resourceId": MEMBER}),
    ] {
        let refused = process.send(event).await.unwrap_err();
        assert_eq!(refused.error_type, "InvalidRequest", "{refused}");
    }
    let names_another = json!({"requestId": "r-1", "account": MEMBER});
    let refused = process
        .send(event(QUEUE, CENTRAL, names_another))
        .await
        .unwrap();
    assert_eq!(refused[0]["outcome"], "REFUSED");
    let management = process
        .send(event(QUEUE, MANAGEMENT, id.clone()))
        .await
        .unwrap();
    assert_eq!(management[0]["record"]["outcome"], "REFUSED");
    assert!(!served(&sandbox).contains(&"AssumeRoot".to_owned()));
    assert_eq!(keys(&sandbox, MEMBER), 1);
    let done = process.send(event(QUEUE, MEMBER, id)).await.unwrap();
    assert_eq!(done[0]["requestId"], "r-1");
    assert_eq!(done[0]["record"]["outcome"], "DONE", "{done}");
    assert_eq!((keys(&sandbox, MEMBER), keys(&sandbox, MANAGEMENT)), (0, 1));
}
