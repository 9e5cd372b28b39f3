//! Whether root activity is forwarded from every activity Region of every account.

use config_rule::{Fact, Unread};

use crate::doctor::facts::{Facts, Forwarder};
use crate::doctor::finding::Finding;

/// The rules of infra/activity.yaml, and whether each must see calls that only read.
pub(in crate::doctor) const FORWARDERS: [(&str, bool); 4] = [
    ("rootguard-root-activity", true),
    ("rootguard-sign-in-and-sessions", true),
    ("rootguard-chain-tampering", false),
    ("rootguard-guard-tampering", false),
];

/// The state of a rule that sees calls that only read.
const SEES_READS: &str = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";

/// Region in which CloudTrail records sign-ins of root users.
const SIGN_INS: &str = "us-east-1";

/// The ARN of the hub's bus.
pub(super) fn hub(partition: &str, account: &str, region: &str) -> String {
    format!("arn:{partition}:events:{region}:{account}:event-bus/rootguard-activity")
}

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let wanted = &facts.wanted;
    let Some((account, region)) = &wanted.hub else {
        return Vec::new();
    };
    let bus = hub(&wanted.partition, account, region);
    let mut findings = Vec::new();
    if wanted.partition == "aws" && !wanted.activity_regions.iter().any(|one| one == SIGN_INS) {
        findings.push(Finding::wrong(
            format!("{SIGN_INS} is no activity Region: nobody is told when a root user signs in"),
            format!("add {SIGN_INS} to the activity Regions of rules.toml, then rootguard deploy"),
        ));
    }
    if !facts.is_deployed() {
        return findings;
    }
    for (account, seen) in facts.seen() {
        for (region, forwarders) in &seen.forwarders {
            let found = match forwarders {
                Fact::Known(forwarders) => examine_bus(&bus, forwarders),
                Fact::Unread(Unread::Unavailable { code, .. }) if is_disabled(code) => {
                    vec![Finding::wrong(
                        "the Region is not enabled here, so nothing can be deployed to it",
                        format!(
                            "aws account enable-region --region-name {region}, or take it out of \
                             the activity Regions of rules.toml: nothing happens in a Region that \
                             is off"
                        ),
                    )]
                }
                Fact::Unread(unread) => {
                    vec![Finding::could_not_tell(
                        "whether root activity is forwarded",
                        unread,
                    )]
                }
            };
            let found = found.into_iter();
            findings.extend(found.map(|finding| finding.in_account(&account.id).in_region(region)));
        }
    }
    findings
}

/// Returns what AWS answers in a Region that is off, to credentials that are good elsewhere.
fn is_disabled(code: &str) -> bool {
    matches!(
        code,
        "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "OptInRequired"
            | "RegionDisabledException"
    )
}

/// Returns what is wrong with the rules of a Region, at most one finding for each kind of fault.
fn examine_bus(bus: &str, forwarders: &[Forwarder]) -> Vec<Finding> {
    let (mut missing, mut off, mut blind, mut elsewhere) = (vec![], vec![], vec![], vec![]);
    let mut findings = Vec::new();
    for (name, sees_reads) in FORWARDERS {
        let Some(forwarder) = forwarders.iter().find(|forwarder| forwarder.name == name) else {
            missing.push(name);
            continue;
        };
        match forwarder.state.as_str() {
            "DISABLED" => off.push(name),
            SEES_READS => {}
            _ if sees_reads => blind.push(name),
            _ => {}
        }
        match &forwarder.targets {
            Fact::Known(targets) if targets.iter().any(|target| target == bus) => {}
            Fact::Known(_) => elsewhere.push(name),
            Fact::Unread(unread) => {
                let question = format!("where the rule {name} forwards to");
                findings.push(Finding::could_not_tell(&question, unread));
            }
        }
    }
    let all: Vec<_> = FORWARDERS.iter().map(|(name, _)| *name).collect();
    let told = [
        (missing, "is missing: what it would forward, nobody is told"),
        (
            off,
            "is switched off: what it would forward, nobody is told",
        ),
        (
            blind,
            "does not see calls that only read: somebody who looks around as root makes no others",
        ),
        (elsewhere, "does not forward to the hub"),
    ];
    let told = told.into_iter().filter(|(names, _)| !names.is_empty());
    findings.extend(told.map(|(names, fault)| {
        let rules = if names == all {
            "every forwarding rule".to_owned()
        } else {
            names.join(", ")
        };
        Finding::wrong(format!("{rules} {fault}"), "rootguard deploy")
    }));
    findings
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{denied, rows, seen, undeployed};
    use super::*;

    fn region(facts: &mut Facts) -> &mut Fact<Vec<Forwarder>> {
        seen(facts).forwarders.get_mut("us-east-1").unwrap()
    }

    fn first(facts: &mut Facts) -> &mut Forwarder {
        match region(facts) {
            Fact::Known(forwarders) => &mut forwarders[0],
            Fact::Unread(_) => panic!(),
        }
    }

    #[test]
    fn every_activity_region_forwards_to_the_hub() {
        rows(
            examine,
            &[
                ("as it should be", |_| {}, &[]),
                (
                    "a Region without a forwarder",
                    |facts| *region(facts) = Fact::Known(Vec::new()),
                    &[("every forwarding rule is missing", "rootguard deploy")],
                ),
                (
                    "one rule is missing",
                    |facts| first(facts).name = "another".to_owned(),
                    &[("rootguard-root-activity is missing", "rootguard deploy")],
                ),
                (
                    "one rule is off",
                    |facts| first(facts).state = "DISABLED".to_owned(),
                    &[(
                        "rootguard-root-activity is switched off",
                        "rootguard deploy",
                    )],
                ),
                (
                    "one rule sees no reads",
                    |facts| first(facts).state = "ENABLED".to_owned(),
                    &[("does not see calls that only read", "rootguard deploy")],
                ),
                (
                    "one rule forwards elsewhere",
                    |facts| {
                        first(facts).targets =
                            Fact::Known(vec!["arn:aws:sqs:us-east-1:1:q".to_owned()]);
                    },
                    &[("does not forward to the hub", "rootguard deploy")],
                ),
                (
                    "nobody may see where it forwards to",
                    |facts| first(facts).targets = denied("events:ListTargetsByRule"),
                    &[(
                        "could not tell where the rule",
                        "allow events:ListTargetsByRule",
                    )],
                ),
                (
                    "the Region is off",
                    |facts| {
                        *region(facts) = Fact::Unread(Unread::Unavailable {
                            action: "events:ListRules".to_owned(),
                            code: "UnrecognizedClientException".to_owned(),
                        });
                    },
                    &[(
                        "the Region is not enabled",
                        "aws account enable-region --region-name us-east-1",
                    )],
                ),
                (
                    "nobody may ask",
                    |facts| *region(facts) = denied("events:ListRules"),
                    &[(
                        "could not tell whether root activity is forwarded",
                        "allow events:ListRules",
                    )],
                ),
                (
                    "sign-ins are not forwarded",
                    |facts| facts.wanted.activity_regions = vec!["eu-west-1".to_owned()],
                    &[("us-east-1 is no activity Region", "rules.toml")],
                ),
                (
                    "nobody wants a hub",
                    |facts| {
                        *region(facts) = Fact::Known(Vec::new());
                        facts.wanted.hub = None;
                    },
                    &[],
                ),
                (
                    "nothing was ever deployed",
                    |facts| {
                        *region(facts) = Fact::Known(Vec::new());
                        undeployed(facts);
                    },
                    &[],
                ),
            ],
        );
    }

    #[test]
    fn the_rules_are_those_of_the_template() {
        let template = include_str!("../../../../../infra/activity.yaml");
        let names = template.lines().filter_map(|line| {
            let name = line.trim().strip_prefix("Name: ")?;
            name.starts_with("rootguard-").then_some(name)
        });
        let states = template
            .lines()
            .filter_map(|line| line.trim().strip_prefix("State: "));
        let written: Vec<_> = names.zip(states.map(|state| state == SEES_READS)).collect();
        assert_eq!(written, FORWARDERS);
    }
}
