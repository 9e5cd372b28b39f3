//! Why a policy or a request could not be judged.

/// A policy that cannot be read, or a request that cannot be judged by it. Neither
/// ever allows anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The text is not JSON, or not of the form of a policy.
    #[error("not a policy: {0}")]
    Malformed(String),
    /// A version of the policy language that does not exist.
    #[error("policy version {0:?}: it is 2012-10-17 or 2008-10-17")]
    Version(String),
    /// Two statements of one policy with the same `Sid`.
    #[error("two statements have the Sid {0:?}")]
    RepeatedSid(String),
    /// Neither or both of an element and its `Not…` form.
    #[error("a statement has exactly one of {0} and Not{0}")]
    Element(&'static str),
    /// Something that is no principal: a part of an ARN as wildcard, a unique id.
    #[error("principal {0:?} is no account, user, role, session, service or provider")]
    Principal(String),
    /// `NotPrincipal` with `Allow`, which AWS does not support.
    #[error("NotPrincipal goes with Deny only")]
    NotPrincipalAllows,
    /// Something that is no action pattern.
    #[error("action {0:?} is neither * nor service:Name")]
    Action(String),
    /// Something that is no resource pattern.
    #[error("resource {text:?}: {reason}")]
    Resource {
        /// The pattern as written.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A condition operator that is not known here.
    #[error("condition operator {0:?} is not known")]
    UnknownOperator(String),
    /// A condition key that is not known here.
    #[error("condition key {0:?} is not known")]
    UnknownKey(String),
    /// A condition operator that does not go with the type of its key.
    #[error("condition operator {operator} does not go with the key {key}: {reason}")]
    OperatorForKey {
        /// The operator.
        operator: String,
        /// The key.
        key: String,
        /// Why not.
        reason: &'static str,
    },
    /// A value that its operator or its key cannot have.
    #[error("value {value:?} of {key}: {reason}")]
    Value {
        /// The condition key.
        key: String,
        /// The value.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A policy variable that cannot stand where it stands, or cannot be read.
    #[error("policy variable in {text:?}: {reason}")]
    Variable {
        /// The text with the variable.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A policy variable for which the request has no value and the policy no default.
    #[error("the request has no value for the policy variable ${{{0}}}")]
    Unresolved(String),
    /// A key that every request to AWS carries, that a policy asks for, and that the
    /// request lacks.
    #[error("every request has a value for {0}, this one lacks it")]
    MissingContext(String),
    /// A request context that contradicts itself.
    #[error("request context {key}: {reason}")]
    Context {
        /// The condition key.
        key: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A request that names no action, resource or principal one could ask about.
    #[error("request: {reason}: {value:?}")]
    Request {
        /// The part of the request.
        value: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A policy in a place where its form is not allowed.
    #[error("{place}: {reason}")]
    Place {
        /// Where the policy stands.
        place: &'static str,
        /// What is wrong with it there.
        reason: &'static str,
    },
}
