//! Systems Manager: the texts of the Parameter Store.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hyper::StatusCode;
use serde_json::Value;

use crate::Timestamp;
use crate::operations::Needed;
use crate::regional;
use crate::request::Request;
use crate::wire::{
    Allowed, Failure, Shape, Structure, consists_of_word_and, list, member, one_of, required, text,
    text_of,
};

const NAME: Shape = text(1, 2048);

const TAG_TEXT: Shape = text(0, 256);

pub(crate) const PUT_PARAMETER: Shape = Shape::Structure(&[
    required("Name", NAME),
    member("Description", text(0, 1024)),
    required("Value", text(0, usize::MAX)),
    member("Type", one_of(&["String", "StringList", "SecureString"])),
    member(
        "KeyId",
        text_of(
            Allowed::Pattern("^([a-zA-Z0-9:/_-]+)$", |text| {
                consists_of_word_and(":/-", text)
            }),
            1,
            256,
        ),
    ),
    member("Overwrite", Shape::Boolean),
    member("AllowedPattern", text(0, 1024)),
    member(
        "Tags",
        list(
            &Shape::Structure(&[required("Key", text(1, 128)), required("Value", TAG_TEXT)]),
            0,
            1000,
        ),
    ),
    member(
        "Tier",
        one_of(&["Standard", "Advanced", "Intelligent-Tiering"]),
    ),
    member("Policies", text(1, 4096)),
    member("DataType", text(0, 128)),
]);

pub(crate) const GET_PARAMETER: Shape = Shape::Structure(&[
    required("Name", NAME),
    member("WithDecryption", Shape::Boolean),
]);

/// Members of parameters that are not modelled here.
const NOT_HERE: [&str; 5] = ["KeyId", "AllowedPattern", "Tags", "Policies", "DataType"];

/// The longest value of a standard parameter.
const LONGEST: usize = 4096;

/// A parameter as it is now.
#[derive(Clone, Debug)]
struct Parameter {
    value: String,
    version: i64,
    modified: Timestamp,
}

/// The parameters of all accounts and Regions, by their ARNs.
#[derive(Debug, Default)]
pub(crate) struct Parameters(Mutex<BTreeMap<String, Parameter>>);

impl Parameters {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Parameter>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of every parameter, by ARN.
    pub(crate) fn values(&self) -> BTreeMap<String, String> {
        let parameters = self.lock();
        let values = parameters.iter();
        values
            .map(|(arn, parameter)| (arn.clone(), parameter.value.clone()))
            .collect()
    }
}

/// The ARN of the parameter that a request is about. The slash that a hierarchy begins
/// with is the ARN's own.
fn arn(request: &Request<'_>) -> String {
    let name = request.text("Name").unwrap_or_default();
    let name = name.strip_prefix('/').unwrap_or(name);
    regional::place(request).arn("ssm", &format!("parameter/{name}"))
}

pub(crate) fn parameter(request: &Request<'_>) -> Vec<Needed> {
    vec![Needed::on(request, arn(request))]
}

pub(crate) fn put_parameter(request: &Request<'_>) -> Result<Structure, Failure> {
    let given = |member: &str| request.input.get(member);
    let is_text = request.text("Type").unwrap_or("String") == "String";
    let is_standard = request.text("Tier").unwrap_or("Standard") == "Standard";
    if !is_text || !is_standard || NOT_HERE.iter().any(|member| given(member).is_some()) {
        return Err(Failure::not_implemented(
            "parameters that are more than a standard text",
        ));
    }
    let (name, value) = (
        request.text("Name").unwrap_or_default(),
        request.text("Value").unwrap_or_default(),
    );
    if !consists_of_word_and(".-/", name) || (name.contains('/') && !name.starts_with('/')) {
        return Err(invalid("Parameter name: can't be this."));
    }
    if value.is_empty() || value.chars().count() > LONGEST {
        return Err(invalid(
            "Standard tier parameters support 1 to 4096 characters.",
        ));
    }
    let mut parameters = request.world.parameters.lock();
    let before = parameters.get(&arn(request));
    let overwrite = given("Overwrite").and_then(Value::as_bool) == Some(true);
    if before.is_some() && !overwrite {
        return Err(refused(
            "ParameterAlreadyExists",
            "The parameter already exists. To overwrite this value, set the overwrite option \
             in the request to true.",
        ));
    }
    if before.is_none() && given("Type").is_none() {
        return Err(invalid(
            "A parameter type is required when you create a parameter.",
        ));
    }
    let version = before.map_or(1, |before| before.version + 1);
    parameters.insert(
        arn(request),
        Parameter {
            value: value.to_owned(),
            version,
            modified: request.now,
        },
    );
    Ok(Structure::new()
        .with("Version", version)
        .with("Tier", "Standard"))
}

pub(crate) fn get_parameter(request: &Request<'_>) -> Result<Structure, Failure> {
    let name = request.text("Name").unwrap_or_default();
    let parameters = request.world.parameters.lock();
    let found = parameters.get(&arn(request));
    let found = found.ok_or_else(|| refused("ParameterNotFound", ""))?;
    Ok(Structure::new().with(
        "Parameter",
        Structure::new()
            .with("Name", name)
            .with("Type", "String")
            .with("Value", &found.value)
            .with("Version", found.version)
            .with("LastModifiedDate", found.modified)
            .with("ARN", arn(request))
            .with("DataType", "text"),
    ))
}

fn invalid(message: &str) -> Failure {
    refused("ValidationException", message)
}

fn refused(code: &'static str, message: &str) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, code, message)
}
