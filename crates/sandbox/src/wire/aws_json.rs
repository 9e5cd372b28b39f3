//! awsJson 1.0 and 1.1: the operation is in `X-Amz-Target`, times are seconds since
//! 1970, bytes are base64.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use super::{Asked, Failure, Output, Structure};

pub(super) fn read(parts: &Parts, body: &Bytes) -> Result<Asked, Failure> {
    let target = parts
        .headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .and_then(|target| target.rsplit_once('.'));
    let Some((_, operation)) = target else {
        return Err(Failure::new(
            StatusCode::BAD_REQUEST,
            "UnknownOperationException",
            "",
        ));
    };
    let input = if body.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(body).map_err(|error| {
            Failure::new(
                StatusCode::BAD_REQUEST,
                "SerializationException",
                error.to_string(),
            )
        })?
    };
    Ok(Asked {
        operation: operation.to_owned(),
        input,
    })
}

pub(super) fn answer(output: &Structure) -> Vec<u8> {
    structure(output).to_string().into_bytes()
}

pub(super) fn failure(failure: &Failure) -> Vec<u8> {
    let body = json!({ "__type": failure.code, "message": failure.message });
    body.to_string().into_bytes()
}

fn value(output: &Output) -> Value {
    match output {
        Output::String(text) => json!(text),
        Output::Integer(number) => json!(number),
        Output::Float(number) => json!(number),
        Output::Boolean(flag) => json!(flag),
        Output::Timestamp(time) => json!(time.epoch_seconds()),
        Output::Bytes(bytes) => json!(BASE64_STANDARD.encode(bytes)),
        Output::List(items) => items.iter().map(value).collect(),
        Output::Map(entries) => entries
            .iter()
            .map(|(key, entry)| (key.clone(), value(entry)))
            .collect(),
        Output::Structure(members) => structure(members),
    }
}

fn structure(members: &Structure) -> Value {
    members
        .members()
        .map(|(name, member)| ((*name).to_owned(), value(member)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::output::every_kind;

    #[test]
    fn every_kind_of_value_has_its_json_form() {
        let output = every_kind("Größe \"✓\"");
        let written: Value = serde_json::from_slice(&answer(&output)).unwrap();
        assert_eq!(
            written,
            json!({
                "Text": "Größe \"✓\"", "Number": 7, "Fraction": 0.5, "Flag": true, "Time": 1_700_000_000.123,
                "Blob": "YSxi", "List": ["a", "b"], "Map": { "key": 1 },
            })
        );
    }
}
