//! IAM's account summary: the only view of the root user's credentials that is
//! fresh and that any role can have.

use std::collections::HashMap;

use aws_sdk_iam::types::SummaryKeyType;
use config_rule::{Account, CallError, Fact, Section, Unread};
use serde::{Deserialize, Serialize};

use crate::iam;

/// The IAM action of [`AccountSummary`].
pub const GET_ACCOUNT_SUMMARY: &str = "iam:GetAccountSummary";

/// Answer of `GetAccountSummary` about the root user.
///
/// Whether the values are flags or counts, and whether inactive keys count, is
/// not documented (aws-facts E): they are compared with zero only. AWS's own
/// example lacks one of the keys, so each may be missing, which is not zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountSummary {
    /// `AccountAccessKeysPresent`
    pub access_keys_present: Option<i32>,
    /// `AccountSigningCertificatesPresent`
    pub signing_certificates_present: Option<i32>,
    /// `AccountPasswordPresent`
    pub password_present: Option<i32>,
    /// `AccountMFAEnabled`
    pub mfa_enabled: Option<i32>,
}

impl AccountSummary {
    /// Returns whether the root user has an access key.
    ///
    /// # Errors
    /// If AWS did not say.
    pub fn has_access_key(&self) -> Result<bool, Unread> {
        present(
            self.access_keys_present,
            &SummaryKeyType::AccountAccessKeysPresent,
        )
    }

    /// Returns whether the root user has a signing certificate.
    ///
    /// # Errors
    /// If AWS did not say.
    pub fn has_signing_certificate(&self) -> Result<bool, Unread> {
        present(
            self.signing_certificates_present,
            &SummaryKeyType::AccountSigningCertificatesPresent,
        )
    }

    /// Returns whether the root user has a password.
    ///
    /// # Errors
    /// If AWS did not say.
    pub fn has_password(&self) -> Result<bool, Unread> {
        present(
            self.password_present,
            &SummaryKeyType::AccountPasswordPresent,
        )
    }

    /// Returns whether the root user has an MFA device, of whatever kind.
    ///
    /// # Errors
    /// If AWS did not say.
    pub fn has_mfa(&self) -> Result<bool, Unread> {
        present(self.mfa_enabled, &SummaryKeyType::AccountMfaEnabled)
    }
}

fn present(value: Option<i32>, key: &SummaryKeyType) -> Result<bool, Unread> {
    match value {
        Some(value) => Ok(value > 0),
        None => Err(Unread::ValueMissing {
            action: GET_ACCOUNT_SUMMARY.to_owned(),
            value: key.as_str().to_owned(),
        }),
    }
}

impl Section for AccountSummary {
    async fn observe(account: &Account) -> Result<Fact<Self>, CallError> {
        let request = iam(account).get_account_summary();
        let answer = account.call(GET_ACCOUNT_SUMMARY, request.send()).await?;
        Ok(answer.map(|output| {
            let summary = output.and_then(|output| output.summary_map);
            Self::from(summary.unwrap_or_default())
        }))
    }
}

impl From<HashMap<SummaryKeyType, i32>> for AccountSummary {
    fn from(summary: HashMap<SummaryKeyType, i32>) -> Self {
        let value = |key| summary.get(&key).copied();
        Self {
            access_keys_present: value(SummaryKeyType::AccountAccessKeysPresent),
            signing_certificates_present: value(SummaryKeyType::AccountSigningCertificatesPresent),
            password_present: value(SummaryKeyType::AccountPasswordPresent),
            mfa_enabled: value(SummaryKeyType::AccountMfaEnabled),
        }
    }
}
