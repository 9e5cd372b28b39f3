//! Service control policies: what they would deny.
//!
//! Judged by the evaluator of the [`sandbox`], which gives an answer or an error, never a
//! guess. A statement that it cannot read counts only where it might decide: without its
//! conditions it would fit.

use std::collections::{BTreeMap, BTreeSet};

use config_rule::Timestamp;
use sandbox::policy::{self, Applicable, Decision, Document, Principal, PrincipalKind};
use serde_json::{Value, json};

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
    statements: Vec<Statement>,
}

/// The root, a unit or an account, and the ids of the policies attached to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Level {
    pub(super) id: String,
    pub(super) policies: BTreeSet<String>,
}

/// A statement, each by itself, so that one that cannot be read spoils no other.
#[derive(Clone, Debug)]
enum Statement {
    Read {
        document: Document,
        denies: bool,
    },
    /// The same without its conditions, if that can be read, and why it cannot itself.
    Unread {
        document: Option<Document>,
        denies: bool,
        why: String,
    },
}

/// Who would do something, and what.
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

/// Who would do it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Who<'a> {
    /// The root user, in a privileged session.
    RootSession,
    /// A role, with its path.
    Role(&'a str),
}

/// What the policies say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Allowed,
    /// Denied, by what.
    Denied(String),
    /// Nobody can tell, because of what.
    Undecided(String),
}

impl ControlPolicy {
    pub(super) fn new(name: impl Into<String>, content: &str) -> Self {
        let parsed: Value = serde_json::from_str(content).unwrap_or_default();
        let version = parsed.get("Version").cloned();
        let statements = match parsed.get("Statement") {
            Some(Value::Array(statements)) => statements.clone(),
            Some(one) => vec![one.clone()],
            // No policy at all: nobody knows what it does.
            None => vec![Value::Null],
        };
        let statements = statements
            .into_iter()
            .map(|statement| Statement::new(version.as_ref(), statement));
        Self {
            name: name.into(),
            statements: statements.collect(),
        }
    }
}

impl Statement {
    fn new(version: Option<&Value>, mut statement: Value) -> Self {
        let denies = statement.get("Effect").and_then(Value::as_str) != Some("Allow");
        let read = |statement: &Value| {
            let mut document = json!({ "Statement": [statement] });
            if let (Some(version), Some(members)) = (version, document.as_object_mut()) {
                members.insert("Version".to_owned(), version.clone());
            }
            Document::try_from(document)
        };
        match read(&statement) {
            Ok(document) => Self::Read { document, denies },
            Err(error) => {
                if let Some(members) = statement.as_object_mut() {
                    members.remove("Condition");
                }
                Self::Unread {
                    document: read(&statement).ok(),
                    denies,
                    why: error.to_string(),
                }
            }
        }
    }
}

impl ControlPolicies {
    /// Whether an attempt gets through all policies above its account.
    pub(super) fn judge(&self, attempt: &Attempt<'_>) -> Answer {
        let levels = self.above.get(attempt.account);
        let mut undecided = None;
        for level in levels.into_iter().flatten() {
            match self.judge_at(level, attempt) {
                Answer::Allowed => {}
                Answer::Undecided(why) => undecided = Some(why),
                denied @ Answer::Denied(_) => return denied,
            }
        }
        undecided.map_or(Answer::Allowed, Answer::Undecided)
    }

    /// At every level something must allow, and nothing may deny.
    fn judge_at(&self, level: &Level, attempt: &Attempt<'_>) -> Answer {
        let (mut allowed, mut undecided) = (false, None);
        for id in &level.policies {
            let Some(policy) = self.by_id.get(id) else {
                undecided = Some(format!("the policy {id} could not be read"));
                continue;
            };
            for statement in &policy.statements {
                let cannot = |why: &str| format!("the policy {} ({id}): {why}", policy.name);
                match statement {
                    Statement::Read { document, denies } => {
                        match self.applies(document, *denies, level, attempt) {
                            Ok(true) if *denies => {
                                let of =
                                    format!("the policy {} ({id}) on {}", policy.name, level.id);
                                return Answer::Denied(of);
                            }
                            Ok(applies) => allowed |= applies,
                            Err(error) => undecided = Some(cannot(&error)),
                        }
                    }
                    Statement::Unread {
                        document,
                        denies,
                        why,
                    } => {
                        let might = document.as_ref().is_none_or(|document| {
                            self.applies(document, *denies, level, attempt) != Ok(false)
                        });
                        if might {
                            undecided = Some(cannot(why));
                        }
                    }
                }
            }
        }
        match (allowed, undecided) {
            (_, Some(why)) => Answer::Undecided(why),
            (true, None) => Answer::Allowed,
            (false, None) => Answer::Denied(format!("no policy on {} allows it, which", level.id)),
        }
    }

    /// Whether a statement fits an attempt. A denial is asked beside a permission for
    /// everything, so that what denies is the statement.
    fn applies(
        &self,
        document: &Document,
        denies: bool,
        level: &Level,
        attempt: &Attempt<'_>,
    ) -> Result<bool, String> {
        let everything = everything(None)?;
        let anybody = everything_for_anybody()?;
        let request = self.request(attempt);
        let foreign = request
            .resource
            .split(':')
            .nth(4)
            .is_some_and(|owner| !owner.is_empty() && owner != attempt.account);
        let session = if denies {
            vec![everything.clone(), document.clone()]
        } else {
            vec![document.clone()]
        };
        let identity = match attempt.who {
            Who::RootSession => Vec::new(),
            Who::Role(_) => vec![everything],
        };
        let applicable = Applicable {
            identity: &identity,
            session: Some(&session),
            // The owner of a resource elsewhere lets everybody in: that is not the question.
            resource: foreign.then_some(&anybody),
            owner: None,
        };
        let decision = policy::authorize(&request, &applicable);
        let decision = decision.map_err(|error| format!("{error} (on {})", level.id))?;
        Ok(match decision {
            Decision::Allowed => !denies,
            Decision::ExplicitlyDenied => denies,
            Decision::ImplicitlyDenied => false,
        })
    }

    fn request(&self, attempt: &Attempt<'_>) -> policy::Request {
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
        let mut context = vec![
            ("aws:CurrentTime", now.to_string()),
            ("aws:EpochTime", (now.epoch_millis() / 1000).to_string()),
            ("aws:RequestedRegion", (*region).to_owned()),
            ("aws:SecureTransport", "true".to_owned()),
            ("aws:ViaAWSService", "false".to_owned()),
            ("aws:userid", user),
            ("aws:PrincipalOrgID", self.organization.clone()),
            ("aws:PrincipalOrgPaths", format!("{path}/")),
        ];
        if let Who::RootSession = who {
            context.push(("aws:PrincipalType", "Account".to_owned()));
        }
        policy::Request {
            principal: Principal {
                arn,
                account: (*account).to_owned(),
                kind,
            },
            action: (*action).to_owned(),
            resource: (*resource).to_owned(),
            context: context
                .into_iter()
                .map(|(key, value)| (key.to_owned(), vec![value]))
                .collect(),
        }
    }
}

fn everything(principal: Option<&str>) -> Result<Document, String> {
    let mut statement = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    if let (Some(principal), Some(members)) = (principal, statement.as_object_mut()) {
        members.insert("Principal".to_owned(), principal.into());
    }
    Document::try_from(json!({ "Version": "2012-10-17", "Statement": [statement] }))
        .map_err(|error| error.to_string())
}

fn everything_for_anybody() -> Result<Document, String> {
    everything(Some("*"))
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

    /// Control Tower's, shortened.
    const REGION_DENY: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny",
        "NotAction":["iam:*","sts:*","config:*"],"Resource":"*",
        "Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-west-1"]},
                     "ArnNotLike":{"aws:PrincipalARN":["arn:*:iam::*:role/AWSControlTowerExecution"]}}}}"#;

    const FORWARD: Who<'static> = Who::Role("rootguard/forward-root-activity");

    #[test]
    fn each_policy_says_what_it_says() {
        let root = Who::RootSession;
        let unknown_key = |action: &str| {
            format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Action":"{action}",
                "Resource":"*","Condition":{{"Bool":{{"aws:NobodyKnows":"true"}}}}}}]}}"#
            )
        };
        let (iam, ec2) = (unknown_key("iam:*"), unknown_key("ec2:*"));
        let denied = "the policy P1 (p-1) on ou-a";
        for (name, contents, who, action, region, expected) in [
            (
                "nothing denies",
                vec![FULL],
                root,
                "iam:ListAccessKeys",
                "us-east-1",
                Ok(()),
            ),
            (
                "root is denied",
                vec![FULL, DENY_ROOT],
                root,
                "iam:ListAccessKeys",
                "us-east-1",
                Err(denied),
            ),
            (
                "roles are not root",
                vec![FULL, DENY_ROOT],
                FORWARD,
                "events:PutEvents",
                "us-east-1",
                Ok(()),
            ),
            (
                "a Region is denied",
                vec![FULL, REGION_DENY],
                FORWARD,
                "events:PutEvents",
                "us-east-1",
                Err(denied),
            ),
            (
                "a governed Region is not",
                vec![FULL, REGION_DENY],
                FORWARD,
                "events:PutEvents",
                "eu-west-1",
                Ok(()),
            ),
            (
                "IAM is exempt",
                vec![FULL, REGION_DENY],
                root,
                "iam:ListAccessKeys",
                "us-east-1",
                Ok(()),
            ),
            (
                "a key that nobody knows",
                vec![FULL, &iam],
                root,
                "iam:ListAccessKeys",
                "us-east-1",
                Err("could not tell"),
            ),
            (
                "the same about something else",
                vec![FULL, &ec2],
                root,
                "iam:ListAccessKeys",
                "us-east-1",
                Ok(()),
            ),
            (
                "no policy at all",
                vec![FULL, "broken"],
                root,
                "iam:ListAccessKeys",
                "us-east-1",
                Err("could not tell"),
            ),
            (
                "a denial outweighs what nobody can tell",
                vec![FULL, DENY_ROOT, &iam],
                root,
                "iam:ListAccessKeys",
                "us-east-1",
                Err(denied),
            ),
        ] {
            let answer = policies(&contents).judge(&attempt(who, action, region));
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
