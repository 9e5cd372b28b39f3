//! One request against the policies that apply to it.

use std::collections::BTreeMap;

use super::context::Context;
use super::document::{Document, Effect};
use super::principal::{Grant, Principal, PrincipalKind};
use super::{PolicyError, pattern};

/// What somebody asks to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub principal: Principal,
    /// The IAM action, `iam:GetAccountSummary`.
    pub action: String,
    /// The ARN of the resource; `*` for an action that has none.
    pub resource: String,
    /// Condition keys and their values. What follows from the principal
    /// (`aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalType`,
    /// `aws:PrincipalIsAWSService`, `aws:PrincipalServiceName`) need not be given.
    pub context: BTreeMap<String, Vec<String>>,
}

/// The policies that apply to a request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Applicable<'a> {
    /// Policies of the role or user. None for root users, administrators and services.
    pub identity: &'a [Document],
    /// Policies passed for the session, `None` if none were passed. A root session has
    /// its task policy here.
    pub session: Option<&'a [Document]>,
    /// The policy of the resource: trust policy, topic policy, key policy …
    pub resource: Option<&'a Document>,
    /// The account that owns the resource, where its ARN does not say so.
    pub owner: Option<&'a str>,
}

/// What the policies say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The request is allowed.
    Allowed,
    /// Nothing allows the request.
    ImplicitlyDenied,
    /// A statement denies the request.
    ExplicitlyDenied,
}

/// What the account of the resource asks of the resource's policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ResourceSide {
    /// Within the account, the identity's policy is enough.
    Ordinary,
    /// The policy must allow: trust policies and key policies.
    MustAllow,
    /// The organization has allowed it, by centralized root access: `AssumeRoot`.
    Organization,
}

/// Decides a request.
///
/// # Errors
///
/// If the request or a policy cannot be judged; then nothing is allowed.
pub fn authorize(request: &Request, applicable: &Applicable<'_>) -> Result<Decision, PolicyError> {
    let same_account = check(request, applicable)?;
    let context = Context::of(request)?;

    let identity = Reading::of(applicable.identity, request, &context)?;
    let session = applicable
        .session
        .map(|documents| Reading::of(documents, request, &context))
        .transpose()?;
    let resource = Reading::of(applicable.resource, request, &context)?;

    if identity.denies || resource.denies || session.as_ref().is_some_and(|session| session.denies)
    {
        return Ok(Decision::ExplicitlyDenied);
    }
    let by_session = session.is_none_or(|session| session.grants.is_some());
    let by_identity = match request.principal.kind {
        PrincipalKind::Root | PrincipalKind::RootSession | PrincipalKind::Administrator => true,
        PrincipalKind::User | PrincipalKind::AssumedRole { .. } => identity.grants.is_some(),
        PrincipalKind::Service => false,
    };
    let by_caller = by_identity && by_session;
    let side = ResourceSide::of(&request.action, &request.resource);
    let allowed = match resource.grants {
        _ if side == ResourceSide::Organization => by_caller,
        granted if request.principal.kind == PrincipalKind::Service => granted.is_some(),
        granted if !same_account => by_caller && granted.is_some(),
        Some(Grant::Direct) => true,
        Some(Grant::Role) => by_session,
        Some(Grant::Account) => by_caller,
        None => by_caller && side == ResourceSide::Ordinary,
    };
    Ok(if allowed {
        Decision::Allowed
    } else {
        Decision::ImplicitlyDenied
    })
}

impl ResourceSide {
    fn of(action: &str, resource: &str) -> Self {
        match action.to_ascii_lowercase().split_once(':') {
            Some(("sts", "assumeroot")) => ResourceSide::Organization,
            Some(("sts", _)) if is_of_type(resource, "iam", "role/") => ResourceSide::MustAllow,
            Some(("kms", _)) if is_of_type(resource, "kms", "key/") => ResourceSide::MustAllow,
            _ => ResourceSide::Ordinary,
        }
    }
}

fn is_of_type(resource: &str, service: &str, prefix: &str) -> bool {
    pattern::arn_part(resource, 2) == Some(service)
        && pattern::arn_part(resource, 5).is_some_and(|name| name.starts_with(prefix))
}

/// What some policies together say of a request.
struct Reading {
    denies: bool,
    grants: Option<Grant>,
}

impl Reading {
    fn of<'a>(
        documents: impl IntoIterator<Item = &'a Document>,
        request: &Request,
        context: &Context,
    ) -> Result<Self, PolicyError> {
        let mut reading = Reading {
            denies: false,
            grants: None,
        };
        for statement in documents
            .into_iter()
            .flat_map(|document| &document.statements)
        {
            // Every statement is read, so that an error does not depend on their order.
            let Some(grant) = statement.applies(request, context)? else {
                continue;
            };
            match statement.effect {
                Effect::Deny => reading.denies = true,
                Effect::Allow => reading.grants = reading.grants.max(Some(grant)),
            }
        }
        Ok(reading)
    }
}

/// Checks that request and policies belong together, and says whether the resource is
/// in the caller's account.
fn check(request: &Request, applicable: &Applicable<'_>) -> Result<bool, PolicyError> {
    request.principal.check()?;
    let wrong = |value: &str, reason| PolicyError::Request {
        value: value.to_owned(),
        reason,
    };
    if request.action.contains(['*', '?']) || pattern::Action::parse(&request.action).is_err() {
        return Err(wrong(&request.action, "an action is service:Name"));
    }
    if request.resource != "*" && !pattern::is_arn(&request.resource) {
        return Err(wrong(&request.resource, "a resource is an ARN or *"));
    }
    check_places(&request.principal, applicable)?;

    let named = pattern::arn_part(&request.resource, 4).filter(|account| !account.is_empty());
    match (named, applicable.owner) {
        // AWS's own policies are for every account.
        (Some("aws"), _) => Ok(true),
        (Some(named), Some(owner)) if named != owner => Err(wrong(
            owner,
            "the resource is of another account than its ARN says",
        )),
        (None, None) if request.resource == "*" => Ok(true),
        (None, None) => Err(wrong(
            &request.resource,
            "the resource's account is not known",
        )),
        (Some(account), _) | (None, Some(account)) => Ok(account == request.principal.account),
    }
}

fn check_places(principal: &Principal, applicable: &Applicable<'_>) -> Result<(), PolicyError> {
    let wrong = |place, reason| Err(PolicyError::Place { place, reason });
    let of_caller = applicable
        .identity
        .iter()
        .chain(applicable.session.into_iter().flatten());
    for statement in of_caller.flat_map(|document| &document.statements) {
        if statement.principal.is_some() {
            return wrong("policy of an identity or session", "it names no principal");
        }
        if statement.resource.is_none() {
            return wrong(
                "policy of an identity or session",
                "a statement names resources",
            );
        }
    }
    for statement in applicable
        .resource
        .iter()
        .flat_map(|document| &document.statements)
    {
        if statement.principal.is_none() {
            return wrong("policy of a resource", "a statement names principals");
        }
    }
    match principal.kind {
        PrincipalKind::User | PrincipalKind::AssumedRole { .. } => Ok(()),
        _ if !applicable.identity.is_empty() => {
            wrong("policy of an identity", "only users and roles have one")
        }
        PrincipalKind::RootSession if applicable.session.is_none() => {
            wrong("session of AssumeRoot", "it has a task policy")
        }
        _ => Ok(()),
    }
}
