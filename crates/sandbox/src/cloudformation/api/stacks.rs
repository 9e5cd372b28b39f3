//! Stacks: looked at, listed, deleted.

use std::sync::Arc;

use super::change_sets::{only_what_is_here, parameters, tags};
use super::{invalid, page, place, stack};
use crate::cloudformation::execution;
use crate::cloudformation::stacks::{DELETED, Event, IN_REVIEW, Record, spawn};
use crate::request::Request;
use crate::wire::{Failure, Output, Structure};

pub(crate) fn describe_stacks(request: &Request<'_>) -> Result<Structure, Failure> {
    let found = match request.text("StackName") {
        Some(_) => vec![stack(request)?],
        None => here(request, |record| record.status != DELETED),
    };
    page(request, "Stacks", found.iter().map(described).collect())
}

/// The stacks of the account and Region that are asked, the newest first.
fn here(request: &Request<'_>, wanted: impl Fn(&Record) -> bool) -> Vec<Record> {
    let place = place(request);
    let records = request.world.stacks.lock();
    let here = records.values().filter(|record| record.place == place);
    let mut here: Vec<_> = here.filter(|record| wanted(record)).cloned().collect();
    here.sort_by(|one, other| {
        other
            .created
            .cmp(&one.created)
            .then(one.name.cmp(&other.name))
    });
    here
}

fn described(record: &Record) -> Structure {
    let outputs = record.outputs.iter().map(|(key, value)| {
        Structure::new()
            .with("OutputKey", key)
            .with("OutputValue", value)
            .into()
    });
    Structure::new()
        .with("StackId", &record.id)
        .with("StackName", &record.name)
        .with_some("Description", record.said.description.as_ref())
        .with("Parameters", parameters(&record.said))
        .with("CreationTime", record.created)
        .with_some("DeletionTime", record.deleted)
        .with_some("LastUpdatedTime", record.updated)
        .with("RollbackConfiguration", Structure::new())
        .with("StackStatus", record.status)
        .with_some("StackStatusReason", record.reason.as_ref())
        .with("DisableRollback", false)
        .with("NotificationARNs", Vec::<String>::new())
        .with("Capabilities", record.said.capabilities.clone())
        .with("Outputs", Output::List(outputs.collect()))
        .with("Tags", tags(&record.said))
        .with("EnableTerminationProtection", false)
        .with(
            "DriftInformation",
            Structure::new().with("StackDriftStatus", "NOT_CHECKED"),
        )
}

pub(crate) fn describe_stack_events(request: &Request<'_>) -> Result<Structure, Failure> {
    let record = stack(request)?;
    let event = |event: &Event| {
        Structure::new()
            .with("StackId", &record.id)
            .with("EventId", &event.id)
            .with("StackName", &record.name)
            .with("LogicalResourceId", &event.logical_id)
            .with("PhysicalResourceId", &event.physical_id)
            .with("ResourceType", &event.resource_type)
            .with("Timestamp", event.at)
            .with("ResourceStatus", &event.status)
            .with_some("ResourceStatusReason", event.reason.as_ref())
    };
    let newest_first = record.events.iter().rev().map(event);
    page(request, "StackEvents", newest_first.collect())
}

pub(crate) fn list_stacks(request: &Request<'_>) -> Result<Structure, Failure> {
    let statuses = request.texts("StackStatusFilter");
    let wanted = |record: &Record| statuses.is_empty() || statuses.contains(&record.status);
    let listed = here(request, wanted).into_iter().map(|record| {
        Structure::new()
            .with("StackId", record.id)
            .with("StackName", record.name)
            .with_some("TemplateDescription", record.said.description)
            .with("CreationTime", record.created)
            .with_some("LastUpdatedTime", record.updated)
            .with_some("DeletionTime", record.deleted)
            .with("StackStatus", record.status)
            .with_some("StackStatusReason", record.reason)
            .with(
                "DriftInformation",
                Structure::new().with("StackDriftStatus", "NOT_CHECKED"),
            )
    });
    page(request, "StackSummaries", listed.collect())
}

pub(crate) fn get_template(request: &Request<'_>) -> Result<Structure, Failure> {
    only_what_is_here(request, &["ChangeSetName"])?;
    if request.text("StackName").is_none() {
        return Err(invalid(
            "Either StackName or ChangeSetName must be specified.",
        ));
    }
    let record = stack(request)?;
    if record.said.template.is_empty() {
        return Err(invalid(format!(
            "Stack {} has no template yet",
            record.name
        )));
    }
    Ok(Structure::new()
        .with("TemplateBody", record.said.template)
        .with("StagesAvailable", vec!["Original", "Processed"]))
}

pub(crate) fn delete_stack(request: &Request<'_>) -> Result<Structure, Failure> {
    only_what_is_here(request, &["RetainResources", "DeletionMode"])?;
    let named = request.text("StackName").unwrap_or_default();
    let world = Arc::clone(request.world);
    let found = world.stacks.find(&place(request), named);
    // What is not there needs no deletion.
    let Some(record) = found.filter(|record| record.status != DELETED) else {
        return Ok(Structure::new());
    };
    if record.is_busy() {
        return Err(invalid(format!(
            "Stack [{}] cannot be deleted while in status {}",
            record.id, record.status
        )));
    }
    let now = request.now;
    world.stacks.change(&record.id, |record| {
        record.change_sets.clear();
        if record.status == IN_REVIEW {
            record.deleted = Some(now);
            record.becomes(DELETED, None, now);
        } else {
            let why = Some("User Initiated".to_owned());
            record.becomes("DELETE_IN_PROGRESS", why, now);
        }
    });
    if record.status != IN_REVIEW {
        let work = {
            let world = Arc::clone(&world);
            async move {
                // How it ended stands in the stack and its events.
                let _ = execution::delete(&world, &record.id).await;
            }
        };
        spawn(&world, work);
    }
    Ok(Structure::new())
}
