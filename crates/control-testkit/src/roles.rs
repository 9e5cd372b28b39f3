//! The roles in which controls ask: that of the function, and those of other accounts
//! that show what those own.

use config_rule::{ASSUME_ROLE, Control, RuleParameters, parse_parameters};
use sandbox::Document;
use sandbox::{Role, Sandbox};
use serde_json::{Map, Value, json};

/// Evidence roles trust the roles under this path, in any account of the organization.
const PATH: &str = "/rootguard/";

/// The role of a control's function. It may do what the control declares, and assume
/// exactly the evidence roles that its parameters name.
pub(crate) fn function_role<C: Control>(parameters: &Map<String, Value>) -> Role {
    let trust = json!({
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    });
    let metadata = C::METADATA;
    let (assume, others): (Vec<_>, Vec<_>) = metadata
        .evaluation_actions()
        .partition(|action| *action == ASSUME_ROLE);
    let mut policies = vec![document(
        &json!({"Effect": "Allow", "Action": others, "Resource": "*"}),
    )];
    let parameters: RuleParameters<C::Parameters> = parse_parameters(parameters.clone()).unwrap();
    let roles = json!(parameters)["centralEvidenceRoleArns"].take();
    if !assume.is_empty() && roles.as_array().is_some_and(|roles| !roles.is_empty()) {
        policies.push(document(
            &json!({"Effect": "Allow", "Action": assume, "Resource": roles}),
        ));
    }
    role(metadata.name, &trust, policies)
}

/// Gives an account an evidence role that may do `actions`, and says its ARN. Every
/// control's function of the organization may assume it.
pub fn give_evidence_role(
    sandbox: &Sandbox,
    account: &str,
    name: &str,
    actions: &[&str],
) -> String {
    let organization = sandbox.organization();
    let trust = json!({
        "Effect": "Allow",
        "Principal": "*",
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:PrincipalOrgID": organization.id},
            "ArnLike": {"aws:PrincipalArn": format!("arn:*:iam::*:role{PATH}*")},
        },
    });
    let permissions = document(&json!({"Effect": "Allow", "Action": actions, "Resource": "*"}));
    let role = role(name, &trust, vec![permissions]);
    sandbox
        .change_account(account, |account| account.roles.push(role))
        .unwrap();
    format!(
        "arn:{}:iam::{account}:role{PATH}{name}",
        organization.partition
    )
}

/// Gives an account the role of a function that is no control's, with these statements.
pub(crate) fn give_function_role(sandbox: &Sandbox, account: &str, name: &str, statements: &Value) {
    let trust = json!({
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    });
    let statements = statements.as_array().unwrap().iter();
    let role = role(name, &trust, statements.map(document).collect());
    sandbox
        .change_account(account, |account| account.roles.push(role))
        .unwrap();
}

fn role(name: &str, trust: &Value, policies: Vec<Document>) -> Role {
    Role {
        path: PATH.to_owned(),
        ..Role::new(name, document(trust), policies)
    }
}

fn document(statement: &Value) -> Document {
    let document = json!({"Version": "2012-10-17", "Statement": [statement]});
    Document::parse(&document.to_string()).unwrap()
}
