//! The evaluator against 1,800 random requests that an independent simulator decided:
//! `data/simulator.jsonl`. Where both differ, AWS's documentation decides, and the kind of
//! difference is argued here.
#![allow(clippy::expect_used, reason = "test")]

use serde_json::Value;

#[path = "../examples/decide/row.rs"]
mod row;

/// A kind of request that the simulator decides against AWS's documentation.
struct Difference {
    because: &'static str,
    applies: fn(&Value) -> bool,
    simulator: &'static str,
    here: &'static str,
    rows: usize,
}

const DIFFERENCES: &[Difference] = &[
    Difference {
        because: "The simulator gives a root user no permissions of its own. \"Root user \
                  credentials\": the root user has full access, which only service and resource \
                  control policies limit. So it needs no resource policy in its own account, and \
                  in another one only what the resource policy grants to its account.",
        applies: |row| {
            text(row, "principal").ends_with(":root")
                && row
                    .get("serviceControlPolicies")
                    .is_none_or(allows_everything)
        },
        simulator: "ImplicitlyDenied",
        here: "Allowed",
        rows: 36,
    },
    Difference {
        because: "The simulator lets a NotPrincipal that names the account spare its roles. \"AWS \
                  JSON policy elements: NotPrincipal\": to spare a role, it names the role and the \
                  account; the account alone denies the role.",
        applies: |row| {
            row["resourcePolicy"]
                .to_string()
                .contains("\"NotPrincipal\"")
        },
        simulator: "",
        here: "ExplicitlyDenied",
        rows: 2,
    },
    Difference {
        because: "The simulator reads ForAnyValue:…IfExists without the IfExists. \"Condition \
                  operators\", IfExists: \"If the key is not present, evaluate the condition \
                  element as true\", with every operator but Null.",
        applies: |row| {
            row.to_string()
                .contains("\"ForAnyValue:StringEqualsIfExists\"")
        },
        simulator: "ImplicitlyDenied",
        here: "",
        rows: 3,
    },
];

fn text<'a>(row: &'a Value, member: &str) -> &'a str {
    row[member].as_str().unwrap_or_default()
}

/// Returns whether one of the policies allows everything.
fn allows_everything(policies: &Value) -> bool {
    let everything = serde_json::json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]);
    policies.as_array().is_some_and(|policies| {
        policies
            .iter()
            .any(|policy| policy["Statement"] == everything)
    })
}

#[test]
fn every_row_is_decided_as_the_simulator_does_or_the_difference_is_argued() {
    let (mut differing, mut wrong) = (vec![0; DIFFERENCES.len()], Vec::new());
    let lines = include_str!("data/simulator.jsonl").lines();
    assert_eq!(lines.clone().count(), 1800);
    for (number, line) in (1..).zip(lines) {
        let row: row::Row = serde_json::from_str(line).expect("a row");
        let expected = row.result.as_deref().expect("a result");
        let decided = row::name(&row.decide().expect("policies"));
        if decided == expected {
            continue;
        }
        let raw: Value = serde_json::from_str(line).expect("JSON");
        let argued = DIFFERENCES.iter().position(|difference| {
            (difference.applies)(&raw)
                && [expected, ""].contains(&difference.simulator)
                && [decided, ""].contains(&difference.here)
        });
        match argued {
            Some(kind) => differing[kind] += 1,
            None => wrong.push(format!(
                "line {number}: {decided}, the simulator {expected}"
            )),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (difference, count) in DIFFERENCES.iter().zip(differing) {
        assert_eq!(count, difference.rows, "{}", difference.because);
    }
}
