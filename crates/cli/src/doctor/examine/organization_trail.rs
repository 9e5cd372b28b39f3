//! Whether somebody judges the organization's trail: its members only see it.

use std::collections::BTreeSet;

use config_rule::Fact;

use crate::doctor::facts::{AccountFacts, Facts};
use crate::doctor::finding::{Finding, Kind};

/// The rule that judges trails.
const RULE: &str = "trail-logging";

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    if !facts.is_deployed() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut trails = BTreeSet::new();
    for (account, seen) in facts.seen() {
        match &seen.organization_trails {
            Fact::Known(shown) => trails.extend(shown),
            Fact::Unread(unread) => {
                let question = "whether there is an organization trail";
                findings.push(Finding::could_not_tell(question, unread).in_account(&account.id));
            }
        }
    }
    for trail in trails {
        let mut accounts = facts.accounts.iter();
        let owner = accounts.find(|account| account.id == trail.owner);
        let finding = unjudged(facts, owner).map(|(kind, why)| {
            let what = format!("nobody judges the organization trail {}: {why}", trail.arn);
            let fix = "deploy to the account that owns it, the management account too, which \
                       stack sets never reach: rootguard deploy";
            let finding = Finding::wrong(what, fix).in_account(&trail.owner);
            Finding { kind, ..finding }
        });
        findings.extend(finding);
    }
    findings
}

/// Returns why the owner of a trail does not judge it.
fn unjudged(facts: &Facts, owner: Option<&AccountFacts>) -> Option<(Kind, &'static str)> {
    if !facts.wanted.rules.iter().any(|rule| rule.name == RULE) {
        return Some((Kind::Wrong, "rules.toml has switched off trail-logging"));
    }
    let Some(owner) = owner else {
        let why = "could not tell, because its owner was not looked at";
        return Some((Kind::CouldNotTell, why));
    };
    match owner.seen.as_ref().ok()?.results.get(RULE) {
        None | Some(Fact::Known(None)) => {
            Some((Kind::Wrong, "its owner has no rule trail-logging"))
        }
        // What could not be read is said where results are examined.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{denied, rows, seen, undeployed};
    use super::*;

    fn of_owner(facts: &mut Facts) {
        let owner = facts.accounts[0].seen.as_mut().unwrap();
        owner.results.insert(RULE, Fact::Known(None));
    }

    #[test]
    fn the_owner_of_the_trail_judges_it() {
        rows(
            examine,
            &[
                ("as it should be", |_| {}, &[]),
                (
                    "the owner has no rule",
                    of_owner,
                    &[(
                        "nobody judges the organization trail arn:aws:cloudtrail:eu-west-1:999988887777:trail/org: its owner has no rule",
                        "the management account too",
                    )],
                ),
                (
                    "there is no organization trail",
                    |facts| {
                        of_owner(facts);
                        for account in &mut facts.accounts {
                            account.seen.as_mut().unwrap().organization_trails =
                                Fact::Known(Vec::new());
                        }
                    },
                    &[],
                ),
                (
                    "trails are not judged at all",
                    |facts| facts.wanted.rules.retain(|rule| rule.name != RULE),
                    &[(
                        "rules.toml has switched off trail-logging",
                        "rootguard deploy",
                    )],
                ),
                (
                    "the owner was not looked at",
                    |facts| {
                        facts.accounts.remove(0);
                    },
                    &[(
                        "could not tell, because its owner was not looked at",
                        "rootguard deploy",
                    )],
                ),
                (
                    "nobody may ask",
                    |facts| seen(facts).organization_trails = denied("cloudtrail:DescribeTrails"),
                    &[(
                        "could not tell whether there is an organization trail",
                        "allow cloudtrail:DescribeTrails",
                    )],
                ),
                (
                    "nothing was ever deployed",
                    |facts| {
                        of_owner(facts);
                        undeployed(facts);
                    },
                    &[],
                ),
            ],
        );
    }
}
