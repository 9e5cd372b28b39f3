//! A finding in the AWS Security Finding Format (ASFF).

use std::collections::BTreeMap;

use config_rule::{Choice, Compliance, Evaluation, ReasonCode, Severity, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::console;
use crate::control::MappedControl;

/// Judgement of an account, wherever it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Judgement<'a> {
    /// The control's name.
    pub control: &'a str,
    /// The twelve-digit account id.
    pub account: &'a str,
    /// The Region in which it was asked.
    pub region: &'a str,
    /// The partition.
    pub partition: &'a str,
    /// The name of the Config rule, where there is one.
    pub rule_name: Option<&'a str>,
    /// Compliance.
    pub compliance: Compliance,
    /// Reason, as a stable name.
    pub reason: &'a ReasonCode,
    /// Reason, in words.
    pub annotation: &'a str,
    /// Evidence.
    pub evidence: &'a Map<String, Value>,
    /// Time at which the account was looked at.
    pub observed_at: Timestamp,
}

impl<'a> From<&'a Evaluation> for Judgement<'a> {
    fn from(record: &'a Evaluation) -> Self {
        Self {
            control: &record.control,
            account: &record.account,
            region: &record.region,
            partition: &record.partition,
            rule_name: record.rule_name.as_deref(),
            compliance: record.compliance,
            reason: &record.reason_code,
            annotation: record.annotation.as_str(),
            evidence: &record.evidence,
            observed_at: record.observed_at,
        }
    }
}

/// A record of a control that Security Hub was not told of: of a newer rootguard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no control that this version of rootguard knows")]
pub struct UnknownControlError(pub String);

/// The most characters of a title, a description, a recommendation and the value of a
/// product field. The first two are ASFF's documented limits; for the third and fourth
/// they are assumptions, because they are in no model of the API.
const MAX_TITLE: usize = 256;
const MAX_DESCRIPTION: usize = 1024;
const MAX_RECOMMENDATION: usize = 512;
const MAX_FIELD: usize = 1024;

/// The most product fields, assumed like the lengths.
const MAX_FIELDS: usize = 50;

/// A finding. Serializes as ASFF.
///
/// `UpdatedAt` is when the account was looked at: Security Hub ignores a finding whose
/// time is not later than what it has, so a record that arrives twice or late changes
/// nothing.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Finding {
    pub(crate) schema_version: &'static str,
    pub(crate) id: String,
    pub(crate) product_arn: String,
    pub(crate) generator_id: String,
    pub(crate) aws_account_id: String,
    pub(crate) first_observed_at: String,
    pub(crate) last_observed_at: String,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) remediation: Remediation,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source_url: Option<String>,
    pub(crate) product_fields: BTreeMap<String, String>,
    pub(crate) resources: [Resource; 1],
    pub(crate) compliance: ComplianceOf,
    pub(crate) record_state: &'static str,
    #[serde(rename = "FindingProviderFields")]
    pub(crate) provider_fields: ProviderFields,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Remediation {
    pub(crate) recommendation: Recommendation,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Recommendation {
    pub(crate) text: String,
    pub(crate) url: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Resource {
    #[serde(rename = "Type")]
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) partition: Option<String>,
    pub(crate) region: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ComplianceOf {
    pub(crate) status: &'static str,
    pub(crate) related_requirements: &'static [&'static str],
    pub(crate) status_reasons: [StatusReason; 1],
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StatusReason {
    pub(crate) reason_code: String,
    pub(crate) description: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ProviderFields {
    pub(crate) severity: SeverityOf,
    pub(crate) types: [&'static str; 1],
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SeverityOf {
    pub(crate) label: &'static str,
    pub(crate) original: &'static str,
}

impl Finding {
    /// The finding about a control in an account. It always has the same id, so that
    /// the next one about them updates it. `severity` is that of the control.
    ///
    /// # Errors
    /// If it is about no control of [`CONTROLS`](crate::CONTROLS).
    pub fn new(
        judgement: &Judgement<'_>,
        severity: impl FnOnce(&MappedControl) -> Severity,
    ) -> Result<Self, UnknownControlError> {
        let Judgement {
            account,
            region,
            partition,
            annotation,
            compliance,
            ..
        } = *judgement;
        let control = MappedControl::by_name(judgement.control)
            .ok_or_else(|| UnknownControlError(judgement.control.to_owned()))?;
        let severity = severity(control).word();
        let time = judgement.observed_at.to_string();
        let source_url = judgement
            .rule_name
            .and_then(|rule| console::rule_url(partition, region, rule));
        Ok(Self {
            schema_version: "2018-10-08",
            id: format!(
                "arn:{partition}:securityhub:{region}:{account}:rootguard/{}",
                control.name
            ),
            product_arn: product_arn(partition, region, account),
            generator_id: format!("rootguard/{}", control.name),
            aws_account_id: account.to_owned(),
            first_observed_at: time.clone(),
            last_observed_at: time.clone(),
            created_at: time.clone(),
            updated_at: time,
            title: cut(control.title, MAX_TITLE),
            description: cut(annotation, MAX_DESCRIPTION),
            remediation: Remediation {
                recommendation: Recommendation {
                    text: cut(annotation, MAX_RECOMMENDATION),
                    url: control.steps_url(),
                },
            },
            source_url,
            product_fields: product_fields(judgement, control),
            resources: [Resource {
                kind: "AwsAccount",
                id: format!("AWS::::Account:{account}"),
                // The API knows no others.
                partition: ["aws", "aws-cn", "aws-us-gov"]
                    .contains(&partition)
                    .then(|| partition.to_owned()),
                region: region.to_owned(),
            }],
            compliance: ComplianceOf {
                status: status_of(compliance),
                related_requirements: control.requirements,
                status_reasons: [StatusReason {
                    reason_code: judgement.reason.to_string(),
                    description: cut(annotation, MAX_DESCRIPTION),
                }],
            },
            record_state: match compliance {
                // As Security Hub does with its own: nobody has to look at it.
                Compliance::NotApplicable => "ARCHIVED",
                _ => "ACTIVE",
            },
            provider_fields: ProviderFields {
                severity: SeverityOf {
                    label: match compliance {
                        Compliance::NonCompliant | Compliance::Unverifiable => severity,
                        Compliance::Compliant | Compliance::NotApplicable => "INFORMATIONAL",
                    },
                    original: severity,
                },
                types: ["Software and Configuration Checks/AWS Security Best Practices"],
            },
        })
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its `Compliance.Status`.
    pub fn status(&self) -> &'static str {
        self.compliance.status
    }
}

/// The product of findings that an account makes itself.
pub(crate) fn product_arn(partition: &str, region: &str, account: &str) -> String {
    format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default")
}

/// `WARNING` is Security Hub's word for a check that could not tell.
fn status_of(compliance: Compliance) -> &'static str {
    match compliance {
        Compliance::Compliant => "PASSED",
        Compliance::NonCompliant => "FAILED",
        Compliance::NotApplicable => "NOT_AVAILABLE",
        Compliance::Unverifiable => "WARNING",
    }
}

/// Returns what rules and queries of the security team may select by, and the evidence.
fn product_fields(judgement: &Judgement<'_>, control: &MappedControl) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::from([
        ("rootguard/control".to_owned(), control.name.to_owned()),
        (
            "rootguard/securityHubControl".to_owned(),
            control.security_hub_control.to_owned(),
        ),
        (
            "rootguard/compliance".to_owned(),
            judgement.compliance.to_string(),
        ),
        (
            "rootguard/reasonCode".to_owned(),
            judgement.reason.to_string(),
        ),
    ]);
    for (name, value) in judgement.evidence {
        if fields.len() == MAX_FIELDS {
            break;
        }
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        // A text without any character that shows is refused.
        if !value.trim().is_empty() {
            fields.insert(format!("rootguard/evidence/{name}"), cut(&value, MAX_FIELD));
        }
    }
    fields
}

/// As many characters of a text as may be; the last says that there were more.
fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let kept = text.chars().take(max.saturating_sub(1));
    kept.chain(['…']).collect()
}
