//! Descriptions and lists of stack sets, and who may read them.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use hyper::StatusCode;
use serde_json::Value;

use super::{Instance, Operation, PRINCIPAL, StackSet};
use crate::cloudformation::api::{invalid, page, refused, said_parameters};
use crate::operations::Needed;
use crate::request::Request;
use crate::wire::{Failure, Output, Shape, Structure};
use crate::world::World;

/// The stack set that a request is about.
pub(crate) fn on_stack_set(request: &Request<'_>) -> Vec<Needed> {
    let named = request.text("StackSetName").unwrap_or_default();
    let found = request.world.stack_sets.find(request.region, named);
    let place = crate::organization::AccountRegion {
        account: request
            .world
            .organization
            .management_account()
            .unwrap_or_default(),
        ..request.place()
    };
    let arn = found.map_or_else(
        || place.arn("cloudformation", &format!("stackset/{named}:*")),
        |set| set.arn(request.world),
    );
    // Stack sets of the organization are asked about in one's own account.
    let needed = Needed::on(request, arn.replace(place.account, request.account()));
    vec![needed]
}

/// Returns whether an account may administer stack sets for the organization.
pub(super) fn may_administer(
    world: &World,
    account: &str,
    call_as: Option<&str>,
) -> Result<(), Failure> {
    let organization = &world.organization;
    let management = organization.management_account() == Some(account);
    let mut delegated = organization.delegated_administrators.iter();
    let delegated = delegated.any(|one| one.account == account && one.service == PRINCIPAL);
    let may = match call_as {
        Some("DELEGATED_ADMIN") => delegated,
        _ => management,
    };
    if !may {
        return Err(invalid(
            "You must be the management account or delegated admin account of an organization \
             before operating a SERVICE_MANAGED stack set",
        ));
    }
    if !super::has_trusted_access(world) {
        return Err(invalid(
            "You must enable organizations access to operate a service managed stack set",
        ));
    }
    Ok(())
}

pub(super) fn asked(request: &Request<'_>) -> Result<StackSet, Failure> {
    may_administer(request.world, request.account(), request.text("CallAs"))?;
    let named = request.text("StackSetName").unwrap_or_default();
    let sets = &request.world.stack_sets;
    sets.looked_at();
    sets.find(request.region, named).ok_or_else(|| {
        let message = format!("StackSet {named} not found");
        Failure::new(StatusCode::NOT_FOUND, "StackSetNotFoundException", message)
    })
}

pub(super) fn asked_operation(request: &Request<'_>) -> Result<(StackSet, Operation), Failure> {
    let set = asked(request)?;
    let id = request.text("OperationId").unwrap_or_default();
    let operation = set.operation(id).cloned().ok_or_else(|| {
        let message = format!("Operation {id} not found");
        Failure::new(StatusCode::NOT_FOUND, "OperationNotFoundException", message)
    })?;
    Ok((set, operation))
}

pub(crate) fn list_stack_sets(request: &Request<'_>) -> Result<Structure, Failure> {
    may_administer(request.world, request.account(), request.text("CallAs"))?;
    let sets = &request.world.stack_sets;
    sets.looked_at();
    // Those that were deleted are forgotten at once.
    let deleted = request.text("Status") == Some("DELETED");
    let listed: Vec<_> = sets
        .lock()
        .values()
        .filter(|set| set.region == request.region && !deleted)
        .map(|set| {
            Structure::new()
                .with("StackSetName", &set.name)
                .with("StackSetId", &set.id)
                .with_some("Description", set.description.as_ref())
                .with("Status", "ACTIVE")
                .with("AutoDeployment", auto_deployment(set))
                .with("PermissionModel", "SERVICE_MANAGED")
                .with("DriftStatus", "NOT_CHECKED")
                .with(
                    "ManagedExecution",
                    Structure::new().with("Active", set.managed),
                )
        })
        .collect();
    page(request, "Summaries", listed)
}

fn auto_deployment(set: &StackSet) -> Structure {
    let depends_on = &set.auto.depends_on;
    Structure::new()
        .with("Enabled", set.auto.enabled)
        .with("RetainStacksOnAccountRemoval", set.auto.retains)
        .with_some(
            "DependsOn",
            (!depends_on.is_empty()).then(|| depends_on.clone()),
        )
}

pub(crate) fn describe_stack_set(request: &Request<'_>) -> Result<Structure, Failure> {
    let set = asked(request)?;
    let unique = |texts: Vec<String>| -> Vec<String> {
        let texts: BTreeSet<_> = texts.into_iter().collect();
        texts.into_iter().collect()
    };
    let units = set
        .groups
        .iter()
        .flat_map(|group| group.targets.units.clone());
    let regions = set.instances.keys().map(|(_, region)| region.clone());
    let described = Structure::new()
        .with("StackSetName", &set.name)
        .with("StackSetId", &set.id)
        .with_some("Description", set.description.as_ref())
        .with("Status", "ACTIVE")
        .with("TemplateBody", &set.said.template)
        .with("Parameters", said_parameters(&set.said))
        .with("Capabilities", set.said.capabilities.clone())
        .with("Tags", Vec::<String>::new())
        .with("StackSetARN", set.arn(request.world))
        .with("AutoDeployment", auto_deployment(&set))
        .with("PermissionModel", "SERVICE_MANAGED")
        .with("OrganizationalUnitIds", unique(units.collect()))
        .with(
            "ManagedExecution",
            Structure::new().with("Active", set.managed),
        )
        .with("Regions", unique(regions.collect()));
    Ok(Structure::new().with("StackSet", described))
}

pub(crate) fn list_stack_set_operations(request: &Request<'_>) -> Result<Structure, Failure> {
    let set = asked(request)?;
    // The newest first.
    let listed =
        set.operations.iter().rev().map(|operation| {
            summary(operation).with("OperationPreferences", preferences(operation))
        });
    page(request, "Summaries", listed.collect())
}

/// Returns the members that lists and descriptions of operations share.
fn summary(operation: &Operation) -> Structure {
    let failed = i64::try_from(operation.failures(None)).unwrap_or(i64::MAX);
    Structure::new()
        .with("OperationId", &operation.id)
        .with("Action", operation.action.name())
        .with("Status", operation.status)
        .with("CreationTimestamp", operation.created)
        .with_some("EndTimestamp", operation.ended)
        .with_some("StatusReason", operation.reason.as_ref())
        .with(
            "StatusDetails",
            Structure::new().with("FailedStackInstancesCount", failed),
        )
}

fn preferences(operation: &Operation) -> Structure {
    const SHAPE: &Shape = &super::shapes::PREFERENCES;
    // What came out of a template has its numbers as texts.
    let normal = SHAPE.check(crate::wire::Protocol::AwsQuery, &operation.preferences.0);
    SHAPE.structure(&normal.unwrap_or_default())
}

pub(crate) fn describe_stack_set_operation(request: &Request<'_>) -> Result<Structure, Failure> {
    let (set, operation) = asked_operation(request)?;
    let targets = &operation.targets;
    let targets = Structure::new()
        .with("Accounts", targets.accounts.clone())
        .with("OrganizationalUnitIds", targets.units.clone())
        .with_some("AccountFilterType", targets.filter.as_ref());
    let described = summary(&operation)
        .with("StackSetId", &set.id)
        .with("OperationPreferences", preferences(&operation))
        .with("RetainStacks", operation.retains)
        .with("DeploymentTargets", targets);
    Ok(Structure::new().with("StackSetOperation", described))
}

/// The value that a filter of a request asks for.
fn filter<'a>(request: &'a Request<'_>, name: &str) -> Option<&'a str> {
    let text = |filter: &'a Value, member: &str| filter.get(member).and_then(Value::as_str);
    let mut filters = request.list("Filters").iter();
    let filter = filters.find(|filter| text(filter, "Name") == Some(name))?;
    text(filter, "Values")
}

pub(crate) fn list_stack_set_operation_results(
    request: &Request<'_>,
) -> Result<Structure, Failure> {
    let (_, operation) = asked_operation(request)?;
    let wanted = filter(request, "OPERATION_RESULT_STATUS");
    let jobs = operation.jobs.iter();
    let listed = jobs
        .filter(|job| wanted.is_none_or(|wanted| job.status == wanted))
        .map(|job| {
            let gate = Structure::new().with("Status", "SKIPPED").with(
                "StatusReason",
                format!(
                    "Function not found: arn:aws:lambda:{}:{}:function:AWSCloudFormationStackSetAccountGate",
                    job.region, job.account
                ),
            );
            Structure::new()
                .with("Account", &job.account)
                .with("Region", &job.region)
                .with("Status", job.status)
                .with_some("StatusReason", job.reason.as_ref())
                .with("AccountGateResult", gate)
                .with("OrganizationalUnitId", &job.unit)
        });
    page(request, "Summaries", listed.collect())
}

pub(crate) fn list_stack_instances(request: &Request<'_>) -> Result<Structure, Failure> {
    let set = asked(request)?;
    if filter(request, "DRIFT_STATUS").is_some() {
        return Err(Failure::not_implemented("drift of stack instances"));
    }
    let fits = |wanted: Option<&str>, value: &str| wanted.is_none_or(|wanted| wanted == value);
    let listed = set
        .instances
        .iter()
        .filter(|((account, region), instance)| {
            fits(filter(request, "DETAILED_STATUS"), instance.detailed)
                && fits(filter(request, "LAST_OPERATION_ID"), &instance.operation)
                && fits(request.text("StackInstanceAccount"), account)
                && fits(request.text("StackInstanceRegion"), region)
        });
    let listed = listed.map(|(key, instance)| described(&set, key, instance));
    page(request, "Summaries", listed.collect())
}

fn described(set: &StackSet, (account, region): &(String, String), one: &Instance) -> Structure {
    let status = Structure::new().with("DetailedStatus", one.detailed);
    Structure::new()
        .with("StackSetId", &set.id)
        .with("Region", region)
        .with("Account", account)
        .with_some("StackId", one.stack.as_ref())
        .with("Status", one.status)
        .with_some("StatusReason", one.reason.as_ref())
        .with("StackInstanceStatus", status)
        .with("OrganizationalUnitId", &one.unit)
        .with("DriftStatus", "NOT_CHECKED")
        .with("LastOperationId", &one.operation)
}

pub(crate) fn describe_stack_instance(request: &Request<'_>) -> Result<Structure, Failure> {
    let set = asked(request)?;
    let text = |member: &str| request.text(member).unwrap_or_default().to_owned();
    let key = (text("StackInstanceAccount"), text("StackInstanceRegion"));
    let instance = set
        .instances
        .get(&key)
        .ok_or_else(|| no_instance(&set, &key))?;
    let overrides = instance.overrides.iter().map(|(key, value)| {
        Structure::new()
            .with("ParameterKey", key)
            .with("ParameterValue", value)
            .into()
    });
    let described = described(&set, &key, instance)
        .with("ParameterOverrides", Output::List(overrides.collect()));
    Ok(Structure::new().with("StackInstance", described))
}

pub(super) fn no_instance(set: &StackSet, (account, region): &(String, String)) -> Failure {
    let message = format!(
        "Stack instance for stack set {}, account {account} and region {region} not found",
        set.id
    );
    Failure::new(
        StatusCode::NOT_FOUND,
        "StackInstanceNotFoundException",
        message,
    )
}

pub(crate) fn activate_organizations_access(request: &Request<'_>) -> Result<Structure, Failure> {
    if request.world.organization.management_account() != Some(request.account()) {
        return Err(refused(
            "InvalidOperationException",
            "Only the management account can activate organizations access.",
        ));
    }
    let activated = &request.world.stack_sets.activated;
    activated.store(true, Ordering::Relaxed);
    Ok(Structure::new())
}

#[expect(clippy::unnecessary_wraps, reason = "handlers are of one type")]
pub(crate) fn describe_organizations_access(request: &Request<'_>) -> Result<Structure, Failure> {
    let enabled = super::has_trusted_access(request.world);
    let status = if enabled { "ENABLED" } else { "DISABLED" };
    Ok(Structure::new().with("Status", status))
}
