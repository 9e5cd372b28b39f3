//! CloudFormation with the SDK: stacks that are made, changed, rolled back and deleted.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test"
)]

mod refusals;
mod stack_sets;
mod stacks;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::types::{Capability, ChangeSetType, Parameter, Stack};
use sandbox::{Organization, Sandbox};

const MANAGEMENT: &str = "111111111111";
const MEMBER: &str = "222222222222";
const REGION: &str = "eu-west-1";

/// A role with a policy, and a queue; a group of logs where it is asked for.
const TEMPLATE: &str = "
AWSTemplateFormatVersion: '2010-09-09'
Description: test
Parameters:
  GroupName:
    Description: Name of the log group; empty, there is none
    Type: String
    Default: ''
  Visible:
    Description: How long a message is hidden
    Type: Number
    Default: 30
  RoleName:
    Description: Name of the role
    Type: String
    Default: reader
Conditions:
  HasLogs: !Not [!Equals [!Ref GroupName, '']]
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Ref RoleName
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: {Service: lambda.amazonaws.com}
            Action: sts:AssumeRole
  Queue:
    Type: AWS::SQS::Queue
    DependsOn: Role
    Properties:
      QueueName: requests
      VisibilityTimeout: !Ref Visible
  Logs:
    Type: AWS::Logs::LogGroup
    DependsOn: Queue
    Condition: HasLogs
    Properties:
      LogGroupName: !Ref GroupName
      RetentionInDays: 30
Outputs:
  QueueArn:
    Value: !GetAtt Queue.Arn
";

fn sandbox(organization: &str) -> Sandbox {
    Sandbox::new(organization.parse::<Organization>().unwrap()).unwrap()
}

fn client(sandbox: &Sandbox, account: &str) -> Client {
    Client::new(&sandbox.sdk_config(account, REGION))
}

fn parameter((key, value): &(&str, &str)) -> Parameter {
    Parameter::builder()
        .parameter_key(*key)
        .parameter_value(*value)
        .build()
}

/// Makes a change set; the error's code and message where that is refused.
async fn prepare(
    client: &Client,
    stack: &str,
    kind: ChangeSetType,
    template: &str,
    parameters: &[(&str, &str)],
) -> Result<(), String> {
    let prepared = client
        .create_change_set()
        .stack_name(stack)
        .change_set_name("next")
        .change_set_type(kind)
        .template_body(template)
        .set_parameters(Some(parameters.iter().map(parameter).collect()))
        .capabilities(Capability::CapabilityNamedIam)
        .send()
        .await;
    prepared.map(drop).map_err(|error| {
        let meta = error.meta();
        format!("{}: {}", meta.code().unwrap(), meta.message().unwrap())
    })
}

/// Deploys and waits; the stack as it is then.
async fn deploy(
    sandbox: &Sandbox,
    client: &Client,
    stack: &str,
    template: &str,
    parameters: &[(&str, &str)],
) -> Stack {
    let known = client.describe_stacks().stack_name(stack).send().await;
    let kind = match known {
        Ok(_) => ChangeSetType::Update,
        Err(_) => ChangeSetType::Create,
    };
    prepare(client, stack, kind, template, parameters)
        .await
        .unwrap();
    let execute = client.execute_change_set().stack_name(stack);
    execute.change_set_name("next").send().await.unwrap();
    sandbox.settled().await;
    clear(client, stack).await;
    described(client, stack).await
}

/// Takes the change set away, so that the next one may have its name.
async fn clear(client: &Client, stack: &str) {
    let delete = client.delete_change_set().stack_name(stack);
    delete.change_set_name("next").send().await.unwrap();
}

async fn described(client: &Client, stack: &str) -> Stack {
    let described = client.describe_stacks().stack_name(stack).send().await;
    described.unwrap().stacks.unwrap().remove(0)
}

fn status(stack: &Stack) -> &str {
    stack.stack_status().unwrap().as_str()
}
