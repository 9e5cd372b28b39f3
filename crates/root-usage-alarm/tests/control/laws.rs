//! What holds of every account: unrelated things change nothing, and every link
//! of an only chain is needed.

use config_rule::{Compliance, Control, Verdict, parse_parameters};
use proptest::prelude::*;
use root_usage_alarm::RootUsageAlarm;
use serde_json::{Map, Value, json};

use crate::fixtures;

fn judge(facts: &Value) -> Verdict {
    let facts = serde_json::from_value(facts.clone()).unwrap();
    RootUsageAlarm::evaluate(&facts, &parse_parameters(Map::new()).unwrap())
}

/// Puts `item` before or after what is in a list of the facts.
fn add(facts: &mut Value, pointer: &str, item: &Value, first: bool) {
    let list = facts.pointer_mut(pointer).unwrap().as_array_mut().unwrap();
    let at = if first { 0 } else { list.len() };
    list.insert(at, item.clone());
}

const TRAILS: &str = "/trails/known";
const FILTERS: &str = "/metricFilters/arn:aws:logs:us-east-1:111122223333:log-group:trails:*/known";
const METRIC_ALARMS: &str = "/alarms/111122223333~1us-east-1/known/metricAlarms";
const COMPOSITE_ALARMS: &str = "/alarms/111122223333~1us-east-1/known/compositeAlarms";
const SUBSCRIPTIONS: &str = "/subscriptions/arn:aws:sns:us-east-1:111122223333:root-usage/known";

/// Things beside a complete chain that have nothing to do with it.
fn unrelated() -> impl Strategy<Value = (&'static str, Value)> {
    let complete = fixtures::complete();
    let trail = complete.pointer(TRAILS).unwrap()[0].clone();
    let alarm = complete.pointer(METRIC_ALARMS).unwrap()[0].clone();
    let with = |base: &Value, changes: Value| {
        let mut item = base.clone();
        let changes = changes.as_object().unwrap().clone();
        item.as_object_mut().unwrap().extend(changes);
        item
    };
    let cloudwatch = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:other";
    let denied = json!({"unread": {"denied": {"action": "cloudtrail:GetTrailStatus", "code": "AccessDenied"}}});
    let other_trail = "arn:aws:cloudtrail:us-east-1:111122223333:trail/other";
    let org_trail = "arn:aws:cloudtrail:us-east-1:999988887777:trail/org";
    let filter = |pattern: &str, metric: &str, value: &str| {
        json!({"filterName": "other", "filterPattern": pattern, "metricTransformations": [
            {"metricNamespace": "Cis", "metricName": metric, "metricValue": value}]})
    };
    prop::sample::select(vec![
        (
            TRAILS,
            with(&trail, json!({"arn": other_trail, "multiRegion": false})),
        ),
        (
            TRAILS,
            with(&trail, json!({"arn": other_trail, "logGroup": null})),
        ),
        (
            TRAILS,
            with(&trail, json!({"arn": other_trail, "status": denied})),
        ),
        (
            TRAILS,
            with(
                &trail,
                json!({"arn": org_trail, "organization": true, "logGroup": null}),
            ),
        ),
        (
            FILTERS,
            filter("{ $.eventName = ConsoleLogin }", "Logins", "1"),
        ),
        (FILTERS, filter("ERROR", "Errors", "1")),
        (FILTERS, filter("", "All", "1")),
        (
            FILTERS,
            filter(r#"{ $.userIdentity.type = "Root" }"#, "Unwatched", "0"),
        ),
        (
            METRIC_ALARMS,
            with(&alarm, json!({"alarmArn": cloudwatch, "threshold": 1000.0})),
        ),
        (
            METRIC_ALARMS,
            with(
                &alarm,
                json!({"alarmArn": cloudwatch, "thresholdMetricId": "ad1"}),
            ),
        ),
        (
            METRIC_ALARMS,
            with(
                &alarm,
                json!({"alarmArn": cloudwatch, "alarmActions": ["arn:aws:sns:us-east-1:444455556666:theirs"]}),
            ),
        ),
        (
            METRIC_ALARMS,
            with(
                &alarm,
                json!({"alarmArn": cloudwatch, "actionsEnabled": false}),
            ),
        ),
        (
            COMPOSITE_ALARMS,
            json!({
            "alarmArn": cloudwatch, "actionsEnabled": true, "alarmActions": [], "stateValue": "OK",
            "stateTransitioned": null, "alarmRule": "ALARM(root-use) XOR ALARM(other)"}),
        ),
        (
            SUBSCRIPTIONS,
            json!({"subscriptionArn": "PendingConfirmation", "protocol": "email"}),
        ),
        (
            SUBSCRIPTIONS,
            json!({"subscriptionArn": "Deleted", "protocol": "sqs"}),
        ),
    ])
}

/// Ways to break one link of the complete chain.
fn breaks() -> Vec<(&'static str, Value)> {
    let trail = "/trails/known/0";
    let filter = "/metricFilters/{group}/known/0";
    let alarm = "/alarms/{place}/known/metricAlarms/0";
    let of = |base: &str, member: &str| -> &'static str { format!("{base}/{member}").leak() };
    vec![
        ("/trails/known", json!([])),
        (of(trail, "multiRegion"), json!(false)),
        (of(trail, "logGroup"), json!(null)),
        (of(trail, "status/known/logging"), json!(false)),
        (
            of(trail, "status/known/latestLogGroupDeliveryError"),
            json!("AccessDenied"),
        ),
        (
            of(trail, "status/known/latestLogGroupDeliveryTime"),
            json!("2026-01-01T00:00:00Z"),
        ),
        (of(trail, "selectors/known/advanced"), json!([])),
        ("/metricFilters/{group}", json!({"known": null})),
        ("/metricFilters/{group}/known", json!([])),
        (
            of(filter, "filterPattern"),
            json!(r#"{ $.userIdentity.type = "Root" && $.eventName = ConsoleLogin }"#),
        ),
        (of(filter, "filterPattern"), json!("")),
        (of(filter, "applyOnTransformedLogs"), json!(true)),
        (
            of(filter, "metricTransformations/0/metricValue"),
            json!("0"),
        ),
        (
            of(filter, "metricTransformations/0/metricNamespace"),
            json!("cis"),
        ),
        (of(alarm, "metric/metricName"), json!("Other")),
        (
            of(alarm, "metric/dimensions"),
            json!({"Account": "111122223333"}),
        ),
        (of(alarm, "metric/unit"), json!("Count")),
        (of(alarm, "threshold"), json!(1000.0)),
        (of(alarm, "treatMissingData"), json!("breaching")),
        (of(alarm, "treatMissingData"), json!("ignore")),
        (of(alarm, "stateValue"), json!("ALARM")),
        (of(alarm, "actionsEnabled"), json!(false)),
        (of(alarm, "alarmActions"), json!([])),
        (
            of(alarm, "alarmActions"),
            json!(["arn:aws:sns:eu-west-1:111122223333:root-usage"]),
        ),
        (
            of(alarm, "alarmActions"),
            json!(["arn:aws:sns:us-east-1:444455556666:root-usage"]),
        ),
        (
            "/muteRules/{alarm}/known",
            json!([{"alarmMuteRuleArn": "x", "status": "ACTIVE"}]),
        ),
        ("/topics/{topic}", json!({"known": null})),
        (
            "/topics/{topic}/known/policy",
            json!(r#"{"Statement": []}"#),
        ),
        ("/topics/{topic}/known/fifoTopic", json!(true)),
        (
            "/topics/{topic}/known/kmsMasterKeyId",
            json!("alias/aws/sns"),
        ),
        ("/subscriptions/{topic}/known", json!([])),
        (
            "/subscriptions/{topic}/known/0/subscriptionArn",
            json!("PendingConfirmation"),
        ),
        (
            "/subscriptionAttributes/{subscription}/known/filterPolicy",
            json!("{\"team\":[\"a\"]}"),
        ),
    ]
}

/// What was not read, or not asked for, is never taken for good.
const READ: &[&str] = &[
    "/trails",
    "/trails/known/0/status",
    "/trails/known/0/selectors",
    "/metricFilters/{group}",
    "/alarms/{place}",
    "/muteRules/{alarm}",
    "/topics/{topic}",
    "/subscriptions/{topic}",
    "/subscriptionAttributes/{subscription}",
];

#[test]
fn every_link_of_the_only_chain_is_needed() {
    for (pointer, value) in breaks() {
        let mut facts = fixtures::complete();
        fixtures::change(&mut facts, pointer, &value);
        let verdict = judge(&facts);
        assert_ne!(
            verdict.compliance,
            Compliance::Compliant,
            "{pointer} {value}"
        );
    }
}

#[test]
fn nothing_that_was_not_read_is_taken_for_good() {
    for pointer in READ {
        let mut facts = fixtures::complete();
        let denied = json!({"unread": {"denied": {"action": "a:B", "code": "AccessDenied"}}});
        fixtures::change(&mut facts, pointer, &denied);
        assert_eq!(
            judge(&facts).compliance,
            Compliance::Unverifiable,
            "{pointer}"
        );
        if *pointer != "/trails" {
            fixtures::change(&mut facts, pointer, &Value::Null);
            assert_eq!(
                judge(&facts).compliance,
                Compliance::Unverifiable,
                "{pointer}"
            );
        }
    }
}

proptest! {
    #[test]
    fn what_satisfies_still_does_beside_unrelated_things(
        things in prop::collection::vec((unrelated(), any::<bool>()), 0..8),
    ) {
        let mut facts = fixtures::complete();
        for ((pointer, item), first) in &things {
            add(&mut facts, pointer, item, *first);
        }
        let verdict = judge(&facts);
        prop_assert_eq!(verdict.compliance, Compliance::Compliant, "{}", verdict.annotation());
    }

    /// Neither do they make up for a broken link.
    #[test]
    fn unrelated_things_do_not_mend_a_chain(
        (pointer, value) in prop::sample::select(breaks()),
        things in prop::collection::vec((unrelated(), any::<bool>()), 0..4),
    ) {
        let mut facts = fixtures::complete();
        fixtures::change(&mut facts, pointer, &value);
        for ((pointer, item), _) in &things {
            if facts.pointer(pointer).is_some_and(Value::is_array) {
                add(&mut facts, pointer, item, false);
            }
        }
        prop_assert_ne!(judge(&facts).compliance, Compliance::Compliant);
    }
}
