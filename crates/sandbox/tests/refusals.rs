//! Requests that AWS refuses, and data that AWS drops, where an obliging emulator would not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

mod refusal;

use std::time::Duration;

use aws_sdk_cloudwatch::types::{Dimension, Statistic};
use aws_sdk_securityhub::types::builders::AwsSecurityFindingBuilder;
use aws_sdk_securityhub::types::{
    AwsSecurityFinding, Note, Resource as FindingResource, Severity, SeverityLabel,
    VerificationState, Workflow, WorkflowStatus,
};
use aws_sdk_sns::types::MessageAttributeValue;
use refusal::{refusal, refused};
use sandbox::{Account, Organization, Resource, Sandbox};
use serde_json::{Value, json};

const ACCOUNT: &str = "111111111111";
const REGION: &str = "eu-west-1";
const TOPIC: &str = "arn:aws:sns:eu-west-1:111111111111:notices";
const FIFO: &str = "arn:aws:sns:eu-west-1:111111111111:notices.fifo";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:111111111111:work";

fn sandbox(change: impl FnOnce(&mut Account)) -> Sandbox {
    let mut account = Account::new(ACCOUNT, "owner");
    change(&mut account);
    Sandbox::new(Organization::with_accounts([account])).unwrap()
}

fn here(members: Value) -> Resource {
    Resource::new(REGION, members)
}

#[tokio::test]
async fn a_message_and_its_attributes_have_262144_bytes_together() {
    let sandbox = sandbox(|account| account.topics.push(here(json!({"Name": "notices"}))));
    let sns = aws_sdk_sns::Client::new(&sandbox.sdk_config(ACCOUNT, REGION));
    let text = |length: usize| {
        let attribute = MessageAttributeValue::builder();
        attribute
            .data_type("String")
            .string_value("x".repeat(length))
            .build()
            .unwrap()
    };
    // The attribute's name and type count as well: `kind` and `String`.
    let publish = |message: usize, attribute: usize| {
        let publish = sns.publish().topic_arn(TOPIC).message("y".repeat(message));
        publish.message_attributes("kind", text(attribute)).send()
    };
    publish(262_144 - 4 - 6 - 100, 100).await.unwrap();
    let too_long = publish(262_144 - 4 - 6 - 99, 100).await;
    assert_eq!(refusal(too_long), refused(400, "InvalidParameter"));
    // All protocols' texts are in one message.
    let both = json!({"default": "x".repeat(131_072), "email": "y".repeat(131_072)}).to_string();
    let structured = sns.publish().topic_arn(TOPIC).message_structure("json");
    let too_long = structured.message(both).send().await;
    assert_eq!(refusal(too_long), refused(400, "InvalidParameter"));
}

#[tokio::test]
async fn messages_of_a_fifo_topic_have_a_group() {
    let sandbox = sandbox(|account| {
        account.topics.push(here(json!({"Name": "notices"})));
        account.topics.push(here(json!({"Name": "notices.fifo"})));
    });
    let sns = aws_sdk_sns::Client::new(&sandbox.sdk_config(ACCOUNT, REGION));
    let publish = |topic: &str| sns.publish().topic_arn(topic).message("text");
    let bad = || refused(400, "InvalidParameter");
    assert_eq!(refusal(publish(FIFO).send().await), bad());
    // Without deduplication by content an id is needed too.
    assert_eq!(
        refusal(publish(FIFO).message_group_id("g").send().await),
        bad()
    );
    let both = publish(FIFO)
        .message_group_id("g")
        .message_deduplication_id("1");
    both.send().await.unwrap();
    let standard = publish(TOPIC).message_deduplication_id("1");
    assert_eq!(refusal(standard.send().await), bad());
    publish(TOPIC).message_group_id("g").send().await.unwrap();
}

#[tokio::test]
async fn the_age_of_the_oldest_message_leaves_out_poison() {
    let sandbox = sandbox(|account| {
        let attributes = json!({"VisibilityTimeout": "0"});
        let queue = json!({"QueueName": "work", "Attributes": attributes});
        account.queues.push(here(queue));
        account.metric_alarms.push(here(json!({
            "AlarmName": "standstill", "Namespace": "AWS/SQS",
            "MetricName": "ApproximateAgeOfOldestMessage",
            "Dimensions": [{"Name": "QueueName", "Value": "work"}],
            "Statistic": "Maximum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 600,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching", "StateValue": "OK",
        })));
    });
    sandbox.enqueue(QUEUE, "{}", Duration::from_mins(20));
    let cloudwatch = aws_sdk_cloudwatch::Client::new(&sandbox.sdk_config(ACCOUNT, REGION));
    let sqs = aws_sdk_sqs::Client::new(&sandbox.sdk_config(ACCOUNT, REGION));
    let latest = async |metric: &str| {
        let now = std::time::SystemTime::now();
        let time = |ago: i64| {
            let now = aws_sdk_cloudwatch::primitives::DateTime::from(now);
            aws_sdk_cloudwatch::primitives::DateTime::from_secs(now.secs() + ago)
        };
        let dimension = Dimension::builder().name("QueueName").value("work").build();
        let asked = cloudwatch.get_metric_statistics();
        let asked = asked
            .namespace("AWS/SQS")
            .metric_name(metric)
            .dimensions(dimension);
        let asked = asked
            .start_time(time(-3600))
            .end_time(time(3 * 3600))
            .period(60);
        let answer = asked.statistics(Statistic::Minimum).send().await.unwrap();
        let mut points = answer.datapoints.unwrap();
        points.sort_by_key(|point| point.timestamp.unwrap().secs());
        points.last().unwrap().minimum.unwrap()
    };
    let state = async || {
        let alarms = cloudwatch.describe_alarms().send().await.unwrap();
        alarms.metric_alarms()[0]
            .state_value()
            .unwrap()
            .as_str()
            .to_owned()
    };
    assert!(latest("ApproximateAgeOfOldestMessage").await >= 1200.0);
    assert_eq!(state().await, "ALARM");
    for _ in 0..3 {
        let url = "https://sqs.eu-west-1.amazonaws.com/111111111111/work";
        let received = sqs.receive_message().queue_url(url).send().await.unwrap();
        assert_eq!(received.messages().len(), 1);
    }
    // The message is still there, and the alarm on its age falls silent.
    sandbox.advance_clock(Duration::from_mins(10));
    assert!((latest("ApproximateAgeOfOldestMessage").await).abs() < f64::EPSILON);
    assert!((latest("ApproximateNumberOfMessagesVisible").await - 1.0).abs() < f64::EPSILON);
    assert_eq!(state().await, "OK");
    assert_eq!(sandbox.queued(QUEUE).len(), 1);
}

#[tokio::test]
async fn groups_of_infrequent_access_take_no_metric_filter() {
    let sandbox = sandbox(|account| {
        for class in ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"] {
            account
                .log_groups
                .push(here(json!({"logGroupName": class, "logGroupClass": class})));
        }
    });
    let logs = aws_sdk_cloudwatchlogs::Client::new(&sandbox.sdk_config(ACCOUNT, REGION));
    let put = |group: &str| {
        let transformation = aws_sdk_cloudwatchlogs::types::MetricTransformation::builder()
            .metric_name("Use")
            .metric_namespace("Guard")
            .metric_value("1")
            .build()
            .unwrap();
        let put = logs
            .put_metric_filter()
            .log_group_name(group)
            .filter_name("root");
        put.filter_pattern("")
            .metric_transformations(transformation)
            .send()
    };
    put("STANDARD").await.unwrap();
    for class in ["INFREQUENT_ACCESS", "DELIVERY"] {
        assert_eq!(
            refusal(put(class).await),
            refused(400, "InvalidOperationException")
        );
    }
}

/// A finding with what its producer says of it.
fn finding(updated: &str) -> AwsSecurityFindingBuilder {
    let resource = FindingResource::builder()
        .r#type("AwsAccount")
        .id("AWS::::Account:111111111111");
    AwsSecurityFinding::builder()
        .schema_version("2018-10-08")
        .id("root-key")
        .product_arn("arn:aws:securityhub:eu-west-1:111111111111:product/111111111111/default")
        .generator_id("guard")
        .aws_account_id(ACCOUNT)
        .created_at(updated)
        .updated_at(updated)
        .severity(Severity::builder().label(SeverityLabel::Critical).build())
        .title("t")
        .description("d")
        .resources(resource.build())
}

fn workflow(status: WorkflowStatus) -> Workflow {
    Workflow::builder().status(status).build()
}

#[tokio::test]
async fn an_update_of_a_finding_keeps_only_what_belongs_to_people() {
    let sandbox = sandbox(|account| account.security_hub = true);
    let hub = aws_sdk_securityhub::Client::new(&sandbox.sdk_config(ACCOUNT, REGION));
    let import = async |finding: AwsSecurityFindingBuilder| {
        let import = hub.batch_import_findings().findings(finding.build());
        assert_eq!(import.send().await.unwrap().success_count(), Some(1));
        sandbox.findings(ACCOUNT, REGION).remove(0)
    };
    let note = Note::builder()
        .text("known")
        .updated_by("me")
        .updated_at("2026-11-02T00:00:00Z");
    let first = finding("2026-11-02T00:00:00Z")
        .first_observed_at("2026-11-01T00:00:00Z")
        .note(note.build())
        .workflow(workflow(WorkflowStatus::Suppressed))
        .user_defined_fields("team", "blue")
        .verification_state(VerificationState::TruePositive);
    let first = import(first).await;
    let second = finding("2026-11-05T00:00:00Z").workflow(workflow(WorkflowStatus::New));
    let kept = import(second).await;
    for name in ["Note", "Workflow", "UserDefinedFields", "VerificationState"] {
        assert_eq!(kept[name], first[name], "{name}");
    }
    assert_eq!(kept["Workflow"]["Status"], "SUPPRESSED");
    assert_eq!(kept["CreatedAt"], "2026-11-05T00:00:00Z");
    assert_eq!(kept["FirstObservedAt"], Value::Null);
    // One that is not later changes nothing.
    let same = import(finding("2026-11-05T00:00:00Z").title("other")).await;
    assert_eq!(same["Title"], "t");
}

#[tokio::test]
async fn an_empty_delivery_error_is_none() {
    let sandbox = sandbox(|account| {
        account.trails.push(here(json!({
            "Name": "main", "LatestDeliveryError": "",
            "LatestCloudWatchLogsDeliveryError": "",
            "CloudWatchLogsLogGroupArn": "arn:aws:logs:eu-west-1:111111111111:log-group:t:*",
        })));
    });
    let cloudtrail = aws_sdk_cloudtrail::Client::new(&sandbox.sdk_config(ACCOUNT, REGION));
    let status = cloudtrail
        .get_trail_status()
        .name("main")
        .send()
        .await
        .unwrap();
    assert_eq!(status.latest_delivery_error(), Some(""));
    assert!(status.latest_delivery_time().is_some());
    assert!(status.latest_cloud_watch_logs_delivery_time().is_some());
}
