//! What the sandbox is told of an organization is what the control sees, with no more
//! calls than decide.

use config_rule::{Account, Control, Identity, parse_parameters};
use control_testkit::{Row, Stopped};
use sandbox::Sandbox;
use serde_json::{Map, Value};
use trail_logging::{AccountTrails, TrailLogging};

use crate::fixtures::{self, ACCOUNT, MANAGEMENT, REGION, SAVED_ONLY, row, rows};

const DESCRIBE: &str = "cloudtrail:DescribeTrails";
const STATUS: &str = "cloudtrail:GetTrailStatus";
const SELECTORS: &str = "cloudtrail:GetEventSelectors";
const ASSUME: &str = "sts:AssumeRole";

/// Returns what the control sees, as the role of its function and at the time of the row, and
/// the actions that it asked for.
async fn observe(
    row: &Row<TrailLogging>,
    sandbox: &Sandbox,
    region: &str,
) -> (AccountTrails, Vec<&'static str>) {
    control_testkit::give_evidence_role(sandbox, ACCOUNT, "function", &["*"]);
    let credentials = sandbox.role_credentials(ACCOUNT, "function").unwrap();
    let sdk = sandbox
        .sdk_config_as(credentials, region)
        .to_builder()
        .time_source(Stopped(row.facts.observed_at))
        .build();
    let caller = format!("arn:aws:iam::{ACCOUNT}:root");
    let account = Account::new(sdk, Identity::of_caller(&caller, region).unwrap());
    let parameters = parse_parameters(row.parameters.clone()).unwrap();
    let seen = TrailLogging::observe(&account, &parameters).await.unwrap();
    (seen, account.calls())
}

#[tokio::test]
async fn every_row_is_seen_as_it_is() {
    let (mut seen_rows, mut as_it_is) = (0, 0);
    for row in rows() {
        if SAVED_ONLY.contains(&row.name.as_str()) {
            continue;
        }
        let sandbox = fixtures::sandbox(&row, |time| time);
        let (seen, _) = observe(&row, &sandbox, REGION).await;
        let parameters = parse_parameters(row.parameters.clone()).unwrap();
        let verdict = TrailLogging::evaluate(&seen, &parameters);
        let annotation = verdict.annotation();
        assert_eq!(annotation.as_str(), row.annotation, "{}", row.name);
        seen_rows += 1;
        // Some rows hold more than the control asks for.
        as_it_is += usize::from(seen == row.facts);
    }
    assert_eq!(seen_rows, rows().len() - SAVED_ONLY.len());
    assert!(as_it_is >= 80, "{as_it_is}");
}

#[tokio::test]
async fn no_more_is_asked_than_decides() {
    let complete: &[&str] = &[DESCRIBE, STATUS, SELECTORS];
    for (name, expected) in [
        ("no trail", [DESCRIBE].as_slice()),
        ("one Region only", &[DESCRIBE]),
        ("one trail for everything", complete),
        ("the first satisfies, the second was not asked", complete),
        ("switched off", &[DESCRIBE, STATUS]),
        ("new, nothing delivered yet", &[DESCRIBE, STATUS]),
        (
            "the second satisfies",
            &[DESCRIBE, STATUS, STATUS, SELECTORS],
        ),
        (
            "organization trail, everything seen through its owner",
            &[DESCRIBE, ASSUME, STATUS, SELECTORS],
        ),
        (
            "evidence role denied the selectors",
            &[DESCRIBE, ASSUME, STATUS, SELECTORS, SELECTORS],
        ),
        (
            "evidence role not to be assumed",
            &[DESCRIBE, ASSUME, STATUS, SELECTORS],
        ),
        // A role is used only for the account in its own ARN.
        (
            "evidence role of another account does not help",
            &[DESCRIBE, STATUS, SELECTORS],
        ),
    ] {
        let row = row(name);
        let sandbox = fixtures::sandbox(&row, |time| time);
        let (_, calls) = observe(&row, &sandbox, REGION).await;
        assert_eq!(calls, expected, "{name}");
    }
}

#[tokio::test]
async fn a_trail_is_asked_by_its_arn_in_its_home_region_and_as_its_owner() {
    let trail = "arn:aws:cloudtrail:us-east-1:999999999999:trail/org";
    let role = "arn:aws:iam::999999999999:role/rootguard/evidence";
    let row = row("organization trail, everything seen through its owner");
    let sandbox = fixtures::sandbox(&row, |time| time);
    observe(&row, &sandbox, "eu-central-1").await;
    let calls = sandbox.calls();
    let asked: Vec<_> = calls
        .iter()
        .map(|call| {
            let resource = call.permissions[0].resource.as_str();
            let (region, account) = (call.region.as_str(), call.account.as_str());
            (region, account, call.operation.as_str(), resource)
        })
        .collect();
    assert_eq!(
        asked,
        [
            ("eu-central-1", ACCOUNT, "DescribeTrails", "*"),
            ("eu-central-1", ACCOUNT, "AssumeRole", role),
            (REGION, MANAGEMENT, "GetTrailStatus", trail),
            (REGION, MANAGEMENT, "GetEventSelectors", trail),
        ]
    );
}

#[test]
fn parameters_are_refused_by_name() {
    for (name, value, message) in [
        ("allowedExcludedSources", "kms", "\"kms\" is not allowed"),
        (
            "allowedExcludedSources",
            "*.amazonaws.com",
            "event sources like",
        ),
        (
            "centralEvidenceRoleArns",
            "evidence",
            "role ARNs, one per account",
        ),
        ("maxDeliveryAgeHours", "0", "a whole number from 1 to 8760"),
        ("organizationTrail", "TRUST", "REQUIRE_EVIDENCE or ACCEPT"),
    ] {
        let values = Map::from_iter([(name.to_owned(), Value::from(value))]);
        let error = parse_parameters::<trail_logging::TrailLoggingParameters>(values)
            .unwrap_err()
            .to_string();
        assert!(error.contains(name) && error.contains(message), "{error}");
    }
}
