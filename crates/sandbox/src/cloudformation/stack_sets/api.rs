//! The operations on stack sets.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hyper::StatusCode;
use serde_json::Value;

use super::operation::jobs;
use super::resource::parameters;
use super::{Action, Group, Instance, Operation, PRINCIPAL, Preferences, StackSet, Targets, run};
use crate::cloudformation::api::{invalid, page, refused, said_parameters};
use crate::operations::Needed;
use crate::request::Request;
use crate::wire::{Failure, Output, Shape, Structure};
use crate::world::World;

/// The stack set that a request is about.
pub(crate) fn on_stack_set(request: &Request<'_>) -> Vec<Needed> {
    let named = request.text("StackSetName").unwrap_or_default();
    let found = request.world.stack_sets.find(request.region, named);
    let place = crate::organization::Place {
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

/// Whether an account may administer stack sets for the organization.
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

fn asked(request: &Request<'_>) -> Result<StackSet, Failure> {
    may_administer(request.world, request.account(), request.text("CallAs"))?;
    let named = request.text("StackSetName").unwrap_or_default();
    let sets = &request.world.stack_sets;
    sets.looked_at();
    sets.find(request.region, named).ok_or_else(|| {
        let message = format!("StackSet {named} not found");
        Failure::new(StatusCode::NOT_FOUND, "StackSetNotFoundException", message)
    })
}

fn asked_operation(request: &Request<'_>) -> Result<(StackSet, Operation), Failure> {
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

/// What lists and descriptions of operations share.
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

fn no_instance(set: &StackSet, (account, region): &(String, String)) -> Failure {
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

pub(crate) fn create_stack_instances(request: &Request<'_>) -> Result<Structure, Failure> {
    let set = asked(request)?;
    let group = group(request)?;
    group.check(request.world).map_err(invalid)?;
    let accounts = group.targets.resolve(request.world);
    let answer = begin(request, &set, Action::Create, &group, &accounts)?;
    request.world.stack_sets.change(&set.id, |set| {
        // Who joins later gets what was asked for a whole unit, not for some of it.
        let whole = group.targets.filter.as_deref() != Some("INTERSECTION");
        if whole && !set.groups.contains(&group) {
            set.groups.push(group);
        }
    });
    Ok(answer)
}

pub(crate) fn update_stack_instances(request: &Request<'_>) -> Result<Structure, Failure> {
    existing(request, Action::Update)
}

pub(crate) fn delete_stack_instances(request: &Request<'_>) -> Result<Structure, Failure> {
    existing(request, Action::Delete)
}

/// Begins an operation on instances that are there.
fn existing(request: &Request<'_>, action: Action) -> Result<Structure, Failure> {
    let set = asked(request)?;
    let group = group(request)?;
    let mut accounts = group.targets.resolve(request.world);
    let has_any = |account: &str| set.instances.keys().any(|(other, _)| other == account);
    accounts.retain(|(account, _)| has_any(account));
    if action == Action::Update && accounts.is_empty() {
        let key = ("of these targets".to_owned(), group.regions.join(", "));
        return Err(no_instance(&set, &key));
    }
    begin(request, &set, action, &group, &accounts)
}

/// The accounts and Regions of a request.
fn group(request: &Request<'_>) -> Result<Group, Failure> {
    let targets = request.input.get("DeploymentTargets");
    let targets = targets.filter(|_| request.list("Accounts").is_empty());
    let targets = targets.ok_or_else(|| {
        invalid("StackSets with SERVICE_MANAGED permission model can only have OrganizationalUnit as target")
    })?;
    if targets.get("AccountsUrl").is_some() {
        return Err(Failure::not_implemented(
            "AccountsUrl of deployment targets",
        ));
    }
    Ok(Group {
        targets: Targets::read(targets),
        regions: request
            .texts("Regions")
            .into_iter()
            .map(str::to_owned)
            .collect(),
    })
}

fn begin(
    request: &Request<'_>,
    set: &StackSet,
    action: Action,
    group: &Group,
    accounts: &[(String, String)],
) -> Result<Structure, Failure> {
    let mut operation = Operation::new(action, request.now);
    if let Some(id) = request.text("OperationId") {
        if set.operation(id).is_some() {
            let message = format!("Operation {id} already exists");
            let code = "OperationIdAlreadyExistsException";
            return Err(Failure::new(StatusCode::CONFLICT, code, message));
        }
        id.clone_into(&mut operation.id);
    }
    let preferences = request.input.get("OperationPreferences").cloned();
    operation.preferences = Preferences(preferences.unwrap_or_default());
    operation.targets = group.targets.clone();
    operation.retains = request.input.get("RetainStacks") == Some(&Value::Bool(true));
    operation.overrides = request
        .input
        .get("ParameterOverrides")
        .map(|written| parameters(Some(written)));
    if let Some(unknown) = operation
        .overrides
        .iter()
        .flat_map(|overrides| overrides.keys())
        .find(|key| !set.template.parameters().contains_key(*key))
    {
        return Err(invalid(format!(
            "Parameters: [{unknown}] do not exist in the template"
        )));
    }
    operation.jobs = jobs(accounts, &group.regions, &operation.preferences);
    if action != Action::Create {
        operation.jobs.retain(|job| {
            let key = (job.account.clone(), job.region.clone());
            set.instances.contains_key(&key)
        });
    }
    let answer = Structure::new().with("OperationId", &operation.id);
    let world = Arc::clone(request.world);
    if run::start(&world, &set.id, operation) {
        Ok(answer)
    } else {
        let message = "Another Operation on StackSet is in progress";
        let code = "OperationInProgressException";
        Err(Failure::new(StatusCode::CONFLICT, code, message))
    }
}

pub(crate) fn stop_stack_set_operation(request: &Request<'_>) -> Result<Structure, Failure> {
    let (set, operation) = asked_operation(request)?;
    if operation.is_over() {
        return Err(refused(
            "InvalidOperationException",
            format!(
                "Operation {} is not in a valid state to be stopped",
                operation.id
            ),
        ));
    }
    request.world.stack_sets.change(&set.id, |set| {
        let mut operations = set.operations.iter_mut();
        if let Some(found) = operations.find(|other| other.id == operation.id) {
            found.status = "STOPPING";
        }
    });
    request.world.stack_sets.looked_at();
    Ok(Structure::new())
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

pub(crate) fn describe_organizations_access(request: &Request<'_>) -> Result<Structure, Failure> {
    let enabled = super::has_trusted_access(request.world);
    let status = if enabled { "ENABLED" } else { "DISABLED" };
    Ok(Structure::new().with("Status", status))
}
