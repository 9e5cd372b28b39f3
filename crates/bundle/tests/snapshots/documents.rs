//! What is read as a snapshot, and what is not.

use bundle::{Rules, Snapshot};
use config_rule::Compliance;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{ACCOUNT, REGION, judged, new_file};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Damaged snapshots are refused or judged, whatever they say.
    #[test]
    fn a_damaged_snapshot_never_panics(
        pointer in prop::sample::select(POINTERS.to_vec()),
        put in any_json(),
    ) {
        let mut document = document();
        *document.pointer_mut(pointer).unwrap() = put;
        let file = new_file("damaged.json");
        std::fs::write(&file, document.to_string()).unwrap();
        if let Ok(snapshot) = Snapshot::read(&file) {
            let _ = judged(&snapshot, &Rules::default());
        }
    }
}

const POINTERS: &[&str] = &[
    "",
    "/formatVersion",
    "/account",
    "/observedAt",
    "/rules",
    "/rules/no-root-keys",
    "/rules/no-root-keys/facts",
    "/rules/no-root-keys/facts/summary",
    "/rules/no-root-keys/facts/summary/known",
    "/rules/no-root-keys/facts/summary/known/accessKeysPresent",
];

fn any_json() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("111122223333"),
        json!("\u{1b}[2J"),
        json!([]),
        json!({}),
        json!({"known": {}}),
        json!({"facts": {}}),
        json!({"failed": "no"}),
    ])
}

fn document() -> Value {
    json!({
        "formatVersion": 1,
        "account": ACCOUNT,
        "region": REGION,
        "partition": "aws",
        "observedAt": "2026-11-21T00:00:00Z",
        "rules": {
            "no-root-keys": {
                "facts": {
                    "observedAt": "2026-11-21T00:00:00Z",
                    "summary": {
                        "known": {"accessKeysPresent": 0, "signingCertificatesPresent": 0}
                    },
                    "report": null,
                },
            },
        },
    })
}

/// What was written by the first rootguard that wrote snapshots is read for ever.
#[test]
fn the_first_format_is_read() {
    let file = new_file("first.json");
    std::fs::write(&file, document().to_string()).unwrap();
    let snapshot = Snapshot::read(&file).unwrap();
    let mut judged = judged(&snapshot, &Rules::default()).into_iter();
    let keys = judged.next().unwrap();
    assert_eq!(keys.unwrap().compliance, Compliance::Compliant);
    assert!(judged.all(|other| other.unwrap_err().contains("switched off")));
}

#[test]
fn what_is_no_snapshot_is_refused() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut document = document();
        change(&mut document);
        let file = new_file("refused.json");
        std::fs::write(&file, document.to_string()).unwrap();
        Snapshot::read(&file).unwrap_err().to_string()
    };
    for (change, told) in [
        (
            (&|document: &mut Value| document["formatVersion"] = json!(2)) as &dyn Fn(&mut Value),
            "was written by a newer rootguard (format version 2; this one reads 1)",
        ),
        (
            &|document| document["formatVersion"] = json!(null),
            "is not a snapshot of rootguard: it has no formatVersion",
        ),
        (
            &|document| document["account"] = json!("1"),
            "is not a snapshot of rootguard: its account is not twelve digits",
        ),
        (
            &|document| document["rules"] = json!([]),
            "is not a snapshot of rootguard: invalid type: sequence, expected a map",
        ),
    ] {
        let error = refused(change);
        assert!(
            error.contains("refused.json") && error.ends_with(told),
            "{error}"
        );
    }
}
