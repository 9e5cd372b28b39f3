//! What is seen in an account.

use config_rule::{Account, CallError, Fact, Timestamp};
use root_credentials::{AccountSummary, VirtualMfaDevices};
use serde::{Deserialize, Serialize};

/// Credentials of the root user, as far as an ordinary role can see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RootMfa {
    /// Time at which the account was looked at.
    pub observed_at: Timestamp,
    /// The partition, such as `aws`.
    pub partition: String,
    /// The twelve-digit account id.
    pub account: String,
    /// Numbers of credentials and MFA devices. Not asked for in partitions
    /// whose root user cannot have MFA.
    pub summary: Option<Fact<AccountSummary>>,
    /// Virtual devices. Not asked for where they do not matter.
    pub virtual_devices: Option<Fact<VirtualMfaDevices>>,
}

/// Kind of a partition, by whether its root user can have MFA (aws-facts I).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Partition {
    /// As in the `aws` partition.
    Ordinary,
    /// It has no console access, though it may have access keys.
    WithoutRootConsole,
    /// There is no root user.
    WithoutRootUser,
}

impl RootMfa {
    /// No call where the partition decides, one where the summary does, else
    /// two, and one for each further page of devices.
    pub(crate) async fn observe(account: &Account) -> Result<Self, CallError> {
        let identity = account.identity();
        let mut facts = Self {
            observed_at: account.observed_at(),
            partition: identity.partition().to_owned(),
            account: identity.account().to_owned(),
            summary: None,
            virtual_devices: None,
        };
        if facts.kind_of_partition() == Partition::Ordinary {
            let summary: Fact<AccountSummary> = account.section().await?;
            if summary.known().is_ok_and(devices_matter) {
                facts.virtual_devices = Some(account.section().await?);
            }
            facts.summary = Some(summary);
        }
        Ok(facts)
    }

    pub(crate) fn kind_of_partition(&self) -> Partition {
        match self.partition.as_str() {
            "aws-us-gov" => Partition::WithoutRootConsole,
            "aws-cn" => Partition::WithoutRootUser,
            _ => Partition::Ordinary,
        }
    }
}

/// Returns whether the kinds of the root user's devices decide.
fn devices_matter(summary: &AccountSummary) -> bool {
    !credentials_absent(summary) && summary.has_mfa() != Ok(false)
}

/// Returns whether it was seen that the root user has nothing to sign in with. Central
/// root management being switched on would not show that: credentials made
/// before remain.
pub(crate) fn credentials_absent(summary: &AccountSummary) -> bool {
    summary.has_password() == Ok(false)
        && summary.has_access_key() == Ok(false)
        && summary.has_signing_certificate() == Ok(false)
}
