//! Whether the delegated administrators are those of `rules.toml`.

use config_rule::Fact;

use crate::doctor::facts::Facts;
use crate::doctor::finding::Finding;
use crate::doctor::service::Service;

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let wanted = facts.wanted.administrators.iter();
    let findings = wanted.flat_map(|(service, wanted)| examine_service(facts, *service, wanted));
    findings.collect()
}

fn examine_service(facts: &Facts, service: Service, wanted: &str) -> Vec<Finding> {
    let name = service.name();
    let management = &facts.organization.management;
    let registered = match facts.organization.administrators.get(&service) {
        Some(Fact::Known(registered)) => registered,
        Some(Fact::Unread(unread)) => {
            let question = format!("who administers {name}");
            return vec![Finding::could_not_tell(&question, unread)];
        }
        None => return Vec::new(),
    };
    let mut findings = Vec::new();
    // The management account needs no registration.
    if wanted != management && !registered.contains(wanted) {
        let what = format!(
            "the account is no delegated administrator of {name}, and rules.toml names it as \
             such"
        );
        findings.push(Finding::wrong(what, service.command_to_delegate(wanted)).in_account(wanted));
    }
    for other in registered.iter().filter(|other| *other != wanted) {
        let what = format!(
            "the account administers {name} for the organization, and rules.toml does not say \
             so{}",
            consequence(service)
        );
        let fix = format!(
            "name it in [accounts] of rules.toml, or, in the management account: aws \
             organizations deregister-delegated-administrator --account-id {other} \
             --service-principal {}",
            service.principal()
        );
        findings.push(Finding::wrong(what, fix).in_account(other));
    }
    findings
}

fn consequence(service: Service) -> &'static str {
    match service {
        Service::StackSets => ": who administers it deploys what they like to every member",
        Service::Iam => ": who administers it can open root sessions in every member",
        Service::Config | Service::SecurityHub | Service::CloudTrail => "",
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{CENTRAL, MANAGEMENT, MEMBER, denied, rows};
    use super::*;

    fn registered(facts: &mut Facts, ids: &[&str]) {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        let administrators = &mut facts.organization.administrators;
        administrators.insert(Service::Iam, Fact::Known(ids));
    }

    #[test]
    fn administrators_are_those_of_the_file() {
        rows(
            examine,
            &[
                ("as it should be", |_| {}, &[]),
                (
                    "nobody is registered",
                    |facts| registered(facts, &[]),
                    &[(
                        "no delegated administrator of IAM",
                        "register-delegated-administrator --account-id 444455556666 --service-principal iam.amazonaws.com",
                    )],
                ),
                (
                    "somebody else is too",
                    |facts| registered(facts, &[CENTRAL, MEMBER]),
                    &[(
                        "open root sessions in every member",
                        "deregister-delegated-administrator --account-id 111122223333",
                    )],
                ),
                (
                    "the management account administers",
                    |facts| {
                        registered(facts, &[]);
                        facts
                            .wanted
                            .administrators
                            .insert(Service::Iam, MANAGEMENT.to_owned());
                    },
                    &[],
                ),
                (
                    "nobody may ask",
                    |facts| {
                        let unread = denied("organizations:ListDelegatedAdministrators");
                        facts
                            .organization
                            .administrators
                            .insert(Service::Iam, unread);
                    },
                    &[(
                        "could not tell who administers IAM",
                        "allow organizations:ListDelegatedAdministrators",
                    )],
                ),
            ],
        );
    }
}
