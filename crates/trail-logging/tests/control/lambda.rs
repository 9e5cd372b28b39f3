//! The Lambda function as its own process, invoked by AWS Config in a sandbox.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use config_rule::{ASSUME_ROLE, Control, Timestamp};
use control_testkit::{Deployment, Row, RuleHarness, invoke_remediator};
use sandbox::{Fault, Sandbox};
use serde_json::json;
use trail_logging::{EVIDENCE_READS, TrailLogging};
use trails::{DESCRIBE_TRAILS, GET_EVENT_SELECTORS, GET_TRAIL_STATUS};

use crate::fixtures::{self, ACCOUNT, REGION, SAVED_ONLY, row, rows};

const PUT_EVALUATIONS: &str = "config:PutEvaluations";

const FUNCTION: Deployment = Deployment {
    program: env!("CARGO_BIN_EXE_trail-logging"),
    account: ACCOUNT,
    region: REGION,
    timeout: Duration::from_secs(20),
};

/// The function's clock is the real one and moves on while it looks.
const NEEDS_A_STOPPED_CLOCK: &str = "delivered exactly as long ago as allowed";

/// Returns how the row's times become such as are seen now.
fn to_now(row: &Row<TrailLogging>) -> impl Fn(Timestamp) -> Timestamp + use<> {
    let now = Timestamp::from(SystemTime::now()).epoch_millis();
    let later = now - row.facts.observed_at.epoch_millis();
    move |time| Timestamp::from_epoch_millis(time.epoch_millis() + later)
}

async fn deploy(row: &Row<TrailLogging>, sandbox: Sandbox) -> RuleHarness {
    RuleHarness::new::<TrailLogging>(&FUNCTION, sandbox, &row.parameters).await
}

/// Returns what Config should show: what the row says, with the times as they are now.
fn reported(row: &Row<TrailLogging>, moved: impl Fn(Timestamp) -> Timestamp) -> (String, String) {
    let (compliance, mut annotation) = row.reported_result();
    let known = row.facts.trails.known().into_iter().flatten();
    let statuses = known.filter_map(|trail| trail.status.as_ref()?.known().ok());
    for time in statuses.filter_map(|status| status.latest_delivery_time) {
        annotation = annotation.replace(&time.to_string(), &moved(time).to_string());
    }
    (compliance, annotation)
}

/// Returns how many calls the README promises for a row, besides the report: the least and the
/// most.
fn promised_calls(row: &Row<TrailLogging>) -> (usize, usize) {
    let known = row.facts.trails.known().map_or(&[][..], Vec::as_slice);
    let worth_asking = |trail: &&trails::ObservedTrail| trail.trail.multi_region != Some(false);
    let asked = known.iter().filter(worth_asking).count();
    let roles = fixtures::evidence_roles(row).into_iter();
    let of_owners = roles.filter(|(account, _)| {
        let mut asked = known.iter().filter(worth_asking);
        asked.any(|trail| trail.trail.owner() == account)
    });
    let roles = of_owners.count();
    let unanswered = json_text(row).matches("\"unread\"").count() * roles;
    let satisfies = row.annotation.starts_with("TRAIL_LOGGING: ");
    match asked {
        0 => (1, 1),
        1 if satisfies => (3 + roles, 3 + roles),
        _ => (2 + roles, 1 + 2 * asked + roles + unanswered),
    }
}

fn json_text(row: &Row<TrailLogging>) -> String {
    serde_json::to_string(&row.facts).unwrap()
}

/// Every row of the table, and over all of them the promises about calls: how many
/// there are, and that the roles need what is declared, no less and no more.
#[tokio::test]
async fn every_row_of_the_table_ends_in_config_as_it_says() {
    let (mut made, mut made_as_owner) = (BTreeSet::new(), BTreeSet::new());
    let mut evaluated = 0;
    for row in rows() {
        let name = &row.name;
        if SAVED_ONLY.contains(&name.as_str()) || name == NEEDS_A_STOPPED_CLOCK {
            continue;
        }
        let moved = to_now(&row);
        let stage = deploy(&row, fixtures::sandbox(&row, &moved)).await;
        let record = stage.evaluated().await.unwrap_or_else(|error| {
            panic!("{name}: {error}\n{}", stage.process.output());
        });
        let result = reported(&row, &moved);
        stage.assert_reported(name, &record, result).await;
        let (calls, as_owner) = (stage.calls(), stage.calls_of("evidence"));
        let (least, most) = promised_calls(&row);
        let count = calls.len() + as_owner.len() - 1;
        assert!(
            (least..=most).contains(&count),
            "{name}: {calls:?} {as_owner:?}"
        );
        assert_eq!(calls.first().map(String::as_str), Some(DESCRIBE_TRAILS));
        assert_eq!(calls.last().map(String::as_str), Some(PUT_EVALUATIONS));
        made.extend(calls);
        made_as_owner.extend(as_owner);
        evaluated += 1;
    }
    assert_eq!(evaluated, rows().len() - SAVED_ONLY.len() - 1);
    let declared = TrailLogging::METADATA.evaluation_actions();
    assert_eq!(made, declared.map(str::to_owned).collect());
    let declared = EVIDENCE_READS.iter().copied();
    assert_eq!(made_as_owner, declared.map(str::to_owned).collect());
}

/// Of two trails the first may not be asked, for one thing or the other.
#[tokio::test]
async fn a_trail_that_may_not_be_asked_hides_no_other() {
    let row = row("the second satisfies");
    let denied = "arn:aws:cloudtrail:us-east-1:111122223333:trail/broken";
    for (denied_action, expected) in [
        (
            GET_TRAIL_STATUS,
            [
                GET_TRAIL_STATUS,
                GET_EVENT_SELECTORS,
                GET_TRAIL_STATUS,
                GET_EVENT_SELECTORS,
            ]
            .as_slice(),
        ),
        (
            GET_EVENT_SELECTORS,
            &[GET_TRAIL_STATUS, GET_TRAIL_STATUS, GET_EVENT_SELECTORS],
        ),
    ] {
        let sandbox = fixtures::sandbox(&row, to_now(&row));
        sandbox.inject(
            Fault::access_denied()
                .action(denied_action)
                .resource(denied),
        );
        let stage = deploy(&row, sandbox).await;
        stage.evaluated().await.unwrap();
        assert_eq!(stage.config_results().await, [row.reported_result()]);
        let calls = [&[DESCRIBE_TRAILS], expected, &[PUT_EVALUATIONS]].concat();
        assert_eq!(stage.calls(), calls, "{denied_action}");
    }
}

#[tokio::test]
async fn throttling_that_ends_is_not_noticed() {
    let row = row("organization trail, everything seen through its owner");
    for (action, who) in [
        (DESCRIBE_TRAILS, "trail-logging"),
        (ASSUME_ROLE, "trail-logging"),
        (GET_TRAIL_STATUS, "evidence"),
        (GET_EVENT_SELECTORS, "evidence"),
    ] {
        let sandbox = fixtures::sandbox(&row, to_now(&row));
        sandbox.inject(Fault::throttling().action(action).times(2));
        let stage = deploy(&row, sandbox).await;
        let record = stage.evaluated().await.unwrap();
        assert_eq!(stage.config_results().await, [row.reported_result()]);
        let calls = [
            DESCRIBE_TRAILS,
            ASSUME_ROLE,
            GET_TRAIL_STATUS,
            GET_EVENT_SELECTORS,
            PUT_EVALUATIONS,
        ];
        assert_eq!(record["calls"], serde_json::json!(calls));
        let requests = stage.calls_of(who).into_iter();
        assert_eq!(
            requests.filter(|asked| asked == action).count(),
            3,
            "{action}"
        );
    }
}

/// Nobody can conclude anything from throttling: the next invocation asks again, and
/// Config keeps what it has.
#[tokio::test]
async fn throttling_that_does_not_end_is_a_failure_and_no_verdict() {
    let row = row("one trail for everything");
    let stage = deploy(&row, fixtures::sandbox(&row, to_now(&row))).await;
    let before = stage.config_results_with_times().await;
    assert_eq!(before.len(), 1);
    stage
        .sandbox
        .inject(Fault::throttling().action(GET_TRAIL_STATUS));
    let error = stage.process.send(stage.event()).await.unwrap_err();
    assert_eq!(error.error_type, "Throttled", "{error}");
    assert!(error.message.contains(GET_TRAIL_STATUS), "{error}");
    assert_eq!(stage.config_results_with_times().await, before);
}

/// Somebody stops the only trail, and somebody starts it again.
#[tokio::test]
async fn the_verdict_follows_the_trail() {
    let row = row("one trail for everything");
    let stage = deploy(&row, fixtures::sandbox(&row, to_now(&row))).await;
    let reason = async || {
        stage.process.send(stage.event()).await.unwrap();
        let shown = stage.config_results().await;
        shown[0].1.split(':').next().unwrap().to_owned()
    };
    let switch = |logging: bool| {
        let switched = stage.sandbox.change_account(ACCOUNT, |account| {
            let members = &mut account.trails[0].members;
            members.insert("IsLogging".to_owned(), logging.into());
        });
        switched.unwrap();
    };
    assert_eq!(reason().await, "TRAIL_LOGGING");
    switch(false);
    assert_eq!(reason().await, "TRAIL_NOT_LOGGING");
    switch(true);
    assert_eq!(reason().await, "TRAIL_LOGGING");
}

#[tokio::test]
async fn the_remediating_function_remediates_its_own_account_and_no_other() {
    let row = row("switched off");
    let sandbox = fixtures::sandbox(&row, to_now(&row));
    let deployment = Deployment {
        program: env!("CARGO_BIN_EXE_trail-logging-remediate"),
        ..FUNCTION
    };
    let invoke = async |remediation, event| {
        let configuration = [json!(row.parameters), remediation];
        invoke_remediator::<TrailLogging>(&deployment, &sandbox, configuration, event).await
    };
    let own = json!({"resourceId": ACCOUNT});
    for (remediation, event, error) in [
        (
            json!({}),
            json!({"resourceId": fixtures::MANAGEMENT}),
            "InvalidRequest",
        ),
        (
            json!({}),
            json!({"resourceId": ACCOUNT, "dryRun": "false"}),
            "InvalidRequest",
        ),
        (json!({"mood": "manual"}), own.clone(), "InvalidParameter"),
        (json!([]), own.clone(), "InvalidParameter"),
    ] {
        let refused = invoke(remediation, event).await.unwrap_err();
        assert_eq!(refused.error_type, error, "{refused}");
    }
    for (remediation, outcome) in [
        (json!({"dryRun": true}), "READY"),
        (json!({"mode": "off"}), "REFUSED"),
        (json!({}), "DONE"),
        (json!({}), "DONE"),
    ] {
        let record = invoke(remediation, own.clone()).await.unwrap();
        assert_eq!(record["outcome"], outcome, "{record}");
        assert_eq!(record["control"], "trail-logging");
    }
    let trail = &sandbox.account(ACCOUNT).unwrap().trails[0];
    assert_eq!(trail.members["IsLogging"], true);
}
