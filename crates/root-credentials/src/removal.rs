//! Deleting what a root user can sign in with, in a delete session.

use config_rule::{Account, Fact};
use remediation::{StepError, remove};
use serde::{Deserialize, Serialize};

use crate::root_audit::{MfaDevice, RootAccessKey, RootPassword, SigningCertificate};
use crate::root_session::Task;
use crate::{access_keys, iam, password};

const DELETE_ACCESS_KEY: &str = "iam:DeleteAccessKey";
const DELETE_SIGNING_CERTIFICATE: &str = "iam:DeleteSigningCertificate";
const DELETE_LOGIN_PROFILE: &str = "iam:DeleteLoginProfile";
const DEACTIVATE_MFA_DEVICE: &str = "iam:DeactivateMFADevice";
const DELETE_VIRTUAL_MFA_DEVICE: &str = "iam:DeleteVirtualMFADevice";

/// The IAM actions of [`Removal::apply`], which the delete session has and no role needs.
pub const REMOVAL_WRITES: &[&str] = &[
    DELETE_LOGIN_PROFILE,
    DELETE_ACCESS_KEY,
    DELETE_SIGNING_CERTIFICATE,
    DEACTIVATE_MFA_DEVICE,
    DELETE_VIRTUAL_MFA_DEVICE,
];

/// The deletion of one thing that a root user can sign in with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Removal {
    /// `DeleteLoginProfile`
    DeletePassword {
        /// The password as it was when the deletion was planned.
        password: RootPassword,
    },
    /// `DeleteAccessKey`
    DeleteAccessKey {
        /// The key as it was when the deletion was planned.
        key: RootAccessKey,
    },
    /// `DeleteSigningCertificate`
    DeleteCertificate {
        /// The certificate.
        certificate: SigningCertificate,
    },
    /// `DeactivateMFADevice`
    DeactivateMfaDevice {
        /// The device.
        device: MfaDevice,
    },
    /// `DeleteVirtualMFADevice`, after it was deactivated.
    DeleteVirtualMfaDevice {
        /// The device.
        device: MfaDevice,
    },
}

impl Removal {
    /// Deletes it in the member account that `account` stands for. What is gone is gone.
    ///
    /// # Errors
    /// If it is not known to be gone; [`StepError::Changed`] if it was used since it was
    /// looked at: whoever uses it would miss it.
    pub async fn apply(&self, account: &Account) -> Result<(), StepError> {
        let session = Task::Delete.session(account).await?.known()?.clone();
        let client = iam(&session);
        match self {
            Self::DeletePassword { password: planned } => {
                let call = client.delete_login_profile();
                match still(&password(&session).await?, planned, "the root password")? {
                    Still::There => remove(&session, DELETE_LOGIN_PROFILE, call.send()).await,
                    Still::Gone => Ok(()),
                }
            }
            Self::DeleteAccessKey { key } => {
                let call = client.delete_access_key().access_key_id(&key.id);
                let keys = access_keys(&session).await?;
                let same = |keys: Vec<RootAccessKey>| keys.into_iter().find(|now| now.id == key.id);
                let what = format!("access key {}", key.id);
                match still(&keys.map(same), key, &what)? {
                    Still::There => remove(&session, DELETE_ACCESS_KEY, call.send()).await,
                    Still::Gone => Ok(()),
                }
            }
            Self::DeleteCertificate { certificate } => {
                let call = client
                    .delete_signing_certificate()
                    .certificate_id(&certificate.id);
                remove(&session, DELETE_SIGNING_CERTIFICATE, call.send()).await
            }
            Self::DeactivateMfaDevice { device } => {
                let call = client.deactivate_mfa_device().serial_number(&device.serial);
                remove(&session, DEACTIVATE_MFA_DEVICE, call.send()).await
            }
            Self::DeleteVirtualMfaDevice { device } => {
                let call = client
                    .delete_virtual_mfa_device()
                    .serial_number(&device.serial);
                remove(&session, DELETE_VIRTUAL_MFA_DEVICE, call.send()).await
            }
        }
    }
}

enum Still {
    There,
    Gone,
}

/// Returns whether something is still what it was when its deletion was planned.
fn still<T: PartialEq>(now: &Fact<Option<T>>, planned: &T, what: &str) -> Result<Still, StepError> {
    match now.known()? {
        None => Ok(Still::Gone),
        Some(now) if now == planned => Ok(Still::There),
        Some(_) => Err(StepError::Changed(what.to_owned())),
    }
}
