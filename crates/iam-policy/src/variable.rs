//! Policy variables: `${aws:PrincipalAccount}`, with a default `${key, 'default'}`,
//! and `${*}`, `${?}`, `${$}` for the characters themselves.

use crate::context::{Context, Lookup};
use crate::document::Version;
use crate::error::PolicyError;
use crate::key;
use crate::pattern::Symbol;

/// A text with places for variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// Text as written, wildcards included.
    Text(String),
    /// A character that is no wildcard, even if it is `*` or `?`.
    Literal(char),
    /// The value that the request has for a key.
    Variable {
        key: String,
        default: Option<String>,
    },
}

impl Template {
    /// Reads a text of a policy of this version. Policies of version 2008-10-17 have no
    /// variables: the text stands for itself.
    pub(crate) fn parse(text: &str, version: Version) -> Result<Self, PolicyError> {
        if version == Version::V2008 {
            return Ok(Self::plain(text));
        }
        let wrong = |reason| PolicyError::Variable {
            text: text.to_owned(),
            reason,
        };
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, variable)) = rest.split_once("${") {
            let (inside, after) = variable
                .split_once('}')
                .ok_or_else(|| wrong("it is not closed"))?;
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(
                Piece::parse(inside).ok_or_else(|| wrong("it is ${KEY} or ${KEY, 'DEFAULT'}"))?,
            );
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Template(pieces))
    }

    /// Creates the template of a text without variables.
    pub(crate) fn plain(text: &str) -> Self {
        Template(vec![Piece::Text(text.to_owned())])
    }

    /// Returns whether the text has no variables.
    pub(crate) fn is_plain(&self) -> bool {
        self.0.iter().all(|piece| matches!(piece, Piece::Text(_)))
    }

    /// Returns the symbols with every variable replaced by its value in this request.
    ///
    /// # Errors
    ///
    /// If a variable has no value and no default, or its value is not known.
    pub(crate) fn expand(&self, context: &Context) -> Result<Vec<Symbol>, String> {
        let mut symbols = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => symbols.extend(text.chars().map(Symbol::written)),
                Piece::Literal(character) => symbols.push(Symbol::Char(*character)),
                Piece::Variable { key, default } => {
                    let value = variable(key, default.as_deref(), context)?;
                    symbols.extend(value.chars().map(Symbol::Char));
                }
            }
        }
        Ok(symbols)
    }
}

fn variable(key: &str, default: Option<&str>, context: &Context) -> Result<String, String> {
    if key::lookup(key).is_some_and(|key| key.many) {
        return Err(format!("{key} has several values, so it is no variable"));
    }
    match (context.get(key), default) {
        (Lookup::Unknown(reason), _) => Err(reason),
        (Lookup::Present([value]), _) => Ok(value.clone()),
        (Lookup::Absent, Some(default)) => Ok(default.to_owned()),
        (Lookup::Present(_) | Lookup::Absent, _) => Err(format!(
            "the request has no value for the policy variable ${{{key}}}"
        )),
    }
}

impl Piece {
    /// Reads the text between `${` and `}`.
    fn parse(inside: &str) -> Option<Self> {
        if let "*" | "?" | "$" = inside {
            return inside.chars().next().map(Piece::Literal);
        }
        let (key, default) = match inside.split_once(',') {
            Some((key, default)) => {
                let default = default.trim().strip_prefix('\'')?.strip_suffix('\'')?;
                (key, Some(default.to_owned()))
            }
            None => (inside, None),
        };
        let key = key.trim();
        let well_formed = key.split_once(':').is_some_and(|(service, name)| {
            !service.is_empty() && !name.is_empty() && !key.contains(['{', '$', '\''])
        });
        well_formed.then(|| Piece::Variable {
            key: key.to_owned(),
            default,
        })
    }
}
