//! SARIF 2.1.0 (OASIS Static Analysis Results Interchange Format).

use std::io::Write;

use config_rule::{Choice, Compliance, Severity};
use security_hub::{CONTROLS, MappedControl};
use serde_json::{Value, json};

use super::control_of;
use crate::rows::{Row, RowResult};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn write(
    rows: &mut dyn Iterator<Item = Row>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let rules: Vec<Value> = CONTROLS.iter().map(rule).collect();
    let tool = json!({"driver": {
        "name": "rootguard",
        "version": env!("CARGO_PKG_VERSION"),
        "rules": rules,
    }});
    write!(
        out,
        r#"{{"$schema":"{SCHEMA}","version":"2.1.0","runs":[{{"tool":{tool},"columnKind":"unicodeCodePoints","results":["#
    )?;
    let mut notifications = Vec::new();
    let mut separator = "";
    for row in rows {
        match &row.result {
            RowResult::Judged {
                compliance,
                annotation,
            } => {
                writeln!(out, "{separator}")?;
                separator = ",";
                serde_json::to_writer(&mut *out, &result(&row, *compliance, annotation)?)?;
            }
            RowResult::Failed { error } => notifications.push(notification(&row, error)),
        }
    }
    let invocation = json!([{
        "executionSuccessful": notifications.is_empty(),
        "toolExecutionNotifications": notifications,
    }]);
    writeln!(out, "\n],\"invocations\":{invocation}}}]}}")?;
    Ok(())
}

fn rule(control: &MappedControl) -> Value {
    json!({
        "id": control.name,
        "shortDescription": {"text": control.title},
        "helpUri": control.steps_url(),
        "defaultConfiguration": {"level": level(control.severity)},
        "properties": {
            "security-severity": score(control.severity),
            "tags": control.requirements,
        },
    })
}

fn result(row: &Row, compliance: Compliance, annotation: &str) -> anyhow::Result<Value> {
    let control = control_of(row)?;
    let index = CONTROLS.iter().position(|known| known.name == control.name);
    let (kind, level) = match compliance {
        Compliance::NonCompliant => ("fail", level(row.severity)),
        Compliance::Compliant => ("pass", "none"),
        Compliance::NotApplicable => ("notApplicable", "none"),
        // "insufficient information to decide"
        Compliance::Unverifiable => ("open", "none"),
    };
    Ok(json!({
        "ruleId": row.control,
        "ruleIndex": index,
        "kind": kind,
        "level": level,
        "message": {"text": annotation},
        "locations": [location(row)],
        "partialFingerprints": {"rootguard/v1": format!("{}/{}", row.account, row.control)},
        "properties": {
            "severity": row.severity.word(),
            "reasonCode": row.detail()?.reason_code,
            "evidence": row.detail()?.evidence,
        },
    }))
}

/// An evaluation that failed is no result, but something that went wrong with the tool.
fn notification(row: &Row, error: &str) -> Value {
    json!({
        "level": "error",
        "message": {"text": error},
        "locations": [location(row)],
        "associatedRule": {"id": row.control},
    })
}

/// The account, also as a file for viewers that know nothing else.
fn location(row: &Row) -> Value {
    json!({
        "logicalLocations": [{
            "fullyQualifiedName": format!("AWS::::Account:{}", row.account),
            "name": row.account_name.as_deref().unwrap_or(&row.account),
            "kind": "resource",
        }],
        "physicalLocation": {"artifactLocation": {"uri": format!("account/{}", row.account)}},
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

/// Returns what code scanning sorts by: critical from 9.0, high from 7.0, medium from 4.0.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.0",
        Severity::Low => "2.0",
    }
}
