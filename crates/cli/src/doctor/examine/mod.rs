//! Every examination, in the order in which people are shown what it found: from facts to
//! findings, without AWS. A new one is a file here and its two lines.

mod accounts;
mod artifacts;
mod control_policies;
mod delegated_administrators;
mod exceptions;
mod forwarders;
mod functions;
mod operations;
mod organization_trail;
mod recorders;
mod results;
mod root_features;
mod stack_instances;
mod trusted_access;

use super::facts::Facts;
use super::finding::Finding;
pub(super) use results::overdue_after;

#[cfg(test)]
mod fixtures;

/// An examination: its name, and what it finds.
type Examination = (&'static str, fn(&Facts) -> Vec<Finding>);

const EXAMINATIONS: &[Examination] = &[
    ("accounts", accounts::examine),
    ("trusted-access", trusted_access::examine),
    (
        "delegated-administrators",
        delegated_administrators::examine,
    ),
    ("root-features", root_features::examine),
    ("control-policies", control_policies::examine),
    ("recorders", recorders::examine),
    ("artifacts", artifacts::examine),
    ("operations", operations::examine),
    ("stack-instances", stack_instances::examine),
    ("functions", functions::examine),
    ("results", results::examine),
    ("forwarders", forwarders::examine),
    ("organization-trail", organization_trail::examine),
    ("exceptions", exceptions::examine),
];

/// Returns what every examination finds.
pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let found = EXAMINATIONS.iter().flat_map(|(name, examine)| {
        let findings = examine(facts).into_iter();
        findings.map(|finding| Finding {
            examination: name,
            ..finding
        })
    });
    found.collect()
}
