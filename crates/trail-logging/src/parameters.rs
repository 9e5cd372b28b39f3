//! What the organization wants of this control.

use std::time::Duration;

use config_rule::{Choice, EvidenceRoles, ParameterError, ParameterReader, Parameters};
use serde::Serialize;

/// Parameters of [`TrailLogging`](crate::TrailLogging).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrailLoggingParameters {
    /// Maximum age of the latest log file.
    pub max_delivery_age_hours: i64,
    /// Event sources whose management events a trail may leave out.
    pub allowed_excluded_sources: Vec<String>,
    /// True if changes to log files must be detectable.
    pub require_log_file_validation: bool,
    /// True if log files must be encrypted with a KMS key.
    pub require_kms_encryption: bool,
    /// Evidence that is enough for an organization trail that another account owns.
    pub organization_trail: OrganizationTrail,
    /// Roles that show the trails of other accounts.
    pub central_evidence_role_arns: EvidenceRoles,
}

/// Evidence that is enough for an organization trail that another account owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrganizationTrail {
    /// `REQUIRE_EVIDENCE`: its selectors must have been seen too.
    RequireEvidence,
    /// `ACCEPT`: its selectors may be unread; the owner's account judges them.
    Accept,
}

impl Choice for OrganizationTrail {
    const ALL: &'static [(&'static str, Self)] = &[
        ("REQUIRE_EVIDENCE", Self::RequireEvidence),
        ("ACCEPT", Self::Accept),
    ];
}

/// CloudTrail delivers within the hour what happened, and every evaluation is
/// something that happens: two of them, a day apart, and an hour.
const MAX_DELIVERY_AGE_HOURS: i64 = 49;
const HOURS_OF_A_YEAR: i64 = 8760;

impl TrailLoggingParameters {
    /// Returns how old the latest log file may be.
    pub(crate) fn max_delivery_age(&self) -> Duration {
        Duration::from_hours(self.max_delivery_age_hours.unsigned_abs())
    }
}

impl Parameters for TrailLoggingParameters {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        Ok(Self {
            max_delivery_age_hours: reader.integer(
                "maxDeliveryAgeHours",
                MAX_DELIVERY_AGE_HOURS,
                1..=HOURS_OF_A_YEAR,
            )?,
            allowed_excluded_sources: reader.list(
                "allowedExcludedSources",
                "event sources like kms.amazonaws.com",
                event_source,
            )?,
            require_log_file_validation: reader.boolean("requireLogFileValidation", false)?,
            require_kms_encryption: reader.boolean("requireKmsEncryption", false)?,
            organization_trail: reader
                .choice("organizationTrail", OrganizationTrail::RequireEvidence)?,
            central_evidence_role_arns: EvidenceRoles::read(reader)?,
        })
    }
}

fn event_source(text: &str) -> Option<String> {
    let service = text.strip_suffix(".amazonaws.com")?;
    let is_name = !service.is_empty()
        && service
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    is_name.then(|| text.to_owned())
}
