//! The parameters of a rule: one declaration says name, default and what is
//! allowed, for reading a value and for telling a person about it.

use std::fmt;
use std::ops::RangeInclusive;

use serde::Serialize;
use serde_json::{Map, Value};

/// The parameters of a control, as a plain struct.
///
/// `read` asks the reader for each parameter by name. The same code reads
/// values ([`parse_parameters`]) and lists what could be given
/// ([`specify_parameters`]), so the two cannot differ.
pub trait Parameters: Serialize + Send + Sync + Sized {
    /// Reads every parameter.
    ///
    /// # Errors
    /// With the first parameter whose value is not allowed.
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError>;
}

/// A value that is one of a few words.
pub trait Choice: Copy + PartialEq + 'static {
    /// Every word and what it stands for.
    const ALL: &'static [(&'static str, Self)];

    /// Its word.
    fn word(self) -> &'static str {
        let all = Self::ALL.iter();
        let mut words = all.filter_map(|(word, choice)| (*choice == self).then_some(*word));
        words.next().unwrap_or_default()
    }

    /// Parses a word; case counts.
    fn of_word(text: &str) -> Option<Self> {
        let all = Self::ALL.iter();
        let mut choices = all.filter_map(|(word, choice)| (*word == text).then_some(*choice));
        choices.next()
    }

    /// Returns the allowed values.
    fn kind() -> ParameterKind {
        ParameterKind::Choice(Self::ALL.iter().map(|(word, _)| *word).collect())
    }
}

/// A value that a rule does not take. Names the parameter and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// The value is not of the parameter's kind, or out of its range.
    #[error("parameter {name}: {value} is not allowed; it takes {allowed}")]
    NotAllowed {
        /// The parameter.
        name: &'static str,
        /// The value as it arrived, shortened.
        value: String,
        /// Values that the parameter takes.
        allowed: ParameterKind,
    },
    /// The rule has no parameter of this name.
    #[error("parameter {name} is unknown; this rule takes {}", known.join(", "))]
    Unknown {
        /// The name as it arrived, shortened.
        name: String,
        /// The names that the rule takes.
        known: Vec<&'static str>,
    },
}

impl ParameterError {
    /// That a parameter does not take a value.
    pub fn not_allowed(name: &'static str, value: &Value, allowed: ParameterKind) -> Self {
        Self::NotAllowed {
            name,
            value: shortened(&value.to_string()),
            allowed,
        }
    }

    /// The name of the parameter concerned.
    pub fn name(&self) -> &str {
        match self {
            Self::NotAllowed { name, .. } => name,
            Self::Unknown { name, .. } => name,
        }
    }
}

/// Specification of one parameter of a rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParameterSpec {
    /// Its name, as the AWS Config console shows it.
    pub name: &'static str,
    /// Type and limits of its values.
    pub kind: ParameterKind,
    /// Value that applies where none is set.
    pub default: Value,
}

/// Types and limits of parameter values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ParameterKind {
    /// `true` or `false`.
    Boolean,
    /// A whole number between two bounds, both allowed.
    Integer {
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// One of a few words.
    Choice(Vec<&'static str>),
    /// Any number of items; the text says of what.
    List(&'static str),
    /// One text; this says of what. Not given, there is none.
    Text(&'static str),
}

impl fmt::Display for ParameterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("true or false"),
            Self::Integer { min, max } => write!(f, "a whole number from {min} to {max}"),
            Self::Choice(words) => f.write_str(&words.join(" or ")),
            Self::List(items) => write!(f, "a list, separated by commas, of {items}"),
            Self::Text(what) => f.write_str(what),
        }
    }
}

/// Reads the values of parameters and notes which exist. A value may be of its
/// own JSON type or, as the AWS Config console sends all of them, a string.
#[derive(Debug, Default)]
pub struct ParameterReader {
    values: Map<String, Value>,
    specs: Vec<ParameterSpec>,
}

impl ParameterReader {
    /// A parameter that is `true` or `false`.
    ///
    /// # Errors
    /// If the value is neither.
    pub fn boolean(&mut self, name: &'static str, default: bool) -> Result<bool, ParameterError> {
        self.value(
            name,
            ParameterKind::Boolean,
            default,
            Value::from,
            |value| match value {
                Value::Bool(value) => Some(*value),
                Value::String(text) => text.parse().ok(),
                _ => None,
            },
        )
    }

    /// A parameter that is a whole number within `allowed`.
    ///
    /// # Errors
    /// If the value is no whole number or lies outside.
    pub fn integer(
        &mut self,
        name: &'static str,
        default: i64,
        allowed: RangeInclusive<i64>,
    ) -> Result<i64, ParameterError> {
        let kind = ParameterKind::Integer {
            min: *allowed.start(),
            max: *allowed.end(),
        };
        self.value(name, kind, default, Value::from, |value| {
            let number = match value {
                Value::Number(number) => number.as_i64(),
                Value::String(text) => text.parse().ok(),
                _ => None,
            };
            number.filter(|number| allowed.contains(number))
        })
    }

    /// A parameter that is one of a few words. One that is a number, such as `400`, may
    /// be given as a number.
    ///
    /// # Errors
    /// If the value is none of them; case counts.
    pub fn choice<C: Choice>(
        &mut self,
        name: &'static str,
        default: C,
    ) -> Result<C, ParameterError> {
        let to_json = |choice: C| Value::from(choice.word());
        self.value(name, C::kind(), default, to_json, |value| match value {
            Value::Number(number) => C::of_word(&number.to_string()),
            value => C::of_word(value.as_str()?),
        })
    }

    /// A parameter that is a list of `items`, each read by `parse`: a JSON
    /// array of strings or, as the AWS Config console sends it, one string with
    /// commas between the items. Where it is not given, or the string is empty,
    /// so is the list.
    ///
    /// # Errors
    /// With the first item that `parse` does not take.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        items: &'static str,
        mut parse: impl FnMut(&str) -> Option<T>,
    ) -> Result<Vec<T>, ParameterError> {
        let kind = ParameterKind::List(items);
        let given = match self.values.remove(name) {
            None => Vec::new(),
            Some(Value::Array(given)) => given,
            Some(Value::String(text)) if text.trim().is_empty() => Vec::new(),
            Some(Value::String(text)) => text.split(',').map(Value::from).collect(),
            Some(other) => vec![other],
        };
        let parsed = given
            .iter()
            .map(|item| {
                let parsed = item.as_str().and_then(|text| parse(text.trim()));
                parsed.ok_or_else(|| ParameterError::not_allowed(name, item, kind.clone()))
            })
            .collect();
        self.specs.push(ParameterSpec {
            name,
            kind,
            default: Value::Array(Vec::new()),
        });
        parsed
    }

    /// A parameter that is `what`, or is not given, or is empty.
    ///
    /// # Errors
    /// If `parse` does not take the text.
    pub fn text<T>(
        &mut self,
        name: &'static str,
        what: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ParameterError> {
        let kind = ParameterKind::Text(what);
        let value = match self.values.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(given) => match given.as_str().and_then(|text| parse(text.trim())) {
                None => Err(ParameterError::not_allowed(name, &given, kind.clone())),
                parsed => Ok(parsed),
            },
        };
        self.specs.push(ParameterSpec {
            name,
            kind,
            default: Value::from(""),
        });
        value
    }

    fn value<T: Copy>(
        &mut self,
        name: &'static str,
        kind: ParameterKind,
        default: T,
        to_json: impl FnOnce(T) -> Value,
        parse: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<T, ParameterError> {
        let value = match self.values.remove(name) {
            None => Ok(default),
            Some(given) => {
                parse(&given).ok_or_else(|| ParameterError::not_allowed(name, &given, kind.clone()))
            }
        };
        self.specs.push(ParameterSpec {
            name,
            kind,
            default: to_json(default),
        });
        value
    }
}

/// Reads parameters from their names and values. What is not given has its
/// default.
///
/// # Errors
/// With a value that is not allowed, or a name that the rule does not take: a
/// parameter that was misspelt must not be silently without effect.
pub fn parse_parameters<P: Parameters>(values: Map<String, Value>) -> Result<P, ParameterError> {
    let mut reader = ParameterReader {
        values,
        specs: Vec::new(),
    };
    let parameters = P::read(&mut reader)?;
    match reader.values.keys().next() {
        None => Ok(parameters),
        Some(name) => Err(ParameterError::Unknown {
            name: shortened(name),
            known: reader.specs.iter().map(|spec| spec.name).collect(),
        }),
    }
}

/// Lists the parameters of a rule, in the order in which it reads them.
pub fn specify_parameters<P: Parameters>() -> Vec<ParameterSpec> {
    let mut reader = ParameterReader::default();
    // Nothing is given, so every parameter has its default and none is refused.
    let _ = P::read(&mut reader);
    reader.specs
}

fn shortened(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    match text.char_indices().nth(MAX_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// Result reported to AWS Config for an [`Unverifiable`](crate::Compliance::Unverifiable) verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WhenUnverifiable {
    /// `NON_COMPLIANT`: a guard that cannot see is not green.
    NonCompliant,
    /// Nothing: the invocation fails, and the result before it stays.
    Fail,
}

impl Choice for WhenUnverifiable {
    const ALL: &'static [(&'static str, Self)] =
        &[("NON_COMPLIANT", Self::NonCompliant), ("FAIL", Self::Fail)];
}

/// All parameters of a rule: those of its control and those that every rule has.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleParameters<P> {
    /// Those of the control.
    #[serde(flatten)]
    pub control: P,
    /// Result reported to AWS Config for an unverifiable verdict.
    pub when_unverifiable: WhenUnverifiable,
}

impl<P: Parameters> Parameters for RuleParameters<P> {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        Ok(Self {
            control: P::read(reader)?,
            when_unverifiable: reader.choice("whenUnverifiable", WhenUnverifiable::NonCompliant)?,
        })
    }
}

#[cfg(test)]
mod tests;
