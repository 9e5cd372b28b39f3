//! What is seen in an account.

use config_rule::{Account, CallError, Fact, Timestamp};
use root_credentials::{AccountSummary, CredentialReport};
use serde::{Deserialize, Serialize};

use crate::NoRootKeysParameters;

/// The root user's keys, as far as an ordinary role can see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RootKeys {
    /// Time at which the account was looked at.
    pub observed_at: Timestamp,
    /// Numbers of keys and certificates.
    pub summary: Fact<AccountSummary>,
    /// Report of who used them last; not asked for where there is nothing to explain.
    pub report: Option<Fact<Option<CredentialReport>>>,
}

impl RootKeys {
    /// One call, and one more where there is something to explain.
    pub(crate) async fn observe(
        account: &Account,
        parameters: &NoRootKeysParameters,
    ) -> Result<Self, CallError> {
        let mut facts = Self {
            observed_at: account.observed_at(),
            summary: account.section().await?,
            report: None,
        };
        if facts.violation(parameters).is_some() {
            facts.report = Some(CredentialReport::observe(account).await);
        }
        Ok(facts)
    }

    /// The credential report, where one was read.
    pub(crate) fn report(&self) -> Option<&CredentialReport> {
        match &self.report {
            Some(Fact::Known(report)) => report.as_ref(),
            _ => None,
        }
    }

    /// Returns what was seen that must not be, if anything. That something could not
    /// be read is not a violation.
    pub(crate) fn violation(&self, parameters: &NoRootKeysParameters) -> Option<Violation> {
        let summary = self.summary.known().ok()?;
        let certificate_counts = parameters.forbid_signing_certificates;
        if summary.has_access_key() == Ok(true) {
            Some(Violation::AccessKey)
        } else if certificate_counts && summary.has_signing_certificate() == Ok(true) {
            Some(Violation::SigningCertificate)
        } else {
            None
        }
    }
}

/// Credential that the root user must not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    AccessKey,
    SigningCertificate,
}
