//! The keys that encrypt topics.

use config_rule::{Account, Arn, CallError, Fact, Unread};
use serde::{Deserialize, Serialize};

use crate::client::kms;

/// The IAM action of [`Key::observe`].
pub const DESCRIBE_KEY: &str = "kms:DescribeKey";
/// IAM action that reads the policy of a key.
pub const GET_KEY_POLICY: &str = "kms:GetKeyPolicy";

/// A KMS key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Key {
    /// Its ARN, also where it was asked for by an alias.
    pub arn: Arn,
    /// `Enabled`, `Disabled`, `PendingDeletion`, …
    pub key_state: String,
    /// `CUSTOMER`, or `AWS`: then nobody can change its policy.
    pub key_manager: String,
}

impl Key {
    /// Reads a key by its id, an alias or the ARN of either. `Known(None)`:
    /// there is no such key.
    ///
    /// # Errors
    /// See [`Account::call`].
    pub async fn observe(account: &Account, key: &str) -> Result<Fact<Option<Self>>, CallError> {
        let request = kms(account).describe_key().key_id(key);
        Ok(match account.call(DESCRIBE_KEY, request.send()).await? {
            Fact::Unread(unread) => Fact::Unread(unread),
            Fact::Known(None) => Fact::Known(None),
            Fact::Known(Some(output)) => {
                let read = output.key_metadata.and_then(|key| {
                    Some(Self {
                        arn: key.arn?.parse().ok()?,
                        key_state: key.key_state?.as_str().to_owned(),
                        key_manager: key.key_manager?.as_str().to_owned(),
                    })
                });
                read.map_or_else(
                    || {
                        Fact::Unread(Unread::ValueMissing {
                            action: DESCRIBE_KEY.to_owned(),
                            value: "KeyMetadata".to_owned(),
                        })
                    },
                    |key| Fact::Known(Some(key)),
                )
            }
        })
    }
}

/// The policy of a key. `Known(None)`: there is no such key.
///
/// # Errors
/// See [`Account::call`].
pub(crate) async fn observe_key_policy(
    account: &Account,
    key: &Arn,
) -> Result<Fact<Option<String>>, CallError> {
    let request = kms(account).get_key_policy().key_id(key.as_str());
    let answer = account.call(GET_KEY_POLICY, request.send()).await?;
    Ok(answer.map(|output| output?.policy))
}
