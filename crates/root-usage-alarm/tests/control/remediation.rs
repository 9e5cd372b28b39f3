//! Every row repaired in a sandbox: what is done, what is left, and what stays as it is.

use std::collections::BTreeMap;

use config_rule::Compliance;
use control_testkit::{RemediationHarness, RemediationResult, RemediationTable, Row};
use remediation::{Outcome, Remediation, remediation_actions};
use root_usage_alarm::{CIS_FILTER, CONSOLE_FILTER, NAME, RootUsageAlarm};
use sandbox::Resource;
use serde_json::{Value, json};

use crate::fixtures::rows;
use crate::world::sandbox;

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "us-east-1";

/// Rows that no observation gives: facts that were saved when other parameters asked.
const SAVED_ONLY: &[&str] = &["selectors were not asked for"];

/// Recipients of which one need not confirm, so that a chain can be complete at once.
pub(crate) fn told() -> Value {
    json!({"notificationEndpoints": ["arn:aws:sqs:us-east-1:111122223333:root-usage"]})
}

pub(crate) fn patient(
    row: &Row<RootUsageAlarm>,
    remediation: &Value,
) -> RemediationHarness<RootUsageAlarm> {
    let place = [ACCOUNT, REGION];
    RemediationHarness::new(row, sandbox(row), place, row.facts.observed_at, remediation)
}

pub(crate) fn table() -> RemediationTable<RootUsageAlarm> {
    let rows = rows().into_iter();
    RemediationTable {
        rows: rows
            .filter(|row| !SAVED_ONLY.contains(&row.name.as_str()))
            .collect(),
        patient,
        state,
    }
}

/// Returns what the account has, without random names, times, and keys that wait for deletion.
pub(crate) fn state(patient: &RemediationHarness<RootUsageAlarm>) -> Value {
    let account = patient.sandbox.account(ACCOUNT).unwrap();
    let random = [
        "KeyId",
        "Arn",
        "TargetKeyId",
        "SubscriptionArn",
        "StateValue",
    ];
    let is_kept = |name: &String| {
        !random.contains(&name.as_str())
            && !["Time", "Timestamp", "Date", "time"]
                .iter()
                .any(|end| name.ends_with(end))
    };
    let of = |resources: &[Resource]| -> Vec<Value> {
        let known = resources.iter().filter(|resource| {
            resource.members.get("KeyState") != Some(&json!("PendingDeletion"))
                && resource.text("AliasName") != Some("alias/rootguard-root-usage")
                && resource.text("SubscriptionArn") != Some("Deleted")
        });
        let kept = known.map(|resource| {
            let members = resource.members.iter().filter(|(name, _)| is_kept(name));
            let mut members: BTreeMap<_, _> = members
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            if members.contains_key("Endpoint") {
                members.remove("Attributes");
            }
            // A policy as what it says: its text may be written anew.
            if let Some(policy) = members
                .get_mut("Attributes")
                .and_then(|a| a.get_mut("Policy"))
            {
                *policy = serde_json::from_str(policy.as_str().unwrap()).unwrap_or(policy.clone());
            }
            json!(members)
        });
        kept.collect()
    };
    json!({
        "filters": of(&account.metric_filters),
        "alarms": of(&account.metric_alarms),
        "composites": of(&account.composite_alarms),
        "topics": of(&account.topics),
        "subscriptions": of(&account.subscriptions),
        "keys": of(&account.keys),
        "trails": of(&account.trails),
        "groups": of(&account.log_groups),
    })
}

#[tokio::test]
async fn every_row_becomes_compliant_or_leaves_the_named_manual_items() {
    let expected: BTreeMap<String, RemediationResult> =
        serde_json::from_str(include_str!("../remediations.json")).unwrap();
    let repaired = table().remediate_twice(&told()).await;
    assert_eq!(repaired, expected, "{}", json!(repaired));
}

#[tokio::test]
async fn a_dry_run_and_a_mode_that_is_off_change_nothing() {
    table().change_nothing(&told()).await;
}

#[tokio::test]
async fn what_was_done_is_undone() {
    let undone = table().undo(&told()).await;
    assert!(undone >= 4, "{undone}");
}

#[tokio::test]
async fn wherever_it_crashes_a_rerun_completes_and_the_records_can_still_be_undone() {
    let crashes = table().crash_everywhere(&told()).await;
    assert!(crashes >= 30, "{crashes}");
}

#[tokio::test]
async fn a_denied_write_is_told_and_nothing_behind_it_is_tried() {
    table().deny_every_write(&told()).await;
}

#[tokio::test]
async fn undoing_asks_for_what_the_control_declares() {
    let declared = RootUsageAlarm::REVERT_ACTIONS
        .iter()
        .map(ToString::to_string);
    assert_eq!(table().asked_by_undo(&told()).await, declared.collect());
}

#[tokio::test]
async fn what_is_done_is_what_the_control_declares() {
    let declared = remediation_actions::<RootUsageAlarm>().map(str::to_owned);
    assert_eq!(table().asked(&told()).await, declared.collect());
}

/// Nothing that was there is changed but what a step is about: switched on, or with one
/// more statement.
#[tokio::test]
async fn everything_that_was_there_stays() {
    let broken = |row: &&Row<RootUsageAlarm>| row.compliance == Compliance::NonCompliant;
    for row in table().rows.iter().filter(broken) {
        let patient = patient(row, &told());
        let before = state(&patient);
        let record = patient.remediate().await.unwrap();
        let after = state(&patient);
        for (kind, items) in before.as_object().unwrap() {
            for item in items.as_array().unwrap() {
                let mut allowed = vec![item.clone()];
                if kind == "alarms" || kind == "composites" {
                    let mut switched_on = item.clone();
                    switched_on["ActionsEnabled"] = json!(true);
                    allowed.push(switched_on);
                }
                let kept = after[kind].as_array().unwrap().iter().any(|now| {
                    let extended = kind == "topics" && has_one_more_statement(item, now);
                    allowed.contains(now) || extended
                });
                assert!(kept, "{}: {item} {:?}", row.name, record.outcome);
            }
        }
    }
}

fn has_one_more_statement(before: &Value, after: &Value) -> bool {
    let statements = |topic: &Value| {
        topic["Attributes"]["Policy"]["Statement"]
            .as_array()
            .cloned()
    };
    let (Some(were), Some(are)) = (statements(before), statements(after)) else {
        return false;
    };
    are.len() == were.len() + 1 && are[..were.len()] == were[..]
}

pub(crate) fn row(name: &str) -> Row<RootUsageAlarm> {
    rows().into_iter().find(|row| row.name == name).unwrap()
}

#[tokio::test]
async fn somebody_who_has_to_confirm_is_asked_once() {
    let mail = json!({"notificationEndpoints": "security@example.com"});
    let patient = patient(&row("no filter"), &mail);
    for calls in [1, 0] {
        let record = patient.remediate().await.unwrap();
        assert_eq!(record.outcome, Outcome::WaitingForHuman, "{}", record.why);
        assert_eq!(record.manual[0].code, "CONFIRM_SUBSCRIPTION");
        let asked = patient
            .calls()
            .into_iter()
            .filter(|call| call.operation == "Subscribe");
        assert_eq!(asked.count(), calls);
    }
    let confirm = |account: &mut sandbox::Account| {
        let subscriptions = account.subscriptions.iter_mut();
        let mut ours = subscriptions.filter(|s| s.text("Endpoint") == Some("security@example.com"));
        let ours = ours.next().unwrap();
        let arn = ours.members["Attributes"]["SubscriptionArn"].clone();
        ours.members.insert("SubscriptionArn".to_owned(), arn);
    };
    patient.sandbox.change_account(ACCOUNT, confirm).unwrap();
    let record = patient.remediate().await.unwrap();
    assert_eq!(record.outcome, Outcome::Done, "{}", record.why);
}

#[tokio::test]
async fn a_chain_of_ones_own_is_what_the_readme_says() {
    let patient = patient(&row("no filter"), &told());
    let record = patient.remediate().await.unwrap();
    assert_eq!(record.outcome, Outcome::Done, "{}", record.why);
    let account = patient.sandbox.account(ACCOUNT).unwrap();
    let named = |resources: &[Resource], member: &str, name: &str| {
        let mut found = resources.iter().filter(|r| r.text(member) == Some(name));
        Value::Object(found.next().unwrap().members.clone())
    };
    let cis = named(&account.metric_filters, "filterName", CIS_FILTER);
    assert_eq!(
        cis["filterPattern"],
        r#"{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}"#
    );
    let console = named(&account.metric_filters, "filterName", CONSOLE_FILTER);
    assert_eq!(
        cis["metricTransformations"],
        console["metricTransformations"]
    );
    let alarm = named(&account.metric_alarms, "AlarmName", NAME);
    for (member, value) in [
        ("Statistic", json!("Sum")),
        ("Period", json!(60)),
        ("Threshold", json!(1.0)),
        ("ComparisonOperator", json!("GreaterThanOrEqualToThreshold")),
        ("EvaluationPeriods", json!(1)),
        ("DatapointsToAlarm", json!(1)),
        ("TreatMissingData", json!("notBreaching")),
        (
            "AlarmActions",
            json!(["arn:aws:sns:us-east-1:111122223333:rootguard-root-usage"]),
        ),
    ] {
        assert_eq!(alarm[member], value, "{member}");
    }
    let topic = named(&account.topics, "Name", NAME);
    assert_eq!(
        topic["Attributes"]["KmsMasterKeyId"],
        "alias/rootguard-root-usage"
    );
}

#[tokio::test]
async fn what_belongs_to_a_stack_is_left_to_it() {
    let stack = json!([{"Key": "aws:cloudformation:stack-name", "Value": "alarms"}]);
    for name in ["actions disabled", "no subscription"] {
        let patient = patient(&row(name), &told());
        let tag = |account: &mut sandbox::Account| {
            for resource in account.metric_alarms.iter_mut().chain(&mut account.topics) {
                resource.members.insert("Tags".to_owned(), stack.clone());
            }
        };
        patient.sandbox.change_account(ACCOUNT, tag).unwrap();
        let before = state(&patient);
        let record = patient.remediate().await.unwrap();
        assert_eq!(record.manual[0].code, "MANAGED_ELSEWHERE", "{name}");
        assert_eq!(state(&patient), before, "{name}");
    }
}

#[tokio::test]
async fn without_anybody_to_tell_no_half_of_a_chain_is_made() {
    for name in ["no filter", "no alarm", "no subscription"] {
        let patient = patient(&row(name), &json!({}));
        let before = state(&patient);
        let record = patient.remediate().await.unwrap();
        assert_eq!(record.manual[0].code, "NAME_RECIPIENTS", "{name}");
        assert_eq!(state(&patient), before, "{name}");
    }
}
