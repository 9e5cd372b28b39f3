//! Decisions of an organization's service control policies.

use std::collections::{BTreeMap, BTreeSet};

use config_rule::Timestamp;
use iam_policy::{Context, Document, Principal, PrincipalKind, Request, Truth};

/// The service control policies of an organization.
#[derive(Clone, Debug, Default)]
pub(super) struct ControlPolicies {
    /// The organization's id.
    pub(super) organization: String,
    /// The policies by id.
    pub(super) by_id: BTreeMap<String, ControlPolicy>,
    /// By account, what its policies are attached to: the root, its units, itself. None
    /// where policies of this type are switched off.
    pub(super) above: BTreeMap<String, Vec<Level>>,
}

/// A service control policy.
#[derive(Clone, Debug)]
pub(super) struct ControlPolicy {
    name: String,
    /// The document, or the reason why it cannot be read.
    document: Result<Document, String>,
}

/// The root, a unit or an account, and the ids of the policies attached to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Level {
    pub(super) id: String,
    pub(super) policies: BTreeSet<String>,
}

/// An action that a caller would take.
#[derive(Clone, Debug)]
pub(super) struct Attempt<'a> {
    pub(super) who: Who<'a>,
    pub(super) account: &'a str,
    pub(super) partition: &'a str,
    pub(super) action: &'a str,
    /// An ARN, or `*`.
    pub(super) resource: &'a str,
    pub(super) region: &'a str,
    pub(super) now: Timestamp,
}

/// The caller.
#[derive(Clone, Copy, Debug)]
pub(super) enum Who<'a> {
    /// The root user, in a privileged session.
    RootSession,
    /// A role, with its path.
    Role(&'a str),
}

/// The decision of the policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Allowed,
    /// Denied, by this.
    Denied(String),
    /// Not decided, for this reason.
    Undecided(String),
}

/// Condition keys that the functions' roles and privileged root sessions lack: no user,
/// no service acts for them or through them, they run on no instance and pass no tags.
const ABSENT: &[&str] = &[
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:ChatbotSourceArn",
    "aws:Ec2InstanceSourcePrivateIPv4",
    "aws:Ec2InstanceSourceVpc",
    "aws:FederatedProvider",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:TagKeys",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:VpcSourceIp",
    "aws:username",
];

impl ControlPolicy {
    pub(super) fn new(name: impl Into<String>, content: &str) -> Self {
        Self {
            name: name.into(),
            document: Document::parse(content).map_err(|error| error.to_string()),
        }
    }
}

impl ControlPolicies {
    /// Decides an attempt by all policies above its account.
    pub(super) fn judge(&self, attempt: &Attempt<'_>) -> Answer {
        let request = self.request(attempt);
        let levels = self.above.get(attempt.account);
        let mut undecided = None;
        for level in levels.into_iter().flatten() {
            match self.judge_at(level, &request) {
                Answer::Allowed => {}
                Answer::Undecided(why) => undecided = Some(why),
                denied @ Answer::Denied(_) => return denied,
            }
        }
        undecided.map_or(Answer::Allowed, Answer::Undecided)
    }

    /// At every level something must allow, and nothing may deny.
    fn judge_at(&self, level: &Level, request: &Request) -> Answer {
        let (mut allowed, mut may_allow, mut may_deny) = (false, None, None);
        for id in &level.policies {
            let Some(policy) = self.by_id.get(id) else {
                may_deny = Some(format!("the policy {id} could not be read"));
                continue;
            };
            let name = format!("the policy {} ({id})", policy.name);
            let reading = match &policy.document {
                Ok(document) => document.read(request),
                Err(why) => {
                    may_deny = Some(format!("{name}: {why}"));
                    continue;
                }
            };
            match reading.denies {
                Truth::True => return Answer::Denied(format!("{name} on {}", level.id)),
                Truth::Undecided(why) => may_deny = Some(format!("{name}: {why}")),
                Truth::False => {}
            }
            match reading.allows {
                Truth::True => allowed = true,
                Truth::Undecided(why) => may_allow = Some(format!("{name}: {why}")),
                Truth::False => {}
            }
        }
        match (may_deny, allowed, may_allow) {
            (Some(why), _, _) | (None, false, Some(why)) => Answer::Undecided(why),
            (None, true, _) => Answer::Allowed,
            (None, false, None) => {
                Answer::Denied(format!("no policy on {} allows it, which", level.id))
            }
        }
    }

    fn request(&self, attempt: &Attempt<'_>) -> Request {
        let Attempt {
            who,
            account,
            partition,
            action,
            resource,
            region,
            now,
        } = attempt;
        let root = format!("arn:{partition}:iam::{account}:root");
        let (arn, kind, user) = match who {
            Who::RootSession => (root, PrincipalKind::RootSession, (*account).to_owned()),
            Who::Role(role) => {
                let name = role.rsplit('/').next().unwrap_or_default();
                let role_arn = format!("arn:{partition}:iam::{account}:role/{role}");
                let arn = format!("arn:{partition}:sts::{account}:assumed-role/{name}/{name}");
                let user = format!("AROAEXAMPLE:{name}");
                (arn, PrincipalKind::AssumedRole { role_arn }, user)
            }
        };
        let levels = self.above.get(*account).into_iter().flatten();
        let units = levels.filter(|level| level.id != *account);
        let path = units.fold(self.organization.clone(), |path, level| {
            format!("{path}/{}", level.id)
        });
        let owner = resource.split(':').nth(4).filter(|owner| !owner.is_empty());
        let mut context = Context::partial([
            ("aws:CurrentTime", now.to_string().as_str()),
            ("aws:EpochTime", &(now.epoch_millis() / 1000).to_string()),
            ("aws:RequestedRegion", region),
            ("aws:SecureTransport", "true"),
            ("aws:ViaAWSService", "false"),
            ("aws:userid", &user),
            ("aws:PrincipalOrgID", &self.organization),
            ("aws:PrincipalOrgPaths", &format!("{path}/")),
            ("aws:ResourceAccount", owner.unwrap_or(account)),
            ("aws:ResourceOrgID", &self.organization),
        ]);
        for key in ABSENT {
            context.set::<&str>(key, []);
        }
        Request {
            principal: Principal {
                arn,
                account: (*account).to_owned(),
                kind,
            },
            action: (*action).to_owned(),
            resource: (*resource).to_owned(),
            context,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBER: &str = "111122223333";

    fn policies(contents: &[&str]) -> ControlPolicies {
        let by_id = contents.iter().enumerate().map(|(number, content)| {
            let name = format!("P{number}");
            (format!("p-{number}"), ControlPolicy::new(name, content))
        });
        let by_id: BTreeMap<_, _> = by_id.collect();
        let level = |id: &str, policies: BTreeSet<String>| Level {
            id: id.to_owned(),
            policies,
        };
        let full = BTreeSet::from(["p-0".to_owned()]);
        let levels = vec![
            level("r-root", full.clone()),
            level("ou-a", by_id.keys().cloned().collect()),
            level(MEMBER, full),
        ];
        ControlPolicies {
            organization: "o-sandbox0001".to_owned(),
            by_id,
            above: BTreeMap::from([(MEMBER.to_owned(), levels)]),
        }
    }

    fn attempt<'a>(who: Who<'a>, action: &'a str, region: &'a str) -> Attempt<'a> {
        Attempt {
            who,
            account: MEMBER,
            partition: "aws",
            action,
            resource: "*",
            region,
            now: Timestamp::from_epoch_millis(1_800_000_000_000),
        }
    }

    const FULL: &str =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

    const DENY_ROOT: &str = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Deny","Action":"*","Resource":"*",
         "Condition":{"ArnLike":{"aws:PrincipalArn":"arn:*:iam::*:root"}}}]}"#;

    /// AWS's sample: the root user is denied, its privileged sessions are not.
    const DENY_PERMANENT_ROOT: &str = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Deny","Action":"*","Resource":"*","Condition":{
            "ArnLike":{"aws:PrincipalArn":["arn:aws:iam::*:root"]},
            "Null":{"aws:AssumedRoot":"true"}}}]}"#;

    const ROOT_AND_UNKNOWN: &str = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Deny","Action":"*","Resource":"*","Condition":{
            "ArnLike":{"aws:PrincipalArn":"arn:*:iam::*:root"},
            "Bool":{"aws:NobodyKnows":"true"}}}]}"#;

    const NETWORK_PERIMETER: &str = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Deny","Action":"*","Resource":"*","Condition":{
            "NotIpAddressIfExists":{"aws:SourceIp":"203.0.113.0/24"},
            "StringNotEqualsIfExists":{"aws:SourceVpc":"vpc-1"},
            "BoolIfExists":{"aws:ViaAWSService":"false"}}}]}"#;

    /// Control Tower's, shortened.
    const REGION_DENY: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny",
        "NotAction":["iam:*","sts:*","config:*"],"Resource":"*",
        "Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-west-1"]},
                     "ArnNotLike":{"aws:PrincipalARN":["arn:*:iam::*:role/AWSControlTowerExecution"]}}}}"#;

    const FORWARD: Who<'static> = Who::Role("rootguard/rootguard-forward-root-activity");

    #[test]
    fn each_policy_says_what_it_says() {
        let list_keys = attempt(Who::RootSession, "iam:ListAccessKeys", "us-east-1");
        let forward = attempt(FORWARD, "events:PutEvents", "us-east-1");
        let forward_from_ireland = attempt(FORWARD, "events:PutEvents", "eu-west-1");
        let unknown_key = |action: &str| {
            format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Action":"{action}",
                "Resource":"*","Condition":{{"Bool":{{"aws:NobodyKnows":"true"}}}}}}]}}"#
            )
        };
        let (iam, ec2) = (unknown_key("iam:*"), unknown_key("ec2:*"));
        let denied = "the policy P1 (p-1) on ou-a";
        for (name, contents, attempt, expected) in [
            ("nothing denies", vec![FULL], &list_keys, Ok(())),
            (
                "root is denied",
                vec![FULL, DENY_ROOT],
                &list_keys,
                Err(denied),
            ),
            (
                "roles are not root",
                vec![FULL, DENY_ROOT],
                &forward,
                Ok(()),
            ),
            (
                "a Region is denied",
                vec![FULL, REGION_DENY],
                &forward,
                Err(denied),
            ),
            (
                "a governed Region is not",
                vec![FULL, REGION_DENY],
                &forward_from_ireland,
                Ok(()),
            ),
            ("IAM is exempt", vec![FULL, REGION_DENY], &list_keys, Ok(())),
            (
                "a key that nobody knows",
                vec![FULL, &iam],
                &list_keys,
                Err("could not tell"),
            ),
            (
                "the same about something else",
                vec![FULL, &ec2],
                &list_keys,
                Ok(()),
            ),
            (
                "a key that nobody knows, beside a condition that is false",
                vec![FULL, ROOT_AND_UNKNOWN],
                &forward,
                Ok(()),
            ),
            (
                "a condition on where the function is",
                vec![FULL, NETWORK_PERIMETER],
                &forward,
                Err("could not tell"),
            ),
            (
                "AWS's sample for central root access, and a session",
                vec![FULL, DENY_PERMANENT_ROOT],
                &list_keys,
                Ok(()),
            ),
            (
                "the same, and a role",
                vec![FULL, DENY_PERMANENT_ROOT],
                &forward,
                Ok(()),
            ),
            (
                "no policy at all",
                vec![FULL, "broken"],
                &list_keys,
                Err("could not tell"),
            ),
            (
                "a denial outweighs what nobody can tell",
                vec![FULL, DENY_ROOT, &iam],
                &list_keys,
                Err(denied),
            ),
        ] {
            let answer = policies(&contents).judge(attempt);
            match (expected, &answer) {
                (Ok(()), Answer::Allowed) | (Err("could not tell"), Answer::Undecided(_)) => {}
                (Err(by), Answer::Denied(told)) => assert_eq!(told, by, "{name}"),
                _ => panic!("{name}: {answer:?}"),
            }
        }
    }

    #[test]
    fn every_level_must_allow() {
        let mut policies = policies(&[FULL]);
        let levels = policies.above.get_mut(MEMBER).unwrap();
        levels[2].policies.clear();
        let answer = policies.judge(&attempt(FORWARD, "events:PutEvents", "eu-west-1"));
        let Answer::Denied(by) = answer else {
            panic!("{answer:?}")
        };
        assert!(by.contains(MEMBER), "{by}");
    }

    #[test]
    fn a_bus_elsewhere_is_reached_unless_a_policy_denies() {
        let bus = "arn:aws:events:eu-west-1:444455556666:event-bus/rootguard-activity";
        let put = |region: &'static str| Attempt {
            resource: bus,
            ..attempt(FORWARD, "events:PutEvents", region)
        };
        let policies = policies(&[FULL, REGION_DENY]);
        assert_eq!(policies.judge(&put("eu-west-1")), Answer::Allowed);
        assert!(matches!(
            policies.judge(&put("us-east-1")),
            Answer::Denied(_)
        ));
    }

    /// Where policies of this type are switched off, and in the management account.
    #[test]
    fn an_account_below_nothing_is_denied_nothing() {
        let policies = ControlPolicies::default();
        let answer = policies.judge(&attempt(Who::RootSession, "iam:GetUser", "us-east-1"));
        assert_eq!(answer, Answer::Allowed);
    }
}
