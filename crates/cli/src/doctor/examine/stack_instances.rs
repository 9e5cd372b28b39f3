//! Whether what the stack sets deploy is in every account.

use std::collections::BTreeSet;

use config_rule::Fact;

use crate::doctor::facts::{Facts, Instance, StackSet};
use crate::doctor::finding::Finding;

/// End of the names of the stack sets that bring the functions, which every account gets.
const FUNCTIONS: &str = "-functions";

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    // That they cannot be read is told once, with their operations.
    let Fact::Known(sets) = &facts.organization.stack_sets else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    let (mut reached, mut all_read) = (BTreeSet::new(), true);
    for set in sets {
        let instances = match &set.instances {
            Fact::Known(instances) => instances,
            Fact::Unread(unread) => {
                let question = format!("where the stack set {} is deployed", set.name);
                findings.push(Finding::could_not_tell(&question, unread));
                all_read = false;
                continue;
            }
        };
        // Who left the organization, is closed or suspended is nobody's fault.
        let instances = instances
            .iter()
            .filter(|instance| facts.is_active(&instance.account));
        for instance in instances {
            if set.name.ends_with(FUNCTIONS) {
                reached.insert(&instance.account);
            }
            findings.extend(examine_instance(facts, set, instance));
        }
    }
    if all_read && sets.iter().any(|set| set.name.ends_with(FUNCTIONS)) {
        let members = facts
            .accounts
            .iter()
            .filter(|account| account.id != facts.organization.management);
        let wanted = members.filter(|account| facts.rules_of(&account.id).is_some());
        let left_out = wanted.filter(|account| !reached.contains(&account.id));
        findings.extend(left_out.map(|account| {
            Finding::wrong(
                "no stack set has reached the account: it joined a moment ago, or a deployment \
                 stopped before it",
                "StackSets deploys by itself to accounts that join; if it stays: rootguard \
                 deploy, or leave the account out with --exclude",
            )
            .in_account(&account.id)
        }));
    }
    findings
}

fn examine_instance(facts: &Facts, set: &StackSet, instance: &Instance) -> Option<Finding> {
    let Instance {
        account, region, ..
    } = instance;
    let name = &set.name;
    let because = match &instance.reason {
        Some(reason) => format!(": {reason}"),
        None => String::new(),
    };
    let home = &facts.wanted.home_region;
    let again = "rootguard deploy";
    let (what, fix) = match (instance.detailed.as_deref(), instance.status.as_str()) {
        // Told with the operation.
        (Some("PENDING" | "RUNNING"), _) => return None,
        (_, "INOPERABLE") | (Some("INOPERABLE"), _) => (
            format!("{name} can no longer be updated here{because}"),
            format!(
                "aws cloudformation delete-stack-instances --region {home} --stack-set-name \
                 {name} --retain-stacks --regions {region} --deployment-targets \
                 Accounts=ACCOUNT,AccountFilterType=INTERSECTION,OrganizationalUnitIds=ROOT; \
                 delete the stack in the account; then rootguard deploy"
            ),
        ),
        (Some("FAILED" | "FAILED_IMPORT"), _) => (
            format!("{name} failed here{because}"),
            format!(
                "repair what it says; then the reconciler tries again within a day where a \
                 recorder was missing, {again} tries everything, and for one account: aws \
                 cloudformation create-stack-instances --region {home} --stack-set-name {name} \
                 --regions {region} --deployment-targets \
                 Accounts=ACCOUNT,OrganizationalUnitIds=UNIT,AccountFilterType=INTERSECTION"
            ),
        ),
        (Some("CANCELLED"), _) => (
            format!("{name} was not deployed here, because others failed before{because}"),
            format!("repair those, then {again}"),
        ),
        (Some("SKIPPED_SUSPENDED_ACCOUNT"), _) => (
            format!("{name} was skipped here, because the account was suspended; it is active now"),
            again.to_owned(),
        ),
        (_, "OUTDATED") => (
            format!("{name} is outdated here{because}"),
            again.to_owned(),
        ),
        _ => return None,
    };
    Some(
        Finding::wrong(what, fix)
            .in_account(account)
            .in_region(region),
    )
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{denied, rows, stack_set};
    use super::*;

    fn instance(facts: &mut Facts, status: &str, detailed: &str, reason: Option<&str>) {
        let Fact::Known(instances) = &mut stack_set(facts).instances else {
            panic!()
        };
        instances[0].status = status.to_owned();
        instances[0].detailed = Some(detailed.to_owned());
        instances[0].reason = reason.map(str::to_owned);
    }

    fn drop_instances(facts: &mut Facts) {
        stack_set(facts).instances = Fact::Known(Vec::new());
    }

    #[test]
    fn each_instance_says_how_it_is() {
        rows(
            examine,
            &[
                ("as it should be", |_| {}, &[]),
                (
                    "it failed",
                    |facts| {
                        instance(
                            facts,
                            "OUTDATED",
                            "FAILED",
                            Some("NoAvailableConfigurationRecorder"),
                        );
                    },
                    &[(
                        "rootguard-all-functions failed here: NoAvailableConfigurationRecorder",
                        "the reconciler",
                    )],
                ),
                (
                    "others failed before it",
                    |facts| instance(facts, "OUTDATED", "CANCELLED", None),
                    &[("others failed before", "rootguard deploy")],
                ),
                (
                    "the account was suspended then",
                    |facts| instance(facts, "OUTDATED", "SKIPPED_SUSPENDED_ACCOUNT", None),
                    &[("suspended; it is active now", "rootguard deploy")],
                ),
                (
                    "the account is suspended now",
                    |facts| {
                        instance(facts, "OUTDATED", "SKIPPED_SUSPENDED_ACCOUNT", None);
                        facts.accounts.remove(1);
                    },
                    &[],
                ),
                (
                    "a deletion failed",
                    |facts| instance(facts, "INOPERABLE", "INOPERABLE", None),
                    &[("can no longer be updated", "delete-stack-instances")],
                ),
                (
                    "it is outdated",
                    |facts| instance(facts, "OUTDATED", "SUCCEEDED", None),
                    &[("is outdated here", "rootguard deploy")],
                ),
                (
                    "it is on its way",
                    |facts| instance(facts, "OUTDATED", "RUNNING", None),
                    &[],
                ),
                (
                    "the account joined a moment ago",
                    drop_instances,
                    &[("no stack set has reached the account", "rootguard deploy")],
                ),
                (
                    "nobody may ask",
                    |facts| {
                        stack_set(facts).instances = denied("cloudformation:ListStackInstances");
                    },
                    &[(
                        "could not tell where the stack set",
                        "allow cloudformation:ListStackInstances",
                    )],
                ),
            ],
        );
    }
}
