//! Credentials of the root user of an account.

use serde::Deserialize;

use crate::Timestamp;

/// Creation time of whatever the description does not date: 2020-01-01T00:00:00Z.
pub(crate) const LONG_AGO: Timestamp = Timestamp::from_millis(1_577_836_800_000);

/// The root user of an account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RootUser {
    /// True if it has a password.
    pub password: bool,
    /// Time of the last sign-in with the password.
    pub password_last_used: Option<Timestamp>,
    /// Its access keys, active or not.
    pub access_keys: Vec<AccessKey>,
    /// Its X.509 signing certificates, active or not.
    pub signing_certificates: Vec<SigningCertificate>,
    /// Its MFA devices.
    pub mfa_devices: Vec<MfaDevice>,
    /// The account's credential report.
    pub credential_report: CredentialReport,
}

impl RootUser {
    /// A root user that cannot sign in: central root management removed everything.
    pub fn without_credentials() -> Self {
        Self {
            password: false,
            password_last_used: None,
            access_keys: Vec::new(),
            signing_certificates: Vec::new(),
            mfa_devices: Vec::new(),
            credential_report: CredentialReport::default(),
        }
    }
}

/// A password and a security key: what a well-kept account looks like.
impl Default for RootUser {
    fn default() -> Self {
        Self {
            password: true,
            mfa_devices: vec![MfaDevice::with_kind(MfaKind::Fido)],
            ..Self::without_credentials()
        }
    }
}

/// An access key of the root user.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessKey {
    /// Its id, which is also how a request signed with it is recognised.
    pub id: String,
    /// True if it can sign requests.
    #[serde(default = "active")]
    pub active: bool,
    /// Time of creation.
    #[serde(default = "long_ago")]
    pub created: Timestamp,
    /// Its last use. Never, when absent.
    pub last_used: Option<LastUsed>,
}

impl AccessKey {
    /// An active key, made long ago and never used.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            active: true,
            created: LONG_AGO,
            last_used: None,
        }
    }
}

/// The last use of an access key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastUsed {
    /// Time.
    pub date: Timestamp,
    /// In which Region.
    pub region: String,
    /// With which service, by its namespace (`s3`).
    pub service: String,
}

/// An X.509 signing certificate of the root user.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningCertificate {
    /// Its id.
    pub id: String,
    /// True if it can sign requests.
    #[serde(default = "active")]
    pub active: bool,
    /// Time of upload.
    #[serde(default = "long_ago")]
    pub uploaded: Timestamp,
}

impl SigningCertificate {
    /// An active certificate, uploaded long ago.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            active: true,
            uploaded: LONG_AGO,
        }
    }
}

/// An MFA device of the root user.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MfaDevice {
    /// Kind of device.
    pub kind: MfaKind,
    /// Its serial number. One that fits the kind, when absent.
    pub serial: Option<String>,
    /// Time at which it was enabled.
    #[serde(default = "long_ago")]
    pub enabled: Timestamp,
}

impl MfaDevice {
    /// A device of this kind with a serial number that fits, enabled long ago.
    pub fn with_kind(kind: MfaKind) -> Self {
        Self {
            kind,
            serial: None,
            enabled: LONG_AGO,
        }
    }
}

/// The kinds of MFA device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MfaKind {
    /// An authenticator application.
    Virtual,
    /// A hardware token that shows numbers.
    Totp,
    /// A security key or passkey.
    Fido,
}

/// The credential report of an account as the sandbox starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "WrittenReport")]
pub enum CredentialReport {
    /// Nobody has asked for one.
    #[default]
    Absent,
    /// Generated as the sandbox starts.
    Fresh,
    /// Generated then. After four hours IAM calls a report expired.
    GeneratedAt(Timestamp),
}

/// Notation of a credential report in an organization file: a word or a time.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a credential report is \"absent\", \"fresh\" or the time it was generated"
)]
enum WrittenReport {
    Word(ReportWord),
    Time(Timestamp),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ReportWord {
    Absent,
    Fresh,
}

impl From<WrittenReport> for CredentialReport {
    fn from(written: WrittenReport) -> Self {
        match written {
            WrittenReport::Word(ReportWord::Absent) => Self::Absent,
            WrittenReport::Word(ReportWord::Fresh) => Self::Fresh,
            WrittenReport::Time(time) => Self::GeneratedAt(time),
        }
    }
}

fn active() -> bool {
    true
}

fn long_ago() -> Timestamp {
    LONG_AGO
}
