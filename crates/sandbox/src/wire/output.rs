//! An answer, before a protocol spells it out.

use std::collections::BTreeMap;

use crate::Timestamp;

/// A value of an answer. Protocols write structures, maps, times and bytes each in
/// their own way, so the value says which it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Output {
    String(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Timestamp(Timestamp),
    Bytes(Vec<u8>),
    List(Vec<Output>),
    Map(BTreeMap<String, Output>),
    Structure(Structure),
}

/// The members of a structure that are present, in the order they were set.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Structure(Vec<(&'static str, Output)>);

impl Structure {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// With a member.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Output>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// With a member where there is a value for it: an absent member is not written.
    #[must_use]
    pub(crate) fn with_some(self, name: &'static str, value: Option<impl Into<Output>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &(&'static str, Output)> {
        self.0.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Output {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}

impl From<&String> for Output {
    fn from(value: &String) -> Self {
        Self::String(value.clone())
    }
}

impl From<String> for Output {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}

impl From<i64> for Output {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<i32> for Output {
    fn from(value: i32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<f64> for Output {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<bool> for Output {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<Timestamp> for Output {
    fn from(value: Timestamp) -> Self {
        Self::Timestamp(value)
    }
}

impl From<Structure> for Output {
    fn from(value: Structure) -> Self {
        Self::Structure(value)
    }
}

impl<T: Into<Output>> From<Vec<T>> for Output {
    fn from(value: Vec<T>) -> Self {
        Self::List(value.into_iter().map(Into::into).collect())
    }
}

/// A structure with a member of every kind, for the tests of the protocols.
#[cfg(test)]
pub(super) fn every_kind(text: &str) -> Structure {
    Structure::new()
        .with("Text", text)
        .with("Number", 7)
        .with("Fraction", 0.5)
        .with("Flag", true)
        .with("Time", crate::Timestamp::from_millis(1_700_000_000_123))
        .with("Blob", Output::Bytes(b"a,b".to_vec()))
        .with("List", vec!["a", "b"])
        .with(
            "Map",
            Output::Map([("key".to_owned(), Output::from(1))].into()),
        )
        .with_some("Absent", None::<&str>)
}
