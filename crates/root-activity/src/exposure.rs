//! Resource policies that let everybody in.

use serde_json::Value;

use crate::record::Record;

/// Condition keys that narrow a statement to known callers. Whatever else a condition
/// asks for, such as TLS, everybody can fulfil.
const NARROWING: &[&str] = &[
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:vpcsourceip",
    "aws:userid",
    "kms:calleraccount",
    "lambda:functionurlauthtype",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
    "sns:endpoint",
];

/// Returns `true` if the call sets a resource policy that allows something to everybody, or
/// adds such a statement.
pub(crate) fn opens_to_everybody(record: &Record) -> bool {
    let Some(parameters) = record.value("requestParameters") else {
        return false;
    };
    let adds_statement = record.event_name().starts_with("AddPermission");
    let principal = parameters.get("principal").and_then(Value::as_str);
    let is_narrowed = ["sourceAccount", "sourceArn", "principalOrgID"]
        .iter()
        .any(|member| parameters.get(member).is_some_and(Value::is_string));
    (adds_statement && principal == Some("*") && !is_narrowed) || has_open_policy(parameters, 0)
}

/// Policies stand in requests as objects or as JSON in a text, under names that differ from
/// service to service.
fn has_open_policy(value: &Value, depth: usize) -> bool {
    // Requests nest a policy three members deep at most.
    if depth > 6 {
        return false;
    }
    match value {
        Value::Object(members) => {
            members.get("Statement").is_some_and(has_open_statement)
                || members.values().any(|one| has_open_policy(one, depth + 1))
        }
        Value::Array(items) => items.iter().any(|one| has_open_policy(one, depth + 1)),
        Value::String(text) if text.contains("\"Statement\"") => {
            let policy = serde_json::from_str::<Value>(text);
            policy.is_ok_and(|policy| has_open_policy(&policy, depth + 1))
        }
        _ => false,
    }
}

fn has_open_statement(statements: &Value) -> bool {
    as_list(statements).any(|statement| {
        let allows = statement.get("Effect").and_then(Value::as_str) == Some("Allow");
        let principal = statement.get("Principal");
        let to_everybody = principal.is_some_and(|principal| match principal {
            Value::Object(kinds) => kinds
                .get("AWS")
                .is_some_and(|aws| as_list(aws).any(|one| one == "*")),
            principal => principal == "*",
        });
        allows
            && (to_everybody || statement.get("NotPrincipal").is_some())
            && !statement.get("Condition").is_some_and(is_narrowing)
    })
}

fn is_narrowing(condition: &Value) -> bool {
    let operators = condition.as_object().into_iter().flatten();
    operators
        .filter(|(operator, _)| !operator.contains("Not") && !operator.ends_with("IfExists"))
        .filter_map(|(_, keys)| keys.as_object())
        .flatten()
        .any(|(key, values)| {
            NARROWING.contains(&key.to_ascii_lowercase().as_str())
                && as_list(values)
                    .all(|value| !matches!(value.as_str(), Some("*" | "0.0.0.0/0" | "::/0")))
        })
}

fn as_list(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(many) => many.iter(),
        one => std::slice::from_ref(one).iter(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn is_open(statement: &Value) -> bool {
        let policy = json!({"Version": "2012-10-17", "Statement": statement});
        [
            json!({"bucketPolicy": policy}),
            json!({"attributes": {"Policy": policy.to_string()}}),
            json!({"attributeName": "Policy", "attributeValue": policy.to_string()}),
        ]
        .into_iter()
        .map(|parameters| {
            let record = json!({
                "eventSource": "s3.amazonaws.com", "eventName": "PutBucketPolicy",
                "userIdentity": {"type": "Root"}, "requestParameters": parameters,
            });
            opens_to_everybody(&Record::new(record).unwrap())
        })
        .reduce(|all, one| {
            assert_eq!(all, one, "{statement}");
            one
        })
        .unwrap()
    }

    #[test]
    fn a_policy_is_open_when_everybody_is_allowed_something() {
        for (statement, expected) in [
            (json!({"Effect": "Allow", "Principal": "*"}), true),
            (
                json!([{"Effect": "Allow", "Principal": {"AWS": "*"}}]),
                true,
            ),
            (
                json!({"Effect": "Allow", "Principal": {"AWS": ["1", "*"]}}),
                true,
            ),
            (
                json!({"Effect": "Allow", "NotPrincipal": {"AWS": "1"}}),
                true,
            ),
            (json!({"Effect": "Deny", "Principal": "*"}), false),
            (
                json!({"Effect": "Allow", "Principal": {"AWS": "111122223333"}}),
                false,
            ),
            (
                json!({"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}),
                false,
            ),
        ] {
            assert_eq!(is_open(&statement), expected, "{statement}");
        }
        for (condition, expected) in [
            (json!({"Bool": {"aws:SecureTransport": "true"}}), true),
            (
                json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
                false,
            ),
            (json!({"StringLike": {"AWS:SourceArn": "*"}}), true),
            (
                json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}),
                true,
            ),
            (
                json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}),
                true,
            ),
            (
                json!({"IpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}}),
                false,
            ),
            (json!({"IpAddress": {"aws:SourceIp": ["0.0.0.0/0"]}}), true),
        ] {
            let statement = json!({"Effect": "Allow", "Principal": "*", "Condition": condition});
            assert_eq!(is_open(&statement), expected, "{statement}");
        }
    }
}
