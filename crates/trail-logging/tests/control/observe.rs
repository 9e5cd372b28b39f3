//! What CloudTrail answers is what the control sees, with no more calls than
//! decide.

use config_rule::{Control, parse_parameters};
use control_tests::Row;
use serde_json::{Map, Value};
use trail_logging::{AccountTrails, TrailLogging};

use crate::cloudtrail::{Asked, CloudTrail, REGION};
use crate::given::rows;

fn row(name: &str) -> Row<TrailLogging> {
    rows().into_iter().find(|row| row.name == name).unwrap()
}

async fn observe(row: &Row<TrailLogging>) -> (AccountTrails, Vec<Asked>, Vec<&'static str>) {
    let service = CloudTrail::of(&row.facts);
    let account = service.account();
    let parameters = parse_parameters(row.parameters.clone()).unwrap();
    let seen = TrailLogging::observe(&account, &parameters).await.unwrap();
    (seen, service.asked(), account.calls())
}

/// Facts that no observation gives: they were saved for other parameters, or
/// hold more than was asked for, or the answer is one that cannot be made here.
const SAVED_ONLY: &[&str] = &[
    "saved facts lack what other parameters need",
    "the list lacks a name",
];

#[tokio::test]
async fn every_row_is_seen_as_it_is() {
    let mut as_it_is = 0;
    for row in rows() {
        if SAVED_ONLY.contains(&row.name.as_str()) {
            continue;
        }
        let (seen, _, calls) = observe(&row).await;
        let parameters = parse_parameters(row.parameters.clone()).unwrap();
        let verdict = TrailLogging::evaluate(&seen, &parameters);
        let annotation = verdict.annotation();
        assert_eq!(annotation.as_str(), row.annotation, "{}", row.name);
        as_it_is += usize::from(seen == row.facts);

        let trails = seen.trails.known().map_or(0, |trails| {
            let asked = |trail: &&_| trail_was_asked(trail);
            trails.iter().filter(asked).count()
        });
        let roles = calls
            .iter()
            .filter(|call| **call == "sts:AssumeRole")
            .count();
        let most = 1 + 2 * trails + if roles == 0 { 0 } else { 1 + 2 * trails };
        assert!(calls.len() <= most, "{}: {calls:?}", row.name);
    }
    assert!(as_it_is >= 80, "{as_it_is}");
}

fn trail_was_asked(trail: &trails::ObservedTrail) -> bool {
    trail.status.is_some()
}

#[tokio::test]
async fn no_more_is_asked_than_decides() {
    let (describe, status, selectors) = (
        "cloudtrail:DescribeTrails",
        "cloudtrail:GetTrailStatus",
        "cloudtrail:GetEventSelectors",
    );
    let complete: &[&str] = &[describe, status, selectors];
    for (name, expected) in [
        ("no trail", [describe].as_slice()),
        ("one Region only", &[describe]),
        ("one trail for everything", complete),
        ("the first satisfies, the second was not asked", complete),
        ("switched off", &[describe, status]),
        ("new, nothing delivered yet", &[describe, status]),
        (
            "the second satisfies",
            &[describe, status, status, selectors],
        ),
        (
            "organization trail, everything seen through its owner",
            &[describe, "sts:AssumeRole", status, selectors],
        ),
        (
            "evidence role denied the selectors",
            &[describe, "sts:AssumeRole", status, selectors, selectors],
        ),
        (
            "evidence role not to be assumed",
            &[describe, "sts:AssumeRole", status, selectors],
        ),
    ] {
        let (_, _, calls) = observe(&row(name)).await;
        assert_eq!(calls, expected, "{name}");
    }
}

#[tokio::test]
async fn a_trail_is_asked_by_its_arn_in_its_home_region_and_as_its_owner() {
    let trail = "arn:aws:cloudtrail:us-east-1:999999999999:trail/org";
    let row = row("organization trail, everything seen through its owner");
    let (_, asked, _) = observe(&row).await;
    let asked: Vec<_> = asked
        .iter()
        .map(|(region, who, action, arn)| {
            (
                region.as_str(),
                who.as_str(),
                action.as_str(),
                arn.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        asked,
        [
            (REGION, "function", "DescribeTrails", None),
            (REGION, "function", "AssumeRole", None),
            ("us-east-1", "owner", "GetTrailStatus", Some(trail)),
            ("us-east-1", "owner", "GetEventSelectors", Some(trail)),
        ]
    );
}

/// A role is used only for the account in its own ARN.
#[tokio::test]
async fn a_role_of_another_account_is_not_assumed() {
    let (_, _, calls) = observe(&row("evidence role of another account does not help")).await;
    assert!(!calls.contains(&"sts:AssumeRole"), "{calls:?}");
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
