//! Whether selectors log every management event: examples.
#![allow(clippy::unwrap_used, reason = "test")]

use serde_json::{Value, json};
use trails::EventSelectors;

const KMS: &str = "kms.amazonaws.com";
const RDS_DATA: &str = "rdsdata.amazonaws.com";

fn basic(read_write_type: &str, management: bool, excluded: &[&str]) -> Value {
    json!({
        "readWriteType": read_write_type,
        "includeManagementEvents": management,
        "excludeManagementEventSources": excluded,
    })
}

/// A selector of management events with further conditions.
fn advanced(conditions: &Value) -> Value {
    let mut all = vec![json!({"field": "eventCategory", "equals": ["Management"]})];
    all.extend(conditions.as_array().unwrap().iter().cloned());
    json!({"name": null, "fieldSelectors": all})
}

/// Returns what the selectors leave out; nothing if that is empty.
fn left_out(selectors: Value, allowed: &[&str]) -> String {
    let selectors: EventSelectors = serde_json::from_value(selectors).unwrap();
    let allowed: Vec<String> = allowed.iter().copied().map(str::to_owned).collect();
    let hole = selectors.management_event_hole(&allowed);
    assert_eq!(
        selectors.logs_every_management_event(&allowed),
        hole.is_none()
    );
    hole.map(|hole| hole.to_string()).unwrap_or_default()
}

#[test]
fn basic_selectors_count_together() {
    for (selectors, hole) in [
        (json!([basic("All", true, &[])]), ""),
        (
            json!([basic("ReadOnly", true, &[]), basic("WriteOnly", true, &[])]),
            "",
        ),
        (
            json!([basic("All", true, &[KMS]), basic("All", true, &[RDS_DATA])]),
            "",
        ),
        (
            json!([basic("All", true, &[KMS]), basic("All", false, &[])]),
            "management events of kms.amazonaws.com",
        ),
        (
            json!([
                basic("ReadOnly", true, &[]),
                basic("WriteOnly", true, &[KMS])
            ]),
            "management events of kms.amazonaws.com",
        ),
        (
            json!([basic("ReadOnly", true, &[])]),
            "management events that write",
        ),
        (
            json!([basic("WriteOnly", true, &[])]),
            "management events that read",
        ),
        (json!([basic("All", false, &[])]), "all management events"),
        (
            json!([basic("Unknown", true, &[])]),
            "all management events",
        ),
        (json!([]), "all management events"),
    ] {
        assert_eq!(left_out(json!({"basic": selectors}), &[]), hole);
    }
}

#[test]
fn advanced_selectors_count_together_and_by_their_category() {
    let field =
        |field: &str, operator: &str, values: &[&str]| json!({"field": field, operator: values});
    for (selectors, hole) in [
        (json!([advanced(&json!([]))]), ""),
        (
            json!([
                advanced(&json!([field("readOnly", "equals", &["true"])])),
                advanced(&json!([field("readOnly", "equals", &["false"])])),
            ]),
            "",
        ),
        (
            json!([
                advanced(&json!([field("eventSource", "notEquals", &[KMS])])),
                advanced(&json!([field("eventSource", "equals", &[KMS])])),
            ]),
            "",
        ),
        (
            json!([
                advanced(&json!([field("eventName", "startsWith", &["Create"])])),
                advanced(&json!([field("eventName", "notStartsWith", &["Create"])])),
            ]),
            "",
        ),
        (
            json!([advanced(&json!([field("readOnly", "equals", &["false"])]))]),
            "management events that read",
        ),
        (
            json!([advanced(&json!([field(
                "eventSource",
                "notEquals",
                &[KMS]
            )]))]),
            "management events of kms.amazonaws.com",
        ),
        (
            json!([advanced(&json!([field("eventSource", "equals", &[KMS])]))]),
            "management events by a condition on eventSource",
        ),
        // Every event source ends like this today, which proves nothing.
        (
            json!([advanced(&json!([field(
                "eventSource",
                "endsWith",
                &[".amazonaws.com"]
            )]))]),
            "management events by a condition on eventSource",
        ),
        (
            json!([advanced(&json!([field(
                "eventName",
                "notEquals",
                &["Decrypt"]
            )]))]),
            "management events by a condition on eventName",
        ),
        // An event need not have a user ARN.
        (
            json!([
                advanced(&json!([field("userIdentity.arn", "equals", &["x"])])),
                advanced(&json!([field("userIdentity.arn", "notEquals", &["x"])])),
            ]),
            "management events by a condition on userIdentity.arn",
        ),
        // An operator that we do not know is not "no operator".
        (
            json!([advanced(&json!([{"field": "eventSource"}]))]),
            "management events by a condition on eventSource",
        ),
        (
            json!([{
                "name": "Management events selector",
                "fieldSelectors": [field("eventCategory", "equals", &["Data"])],
            }]),
            "all management events",
        ),
        (
            json!([{"name": "Management", "fieldSelectors": []}]),
            "all management events",
        ),
    ] {
        assert_eq!(left_out(json!({"advanced": selectors}), &[]), hole);
    }
}

#[test]
fn sources_may_be_left_out_if_that_is_allowed() {
    let both = json!({"basic": [basic("All", true, &[KMS, RDS_DATA])]});
    assert_eq!(left_out(both.clone(), &[KMS, RDS_DATA]), "");
    assert_eq!(
        left_out(both, &[KMS]),
        "management events of rdsdata.amazonaws.com"
    );
    let prefix = json!([{"field": "eventSource", "notStartsWith": ["kms"]}]);
    assert_eq!(
        left_out(json!({"advanced": [advanced(&prefix)]}), &[KMS]),
        "management events by a condition on eventSource"
    );
}

/// Within the 500 values that CloudTrail allows: nothing is left out, but that
/// shows only after 200 sources times 200 names.
#[test]
fn too_many_conditions_are_a_hole_and_no_time_out() {
    let many: Vec<String> = (0..200).map(|number| format!("b{number}")).collect();
    let mut selectors = vec![
        advanced(&json!([{"field": "eventName", "startsWith": ["a"]}])),
        advanced(&json!([{"field": "eventName", "notStartsWith": ["a"]}])),
    ];
    assert_eq!(left_out(json!({"advanced": selectors}), &[]), "");
    selectors.push(advanced(&json!([
        {"field": "eventSource", "equals": many},
        {"field": "eventName", "equals": many},
    ])));
    assert_eq!(
        left_out(json!({"advanced": selectors}), &[]),
        "more than their many conditions let decide"
    );
    // However many there are, one that selects everything is enough.
    selectors.push(advanced(&json!([])));
    assert_eq!(left_out(json!({"advanced": selectors}), &[]), "");
}
