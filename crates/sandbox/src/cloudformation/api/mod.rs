//! The operations of CloudFormation.

mod change_sets;
pub(super) mod shapes;
mod stacks;
mod templates;

use hyper::StatusCode;

use super::StackPlace;
use super::stacks::Record;
use crate::operations::Needed;
use crate::paging::Page;
use crate::request::Request;
use crate::wire::{Failure, Structure};

pub(super) use change_sets::parameters as said_parameters;
pub(crate) use change_sets::{
    create_change_set, delete_change_set, describe_change_set, execute_change_set,
};
pub(crate) use shapes::{
    CREATE_CHANGE_SET, DELETE_STACK, DESCRIBE_CHANGE_SET, DESCRIBE_EVENTS, DESCRIBE_STACKS,
    EXECUTE_CHANGE_SET, GET_TEMPLATE, LIST_STACKS, OF_CHANGE_SET, VALIDATE_TEMPLATE,
};
pub(crate) use stacks::{
    delete_stack, describe_stack_events, describe_stacks, get_template, list_stacks,
};
use templates::given;
pub(crate) use templates::validate_template;
pub(super) use templates::{capable, from_s3};

/// The stack that a request is about.
pub(crate) fn on_stack(request: &Request<'_>) -> Vec<Needed> {
    let named = request.text("StackName").or(request.text("ChangeSetName"));
    let resource = match named {
        None => "*".to_owned(),
        Some(arn) if arn.starts_with("arn:") => {
            // Of a change set, its stack is not known before somebody looks.
            if arn.contains(":changeSet/") {
                "*".to_owned()
            } else {
                crate::operations::resource_named(arn).to_owned()
            }
        }
        Some(name) => {
            let known = request.world.stacks.find(&place(request), name);
            known.map_or_else(
                || place(request).arn("cloudformation", &format!("stack/{name}/*")),
                |record| record.id,
            )
        }
    };
    vec![Needed::on(request, resource)]
}

/// Returns the account and Region of the stacks that a request is about.
fn place(request: &Request<'_>) -> StackPlace {
    StackPlace {
        partition: request.partition().name().to_owned(),
        account: request.account().to_owned(),
        region: request.region.to_owned(),
    }
}

/// The stack of the request's `StackName`.
fn stack(request: &Request<'_>) -> Result<Record, Failure> {
    let named = request.text("StackName").unwrap_or_default();
    let found = request.world.stacks.find(&place(request), named);
    found.ok_or_else(|| no_such_stack(named))
}

fn no_such_stack(named: &str) -> Failure {
    invalid(format!("Stack with id {named} does not exist"))
}

pub(super) fn invalid(message: impl Into<String>) -> Failure {
    refused("ValidationError", message)
}

pub(super) fn refused(code: &'static str, message: impl Into<String>) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, code, message)
}

/// A page of a list.
pub(super) fn page(
    request: &Request<'_>,
    name: &'static str,
    items: Vec<Structure>,
) -> Result<Structure, Failure> {
    let size = request.size("MaxResults").unwrap_or(100);
    let page = Page::cut(request, items, request.text("NextToken"), size)
        .ok_or_else(|| invalid("The specified NextToken is not valid."))?;
    Ok(Structure::new()
        .with(name, page.items)
        .with_some("NextToken", page.next))
}
