//! The parameters of a template, and what they take.

use regex_automata::nfa::thompson::pikevm::PikeVM;
use regex_automata::nfa::thompson::{self};
use regex_automata::util::syntax;
use serde_json::{Map, Value};

use crate::TemplateError;

/// A parameter of a template.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Logical name of the parameter.
    pub name: String,
    /// Its type.
    pub parameter_type: ParameterType,
    /// Description from the template.
    pub description: String,
    /// Its value where none is given.
    pub default: Option<String>,
    /// The only values that it takes, where there are such.
    pub allowed_values: Option<Vec<String>>,
    /// Regular expression that a value must match; for a list, each item of it.
    pub allowed_pattern: Option<String>,
    /// The smallest number.
    pub min_value: Option<i64>,
    /// The largest number.
    pub max_value: Option<i64>,
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterType {
    /// A text.
    String,
    /// A whole number.
    Number,
    /// Texts, separated by commas.
    CommaDelimitedList,
}

/// Keys that a parameter may have.
const KEYS: [&str; 7] = [
    "Type",
    "Description",
    "Default",
    "AllowedValues",
    "AllowedPattern",
    "MinValue",
    "MaxValue",
];

impl Parameter {
    pub(crate) fn read(name: &str, written: &Value) -> Result<Self, TemplateError> {
        let place = format!("Parameters.{name}");
        let malformed = |expected| TemplateError::malformed(&place, expected);
        let written = written.as_object().ok_or(malformed("an object"))?;
        if let Some(key) = written.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(TemplateError::unknown(&place, key));
        }
        let parameter_type = match written.get("Type").and_then(Value::as_str) {
            Some("String") => ParameterType::String,
            Some("Number") => ParameterType::Number,
            Some("CommaDelimitedList") => ParameterType::CommaDelimitedList,
            _ => return Err(malformed("the Type String, Number or CommaDelimitedList")),
        };
        let text = |key: &str| written.get(key).map(text).transpose();
        let allowed_values = match written.get("AllowedValues") {
            None => None,
            Some(Value::Array(values)) => Some(values.iter().map(self::text).collect()),
            Some(_) => return Err(malformed("a list of AllowedValues")),
        };
        let parameter = Self {
            name: name.to_owned(),
            parameter_type,
            description: text("Description")
                .and_then(|text| text.ok_or("a Description"))
                .map_err(malformed)?,
            default: text("Default").map_err(malformed)?,
            allowed_values: allowed_values.transpose().map_err(malformed)?,
            allowed_pattern: text("AllowedPattern").map_err(malformed)?,
            min_value: integer(written, "MinValue").map_err(malformed)?,
            max_value: integer(written, "MaxValue").map_err(malformed)?,
        };
        // A default that is not allowed, or a pattern that is none, would show only on AWS.
        if let Some(default) = &parameter.default {
            parameter.check(default)?;
        }
        Ok(parameter)
    }

    /// Holds a value to what the parameter takes.
    ///
    /// # Errors
    /// If it is not allowed.
    pub fn check(&self, value: &str) -> Result<(), TemplateError> {
        let refused = |allowed: String| TemplateError::NotAllowed {
            name: self.name.clone(),
            value: value.to_owned(),
            allowed,
        };
        if let Some(allowed) = &self.allowed_values
            && !allowed.iter().any(|allowed| allowed == value)
        {
            return Err(refused(allowed.join(" or ")));
        }
        if self.parameter_type == ParameterType::Number {
            let (min, max) = (
                self.min_value.unwrap_or(i64::MIN),
                self.max_value.unwrap_or(i64::MAX),
            );
            let fits = value.parse().is_ok_and(|n: i64| (min..=max).contains(&n));
            if !fits {
                return Err(refused(format!("a whole number from {min} to {max}")));
            }
        }
        if let Some(pattern) = &self.allowed_pattern {
            let matching = matching(pattern).ok_or_else(|| refused("a proper pattern".into()))?;
            let mut items = self.items(value).into_iter();
            if !items.all(|item| matching.is_match(&mut matching.create_cache(), item)) {
                return Err(refused(pattern.clone()));
            }
        }
        Ok(())
    }

    /// The parts of a value to which the pattern applies.
    fn items<'a>(&self, value: &'a str) -> Vec<&'a str> {
        match self.parameter_type {
            ParameterType::CommaDelimitedList => value.split(',').map(str::trim).collect(),
            _ => vec![value],
        }
    }

    /// A value as `Ref` gives it.
    pub(crate) fn referred(&self, value: &str) -> Value {
        match self.parameter_type {
            ParameterType::CommaDelimitedList => self.items(value).into(),
            _ => value.into(),
        }
    }
}

/// The machine for a pattern, on bytes: what parameters take is ASCII.
fn matching(pattern: &str) -> Option<PikeVM> {
    PikeVM::builder()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .thompson(thompson::Config::new().utf8(false))
        .build(pattern)
        .ok()
}

fn text(value: &Value) -> Result<String, &'static str> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err("texts or numbers (true and false in quotes)"),
    }
}

fn integer(written: &Map<String, Value>, key: &str) -> Result<Option<i64>, &'static str> {
    let value = written.get(key);
    value
        .map(|value| value.as_i64().ok_or("a whole number"))
        .transpose()
}
