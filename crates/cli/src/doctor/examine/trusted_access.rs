//! Whether the services that work for the organization may.

use config_rule::Fact;

use crate::doctor::facts::Facts;
use crate::doctor::finding::Finding;
use crate::doctor::service::Service;

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let trusted = match &facts.organization.trusted {
        Fact::Known(trusted) => trusted,
        Fact::Unread(unread) => {
            let question = "which services have trusted access";
            return vec![Finding::could_not_tell(question, unread)];
        }
    };
    let missing = Service::ALL
        .into_iter()
        .filter(|service| is_needed(facts, *service))
        .filter(|service| !trusted.contains(service.principal()));
    let findings = missing.map(|service| {
        let (name, principal, purpose) = (service.name(), service.principal(), service.purpose());
        let what = format!("{name} has no trusted access ({principal}): {purpose}");
        Finding::wrong(what, service.command_to_trust()).in_account(&facts.organization.management)
    });
    findings.collect()
}

/// StackSets deploy everything; the others only where somebody wants them.
fn is_needed(facts: &Facts, service: Service) -> bool {
    match service {
        Service::StackSets => true,
        Service::Iam if facts.wanted.root_sessions => true,
        Service::CloudTrail => facts.wanted.organization_trail,
        service => facts.wanted.administrators.contains_key(&service),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{denied, rows};
    use super::*;

    #[test]
    fn each_service_that_is_wanted_is_trusted() {
        rows(
            examine,
            &[
                ("as it should be", |_| {}, &[]),
                (
                    "StackSets are not",
                    |facts| drop_principal(facts, Service::StackSets),
                    &[(
                        "StackSets has no trusted access",
                        "activate-organizations-access",
                    )],
                ),
                (
                    "IAM is not",
                    |facts| drop_principal(facts, Service::Iam),
                    &[(
                        "root credentials of members",
                        "enable-aws-service-access --service-principal iam.amazonaws.com",
                    )],
                ),
                (
                    "Security Hub is not, and nobody wants it",
                    |facts| {
                        drop_principal(facts, Service::SecurityHub);
                        facts.wanted.administrators.remove(&Service::SecurityHub);
                    },
                    &[],
                ),
                (
                    "CloudTrail is not",
                    |facts| drop_principal(facts, Service::CloudTrail),
                    &[(
                        "an organization trail logs the account that owns it only",
                        "enable-aws-service-access --service-principal cloudtrail.amazonaws.com",
                    )],
                ),
                (
                    "CloudTrail is not, and no organization trail is wanted",
                    |facts| {
                        drop_principal(facts, Service::CloudTrail);
                        facts.wanted.organization_trail = false;
                    },
                    &[],
                ),
                (
                    "nobody may ask",
                    |facts| {
                        facts.organization.trusted =
                            denied("organizations:ListAWSServiceAccessForOrganization");
                    },
                    &[(
                        "could not tell which services",
                        "allow organizations:ListAWSServiceAccessForOrganization",
                    )],
                ),
            ],
        );
    }

    fn drop_principal(facts: &mut Facts, service: Service) {
        let Fact::Known(trusted) = &mut facts.organization.trusted else {
            panic!()
        };
        assert!(trusted.remove(service.principal()));
    }
}
