//! What the scores of Security Hub's enabled standards gain when our controls are satisfied.

use std::collections::BTreeMap;

use aws_sdk_securityhub::Client;
use aws_sdk_securityhub::types::{
    AwsSecurityFinding, AwsSecurityFindingFilters, ComplianceStatus, StringFilter,
    StringFilterComparison,
};
use config_rule::Account;
use security_hub::CONTROLS;

use crate::score::{Finding, Tally};

/// The most findings that are read. An administrator of many accounts may have more; then
/// nothing is said, because a part tells no score.
const MOST_FINDINGS: usize = 50_000;

/// A sentence for each enabled standard, or one on why there is none.
pub(crate) async fn notes(account: &Account) -> Vec<String> {
    match gains(&Client::new(account.sdk())).await {
        Ok(notes) if notes.is_empty() => {
            vec!["No standard is enabled in Security Hub here: there is no score to gain.".into()]
        }
        Ok(notes) => notes,
        Err(why) => vec![format!(
            "What the scores of Security Hub's standards gain cannot be told: {why}."
        )],
    }
}

async fn gains(client: &Client) -> Result<Vec<String>, String> {
    let mut standards = enabled(client).await?;
    if standards.is_empty() {
        return Ok(Vec::new());
    }
    let mut pages = client
        .get_findings()
        .filters(of_controls())
        .max_results(100)
        .into_paginator()
        .send();
    let mut read = 0;
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| {
            format!("securityhub:GetFindings: {}", config_rule::explain(&error))
        })?;
        for finding in page.findings() {
            read += 1;
            add(finding, &mut standards);
        }
        if read > MOST_FINDINGS {
            return Err(format!("there are more than {MOST_FINDINGS} findings"));
        }
    }
    let sentences = standards.iter().map(|(arn, tally)| sentence(arn, tally));
    Ok(sentences.collect())
}

/// The enabled standards, by ARN, of which nothing is known yet.
async fn enabled(client: &Client) -> Result<BTreeMap<String, Tally>, String> {
    let mut pages = client.get_enabled_standards().into_paginator().send();
    let mut standards = BTreeMap::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| {
            let why = config_rule::explain(&error);
            format!("securityhub:GetEnabledStandards: {why}")
        })?;
        for standard in page.standards_subscriptions() {
            if let Some(arn) = standard.standards_arn() {
                standards.insert(arn.to_owned(), Tally::default());
            }
        }
    }
    Ok(standards)
}

/// The findings that count in a score: those of Security Hub's own controls that are
/// neither archived nor suppressed.
fn of_controls() -> AwsSecurityFindingFilters {
    let is = |value: &str, comparison| {
        StringFilter::builder()
            .value(value)
            .comparison(comparison)
            .build()
    };
    AwsSecurityFindingFilters::builder()
        .product_name(is("Security Hub", StringFilterComparison::Equals))
        .record_state(is("ACTIVE", StringFilterComparison::Equals))
        .workflow_status(is("SUPPRESSED", StringFilterComparison::NotEquals))
        .build()
}

/// Counts a finding in each enabled standard that it is for.
fn add(finding: &AwsSecurityFinding, standards: &mut BTreeMap<String, Tally>) {
    let Some(compliance) = finding.compliance() else {
        return;
    };
    let Some(control) = compliance.security_control_id() else {
        return;
    };
    let status = match compliance.status() {
        Some(ComplianceStatus::Passed) => Finding::Passed,
        Some(ComplianceStatus::Failed) => Finding::Failed,
        _ => Finding::Unknown,
    };
    let ids = compliance.associated_standards().iter();
    for id in ids.filter_map(|standard| standard.standards_id()) {
        let of_id = |arn: &String| {
            let before = arn.strip_suffix(id);
            before.is_some_and(|before| before.is_empty() || before.ends_with(':'))
        };
        for (_, tally) in standards.iter_mut().filter(|(arn, _)| of_id(arn)) {
            tally.add(control, status);
        }
    }
}

/// Returns what there is to gain in a standard, control by control and with all of them.
fn sentence(arn: &str, tally: &Tally) -> String {
    let name = arn.split_once('/').map_or(arn, |(_, name)| name);
    let name = name.replace("/v/", " ");
    let score = tally.score();
    let now = score.sentence();
    let ours: Vec<_> = CONTROLS
        .iter()
        .map(|control| control.security_hub_control)
        .collect();
    let left = tally.not_passed(&ours);
    let Some(percent) = score.percent().filter(|_| !left.is_empty()) else {
        return format!("{name}: {now}; nothing to gain from our controls.");
    };
    let gain = |controls: &[&str]| {
        let then = tally.if_passed(controls).score().percent();
        let then = then.unwrap_or(percent);
        format!("{then} % (+{})", then.saturating_sub(percent))
    };
    let mut parts: Vec<_> = left
        .iter()
        .map(|control| format!("{control} {}", gain(&[control])))
        .collect();
    if left.len() > 1 {
        parts.push(format!("all {}", gain(&left)));
    }
    format!(
        "{name}: {now}; passed everywhere, it is {}.",
        parts.join(", ")
    )
}
