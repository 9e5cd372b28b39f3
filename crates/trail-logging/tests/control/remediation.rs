//! Every row repaired in a sandbox: what is done, what is left, and what stays as it is.

use std::collections::{BTreeMap, BTreeSet};

use config_rule::{Compliance, Day, Exceptions, Fact};
use control_testkit::{RemediationHarness, RemediationResult, RemediationTable, Row, is_write};
use remediation::{Outcome, RecordedStep, Remediation, StepStatus, remediation_actions};
use sandbox::Fault;
use serde_json::{Value, json};
use trail_logging::TrailLogging;

use crate::fixtures::{self, ACCOUNT, REGION, SAVED_ONLY, rows};

/// Everything that an organization can allow.
fn everything() -> Value {
    json!({"trailBucketName": "trails", "allowCostIncrease": true})
}

fn patient(row: &Row<TrailLogging>, remediation: &Value) -> RemediationHarness<TrailLogging> {
    let sandbox = fixtures::sandbox(row, |time| time);
    let place = [ACCOUNT, REGION];
    RemediationHarness::new(row, sandbox, place, row.facts.observed_at, remediation)
}

fn sandboxed_rows() -> impl Iterator<Item = Row<TrailLogging>> {
    let rows = rows().into_iter();
    rows.filter(|row| !SAVED_ONLY.contains(&row.name.as_str()))
}

/// Returns what `CloudTrail` keeps of the account's trails, without the times at which it
/// did things.
fn trails(patient: &RemediationHarness<TrailLogging>) -> Vec<BTreeMap<String, Value>> {
    let account = patient.sandbox.account(ACCOUNT).unwrap();
    let kept = account.trails.iter().map(|trail| {
        let members = trail.members.iter();
        let members =
            members.filter(|(name, _)| !name.ends_with("Time") && !name.starts_with("Latest"));
        let members = members.filter(|(name, _)| {
            !name.starts_with("Delivers") && *name != "HasCustomEventSelectors"
        });
        members
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    });
    kept.collect()
}

fn table() -> RemediationTable<TrailLogging> {
    RemediationTable {
        rows: sandboxed_rows().collect(),
        patient,
        state: |patient| json!(trails(patient)),
    }
}

fn writes(patient: &RemediationHarness<TrailLogging>) -> Vec<String> {
    let calls = patient.calls().into_iter();
    calls
        .filter(is_write::<TrailLogging>)
        .map(|call| call.operation)
        .collect()
}

#[tokio::test]
async fn every_row_becomes_compliant_or_leaves_the_named_manual_items() {
    let expected: BTreeMap<String, RemediationResult> =
        serde_json::from_str(include_str!("../remediations.json")).unwrap();
    let repaired = table().remediate_twice(&everything()).await;
    assert_eq!(repaired, expected, "{}", json!(repaired));
}

#[tokio::test]
async fn a_dry_run_and_a_mode_that_is_off_change_nothing() {
    table().change_nothing(&everything()).await;
}

/// What the organization accepts is not repaired, and as soon as it no longer accepts it,
/// it is.
#[tokio::test]
async fn an_excepted_trail_is_left_alone_until_the_exception_expires() {
    let mut repaired = 0;
    for row in sandboxed_rows() {
        let mut patient = patient(&row, &everything());
        let code = row.verdict().reason;
        let today = Day::after(row.facts.observed_at, 0);
        let yesterday = Day::after(row.facts.observed_at, -1);
        let until = |day: Day| -> Exceptions {
            let text = format!("{ACCOUNT} {code} {day} SOC");
            text.parse().unwrap()
        };
        patient.exceptions = until(today);
        let excepted = patient.remediate().await.unwrap();
        assert_eq!(writes(&patient), Vec::<String>::new(), "{}", row.name);
        if row.compliance == Compliance::NonCompliant {
            assert_eq!(excepted.outcome, Outcome::Refused, "{}", row.name);
            let why = format!("excepted: {code} until {today} by SOC: ");
            assert!(excepted.why.starts_with(&why), "{}", excepted.why);
            let codes: Vec<_> = excepted.manual.iter().map(|item| &*item.code).collect();
            assert_eq!((excepted.steps.len(), codes), (0, vec!["EXCEPTED"]));
        }
        patient.exceptions = until(yesterday);
        patient.remediate().await.unwrap();
        repaired += usize::from(!writes(&patient).is_empty());
    }
    assert!(repaired >= 5, "{repaired}");
}

#[tokio::test]
async fn what_was_done_is_undone() {
    let undone = table().undo(&everything()).await;
    assert!(undone >= 5, "{undone}");
}

#[tokio::test]
async fn wherever_it_crashes_a_rerun_completes_and_the_records_can_still_be_undone() {
    let crashes = table().crash_everywhere(&everything()).await;
    assert!(crashes >= 15, "{crashes}");
}

#[tokio::test]
async fn wherever_it_ends_the_record_names_what_was_done_and_undoing_it_is_complete() {
    let stops = table().stop_everywhere(&everything()).await;
    assert!(stops >= 50, "{stops}");
}

#[tokio::test]
async fn a_denied_write_is_told_and_nothing_behind_it_is_tried() {
    table().deny_every_write(&everything()).await;
}

#[tokio::test]
async fn undoing_asks_for_what_the_control_declares() {
    let declared = TrailLogging::REVERT_ACTIONS.iter().map(ToString::to_string);
    assert_eq!(
        table().asked_by_undo(&everything()).await,
        declared.collect()
    );
}

#[tokio::test]
async fn what_is_done_is_what_the_control_declares() {
    let declared = remediation_actions::<TrailLogging>().map(str::to_owned);
    assert_eq!(table().asked(&everything()).await, declared.collect());
}

/// What each step is about.
const ABOUT: &[(&str, &[&str])] = &[
    ("start logging", &["IsLogging"]),
    (
        "make it a multi-Region trail",
        &["IsMultiRegionTrail", "IncludeGlobalServiceEvents"],
    ),
    (
        "select the management events that it leaves out",
        &["EventSelectors", "AdvancedEventSelectors"],
    ),
];

/// Gives every trail of the account what careful people give trails.
fn harden(patient: &RemediationHarness<TrailLogging>) {
    let change = |account: &mut sandbox::Account| {
        for trail in &mut account.trails {
            for (member, value) in [
                ("S3KeyPrefix", json!("prefix")),
                (
                    "SnsTopicARN",
                    json!("arn:aws:sns:us-east-1:111122223333:trails"),
                ),
                ("SnsTopicName", json!("trails")),
                ("LogFileValidationEnabled", json!(true)),
                ("TagsList", json!([{"Key": "owner", "Value": "security"}])),
            ] {
                trail.members.entry(member).or_insert(value);
            }
            trail
                .members
                .entry("KmsKeyId")
                .or_insert(json!("arn:aws:kms:us-east-1:999999999999:key/1"));
        }
    };
    patient.sandbox.change_account(ACCOUNT, change).unwrap();
}

#[tokio::test]
async fn every_attribute_that_a_step_is_not_about_stays() {
    let mut repaired = 0;
    for row in sandboxed_rows() {
        let patient = patient(&row, &everything());
        harden(&patient);
        let before = trails(&patient);
        let record = patient.remediate().await.unwrap();
        let about: BTreeSet<_> = record
            .tried()
            .flat_map(|step| ABOUT.iter().filter(|(what, _)| step.what.starts_with(what)))
            .flat_map(|(_, members)| members.iter().copied())
            .collect();
        let after = trails(&patient);
        for (before, after) in before.iter().zip(&after) {
            let changed = before
                .keys()
                .chain(after.keys())
                .filter(|key| before.get(*key) != after.get(*key));
            let stray: Vec<_> = changed
                .filter(|key| !about.contains(key.as_str()))
                .collect();
            assert!(stray.is_empty(), "{}: {stray:?}", row.name);
        }
        repaired += usize::from(record.tried().next().is_some());
    }
    assert!(repaired >= 12, "{repaired}");
}

#[tokio::test]
async fn what_costs_is_done_only_where_that_is_allowed() {
    let mut withheld = 0;
    for row in sandboxed_rows() {
        let patient = patient(&row, &json!({"trailBucketName": "trails"}));
        let record = patient.remediate().await.unwrap();
        for recorded in &record.steps {
            let costs = recorded.step.cost.is_some();
            let is_withheld = matches!(recorded.status, StepStatus::Withheld { .. });
            assert_eq!(costs, is_withheld, "{}: {recorded:?}", row.name);
            withheld += usize::from(is_withheld);
        }
        if record
            .steps
            .iter()
            .any(|recorded| recorded.step.cost.is_some())
        {
            assert_eq!(record.outcome, Outcome::WaitingForHuman, "{}", row.name);
        }
    }
    assert!(withheld >= 5, "{withheld}");
}

#[tokio::test]
async fn a_trail_that_others_own_is_left_to_them() {
    let stack = json!([{"Key": "aws:cloudformation:stack-name", "Value": "trails"}]);
    for (name, tags) in [
        ("main", stack),
        ("aws-controltower-BaselineCloudTrail", json!([])),
    ] {
        let mut row = fixtures::row("switched off");
        if let Fact::Known(trails) = &mut row.facts.trails {
            let arn = format!("arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{name}");
            trails[0].trail.arn = arn.parse().unwrap();
        }
        let patient = patient(&row, &everything());
        let tag = |account: &mut sandbox::Account| {
            account.trails[0]
                .members
                .insert("TagsList".to_owned(), tags);
        };
        patient.sandbox.change_account(ACCOUNT, tag).unwrap();
        let record = patient.remediate().await.unwrap();
        let left = RemediationResult {
            outcome: Outcome::WaitingForHuman,
            steps: vec![],
            manual: vec!["MANAGED_ELSEWHERE".to_owned()],
        };
        assert_eq!(RemediationResult::new(&record), left, "{name}");
        assert_eq!(writes(&patient), Vec::<String>::new(), "{name}");
    }
}

#[tokio::test]
async fn cloudtrail_is_waited_for_while_it_changes_the_trail() {
    let row = fixtures::row("switched off");
    for (times, outcome) in [(1, Outcome::Done), (4, Outcome::Done), (5, Outcome::Failed)] {
        let patient = patient(&row, &everything());
        let busy = Fault::error(400, "ConflictException").action("cloudtrail:StartLogging");
        patient.sandbox.inject(busy.times(times));
        let record = patient.remediate().await.unwrap();
        let done = matches!(record.steps[0].status, StepStatus::Applied);
        assert_eq!(done, times < 5, "{record:?}");
        assert_eq!(record.outcome, outcome);
        if !done {
            assert!(record.why.contains("ConflictException"), "{}", record.why);
        }
    }
}

/// `CloudTrail` takes one change a second from an account.
#[tokio::test]
async fn changes_are_made_as_slowly_as_cloudtrail_takes_them() {
    let patient = patient(&fixtures::row("no trail"), &everything());
    let record = patient.remediate().await.unwrap();
    assert_eq!(record.steps.len(), 2);
    let applied = |step: &RecordedStep<_>| matches!(step.status, StepStatus::Applied);
    assert!(record.steps.iter().all(applied), "{record:?}");
    let calls = patient.calls();
    let written = calls.iter().filter(|call| is_write::<TrailLogging>(call));
    let answers: Vec<_> = written
        .map(|call| (call.operation.as_str(), call.error.as_deref()))
        .collect();
    let throttled = ("StartLogging", Some("ThrottlingException"));
    let expected = [("CreateTrail", None), throttled, ("StartLogging", None)];
    assert_eq!(answers, expected);
}

#[tokio::test]
async fn a_trail_is_changed_in_its_home_region_only() {
    const HOME: &str = "eu-west-1";
    let mut row = fixtures::row("switched off");
    let Fact::Known(trails) = &mut row.facts.trails else {
        panic!("{:?}", row.facts);
    };
    let elsewhere = format!("arn:aws:cloudtrail:{HOME}:{ACCOUNT}:trail/main");
    trails[0].trail.arn = elsewhere.parse().unwrap();
    trails[0].trail.home_region = HOME.to_owned();
    assert_ne!(HOME, REGION);
    let patient = patient(&row, &everything());
    let record = patient.remediate().await.unwrap();
    assert_eq!(record.outcome, Outcome::Done, "{record:?}");
    let written = patient.calls().into_iter().filter(is_write::<TrailLogging>);
    let regions: Vec<_> = written.map(|call| call.region).collect();
    assert_eq!(regions, [HOME]);
}
