//! What the root user of an account can sign in with, as only itself can see.

use config_rule::{Account, CallError, Fact, Timestamp, Unread};
use serde::{Deserialize, Serialize};

use crate::iam;

const LIST_ACCESS_KEYS: &str = "iam:ListAccessKeys";
const GET_ACCESS_KEY_LAST_USED: &str = "iam:GetAccessKeyLastUsed";
const LIST_SIGNING_CERTIFICATES: &str = "iam:ListSigningCertificates";
const GET_LOGIN_PROFILE: &str = "iam:GetLoginProfile";
const GET_USER: &str = "iam:GetUser";
const LIST_MFA_DEVICES: &str = "iam:ListMFADevices";

/// The IAM actions of [`RootAudit::observe`], which the session has and no role needs.
pub const AUDIT_READS: &[&str] = &[
    LIST_ACCESS_KEYS,
    GET_ACCESS_KEY_LAST_USED,
    LIST_SIGNING_CERTIFICATES,
    GET_LOGIN_PROFILE,
    GET_USER,
    LIST_MFA_DEVICES,
];

/// Everything that the root user can sign in with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RootAudit {
    /// Its access keys.
    pub access_keys: Vec<RootAccessKey>,
    /// Its signing certificates.
    pub signing_certificates: Vec<SigningCertificate>,
    /// Its password, if it has one.
    pub password: Option<RootPassword>,
    /// Its MFA devices.
    pub mfa_devices: Vec<MfaDevice>,
}

/// The password of the root user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RootPassword {
    /// Time at which it was made.
    pub created: Option<Timestamp>,
    /// Time at which somebody last signed in with it, if anybody has since AWS keeps count.
    pub last_used: Option<Timestamp>,
}

/// An access key of the root user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RootAccessKey {
    /// Its id.
    pub id: String,
    /// True if it works.
    pub active: bool,
    /// Time at which it was made; AWS always says.
    pub created: Option<Timestamp>,
    /// Time at which it was last used, if it was since AWS keeps count.
    pub last_used: Option<Timestamp>,
}

/// A signing certificate of the root user. Nobody knows when it was last used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SigningCertificate {
    /// Its id.
    pub id: String,
    /// True if it works.
    pub active: bool,
    /// Time at which it was uploaded.
    pub uploaded: Option<Timestamp>,
}

/// An MFA device of the root user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MfaDevice {
    /// Its serial number: an ARN, or that of a token.
    pub serial: String,
    /// Its kind.
    pub kind: MfaKind,
}

/// Kind of an MFA device, by its serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MfaKind {
    /// An application: `arn:…:mfa/NAME`.
    Virtual,
    /// A token that shows codes: its serial number is no ARN.
    Totp,
    /// A security key or a passkey: `arn:…:u2f/…`.
    Fido,
}

impl MfaKind {
    /// The kind that a serial number tells.
    pub fn of_serial(serial: &str) -> Self {
        if !serial.starts_with("arn:") {
            Self::Totp
        } else if serial.contains(":u2f/") {
            Self::Fido
        } else {
            Self::Virtual
        }
    }
}

/// Takes what is known, or hands on why it is not.
macro_rules! known {
    ($fact:expr) => {
        match $fact {
            Fact::Known(value) => value,
            Fact::Unread(unread) => return Ok(Fact::Unread(unread)),
        }
    };
}

impl RootAudit {
    /// Asks as the root user: `session` is an audit or a delete session.
    ///
    /// # Errors
    /// See [`Account::call`].
    pub async fn observe(session: &Account) -> Result<Fact<Self>, CallError> {
        let client = iam(session);
        let access_keys = known!(access_keys(session).await?);
        let list = client.list_signing_certificates().send();
        let certificates =
            known!(session.list(LIST_SIGNING_CERTIFICATES, list).await?).certificates;
        let password = known!(password(session).await?);
        let devices = client.list_mfa_devices().send();
        let devices = known!(session.list(LIST_MFA_DEVICES, devices).await?).mfa_devices;
        Ok(Fact::Known(Self {
            access_keys,
            signing_certificates: certificates
                .into_iter()
                .map(|certificate| SigningCertificate {
                    active: certificate.status.as_str() == "Active",
                    uploaded: certificate.upload_date.map(Timestamp::from),
                    id: certificate.certificate_id,
                })
                .collect(),
            password,
            mfa_devices: devices
                .into_iter()
                .map(|device| MfaDevice {
                    kind: MfaKind::of_serial(&device.serial_number),
                    serial: device.serial_number,
                })
                .collect(),
        }))
    }
}

/// The password of the root user whose session it is, with its last use.
///
/// # Errors
/// See [`Account::call`].
pub async fn password(session: &Account) -> Result<Fact<Option<RootPassword>>, CallError> {
    let client = iam(session);
    let profile = client.get_login_profile().send();
    let Some(profile) = known!(session.call(GET_LOGIN_PROFILE, profile).await?) else {
        return Ok(Fact::Known(None));
    };
    let user = known!(session.call(GET_USER, client.get_user().send()).await?);
    let user = user.and_then(|output| output.user);
    Ok(Fact::Known(Some(RootPassword {
        created: profile
            .login_profile
            .map(|profile| Timestamp::from(profile.create_date)),
        last_used: user
            .and_then(|user| user.password_last_used)
            .map(Timestamp::from),
    })))
}

/// The access keys of the root user whose session it is, each with its last use. Two
/// keys are the most that a user can have, so there is one page.
///
/// # Errors
/// See [`Account::call`].
pub async fn access_keys(session: &Account) -> Result<Fact<Vec<RootAccessKey>>, CallError> {
    let client = iam(session);
    let list = client.list_access_keys().send();
    let listed = known!(session.list(LIST_ACCESS_KEYS, list).await?);
    let mut keys = Vec::new();
    for key in listed.access_key_metadata {
        let Some(id) = key.access_key_id else {
            return Ok(Fact::Unread(Unread::ValueMissing {
                action: LIST_ACCESS_KEYS.to_owned(),
                value: "AccessKeyId".to_owned(),
            }));
        };
        let used = client.get_access_key_last_used().access_key_id(&id).send();
        let used = known!(session.call(GET_ACCESS_KEY_LAST_USED, used).await?);
        let used = used.and_then(|output| output.access_key_last_used);
        keys.push(RootAccessKey {
            id,
            active: key.status.is_some_and(|status| status.as_str() == "Active"),
            created: key.create_date.map(Timestamp::from),
            last_used: used
                .and_then(|used| used.last_used_date)
                .map(Timestamp::from),
        });
    }
    Ok(Fact::Known(keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_tells_the_kind_of_a_device() {
        for (serial, kind) in [
            (
                "arn:aws:iam::111122223333:mfa/root-account-mfa-device",
                MfaKind::Virtual,
            ),
            ("arn:aws:iam::111122223333:mfa/anything", MfaKind::Virtual),
            (
                "arn:aws:iam::111122223333:u2f/root-account/default-ABC",
                MfaKind::Fido,
            ),
            ("GAHT12345678", MfaKind::Totp),
        ] {
            assert_eq!(MfaKind::of_serial(serial), kind, "{serial}");
        }
    }
}
