//! From facts to verdict.

use config_rule::{Compliance, Fact, Unread, Verdict};
use serde_json::json;

use crate::facts::Violation;
use crate::{
    NO_ROOT_KEYS, NoRootKeysParameters, ROOT_ACCESS_KEY_PRESENT, ROOT_SIGNING_CERTIFICATE_PRESENT,
    RootKeys,
};

/// A proven violation wins over everything that could not be read; without one,
/// every value that could hide a violation must have been read.
pub(crate) fn judge(
    facts: &RootKeys,
    parameters: &NoRootKeysParameters,
) -> Result<Verdict, Unread> {
    let summary = facts.summary.known()?;
    let verdict = match facts.violation(parameters) {
        Some(Violation::AccessKey) => Verdict::new(
            Compliance::NonCompliant,
            ROOT_ACCESS_KEY_PRESENT,
            format!(
                "the root user has an access key{}. Delete it: nothing can restrict it.",
                last_use(facts)
            ),
        ),
        Some(Violation::SigningCertificate) => Verdict::new(
            Compliance::NonCompliant,
            ROOT_SIGNING_CERTIFICATE_PRESENT,
            "the root user has a signing certificate. Delete it, or allow it with \
             forbidSigningCertificates = false.",
        ),
        None => {
            summary.has_access_key()?;
            let detail = if parameters.forbid_signing_certificates {
                summary.has_signing_certificate()?;
                "the root user has no access key and no signing certificate."
            } else if summary.has_signing_certificate() == Ok(true) {
                "the root user has no access key; it has a signing certificate, which \
                 forbidSigningCertificates = false allows."
            } else {
                "the root user has no access key. Signing certificates are allowed by \
                 forbidSigningCertificates = false."
            };
            Verdict::new(Compliance::Compliant, NO_ROOT_KEYS, detail)
        }
    };
    let verdict = verdict
        .with_evidence("accountAccessKeysPresent", summary.access_keys_present)
        .with_evidence(
            "accountSigningCertificatesPresent",
            summary.signing_certificates_present,
        );
    Ok(match &facts.report {
        Some(report) => verdict.with_evidence("credentialReport", json!(report)),
        None => verdict,
    })
}

/// Returns who used a root key last, as far as a credential report says. Nothing where
/// it says nothing: the report may be older than the key, and does not tell an
/// inactive key from none.
fn last_use(facts: &RootKeys) -> String {
    let Some(Fact::Known(Some(report))) = &facts.report else {
        return String::new();
    };
    let Some((key, time)) = report.last_used_key() else {
        return String::new();
    };
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    let (service, region) = (known(&key.last_used_service), known(&key.last_used_region));
    format!(", last used {time} for {service} in {region}")
}
