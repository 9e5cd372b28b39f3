//! The Lambda function as its own process, invoked by AWS Config in a sandbox.

use std::collections::BTreeSet;
use std::time::Duration;

use alarms::{
    DESCRIBE_ALARMS, DESCRIBE_KEY, DESCRIBE_METRIC_FILTERS, GET_KEY_POLICY,
    GET_SUBSCRIPTION_ATTRIBUTES, GET_TOPIC_ATTRIBUTES, LIST_ALARM_MUTE_RULES,
    LIST_SUBSCRIPTIONS_BY_TOPIC, TEST_METRIC_FILTER,
};
use config_rule::{ASSUME_ROLE, Control, PUT_EVALUATIONS};
use control_testkit::{Deployment, Row, RuleHarness};
use root_usage_alarm::{EVIDENCE_READS, RootUsageAlarm};
use sandbox::{Account, Fault, Resource};
use serde_json::{Value, json};
use trails::{DESCRIBE_TRAILS, GET_EVENT_SELECTORS, GET_TRAIL_STATUS};

use crate::fixtures::{self, row, rows};
use crate::world;

const ACCOUNT: &str = "111122223333";

const FUNCTION: Deployment = Deployment {
    program: env!("CARGO_BIN_EXE_root-usage-alarm"),
    account: ACCOUNT,
    region: "us-east-1",
    timeout: Duration::from_mins(1),
};

/// Rows of facts that no sandbox gives.
const SAVED_ONLY: &[&str] = &[
    // Saved when another control or other parameters asked.
    "selectors were not asked for",
    // The trail went away after this account was told of it.
    "owner has no such trail",
];

/// From the log group to whoever is told.
const CHAIN: [&str; 6] = [
    DESCRIBE_METRIC_FILTERS,
    DESCRIBE_ALARMS,
    GET_TOPIC_ATTRIBUTES,
    LIST_SUBSCRIPTIONS_BY_TOPIC,
    GET_SUBSCRIPTION_ATTRIBUTES,
    LIST_ALARM_MUTE_RULES,
];

/// The function, and the row as it is now.
async fn deploy(row: Row<RootUsageAlarm>) -> (RuleHarness, Row<RootUsageAlarm>) {
    let row = fixtures::as_of_now(row);
    let sandbox = world::sandbox(&row);
    let stage = RuleHarness::new::<RootUsageAlarm>(&FUNCTION, sandbox, &row.parameters).await;
    (stage, row)
}

/// A complete chain, evaluated once.
pub(crate) async fn complete() -> RuleHarness {
    let (stage, _) = deploy(row("complete chain")).await;
    stage.evaluated().await.unwrap();
    assert_eq!(reason(&stage).await, "ROOT_USAGE_ALARMED");
    stage
}

/// The reason code that Config shows.
pub(crate) async fn reason(stage: &RuleHarness) -> String {
    let shown = stage.config_results().await;
    shown[0].1.split(':').next().unwrap().to_owned()
}

/// Every row of the table, and over all of them that the roles need what is declared, no
/// less and no more.
#[tokio::test]
async fn every_row_of_the_table_ends_in_config_as_it_says() {
    let (mut made, mut made_as_owner) = (BTreeSet::new(), BTreeSet::new());
    for row in rows() {
        if SAVED_ONLY.contains(&row.name.as_str()) {
            continue;
        }
        let (stage, row) = deploy(row).await;
        let record = stage.evaluated().await.unwrap_or_else(|error| {
            panic!("{}: {error}\n{}", row.name, stage.process.output());
        });
        let result = row.reported_result();
        stage.assert_reported(&row.name, &record, result).await;
        made.extend(stage.calls());
        made_as_owner.extend(stage.calls_of("evidence"));
    }
    let declared = RootUsageAlarm::METADATA.evaluation_actions();
    assert_eq!(made, declared.map(str::to_owned).collect());
    let declared = EVIDENCE_READS.iter().copied();
    assert_eq!(made_as_owner, declared.map(str::to_owned).collect());
}

/// The numbers of the README.
#[tokio::test]
async fn a_complete_chain_takes_ten_calls_and_the_report() {
    let trail = [DESCRIBE_TRAILS, GET_TRAIL_STATUS, GET_EVENT_SELECTORS];
    let end = [TEST_METRIC_FILTER, PUT_EVALUATIONS];
    let stage = complete().await;
    assert_eq!(stage.calls(), [&trail[..], &CHAIN, &end].concat());
    assert_eq!(stage.calls().len(), 11);

    let (stage, _) = deploy(row("customer managed key")).await;
    stage.evaluated().await.unwrap();
    let (before, after) = CHAIN.split_at(3);
    let key = [DESCRIBE_KEY, GET_KEY_POLICY];
    let calls = [&trail[..], before, &key, after, &end].concat();
    assert_eq!(stage.calls(), calls);
}

#[tokio::test]
async fn another_account_takes_one_call_more() {
    let (stage, _) = deploy(row("organization trail judged through the evidence role")).await;
    stage.evaluated().await.unwrap();
    let calls = [
        DESCRIBE_TRAILS,
        ASSUME_ROLE,
        TEST_METRIC_FILTER,
        PUT_EVALUATIONS,
    ];
    assert_eq!(stage.calls(), calls);
    let as_owner = [&[GET_TRAIL_STATUS, GET_EVENT_SELECTORS][..], &CHAIN].concat();
    assert_eq!(stage.calls_of("evidence"), as_owner);
}

#[tokio::test]
async fn throttling_that_ends_is_not_noticed() {
    let (stage, row) = deploy(row("complete chain")).await;
    stage.evaluated().await.unwrap();
    for action in RootUsageAlarm::METADATA.reads {
        stage
            .sandbox
            .inject(Fault::throttling().action(*action).times(2));
    }
    stage.forget_calls();
    stage.process.send(stage.event()).await.unwrap();
    assert_eq!(stage.config_results().await, [row.reported_result()]);
    // Each of the ten twice in vain.
    assert_eq!(stage.calls().len(), 3 * 10 + 1);
}

/// Nobody can conclude anything from throttling: the next invocation asks again, and
/// Config keeps what it has.
#[tokio::test]
async fn throttling_that_does_not_end_is_a_failure_and_no_verdict() {
    let stage = complete().await;
    let before = stage.config_results_with_times().await;
    for action in CHAIN {
        stage.sandbox.inject(Fault::throttling().action(action));
        let error = stage.process.send(stage.event()).await.unwrap_err();
        assert_eq!(error.error_type, "Throttled", "{error}");
        assert!(error.message.contains(action), "{error}");
        stage.sandbox.clear_faults();
    }
    assert_eq!(stage.config_results_with_times().await, before);
}

/// What only confirms a verdict is not needed for it.
#[tokio::test]
async fn that_no_pattern_may_be_tested_is_no_failure() {
    let stage = complete().await;
    let denied = Fault::access_denied().action(TEST_METRIC_FILTER);
    stage.sandbox.inject(denied);
    stage.process.send(stage.event()).await.unwrap();
    assert_eq!(reason(&stage).await, "ROOT_USAGE_ALARMED");
}

/// The resources among which a link of the chain is the only one.
type Link = fn(&mut Account) -> &mut Vec<Resource>;

/// Somebody breaks one link after the other, and mends each.
#[tokio::test]
async fn the_verdict_follows_the_chain() {
    let stage = complete().await;
    let links: [(Link, &str, Value, &str); 6] = [
        (
            |account| &mut account.trails,
            "IsLogging",
            json!(false),
            "NO_QUALIFYING_TRAIL",
        ),
        (
            |account| &mut account.metric_filters,
            "filterPattern",
            json!("{ $.eventName = ConsoleLogin }"),
            "NO_FILTER",
        ),
        (
            |account| &mut account.metric_alarms,
            "Threshold",
            json!(1000),
            "ALARM_CANNOT_FIRE",
        ),
        (
            |account| &mut account.metric_alarms,
            "ActionsEnabled",
            json!(false),
            "ALARM_ACTIONS_DISABLED",
        ),
        (
            |account| &mut account.metric_alarms,
            "AlarmActions",
            json!([]),
            "NO_ALARM_ACTION",
        ),
        (
            |account| &mut account.subscriptions,
            "SubscriptionArn",
            json!("PendingConfirmation"),
            "NO_CONFIRMED_SUBSCRIPTION",
        ),
    ];
    for (link, member, broken, expected) in links {
        let swap = |value: Value| {
            let swapped = stage.sandbox.change_account(ACCOUNT, |account| {
                link(account)[0]
                    .members
                    .insert(member.to_owned(), value)
                    .unwrap()
            });
            swapped.unwrap()
        };
        let whole = swap(broken);
        stage.process.send(stage.event()).await.unwrap();
        assert_eq!(reason(&stage).await, expected);
        swap(whole);
        stage.process.send(stage.event()).await.unwrap();
        assert_eq!(reason(&stage).await, "ROOT_USAGE_ALARMED");
    }
}

/// Puts 120 others before the only resource, each of a name of its own.
fn crowd(resources: &mut Vec<Resource>, name: &str, different: &Value) {
    let only = resources[0].clone();
    let others = (0..120).map(|number| {
        let mut other = only.clone();
        let members = &mut other.members;
        members.extend(different.as_object().unwrap().clone());
        members.insert(name.to_owned(), json!(format!("a{number:03}")));
        other
    });
    resources.splice(0..0, others.collect::<Vec<_>>());
}

/// More than one page of everything that is listed, and what decides on the last, which
/// is asked for twice because it fails in between.
#[tokio::test]
async fn what_decides_may_be_on_the_last_page() {
    let (stage, row) = deploy(row("complete chain")).await;
    stage.evaluated().await.unwrap();
    let filled = stage.sandbox.change_account(ACCOUNT, |account| {
        let transformation = json!({
            "metricName": "Other", "metricNamespace": "Other", "metricValue": "1",
        });
        let elsewhere = json!({ "metricTransformations": [transformation] });
        crowd(&mut account.metric_filters, "filterName", &elsewhere);
        let elsewhere = json!({ "Namespace": "Other" });
        crowd(&mut account.metric_alarms, "AlarmName", &elsewhere);
        let pending = json!({ "SubscriptionArn": "PendingConfirmation" });
        crowd(&mut account.subscriptions, "Endpoint", &pending);
    });
    filled.unwrap();
    let listed = [
        DESCRIBE_METRIC_FILTERS,
        DESCRIBE_ALARMS,
        LIST_SUBSCRIPTIONS_BY_TOPIC,
    ];
    for action in listed {
        let fault = Fault::throttling().action(action).after(1).times(1);
        stage.sandbox.inject(fault);
    }
    stage.forget_calls();
    stage.process.send(stage.event()).await.unwrap();
    assert_eq!(stage.config_results().await, [row.reported_result()]);
    let calls = stage.calls();
    for (action, pages) in listed.into_iter().zip([3, 2, 2]) {
        let asked = calls.iter().filter(|asked| *asked == action).count();
        assert_eq!(asked, pages + 1, "{action}");
    }

    // A page that does not come is no verdict, but one that is denied is.
    let denied = Fault::access_denied()
        .action(DESCRIBE_METRIC_FILTERS)
        .after(1);
    stage.sandbox.inject(denied);
    stage.process.send(stage.event()).await.unwrap();
    assert_eq!(reason(&stage).await, "UNVERIFIABLE_ACCESS_DENIED");
}
