//! Whether the functions are there, as they were deployed, and do not fail.

use std::collections::BTreeSet;
use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use config_rule::Fact;

use crate::doctor::facts::{Facts, Function};
use crate::doctor::finding::Finding;

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    if !facts.is_deployed() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (account, seen) in facts.seen() {
        for (name, function) in &seen.functions {
            let found = match function {
                Fact::Known(Some(function)) => of(facts, name, function),
                Fact::Known(None) => {
                    let what = format!("the function {name} is missing: nobody judges the account");
                    vec![Finding::wrong(what, "rootguard deploy")]
                }
                Fact::Unread(unread) => {
                    let question = format!("whether the function {name} is there");
                    vec![Finding::could_not_tell(&question, unread)]
                }
            };
            let region = &facts.wanted.home_region;
            let found = found.into_iter();
            findings.extend(found.map(|finding| finding.of(&account.id).in_region(region)));
        }
    }
    findings
}

fn of(facts: &Facts, name: &str, function: &Function) -> Vec<Finding> {
    let region = &facts.wanted.home_region;
    let mut findings = Vec::new();
    match function.state.as_deref() {
        None | Some("Active") => {}
        Some(state) => findings.push(Finding::wrong(
            format!("the function {name} is in the state {state}: it may not answer"),
            format!(
                "aws lambda get-function-configuration --region {region} --function-name {name}"
            ),
        )),
    }
    let deployed = packages(facts, name);
    if let Some(code) = &function.code
        && !deployed.is_empty()
        && hexadecimal(code).is_none_or(|code| !deployed.contains(&code))
    {
        findings.push(Finding::wrong(
            format!("the function {name} runs a package that no stack set deploys: an old one, or somebody changed it"),
            "rootguard deploy",
        ));
    }
    match &function.errors {
        Fact::Known(0) => {}
        Fact::Known(_) => findings.push(Finding::wrong(
            format!("invocations of the function {name} failed within the last day"),
            format!(
                "aws logs tail /rootguard/{name} --region {region} --since 1d; what failed for \
                 good is in the queue rootguard-failed-invocations"
            ),
        )),
        Fact::Unread(unread) => {
            let question = format!("whether the function {name} fails");
            findings.push(Finding::could_not_tell(&question, unread));
        }
    }
    findings
}

/// The SHA-256, in hexadecimal, of the packages of a function that stack sets deploy: its
/// keys are named after them.
fn packages(facts: &Facts, name: &str) -> BTreeSet<String> {
    let Fact::Known(sets) = &facts.organization.stack_sets else {
        return BTreeSet::new();
    };
    let parameters = sets.iter().flat_map(|set| set.parameters.values());
    let digests = parameters.filter_map(|value| {
        let mut parts = value.split('/');
        let (function, _, file) = (parts.next()?, parts.next()?, parts.next()?);
        let digest = file.strip_suffix(".zip")?;
        (function == name).then(|| digest.to_owned())
    });
    digests.collect()
}

/// A digest as file names write it, from how Lambda writes it.
fn hexadecimal(base64: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(base64).ok()?;
    let mut digits = String::new();
    for byte in bytes {
        // Writing to a string never fails.
        let _ = write!(digits, "{byte:02x}");
    }
    Some(digits)
}

#[cfg(test)]
mod tests {
    use super::super::given::{RULE, denied, rows, seen, undeployed};
    use super::*;

    fn function(facts: &mut Facts) -> &mut Function {
        match seen(facts).functions.get_mut(RULE) {
            Some(Fact::Known(Some(function))) => function,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_function_is_there_and_does_not_fail() {
        rows(
            examine,
            &[
                ("as it should be", |_| {}, &[]),
                (
                    "it is missing",
                    |facts| {
                        seen(facts).functions.insert(RULE, Fact::Known(None));
                    },
                    &[("the function no-root-keys is missing", "rootguard deploy")],
                ),
                ("nothing was ever deployed", undeployed, &[]),
                (
                    "it cannot be invoked",
                    |facts| function(facts).state = Some("Inactive".to_owned()),
                    &[(
                        "in the state Inactive",
                        "get-function-configuration --region eu-west-1 --function-name no-root-keys",
                    )],
                ),
                (
                    "its package is another",
                    |facts| function(facts).code = Some(BASE64_STANDARD.encode([7; 32])),
                    &[("a package that no stack set deploys", "rootguard deploy")],
                ),
                (
                    "it fails",
                    |facts| function(facts).errors = Fact::Known(3),
                    &[(
                        "failed within the last day",
                        "aws logs tail /rootguard/no-root-keys --region eu-west-1",
                    )],
                ),
                (
                    "nobody may see whether it fails",
                    |facts| function(facts).errors = denied("cloudwatch:GetMetricStatistics"),
                    &[(
                        "could not tell whether the function no-root-keys fails",
                        "allow cloudwatch:GetMetricStatistics",
                    )],
                ),
                (
                    "nobody may ask",
                    |facts| {
                        let unread = denied("lambda:GetFunctionConfiguration");
                        seen(facts).functions.insert(RULE, unread);
                    },
                    &[(
                        "could not tell whether the function no-root-keys is there",
                        "allow lambda:GetFunctionConfiguration",
                    )],
                ),
            ],
        );
    }
}
