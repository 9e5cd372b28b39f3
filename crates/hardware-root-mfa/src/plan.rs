//! What would be done about a root user without hardware MFA. Somebody has to hold the
//! device, so enrolling one is a human's; but where nobody needs the root user, it need
//! not be able to sign in at all.

use config_rule::{Compliance, Control, ParameterError, ParameterReader, Parameters, Verdict};
use remediation::{ManualItem, Plan};
use root_credentials::{Removal, RemovalDetails, RemovalSettings};
use serde::Serialize;

use crate::{HardwareRootMfa, HardwareRootMfaParameters, RootMfa};

/// Settings of this control's remediation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MfaSettings {
    /// True if a root user without hardware MFA shall not be able to sign in at all.
    pub remove_root_password: bool,
    /// Permissions of the removal.
    #[serde(flatten)]
    pub removal: RemovalSettings,
}

impl Parameters for MfaSettings {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        Ok(Self {
            remove_root_password: reader.boolean("removeRootPassword", false)?,
            removal: RemovalSettings::read(reader)?,
        })
    }
}

pub(crate) fn plan(
    facts: &RootMfa,
    details: Option<&(Option<root_credentials::CredentialReport>, RemovalDetails)>,
    parameters: &HardwareRootMfaParameters,
    settings: &MfaSettings,
) -> Plan<Removal> {
    let verdict = HardwareRootMfa::evaluate(facts, parameters);
    match verdict.compliance {
        Compliance::Compliant | Compliance::NotApplicable => return Plan::default(),
        Compliance::Unverifiable => return Plan::manual(ManualItem::unverifiable(&verdict)),
        Compliance::NonCompliant => {}
    }
    let Some((report, details)) = details else {
        return Plan::manual(enrol(&verdict));
    };
    let (now, removal) = (facts.observed_at, &settings.removal);
    let mut plan = details.plan(report.as_ref(), now, removal, |audit| {
        audit.remove_everything(now, removal)
    });
    if plan.steps.is_empty() {
        // What may not be removed has to be made safe.
        plan.manual.push(enrol(&verdict));
    }
    plan
}

pub(crate) fn enrol(verdict: &Verdict) -> ManualItem {
    ManualItem::new(
        "ENROL_HARDWARE_MFA",
        verdict.detail.clone(),
        "Sign in as the root user, open Security credentials, enrol a security key or a hardware \
         token, keep a second one elsewhere, and then remove every virtual device. Or let root \
         not sign in at all: set removeRootPassword = true, and its credentials are deleted from \
         the account that administers IAM for the organization.",
    )
}
