//! Reasons why AWS would not store a text as a policy.

/// A text that is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The text is not JSON, or not of the form of a policy.
    #[error("not a policy: {0}")]
    Malformed(String),
    /// A version of the policy language that does not exist.
    #[error("policy version {0:?}: it is 2012-10-17 or 2008-10-17")]
    Version(String),
    /// Two statements of one policy with one `Sid`.
    #[error("two statements have the Sid {0:?}")]
    RepeatedSid(String),
    /// Neither or both of an element and its `Not…` form.
    #[error("a statement has exactly one of {0} and Not{0}")]
    Element(&'static str),
    /// A text that is no principal, such as an ARN with a wildcard.
    #[error("principal {0:?} is no account, user, role, session, service or provider")]
    Principal(String),
    /// `NotPrincipal` with `Allow`, which AWS does not support.
    #[error("NotPrincipal goes with Deny only")]
    NotPrincipalAllows,
    /// A text that is no action pattern.
    #[error("action {0:?} is neither * nor service:Name")]
    Action(String),
    /// A text that is no resource pattern.
    #[error("resource {text:?}: {reason}")]
    Resource {
        /// The pattern as written.
        text: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// A policy variable that cannot be read or may not stand in its place.
    #[error("policy variable in {text:?}: {reason}")]
    Variable {
        /// The text with the variable.
        text: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
}
