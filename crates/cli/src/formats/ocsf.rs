//! OCSF 1.3.0, class Compliance Finding (2003).

use config_rule::{Compliance, Severity};
use serde_json::{Value, json};

use super::control_of;
use crate::rows::{Row, RowResult};

pub(super) fn finding(row: &Row) -> anyhow::Result<Value> {
    let control = control_of(row)?;
    let detail = row.detail()?;
    let (status_id, status, text) = match &row.result {
        RowResult::Judged {
            compliance,
            annotation,
        } => {
            let (id, status) = match compliance {
                Compliance::Compliant => (1, "Pass"),
                Compliance::Unverifiable => (2, "Warning"),
                Compliance::NonCompliant => (3, "Fail"),
                Compliance::NotApplicable => (99, "Not Applicable"),
            };
            (id, status, annotation)
        }
        RowResult::Failed { error } => (0, "Unknown", error),
    };
    let (severity_id, severity) = match (status_id, row.severity) {
        (1 | 99, _) => (1, "Informational"),
        (_, Severity::Low) => (2, "Low"),
        (_, Severity::Medium) => (3, "Medium"),
        (_, Severity::High) => (4, "High"),
        (_, Severity::Critical) => (5, "Critical"),
    };
    let time = detail.observed_at.epoch_millis();
    let name = row.account_name.as_deref().unwrap_or(&row.account);
    Ok(json!({
        "metadata": {
            "version": "1.3.0",
            "product": {
                "name": "rootguard",
                "vendor_name": "rootguard",
                "version": env!("CARGO_PKG_VERSION"),
            },
            "event_code": row.control,
        },
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "activity_id": 1,
        "activity_name": "Create",
        "type_uid": 200_301,
        "type_name": "Compliance Finding: Create",
        "time": time,
        "severity_id": severity_id,
        "severity": severity,
        "status_id": 1,
        "status": "New",
        "message": text,
        "finding_info": {
            "uid": format!("rootguard/{}/{}/{}", row.account, detail.region, row.control),
            "title": control.title,
            "desc": text,
            "created_time": time,
        },
        "compliance": {
            "control": control.security_hub_control,
            "standards": ["CIS AWS Foundations Benchmark", "NIST.800-53.r5", "PCI DSS"],
            "requirements": control.requirements,
            "status_id": status_id,
            "status": status,
            "status_code": detail.reason_code,
            "status_detail": text,
        },
        "remediation": {
            "desc": text,
            "references": [control.steps_url()],
        },
        "resources": [{
            "uid": format!("AWS::::Account:{}", row.account),
            "name": name,
            "type": "AWS::::Account",
            "cloud_partition": detail.partition,
            "region": detail.region,
        }],
        "cloud": {
            "provider": "AWS",
            "region": detail.region,
            "account": {"uid": row.account, "name": name, "type_id": 10, "type": "AWS Account"},
        },
        "unmapped": {"evidence": detail.evidence},
    }))
}
