//! Comma-separated values.

use std::io::Write;

use config_rule::Choice;

use super::control_of;
use crate::rows::{Row, RowResult};

pub(super) fn write(
    rows: &mut dyn Iterator<Item = Row>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record([
        "account",
        "account_name",
        "control",
        "security_hub_control",
        "severity",
        "compliance",
        "reason_code",
        "annotation",
        "observed_at",
    ])?;
    for row in rows {
        let detail = row.detail()?;
        let (compliance, annotation) = match &row.result {
            RowResult::Judged {
                compliance,
                annotation,
            } => (compliance.to_string(), annotation),
            RowResult::Failed { error } => ("EVALUATION_FAILED".to_owned(), error),
        };
        writer.write_record([
            row.account.as_str(),
            &no_formula(row.account_name.as_deref().unwrap_or_default()),
            row.control,
            control_of(&row)?.security_hub_control,
            row.severity.word(),
            &compliance,
            detail.reason_code.as_str(),
            &no_formula(annotation),
            &detail.observed_at.to_string(),
        ])?;
    }
    writer.flush()?;
    Ok(())
}

/// Spreadsheets compute what begins like a formula, and people choose account names.
pub(crate) fn no_formula(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
