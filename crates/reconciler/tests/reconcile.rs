//! The reconciler in a local organization, where an account joins without a recorder.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{AccountFilterType, DeploymentTargets};
use aws_types::sdk_config::TimeSource;
use reconciler::{ACTIONS, Reconciled, Retried, Settings, reconcile};
use sandbox::Document;
use sandbox::cloudformation::{StackPlace, Template};
use sandbox::{
    Account, AccountState, Fault, FunctionProcess, Organization, ProcessSettings, Resource, Role,
    Sandbox,
};
use serde_json::{Value, json};

const MANAGEMENT: &str = "999988887777";
const OLD: &str = "111122223333";
const NEW: &str = "444455556666";
const HOME: &str = "eu-west-1";
const SET: &str = "rootguard-all-rules";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:999988887777:function:reconciler";

/// A rule, which needs a recorder.
const RULES: &str = "
Resources:
  Rule:
    Type: AWS::Config::ConfigRule
    Properties:
      ConfigRuleName: no-root-keys
      Source:
        Owner: CUSTOM_LAMBDA
        SourceIdentifier: !Sub arn:aws:lambda:eu-west-1:${AWS::AccountId}:function:no-root-keys
        SourceDetails:
          - EventSource: aws.config
            MessageType: ScheduledNotification
            MaximumExecutionFrequency: One_Hour
";

const SETS: &str = "
Resources:
  Rules:
    Type: AWS::CloudFormation::StackSet
    Properties:
      StackSetName: rootguard-all-rules
      TemplateURL: https://templates.s3.eu-west-1.amazonaws.com/rules
      PermissionModel: SERVICE_MANAGED
      AutoDeployment:
        Enabled: true
        RetainStacksOnAccountRemoval: false
      ManagedExecution:
        Active: true
      OperationPreferences:
        FailureTolerancePercentage: 100
      StackInstancesGroup:
        - Regions: [eu-west-1]
          DeploymentTargets:
            OrganizationalUnitIds: [r-root]
            AccountFilterType: NONE
";

fn account(id: &str, has_recorder: bool) -> Account {
    let mut account = Account::new(id, "account");
    account.config_recorder = has_recorder;
    account
}

/// An organization with the rules in one account, and then one more that has no recorder.
async fn joined() -> Sandbox {
    let mut management = account(MANAGEMENT, true);
    let bucket = Resource::new(HOME, json!({"Name": "templates"}));
    management.buckets.push(bucket);
    let organization = Organization {
        trusted_services: vec!["member.org.stacksets.cloudformation.amazonaws.com".to_owned()],
        ..Organization::with_accounts([management, account(OLD, true)])
    };
    let sandbox = Sandbox::new(organization).unwrap();
    for id in [OLD, NEW] {
        let arn = format!("arn:aws:lambda:{HOME}:{id}:function:no-root-keys");
        sandbox.register_function(arn, |_: Value, _| async { Ok(json!(null)) });
    }
    let s3 = aws_sdk_s3::Client::new(&sandbox.sdk_config(MANAGEMENT, HOME));
    let put = s3.put_object().bucket("templates").key("rules");
    put.body(RULES.as_bytes().to_vec().into())
        .send()
        .await
        .unwrap();
    let template = Template::parse(SETS).unwrap();
    let place = StackPlace::new(MANAGEMENT, HOME);
    let stack = template.instantiate(&place, &BTreeMap::new()).unwrap();
    sandbox.deploy(&stack).await.unwrap();
    sandbox.settled().await;
    sandbox.join(account(NEW, false));
    sandbox.settled().await;
    assert_eq!(statuses(&sandbox).await, of("SUCCEEDED", "FAILED"));
    sandbox
}

fn of(old: &str, new: &str) -> BTreeMap<String, String> {
    let pair = |id: &str, status: &str| (id.to_owned(), status.to_owned());
    BTreeMap::from([pair(OLD, old), pair(NEW, new)])
}

/// The detailed status of the instance in each account.
async fn statuses(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let client = Client::new(&sandbox.sdk_config(MANAGEMENT, HOME));
    let listed = client.list_stack_instances().stack_set_name(SET);
    let listed = listed.send().await.unwrap().summaries.unwrap().into_iter();
    let pairs = listed.map(|one| {
        let detailed = one.stack_instance_status.unwrap().detailed_status.unwrap();
        (one.account.unwrap(), detailed.as_str().to_owned())
    });
    pairs.collect()
}

/// A clock that goes as far ahead as that of the sandbox.
#[derive(Debug)]
struct Ahead(Duration);

impl TimeSource for Ahead {
    fn now(&self) -> SystemTime {
        SystemTime::now() + self.0
    }
}

/// Returns what is done so many days later.
async fn run(sandbox: &Sandbox, days: u32) -> Retried {
    run_with(sandbox, days, 10).await
}

async fn run_with(sandbox: &Sandbox, days: u32, tolerance_percentage: u8) -> Retried {
    let settings = Settings {
        tolerance_percentage,
        ..Settings::default()
    };
    let sdk = sandbox.sdk_config(MANAGEMENT, HOME).to_builder();
    let sdk = sdk.time_source(Ahead(DAY * days)).build();
    let Reconciled(mut sets) = reconcile(FUNCTION, &settings, &sdk).await.unwrap();
    sandbox.settled().await;
    sets.remove(SET).unwrap()
}

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn an_account_that_joined_without_a_recorder_gets_its_rules_a_day_later() {
    let sandbox = joined().await;
    let _ = sandbox.change_account(NEW, |account| account.config_recorder = true);
    // Not at once: whether the recorder is there could only be told by trying all the time.
    let soon = run(&sandbox, 0).await;
    assert_eq!((soon.left.resting, soon.operations.len()), (1, 0));
    sandbox.advance_clock(DAY);
    sandbox.take_calls();
    let retried = run(&sandbox, 1).await;
    assert_eq!(retried.accounts[HOME], [NEW]);
    assert_eq!(retried.operations.len(), 1);
    assert_eq!(statuses(&sandbox).await, of("SUCCEEDED", "SUCCEEDED"));
    // Nothing is left to do.
    assert_eq!(run(&sandbox, 1).await, Retried::default());
}

/// Deletes the instance in an account, as if StackSets had never come to it.
async fn forget(sandbox: &Sandbox, account: &str) {
    let targets = DeploymentTargets::builder()
        .organizational_unit_ids("r-root")
        .accounts(account)
        .account_filter_type(AccountFilterType::Intersection);
    let client = Client::new(&sandbox.sdk_config(MANAGEMENT, HOME));
    let request = client.delete_stack_instances().stack_set_name(SET);
    let request = request.deployment_targets(targets.build()).regions(HOME);
    request.retain_stacks(false).send().await.unwrap();
    sandbox.settled().await;
}

/// StackSets makes no instance for an account while those fail on which it depends, and does
/// not come back.
#[tokio::test]
async fn an_instance_that_is_missing_is_made() {
    let sandbox = joined().await;
    let _ = sandbox.change_account(NEW, |account| account.config_recorder = true);
    sandbox.advance_clock(DAY);
    run(&sandbox, 1).await;
    forget(&sandbox, NEW).await;
    assert_eq!(statuses(&sandbox).await.len(), 1);
    let made = run(&sandbox, 1).await;
    assert_eq!(made.accounts[HOME], [NEW]);
    assert_eq!(statuses(&sandbox).await, of("SUCCEEDED", "SUCCEEDED"));
    // Not where nothing is to be deployed.
    forget(&sandbox, NEW).await;
    let settings = Settings {
        excluded_accounts: vec![NEW.to_owned()],
        ..Settings::default()
    };
    let sdk = sandbox.sdk_config(MANAGEMENT, HOME);
    let Reconciled(sets) = reconcile(FUNCTION, &settings, &sdk).await.unwrap();
    assert_eq!(sets[SET], Retried::default());
}

/// Nothing is asked that the role does not allow, and everything that it does is needed.
#[tokio::test]
async fn the_calls_are_those_that_are_declared() {
    let sandbox = joined().await;
    forget(&sandbox, OLD).await;
    sandbox.advance_clock(DAY);
    sandbox.take_calls();
    run_with(&sandbox, 1, 100).await;
    let calls = sandbox.take_calls();
    let own = calls.iter().filter(|call| call.account == MANAGEMENT);
    let asked: BTreeSet<_> = own
        .flat_map(|call| call.permissions.iter().map(|one| one.action.as_str()))
        .collect();
    let declared: BTreeSet<&str> = ACTIONS.iter().copied().collect();
    assert_eq!(asked, declared);
}

/// The function as its own process, with role and variables of its template.
#[tokio::test]
async fn the_function_works_as_it_is_deployed() {
    const TEMPLATE: &str = include_str!("../../../infra/reconciler.yaml");
    let template = Template::parse(TEMPLATE).unwrap();
    let zip = format!("reconciler/x86_64/{}.zip", "0".repeat(64));
    let parameters = [
        ("ManagementAccountId", MANAGEMENT),
        ("ArtifactBucket", "artifacts"),
        ("ReconcilerKey", &zip),
        ("ReconcilerVersion", "1"),
    ];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let place = StackPlace::new(MANAGEMENT, HOME);
    let stack = template.instantiate(&place, &parameters.into()).unwrap();
    let role = &stack.resource("ReconcilerRole").unwrap().properties;
    let document = |value: &Value| Document::try_from(value.clone()).unwrap();
    let policies = role["Policies"].as_array().unwrap().iter();
    let policies = policies.map(|policy| document(&policy["PolicyDocument"]));
    let role = Role::new(
        "reconciler",
        document(&role["AssumeRolePolicyDocument"]),
        policies.collect(),
    );

    let sandbox = joined().await;
    let add = |account: &mut Account| account.roles.push(role);
    sandbox.change_account(MANAGEMENT, add).unwrap();
    let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let role = sandbox.role_credentials(MANAGEMENT, "reconciler").unwrap();
    let mut settings = ProcessSettings::new(env!("CARGO_BIN_EXE_reconciler"), FUNCTION)
        .credentials(&role)
        .endpoint_url(server.endpoint_url())
        .timeout(Duration::from_secs(20));
    let function = &stack.resource("Reconciler").unwrap().properties;
    let variables = function["Environment"]["Variables"].as_object().unwrap();
    for (name, value) in variables {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        settings = settings.environment(name, value);
    }
    let process = FunctionProcess::start(settings).await.unwrap();
    // The event says only when. The instance failed just now, so it rests.
    for event in [json!({"source": "aws.events"}), json!(null)] {
        let done = process.send(event).await.unwrap();
        assert_eq!(done[SET]["left"]["resting"], 1, "{}", process.output());
    }
    let logged = process.output();
    let lines = logged.lines().filter(|line| line.contains("reconciled"));
    assert_eq!(lines.count(), 2, "{logged}");
    let refused = Fault::access_denied().action("cloudformation:ListStackSets");
    sandbox.inject(refused.times(1));
    let error = process.send(json!({})).await.unwrap_err();
    assert_eq!(error.error_type, "AwsUnavailable", "{error}");
}

#[tokio::test]
async fn a_recorder_that_is_still_missing_is_tried_once_a_day() {
    let sandbox = joined().await;
    for day in 1..3 {
        sandbox.advance_clock(DAY);
        assert_eq!(run(&sandbox, day).await.operations.len(), 1);
        assert_eq!(statuses(&sandbox).await, of("SUCCEEDED", "FAILED"));
        assert_eq!(run(&sandbox, day).await.left.resting, 1);
    }
}

#[tokio::test]
async fn a_suspended_account_is_left_alone() {
    let sandbox = joined().await;
    let _ = sandbox.change_account(NEW, |account| account.state = AccountState::Suspended);
    sandbox.advance_clock(DAY);
    let retried = run(&sandbox, 1).await;
    assert_eq!(retried.not_active, [NEW]);
    assert_eq!(retried.operations, Vec::<String>::new());
}

#[tokio::test]
async fn another_operation_leaves_it_for_the_next_time() {
    let sandbox = joined().await;
    sandbox.advance_clock(DAY);
    let under_way = Fault::error(400, "OperationInProgressException");
    sandbox.inject(under_way.action("cloudformation:UpdateStackInstances"));
    let retried = run(&sandbox, 1).await;
    assert_eq!(retried.left.operation_under_way, 1);
    assert_eq!(retried.accounts, BTreeMap::new());
}

#[tokio::test]
async fn what_may_not_be_asked_fails_and_is_named() {
    let sandbox = joined().await;
    sandbox.inject(Fault::access_denied().action("cloudformation:ListStackInstances"));
    let settings = Settings {
        tolerance_percentage: 10,
        ..Settings::default()
    };
    let sdk = sandbox.sdk_config(MANAGEMENT, HOME);
    let failed = reconcile(FUNCTION, &settings, &sdk).await.unwrap_err();
    let told = failed.to_string();
    assert!(
        told.starts_with("cloudformation:ListStackInstances was refused"),
        "{told}"
    );
}
