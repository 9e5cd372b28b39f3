//! rpc-v2-cbor: the operation is in the path, times are numbers with tag 1, bytes are
//! byte strings.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ciborium::Value as Cbor;
use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::http::request::Parts;
use serde_json::{Number, Value, json};

use super::{Asked, Failure, Output, Structure};

/// Value of the header `smithy-protocol`, in both directions.
pub(super) const NAME: &str = "rpc-v2-cbor";

/// The tag of points in time: seconds since 1970.
const TIME: u64 = 1;

pub(super) fn is_spoken(parts: &Parts) -> bool {
    parts
        .headers
        .get("smithy-protocol")
        .is_some_and(|name| name == NAME)
}

/// The path is `/service/SERVICE/operation/OPERATION`.
pub(super) fn read(parts: &Parts, body: &Bytes) -> Result<Asked, Failure> {
    let malformed =
        |message: String| Failure::new(StatusCode::BAD_REQUEST, "SerializationException", message);
    let operation = parts.uri.path().rsplit_once("/operation/");
    let Some((_, operation)) = operation else {
        return Err(Failure::new(
            StatusCode::NOT_FOUND,
            "UnknownOperationException",
            "",
        ));
    };
    let input = if body.is_empty() {
        json!({})
    } else {
        let read: Cbor =
            ciborium::from_reader(body.as_ref()).map_err(|error| malformed(error.to_string()))?;
        plain(read).ok_or_else(|| malformed("a value that JSON does not have".to_owned()))?
    };
    Ok(Asked {
        operation: operation.to_owned(),
        input,
    })
}

/// The value as JSON has it: times in seconds, bytes in base64.
fn plain(value: Cbor) -> Option<Value> {
    Some(match value {
        Cbor::Integer(number) => {
            let number = i128::from(number);
            Value::from(i64::try_from(number).ok()?)
        }
        Cbor::Float(number) => Number::from_f64(number)?.into(),
        Cbor::Text(text) => text.into(),
        Cbor::Bytes(bytes) => BASE64_STANDARD.encode(bytes).into(),
        Cbor::Bool(flag) => flag.into(),
        Cbor::Null => Value::Null,
        Cbor::Tag(_, tagged) => plain(*tagged)?,
        Cbor::Array(items) => items.into_iter().map(plain).collect::<Option<_>>()?,
        Cbor::Map(entries) => entries
            .into_iter()
            .map(|(key, entry)| Some((key.into_text().ok()?, plain(entry)?)))
            .collect::<Option<_>>()?,
        _ => return None,
    })
}

pub(super) fn answer(output: &Structure) -> Vec<u8> {
    written(&structure(output))
}

pub(super) fn failure(failure: &Failure) -> Vec<u8> {
    let error = Structure::new()
        .with("__type", failure.code.as_ref())
        .with("message", failure.message.as_str());
    answer(&error)
}

fn written(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory fails only where a value cannot be CBOR, and ours all can.
    let _ = ciborium::into_writer(value, &mut bytes);
    bytes
}

fn value(output: &Output) -> Cbor {
    match output {
        Output::String(text) => Cbor::Text(text.clone()),
        Output::Integer(number) => Cbor::Integer((*number).into()),
        Output::Float(number) => Cbor::Float(*number),
        Output::Boolean(flag) => Cbor::Bool(*flag),
        Output::Timestamp(time) => Cbor::Tag(TIME, Box::new(Cbor::Float(time.epoch_seconds()))),
        Output::Bytes(bytes) => Cbor::Bytes(bytes.clone()),
        Output::List(items) => Cbor::Array(items.iter().map(value).collect()),
        Output::Map(entries) => Cbor::Map(
            entries
                .iter()
                .map(|(key, entry)| (Cbor::Text(key.clone()), value(entry)))
                .collect(),
        ),
        Output::Structure(members) => structure(members),
    }
}

fn structure(members: &Structure) -> Cbor {
    let members = members.members();
    Cbor::Map(
        members
            .map(|(name, member)| (Cbor::Text((*name).to_owned()), value(member)))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::wire::output::every_kind;

    #[test]
    fn what_is_written_can_be_read() {
        let output = every_kind("Größe ✓");
        let read: Cbor = ciborium::from_reader(answer(&output).as_slice()).unwrap();
        assert_eq!(
            plain(read).unwrap(),
            json!({
                "Text": "Größe ✓", "Number": 7, "Fraction": 0.5, "Flag": true,
                "Time": 1_700_000_000.123, "Blob": "YSxi", "List": ["a", "b"],
                "Map": { "key": 1 },
            })
        );
    }

    #[test]
    fn times_have_their_tag() {
        let time = value(&Output::Timestamp(Timestamp::from_millis(1_500)));
        assert_eq!(time, Cbor::Tag(1, Box::new(Cbor::Float(1.5))));
    }
}
