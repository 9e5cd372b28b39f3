//! The statements of a policy, and whether one applies to a request.

use serde_json::{Map, Value};

use super::ServiceRequest;
use super::condition::holds;

/// The statements of a policy document.
pub(super) struct Policy<'a> {
    pub(super) statements: Vec<Statement<'a>>,
}

/// One statement, in the words of the policy language.
pub(super) struct Statement<'a> {
    pub(super) effect: Effect,
    members: &'a Map<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// What the policy language knows in a resource policy's statement.
const MEMBERS: &[&str] = &[
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

impl<'a> Policy<'a> {
    /// The policy, if every statement is one of the policy language.
    pub(super) fn read(json: &'a Value) -> Option<Self> {
        let statements = match json.get("Statement")? {
            Value::Array(statements) => statements.iter().collect(),
            statement => vec![statement],
        };
        let statements: Option<_> = statements.into_iter().map(Statement::read).collect();
        Some(Self {
            statements: statements?,
        })
    }

    /// Whether some statement certainly allows the request.
    pub(super) fn allows(&self, request: &ServiceRequest<'_>) -> bool {
        self.statements.iter().any(|statement| {
            statement.effect == Effect::Allow && statement.applies(request) == Some(true)
        })
    }
}

impl<'a> Statement<'a> {
    fn read(json: &'a Value) -> Option<Self> {
        let members = json.as_object()?;
        let effect = match members.get("Effect")?.as_str()? {
            "Allow" => Effect::Allow,
            "Deny" => Effect::Deny,
            _ => return None,
        };
        let known = |name: &String| MEMBERS.contains(&name.as_str());
        members
            .keys()
            .all(known)
            .then_some(Self { effect, members })
    }

    /// Whether the statement is about the request; `None` if that is not known.
    pub(super) fn applies(&self, request: &ServiceRequest<'_>) -> Option<bool> {
        // What certainly does not match settles it, whatever the rest says.
        let parts = [
            self.principal_matches(request.principal),
            self.matches("Action", "NotAction", |pattern| {
                glob(
                    &pattern.to_ascii_lowercase(),
                    &request.action.to_ascii_lowercase(),
                )
            }),
            self.matches("Resource", "NotResource", |pattern| {
                glob(pattern, request.resource.as_str())
            }),
            match self.members.get("Condition") {
                None => Some(true),
                Some(condition) => holds(condition, request),
            },
        ];
        if parts.contains(&Some(false)) {
            Some(false)
        } else if parts.contains(&None) {
            None
        } else {
            Some(true)
        }
    }

    /// `*` and `{"AWS": "*"}` are everyone, services too; other AWS principals
    /// are accounts, users and roles, and never a service.
    fn principal_matches(&self, service: &str) -> Option<bool> {
        if self.members.contains_key("NotPrincipal") {
            return None;
        }
        match self.members.get("Principal")? {
            Value::String(everyone) => Some(everyone == "*"),
            Value::Object(kinds) => {
                let names = |kind| kinds.get(kind).and_then(strings).unwrap_or_default();
                Some(names("AWS").contains(&"*") || names("Service").contains(&service))
            }
            _ => None,
        }
    }

    fn matches(&self, name: &str, negated: &str, is: impl Fn(&str) -> bool) -> Option<bool> {
        let (value, expected) = match (self.members.get(name), self.members.get(negated)) {
            (Some(value), None) => (value, true),
            (None, Some(value)) => (value, false),
            _ => return None,
        };
        let patterns = strings(value)?;
        if patterns.iter().any(|pattern| pattern.contains("${")) {
            return None;
        }
        Some(patterns.into_iter().any(is) == expected)
    }
}

/// A string, or an array of strings.
pub(super) fn strings(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// Whether `text` matches `pattern`, in which `*` stands for any characters and
/// `?` for any one.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where to go on if what follows the last `*` does not match.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(p), text.get(t)) {
            (None, None) => return true,
            (Some('*'), _) => {
                retry = Some((p, t + 1));
                p += 1;
            }
            (Some(wanted), Some(found)) if *wanted == '?' || wanted == found => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((star, next)) if next <= text.len() => (p, t) = (star, next),
                _ => return false,
            },
        }
    }
}
