//! AWS Security Finding Format: what the function `security-hub` imports.

use config_rule::Compliance;
use security_hub::{Finding, Judgement};

use crate::rows::{Row, RowResult};

/// A control that could not be evaluated is a finding too, in the words of one that
/// could not tell.
pub(super) fn finding(row: &Row) -> anyhow::Result<Finding> {
    let (compliance, annotation) = match &row.result {
        RowResult::Judged {
            compliance,
            annotation,
        } => (*compliance, annotation),
        RowResult::Failed { error } => (Compliance::Unverifiable, error),
    };
    let detail = row.detail()?;
    let judgement = Judgement {
        control: row.control,
        account: &row.account,
        region: &detail.region,
        partition: &detail.partition,
        rule_name: None,
        compliance,
        reason: &detail.reason_code,
        annotation,
        evidence: &detail.evidence,
        observed_at: detail.observed_at,
    };
    Ok(Finding::new(&judgement, |_| row.severity)?)
}
