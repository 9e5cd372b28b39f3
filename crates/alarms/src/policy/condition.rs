//! The conditions of a statement.

use serde_json::Value;

use super::ServiceRequest;
use super::document::{glob, strings};

/// What is known about a condition key in a request of a service.
enum Key<'a> {
    Present(&'a str),
    Absent,
    Unknown,
}

/// Whether every condition holds; `None` if that is not known.
pub(super) fn holds(condition: &Value, request: &ServiceRequest<'_>) -> Option<bool> {
    let mut unknown = false;
    for (operator, keys) in condition.as_object()? {
        for (key, values) in keys.as_object()? {
            match one_holds(operator, &key_of(key, request), values) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => unknown = true,
            }
        }
    }
    (!unknown).then_some(true)
}

/// The context that IAM has for a request of a service on behalf of an alarm.
/// Key names are case-insensitive.
fn key_of<'a>(key: &str, request: &ServiceRequest<'a>) -> Key<'a> {
    match key.to_ascii_lowercase().as_str() {
        "aws:sourcearn" => Key::Present(request.alarm.as_str()),
        // SourceOwner is what SNS calls the same thing.
        "aws:sourceaccount" | "aws:sourceowner" => Key::Present(request.alarm.account()),
        "aws:principalservicename" => Key::Present(request.principal),
        // Services talk to each other over TLS.
        "aws:principalisawsservice" | "aws:securetransport" => Key::Present("true"),
        // What only users, roles and accounts have.
        "aws:principalarn"
        | "aws:principalaccount"
        | "aws:principalorgid"
        | "aws:principalorgpaths"
        | "aws:username"
        | "aws:multifactorauthpresent"
        | "aws:multifactorauthage" => Key::Absent,
        key if key.starts_with("aws:principaltag/") => Key::Absent,
        _ => Key::Unknown,
    }
}

fn one_holds(operator: &str, key: &Key<'_>, values: &Value) -> Option<bool> {
    let wanted = match values {
        Value::Bool(value) => vec![if *value { "true" } else { "false" }],
        values => strings(values)?,
    };
    // Policy variables.
    if wanted.iter().any(|value| value.contains("${")) {
        return None;
    }
    if operator == "Null" {
        return match (key, wanted.as_slice()) {
            (Key::Present(_), ["false"]) | (Key::Absent, ["true"]) => Some(true),
            (Key::Present(_), ["true"]) | (Key::Absent, ["false"]) => Some(false),
            _ => None,
        };
    }
    let (operator, if_exists) = match operator.strip_suffix("IfExists") {
        Some(operator) => (operator, true),
        None => (operator, false),
    };
    let comparison = comparison(operator)?;
    match key {
        Key::Unknown => None,
        // Negated operators hold of a key that is missing.
        Key::Absent => Some(if_exists || comparison.negated),
        Key::Present(value) => {
            let equal = wanted
                .iter()
                .any(|wanted| (comparison.equal)(wanted, value));
            Some(equal != comparison.negated)
        }
    }
}

struct Comparison {
    equal: fn(&str, &str) -> bool,
    negated: bool,
}

fn comparison(operator: &str) -> Option<Comparison> {
    let (equal, negated): (fn(&str, &str) -> bool, bool) = match operator {
        "StringEquals" => (|a, b| a == b, false),
        "StringNotEquals" => (|a, b| a == b, true),
        "StringEqualsIgnoreCase" | "Bool" => (str::eq_ignore_ascii_case, false),
        "StringNotEqualsIgnoreCase" => (str::eq_ignore_ascii_case, true),
        "StringLike" => (glob, false),
        "StringNotLike" => (glob, true),
        "ArnEquals" | "ArnLike" => (arn_like, false),
        "ArnNotEquals" | "ArnNotLike" => (arn_like, true),
        _ => return None,
    };
    Some(Comparison { equal, negated })
}

/// Whether an ARN matches a pattern part by part: a `*` does not reach over the
/// colon into the next one.
pub fn arn_like(pattern: &str, arn: &str) -> bool {
    let mut patterns = pattern.splitn(6, ':');
    let mut parts = arn.splitn(6, ':');
    loop {
        match (patterns.next(), parts.next()) {
            (None, None) => return true,
            (Some(pattern), Some(part)) if glob(pattern, part) => {}
            _ => return false,
        }
    }
}
