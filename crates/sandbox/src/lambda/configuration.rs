//! Configuration of a function, as Lambda describes it.

use super::policy::{FUNCTION_NAME, QUALIFIER, find, named, no_function};
use crate::request::Request;
use crate::wire::{Failure, Shape, Structure};

pub(crate) const GET_CONFIGURATION: Shape = Shape::Structure(&[FUNCTION_NAME, QUALIFIER]);

pub(crate) fn get_function_configuration(request: &Request<'_>) -> Result<Structure, Failure> {
    let (account, arn) = named(request)?;
    let function = find(request, &account, &arn).ok_or_else(|| no_function(&arn))?;
    Ok(Structure::new()
        .with_some("FunctionName", function.text("FunctionName"))
        .with("FunctionArn", arn)
        .with("State", function.text("State").unwrap_or("Active"))
        .with_some("CodeSha256", function.text("CodeSha256"))
        .with_some("RevisionId", function.text("RevisionId")))
}
