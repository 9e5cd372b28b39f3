//! Decisions about policies: `iam:SimulateCustomPolicy`.

use aws_sdk_iam::Client;
use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, PolicyEvaluationDecisionType};
use config_rule::Account;
use serde_json::Value;

use crate::answer::{Answer, Tally, asked};
use crate::deployed::{Deployed, PolicyKind};

/// The cases of `iam-policy`, each with the page of AWS's documentation that states it.
const DOCUMENTED: &str = include_str!("../../iam-policy/tests/data/documentation.json");

/// Members of a case that the simulator cannot be told.
const NOT_SIMULATED: [&str; 4] = ["session", "service_control", "policy", "owner"];

/// Condition keys that the simulator derives from the caller, and that cases mean of a caller.
const OF_THE_CALLER: [&str; 3] = ["aws:Principal", "aws:user", "aws:AssumedRoot"];

/// Asks about the cases that are identity policies, an action, a resource and a context.
pub(crate) async fn decides_as_documented(account: &Account) -> Tally {
    let mut tally = Tally::default();
    let table: Value = serde_json::from_str(DOCUMENTED).unwrap_or_default();
    let cases = table.get("cases").and_then(Value::as_array);
    for case in cases.into_iter().flatten() {
        let text = |member: &str| case.get(member).and_then(Value::as_str);
        let believed = match text("expected") {
            Some("Allowed") => PolicyEvaluationDecisionType::Allowed,
            Some("ImplicitlyDenied") => PolicyEvaluationDecisionType::ImplicitDeny,
            Some("ExplicitlyDenied") => PolicyEvaluationDecisionType::ExplicitDeny,
            _ => continue,
        };
        let policies = policies(case);
        if policies.is_empty() || is_beyond_the_simulator(case) {
            continue;
        }
        let name = text("name").unwrap_or_default();
        let (action, resource) = (text("action"), text("resource"));
        let (action, resource) = (action.unwrap_or_default(), resource.unwrap_or_default());
        decide(
            account,
            &mut tally,
            &policies,
            (action, resource),
            case,
            &believed,
            name,
        )
        .await;
    }
    tally
}

/// The identity policies of a case; one under its condition, where it has no other.
fn policies(case: &Value) -> Vec<String> {
    let identity = case.get("identity").and_then(Value::as_array);
    let mut policies: Vec<_> = identity
        .into_iter()
        .flatten()
        .map(Value::to_string)
        .collect();
    if let Some(condition) = case.get("condition") {
        let allow = serde_json::json!({
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition},
        });
        policies.push(allow.to_string());
    }
    policies
}

/// Says whether a case rests on something that the simulator does not take: other policies, or
/// who the caller is.
fn is_beyond_the_simulator(case: &Value) -> bool {
    let written = case.to_string();
    NOT_SIMULATED
        .iter()
        .any(|member| case.get(member).is_some())
        || OF_THE_CALLER.iter().any(|key| written.contains(key))
}

async fn decide(
    account: &Account,
    tally: &mut Tally,
    policies: &[String],
    (action, resource): (&str, &str),
    case: &Value,
    believed: &PolicyEvaluationDecisionType,
    name: &str,
) {
    let request = Client::new(account.sdk())
        .simulate_custom_policy()
        .set_policy_input_list(Some(policies.to_vec()))
        .action_names(action)
        .resource_arns(resource)
        .set_context_entries(Some(context(case, policies)));
    match asked(account, "iam:SimulateCustomPolicy", request.send()).await {
        Answer::Given(answer) => {
            let results = answer.evaluation_results();
            let found = results.first().map(|result| result.eval_decision().clone());
            tally.expect(found.as_ref() == Some(believed), || {
                let found = found.as_ref().map_or("no answer", |found| found.as_str());
                format!("{name}: {found}, believed: {believed}")
            });
        }
        Answer::Refused(error) => tally.expect(false, || format!("{name}: {error}")),
        Answer::Unanswered(reason) => tally.unanswered(reason),
    }
}

/// The context of a case, each key with the type that the policies' operators ask for.
fn context(case: &Value, policies: &[String]) -> Vec<ContextEntry> {
    let pairs = case.get("context").and_then(Value::as_object);
    let entries = pairs.into_iter().flatten().map(|(key, values)| {
        let values: Vec<_> = match values {
            Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        };
        let entry = ContextEntry::builder()
            .context_key_name(key)
            .context_key_type(key_type(key, values.len() > 1, policies));
        entry
            .set_context_key_values(Some(values.into_iter().map(str::to_owned).collect()))
            .build()
    });
    entries.collect()
}

/// The type of a key, by the operator that stands before it in the policies.
fn key_type(key: &str, several: bool, policies: &[String]) -> ContextKeyTypeEnum {
    use ContextKeyTypeEnum as Type;
    let before = policies.iter().find_map(|policy| {
        let at = policy
            .to_lowercase()
            .find(&format!("\"{}\"", key.to_lowercase()))?;
        policy.get(..at)
    });
    let operator = before.and_then(|before| before.rsplit('"').nth(1));
    let operator = operator.unwrap_or_default();
    let operator = operator.rsplit(':').next().unwrap_or_default();
    let (one, list) = match operator {
        name if name.starts_with("Numeric") => (Type::Numeric, Type::NumericList),
        name if name.starts_with("Date") => (Type::Date, Type::DateList),
        name if name.starts_with("Bool") => (Type::Boolean, Type::BooleanList),
        name if name.contains("IpAddress") => (Type::Ip, Type::IpList),
        name if name.starts_with("Binary") => (Type::Binary, Type::BinaryList),
        _ => (Type::String, Type::StringList),
    };
    if several { list } else { one }
}

/// Asks of every role's policies whether they allow what their unconditional statements name.
pub(crate) async fn allow_what_they_name(account: &Account) -> Tally {
    let deployed = Deployed::by(account);
    let mut tally = Tally::default();
    let identity = deployed.policies.iter();
    let identity = identity.filter(|(_, kind, _)| *kind == PolicyKind::Identity);
    for (at, _, document) in identity {
        let statements = items(document.get("Statement"));
        // What another statement denies is not asked here.
        let denies = |one: &&Value| one.get("Effect").and_then(Value::as_str) == Some("Deny");
        if statements.iter().any(denies) {
            continue;
        }
        let policies = [document.to_string()];
        for statement in statements
            .iter()
            .filter(|one| one.get("Condition").is_none())
        {
            let actions = items(statement.get("Action"));
            let actions = actions.iter().filter_map(|action| action.as_str());
            for action in actions.filter(|action| !action.contains('*')) {
                for resource in items(statement.get("Resource")) {
                    let resource = resource.as_str().unwrap_or_default();
                    let resource = match resource {
                        "*" => "*".to_owned(),
                        pattern => pattern.replace('*', "x"),
                    };
                    let allowed = PolicyEvaluationDecisionType::Allowed;
                    let name = format!("{at}: {action} on {resource}");
                    let asked = (action, resource.as_str());
                    let nothing = Value::Null;
                    decide(
                        account, &mut tally, &policies, asked, &nothing, &allowed, &name,
                    )
                    .await;
                }
            }
        }
    }
    tally
}

/// The items of a list, or the one thing that stands instead of it.
fn items(written: Option<&Value>) -> Vec<&Value> {
    match written {
        Some(Value::Array(items)) => items.iter().collect(),
        one => one.into_iter().collect(),
    }
}
