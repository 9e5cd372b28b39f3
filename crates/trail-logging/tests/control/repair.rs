//! Every row repaired in a sandbox: what is done, what is left, and what stays as it is.

use std::collections::{BTreeMap, BTreeSet};

use config_rule::{Compliance, Control, Fact};
use control_tests::{Crash, Patient, Row, is_write, steps_and_manual};
use remediation::{Outcome, Remediation, StepStatus, remediation_actions};
use sandbox::Fault;
use serde::Deserialize;
use serde_json::{Value, json};
use trail_logging::TrailLogging;

use crate::given::{self, ACCOUNT, REGION, SAVED_ONLY, rows};

/// What is expected of a row, where everything is allowed.
#[derive(Debug, Deserialize, PartialEq, serde::Serialize)]
struct Expected {
    outcome: Outcome,
    steps: Vec<String>,
    manual: Vec<String>,
}

fn expected() -> BTreeMap<String, Expected> {
    serde_json::from_str(include_str!("../repairs.json")).unwrap()
}

/// Everything that an organization can allow.
fn everything() -> Value {
    json!({"trailBucketName": "trails", "allowCostIncrease": true})
}

fn patient(row: &Row<TrailLogging>, remediation: &Value) -> Patient<TrailLogging> {
    let sandbox = given::sandbox(row, |time| time);
    let place = [ACCOUNT, REGION];
    Patient::new(row, sandbox, place, row.facts.observed_at, remediation)
}

fn sandboxed_rows() -> impl Iterator<Item = Row<TrailLogging>> {
    let rows = rows().into_iter();
    rows.filter(|row| !SAVED_ONLY.contains(&row.name.as_str()))
}

/// What `CloudTrail` keeps of the account's trails, without the times at which it
/// did things.
fn trails(patient: &Patient<TrailLogging>) -> Vec<BTreeMap<String, Value>> {
    let account = patient.sandbox.account(ACCOUNT).unwrap();
    let kept = account.trails.iter().map(|trail| {
        let members = trail.members.iter();
        let members =
            members.filter(|(name, _)| !name.ends_with("Time") && !name.starts_with("Latest"));
        let members = members.filter(|(name, _)| !name.starts_with("Delivers"));
        members
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    });
    kept.collect()
}

fn writes(patient: &Patient<TrailLogging>) -> Vec<String> {
    let calls = patient.calls().into_iter();
    calls
        .filter(is_write::<TrailLogging>)
        .map(|call| call.operation)
        .collect()
}

#[tokio::test]
async fn every_row_becomes_compliant_or_leaves_the_named_manual_items() {
    let expected = expected();
    let mut seen = BTreeMap::new();
    for row in sandboxed_rows() {
        let patient = patient(&row, &everything());
        let record = patient.remediate().await.unwrap();
        let (steps, manual) = steps_and_manual(&record);
        if record.outcome == Outcome::Done {
            let after = record.after.as_ref().unwrap_or(&record.before);
            assert_eq!(after.compliance, Compliance::Compliant, "{}", row.name);
        }
        // Compliant rows have nothing to do; what could not be seen is not changed.
        match row.compliance {
            Compliance::Compliant => assert!(record.steps.is_empty() && manual.is_empty()),
            Compliance::Unverifiable => assert!(record.steps.is_empty() && !manual.is_empty()),
            _ => assert!(
                !record.steps.is_empty() || !manual.is_empty(),
                "{}",
                row.name
            ),
        }
        patient.calls();
        let again = patient.remediate().await.unwrap();
        assert_eq!(writes(&patient), Vec::<String>::new(), "{}", row.name);
        assert_eq!(again.outcome, record.outcome, "{}", row.name);
        if row.compliance != Compliance::Compliant {
            let found = Expected {
                outcome: record.outcome,
                steps,
                manual,
            };
            seen.insert(row.name.clone(), found);
        }
    }
    assert_eq!(seen, expected, "{}", json!(seen));
}

#[tokio::test]
async fn a_dry_run_and_a_mode_that_is_off_change_nothing() {
    for row in sandboxed_rows() {
        for remediation in [
            json!({"trailBucketName": "trails", "allowCostIncrease": true, "dryRun": true}),
            json!({"trailBucketName": "trails", "allowCostIncrease": true, "mode": "off"}),
        ] {
            let patient = patient(&row, &remediation);
            let before = trails(&patient);
            let record = patient.remediate().await.unwrap();
            assert_eq!(writes(&patient), Vec::<String>::new(), "{}", row.name);
            assert_eq!(trails(&patient), before, "{}", row.name);
            assert!(
                record
                    .steps
                    .iter()
                    .all(|step| matches!(step.status, StepStatus::Withheld { .. }))
            );
            let refused = remediation.get("mode").is_some() && !record.steps.is_empty();
            assert_eq!(record.outcome == Outcome::Refused, refused, "{}", row.name);
        }
    }
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
        &[
            "EventSelectors",
            "AdvancedEventSelectors",
            "HasCustomEventSelectors",
        ],
    ),
];

/// Gives every trail of the account what careful people give trails.
fn harden(patient: &Patient<TrailLogging>) {
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
async fn every_attribute_that_a_step_is_not_about_stays_and_undo_brings_the_others_back() {
    let mut repaired = 0;
    for row in sandboxed_rows() {
        let patient = patient(&row, &everything());
        harden(&patient);
        let before = trails(&patient);
        let facts = patient.facts().await;
        let record = patient.remediate().await.unwrap();
        if record
            .steps
            .iter()
            .any(|recorded| !recorded.step.reversible)
        {
            assert_eq!(row.name, "no selector");
            continue;
        }
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
        let undo = patient.undo(&record).await;
        assert_eq!(undo.outcome, Outcome::Done, "{}: {undo:?}", row.name);
        let is_custom = |members: &BTreeMap<String, Value>| {
            let mut members = members.clone();
            members.remove("HasCustomEventSelectors");
            members
        };
        let undone: Vec<_> = trails(&patient).iter().map(is_custom).collect();
        let before: Vec<_> = before.iter().map(is_custom).collect();
        assert_eq!(undone, before, "{}", row.name);
        if record.tried().next().is_some() {
            let now = patient.facts().await;
            let verdict = |facts| {
                TrailLogging::evaluate(
                    facts,
                    &config_rule::parse_parameters(row.parameters.clone()).unwrap(),
                )
                .reason
            };
            assert_eq!(verdict(&now), verdict(&facts), "{}", row.name);
            // Taken back before, there is nothing to take back.
            assert_eq!(patient.undo(&record).await.outcome, Outcome::Done);
        }
    }
    assert!(repaired >= 12, "{repaired}");
}

#[tokio::test]
async fn wherever_it_crashes_a_rerun_completes_and_the_record_can_still_be_undone() {
    let mut crashes = 0;
    // Without faults of their own, which would come before the crash.
    let all_seen = |row: &Row<TrailLogging>| !json!(row.facts).to_string().contains("unread");
    for row in sandboxed_rows().filter(all_seen) {
        let reference = patient(&row, &everything());
        let complete = reference.remediate().await.unwrap();
        let reversible = complete
            .steps
            .iter()
            .all(|recorded| recorded.step.reversible);
        let undone = if reversible {
            Outcome::Done
        } else {
            Outcome::WaitingForHuman
        };
        let calls = reference.calls();
        let positions = calls
            .iter()
            .enumerate()
            .filter(|(_, call)| is_write::<TrailLogging>(call));
        for (position, call) in positions {
            let position = u32::try_from(position).unwrap();
            for crash in [Crash::Before(position), Crash::After(position)] {
                let patient = patient(&row, &everything());
                let before = trails(&patient);
                let record = patient.crash(crash).await.unwrap();
                let at = format!("{}: {crash:?} {}", row.name, call.operation);
                assert_eq!(record.outcome, Outcome::Failed, "{at}");
                // It says what was done and what not.
                let failed = record
                    .steps
                    .iter()
                    .filter(|step| matches!(step.status, StepStatus::Failed { .. }));
                let throttled = call.error.as_deref() == Some("ThrottlingException");
                assert!(failed.count() == 1 || throttled, "{at}: {record:?}");
                let rerun = patient.remediate().await.unwrap();
                assert_eq!(rerun.outcome, complete.outcome, "{at}: {}", rerun.why);
                assert_eq!(trails(&patient), trails(&reference), "{at}");
                // The last first.
                for record in [&rerun, &record] {
                    let outcome = patient.undo(record).await.outcome;
                    assert!([Outcome::Done, undone].contains(&outcome), "{at}");
                }
                assert_eq!(trails(&patient).len(), before.len(), "{at}");
                crashes += 1;
            }
        }
    }
    assert!(crashes >= 30, "{crashes}");
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
async fn what_is_done_is_what_the_control_declares() {
    let mut asked = BTreeSet::new();
    for row in sandboxed_rows() {
        let patient = patient(&row, &everything());
        patient.remediate().await.unwrap();
        let calls = patient
            .calls()
            .into_iter()
            .flat_map(|call| call.permissions);
        asked.extend(calls.map(|permission| permission.action));
    }
    let declared = remediation_actions::<TrailLogging>().map(str::to_owned);
    assert_eq!(asked, declared.collect());
}

#[tokio::test]
async fn a_trail_that_others_own_is_left_to_them() {
    let stack = json!([{"Key": "aws:cloudformation:stack-name", "Value": "trails"}]);
    for (name, tags) in [
        ("main", stack),
        ("aws-controltower-BaselineCloudTrail", json!([])),
    ] {
        let mut row = given::row("switched off");
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
        let left = vec!["MANAGED_ELSEWHERE".to_owned()];
        assert_eq!(steps_and_manual(&record), (vec![], left), "{name}");
        assert_eq!(writes(&patient), Vec::<String>::new(), "{name}");
    }
}

#[tokio::test]
async fn cloudtrail_is_waited_for_while_it_changes_the_trail() {
    let row = given::row("switched off");
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

#[tokio::test]
async fn a_denied_write_is_told_and_nothing_behind_it_is_tried() {
    for row in sandboxed_rows() {
        for action in TrailLogging::WRITES {
            let patient = patient(&row, &everything());
            patient
                .sandbox
                .inject(Fault::access_denied().action(*action));
            let record = patient.remediate().await.unwrap();
            let denied = record
                .steps
                .iter()
                .position(|step| matches!(step.status, StepStatus::Failed { .. }));
            if let Some(denied) = denied {
                assert_eq!(record.outcome, Outcome::Failed);
                assert!(record.why.contains(action), "{}", record.why);
                let behind = &record.steps[denied + 1..];
                assert!(
                    behind
                        .iter()
                        .all(|step| step.status == StepStatus::NotReached)
                );
            }
        }
    }
}
