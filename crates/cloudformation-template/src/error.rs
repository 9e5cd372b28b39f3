//! Errors of templates and their parameters.

/// An error of a template, or of the parameters that it is instantiated with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The text is not YAML, or YAML of a kind that templates here do not use.
    #[error("line {line}: {problem}")]
    Yaml {
        /// The line, from 1.
        line: usize,
        /// Description of the error at that position.
        problem: String,
    },
    /// Something stands there that is not known here.
    #[error("{place}: {what} is not known here")]
    Unknown {
        /// Position in the template: a path of keys.
        place: String,
        /// Description of the unsupported construct.
        what: String,
    },
    /// Something is not of the form that it must have.
    #[error("{place}: {expected} was expected")]
    Malformed {
        /// Position in the template: a path of keys.
        place: String,
        /// Description of the value that is allowed there.
        expected: &'static str,
    },
    /// A name that nothing here has.
    #[error("{place}: there is no {name}")]
    Dangling {
        /// Position in the template: a path of keys.
        place: String,
        /// The name.
        name: String,
    },
    /// Resources or conditions that each need another one first.
    #[error("{0} needs itself first")]
    Circular(String),
    /// A parameter without a default, and without a value.
    #[error("parameter {0} has no value")]
    Missing(String),
    /// A value that a parameter does not take.
    #[error("parameter {name}: {value:?} is not allowed; it takes {allowed}")]
    NotAllowed {
        /// The parameter.
        name: String,
        /// The value.
        value: String,
        /// Values that the parameter takes.
        allowed: String,
    },
}

impl TemplateError {
    pub(crate) fn unknown(place: &str, what: impl Into<String>) -> Self {
        Self::Unknown {
            place: place.to_owned(),
            what: what.into(),
        }
    }

    pub(crate) fn malformed(place: &str, expected: &'static str) -> Self {
        Self::Malformed {
            place: place.to_owned(),
            expected,
        }
    }

    pub(crate) fn dangling(place: &str, name: &str) -> Self {
        Self::Dangling {
            place: place.to_owned(),
            name: name.to_owned(),
        }
    }
}
