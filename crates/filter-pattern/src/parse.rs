//! From text to tree. The first character that is not blank says in which of
//! the four languages a pattern is written.

mod cursor;
mod fields;
mod json;
mod regex;
mod terms;
mod value;

use crate::choices;
use crate::fault::{Fault, ParseError};
use crate::tree::Tree;
use cursor::Cursor;
pub(crate) use regex::{syntax_of_bytes, thompson_of_bytes};

/// The most characters a pattern may have (`PutMetricFilter`).
pub const MAX_CHARACTERS: usize = 1024;

/// The deepest nesting of parentheses. AWS names no limit; people write three.
pub const MAX_DEPTH: usize = 64;

/// The most selectors with a wildcard in one pattern.
const MAX_WILDCARDS: usize = 3;

/// The most regular expressions in one JSON or space-delimited pattern.
const MAX_REGEXES: usize = 2;

/// The four languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// `{ … }`
    Json,
    /// `[ … ]`
    SpaceDelimited,
    /// `%…%`
    Regex,
    /// Everything else.
    Unstructured,
}

impl Language {
    /// The language in which `pattern` is meant, valid or not.
    pub fn detect(pattern: &str) -> Self {
        match pattern.trim_start().chars().next() {
            Some('{') => Language::Json,
            Some('[') => Language::SpaceDelimited,
            Some('%') => Language::Regex,
            _ => Language::Unstructured,
        }
    }
}

pub(crate) fn parse(source: &str) -> Result<Tree, ParseError> {
    let characters = source.chars().count();
    if characters > MAX_CHARACTERS {
        let limit = source
            .char_indices()
            .nth(MAX_CHARACTERS)
            .map_or(source.len(), |(at, _)| at);
        return Err(ParseError::new(
            Fault::TooLong(characters),
            limit,
            source.len(),
        ));
    }
    let mut cursor = Cursor::new(source);
    let start = cursor.at();
    cursor.skip_blanks();
    if Language::detect(source) == Language::Json
        && cursor.at() > start
        && !choices::BLANK_MAY_PRECEDE_BRACE
    {
        return Err(cursor.fault_since(Fault::LeadingBlank, start).replace(""));
    }
    match Language::detect(source) {
        Language::Json => json::parse(&mut cursor).map(Tree::Json),
        Language::SpaceDelimited => fields::parse(&mut cursor).map(Tree::Fields),
        Language::Regex => regex::parse(&mut cursor).and_then(|regex| {
            cursor.end('%')?;
            Ok(Tree::Regex(regex))
        }),
        Language::Unstructured => terms::parse(&mut cursor).map(Tree::Terms),
    }
}
