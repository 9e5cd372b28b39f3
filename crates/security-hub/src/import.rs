//! Telling Security Hub: `BatchImportFindings`.

use std::time::Duration;

use aws_sdk_securityhub::Client;
use aws_sdk_securityhub::error::ProvideErrorMetadata;
use aws_sdk_securityhub::types::{
    AwsSecurityFinding, Compliance, ComplianceStatus, FindingProviderFields,
    FindingProviderSeverity, Partition, Recommendation, RecordState, Remediation, Resource,
    SeverityLabel, StatusReason,
};
use serde::Serialize;
use tokio::time::sleep;

use crate::finding::Finding;

/// The IAM action of importing findings, on the product's ARN.
pub const BATCH_IMPORT_FINDINGS: &str = "securityhub:BatchImportFindings";

/// Number of times that a finding is sent before the invocation fails, and Lambda's own retries
/// take over.
const MAX_ATTEMPTS: u32 = 4;

/// The first pause after a finding that Security Hub says it did not keep.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Outcome of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// Security Hub has it, or a later one.
    Imported,
    /// The account does not use Security Hub in this Region. There is nobody to tell.
    SecurityHubNotEnabled,
    /// It was a test, of which AWS Config keeps nothing either.
    Test,
}

/// A finding that Security Hub did not keep.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Security Hub answered with success and listed the finding as failed, each time.
    #[error(
        "Security Hub listed the finding under FailedFindings {MAX_ATTEMPTS} times ({code}: {message})"
    )]
    NotKept {
        /// Security Hub's error code.
        code: String,
        /// Its message.
        message: String,
    },
    /// The call failed, after all retries of the SDK.
    #[error("{BATCH_IMPORT_FINDINGS}: {code}: {message}")]
    CallFailed {
        /// AWS's error code.
        code: String,
        /// AWS's error message, or why there was no answer.
        message: String,
    },
}

/// Imports a finding. Repeating it is harmless: Security Hub ignores what is not later
/// than what it has.
pub(crate) async fn import(client: &Client, finding: &Finding) -> Result<Outcome, ImportError> {
    let request = client.batch_import_findings().findings(request(finding));
    let mut pause = FIRST_PAUSE;
    let mut attempt = 1;
    loop {
        let answer = match request.clone().send().await {
            Ok(answer) => answer,
            Err(error) => {
                let service = error.as_service_error();
                return match service.and_then(ProvideErrorMetadata::code) {
                    Some("InvalidAccessException") => Ok(Outcome::SecurityHubNotEnabled),
                    code => Err(ImportError::CallFailed {
                        code: code.unwrap_or("no answer").to_owned(),
                        message: config_rule::explain(&error),
                    }),
                };
            }
        };
        let Some(failed) = answer.failed_findings().first() else {
            return match answer.failed_count() {
                None | Some(0) => Ok(Outcome::Imported),
                Some(_) => Err(ImportError::NotKept {
                    code: "no code".to_owned(),
                    message: "FailedCount without FailedFindings".to_owned(),
                }),
            };
        };
        if attempt == MAX_ATTEMPTS {
            return Err(ImportError::NotKept {
                code: failed.error_code().unwrap_or("no code").to_owned(),
                message: failed.error_message().unwrap_or_default().to_owned(),
            });
        }
        attempt += 1;
        sleep(pause).await;
        pause *= 2;
    }
}

/// The finding in the SDK's types.
fn request(finding: &Finding) -> AwsSecurityFinding {
    let recommendation = &finding.remediation.recommendation;
    let severity = &finding.provider_fields.severity;
    let [resource] = &finding.resources;
    let [reason] = &finding.compliance.status_reasons;
    let requirements = finding.compliance.related_requirements;
    AwsSecurityFinding::builder()
        .schema_version(finding.schema_version)
        .id(&finding.id)
        .product_arn(&finding.product_arn)
        .generator_id(&finding.generator_id)
        .aws_account_id(&finding.aws_account_id)
        .first_observed_at(&finding.first_observed_at)
        .last_observed_at(&finding.last_observed_at)
        .created_at(&finding.created_at)
        .updated_at(&finding.updated_at)
        .title(&finding.title)
        .description(&finding.description)
        .remediation(
            Remediation::builder()
                .recommendation(
                    Recommendation::builder()
                        .text(&recommendation.text)
                        .url(&recommendation.url)
                        .build(),
                )
                .build(),
        )
        .set_source_url(finding.source_url.clone())
        .set_product_fields(Some(finding.product_fields.clone().into_iter().collect()))
        .resources(
            Resource::builder()
                .r#type(resource.kind)
                .id(&resource.id)
                .set_partition(resource.partition.as_deref().map(Partition::from))
                .region(&resource.region)
                .build(),
        )
        .compliance(
            Compliance::builder()
                .status(ComplianceStatus::from(finding.compliance.status))
                .set_related_requirements(Some(
                    requirements.iter().map(ToString::to_string).collect(),
                ))
                .status_reasons(
                    StatusReason::builder()
                        .reason_code(&reason.reason_code)
                        .description(&reason.description)
                        .build(),
                )
                .build(),
        )
        .record_state(RecordState::from(finding.record_state))
        .finding_provider_fields(
            FindingProviderFields::builder()
                .severity(
                    FindingProviderSeverity::builder()
                        .label(SeverityLabel::from(severity.label))
                        .original(severity.original)
                        .build(),
                )
                .set_types(Some(
                    finding.provider_fields.types.map(str::to_owned).to_vec(),
                ))
                .build(),
        )
        .build()
}
