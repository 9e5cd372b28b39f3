//! What StackSets are doing, and what they did not finish.

use config_rule::Fact;

use crate::doctor::facts::{Facts, Operation, StackSet};
use crate::doctor::finding::Finding;
use crate::doctor::service::Service;

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let sets = match &facts.organization.stack_sets {
        Fact::Known(sets) => sets,
        // Without trusted access there is nothing to see, and that is said already.
        Fact::Unread(_) if !is_trusted(facts) => return Vec::new(),
        Fact::Unread(unread) => {
            let question = "what StackSets did";
            return vec![Finding::could_not_tell(question, unread)];
        }
    };
    let findings = sets.iter().filter_map(|set| match &set.operations {
        Fact::Known(operations) => latest(facts, set, operations.first()?),
        Fact::Unread(unread) => {
            let question = format!("what was done to the stack set {}", set.name);
            Some(Finding::could_not_tell(&question, unread))
        }
    });
    findings.collect()
}

/// Returns whether StackSets may look into the organization, as far as that is known.
fn is_trusted(facts: &Facts) -> bool {
    match &facts.organization.trusted {
        Fact::Known(trusted) => trusted.contains(Service::StackSets.principal()),
        Fact::Unread(_) => true,
    }
}

/// Of the latest operation: what went wrong before was made good by it, or is told by the
/// instances.
fn latest(facts: &Facts, set: &StackSet, operation: &Operation) -> Option<Finding> {
    let Operation { id, action, .. } = operation;
    let (name, region) = (&set.name, &facts.wanted.home_region);
    let of_it = format!("--region {region} --stack-set-name {name} --operation-id {id}");
    let because = match &operation.reason {
        Some(reason) => format!(": {reason}"),
        None => String::new(),
    };
    let finding = match operation.status.as_str() {
        "SUCCEEDED" => return None,
        "RUNNING" | "QUEUED" | "STOPPING" => Finding::wrong(
            format!(
                "an operation ({action}) on the stack set {name} is under way: what is below may be on its way"
            ),
            format!(
                "wait, and look again; or: aws cloudformation describe-stack-set-operation {of_it}"
            ),
        ),
        status => Finding::wrong(
            format!(
                "the last operation ({action}) on the stack set {name} ended as {status}{because}"
            ),
            format!(
                "see why: aws cloudformation list-stack-set-operation-results {of_it}; then \
                 rootguard deploy, which goes on where it stopped"
            ),
        ),
    };
    Some(
        finding
            .in_account(&facts.organization.management)
            .in_region(region),
    )
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{denied, rows, stack_set};
    use super::*;
    use std::collections::BTreeSet;

    fn operation(facts: &mut Facts, status: &str, reason: Option<&str>) {
        stack_set(facts).operations = Fact::Known(vec![
            Operation {
                id: "op-2".to_owned(),
                action: "UPDATE".to_owned(),
                status: status.to_owned(),
                reason: reason.map(str::to_owned),
            },
            Operation {
                id: "op-1".to_owned(),
                action: "CREATE".to_owned(),
                status: "FAILED".to_owned(),
                reason: None,
            },
        ]);
    }

    #[test]
    fn the_latest_operation_counts() {
        rows(
            examine,
            &[
                ("as it should be", |_| {}, &[]),
                (
                    "only an earlier one failed",
                    |facts| operation(facts, "SUCCEEDED", None),
                    &[],
                ),
                (
                    "it runs",
                    |facts| operation(facts, "RUNNING", None),
                    &[(
                        "(UPDATE) on the stack set rootguard-all-functions is under way",
                        "describe-stack-set-operation --region eu-west-1 --stack-set-name rootguard-all-functions --operation-id op-2",
                    )],
                ),
                (
                    "it failed half way",
                    |facts| operation(facts, "FAILED", Some("tolerance exceeded")),
                    &[(
                        "ended as FAILED: tolerance exceeded",
                        "rootguard deploy, which goes on",
                    )],
                ),
                (
                    "somebody stopped it",
                    |facts| operation(facts, "STOPPED", None),
                    &[("ended as STOPPED", "list-stack-set-operation-results")],
                ),
                (
                    "nobody may ask",
                    |facts| {
                        stack_set(facts).operations =
                            denied("cloudformation:ListStackSetOperations");
                    },
                    &[(
                        "could not tell what was done to the stack set",
                        "allow cloudformation:ListStackSetOperations",
                    )],
                ),
                (
                    "there are none without trusted access",
                    |facts| {
                        facts.organization.stack_sets = denied("cloudformation:ListStackSets");
                        facts.organization.trusted = Fact::Known(BTreeSet::new());
                    },
                    &[],
                ),
                (
                    "nobody may see stack sets",
                    |facts| facts.organization.stack_sets = denied("cloudformation:ListStackSets"),
                    &[(
                        "could not tell what StackSets did",
                        "allow cloudformation:ListStackSets",
                    )],
                ),
            ],
        );
    }
}
