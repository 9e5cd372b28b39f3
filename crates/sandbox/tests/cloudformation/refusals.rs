//! Refusals of resources in stacks by their services.

use std::fmt::Write as _;

use sandbox::cloudformation::{StackPlace, Template};
use sandbox::{Account, Organization, Sandbox};

use crate::{MANAGEMENT, MEMBER, REGION, client, deploy, sandbox, status};

fn two_accounts() -> Sandbox {
    let accounts = [MANAGEMENT, MEMBER].map(|id| Account::new(id, "account"));
    Sandbox::new(Organization::with_accounts(accounts)).unwrap()
}

/// Deploys a template of these resources, and returns the refusal if there is one.
async fn refusal(sandbox: &Sandbox, account: &str, resources: &str) -> Option<String> {
    let template = Template::parse(&format!("Resources:\n{resources}")).unwrap();
    let stack = template
        .instantiate(&StackPlace::new(account, REGION), &[].into())
        .unwrap();
    let deployed = sandbox.deploy(&stack).await;
    deployed.err().map(|error| error.to_string())
}

fn function(id: &str, properties: &str) -> String {
    format!(
        "
  {id}:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: {id}
      Role: arn:aws:iam::{MEMBER}:role/worker
      Code: {{S3Bucket: code, S3Key: package}}
{properties}"
    )
}

async fn with_package(sandbox: &Sandbox) {
    let bucket = "  Code:\n    Type: AWS::S3::Bucket\n    Properties: {BucketName: code}";
    assert_eq!(refusal(sandbox, MEMBER, bucket).await, None);
    let s3 = aws_sdk_s3::Client::new(&sandbox.sdk_config(MEMBER, REGION));
    let put = s3.put_object().bucket("code").key("package");
    put.body(vec![1].into()).send().await.unwrap();
}

#[tokio::test]
async fn a_reservation_leaves_ten_executions_unreserved() {
    for (quota, asked, refused) in [
        (10, 1, true),
        (11, 1, false),
        (11, 2, true),
        (1000, 990, false),
    ] {
        let mut account = Account::new(MEMBER, "member");
        account.concurrent_executions = quota;
        let sandbox = Sandbox::new(Organization::with_accounts([account])).unwrap();
        with_package(&sandbox).await;
        let properties = format!("      ReservedConcurrentExecutions: {asked}");
        let answer = refusal(&sandbox, MEMBER, &function("worker", &properties)).await;
        assert_eq!(answer.is_some(), refused, "{quota} {asked}: {answer:?}");
        let minimum = "below its minimum value of [10]";
        assert!(answer.is_none_or(|answer| answer.contains(minimum)));
        let lambda = aws_sdk_lambda::Client::new(&sandbox.sdk_config(MEMBER, REGION));
        let limit = lambda.get_account_settings().send().await.unwrap();
        let limit = limit.account_limit.unwrap();
        let left = if refused { quota } else { quota - asked };
        assert_eq!(i64::from(limit.concurrent_executions()), quota);
        assert_eq!(
            limit.unreserved_concurrent_executions().map(i64::from),
            Some(left)
        );
    }
}

#[tokio::test]
async fn an_event_source_mapping_keeps_to_the_limits_of_its_queue_and_function() {
    for (mapping, refused) in [
        ("BatchSize: 10", None),
        ("BatchSize: 11", Some("at most 10")),
        (
            "BatchSize: 11\n      MaximumBatchingWindowInSeconds: 1",
            None,
        ),
        (
            "ScalingConfig: {MaximumConcurrency: 1}",
            Some("must be 2 to 1000"),
        ),
        ("ScalingConfig: {MaximumConcurrency: 2}", None),
    ] {
        let sandbox = two_accounts();
        with_package(&sandbox).await;
        let mut resources = function("worker", "      Timeout: 30");
        write!(
            resources,
            "
  Queue:
    Type: AWS::SQS::Queue
    Properties: {{QueueName: work, VisibilityTimeout: 30}}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Queue.Arn
      FunctionName: !Ref worker
      {mapping}"
        )
        .unwrap();
        let answer = refusal(&sandbox, MEMBER, &resources).await;
        match refused {
            None => assert_eq!(answer, None, "{mapping}"),
            Some(words) => assert!(answer.unwrap().contains(words), "{mapping}"),
        }
        let shorter = resources.replace("VisibilityTimeout: 30", "VisibilityTimeout: 29");
        let sandbox = two_accounts();
        with_package(&sandbox).await;
        let answer = refusal(&sandbox, MEMBER, &shorter).await.unwrap();
        let words = "29 seconds is less than Function timeout: 30 seconds";
        assert!(refused.is_some() || answer.contains(words), "{answer}");
    }
}

const RULE_AND_REMEDIATION: &str = "
  Rule:
    Type: AWS::Config::ConfigRule
    Properties:
      ConfigRuleName: guard
      Source:
        Owner: CUSTOM_LAMBDA
        SourceIdentifier: arn:aws:lambda:eu-west-1:222222222222:function:rule
        SourceDetails:
          - EventSource: aws.config
            MessageType: ScheduledNotification
";

const REMEDIATION: &str = "
  Remediation:
    Type: AWS::Config::RemediationConfiguration
    Properties:
      ConfigRuleName: guard
      TargetType: SSM_DOCUMENT
      TargetId: rootguard-guard
      Automatic: true
      MaximumAutomaticAttempts: 3
      RetryAttemptSeconds: 86400
      Parameters:
        AccountId: {ResourceValue: {Value: RESOURCE_ID}}
        AutomationAssumeRole: {StaticValue: {Values: ['arn:aws:iam::222222222222:role/runbook']}}
";

#[tokio::test]
async fn a_stack_cannot_delete_a_rule_that_another_stack_remediates() {
    let sandbox = two_accounts();
    let rule = "arn:aws:lambda:eu-west-1:222222222222:function:rule";
    sandbox.register_function(rule, |_, _| async { Ok(serde_json::json!(null)) });
    let client = client(&sandbox, MEMBER);
    let template = |resources: &str| format!("Resources:\n{resources}");
    let none = "  Nothing:\n    Type: AWS::SNS::Topic\n    Properties: {TopicName: nothing}\n";
    deploy(
        &sandbox,
        &client,
        "rules",
        &template(&format!("{RULE_AND_REMEDIATION}{none}")),
        &[],
    )
    .await;
    deploy(
        &sandbox,
        &client,
        "remediation",
        &template(REMEDIATION),
        &[],
    )
    .await;
    let config = aws_sdk_config::Client::new(&sandbox.sdk_config(MEMBER, REGION));
    let rules = async || {
        let rules = config.describe_config_rules().send().await.unwrap();
        rules.config_rules.unwrap_or_default().len()
    };
    // The update succeeds and leaves the rule behind, as CloudFormation does.
    let stack = deploy(&sandbox, &client, "rules", &template(none), &[]).await;
    assert_eq!((status(&stack), rules().await), ("UPDATE_COMPLETE", 1));
    let events = client
        .describe_stack_events()
        .stack_name("rules")
        .send()
        .await
        .unwrap();
    let mut reasons = events
        .stack_events()
        .iter()
        .filter_map(|one| one.resource_status_reason());
    assert!(reasons.any(|reason| reason.contains("currently has a RemediationConfiguration")));
    client
        .delete_stack()
        .stack_name("remediation")
        .send()
        .await
        .unwrap();
    sandbox.settled().await;
    config
        .delete_config_rule()
        .config_rule_name("guard")
        .send()
        .await
        .unwrap();
    // Both in one stack: the configuration goes first.
    let both = template(&format!(
        "{RULE_AND_REMEDIATION}{REMEDIATION}    DependsOn: Rule\n"
    ));
    deploy(&sandbox, &client, "both", &both, &[]).await;
    assert_eq!(rules().await, 1);
    client
        .delete_stack()
        .stack_name("both")
        .send()
        .await
        .unwrap();
    sandbox.settled().await;
    assert_eq!(rules().await, 0);
}

#[tokio::test]
async fn a_remediation_needs_its_rule_and_for_automation_a_role() {
    let sandbox = two_accounts();
    let answer = refusal(&sandbox, MEMBER, REMEDIATION).await.unwrap();
    assert!(answer.contains("The ConfigRule 'guard' provided in the request is invalid"));
    let rule = "arn:aws:lambda:eu-west-1:222222222222:function:rule";
    sandbox.register_function(rule, |_, _| async { Ok(serde_json::json!(null)) });
    assert_eq!(refusal(&sandbox, MEMBER, RULE_AND_REMEDIATION).await, None);
    let without_role = REMEDIATION.replace("AutomationAssumeRole", "Role");
    let answer = refusal(&sandbox, MEMBER, &without_role).await.unwrap();
    assert!(
        answer.contains("AutomationAssumeRole is required"),
        "{answer}"
    );
    assert_eq!(refusal(&sandbox, MEMBER, REMEDIATION).await, None);
}

fn role(id: &str, path: &str) -> String {
    format!(
        "
  {id}:
    Type: AWS::IAM::Role
    Properties:
      RoleName: reader
      Path: {path}
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, Action: sts:AssumeRole}}
"
    )
}

#[tokio::test]
async fn role_names_are_unique_whatever_the_path() {
    let sandbox = two_accounts();
    let twice = format!("{}{}", role("One", "/one/"), role("Two", "/two/"));
    let answer = refusal(&sandbox, MEMBER, &twice).await.unwrap();
    assert!(
        answer.contains("Role with name reader already exists"),
        "{answer}"
    );
    let file = r#"
        [[account]]
        id = "111111111111"
        name = "only"
        [[account.role]]
        name = "reader"
        path = "/one/"
        trust = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"*"}}'
        [[account.role]]
        name = "reader"
        path = "/two/"
        trust = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"*"}}'
    "#;
    let refused = file.parse::<Organization>().unwrap_err().to_string();
    assert!(refused.contains("reader is there twice"), "{refused}");
}

#[tokio::test]
async fn a_resource_with_a_name_is_not_replaced() {
    let sandbox = two_accounts();
    let client = client(&sandbox, MEMBER);
    let template = |path: &str| format!("Resources:\n{}", role("Role", path));
    deploy(&sandbox, &client, "s", &template("/one/"), &[]).await;
    let stack = deploy(&sandbox, &client, "s", &template("/two/"), &[]).await;
    assert_eq!(status(&stack), "UPDATE_ROLLBACK_COMPLETE");
    let roles = sandbox.account(MEMBER).unwrap().roles;
    assert_eq!((roles.len(), roles[0].path.as_str()), (1, "/one/"));
    let document = |method: &str, step: &str| {
        format!(
            "
Resources:
  Document:
    Type: AWS::SSM::Document
    Properties:
      Name: rootguard-guard
      DocumentType: Automation
      {method}
      Content: {{schemaVersion: '0.3', description: {step}}}
"
        )
    };
    for (method, expected) in [
        ("UpdateMethod: NewVersion", "UPDATE_COMPLETE"),
        ("UpdateMethod: Replace", "UPDATE_ROLLBACK_COMPLETE"),
    ] {
        let stack = method.replace([':', ' '], "");
        deploy(&sandbox, &client, &stack, &document(method, "one"), &[]).await;
        let updated = deploy(&sandbox, &client, &stack, &document(method, "two"), &[]).await;
        assert_eq!(status(&updated), expected, "{method}");
    }
}

fn control_policy(id: &str, target: &str, length: usize) -> String {
    let deny =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
    let padding = " ".repeat(length - deny.len());
    format!(
        "
  {id}:
    Type: AWS::Organizations::Policy
    Properties:
      Name: {id}
      Type: SERVICE_CONTROL_POLICY
      TargetIds: [{target}]
      Content: '{deny}{padding}'
"
    )
}

#[tokio::test]
async fn control_policies_have_a_size_and_a_target_has_five() {
    let sandbox = two_accounts();
    let fits = control_policy("Fits", "r-root", 5120);
    assert_eq!(refusal(&sandbox, MANAGEMENT, &fits).await, None);
    let large = control_policy("Large", "r-root", 5121);
    let answer = refusal(&sandbox, MANAGEMENT, &large).await.unwrap();
    assert!(answer.contains("POLICY_CONTENT_LIMIT_EXCEEDED"), "{answer}");
    let answer = refusal(&sandbox, MEMBER, &control_policy("Own", "r-root", 100)).await;
    assert!(answer.unwrap().contains("AccessDenied"));
    // AWS's own FullAWSAccess is one of the five.
    for number in 2..=5 {
        let policy = control_policy(&format!("Policy{number}"), "r-root", 100);
        let answer = refusal(&sandbox, MANAGEMENT, &policy).await;
        assert_eq!(answer.is_none(), number <= 4, "{number}: {answer:?}");
    }
    let elsewhere = control_policy("Elsewhere", MEMBER, 100);
    assert_eq!(refusal(&sandbox, MANAGEMENT, &elsewhere).await, None);
}

#[tokio::test]
async fn groups_of_infrequent_access_take_no_metric_filter_from_a_stack_either() {
    let resources = "
  Group:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: trail, RetentionInDays: 30, LogGroupClass: INFREQUENT_ACCESS}
  Filter:
    Type: AWS::Logs::MetricFilter
    Properties:
      LogGroupName: !Ref Group
      FilterName: root
      FilterPattern: ''
      MetricTransformations:
        - {MetricName: Use, MetricNamespace: Guard, MetricValue: '1'}
";
    let answer = refusal(&two_accounts(), MEMBER, resources).await.unwrap();
    assert!(answer.contains("InvalidOperationException"), "{answer}");
    let standard = resources.replace("INFREQUENT_ACCESS", "STANDARD");
    assert_eq!(refusal(&two_accounts(), MEMBER, &standard).await, None);
}

#[test]
fn an_organization_file_says_what_differs_from_a_new_account() {
    let file = r#"
        [[account]]
        id = "111111111111"
        name = "only"
        concurrent_executions = 1000
    "#;
    let sandbox = sandbox(file);
    assert_eq!(
        sandbox.account(MANAGEMENT).unwrap().concurrent_executions,
        1000
    );
}
