//! Control: the root user signs in with hardware MFA (Security Hub IAM.6, CIS AWS
//! Foundations 1.6 in 1.4 to 4.0.1, 1.5 in 5.0).
//!
//! The secret of an authenticator app can be copied; that of a hardware token, a
//! security key or a device-bound passkey cannot.

mod evaluate;
mod facts;
mod plan;
mod prediction;
mod remediation;

use config_rule::{
    Account, CallError, Choice, Control, Frequency, Metadata, ParameterError, ParameterReader,
    Parameters, Prediction, ReasonCode, Severity, Verdict,
};
use root_credentials::{GET_ACCOUNT_SUMMARY, LIST_VIRTUAL_MFA_DEVICES};
use serde::Serialize;

pub use self::plan::MfaSettings;
pub use self::remediation::MEMBER_READS;
pub use facts::RootMfa;

/// The partition has no root user.
pub const NO_ROOT_USER_IN_PARTITION: ReasonCode = ReasonCode::new("NO_ROOT_USER_IN_PARTITION");
/// The partition's root user cannot sign in to the console or enrol MFA.
pub const ROOT_CANNOT_ENROL_MFA: ReasonCode = ReasonCode::new("ROOT_CANNOT_ENROL_MFA");
/// The root user has nothing to sign in with.
pub const ROOT_CREDENTIALS_ABSENT: ReasonCode = ReasonCode::new("ROOT_CREDENTIALS_ABSENT");
/// The root user has no MFA device.
pub const ROOT_MFA_DISABLED: ReasonCode = ReasonCode::new("ROOT_MFA_DISABLED");
/// The root user has MFA, and no virtual device.
pub const ROOT_MFA_HARDWARE: ReasonCode = ReasonCode::new("ROOT_MFA_HARDWARE");
/// The root user has a virtual MFA device, perhaps beside others.
pub const ROOT_MFA_VIRTUAL: ReasonCode = ReasonCode::new("ROOT_MFA_VIRTUAL");

/// The control.
#[derive(Debug)]
pub struct HardwareRootMfa;

/// Parameters of [`HardwareRootMfa`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HardwareRootMfaParameters {
    /// Compliance of an account whose root user cannot sign in at all.
    pub when_root_credentials_absent: WhenRootCredentialsAbsent,
}

/// Compliance of an account whose root user cannot sign in at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WhenRootCredentialsAbsent {
    /// `COMPLIANT`, as Security Hub scores it.
    Compliant,
    /// `NOT_APPLICABLE`, as AWS's managed rule reports it.
    NotApplicable,
}

impl Choice for WhenRootCredentialsAbsent {
    const ALL: &'static [(&'static str, Self)] = &[
        ("COMPLIANT", Self::Compliant),
        ("NOT_APPLICABLE", Self::NotApplicable),
    ];
}

impl Parameters for HardwareRootMfaParameters {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        Ok(Self {
            when_root_credentials_absent: reader.choice(
                "whenRootCredentialsAbsent",
                WhenRootCredentialsAbsent::Compliant,
            )?,
        })
    }
}

impl Control for HardwareRootMfa {
    type Facts = RootMfa;
    type Parameters = HardwareRootMfaParameters;

    const METADATA: Metadata = Metadata {
        name: "hardware-root-mfa",
        title: "The root user signs in with hardware MFA",
        security_hub_control: "IAM.6",
        severity: Severity::Critical,
        frequency: Frequency::SixHours,
        reads: &[GET_ACCOUNT_SUMMARY, LIST_VIRTUAL_MFA_DEVICES],
        reasons: &[
            NO_ROOT_USER_IN_PARTITION,
            ROOT_CANNOT_ENROL_MFA,
            ROOT_CREDENTIALS_ABSENT,
            ROOT_MFA_DISABLED,
            ROOT_MFA_HARDWARE,
            ROOT_MFA_VIRTUAL,
        ],
    };

    async fn observe(
        account: &Account,
        _: &HardwareRootMfaParameters,
    ) -> Result<RootMfa, CallError> {
        RootMfa::observe(account).await
    }

    fn evaluate(facts: &RootMfa, parameters: &HardwareRootMfaParameters) -> Verdict {
        evaluate::judge(facts, parameters).unwrap_or_else(Verdict::from)
    }

    fn predict(facts: &RootMfa, verdict: &Verdict) -> Prediction {
        prediction::predict(facts, verdict)
    }
}
