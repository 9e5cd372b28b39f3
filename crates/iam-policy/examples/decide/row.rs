//! One line of input: a request with the policies that apply to it.

use std::collections::BTreeMap;

use iam_policy::{
    Applicable, Context, Decision, Document, PolicyError, Principal, PrincipalKind, Request,
    authorize,
};
use serde::Deserialize;
use serde_json::Value;

/// A request with its policies, as one line of JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Row {
    /// The ARN of a user, a role, a role session or an account's root user, or the name of
    /// a service.
    principal: String,
    action: String,
    resource: String,
    resource_account: Option<String>,
    /// Every condition key of the request.
    #[serde(default)]
    context: BTreeMap<String, Values>,
    identity_policy: Option<Value>,
    resource_policy: Option<Value>,
    /// The policies attached to one and the same root, unit or account.
    #[serde(default)]
    service_control_policies: Vec<Value>,
    /// The decision to compare with, if there is one.
    #[serde(default)]
    pub(crate) result: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Many(Vec<String>),
}

impl Row {
    /// Decides the request.
    ///
    /// # Errors
    ///
    /// If a policy is none.
    pub(crate) fn decide(&self) -> Result<Decision, PolicyError> {
        let read = |policy: &Option<Value>| policy.clone().map(Document::try_from).transpose();
        let identity: Vec<Document> = read(&self.identity_policy)?.into_iter().collect();
        let resource = read(&self.resource_policy)?;
        let service_control: Vec<Document> = self
            .service_control_policies
            .iter()
            .map(|policy| Document::try_from(policy.clone()))
            .collect::<Result<_, _>>()?;
        let levels: Vec<_> = (!service_control.is_empty())
            .then_some(service_control)
            .into_iter()
            .collect();
        let mut context = Context::complete::<&str, &str>([]);
        for (key, values) in &self.context {
            match values {
                Values::One(value) => context.set(key, [value]),
                Values::Many(values) => context.set(key, values),
            }
        }
        let request = Request {
            principal: principal(&self.principal),
            action: self.action.clone(),
            resource: self.resource.clone(),
            context,
        };
        Ok(authorize(
            &request,
            &Applicable {
                identity: &identity,
                service_control: &levels,
                resource: resource.as_ref(),
                owner: self.resource_account.as_deref(),
                ..Applicable::default()
            },
        ))
    }
}

/// Reads the caller from its ARN or name. A role stands for a session of it.
fn principal(text: &str) -> Principal {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [_, partition, service, _, account, name] = parts.as_slice() else {
        return Principal::service(text);
    };
    let kind = match (*service, name.split_once('/')) {
        ("iam", Some(("role", _))) => PrincipalKind::AssumedRole {
            role_arn: text.to_owned(),
        },
        ("sts", Some(("assumed-role", session))) => {
            let role = session.split('/').next().unwrap_or_default();
            PrincipalKind::AssumedRole {
                role_arn: format!("arn:{partition}:iam::{account}:role/{role}"),
            }
        }
        ("iam", None) if *name == "root" => PrincipalKind::Root,
        _ => PrincipalKind::User,
    };
    Principal {
        arn: text.to_owned(),
        account: (*account).to_owned(),
        kind,
    }
}

/// Names a decision: `Allowed`, `ImplicitlyDenied`, `ExplicitlyDenied` or `Undecided`.
pub(crate) fn name(decision: &Decision) -> &'static str {
    match decision {
        Decision::Allowed => "Allowed",
        Decision::ImplicitlyDenied => "ImplicitlyDenied",
        Decision::ExplicitlyDenied => "ExplicitlyDenied",
        Decision::Undecided(_) => "Undecided",
    }
}
