//! Whether the functions are there, as they were deployed, and do not fail.

use std::collections::BTreeSet;
use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use config_rule::{DEPLOYED, Fact};

use crate::doctor::facts::{Facts, Function};
use crate::doctor::finding::Finding;

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    if !facts.is_deployed() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (account, seen) in facts.seen() {
        let of_rules = seen.functions.iter().map(|(name, function)| AccountRegion {
            name,
            region: &facts.wanted.home_region,
            missing: "nobody judges the account",
            queue: "rootguard-failed-invocations",
            function,
        });
        let central = seen
            .central
            .iter()
            .map(|(central, (region, function))| AccountRegion {
                name: central.name(),
                region,
                missing: central.missing(),
                queue: central.queue(),
                function,
            });
        for place in of_rules.chain(central) {
            let found = place.examine(facts).into_iter();
            findings.extend(
                found.map(|finding| finding.in_account(&account.id).in_region(place.region)),
            );
        }
    }
    findings
}

/// A function that shall be there.
struct AccountRegion<'f> {
    name: &'f str,
    region: &'f str,
    /// Consequence where it is not there.
    missing: &'static str,
    /// Queue of what failed for good.
    queue: &'static str,
    function: &'f Fact<Option<Function>>,
}

impl AccountRegion<'_> {
    fn examine(&self, facts: &Facts) -> Vec<Finding> {
        let name = self.name;
        match self.function {
            Fact::Known(Some(function)) => self.examine_function(facts, function),
            Fact::Known(None) => {
                let what = format!("the function {DEPLOYED}{name} is missing: {}", self.missing);
                vec![Finding::wrong(what, "rootguard deploy")]
            }
            Fact::Unread(unread) => {
                let question = format!("whether the function {DEPLOYED}{name} is there");
                vec![Finding::could_not_tell(&question, unread)]
            }
        }
    }

    fn examine_function(&self, facts: &Facts, function: &Function) -> Vec<Finding> {
        let Self {
            name,
            region,
            queue,
            ..
        } = self;
        let mut findings = Vec::new();
        match function.state.as_deref() {
            None | Some("Active") => {}
            Some(state) => findings.push(Finding::wrong(
                format!("the function {DEPLOYED}{name} is in the state {state}: it may not answer"),
                format!(
                    "aws lambda get-function-configuration --region {region} --function-name {DEPLOYED}{name}"
                ),
            )),
        }
        let deployed = packages(facts, name);
        if let Some(code) = &function.code
            && !deployed.is_empty()
            && hexadecimal(code).is_none_or(|code| !deployed.contains(&code))
        {
            findings.push(Finding::wrong(
            format!("the function {DEPLOYED}{name} runs a package that no stack set deploys: an old one, or somebody changed it"),
            "rootguard deploy",
        ));
        }
        match &function.errors {
            Fact::Known(0) => {}
            Fact::Known(_) => findings.push(Finding::wrong(
                format!("invocations of the function {DEPLOYED}{name} failed within the last day"),
                format!(
                    "aws logs tail /rootguard/{name} --region {region} --since 1d; what failed for \
                 good is in the queue {queue}"
                ),
            )),
            Fact::Unread(unread) => {
                let question = format!("whether the function {DEPLOYED}{name} fails");
                findings.push(Finding::could_not_tell(&question, unread));
            }
        }
        findings
    }
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
    use super::super::fixtures::{RULE, denied, rows, seen, undeployed};
    use super::*;
    use crate::doctor::facts::Central;

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
                    &[(
                        "the function rootguard-no-root-keys is missing",
                        "rootguard deploy",
                    )],
                ),
                ("nothing was ever deployed", undeployed, &[]),
                (
                    "nobody tells of root activity",
                    |facts| {
                        let missing = ("eu-central-1".to_owned(), Fact::Known(None));
                        seen(facts).central.insert(Central::RootActivity, missing);
                    },
                    &[(
                        "the function rootguard-root-activity is missing: nobody is told of root activity",
                        "rootguard deploy",
                    )],
                ),
                (
                    "the reconciler fails",
                    |facts| {
                        let mut failing = function(facts).clone();
                        failing.errors = Fact::Known(1);
                        let failing = ("eu-west-1".to_owned(), Fact::Known(Some(failing)));
                        seen(facts).central.insert(Central::Reconciler, failing);
                    },
                    &[(
                        "the function rootguard-reconciler failed within",
                        "rootguard-failed-runs",
                    )],
                ),
                (
                    "it cannot be invoked",
                    |facts| function(facts).state = Some("Inactive".to_owned()),
                    &[(
                        "in the state Inactive",
                        "get-function-configuration --region eu-west-1 --function-name rootguard-no-root-keys",
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
                        "could not tell whether the function rootguard-no-root-keys fails",
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
                        "could not tell whether the function rootguard-no-root-keys is there",
                        "allow lambda:GetFunctionConfiguration",
                    )],
                ),
            ],
        );
    }
}
