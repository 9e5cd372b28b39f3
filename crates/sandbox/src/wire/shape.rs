//! Shapes of operations' inputs, as in AWS's own models.
//!
//! One check for all operations and protocols: required members, lengths, ranges,
//! allowed values. What passes is normalised: form data has only strings, so numbers
//! and flags become such here, and times become seconds since 1970.

use serde_json::{Map, Number, Value};

use super::{Failure, Output, Protocol, Structure};
use crate::Timestamp;

/// The shape of a value of the input.
#[derive(Debug)]
pub(crate) enum Shape {
    Text {
        min: usize,
        max: usize,
        allowed: Allowed,
    },
    Integer {
        min: i64,
        max: i64,
    },
    Float,
    Boolean,
    Timestamp,
    List {
        of: &'static Shape,
        min: usize,
        max: usize,
    },
    /// By names.
    Map(&'static Shape),
    Structure(&'static [Member]),
    /// Any value that the sandbox does not model: stored unchanged, and no part of an answer.
    Any,
}

/// Allowed texts.
#[derive(Debug)]
pub(crate) enum Allowed {
    Any,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// Texts that fit a pattern; the words are AWS's.
    Pattern(&'static str, fn(&str) -> bool),
}

/// A member of a structure.
#[derive(Debug)]
pub(crate) struct Member {
    name: &'static str,
    shape: Shape,
    required: bool,
}

pub(crate) const fn required(name: &'static str, shape: Shape) -> Member {
    Member {
        name,
        shape,
        required: true,
    }
}

pub(crate) const fn member(name: &'static str, shape: Shape) -> Member {
    Member {
        name,
        shape,
        required: false,
    }
}

pub(crate) const fn text(min: usize, max: usize) -> Shape {
    text_of(Allowed::Any, min, max)
}

pub(crate) const fn text_of(allowed: Allowed, min: usize, max: usize) -> Shape {
    Shape::Text { min, max, allowed }
}

pub(crate) const fn one_of(values: &'static [&'static str]) -> Shape {
    text_of(Allowed::OneOf(values), 0, usize::MAX)
}

pub(crate) const fn integer(min: i64, max: i64) -> Shape {
    Shape::Integer { min, max }
}

pub(crate) const fn list(of: &'static Shape, min: usize, max: usize) -> Shape {
    Shape::List { of, min, max }
}

/// Names of users, roles and sessions.
pub(crate) const NAME: Allowed =
    Allowed::Pattern(r"[\w+=,.@-]+", |text| consists_of_word_and("+=,.@-", text));

/// Ids.
pub(crate) const WORD: Allowed = Allowed::Pattern(r"[\w]+", |text| consists_of_word_and("", text));

/// Returns true if a text has only word characters, as `\w` means them, and some others.
pub(crate) fn consists_of_word_and(others: &str, text: &str) -> bool {
    text.chars().all(|character| {
        character.is_ascii_alphanumeric() || character == '_' || others.contains(character)
    })
}

impl Shape {
    /// The input, checked and normalised.
    pub(crate) fn check(&self, protocol: Protocol, input: &Value) -> Result<Value, Failure> {
        let mut violations = Vec::new();
        let normal = self
            .normalise(input, "", &mut violations)
            .map_err(|mistyped| protocol.malformed(mistyped))?;
        if violations.is_empty() {
            return Ok(normal);
        }
        let count = violations.len();
        let noun = if count == 1 { "error" } else { "errors" };
        Err(protocol.invalid(format!(
            "{count} validation {noun} detected: {}",
            violations.join("; ")
        )))
    }

    /// Converts a value of an organization file to the form of a request: where AWS has JSON in a
    /// text, the file may have a table. The error names members that the shape does not have.
    pub(crate) fn of_file(&self, written: Value) -> Result<Value, String> {
        match (self, written) {
            (Self::Text { .. }, Value::Object(table)) => {
                Ok(Value::Object(table).to_string().into())
            }
            (Self::List { of, .. }, Value::Array(items)) => {
                items.into_iter().map(|item| of.of_file(item)).collect()
            }
            (Self::Map(of), Value::Object(entries)) => entries
                .into_iter()
                .map(|(key, entry)| Ok((key, of.of_file(entry)?)))
                .collect(),
            (Self::Structure(members), Value::Object(given)) => given
                .into_iter()
                .map(|(name, value)| {
                    let Some(member) = members.iter().find(|member| member.name == name) else {
                        let known: Vec<_> = self.members().collect();
                        return Err(format!("{name} is none of {}", known.join(", ")));
                    };
                    Ok((name, member.shape.of_file(value)?))
                })
                .collect(),
            (_, other) => Ok(other),
        }
    }

    /// A value in its normal form as part of an answer; members that the shape does
    /// not have are left out. None, when it is of another type.
    pub(crate) fn output(&self, value: &Value) -> Option<Output> {
        Some(match self {
            Self::Text { .. } => value.as_str()?.into(),
            Self::Integer { .. } => value.as_i64()?.into(),
            Self::Float => value.as_f64()?.into(),
            Self::Boolean => value.as_bool()?.into(),
            Self::Timestamp => Timestamp::from_epoch_seconds(value.as_f64()?).into(),
            Self::List { of, .. } => {
                let items = value.as_array()?.iter();
                Output::List(items.filter_map(|item| of.output(item)).collect())
            }
            Self::Map(of) => {
                let entries = value.as_object()?.iter();
                let entries =
                    entries.filter_map(|(key, entry)| Some((key.clone(), of.output(entry)?)));
                Output::Map(entries.collect())
            }
            Self::Structure(_) => self.structure(value).into(),
            Self::Any => return None,
        })
    }

    /// The members of a structure as part of an answer, in the order of the shape.
    pub(crate) fn structure(&self, value: &Value) -> Structure {
        let Self::Structure(members) = self else {
            return Structure::new();
        };
        members.iter().fold(Structure::new(), |structure, member| {
            let output = value
                .get(member.name)
                .and_then(|value| member.shape.output(value));
            structure.with_some(member.name, output)
        })
    }

    /// The names of the members of a structure.
    pub(crate) fn members(&self) -> impl Iterator<Item = &'static str> + use<> {
        let members = match self {
            Self::Structure(members) => *members,
            _ => &[],
        };
        members.iter().map(|member| member.name)
    }

    /// The normal form of a value. Violations are collected; a value of another type
    /// ends it, because AWS does not get to validating it.
    fn normalise(
        &self,
        value: &Value,
        path: &str,
        violations: &mut Vec<String>,
    ) -> Result<Value, String> {
        let mut violated = |constraint: String| {
            violations.push(format!(
                "Value {} at '{path}' failed to satisfy constraint: Member must {constraint}",
                displayed(value),
            ));
        };
        match self {
            Self::Text { min, max, allowed } => {
                let text = value.as_str().ok_or_else(|| mistyped(path, "a string"))?;
                check_length(text.chars().count(), *min, *max, &mut violated);
                match allowed {
                    Allowed::Any => {}
                    Allowed::OneOf(values) => {
                        if !values.contains(&text) {
                            violated(format!("satisfy enum value set: [{}]", values.join(", ")));
                        }
                    }
                    Allowed::Pattern(pattern, fits) => {
                        if !fits(text) {
                            violated(format!("satisfy regular expression pattern: {pattern}"));
                        }
                    }
                }
                Ok(value.clone())
            }
            Self::Integer { min, max } => {
                let number = match value {
                    Value::String(text) => text.parse().ok(),
                    other => other.as_i64(),
                };
                let number = number.ok_or_else(|| mistyped(path, "an integer"))?;
                if number < *min {
                    violated(format!("have value greater than or equal to {min}"));
                }
                if number > *max {
                    violated(format!("have value less than or equal to {max}"));
                }
                Ok(number.into())
            }
            Self::Float => {
                let number = match value {
                    Value::String(text) => text.parse().ok(),
                    other => other.as_f64(),
                };
                number
                    .and_then(Number::from_f64)
                    .map(Value::from)
                    .ok_or_else(|| mistyped(path, "a number"))
            }
            Self::Boolean => match value {
                Value::Bool(_) => Ok(value.clone()),
                Value::String(text) if text == "true" || text == "false" => {
                    Ok((text == "true").into())
                }
                _ => Err(mistyped(path, "a boolean")),
            },
            Self::Timestamp => {
                let seconds = match value {
                    Value::String(text) => Timestamp::parse(text).map(Timestamp::epoch_seconds),
                    other => other.as_f64(),
                };
                seconds
                    .map(Value::from)
                    .ok_or_else(|| mistyped(path, "a timestamp"))
            }
            Self::List { of, min, max } => {
                let items = match value {
                    Value::Array(items) => items.as_slice(),
                    // How form data writes a list that is present and empty.
                    Value::String(text) if text.is_empty() => &[],
                    _ => return Err(mistyped(path, "a list")),
                };
                check_length(items.len(), *min, *max, &mut violated);
                items
                    .iter()
                    .zip(1..)
                    .map(|(item, number)| {
                        of.normalise(item, &format!("{path}.{number}.member"), violations)
                    })
                    .collect()
            }
            Self::Map(of) => {
                let entries = value.as_object().ok_or_else(|| mistyped(path, "a map"))?;
                entries
                    .iter()
                    .map(|(key, entry)| {
                        let entry =
                            of.normalise(entry, &format!("{path}.{key}.member"), violations)?;
                        Ok((key.clone(), entry))
                    })
                    .collect()
            }
            Self::Structure(members) => normalise_members(members, value, path, violations),
            Self::Any => Ok(value.clone()),
        }
    }
}

/// The normal form of a structure of these members: what it has of them.
fn normalise_members(
    members: &[Member],
    value: &Value,
    path: &str,
    violations: &mut Vec<String>,
) -> Result<Value, String> {
    let Value::Object(given) = value else {
        return Err(mistyped(path, "a structure"));
    };
    let mut normal = Map::new();
    for Member {
        name,
        shape,
        required,
    } in members
    {
        let path = member_path(path, name);
        match given.get(*name).filter(|value| !value.is_null()) {
            Some(value) => {
                let value = shape.normalise(value, &path, violations)?;
                normal.insert((*name).to_owned(), value);
            }
            None if *required => violations.push(format!(
                "Value null at '{path}' failed to satisfy constraint: Member must not be null"
            )),
            None => {}
        }
    }
    Ok(Value::Object(normal))
}

fn check_length(length: usize, min: usize, max: usize, violated: &mut impl FnMut(String)) {
    if length < min {
        violated(format!("have length greater than or equal to {min}"));
    }
    if length > max {
        violated(format!("have length less than or equal to {max}"));
    }
}

/// AWS names members in its messages with a small initial: `evaluations.1.member.annotation`.
fn member_path(path: &str, name: &str) -> String {
    let mut characters = name.chars();
    let initial = characters
        .next()
        .map(|initial| initial.to_ascii_lowercase());
    let name = initial.into_iter().chain(characters).collect::<String>();
    if path.is_empty() {
        name
    } else {
        format!("{path}.{name}")
    }
}

fn displayed(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{text}'"),
        other => format!("'{other}'"),
    }
}

fn mistyped(path: &str, expected: &str) -> String {
    format!("Value at '{path}' is not {expected}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SHAPE: Shape = Shape::Structure(&[
        required("Name", text_of(NAME, 1, 4)),
        member("Kind", one_of(&["a", "b"])),
        member("Limit", integer(0, 100)),
        member("Flag", Shape::Boolean),
        member("At", Shape::Timestamp),
        member(
            "Items",
            list(&Shape::Structure(&[required("Id", text(1, 2))]), 0, 2),
        ),
    ]);

    fn check(input: &Value) -> Result<Value, String> {
        SHAPE
            .check(Protocol::AwsQuery, input)
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn strings_of_form_data_become_what_they_mean() {
        let normal = check(&json!({
            "Name": "a", "Limit": "7", "Flag": "true", "At": "1970-01-01T00:00:01.5Z",
            "Items": "", "Unknown": 1,
        }));
        assert_eq!(
            normal.unwrap(),
            json!({ "Name": "a", "Limit": 7, "Flag": true, "At": 1.5, "Items": [] })
        );
    }

    #[test]
    fn every_violation_is_named() {
        let error = check(&json!({ "Kind": "c", "Limit": 101, "Items": [{ "Id": "" }, {}] }));
        assert_eq!(
            error.unwrap_err(),
            "ValidationError: 5 validation errors detected: \
             Value null at 'name' failed to satisfy constraint: Member must not be null; \
             Value 'c' at 'kind' failed to satisfy constraint: \
             Member must satisfy enum value set: [a, b]; \
             Value '101' at 'limit' failed to satisfy constraint: \
             Member must have value less than or equal to 100; \
             Value '' at 'items.1.member.id' failed to satisfy constraint: \
             Member must have length greater than or equal to 1; \
             Value null at 'items.2.member.id' failed to satisfy constraint: \
             Member must not be null"
        );
    }

    #[test]
    fn lengths_count_characters_not_bytes() {
        assert!(text(0, 2).check(Protocol::AwsQuery, &json!("✓✓")).is_ok());
    }

    #[test]
    fn a_file_may_write_json_as_a_table_and_nothing_unknown() {
        const FILE: Shape = Shape::Structure(&[
            member("Policy", text(0, 99)),
            member("Of", Shape::Structure(&[member("Text", text(0, 9))])),
        ]);
        let written = json!({ "Policy": { "Statement": [] }, "Of": { "Text": "a" } });
        assert_eq!(
            FILE.of_file(written).unwrap(),
            json!({ "Policy": "{\"Statement\":[]}", "Of": { "Text": "a" } })
        );
        let error = FILE.of_file(json!({ "Of": { "Txt": "a" } })).unwrap_err();
        assert_eq!(error, "Txt is none of Text");
    }

    #[test]
    fn another_type_is_malformed() {
        let error = check(&json!({ "Name": 1 })).unwrap_err();
        assert_eq!(error, "MalformedInput: Value at 'name' is not a string");
    }
}
