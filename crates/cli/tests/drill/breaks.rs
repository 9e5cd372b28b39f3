//! Each link of the chain broken in turn, and named.

use sandbox::{Account, Fault, Resource, Sandbox};
use serde_json::{Value, json};

use crate::{ACCOUNT, ALARM, Held, TOPIC, change, deployed, drill, here};

pub(crate) fn set(resource: &mut Resource, member: &str, value: Value) {
    resource.members.insert(member.to_owned(), value);
}

pub(crate) fn set_attribute(resource: &mut Resource, attribute: &str, value: Value) {
    resource.members["Attributes"][attribute] = value;
}

/// Something that breaks a link of the chain.
pub(crate) type Break = fn(&mut Account);

/// The link that each breaks, and what the receipt says of it.
const BREAKS: &[(&str, &str, Break)] = &[
    ("record", "no log group", |account| {
        account.log_groups.clear();
    }),
    ("metric", "no metric filter", |account| {
        account.metric_filters.clear();
    }),
    ("metric", "did not match", |account| {
        for filter in &mut account.metric_filters {
            set(
                filter,
                "filterPattern",
                "{ $.eventName = ConsoleLogin }".into(),
            );
        }
    }),
    ("alarm", "no alarm watches", |account| {
        account.metric_alarms.clear();
    }),
    ("alarm", "in ALARM already", |account| {
        set(&mut account.metric_alarms[0], "StateValue", "ALARM".into());
    }),
    ("alarm", "did not change", |account| {
        set(&mut account.metric_alarms[0], "Threshold", 100.into());
    }),
    ("action", "switched off", |account| {
        set(
            &mut account.metric_alarms[0],
            "ActionsEnabled",
            false.into(),
        );
    }),
    ("action", "no action", |account| {
        set(&mut account.metric_alarms[0], "AlarmActions", json!([]));
    }),
    ("action", "muted by night", |account| {
        account.alarm_mute_rules.push(here(json!({
            "Name": "night",
            "AlarmMuteRuleArn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm-mute-rule:night",
            "MuteTargets": {"AlarmNames": ["rootguard-root-usage"]},
            "Rule": {"Schedule": {"Expression": "cron(* * * * *)", "Duration": "PT1H"}},
        })));
    }),
    ("action", "topic does not exist", |account| {
        account.topics.clear();
    }),
    ("action", "not allowed to perform sns:Publish", |account| {
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sns:Publish", "Resource": TOPIC,
        }]});
        let policy = policy.to_string();
        set_attribute(&mut account.topics[0], "Policy", policy.into());
    }),
    ("action", "not enabled", |account| {
        set(&mut account.keys[0], "KeyState", "Disabled".into());
    }),
    ("notification", "nobody has confirmed", |account| {
        account
            .subscriptions
            .retain(|one| one.text("Protocol") != Some("sqs"));
    }),
    ("notification", "did not tell the queue", |account| {
        let queue = account.subscriptions.last_mut().unwrap();
        set(
            queue,
            "Attributes",
            json!({"FilterPolicy": "{\"a\":[\"b\"]}"}),
        );
    }),
    ("re-arm", "set back to", |account| {
        set(
            &mut account.metric_alarms[0],
            "TreatMissingData",
            "ignore".into(),
        );
    }),
];

/// The broken link is named, with its reason, and nothing is left in alarm but what was.
pub(crate) fn assert_named(sandbox: &Sandbox, held: &Held, link: &str, why: &str) {
    let links = held.links();
    let broken: Vec<_> = links
        .iter()
        .filter(|(_, status)| *status == "BROKEN")
        .collect();
    assert_eq!(
        broken,
        [&(link, "BROKEN")],
        "{why}: {}{}",
        held.out,
        held.err
    );
    assert!(held.detail(link).contains(why), "{}", held.out);
    assert!(
        held.out.contains(&format!("Broken: {link}.")),
        "{}",
        held.out
    );
    assert_eq!(held.code, 1, "{why}");
    let already = why == "in ALARM already";
    let account = sandbox.account(ACCOUNT).unwrap();
    for alarm in &account.metric_alarms {
        assert_eq!(alarm.text("StateValue") == Some("ALARM"), already, "{why}");
    }
}

#[tokio::test]
async fn each_link_is_broken_in_turn_and_named() {
    for (link, why, break_it) in BREAKS {
        let sandbox = deployed().await;
        change(&sandbox, break_it);
        let held = drill(&sandbox, ALARM).await;
        assert_named(&sandbox, &held, link, why);
    }
    for (link, action) in [
        ("announcement", "events:PutEvents"),
        ("record", "logs:CreateLogStream"),
        ("record", "logs:PutLogEvents"),
    ] {
        let sandbox = deployed().await;
        sandbox.inject(Fault::access_denied().action(action));
        let held = drill(&sandbox, ALARM).await;
        assert_named(&sandbox, &held, link, action);
    }
}
