//! A member account whose root user is looked after from another account.

use std::time::{Duration, SystemTime};

use aws_smithy_types::retry::RetryConfig;
use config_rule::{ASSUME_ROLE, Exceptions, Identity, RuleParameters, Timestamp, parse_parameters};
use remediation::{Record, Remediation, RemediationParameters, Run, Unattended, WaitSettings};
use root_credentials::{ASSUME_ROOT, GET_CREDENTIAL_REPORT};
use sandbox::{Account, FunctionProcess, Organization, ProcessSettings, Sandbox, Server};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::roles::{give_evidence_role, give_function_role};

/// The management account.
pub const MANAGEMENT: &str = "999999999999";
/// The account that holds IAM's delegated administration.
pub const CENTRAL: &str = "222222222222";
/// The member account.
pub const MEMBER: &str = "111122223333";
/// Region of the central function.
pub const CENTRAL_REGION: &str = "eu-west-1";
/// The queue of the central function.
pub const REQUEST_QUEUE: &str = "arn:aws:sqs:eu-west-1:222222222222:root-remediation";

/// The role of the central function.
const ROLE: &str = "remediator";

/// An organization in which IAM's administration is delegated, with the roles of the
/// templates. The management account is like the member.
pub fn member_organization<R: Remediation>(member: &Account) -> Sandbox {
    let mut central = Account::new(CENTRAL, "central");
    central.root = sandbox::RootUser::without_credentials();
    let like = |id: &str| Account {
        id: id.to_owned(),
        ..member.clone()
    };
    let mut organization = Organization::with_accounts([like(MANAGEMENT), central, like(MEMBER)]);
    organization.management_account = Some(MANAGEMENT.to_owned());
    organization.iam_delegated_administrator = Some(CENTRAL.to_owned());
    let sandbox = Sandbox::new(organization).unwrap();
    let own = [GET_CREDENTIAL_REPORT, remediation::PUT_PARAMETER];
    let of_member = [R::METADATA.reads, &own].concat();
    for account in [MANAGEMENT, MEMBER] {
        give_evidence_role(&sandbox, account, "rootguard-root-access", &of_member);
    }
    let others: Vec<_> = R::PLAN_ACTIONS
        .iter()
        .chain(R::APPLY_ACTIONS)
        .filter(|action| **action != ASSUME_ROOT)
        .collect();
    let statements = json!([
        {"Effect": "Allow", "Action": others, "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": ASSUME_ROOT,
            "Resource": "arn:aws:iam::*:root",
            "Condition": {"ArnEquals": {"sts:TaskPolicyArn": tasks()}},
        },
    ]);
    assert!(R::PLAN_ACTIONS.contains(&ASSUME_ROLE) && R::APPLY_ACTIONS.contains(&ASSUME_ROOT));
    give_function_role(&sandbox, CENTRAL, ROLE, &statements);
    sandbox
}

/// The session policies that may appear in a call, as AWS names them.
fn tasks() -> [&'static str; 2] {
    [
        "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials",
        "arn:aws:iam::aws:policy/root-task/IAMDeleteRootUserCredentials",
    ]
}

/// So many days ago, as the sandbox counts.
pub fn days_ago(days: u64) -> sandbox::Timestamp {
    let time = Timestamp::from(SystemTime::now() - Duration::from_hours(24 * days));
    sandbox::Timestamp::from_millis(time.epoch_millis())
}

/// Looks after an account from the central one, without waiting. Fails if any session but
/// one of the two tasks is asked for, whether or not it is allowed.
pub async fn remediate_member<R: Remediation>(
    sandbox: &Sandbox,
    account: &str,
    settings: &[(&str, Value)],
) -> Record<R::Change> {
    let role = sandbox.role_credentials(CENTRAL, ROLE).unwrap();
    let sdk = sandbox
        .sdk_config_as(role, CENTRAL_REGION)
        .into_builder()
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)));
    let mut remediation = Map::from_iter([
        ("mode".to_owned(), json!("manual")),
        ("managementAccountId".to_owned(), json!(MANAGEMENT)),
    ]);
    for (name, value) in settings {
        remediation.insert((*name).to_owned(), value.clone());
    }
    let remediation: RemediationParameters<R> = parse_parameters(remediation).unwrap();
    let parameters: RuleParameters<R::Parameters> = parse_parameters(Map::new()).unwrap();
    let zero = Duration::ZERO;
    let run = Run {
        sdk: sdk.build(),
        identity: Identity::of_caller(&format!("arn:aws:iam::{account}:root"), CENTRAL_REGION)
            .unwrap(),
        from_central: true,
        parameters: &parameters.control,
        remediation: &remediation,
        exceptions: &Exceptions::default(),
        wait: WaitSettings {
            verifying: zero,
            between_observations: zero,
            between_steps: zero,
            ..WaitSettings::default()
        },
        deadline: Instant::now() + Duration::from_mins(1),
    };
    let before = sandbox.calls().len();
    let record = run.remediate(&mut Unattended).await.unwrap();
    let calls = sandbox.calls().split_off(before);
    for call in calls.iter().filter(|call| call.operation == "AssumeRoot") {
        assert_eq!([&call.region, &call.account], [CENTRAL_REGION, CENTRAL]);
        let [(key, asked)] = &call.context[..] else {
            panic!("no task policy: {call:?}");
        };
        assert_eq!(key, "sts:TaskPolicyArn");
        assert!(
            tasks().iter().any(|task| asked[..] == [task.to_string()]),
            "{asked:?}"
        );
    }
    record
}

/// The operations that were served since the last time, by name.
pub fn served(sandbox: &Sandbox) -> Vec<String> {
    let calls = sandbox.take_calls().into_iter();
    let served = calls.filter(|call| call.status == Some(200));
    served.map(|call| call.operation).collect()
}

/// Returns how many root sessions were opened since the last time.
pub fn sessions(sandbox: &Sandbox) -> usize {
    let served = served(sandbox).into_iter();
    served.filter(|operation| operation == "AssumeRoot").count()
}

/// The central function as a process, with this configuration.
pub async fn central_function<R: Remediation>(
    program: &str,
    sandbox: &Sandbox,
    remediation: &Value,
) -> (Server, FunctionProcess) {
    let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let name = format!("{}-remediate", R::METADATA.name);
    let arn = format!("arn:aws:lambda:{CENTRAL_REGION}:{CENTRAL}:function:{name}");
    let settings = ProcessSettings::new(program, &arn)
        .credentials(&sandbox.role_credentials(CENTRAL, ROLE).unwrap())
        .endpoint_url(server.endpoint_url())
        .environment(remediation::lambda::REMEDIATION, remediation.to_string())
        .environment(remediation::lambda::REQUEST_QUEUE, REQUEST_QUEUE);
    (server, FunctionProcess::start(settings).await.unwrap())
}

/// Returns what reaches the central function: a record of a queue with an event of the bus.
pub fn request_event(queue: &str, account: &str, detail: &Value) -> Value {
    let envelope = json!({
        "source": "rootguard.remediation",
        "account": account,
        "region": "eu-central-1",
        "detail": detail,
    });
    let body = envelope.to_string();
    json!({"Records": [{"eventSource": "aws:sqs", "eventSourceARN": queue, "body": body}]})
}

/// Returns what a runbook in the account finds under its request's id.
pub fn outcome_left(sandbox: &Sandbox, account: &str, request: &str) -> Option<Value> {
    let name = format!("parameter/rootguard/root-remediation/{request}");
    let arn = format!("arn:aws:ssm:eu-central-1:{account}:{name}");
    let left = sandbox.parameters().remove(&arn)?;
    Some(serde_json::from_str(&left).unwrap())
}
