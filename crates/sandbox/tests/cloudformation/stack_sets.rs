//! Stack sets: whom they reach, and what they say of whom they do not.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::types::{
    AccountFilterType, DeploymentTargets, StackSetOperationPreferences,
    StackSetOperationStatus as Status,
};
use sandbox::{Account, AccountState, Fault, Sandbox};

use crate::{MANAGEMENT, client, deploy, sandbox, status};

const ONE: &str = "222222222222";
const TWO: &str = "333333333333";
const OTHER_UNIT: &str = "444444444444";
const SUSPENDED: &str = "555555555555";
const US: &str = "us-east-1";
const EU: &str = "eu-west-1";

const ORGANIZATION: &str = r#"
    regions = ["eu-west-1", "us-east-1"]
    trusted_services = ["member.org.stacksets.cloudformation.amazonaws.com"]

    [[organizational_unit]]
    id = "ou-root-workload"
    name = "workloads"
    [[organizational_unit]]
    id = "ou-root-nested00"
    name = "nested"
    parent = "ou-root-workload"
    [[organizational_unit]]
    id = "ou-root-sandbox0"
    name = "sandbox"

    [[account]]
    id = "111111111111"
    name = "management"
    organizational_unit = "ou-root-workload"
    [[account.bucket]]
    region = "eu-west-1"
    Name = "templates"

    [[account]]
    id = "222222222222"
    name = "one"
    organizational_unit = "ou-root-workload"
    [[account]]
    id = "333333333333"
    name = "two"
    organizational_unit = "ou-root-nested00"
    [[account]]
    id = "444444444444"
    name = "other"
    organizational_unit = "ou-root-sandbox0"
    [[account]]
    id = "555555555555"
    name = "suspended"
    organizational_unit = "ou-root-workload"
    state = "SUSPENDED"
"#;

/// Template that every account gets.
const QUEUE: &str = "
Parameters:
  Visible:
    Description: How long a message is hidden
    Type: Number
    Default: 30
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: requests
      VisibilityTimeout: !Ref Visible
";

const TOPIC: &str = "
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: alarms
";

/// Two stack sets, the second after the first.
fn sets(tolerance: u8, visible: u8) -> String {
    let set = |id: &str, regions: &str, depends: &str, parameters: &str| {
        format!(
            "
  {id}:
    Type: AWS::CloudFormation::StackSet
    Properties:
      StackSetName: {id}
      TemplateURL: https://templates.s3.eu-west-1.amazonaws.com/{id}.yaml
      PermissionModel: SERVICE_MANAGED
      AutoDeployment:
        Enabled: true
        RetainStacksOnAccountRemoval: false
{depends}
      ManagedExecution:
        Active: true
      OperationPreferences:
        RegionConcurrencyType: PARALLEL
        FailureTolerancePercentage: {tolerance}
      StackInstancesGroup:
        - Regions: {regions}
          DeploymentTargets:
            OrganizationalUnitIds: [ou-root-workload]
            AccountFilterType: NONE
{parameters}"
        )
    };
    let parameters = format!(
        "      Parameters:\n        - ParameterKey: Visible\n          ParameterValue: '{visible}'"
    );
    let first = set("queue", "[eu-west-1, us-east-1]", "", &parameters);
    let arn =
        "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stackset/${queue}";
    let depends = format!("        DependsOn:\n          - !Sub {arn}");
    let second = set("topic", "[eu-west-1]", &depends, "");
    format!("Resources:{first}{second}")
}

async fn organization() -> (Sandbox, Client) {
    let sandbox = sandbox(ORGANIZATION);
    let s3 = aws_sdk_s3::Client::new(&sandbox.sdk_config(MANAGEMENT, EU));
    for (key, body) in [("queue.yaml", QUEUE), ("topic.yaml", TOPIC)] {
        let put = s3.put_object().bucket("templates").key(key);
        let put = put.body(body.as_bytes().to_vec().into());
        put.send().await.unwrap();
    }
    let client = client(&sandbox, MANAGEMENT);
    (sandbox, client)
}

/// The instances of a stack set: account, Region, detailed status and reason.
async fn instances(client: &Client, set: &str) -> Vec<(String, String, String, String)> {
    let listed = client
        .list_stack_instances()
        .stack_set_name(set)
        .send()
        .await;
    let listed = listed.unwrap().summaries.unwrap().into_iter().map(|one| {
        let detailed = one.stack_instance_status.unwrap().detailed_status.unwrap();
        (
            one.account.unwrap(),
            one.region.unwrap(),
            detailed.as_str().to_owned(),
            one.status_reason.unwrap_or_default(),
        )
    });
    listed.collect()
}

/// Counts instances by detailed status.
async fn counts(client: &Client, set: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (_, _, status, _) in instances(client, set).await {
        *counts.entry(status).or_default() += 1;
    }
    counts
}

fn counted(pairs: &[(&str, usize)]) -> BTreeMap<String, usize> {
    pairs
        .iter()
        .map(|(status, n)| ((*status).to_owned(), *n))
        .collect()
}

/// Returns the places of the queue, with its time-out.
fn queues(sandbox: &Sandbox) -> Vec<String> {
    let accounts = [MANAGEMENT, ONE, TWO, OTHER_UNIT, SUSPENDED];
    let accounts = accounts.iter().filter_map(|id| sandbox.account(id));
    let queues = accounts.flat_map(|account| {
        let id = account.id.clone();
        account.queues.into_iter().map(move |queue| {
            let timeout = &queue.members["Attributes"]["VisibilityTimeout"];
            format!("{id} {} {}", queue.region, timeout.as_str().unwrap())
        })
    });
    let mut queues: Vec<_> = queues.collect();
    queues.sort();
    queues
}

fn everywhere(timeout: u8) -> Vec<String> {
    let pairs = [(ONE, EU), (ONE, US), (TWO, EU), (TWO, US)];
    pairs
        .map(|(account, region)| format!("{account} {region} {timeout}"))
        .to_vec()
}

async fn last_operation(
    client: &Client,
    set: &str,
) -> aws_sdk_cloudformation::types::StackSetOperation {
    let listed = client
        .list_stack_set_operations()
        .stack_set_name(set)
        .send()
        .await;
    let id = listed
        .unwrap()
        .summaries
        .unwrap()
        .remove(0)
        .operation_id
        .unwrap();
    let described = client.describe_stack_set_operation().stack_set_name(set);
    let described = described.operation_id(id).send().await.unwrap();
    described.stack_set_operation.unwrap()
}

#[tokio::test]
async fn a_stack_set_reaches_its_units_and_follows_its_parameters() {
    let (sandbox, client) = organization().await;
    let stack = deploy(&sandbox, &client, "s", &sets(0, 30), &[]).await;
    assert_eq!(status(&stack), "CREATE_COMPLETE");
    // Neither the management account nor one of another unit; nested units yes.
    assert_eq!(queues(&sandbox), everywhere(30));
    let expected = counted(&[("SUCCEEDED", 4), ("SKIPPED_SUSPENDED_ACCOUNT", 2)]);
    assert_eq!(counts(&client, "queue").await, expected);
    let operation = last_operation(&client, "queue").await;
    assert_eq!(operation.status(), Some(&Status::Succeeded));
    deploy(&sandbox, &client, "s", &sets(0, 60), &[]).await;
    assert_eq!(queues(&sandbox), everywhere(60));
    client.delete_stack().stack_name("s").send().await.unwrap();
    sandbox.settled().await;
    assert_eq!(queues(&sandbox), Vec::<String>::new());
    let sets = client.list_stack_sets().send().await.unwrap();
    assert!(sets.summaries().is_empty());
}

#[tokio::test]
async fn who_joins_gets_what_others_have_in_order() {
    let (sandbox, client) = organization().await;
    deploy(&sandbox, &client, "s", &sets(0, 60), &[]).await;
    let mut joins = Account::new("666666666666", "new");
    joins.organizational_unit = Some("ou-root-nested00".to_owned());
    sandbox.take_calls();
    sandbox.join(joins);
    sandbox.settled().await;
    let account = sandbox.account("666666666666").unwrap();
    assert_eq!((account.queues.len(), account.topics.len()), (2, 1));
    let timeout = &account.queues[0].members["Attributes"]["VisibilityTimeout"];
    assert_eq!(timeout, "60");
    let created = |set: &'static str| {
        let client = client.clone();
        async move { last_operation(&client, set).await }
    };
    let (queue, topic) = (created("queue").await, created("topic").await);
    assert!(queue.end_timestamp().unwrap() <= topic.creation_timestamp().unwrap());
    let mut elsewhere = Account::new("777777777777", "elsewhere");
    elsewhere.organizational_unit = Some("ou-root-sandbox0".to_owned());
    sandbox.join(elsewhere);
    sandbox.settled().await;
    assert!(sandbox.account("777777777777").unwrap().queues.is_empty());
}

#[tokio::test]
async fn too_many_failures_stop_an_operation_half_way() {
    let (sandbox, client) = organization().await;
    sandbox.inject(
        Fault::access_denied()
            .account(ONE)
            .action("sqs:CreateQueue"),
    );
    let stack = deploy(&sandbox, &client, "s", &sets(0, 30), &[]).await;
    assert_eq!(status(&stack), "ROLLBACK_COMPLETE");
    let events = client
        .describe_stack_events()
        .stack_name("s")
        .send()
        .await
        .unwrap();
    let reasons = events
        .stack_events()
        .iter()
        .filter_map(|event| event.resource_status_reason());
    let failed = reasons.filter(|reason| reason.contains("unexpectedly stopped or failed"));
    assert!(failed.clone().any(|reason| reason.contains("AccessDenied")));
    // Where some may fail, the others are served, and one is told who was not.
    let stack = deploy(&sandbox, &client, "t", &sets(50, 30), &[]).await;
    assert_eq!(status(&stack), "CREATE_COMPLETE");
    let expected = [
        ("FAILED", 2),
        ("SUCCEEDED", 2),
        ("SKIPPED_SUSPENDED_ACCOUNT", 2),
    ];
    assert_eq!(counts(&client, "queue").await, counted(&expected));
    let failed = instances(&client, "queue").await;
    let failed = failed.iter().find(|one| one.2 == "FAILED").unwrap();
    assert!(failed.3.contains("ResourceLogicalId:Queue"), "{failed:?}");
    let operation = last_operation(&client, "queue").await;
    let details = operation.status_details().unwrap();
    assert_eq!(details.failed_stack_instances_count(), Some(2));
    // Updated once the reason is gone.
    sandbox.clear_faults();
    again(&client, Some(ONE), 0).await.unwrap();
    sandbox.settled().await;
    assert_eq!(queues(&sandbox), everywhere(30));
}

#[tokio::test]
async fn who_joins_gets_nothing_that_depends_on_what_failed() {
    let (sandbox, client) = organization().await;
    deploy(&sandbox, &client, "s", &sets(0, 60), &[]).await;
    let mut joins = Account::new("666666666666", "new");
    joins.organizational_unit = Some("ou-root-nested00".to_owned());
    sandbox.inject(
        Fault::access_denied()
            .account("666666666666")
            .action("sqs:CreateQueue"),
    );
    sandbox.join(joins);
    sandbox.settled().await;
    let account = sandbox.account("666666666666").unwrap();
    assert_eq!((account.queues.len(), account.topics.len()), (0, 0));
    // There is no instance of the dependent at all.
    let listed = instances(&client, "topic").await;
    assert!(
        listed.iter().all(|one| one.0 != "666666666666"),
        "{listed:?}"
    );
    let failed = instances(&client, "queue").await;
    let failed = failed.iter().find(|one| one.0 == "666666666666").unwrap();
    assert_eq!(failed.2, "FAILED");
}

/// Updates the instances of the first set, which tries again where they failed.
async fn again(client: &Client, only: Option<&str>, tolerance: i32) -> Result<String, String> {
    let targets = DeploymentTargets::builder().organizational_unit_ids("ou-root-workload");
    let targets = match only {
        Some(account) => targets
            .accounts(account)
            .account_filter_type(AccountFilterType::Intersection),
        None => targets,
    };
    let preferences = StackSetOperationPreferences::builder()
        .failure_tolerance_count(tolerance)
        .region_order(US)
        .build();
    let update = client.update_stack_instances().stack_set_name("queue");
    let update = update
        .deployment_targets(targets.build())
        .regions(EU)
        .regions(US);
    match update.operation_preferences(preferences).send().await {
        Ok(updated) => Ok(updated.operation_id.unwrap()),
        Err(error) => Err(error.code().unwrap().to_owned()),
    }
}

#[tokio::test]
async fn progress_is_seen_and_an_operation_is_stopped() {
    let (sandbox, client) = organization().await;
    deploy(&sandbox, &client, "s", &sets(0, 30), &[]).await;
    sandbox.set_stepwise_stack_sets(true);
    let id = again(&client, None, 0).await.unwrap();
    let results = || async {
        let listed = client
            .list_stack_set_operation_results()
            .stack_set_name("queue");
        let listed = listed.operation_id(&id).send().await.unwrap();
        let done = |status: &str| !["PENDING", "RUNNING"].contains(&status);
        let all = listed.summaries.unwrap();
        let done = all
            .iter()
            .filter(|one| done(one.status().unwrap().as_str()));
        (done.count(), all[0].region.clone().unwrap(), all.len())
    };
    let mut seen = Vec::new();
    for _ in 0..4 {
        let (done, first, all) = results().await;
        tokio::task::yield_now().await;
        assert_eq!((first.as_str(), all), (US, 6));
        seen.push(done);
    }
    assert!(
        seen.is_sorted() && seen[0] == 0 && seen[3] > 0 && seen[3] < 5,
        "{seen:?}"
    );
    let queued = again(&client, None, 0).await.unwrap();
    let stop = client.stop_stack_set_operation().stack_set_name("queue");
    stop.operation_id(&id).send().await.unwrap();
    sandbox.set_stepwise_stack_sets(false);
    sandbox.settled().await;
    let status = |id: String| {
        let describe = client
            .describe_stack_set_operation()
            .stack_set_name("queue");
        async move {
            let described = describe.operation_id(id).send().await.unwrap();
            described.stack_set_operation.unwrap().status.unwrap()
        }
    };
    assert_eq!(status(id.clone()).await, Status::Stopped);
    assert_eq!(status(queued).await, Status::Succeeded);
    let stop = client.stop_stack_set_operation().stack_set_name("queue");
    let over = stop.operation_id(&id).send().await.unwrap_err();
    assert_eq!(over.code(), Some("InvalidOperationException"));
}

#[tokio::test]
async fn a_region_that_is_off_fails_there_and_only_there() {
    let (sandbox, client) = organization().await;
    let off = |account: &mut Account| account.disabled_regions.push(US.to_owned());
    sandbox.change_account(TWO, off).unwrap();
    deploy(&sandbox, &client, "s", &sets(50, 30), &[]).await;
    let failed = instances(&client, "queue").await;
    let failed: Vec<_> = failed.iter().filter(|one| one.2 == "FAILED").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!((failed[0].0.as_str(), failed[0].1.as_str()), (TWO, US));
    assert!(failed[0].3.contains("not enabled"), "{failed:?}");
    let on = |account: &mut Account| account.disabled_regions.clear();
    sandbox.change_account(TWO, on).unwrap();
    again(&client, Some(TWO), 0).await.unwrap();
    sandbox.settled().await;
    assert_eq!(queues(&sandbox), everywhere(30));
    // One that the organization itself does not have is refused at once.
    let template = sets(0, 30).replace("[eu-west-1, us-east-1]", "[eu-south-1]");
    let stack = deploy(
        &sandbox,
        &client,
        "t",
        &template.replace("StackSetName: ", "StackSetName: x"),
        &[],
    )
    .await;
    assert_eq!(status(&stack), "ROLLBACK_COMPLETE");
}

#[tokio::test]
async fn only_who_administers_stack_sets_is_told_anything() {
    let (sandbox, client) = organization().await;
    deploy(&sandbox, &client, "s", &sets(0, 30), &[]).await;
    let member = crate::client(&sandbox, ONE);
    let refused = member.list_stack_sets().send().await.unwrap_err();
    assert!(
        refused
            .message()
            .unwrap()
            .contains("management account or delegated admin")
    );
    let missing = client
        .describe_stack_set()
        .stack_set_name("missing")
        .send()
        .await;
    assert_eq!(
        missing.unwrap_err().code(),
        Some("StackSetNotFoundException")
    );
    let access = client.describe_organizations_access().send().await.unwrap();
    assert_eq!(access.status().unwrap().as_str(), "ENABLED");
    let suspended = |account: &mut Account| account.state = AccountState::Suspended;
    sandbox.change_account(TWO, suspended).unwrap();
    deploy(&sandbox, &client, "s", &sets(0, 90), &[]).await;
    let expected = counted(&[("SUCCEEDED", 2), ("SKIPPED_SUSPENDED_ACCOUNT", 4)]);
    assert_eq!(counts(&client, "queue").await, expected);
}
