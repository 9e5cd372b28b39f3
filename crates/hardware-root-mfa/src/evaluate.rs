//! From facts to verdict.

use config_rule::{Compliance, Unread, Verdict};
use root_credentials::{AccountSummary, GET_ACCOUNT_SUMMARY, LIST_VIRTUAL_MFA_DEVICES};

use crate::facts::{Partition, credentials_absent};
use crate::{
    HardwareRootMfaParameters, NO_ROOT_USER_IN_PARTITION, ROOT_CANNOT_ENROL_MFA,
    ROOT_CREDENTIALS_ABSENT, ROOT_MFA_DISABLED, ROOT_MFA_HARDWARE, ROOT_MFA_VIRTUAL, RootMfa,
    WhenRootCredentialsAbsent,
};

/// A virtual device that was seen wins over a value that is missing; without
/// one, MFA must have been seen.
pub(crate) fn judge(
    facts: &RootMfa,
    parameters: &HardwareRootMfaParameters,
) -> Result<Verdict, Unread> {
    match facts.kind_of_partition() {
        Partition::WithoutRootConsole => Ok(Verdict::new(
            Compliance::NotApplicable,
            ROOT_CANNOT_ENROL_MFA,
            "the root user of a GovCloud account has no console access and cannot enrol MFA.",
        )),
        Partition::WithoutRootUser => Ok(Verdict::new(
            Compliance::NotApplicable,
            NO_ROOT_USER_IN_PARTITION,
            "accounts of the China partition have no root user.",
        )),
        Partition::Ordinary => {
            let summary = match &facts.summary {
                Some(summary) => summary.known()?,
                None => return Err(Unread::not_asked(GET_ACCOUNT_SUMMARY)),
            };
            Ok(judge_sign_in(facts, summary, parameters)?
                .with_evidence("accountPasswordPresent", summary.password_present)
                .with_evidence("accountAccessKeysPresent", summary.access_keys_present)
                .with_evidence(
                    "accountSigningCertificatesPresent",
                    summary.signing_certificates_present,
                )
                .with_evidence("accountMfaEnabled", summary.mfa_enabled))
        }
    }
}

fn judge_sign_in(
    facts: &RootMfa,
    summary: &AccountSummary,
    parameters: &HardwareRootMfaParameters,
) -> Result<Verdict, Unread> {
    if credentials_absent(summary) {
        return Ok(Verdict::new(
            match parameters.when_root_credentials_absent {
                WhenRootCredentialsAbsent::Compliant => Compliance::Compliant,
                WhenRootCredentialsAbsent::NotApplicable => Compliance::NotApplicable,
            },
            ROOT_CREDENTIALS_ABSENT,
            "the root user has no password, no access key and no signing certificate: nobody \
             can sign in as root.",
        ));
    }
    if summary.has_mfa() == Ok(false) {
        return Ok(Verdict::new(
            Compliance::NonCompliant,
            ROOT_MFA_DISABLED,
            "the root user has no MFA device. Sign in as root and enrol a security key or a \
             hardware token, or remove the root user's credentials.",
        ));
    }
    let devices = match &facts.virtual_devices {
        Some(devices) => devices.known()?,
        None => return Err(Unread::not_asked(LIST_VIRTUAL_MFA_DEVICES)),
    };
    if let Some(device) = devices.of_root(&facts.partition, &facts.account) {
        return Ok(Verdict::new(
            Compliance::NonCompliant,
            ROOT_MFA_VIRTUAL,
            format!(
                "the root user can sign in with the virtual device {}. Enrol a security key or \
                 a hardware token and remove it: an app's secret can be copied.",
                device.serial_number
            ),
        )
        .with_evidence("virtualDevice", device.serial_number.as_str()));
    }
    summary.has_mfa()?;
    Ok(Verdict::new(
        Compliance::Compliant,
        ROOT_MFA_HARDWARE,
        "the root user has MFA and no virtual device: a token, security key or passkey. \
         Passkeys that are synced between devices cannot be told apart from here.",
    ))
}
