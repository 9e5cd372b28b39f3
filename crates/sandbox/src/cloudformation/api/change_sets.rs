//! Change sets: what would become of a stack, and making it so.

use std::sync::Arc;

use uuid::Uuid;

use super::{capable, given, invalid, no_such_stack, place, refused};
use crate::cloudformation::change::{Action, Change, changes, outputs};
use crate::cloudformation::execution;
use crate::cloudformation::stacks::{ChangeSet, IN_REVIEW, Record, Said, spawn};
use crate::request::Request;
use crate::wire::{Failure, Output, Structure};

/// The one error that people and tools read for the good news that nothing changes.
const NOTHING: &str = "The submitted information didn't contain changes. Submit different \
                       information to create a change set.";

/// Members of requests that are not modelled.
const NOT_HERE: [&str; 11] = [
    "DeploymentMode",
    "DisableRollback",
    "ImportExistingResources",
    "IncludePropertyValues",
    "NotificationARNs",
    "OnStackFailure",
    "ResourceTypes",
    "ResourcesToImport",
    "RetainExceptOnCreate",
    "RoleARN",
    "RollbackConfiguration",
];

/// Refuses what is not modelled; nobody may take it for done.
pub(super) fn only_what_is_here(request: &Request<'_>, others: &[&str]) -> Result<(), Failure> {
    request.refuse_unmodelled(NOT_HERE.iter().chain(others))
}

pub(crate) fn create_change_set(request: &Request<'_>) -> Result<Structure, Failure> {
    only_what_is_here(request, &[])?;
    let named = request.text("StackName").unwrap_or_default();
    let place = place(request);
    let stacks = &request.world.stacks;
    let known = stacks.find(&place, named);
    let creates = match request.text("ChangeSetType").unwrap_or("UPDATE") {
        "CREATE" => true,
        "UPDATE" => false,
        other => {
            return Err(Failure::not_implemented(format!("change sets to {other}")));
        }
    };
    let before = check(known.as_ref(), creates, request)?;
    let given = given(request, before)?;
    capable(&given.template, &given.said.capabilities)?;
    let target = given.stack(&place)?;
    let record = known.unwrap_or_else(|| stacks.begin(&place, named, request.now));
    let name = request.text("ChangeSetName").unwrap_or_default();
    if record.change_sets.iter().any(|set| set.name == name) {
        return Err(refused(
            "AlreadyExistsException",
            format!("ChangeSet {name} already exists"),
        ));
    }
    let changes = changes(&record.resources, &target);
    let same = changes.is_empty() && !creates && is_same(&record, &given.said, &outputs(&target));
    let set = ChangeSet {
        id: place.arn(
            "cloudformation",
            &format!("changeSet/{name}/{}", Uuid::new_v4()),
        ),
        name: name.to_owned(),
        description: request.text("Description").map(str::to_owned),
        created: request.now,
        execution: if same { "UNAVAILABLE" } else { "AVAILABLE" },
        failed: same.then(|| NOTHING.to_owned()),
        said: given.said,
        changes,
        target,
    };
    let answer = Structure::new()
        .with("Id", &set.id)
        .with("StackId", &record.id);
    let now = request.now;
    stacks.change(&record.id, |record| {
        if record.events.is_empty() {
            record.becomes(IN_REVIEW, Some("User Initiated".to_owned()), now);
        }
        record.change_sets.push(set);
    });
    Ok(answer)
}

/// Returns true if what is said about a stack, apart from its resources, is what was said.
fn is_same(record: &Record, said: &Said, outputs: &[(String, String)]) -> bool {
    record.outputs == outputs && record.said.tags == said.tags
}

/// Returns the record of the stack, if the stack may be created or changed now.
fn check<'a>(
    known: Option<&'a Record>,
    creates: bool,
    request: &Request<'_>,
) -> Result<Option<&'a Said>, Failure> {
    let named = request.text("StackName").unwrap_or_default();
    let name = request.text("ChangeSetName").unwrap_or_default();
    match known {
        None if creates => Ok(None),
        None => Err(invalid(format!("Stack [{named}] does not exist"))),
        Some(record) if creates && record.status != IN_REVIEW => Err(invalid(format!(
            "Stack [{named}] already exists and cannot be created again with the changeSet [{name}]."
        ))),
        Some(record) if !creates && !may_be_updated(record) => Err(invalid(format!(
            "Stack:{} is in {} state and can not be updated.",
            record.id, record.status
        ))),
        Some(record) => Ok(Some(&record.said)),
    }
}

fn may_be_updated(record: &Record) -> bool {
    [
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
    ]
    .contains(&record.status)
}

/// The change set of a request, by its ARN or by its name and its stack's.
fn asked(request: &Request<'_>) -> Result<(Record, ChangeSet), Failure> {
    let named = request.text("ChangeSetName").unwrap_or_default();
    let missing = || {
        let message = format!("ChangeSet [{named}] does not exist");
        Failure::new(hyper::StatusCode::NOT_FOUND, "ChangeSetNotFound", message)
    };
    let record = if named.starts_with("arn:") {
        let place = place(request);
        let records = request.world.stacks.lock();
        let mut here = records.values().filter(|record| record.place == place);
        here.find(|record| record.change_sets.iter().any(|set| set.id == named))
            .cloned()
    } else {
        let stack = request.text("StackName").ok_or_else(|| {
            invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
        })?;
        let found = request.world.stacks.find(&place(request), stack);
        Some(found.ok_or_else(|| no_such_stack_of(stack))?)
    };
    let record = record.ok_or_else(missing)?;
    let mut sets = record.change_sets.iter();
    let set = sets
        .find(|set| set.id == named || set.name == named)
        .cloned();
    Ok((record, set.ok_or_else(missing)?))
}

fn no_such_stack_of(named: &str) -> Failure {
    match named {
        arn if arn.starts_with("arn:") => no_such_stack(arn),
        name => invalid(format!("Stack [{name}] does not exist")),
    }
}

pub(crate) fn describe_change_set(request: &Request<'_>) -> Result<Structure, Failure> {
    only_what_is_here(request, &[])?;
    let (record, set) = asked(request)?;
    let changes = set.changes.iter().map(|change| {
        Structure::new()
            .with("Type", "Resource")
            .with("ResourceChange", described(change))
    });
    let status = if set.failed.is_some() {
        "FAILED"
    } else {
        "CREATE_COMPLETE"
    };
    let answer = Structure::new()
        .with("ChangeSetName", &set.name)
        .with("ChangeSetId", &set.id)
        .with("StackId", &record.id)
        .with("StackName", &record.name)
        .with_some("Description", set.description.as_ref())
        .with("Parameters", parameters(&set.said))
        .with("CreationTime", set.created)
        .with("ExecutionStatus", set.execution)
        .with("Status", status)
        .with_some("StatusReason", set.failed.as_ref())
        .with("NotificationARNs", Vec::<String>::new())
        .with("RollbackConfiguration", Structure::new())
        .with("Capabilities", set.said.capabilities.clone())
        .with("Tags", tags(&set.said));
    let page = super::page(request, "Changes", changes.collect())?;
    let answer = page.members().fold(answer, |answer, (name, member)| {
        answer.with(name, member.clone())
    });
    Ok(answer.with("IncludeNestedStacks", false))
}

fn described(change: &Change) -> Structure {
    let (action, replacement) = match change.action {
        Action::Add => ("Add", None),
        Action::Remove => ("Remove", None),
        Action::Modify { replaced: true } => ("Modify", Some("True")),
        Action::Modify { replaced: false } => ("Modify", Some("False")),
    };
    let policy = match change.action {
        Action::Remove if change.retained => Some("Retain"),
        Action::Remove => Some("Delete"),
        Action::Modify { replaced: true } if change.retained => Some("ReplaceAndRetain"),
        Action::Modify { replaced: true } => Some("ReplaceAndDelete"),
        _ => None,
    };
    let details: Vec<_> = change
        .properties
        .iter()
        .map(|(name, replaced)| {
            let recreation = if *replaced { "Always" } else { "Never" };
            let target = Structure::new()
                .with("Attribute", "Properties")
                .with("Name", name)
                .with("RequiresRecreation", recreation);
            Structure::new()
                .with("Target", target)
                .with("Evaluation", "Static")
                .with("ChangeSource", "DirectModification")
        })
        .collect();
    let scope = if details.is_empty() {
        vec![]
    } else {
        vec!["Properties"]
    };
    Structure::new()
        .with_some("PolicyAction", policy)
        .with("Action", action)
        .with("LogicalResourceId", &change.logical_id)
        .with_some("PhysicalResourceId", change.physical_id.as_ref())
        .with("ResourceType", &change.resource_type)
        .with_some("Replacement", replacement)
        .with("Scope", scope)
        .with("Details", details)
}

pub(in crate::cloudformation) fn parameters(said: &Said) -> Output {
    let parameters = said.parameters.iter().map(|(key, value)| {
        Structure::new()
            .with("ParameterKey", key)
            .with("ParameterValue", value)
            .into()
    });
    Output::List(parameters.collect())
}

pub(super) fn tags(said: &Said) -> Output {
    let tags = said.tags.iter();
    let tags = tags.map(|(key, value)| {
        Structure::new()
            .with("Key", key)
            .with("Value", value)
            .into()
    });
    Output::List(tags.collect())
}

pub(crate) fn execute_change_set(request: &Request<'_>) -> Result<Structure, Failure> {
    only_what_is_here(request, &[])?;
    let (record, set) = asked(request)?;
    if set.execution != "AVAILABLE" || record.is_busy() {
        let status = if set.failed.is_some() {
            "FAILED"
        } else {
            set.execution
        };
        return Err(refused(
            "InvalidChangeSetStatus",
            format!(
                "ChangeSet [{}] cannot be executed in its current status of [{status}]",
                set.id
            ),
        ));
    }
    let creates = record.status == IN_REVIEW;
    let world = Arc::clone(request.world);
    world.stacks.change(&record.id, |record| {
        // The others were made for a stack that is no more.
        record.change_sets.retain(|other| other.id == set.id);
        for executed in &mut record.change_sets {
            executed.execution = "EXECUTE_COMPLETE";
        }
    });
    execution::begin(&world, &record.id, creates, request.now);
    let work = {
        let world = Arc::clone(&world);
        async move {
            // How it ended stands in the stack and its events.
            let _ = execution::execute(&world, &record.id, set.said, set.target).await;
        }
    };
    spawn(&world, work);
    Ok(Structure::new())
}

pub(crate) fn delete_change_set(request: &Request<'_>) -> Result<Structure, Failure> {
    let (record, set) = match asked(request) {
        // What is not there needs no deletion.
        Err(failure) if failure.code == "ChangeSetNotFound" => return Ok(Structure::new()),
        found => found?,
    };
    let stacks = &request.world.stacks;
    stacks.change(&record.id, |record| {
        record.change_sets.retain(|other| other.id != set.id);
    });
    Ok(Structure::new())
}
