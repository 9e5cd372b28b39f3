//! A log event goes through metric filter, metric, alarm and topic to a queue.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use std::time::Duration;

use aws_sdk_cloudwatch::types::{HistoryItemType, StateValue, Statistic};
use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use sandbox::{Account, Organization, Resource, Sandbox};
use serde_json::{Value, json};

const ACCOUNT: &str = "111111111111";
const REGION: &str = "eu-west-1";
const GROUP: &str = "trails";
const TOPIC: &str = "arn:aws:sns:eu-west-1:111111111111:security";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:111111111111:security";
const ROOT: &str = r#"{"userIdentity":{"type":"Root"},"eventType":"AwsApiCall"}"#;

/// Links between a log event and a queue.
struct Chain {
    filter: Value,
    alarm: Value,
    composite: Option<Value>,
    mute_rule: Option<Value>,
    topic: Value,
    keys: Vec<Value>,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            filter: json!({
                "logGroupName": GROUP, "filterName": "root",
                "filterPattern": "{ $.userIdentity.type = \"Root\" }",
                "metricTransformations": [{
                    "metricName": "RootUsage", "metricNamespace": "Guard", "metricValue": "1",
                }],
            }),
            alarm: json!({
                "AlarmName": "root", "MetricName": "RootUsage", "Namespace": "Guard",
                "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                "TreatMissingData": "notBreaching", "StateValue": "OK",
                "AlarmActions": [TOPIC],
            }),
            composite: None,
            mute_rule: None,
            topic: json!({"Name": "security"}),
            keys: Vec::new(),
        }
    }
}

impl Chain {
    fn sandbox(self) -> Sandbox {
        let mut account = Account::new(ACCOUNT, "owner");
        let here = |members: Value| Resource::new(REGION, members);
        account
            .log_groups
            .push(here(json!({"logGroupName": GROUP})));
        account.metric_filters.push(here(self.filter));
        account.metric_alarms.push(here(self.alarm));
        account.composite_alarms.extend(self.composite.map(here));
        account.alarm_mute_rules.extend(self.mute_rule.map(here));
        account.topics.push(here(self.topic));
        account.keys.extend(self.keys.into_iter().map(here));
        account.queues.push(here(json!({"QueueName": "security"})));
        let subscription = json!({"TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": QUEUE});
        account.subscriptions.push(here(subscription));
        Sandbox::new(Organization::with_accounts([account])).unwrap()
    }
}

async fn put(sandbox: &Sandbox, message: &str) {
    let logs = aws_sdk_cloudwatchlogs::Client::new(&sandbox.sdk_config(ACCOUNT, REGION));
    let stream = logs.create_log_stream().log_group_name(GROUP);
    let _ = stream.log_stream_name("a").send().await;
    let now = std::time::SystemTime::now();
    let now = now
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis();
    let event = InputLogEvent::builder()
        .timestamp(i64::try_from(now).unwrap())
        .message(message);
    let put = logs.put_log_events().log_group_name(GROUP);
    let put = put.log_stream_name("a").log_events(event.build().unwrap());
    put.send().await.unwrap();
}

fn cloudwatch(sandbox: &Sandbox) -> aws_sdk_cloudwatch::Client {
    aws_sdk_cloudwatch::Client::new(&sandbox.sdk_config(ACCOUNT, REGION))
}

async fn state(sandbox: &Sandbox) -> StateValue {
    let alarms = cloudwatch(sandbox).describe_alarms().send().await.unwrap();
    alarms.metric_alarms()[0].state_value().unwrap().clone()
}

/// Returns the outcomes of the actions of all alarms.
async fn actions(sandbox: &Sandbox) -> Vec<String> {
    let asked = cloudwatch(sandbox)
        .describe_alarm_history()
        .alarm_types("MetricAlarm".into())
        .alarm_types("CompositeAlarm".into())
        .history_item_type(HistoryItemType::Action);
    let history = asked.send().await.unwrap();
    let items = history.alarm_history_items().iter();
    items
        .map(|item| item.history_summary().unwrap().to_owned())
        .collect()
}

/// Returns the messages of the queue: each alarm with its state.
fn told(sandbox: &Sandbox) -> Vec<(String, String)> {
    let bodies = sandbox.queued(QUEUE).into_iter().map(|message| {
        let body: Value = serde_json::from_str(&message.body).unwrap();
        serde_json::from_str::<Value>(body["Message"].as_str().unwrap()).unwrap()
    });
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    bodies
        .map(|body| (text(&body["AlarmName"]), text(&body["NewStateValue"])))
        .collect()
}

fn in_alarm(name: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), "ALARM".to_owned())]
}

#[tokio::test]
async fn an_event_that_matches_sets_the_alarm_off_once_and_it_comes_back() {
    let sandbox = Chain::default().sandbox();
    put(&sandbox, r#"{"userIdentity":{"type":"IAMUser"}}"#).await;
    assert_eq!(
        (state(&sandbox).await, told(&sandbox)),
        (StateValue::Ok, vec![])
    );
    put(&sandbox, ROOT).await;
    put(&sandbox, ROOT).await;
    assert_eq!(state(&sandbox).await, StateValue::Alarm);
    assert_eq!(told(&sandbox), in_alarm("root"));
    let success = format!("Successfully executed action {TOPIC}");
    assert_eq!(actions(&sandbox).await, [success]);

    let now = std::time::SystemTime::now();
    let statistics = cloudwatch(&sandbox)
        .get_metric_statistics()
        .namespace("Guard")
        .metric_name("RootUsage")
        .start_time((now - Duration::from_mins(5)).into())
        .end_time((now + Duration::from_mins(5)).into())
        .period(300)
        .statistics(Statistic::Sum);
    let statistics = statistics.send().await.unwrap();
    let sums = statistics
        .datapoints()
        .iter()
        .filter_map(aws_sdk_cloudwatch::types::Datapoint::sum);
    assert!((sums.sum::<f64>() - 2.0).abs() < f64::EPSILON);

    sandbox.advance_clock(Duration::from_mins(2));
    assert_eq!(state(&sandbox).await, StateValue::Alarm);
    sandbox.advance_clock(Duration::from_mins(2));
    assert_eq!(state(&sandbox).await, StateValue::Ok);
}

#[tokio::test]
async fn what_keeps_an_alarm_from_telling_does_so() {
    let change = |value: &Value, changes: Value| {
        let mut value = value.clone();
        let members = value.as_object_mut().unwrap();
        members.extend(changes.as_object().unwrap().clone());
        value
    };
    let fails = format!("Failed to execute action {TOPIC}");
    let chain = Chain::default;
    let policy = |principal: &str| {
        json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": principal}, "Action": "sns:Publish",
            "Resource": TOPIC,
        }]})
    };
    let key = json!({"KeyId": "1", "Policy": {"Version": "2012-10-17", "Statement": []}});
    let encrypted = json!({"Name": "security", "Attributes": {"KmsMasterKeyId": "1"}});
    let by_aws = json!({"Name": "security", "Attributes": {"KmsMasterKeyId": "alias/aws/sns"}});
    let no_actions = change(&chain().alarm, json!({"ActionsEnabled": false}));
    let muted = json!({
        "Name": "night", "MuteTargets": {"AlarmNames": ["root"]},
        "Rule": {"Schedule": {"Expression": "cron(* * * * *)", "Duration": "PT1H"}},
    });
    let for_others =
        json!({"Name": "security", "Attributes": {"Policy": policy("s3.amazonaws.com")}});
    for (what, chain, expected) in [
        (
            "actions off",
            Chain {
                alarm: no_actions,
                ..chain()
            },
            vec![],
        ),
        (
            "muted",
            Chain {
                mute_rule: Some(muted),
                ..chain()
            },
            vec![],
        ),
        (
            "no topic",
            Chain {
                topic: json!({"Name": "other"}),
                ..chain()
            },
            vec![fails.clone()],
        ),
        (
            "policy",
            Chain {
                topic: for_others,
                ..chain()
            },
            vec![fails.clone()],
        ),
        (
            "key",
            Chain {
                topic: encrypted,
                keys: vec![key],
                ..chain()
            },
            vec![fails.clone()],
        ),
        (
            "AWS's key",
            Chain {
                topic: by_aws,
                ..chain()
            },
            vec![fails.clone()],
        ),
    ] {
        let sandbox = chain.sandbox();
        put(&sandbox, ROOT).await;
        assert_eq!(state(&sandbox).await, StateValue::Alarm, "{what}");
        assert_eq!(actions(&sandbox).await, expected, "{what}");
        assert_eq!(told(&sandbox), [], "{what}");
    }
    let allowed =
        json!({"Name": "security", "Attributes": {"Policy": policy("cloudwatch.amazonaws.com")}});
    let sandbox = Chain {
        topic: allowed,
        ..chain()
    }
    .sandbox();
    put(&sandbox, ROOT).await;
    assert_eq!(told(&sandbox), in_alarm("root"));
}

#[tokio::test]
async fn composite_alarms_follow_and_are_suppressed() {
    let silent = |chain: Chain| {
        let mut alarm = chain.alarm.clone();
        alarm["AlarmActions"] = json!([]);
        Chain { alarm, ..chain }
    };
    let composite = |more: Value| {
        let mut composite = json!({
            "AlarmName": "all", "AlarmRule": "ALARM(root) AND NOT ALARM(other)",
            "AlarmActions": [TOPIC], "StateValue": "OK",
        });
        let members = composite.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        Some(composite)
    };
    let with = |composite| {
        silent(Chain {
            composite,
            ..Chain::default()
        })
        .sandbox()
    };
    let sandbox = with(composite(json!({})));
    put(&sandbox, ROOT).await;
    assert_eq!(told(&sandbox), in_alarm("all"));

    let suppressed = json!({
        "ActionsSuppressor": "root", "ActionsSuppressorWaitPeriod": 1,
        "ActionsSuppressorExtensionPeriod": 1,
    });
    let sandbox = with(composite(suppressed));
    put(&sandbox, ROOT).await;
    assert_eq!(state(&sandbox).await, StateValue::Alarm);
    assert_eq!(told(&sandbox), []);
}

/// A state that is set by hand is told too, and the data have the last word.
#[tokio::test]
async fn a_state_that_is_set_runs_actions() {
    let sandbox = Chain::default().sandbox();
    let set = cloudwatch(&sandbox)
        .set_alarm_state()
        .alarm_name("root")
        .state_value(StateValue::Alarm)
        .state_reason("a test");
    set.send().await.unwrap();
    assert_eq!(told(&sandbox), in_alarm("root"));
    // Nothing was ever published: the state stays as somebody said.
    assert_eq!(state(&sandbox).await, StateValue::Alarm);
    put(&sandbox, ROOT).await;
    sandbox.advance_clock(Duration::from_mins(10));
    assert_eq!(state(&sandbox).await, StateValue::Ok);
}
