//! One request against the policies that apply to it.

use crate::context::Context;
use crate::document::{Document, PolicyReading};
use crate::pattern;
use crate::principal::{Principal, PrincipalKind};
use crate::truth::Truth;

/// A request to AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The caller.
    pub principal: Principal,
    /// The IAM action, `iam:GetAccountSummary`.
    pub action: String,
    /// The ARN of the resource; `*` for an action that has none.
    pub resource: String,
    /// The condition keys. Those that follow from the principal (`aws:PrincipalArn`,
    /// `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:PrincipalIsAWSService`,
    /// `aws:PrincipalServiceName`, `aws:AssumedRoot`) need not be set.
    pub context: Context,
}

/// The policies that apply to a request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Applicable<'a> {
    /// Policies of the role or user. None for root users, administrators and services.
    pub identity: &'a [Document],
    /// Policies passed for the session, `None` if none were passed. A root session has
    /// its task policy here.
    pub session: Option<&'a [Document]>,
    /// Service control policies: for the root, each unit and the account, from the top,
    /// those attached to it. They bind users, roles and root users, not services.
    pub service_control: &'a [Vec<Document>],
    /// The policy of the resource: trust policy, topic policy, key policy …
    pub resource: Option<&'a Document>,
    /// The account that owns the resource, where its ARN does not say so.
    pub owner: Option<&'a str>,
}

/// The decision about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The request is allowed.
    Allowed,
    /// No policy allows the request, or it is not known whether one also denies it.
    ImplicitlyDenied,
    /// A statement denies the request.
    ExplicitlyDenied,
    /// The request may be allowed or denied, by something that is not known: the reason.
    Undecided(String),
}

/// The part of a resource's policy in a request from its own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ResourceSide {
    /// The identity's policy is enough.
    Ordinary,
    /// The policy must allow: trust policies and key policies.
    MustAllow,
    /// None: the organization has allowed `AssumeRoot` by centralized root access.
    Organization,
}

/// Decides a request.
pub fn authorize(request: &Request, applicable: &Applicable<'_>) -> Decision {
    decide(request, applicable).unwrap_or_else(Decision::Undecided)
}

/// # Errors
///
/// If the request is none, or a policy stands in a place that is not its own.
fn decide(request: &Request, applicable: &Applicable<'_>) -> Result<Decision, String> {
    check_request(request)?;
    check_places(&request.principal, applicable)?;
    let same_account = is_in_own_account(request, applicable.owner)?;
    let request = &Request {
        context: request.context.with_principal(&request.principal)?,
        ..request.clone()
    };

    let read = |documents: &[Document]| PolicyReading::union(documents, request);
    let identity = read(applicable.identity);
    let session = applicable.session.map(read);
    let resource = applicable
        .resource
        .map_or_else(|| read(&[]), |policy| policy.read_for(request));
    let levels: Vec<_> = applicable
        .service_control
        .iter()
        .map(|level| read(level))
        .collect();

    let denied = Truth::any(
        [&identity, &resource]
            .into_iter()
            .chain(&session)
            .chain(&levels)
            .map(|reading| reading.denies.clone()),
    );
    let by_session = session.map_or(Truth::True, |session| session.allows);
    let by_identity = match request.principal.kind {
        PrincipalKind::Root | PrincipalKind::RootSession | PrincipalKind::Administrator => {
            Truth::True
        }
        PrincipalKind::User | PrincipalKind::AssumedRole { .. } => identity.allows,
        PrincipalKind::Service => Truth::False,
    };
    let by_organization = Truth::all(levels.into_iter().map(|level| level.allows));
    let by_caller = by_identity.and(by_session.clone());
    let side = ResourceSide::for_action(&request.action, &request.resource);
    let by_policies = if side == ResourceSide::Organization {
        by_caller
    } else if request.principal.kind == PrincipalKind::Service {
        resource.allows
    } else {
        let elsewhere = by_caller.clone().and(resource.allows.clone());
        let by_account = match side {
            ResourceSide::Ordinary => by_caller,
            _ => elsewhere.clone(),
        };
        let here = Truth::any([
            resource.allows_caller,
            resource.allows_role.and(by_session),
            by_account,
        ]);
        same_account.choose(here, elsewhere)
    };
    let allowed = by_policies.and(by_organization);
    Ok(match (denied, allowed) {
        (Truth::True, _) => Decision::ExplicitlyDenied,
        (_, Truth::False) => Decision::ImplicitlyDenied,
        (Truth::False, Truth::True) => Decision::Allowed,
        (Truth::Undecided(reason), _) | (_, Truth::Undecided(reason)) => {
            Decision::Undecided(reason)
        }
    })
}

impl ResourceSide {
    fn for_action(action: &str, resource: &str) -> Self {
        match action.to_ascii_lowercase().split_once(':') {
            Some(("sts", "assumeroot")) => ResourceSide::Organization,
            Some(("sts", _)) if is_named(resource, "iam", "role/") => ResourceSide::MustAllow,
            Some(("kms", _)) if is_named(resource, "kms", "key/") => ResourceSide::MustAllow,
            _ => ResourceSide::Ordinary,
        }
    }
}

fn is_named(resource: &str, service: &str, prefix: &str) -> bool {
    pattern::arn_part(resource, 2) == Some(service)
        && pattern::arn_part(resource, 5).is_some_and(|name| name.starts_with(prefix))
}

fn check_request(request: &Request) -> Result<(), String> {
    request.principal.check()?;
    let action = &request.action;
    if action.contains(['*', '?']) || pattern::Action::parse(action).is_err() {
        return Err(format!("request: an action is service:Name: {action:?}"));
    }
    if request.resource != "*" && !pattern::is_arn(&request.resource) {
        let resource = &request.resource;
        return Err(format!("request: a resource is an ARN or *: {resource:?}"));
    }
    Ok(())
}

/// Returns whether the resource is in the caller's account.
fn is_in_own_account(request: &Request, owner: Option<&str>) -> Result<Truth, String> {
    let resource = &request.resource;
    let named = pattern::arn_part(resource, 4).filter(|account| !account.is_empty());
    Ok(match (named, owner) {
        // AWS's own policies are for every account.
        (Some("aws"), _) => Truth::True,
        (Some(named), Some(owner)) if named != owner => {
            return Err(format!(
                "request: {resource:?} is of another account than {owner}"
            ));
        }
        (None, None) if resource == "*" => Truth::True,
        (None, None) => {
            Truth::Undecided(format!("the resource's account is not known: {resource:?}"))
        }
        (Some(account), _) | (None, Some(account)) => (account == request.principal.account).into(),
    })
}

/// Checks that each policy has the form of its place.
fn check_places(principal: &Principal, applicable: &Applicable<'_>) -> Result<(), String> {
    let without_principals = applicable
        .identity
        .iter()
        .chain(applicable.session.into_iter().flatten())
        .chain(applicable.service_control.iter().flatten());
    for statement in without_principals.flat_map(|document| &document.statements) {
        if statement.principal.is_some() {
            return Err("policy of an identity or session: it names no principal".to_owned());
        }
        if statement.resource.is_none() {
            return Err("policy of an identity or session: a statement names resources".to_owned());
        }
    }
    if applicable
        .resource
        .is_some_and(|document| !document.names_principals())
    {
        return Err("policy of a resource: a statement names principals".to_owned());
    }
    match principal.kind {
        PrincipalKind::User | PrincipalKind::AssumedRole { .. } => Ok(()),
        _ if !applicable.identity.is_empty() => {
            Err("policy of an identity: only users and roles have one".to_owned())
        }
        PrincipalKind::RootSession if applicable.session.is_none() => {
            Err("session of AssumeRoot: it has a task policy".to_owned())
        }
        _ => Ok(()),
    }
}
