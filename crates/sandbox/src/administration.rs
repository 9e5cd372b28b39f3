//! State of Organizations itself: administrators, delegated services and policies; and IAM's
//! features for root users.

use std::sync::{MutexGuard, PoisonError};

use iam_policy::Document;

use crate::cloudformation::PRINCIPAL as STACK_SETS;
use crate::organization::{ControlPolicy, LONG_AGO, ROOT_ID};
use crate::organizations::{MAX_RESULTS, NEXT_TOKEN, arn, authorize, page, refused};
use crate::request::Request;
use crate::wire::{Failure, Member, Output, Shape, Structure, member, one_of, required, text};
use crate::world::World;

const POLICY_ID: Member = required("PolicyId", text(0, 130));

const POLICY_TYPES: &[&str] = &["SERVICE_CONTROL_POLICY"];

/// The input of operations that only list.
pub(crate) const LIST: Shape = Shape::Structure(&[NEXT_TOKEN, MAX_RESULTS]);

pub(crate) const LIST_ADMINISTRATORS: Shape = Shape::Structure(&[
    member("ServicePrincipal", text(1, 128)),
    NEXT_TOKEN,
    MAX_RESULTS,
]);

pub(crate) const LIST_POLICIES: Shape = Shape::Structure(&[
    required("Filter", one_of(POLICY_TYPES)),
    NEXT_TOKEN,
    MAX_RESULTS,
]);

pub(crate) const OF_POLICY: Shape = Shape::Structure(&[POLICY_ID]);

pub(crate) const LIST_TARGETS: Shape = Shape::Structure(&[POLICY_ID, NEXT_TOKEN, MAX_RESULTS]);

/// Every member may ask.
pub(crate) fn describe_organization(request: &Request<'_>) -> Result<Structure, Failure> {
    let organization = &request.world.organization;
    if !request.world.has_member(request.account()) {
        return Err(refused(
            "AWSOrganizationsNotInUseException",
            "Your account is not a member of an organization.",
        ));
    }
    let management = organization.management_account().unwrap_or_default();
    let described = Structure::new()
        .with("Id", &organization.id)
        .with("Arn", arn(request, "organization", &organization.id))
        .with("FeatureSet", "ALL")
        .with("MasterAccountArn", arn(request, "account", management))
        .with("MasterAccountId", management)
        .with("MasterAccountEmail", format!("{management}@example.com"));
    Ok(Structure::new().with("Organization", described))
}

pub(crate) fn list_roots(request: &Request<'_>) -> Result<Structure, Failure> {
    authorize(request)?;
    let switched_on = Structure::new()
        .with("Type", "SERVICE_CONTROL_POLICY")
        .with("Status", "ENABLED");
    let root = Structure::new()
        .with("Id", ROOT_ID)
        .with("Arn", arn(request, "root", ROOT_ID))
        .with("Name", "Root")
        .with("PolicyTypes", vec![switched_on]);
    page(request, "Roots", vec![root])
}

pub(crate) fn list_service_access(request: &Request<'_>) -> Result<Structure, Failure> {
    authorize(request)?;
    let mut principals = request.world.organization.trusted_services();
    if request.world.stack_sets.is_activated() && !principals.contains(&STACK_SETS) {
        principals.push(STACK_SETS);
    }
    let services = principals.into_iter().map(|principal| {
        Structure::new()
            .with("ServicePrincipal", principal)
            .with("DateEnabled", LONG_AGO)
    });
    page(request, "EnabledServicePrincipals", services.collect())
}

pub(crate) fn list_administrators(request: &Request<'_>) -> Result<Structure, Failure> {
    authorize(request)?;
    let organization = &request.world.organization;
    let asked = request.text("ServicePrincipal");
    let of_iam = organization.iam_delegated_administrator.as_deref();
    let of_iam = of_iam.map(|account| (account, "iam.amazonaws.com"));
    let others = organization.delegated_administrators.iter();
    let others = others.map(|one| (one.account.as_str(), one.service.as_str()));
    let mut ids: Vec<&str> = others
        .chain(of_iam)
        .filter(|(_, service)| asked.is_none_or(|asked| asked == *service))
        .map(|(account, _)| account)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let accounts = ids.into_iter().filter_map(|id| {
        let account = request.world.account(id)?;
        let described = crate::organizations::described(request, &account);
        Some(described.with("DelegationEnabledDate", LONG_AGO))
    });
    page(request, "DelegatedAdministrators", accounts.collect())
}

/// Returns the policy that AWS attaches to everything when policies are enabled.
fn full_access() -> ControlPolicy {
    ControlPolicy {
        id: "p-FullAWSAccess".to_owned(),
        name: "FullAWSAccess".to_owned(),
        content: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#
            .to_owned(),
        targets: Vec::new(),
    }
}

fn policies(request: &Request<'_>) -> Vec<ControlPolicy> {
    let organization = &request.world.organization;
    let mut full = full_access();
    let units = organization.organizational_units.iter();
    full.targets = vec![ROOT_ID.to_owned()];
    full.targets.extend(units.map(|unit| unit.id.clone()));
    full.targets.extend(request.world.look(|accounts| {
        let members = accounts.values().filter(|account| account.in_organization);
        members
            .map(|account| account.id.clone())
            .collect::<Vec<_>>()
    }));
    let mut all = vec![full];
    all.extend(own_policies(request.world).iter().cloned());
    all
}

fn own_policies(world: &World) -> MutexGuard<'_, Vec<ControlPolicy>> {
    let policies = world.control_policies.lock();
    policies.unwrap_or_else(PoisonError::into_inner)
}

/// The most characters of a service control policy (`organizations-scp-size`).
const MOST_CHARACTERS: usize = 5120;

/// The most service control policies on one root, unit or account, `FullAWSAccess` among them
/// (`organizations-scp-per-target`).
const MOST_ON_TARGET: usize = 5;

/// Creates a service control policy, or changes the one with its id, and attaches it to its
/// targets.
///
/// # Errors
/// Stores a control policy, and returns the error of Organizations beyond its limits and for any
/// account but the management account.
pub(crate) fn put_control_policy(
    world: &World,
    account: &str,
    policy: ControlPolicy,
) -> Result<(), String> {
    if world.organization.management_account() != Some(account) {
        let message = "You don't have permissions to access this resource.";
        return Err(format!("AccessDeniedException: {message}"));
    }
    if policy.content.chars().count() > MOST_CHARACTERS {
        return Err(
            "ConstraintViolationException: POLICY_CONTENT_LIMIT_EXCEEDED: You attempted to create \
             a policy that is larger than the maximum size."
                .to_owned(),
        );
    }
    Document::parse(&policy.content)
        .map_err(|error| format!("MalformedPolicyDocumentException: {error}"))?;
    let mut policies = own_policies(world);
    policies.retain(|known| known.id != policy.id);
    if policies.iter().any(|known| known.name == policy.name) {
        let message = "A policy with the same name already exists.";
        return Err(format!("DuplicatePolicyException: {message}"));
    }
    let attached = |target: &String| {
        let on_target = policies.iter().filter(|one| one.targets.contains(target));
        on_target.count()
    };
    if let Some(target) = policy
        .targets
        .iter()
        .find(|target| attached(target) + 2 > MOST_ON_TARGET)
    {
        return Err(format!(
            "ConstraintViolationException: MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED: You \
             attempted to exceed the number of policies of a certain type that can be attached \
             to {target} at one time."
        ));
    }
    policies.push(policy);
    Ok(())
}

/// Detaches a service control policy and deletes it, if it is there.
pub(crate) fn remove_control_policy(world: &World, id: &str) {
    own_policies(world).retain(|known| known.id != id);
}

fn asked_policy(request: &Request<'_>) -> Result<ControlPolicy, Failure> {
    authorize(request)?;
    let id = request.text("PolicyId").unwrap_or_default();
    let mut policies = policies(request).into_iter();
    let found = policies.find(|policy| policy.id == id);
    let message = "You specified a policy that doesn't exist.";
    found.ok_or_else(|| refused("PolicyNotFoundException", message))
}

fn summary(request: &Request<'_>, policy: &ControlPolicy) -> Structure {
    Structure::new()
        .with("Id", &policy.id)
        .with(
            "Arn",
            arn(request, "policy/service_control_policy", &policy.id),
        )
        .with("Name", &policy.name)
        .with("Description", "")
        .with("Type", "SERVICE_CONTROL_POLICY")
        .with("AwsManaged", policy.id == full_access().id)
}

pub(crate) fn list_policies(request: &Request<'_>) -> Result<Structure, Failure> {
    authorize(request)?;
    let policies = policies(request);
    let summaries = policies.iter().map(|policy| summary(request, policy));
    page(request, "Policies", summaries.collect())
}

pub(crate) fn describe_policy(request: &Request<'_>) -> Result<Structure, Failure> {
    let policy = asked_policy(request)?;
    let described = Structure::new()
        .with("PolicySummary", summary(request, &policy))
        .with("Content", &policy.content);
    Ok(Structure::new().with("Policy", described))
}

pub(crate) fn list_targets(request: &Request<'_>) -> Result<Structure, Failure> {
    let policy = asked_policy(request)?;
    let targets = policy.targets.iter().map(|id| {
        let kind = match id {
            id if id.starts_with("r-") => "ROOT",
            id if id.starts_with("ou-") => "ORGANIZATIONAL_UNIT",
            _ => "ACCOUNT",
        };
        Structure::new()
            .with("TargetId", id)
            .with("Name", id)
            .with("Type", kind)
    });
    page(request, "Targets", targets.collect())
}

/// Lists IAM's enabled features for root users: both, or none.
pub(crate) fn list_organizations_features(request: &Request<'_>) -> Result<Structure, Failure> {
    let organization = &request.world.organization;
    let administrators = [
        organization.management_account(),
        organization.iam_delegated_administrator.as_deref(),
    ];
    if !administrators.contains(&Some(request.account())) {
        return Err(refused(
            "AccountNotManagementOrDelegatedAdministratorException",
            "Only the management account or a delegated administrator may ask.",
        ));
    }
    if !organization
        .trusted_services()
        .contains(&"iam.amazonaws.com")
    {
        return Err(refused(
            "ServiceAccessNotEnabledException",
            "Trusted access for IAM is not enabled.",
        ));
    }
    let features: &[&str] = if organization.root_sessions {
        &["RootCredentialsManagement", "RootSessions"]
    } else {
        &[]
    };
    let features = features.iter().map(|one| Output::from(*one));
    Ok(Structure::new()
        .with("OrganizationId", &organization.id)
        .with("EnabledFeatures", features.collect::<Vec<_>>()))
}
