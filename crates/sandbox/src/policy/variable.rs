//! Policy variables: `${aws:PrincipalAccount}`, with a default `${key, 'default'}`,
//! and `${*}`, `${?}`, `${$}` for the characters themselves.
//!
//! `iam-rs` reads a variable; what it stands for is decided here, because `iam-rs`
//! puts nothing in the place of a variable without a value, and reads a `*` in a
//! value as a wildcard.

use iam_rs::PolicyVariable;

use super::context::Context;
use super::document::Version;
use super::pattern::Symbol;
use super::{PolicyError, key};

/// A text with places for variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// As written, wildcards included.
    Text(String),
    /// A character that is no wildcard, whatever it looks like.
    Literal(char),
    /// The value that the request has for a key.
    Variable {
        key: String,
        default: Option<String>,
    },
}

impl Template {
    /// Reads a text of a policy of this version.
    pub(super) fn parse(text: &str, version: Version) -> Result<Self, PolicyError> {
        let wrong = |reason: &str| PolicyError::Variable {
            text: text.to_owned(),
            reason: reason.to_owned(),
        };
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, variable)) = rest.split_once("${") {
            if version == Version::V2008 {
                return Err(wrong("variables need the policy version 2012-10-17"));
            }
            let Some((inside, after)) = variable.split_once('}') else {
                return Err(wrong("it is not closed"));
            };
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(variable_piece(inside, &wrong)?);
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Template(pieces))
    }

    /// Whether it is a plain text.
    pub(super) fn is_plain(&self) -> bool {
        self.0.iter().all(|piece| matches!(piece, Piece::Text(_)))
    }

    /// The symbols with every variable replaced by its value in this request.
    pub(super) fn expand(&self, context: &Context) -> Result<Vec<Symbol>, PolicyError> {
        let mut symbols = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => symbols.extend(text.chars().map(Symbol::written)),
                Piece::Literal(character) => symbols.push(Symbol::Char(*character)),
                Piece::Variable { key, default } => {
                    let value = context
                        .value(key)?
                        .or(default.as_deref())
                        .ok_or_else(|| PolicyError::Unresolved(key.clone()))?;
                    symbols.extend(value.chars().map(Symbol::Char));
                }
            }
        }
        Ok(symbols)
    }
}

fn variable_piece(
    inside: &str,
    wrong: &impl Fn(&str) -> PolicyError,
) -> Result<Piece, PolicyError> {
    match inside {
        "*" => return Ok(Piece::Literal('*')),
        "?" => return Ok(Piece::Literal('?')),
        "$" => return Ok(Piece::Literal('$')),
        _ => {}
    }
    let variable = PolicyVariable::parse(&format!("${{{inside}}}"))
        .map_err(|error| wrong(&error.to_string()))?;
    let known =
        key::lookup(&variable.key).ok_or_else(|| PolicyError::UnknownKey(variable.key.clone()))?;
    if known.many {
        return Err(wrong("a key with several values is no variable"));
    }
    Ok(Piece::Variable {
        key: variable.key,
        default: variable.default_value,
    })
}
