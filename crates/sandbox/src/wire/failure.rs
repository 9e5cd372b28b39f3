//! An error answer, before a protocol spells it out.

use std::borrow::Cow;
use std::time::Duration;

use hyper::StatusCode;

/// An error answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
    /// Delay after which the client may try again (`x-amz-retry-after`).
    pub(crate) retry_after: Option<Duration>,
}

impl Failure {
    pub(crate) fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            retry_after: None,
        }
    }

    /// Returns the error for anything the sandbox does not model. Clients must see it instead of an
    /// empty answer.
    pub(crate) fn not_implemented(what: impl AsRef<str>) -> Self {
        Self::new(
            StatusCode::NOT_IMPLEMENTED,
            "NotImplemented",
            format!("The sandbox does not implement {}.", what.as_ref()),
        )
    }

    /// Returns the party at fault.
    pub(crate) fn to_blame(&self) -> &'static str {
        if self.status.is_client_error() {
            "Sender"
        } else {
            "Receiver"
        }
    }
}
