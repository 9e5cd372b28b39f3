//! Why a template is not one, or gives no stack.

/// What is wrong with a template, or with the parameters that it was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The text is not YAML, or YAML of a kind that templates here do not use.
    #[error("line {line}: {problem}")]
    Yaml {
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// Something stands there that is not known here.
    #[error("{place}: {what} is not known here")]
    Unknown {
        /// Where it stands: a path of keys.
        place: String,
        /// What it is.
        what: String,
    },
    /// Something is not of the form that it must have.
    #[error("{place}: {expected} was expected")]
    Malformed {
        /// Where it stands: a path of keys.
        place: String,
        /// What should be there.
        expected: &'static str,
    },
    /// A name that nothing here has.
    #[error("{place}: there is no {name}")]
    Dangling {
        /// Where it stands: a path of keys.
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
        /// What it takes.
        allowed: String,
    },
}

impl TemplateError {
    pub(super) fn unknown(place: &str, what: impl Into<String>) -> Self {
        Self::Unknown {
            place: place.to_owned(),
            what: what.into(),
        }
    }

    pub(super) fn malformed(place: &str, expected: &'static str) -> Self {
        Self::Malformed {
            place: place.to_owned(),
            expected,
        }
    }

    pub(super) fn dangling(place: &str, name: &str) -> Self {
        Self::Dangling {
            place: place.to_owned(),
            name: name.to_owned(),
        }
    }
}

/// Why a stack is not deployed: the resource that could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{logical_id} ({resource_type}): {problem}")]
pub struct DeployError {
    /// What the template calls the resource.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// What the service answered, or what the sandbox lacks.
    pub problem: String,
}
