//! Findings keep to ASFF whatever was seen, and are the same in JSON and in the SDK's types.
#![allow(clippy::unwrap_used, reason = "test")]

use config_rule::{Annotation, Evaluation};
use proptest::prelude::*;
use sandbox::{Account, Organization, Sandbox};
use security_hub::{CONTROLS, Finding, Outcome, Severities, handle};
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";
const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function:security-hub";

fn record() -> impl Strategy<Value = Value> {
    let compliance = [
        "COMPLIANT",
        "NON_COMPLIANT",
        "NOT_APPLICABLE",
        "UNVERIFIABLE",
    ];
    let value = prop_oneof![
        "\\PC{0,3000}".prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
        proptest::collection::vec("[a-z]{0,40}", 0..200).prop_map(Value::from),
    ];
    (
        0..CONTROLS.len(),
        prop::sample::select(compliance.to_vec()),
        "\\PC{0,400}",
        proptest::collection::btree_map("[a-zA-Z]{1,40}", value, 0..80),
        prop::option::of("[a-z#&? é-]{1,40}"),
    )
        .prop_map(|(control, compliance, text, evidence, rule)| {
            json!({
                "control": CONTROLS.get(control).unwrap().name,
                "account": ACCOUNT,
                "region": REGION,
                "partition": "aws",
                "ruleArn": null,
                "ruleName": rule,
                "compliance": compliance,
                "reasonCode": "REASON",
                "annotation": Annotation::new(&text),
                "evidence": evidence,
                "parameters": {},
                "observedAt": "2026-11-20T10:00:00.500Z",
                "orderingTimestamp": "2026-11-20T10:00:00.000Z",
                "durationMillis": 1,
                "calls": [],
                "testMode": false,
            })
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_serialized_is_what_security_hub_gets_and_takes(record in record()) {
        let evaluation: Evaluation = serde_json::from_value(record.clone()).unwrap();
        let severities = Severities::default();
        let finding = Finding::new(&(&evaluation).into(), |control| severities.severity_of(control));
        let mut written = serde_json::to_value(finding.unwrap()).unwrap();
        written["Region"] = json!(REGION);

        let account = Account {
            security_hub: true,
            ..Account::new(ACCOUNT, "account")
        };
        let sandbox = Sandbox::new(Organization::with_accounts([account])).unwrap();
        let event = json!({
            "requestContext": {"condition": "Success"},
            "responsePayload": record,
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let handled = runtime.unwrap().block_on(async {
            handle(&event, ARN, &severities, &sandbox.sdk_config(ACCOUNT, REGION)).await
        });
        prop_assert_eq!(handled.unwrap().outcome, Outcome::Imported);
        prop_assert_eq!(sandbox.findings(ACCOUNT, REGION), [written]);
    }
}
