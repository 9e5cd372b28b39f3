//! Properties that types of resources share: immutable properties, names of their own, the
//! permission to create one.

use super::StackResource;

/// The properties that a resource of a type keeps all its life: where one of them changes,
/// another takes its place. From CloudFormation's schemas.
pub(super) fn create_only(resource: &StackResource) -> &'static [&'static str] {
    match resource.resource_type.as_str() {
        "AWS::CloudFormation::StackSet" => &["PermissionModel", "StackSetName"],
        "AWS::CloudWatch::Alarm" => &["AlarmName"],
        "AWS::Config::ConfigRule" | "AWS::Config::RemediationConfiguration" => &["ConfigRuleName"],
        "AWS::Config::ConfigurationAggregator" => &["ConfigurationAggregatorName"],
        "AWS::Events::EventBus" | "AWS::Events::Rule" => &["Name"],
        "AWS::Events::EventBusPolicy" => &["EventBusName", "StatementId"],
        "AWS::IAM::Role" => &["Path", "RoleName"],
        "AWS::Lambda::EventInvokeConfig" => &["FunctionName", "Qualifier"],
        "AWS::Lambda::EventSourceMapping" => &["EventSourceArn"],
        "AWS::Lambda::Function" => &["FunctionName", "PackageType"],
        "AWS::Lambda::Permission" => &[
            "Action",
            "FunctionName",
            "Principal",
            "PrincipalOrgID",
            "SourceAccount",
            "SourceArn",
        ],
        "AWS::Logs::LogGroup" => &["LogGroupName"],
        "AWS::Logs::MetricFilter" => &["FilterName", "LogGroupName"],
        "AWS::Organizations::Policy" => &["Type"],
        "AWS::S3::Bucket" => &["BucketName"],
        "AWS::S3::BucketPolicy" => &["Bucket"],
        "AWS::SNS::Subscription" => &["Endpoint", "Protocol", "TopicArn"],
        "AWS::SNS::Topic" => &["FifoTopic", "TopicName"],
        "AWS::SQS::Queue" => &["FifoQueue", "QueueName"],
        "AWS::SSM::Document" if resource.text("UpdateMethod") == Some("NewVersion") => {
            &["DocumentType", "Name"]
        }
        // Without that method a document is replaced (`cloudformation-document-update`).
        "AWS::SSM::Document" => &["Content", "DocumentFormat", "DocumentType", "Name"],
        _ => &[],
    }
}

/// Returns the name that a template gives to a resource, where names of its type are unique in
/// the account and Region: such a resource cannot be replaced (`cloudformation-custom-name`).
pub(super) fn custom_name(resource: &StackResource) -> Option<&str> {
    let property = match resource.resource_type.as_str() {
        "AWS::CloudWatch::Alarm" => "AlarmName",
        "AWS::Config::ConfigRule" => "ConfigRuleName",
        "AWS::Events::EventBus" | "AWS::Events::Rule" | "AWS::SSM::Document" => "Name",
        "AWS::IAM::Role" => "RoleName",
        "AWS::Lambda::Function" => "FunctionName",
        "AWS::Logs::LogGroup" => "LogGroupName",
        "AWS::S3::Bucket" => "BucketName",
        "AWS::SNS::Topic" => "TopicName",
        "AWS::SQS::Queue" => "QueueName",
        _ => return None,
    };
    resource.text(property)
}

/// The permission that making a resource takes, where no modelled request makes it.
pub(super) fn creating_action(resource_type: &str) -> Option<&'static str> {
    Some(match resource_type {
        "AWS::Config::ConfigurationAggregator" => "config:PutConfigurationAggregator",
        "AWS::Events::EventBus" => "events:CreateEventBus",
        "AWS::Events::EventBusPolicy" => "events:PutPermission",
        "AWS::Events::Rule" => "events:PutRule",
        "AWS::IAM::Role" => "iam:CreateRole",
        "AWS::KMS::Key" => "kms:CreateKey",
        "AWS::Lambda::EventInvokeConfig" => "lambda:PutFunctionEventInvokeConfig",
        "AWS::Lambda::EventSourceMapping" => "lambda:CreateEventSourceMapping",
        "AWS::Lambda::Function" => "lambda:CreateFunction",
        "AWS::Organizations::Policy" => "organizations:CreatePolicy",
        "AWS::S3::Bucket" => "s3:CreateBucket",
        "AWS::S3::BucketPolicy" => "s3:PutBucketPolicy",
        "AWS::SQS::Queue" => "sqs:CreateQueue",
        "AWS::SQS::QueuePolicy" => "sqs:SetQueueAttributes",
        "AWS::SSM::Document" => "ssm:CreateDocument",
        "AWS::SecurityHub::AutomationRule" => "securityhub:CreateAutomationRule",
        _ => return None,
    })
}
