//! Operations that somebody orders: instances to be made, changed or deleted, or an
//! operation to be stopped.

use std::sync::Arc;

use hyper::StatusCode;
use serde_json::Value;

use super::api::{asked, asked_operation, no_instance};
use super::operation::jobs;
use super::resource::parameters;
use super::{Action, Group, Operation, Preferences, StackSet, Targets, run};
use crate::cloudformation::api::{invalid, refused};
use crate::request::Request;
use crate::wire::{Failure, Structure};

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
