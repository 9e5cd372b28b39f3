//! What others build on a remediation since: undo leaves it, says so, and reverts the rest.

use alarms::{cloudwatch, kms, logs, sns};
use aws_sdk_cloudwatch::types::{ComparisonOperator, Statistic};
use aws_sdk_cloudwatchlogs::types::MetricTransformation;
use config_rule::{Account, Identity};
use futures::FutureExt;
use futures::future::BoxFuture;
use remediation::{Outcome, Record, RecordError, UndoStatus, UndoneStep};
use root_usage_alarm::{CIS_FILTER, ChainChange, NAME};
use serde_json::{Value, json};

use crate::remediation::{ACCOUNT, REGION, patient, row, state, told};

const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:rootguard-root-usage";
const ALIAS: &str = "alias/rootguard-root-usage";

const KEY_STEP: &str = "create a key that CloudWatch may use";
const TOPIC_STEP: &str = "create an encrypted topic";
const STATEMENT_STEP: &str = "let alarms publish";
const SUBSCRIBE_STEP: &str = "subscribe arn:aws:sqs:us-east-1:111122223333:root-usage";
const FILTER_STEP: &str = "create the metric filter rootguard-root-usage";
const CONSOLE_STEP: &str = "create the metric filter rootguard-root-usage-in-console";
const ALARM_STEP: &str = "create the alarm";

type Build = fn(&Account) -> BoxFuture<'_, ()>;

/// Returns what somebody does, and the steps that stay because of it, the last first.
fn uses() -> Vec<(&'static str, Build, &'static [&'static str])> {
    vec![
        (
            "somebody else subscribes",
            |account| {
                let call = sns(account).subscribe().topic_arn(TOPIC).protocol("sqs");
                let call = call.endpoint("arn:aws:sqs:us-east-1:111122223333:team");
                call.send().map(|sent| drop(sent.unwrap())).boxed()
            },
            &[TOPIC_STEP, KEY_STEP],
        ),
        (
            "another alarm tells the topic",
            |account| alarm(account, "billing", "Other", "Metric", &[TOPIC]).boxed(),
            &[STATEMENT_STEP, TOPIC_STEP, KEY_STEP],
        ),
        (
            "another alarm watches the metric",
            |account| alarm(account, "watch", "RootGuard", "RootUsage", &[]).boxed(),
            &[CONSOLE_STEP, FILTER_STEP],
        ),
        (
            "a composite alarm is made of the alarm",
            |account| {
                let call = cloudwatch(account).put_composite_alarm().alarm_name("all");
                let call = call.alarm_rule(format!("ALARM(\"{NAME}\")"));
                call.send().map(|sent| drop(sent.unwrap())).boxed()
            },
            &[
                ALARM_STEP,
                CONSOLE_STEP,
                FILTER_STEP,
                STATEMENT_STEP,
                TOPIC_STEP,
                KEY_STEP,
            ],
        ),
        (
            "the alarm is changed",
            |account| alarm(account, NAME, "RootGuard", "RootUsage", &[TOPIC]).boxed(),
            &[
                ALARM_STEP,
                CONSOLE_STEP,
                FILTER_STEP,
                STATEMENT_STEP,
                TOPIC_STEP,
                KEY_STEP,
            ],
        ),
        (
            "a filter is changed",
            |account| change_filter(account).boxed(),
            &[FILTER_STEP],
        ),
        (
            "another topic is encrypted with the key",
            |account| {
                let call = sns(account).create_topic().name("other");
                let call = call.attributes("KmsMasterKeyId", ALIAS);
                call.send().map(|sent| drop(sent.unwrap())).boxed()
            },
            &[KEY_STEP],
        ),
        (
            "the key gets another alias",
            |account| other_alias(account).boxed(),
            &[KEY_STEP],
        ),
        (
            "the key's policy is changed",
            |account| change_key_policy(account).boxed(),
            &[KEY_STEP],
        ),
        (
            "the topic's policy gets a statement",
            |account| change_topic_policy(account).boxed(),
            &[TOPIC_STEP, KEY_STEP],
        ),
        (
            "the subscription gets a filter policy",
            |account| change_subscription(account).boxed(),
            &[SUBSCRIBE_STEP, TOPIC_STEP, KEY_STEP],
        ),
    ]
}

async fn alarm(account: &Account, name: &str, namespace: &str, metric: &str, actions: &[&str]) {
    let call = cloudwatch(account)
        .put_metric_alarm()
        .alarm_name(name)
        .namespace(namespace)
        .metric_name(metric)
        .statistic(Statistic::Sum)
        .period(300)
        .evaluation_periods(1)
        .threshold(9.0)
        .comparison_operator(ComparisonOperator::GreaterThanThreshold)
        .set_alarm_actions(Some(actions.iter().map(ToString::to_string).collect()));
    call.send().await.unwrap();
}

async fn change_filter(account: &Account) {
    let transformation = MetricTransformation::builder()
        .metric_namespace("RootGuard")
        .metric_name("RootUsage")
        .metric_value("2");
    let call = logs(account)
        .put_metric_filter()
        .log_group_name("trails")
        .filter_name(CIS_FILTER)
        .filter_pattern("{ $.userIdentity.type = \"Root\" }")
        .metric_transformations(transformation.build().unwrap());
    call.send().await.unwrap();
}

async fn key_id(account: &Account) -> String {
    let described = kms(account).describe_key().key_id(ALIAS).send().await;
    described.unwrap().key_metadata.unwrap().key_id
}

async fn other_alias(account: &Account) {
    let key = key_id(account).await;
    let call = kms(account).create_alias().alias_name("alias/team");
    call.target_key_id(key).send().await.unwrap();
}

async fn change_key_policy(account: &Account) {
    let key = key_id(account).await;
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
        "Action": "kms:*", "Resource": "*",
    }]});
    let call = kms(account).put_key_policy().key_id(key);
    call.policy(policy.to_string()).send().await.unwrap();
}

async fn change_topic_policy(account: &Account) {
    let read = sns(account).get_topic_attributes().topic_arn(TOPIC);
    let attributes = read.send().await.unwrap().attributes.unwrap();
    let mut policy: Value = serde_json::from_str(&attributes["Policy"]).unwrap();
    policy["Statement"].as_array_mut().unwrap().push(json!({
        "Sid": "buckets", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sns:Publish", "Resource": TOPIC,
    }));
    let call = sns(account).set_topic_attributes().topic_arn(TOPIC);
    let call = call
        .attribute_name("Policy")
        .attribute_value(policy.to_string());
    call.send().await.unwrap();
}

async fn change_subscription(account: &Account) {
    let listed = sns(account).list_subscriptions_by_topic().topic_arn(TOPIC);
    let listed = listed.send().await.unwrap().subscriptions.unwrap();
    let call = sns(account).set_subscription_attributes();
    let call = call.subscription_arn(listed[0].subscription_arn.as_deref().unwrap());
    let call = call
        .attribute_name("FilterPolicy")
        .attribute_value("{\"team\":[\"a\"]}");
    call.send().await.unwrap();
}

fn left(steps: &[UndoneStep]) -> Vec<&str> {
    let left = steps
        .iter()
        .filter(|step| matches!(step.status, UndoStatus::Left { .. }));
    left.map(|step| step.what.as_str()).collect()
}

#[tokio::test]
async fn what_others_use_is_left_and_named_and_the_rest_is_reverted() {
    for (name, build, expected) in uses() {
        let patient = patient(&row("no filter"), &told());
        let record = patient.remediate().await.unwrap();
        assert_eq!(
            (record.outcome, record.steps.len()),
            (Outcome::Done, 7),
            "{name}"
        );
        let sdk = patient.sandbox.sdk_config(ACCOUNT, REGION);
        let identity = Identity::of_caller(&format!("arn:aws:iam::{ACCOUNT}:root"), REGION);
        build(&Account::new(sdk, identity.unwrap())).await;
        let before = state(&patient);

        let planned = patient.plan_undo(&record).await.unwrap();
        assert_eq!(state(&patient), before, "{name}");
        assert_eq!(left(&planned.steps), expected, "{name}: {planned:?}");
        let undone = patient.undo(&record).await.unwrap();
        assert_eq!(
            undone.outcome,
            Outcome::WaitingForHuman,
            "{name}: {undone:?}"
        );
        assert_eq!(left(&undone.steps), expected, "{name}: {undone:?}");
        let mut others = undone
            .steps
            .iter()
            .filter(|step| !expected.contains(&&*step.what));
        let is_reverted = |step: &UndoneStep| step.status == UndoStatus::Reverted;
        assert!(others.all(is_reverted), "{name}: {undone:?}");
        // A second time there is nothing left to revert.
        let after = state(&patient);
        assert_ne!(after, before, "{name}");
        patient.undo(&record).await.unwrap();
        assert_eq!(state(&patient), after, "{name}");
    }
}

/// A record names no resource but those that rootguard creates, in the account that is
/// asked; whatever somebody writes into it.
#[tokio::test]
async fn a_forged_record_is_not_believed() {
    let patient = patient(&row("no filter"), &told());
    let record = patient.remediate().await.unwrap();
    let before = state(&patient);
    let genuine = json!(record);
    let mut forged = 0;
    for (index, recorded) in record.steps.iter().enumerate() {
        let mut pointers = Vec::new();
        texts(&json!(recorded.step.change), "/change", &mut pointers);
        pointers.extend(["/resource", "/after"].map(str::to_owned));
        for pointer in pointers.iter().filter(|pointer| *pointer != "/change/kind") {
            for forge in [
                |text: &str| text.replace(NAME, "production"),
                |text: &str| text.replace(ACCOUNT, "999999999999"),
                |text: &str| format!("{text}x"),
            ] {
                let mut record = genuine.clone();
                let place = record
                    .pointer_mut(&format!("/steps/{index}{pointer}"))
                    .unwrap();
                let text = place.as_str().map_or(place.to_string(), str::to_owned);
                if forge(&text) == text {
                    continue;
                }
                *place = json!(forge(&text));
                let Ok(record) = serde_json::from_value::<Record<ChainChange>>(record) else {
                    continue;
                };
                let undone = patient.undo(&record).await;
                let name = &recorded.step.what;
                // Whom a subscription tells is shown, and cannot be checked.
                if pointer.starts_with("/change/endpoint") {
                    assert!(
                        matches!(undone, Err(RecordError::ForeignStep { .. })),
                        "{name}"
                    );
                    continue;
                }
                let refused = matches!(undone, Err(RecordError::ForeignStep { .. }));
                assert!(refused, "{name} {pointer}: {undone:?}");
                assert_eq!(state(&patient), before, "{name} {pointer}");
                forged += 1;
            }
        }
    }
    assert!(forged > 30, "{forged}");
    let mut elsewhere: Record<ChainChange> = serde_json::from_value(genuine).unwrap();
    elsewhere.account = "999999999999".to_owned();
    let undone = patient.undo(&elsewhere).await;
    assert!(matches!(undone, Err(RecordError::OtherAccount { .. })));
}

/// The JSON pointers of all texts in a value.
fn texts(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at.to_owned()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                texts(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                texts(member, &format!("{at}/{name}"), found);
            }
        }
        _ => {}
    }
}

/// Somebody else's key under our description is not taken, whatever its policy.
#[tokio::test]
async fn a_foreign_key_is_not_adopted() {
    let patient = patient(&row("no filter"), &told());
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
         "Action": "kms:*", "Resource": "*"},
        {"Sid": "attacker", "Effect": "Allow", "Principal": {"AWS": "*"},
         "Action": "kms:*", "Resource": "*"},
    ]});
    let sdk = patient.sandbox.sdk_config(ACCOUNT, REGION);
    let identity = Identity::of_caller(&format!("arn:aws:iam::{ACCOUNT}:root"), REGION);
    let account = Account::new(sdk, identity.unwrap());
    let call = kms(&account)
        .create_key()
        .description("Encrypts the topic rootguard-root-usage")
        .policy(policy.to_string());
    let foreign = call.send().await.unwrap().key_metadata.unwrap().key_id;
    let record = patient.remediate().await.unwrap();
    assert_eq!(record.outcome, Outcome::Done, "{}", record.why);
    assert_ne!(key_id(&account).await, foreign);
}

#[tokio::test]
async fn wherever_it_ends_the_record_names_what_was_done_and_undoing_it_is_complete() {
    let stops = crate::remediation::table().stop_everywhere(&told()).await;
    assert!(stops >= 100, "{stops}");
}
