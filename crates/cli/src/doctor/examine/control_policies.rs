//! Whether service control policies would deny what rootguard does.
//!
//! They bind member accounts, never the management account. What is narrowed to single
//! resources, other than root users and the hub's bus, is not looked for.

use std::collections::{BTreeMap, BTreeSet};

use config_rule::{Fact, deployed_name};
use root_credentials::{ASSUME_ROOT, AUDIT_READS, REMOVAL_WRITES};

use crate::doctor::facts::{AccountFacts, Facts};
use crate::doctor::finding::{Finding, Kind};
use crate::doctor::policies::{Answer, Attempt, ControlPolicies, Who};
use crate::doctor::service::Service;

/// Region of IAM's requests in the partition `aws`, whatever the caller's.
const IAM_REGION: &str = "us-east-1";

const FORWARDER: &str = "rootguard/rootguard-forward-root-activity";

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let policies = match &facts.organization.policies {
        Fact::Known(policies) => policies,
        Fact::Unread(unread) => {
            let question = "what service control policies deny";
            return vec![Finding::could_not_tell(question, unread)];
        }
    };
    let members = facts
        .accounts
        .iter()
        .filter(|account| account.id != facts.organization.management);
    let findings = members.flat_map(|account| {
        let mut denied = Denied {
            facts,
            policies,
            account,
            by: BTreeMap::new(),
        };
        denied.try_everything();
        denied.findings()
    });
    findings.collect()
}

/// A denial for an account: by what, for what, in which Regions and which actions.
struct Denied<'a> {
    facts: &'a Facts,
    policies: &'a ControlPolicies,
    account: &'a AccountFacts,
    by: BTreeMap<(Kind, String, Purpose), BTreeSet<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Purpose {
    OpeningRootSessions,
    RootSessions,
    Forwarding,
    Functions,
}

impl Denied<'_> {
    fn try_everything(&mut self) {
        let wanted = &self.facts.wanted;
        let (id, home) = (self.account.id.as_str(), wanted.home_region.as_str());
        let partition = wanted.partition.as_str();
        if wanted.root_sessions {
            let root = format!("arn:{partition}:iam::{id}:root");
            let central = wanted.administrators.get(&Service::Iam);
            if central.is_some_and(|central| central == id) {
                let role = Who::Role("rootguard/rootguard-no-root-keys-remediate");
                let purpose = Purpose::OpeningRootSessions;
                self.attempt(purpose, role, ASSUME_ROOT, &root, home);
            }
            for action in AUDIT_READS.iter().chain(REMOVAL_WRITES) {
                let (who, purpose) = (Who::RootSession, Purpose::RootSessions);
                self.attempt(purpose, who, action, &root, IAM_REGION);
            }
        }
        if let Some((account, region)) = &wanted.hub {
            let bus = super::forwarders::hub(partition, account, region);
            // Which of both Regions AWS takes for the requested one is not documented.
            for region in wanted.activity_regions.iter().chain([region]) {
                let (who, purpose) = (Who::Role(FORWARDER), Purpose::Forwarding);
                self.attempt(purpose, who, "events:PutEvents", &bus, region);
            }
        }
        for rule in self.facts.rules_of(id).unwrap_or_default() {
            let role = format!("rootguard/{}", deployed_name(rule.name));
            for action in &rule.actions {
                let region = if action.starts_with("iam:") {
                    IAM_REGION
                } else {
                    home
                };
                let (who, purpose) = (Who::Role(&role), Purpose::Functions);
                self.attempt(purpose, who, action, "*", region);
            }
        }
    }

    fn attempt(
        &mut self,
        purpose: Purpose,
        who: Who<'_>,
        action: &str,
        resource: &str,
        region: &str,
    ) {
        let attempt = Attempt {
            who,
            account: &self.account.id,
            partition: &self.facts.wanted.partition,
            action,
            resource,
            region,
            now: self.facts.wanted.now,
        };
        let (kind, by) = match self.policies.judge(&attempt) {
            Answer::Allowed => return,
            Answer::Denied(by) => (Kind::Wrong, by),
            Answer::Undecided(why) => (Kind::CouldNotTell, why),
        };
        let denied = self.by.entry((kind, by, purpose)).or_default();
        denied.insert(match purpose {
            Purpose::Forwarding => region.to_owned(),
            Purpose::OpeningRootSessions | Purpose::RootSessions | Purpose::Functions => {
                action.to_owned()
            }
        });
    }

    fn findings(self) -> Vec<Finding> {
        let id = &self.account.id;
        let findings = self.by.into_iter().map(|((kind, by, purpose), denied)| {
            let denied: Vec<_> = denied.into_iter().collect();
            let what = format!("{}: {}", purpose.name(), denied.join(", "));
            let what = match kind {
                Kind::Wrong => format!("{by} denies {what}"),
                Kind::CouldNotTell => format!("could not tell whether {by}; it may deny {what}"),
            };
            let finding = Finding::wrong(what, purpose.fix()).in_account(id);
            Finding { kind, ..finding }
        });
        findings.collect()
    }
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::OpeningRootSessions => "opening privileged root sessions",
            Self::RootSessions => "privileged root sessions",
            Self::Forwarding => "forwarding of root activity from or to these Regions",
            Self::Functions => "what the functions read",
        }
    }

    fn fix(self) -> &'static str {
        match self {
            Self::RootSessions => {
                "exempt privileged root sessions in the policy, as AWS's sample does: \"Null\": \
                 {\"aws:AssumedRoot\": \"true\"}"
            }
            Self::OpeningRootSessions | Self::Forwarding | Self::Functions => {
                "exempt the roles in the policy: \"ArnNotLike\": {\"aws:PrincipalArn\": \
                 \"arn:*:iam::*:role/rootguard/*\"}"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{MANAGEMENT, denied, deny, rows, told};
    use super::*;

    #[test]
    fn each_denial_names_its_policy() {
        rows(
            examine,
            &[
                ("as it should be", |_| {}, &[]),
                (
                    "root users are denied everything",
                    |facts| {
                        deny(
                            facts,
                            r#""Action":"*","Condition":{"StringLike":{"aws:PrincipalArn":"arn:*:iam::*:root"}}"#,
                        );
                    },
                    &[("denies privileged root sessions: iam:", "aws:AssumedRoot")],
                ),
                (
                    "AWS's sample: the root user is denied, its privileged sessions are not",
                    |facts| {
                        deny(
                            facts,
                            r#""Action":"*","Condition":{"ArnLike":{"aws:PrincipalArn":["arn:aws:iam::*:root"]},"Null":{"aws:AssumedRoot":"true"}}"#,
                        );
                    },
                    &[],
                ),
                (
                    "root users are denied everything, and nobody wants sessions",
                    |facts| {
                        facts.wanted.root_sessions = false;
                        deny(
                            facts,
                            r#""Action":"*","Condition":{"StringLike":{"aws:PrincipalArn":"arn:*:iam::*:root"}}"#,
                        );
                    },
                    &[],
                ),
                (
                    "Control Tower's Region deny",
                    |facts| {
                        deny(
                            facts,
                            r#""NotAction":["iam:*","sts:*","config:*","cloudtrail:*"],"Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-west-1"]}}"#,
                        );
                    },
                    &[(
                        "forwarding of root activity from or to these Regions: us-east-1",
                        "role/rootguard/*",
                    )],
                ),
                (
                    "the same with our roles exempt",
                    |facts| {
                        deny(
                            facts,
                            r#""NotAction":"iam:*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"eu-west-1"},"ArnNotLike":{"aws:PrincipalArn":"arn:*:iam::*:role/rootguard/*"}}"#,
                        );
                    },
                    &[],
                ),
                (
                    "what a function reads",
                    |facts| deny(facts, r#""Action":"iam:Get*""#),
                    &[
                        (
                            "denies privileged root sessions: iam:Get",
                            "aws:AssumedRoot",
                        ),
                        (
                            "denies what the functions read: iam:GetAccountSummary",
                            "role/rootguard/*",
                        ),
                    ],
                ),
                (
                    "a condition that nobody here knows",
                    |facts| {
                        deny(
                            facts,
                            r#""Action":"events:PutEvents","Condition":{"Bool":{"aws:NobodyKnows":"true"}}"#,
                        );
                    },
                    &[("could not tell whether the policy", "role/rootguard/*")],
                ),
                (
                    "nobody may ask",
                    |facts| facts.organization.policies = denied("organizations:DescribePolicy"),
                    &[(
                        "could not tell what service control policies deny",
                        "allow organizations:DescribePolicy",
                    )],
                ),
            ],
        );
    }

    #[test]
    fn the_management_account_is_not_bound() {
        let told = told(examine, |facts| {
            deny(facts, r#""Action":"*""#);
            for policies in &mut facts.accounts {
                policies.id = MANAGEMENT.to_owned();
            }
        });
        assert_eq!(told, []);
    }
}
