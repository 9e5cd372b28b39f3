//! Control: the root user has no access keys (Security Hub IAM.4, CIS AWS
//! Foundations 1.4 in 1.4 to 4.0.1, 1.3 in 5.0).
//!
//! Nobody can restrict what the root user's keys may do, and whoever finds one
//! owns the account. Signing certificates are keys too.

mod evaluate;
mod facts;
mod plan;
mod prediction;
mod remediation;

use config_rule::{
    Account, CallError, Control, Frequency, Metadata, ParameterError, ParameterReader, Parameters,
    Prediction, ReasonCode, Severity, Verdict,
};
use root_credentials::{GET_ACCOUNT_SUMMARY, GET_CREDENTIAL_REPORT};
use serde::Serialize;

pub use facts::RootKeys;

/// The root user has no key and no certificate.
pub const NO_ROOT_KEYS: ReasonCode = ReasonCode::new("NO_ROOT_KEYS");
/// The root user has an access key, active or not.
pub const ROOT_ACCESS_KEY_PRESENT: ReasonCode = ReasonCode::new("ROOT_ACCESS_KEY_PRESENT");
/// The root user has a signing certificate, active or not.
pub const ROOT_SIGNING_CERTIFICATE_PRESENT: ReasonCode =
    ReasonCode::new("ROOT_SIGNING_CERTIFICATE_PRESENT");

/// The control.
#[derive(Debug)]
pub struct NoRootKeys;

/// Parameters of [`NoRootKeys`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NoRootKeysParameters {
    /// True if a signing certificate is a violation like an access key is.
    pub forbid_signing_certificates: bool,
}

impl Parameters for NoRootKeysParameters {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        Ok(Self {
            forbid_signing_certificates: reader.boolean("forbidSigningCertificates", true)?,
        })
    }
}

impl Control for NoRootKeys {
    type Facts = RootKeys;
    type Parameters = NoRootKeysParameters;

    const METADATA: Metadata = Metadata {
        name: "no-root-keys",
        title: "The root user has no access keys",
        security_hub_control: "IAM.4",
        severity: Severity::Critical,
        frequency: Frequency::SixHours,
        reads: &[GET_ACCOUNT_SUMMARY, GET_CREDENTIAL_REPORT],
        reasons: &[
            NO_ROOT_KEYS,
            ROOT_ACCESS_KEY_PRESENT,
            ROOT_SIGNING_CERTIFICATE_PRESENT,
        ],
    };

    async fn observe(
        account: &Account,
        parameters: &NoRootKeysParameters,
    ) -> Result<RootKeys, CallError> {
        RootKeys::observe(account, parameters).await
    }

    fn evaluate(facts: &RootKeys, parameters: &NoRootKeysParameters) -> Verdict {
        evaluate::judge(facts, parameters).unwrap_or_else(Verdict::from)
    }

    fn predict(facts: &RootKeys, _: &Verdict) -> Prediction {
        prediction::predict(facts)
    }
}
