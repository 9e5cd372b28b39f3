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
    /// How soon the client may try again (`x-amz-retry-after`).
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

    /// What the sandbox does not model. Clients must see that, not an empty answer.
    pub(crate) fn not_implemented(what: impl AsRef<str>) -> Self {
        Self::new(
            StatusCode::NOT_IMPLEMENTED,
            "NotImplemented",
            format!("The sandbox does not implement {}.", what.as_ref()),
        )
    }

    /// Who is to blame.
    pub(crate) fn to_blame(&self) -> &'static str {
        if self.status.is_client_error() {
            "Sender"
        } else {
            "Receiver"
        }
    }
}
