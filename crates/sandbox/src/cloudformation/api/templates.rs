//! The template of a request, with its parameters.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::shapes::LONGEST_TEMPLATE;
use super::{invalid, refused};
use crate::cloudformation::stacks::Said;
use crate::cloudformation::{Stack, StackPlace, Template, TemplateError};
use crate::request::{Request, perform_as_administrator_now};
use crate::wire::{Failure, Output, Structure};
use crate::world::World;

/// A template that somebody gave, and what they said about it.
pub(in crate::cloudformation) struct Given {
    pub(in crate::cloudformation) template: Template,
    pub(in crate::cloudformation) said: Said,
}

/// The template that a request names, in whichever way, with what it says about it.
pub(super) fn given(request: &Request<'_>, before: Option<&Said>) -> Result<Given, Failure> {
    let use_previous = request.input.get("UsePreviousTemplate") == Some(&Value::Bool(true));
    let text = match (
        request.text("TemplateBody"),
        request.text("TemplateURL"),
        before.filter(|_| use_previous),
    ) {
        (Some(body), None, None) => {
            if body.len() > LONGEST_TEMPLATE {
                return Err(invalid(format!(
                    "1 validation error detected: Value at 'templateBody' failed to satisfy \
                     constraint: Member must have length less than or equal to {LONGEST_TEMPLATE}"
                )));
            }
            body.to_owned()
        }
        (None, Some(url), None) => from_s3(request.world, request.account(), request.region, url)?,
        (None, None, Some(before)) => before.template.clone(),
        _ => {
            return Err(invalid(
                "Either Template URL or Template Body must be specified.",
            ));
        }
    };
    let template = Template::parse(&text)
        .map_err(|error| invalid(format!("Template format error: {error}")))?;
    let mut parameters = BTreeMap::new();
    for parameter in request.list("Parameters") {
        let text = |member: &str| parameter.get(member).and_then(Value::as_str);
        let key = text("ParameterKey").unwrap_or_default();
        let value = match parameter.get("UsePreviousValue") {
            Some(Value::Bool(true)) => {
                let previous = before.and_then(|before| before.parameters.get(key));
                previous.cloned().ok_or_else(|| {
                    invalid(format!("Invalid input for parameter key {key}. Cannot specify usePreviousValue as true for a parameter key not in the previous template"))
                })?
            }
            _ => text("ParameterValue").unwrap_or_default().to_owned(),
        };
        parameters.insert(key.to_owned(), value);
    }
    let texts = |member: &str| {
        request
            .texts(member)
            .into_iter()
            .map(str::to_owned)
            .collect()
    };
    let tags = request.list("Tags").iter().map(|tag| {
        let text = |member: &str| tag.get(member).and_then(Value::as_str).unwrap_or_default();
        (text("Key").to_owned(), text("Value").to_owned())
    });
    Ok(Given {
        said: Said {
            description: template.description().map(str::to_owned),
            template: text,
            parameters,
            capabilities: texts("Capabilities"),
            tags: tags.collect(),
        },
        template,
    })
}

/// Says what a template asks of who deploys it, if it is one.
pub(crate) fn validate_template(request: &Request<'_>) -> Result<Structure, Failure> {
    let template = given(request, None)?.template;
    let parameters = template.parameters().iter().map(|(name, parameter)| {
        Structure::new()
            .with("ParameterKey", name)
            .with_some("DefaultValue", parameter.default.as_ref())
            .with("NoEcho", false)
            .with("Description", &parameter.description)
            .into()
    });
    let named = template.needs_named_iam();
    let capabilities = named.then(|| vec![Output::from("CAPABILITY_NAMED_IAM")]);
    let reason = "The following resource(s) require capabilities: [AWS::IAM::Role]";
    Ok(Structure::new()
        .with("Parameters", Output::List(parameters.collect()))
        .with_some("Description", template.description())
        .with_some("Capabilities", capabilities)
        .with_some("CapabilitiesReason", named.then_some(reason)))
}

/// Refuses a template with named roles unless the capability was acknowledged.
pub(in crate::cloudformation) fn capable(
    template: &Template,
    capabilities: &[String],
) -> Result<(), Failure> {
    let named = "CAPABILITY_NAMED_IAM";
    if template.needs_named_iam() && !capabilities.iter().any(|one| one == named) {
        return Err(refused(
            "InsufficientCapabilitiesException",
            format!("Requires capabilities : [{named}]"),
        ));
    }
    Ok(())
}

impl Given {
    /// The stack that it becomes.
    pub(in crate::cloudformation) fn stack(&self, place: &StackPlace) -> Result<Stack, Failure> {
        let made = self.template.instantiate(place, &self.said.parameters);
        made.map_err(|error| invalid(service_error(&error)))
    }
}

/// Converts a template error to CloudFormation's message for parameters that do not fit, else to
/// its description.
fn service_error(error: &TemplateError) -> String {
    match error {
        TemplateError::Missing(name) => format!("Parameters: [{name}] must have values"),
        TemplateError::Dangling { place, name } if place == "the parameters" => {
            format!("Parameters: [{name}] do not exist in the template")
        }
        error => format!("Template error: {error}"),
    }
}

/// A template out of a bucket, with the rights of an account's administrator.
pub(in crate::cloudformation) fn from_s3(
    world: &Arc<World>,
    account: &str,
    region: &str,
    url: &str,
) -> Result<String, Failure> {
    let wrong = || invalid("TemplateURL must be a supported URL.");
    let rest = url.strip_prefix("https://").ok_or_else(wrong)?;
    let (host, path) = rest.split_once('/').ok_or_else(wrong)?;
    let (bucket, key) = match host.split_once(".s3.") {
        Some((bucket, _)) => (bucket, path),
        None if host.starts_with("s3.") => path.split_once('/').ok_or_else(wrong)?,
        None => return Err(wrong()),
    };
    let named = host
        .rsplit('.')
        .find(|label| label.split('-').count() > 2 && label.len() < 16);
    let object = serde_json::json!({ "Bucket": bucket, "Key": key });
    let region = named.unwrap_or(region);
    let got = perform_as_administrator_now(world, account, region, ("s3", "GetObject"), object);
    let got = got.map_err(|failure| {
        invalid(format!(
            "S3 error: {}\nFor more information check \
             http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html",
            failure.message
        ))
    })?;
    let body = got.members().find_map(|(_, member)| match member {
        Output::Bytes(body) => String::from_utf8(body.clone()).ok(),
        _ => None,
    });
    body.ok_or_else(|| invalid("Template format error: the template is not UTF-8"))
}
