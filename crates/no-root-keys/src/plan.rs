//! What would be done about a root user with keys: deleting what nobody has used for
//! long, and nothing else. A root key cannot be switched off this way, and what is
//! deleted does not come back.

use config_rule::Compliance;
use remediation::{ManualItem, Plan};
use root_credentials::{Removal, RemovalDetails, RemovalSettings};

use crate::evaluate::judge;
use crate::{NoRootKeysParameters, RootKeys};

pub(crate) fn plan(
    facts: &RootKeys,
    details: &RemovalDetails,
    parameters: &NoRootKeysParameters,
    settings: &RemovalSettings,
) -> Plan<Removal> {
    let verdict = match judge(facts, parameters) {
        Ok(verdict) => verdict,
        Err(unread) => return Plan::manual(ManualItem::unread(&unread)),
    };
    if verdict.compliance != Compliance::NonCompliant {
        return Plan::default();
    }
    let now = facts.observed_at;
    let mut plan = details.plan(facts.report(), now, settings, |audit| {
        let mut plan = audit.remove_keys(now, settings);
        if parameters.forbid_signing_certificates {
            let certificates = audit.remove_certificates(settings);
            plan.steps.extend(certificates.steps);
            plan.manual.extend(certificates.manual);
        }
        plan
    });
    if plan.is_empty() {
        // The summary saw what the session does not.
        plan.manual.push(ManualItem::unverifiable(&verdict));
    }
    plan
}
