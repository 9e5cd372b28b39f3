//! Interpretation of the answers of AWS APIs, in one place for all controls.

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::fact::{Fact, Unread};

/// A call that ended without an answer that a verdict could rest on. Asking
/// later may help, so the invocation fails and Lambda's own retry takes over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// AWS throttled the call and every retry of it.
    #[error("{action}: AWS kept throttling this account ({code}); the next invocation tries again")]
    Throttled {
        /// The IAM action.
        action: &'static str,
        /// AWS's error code.
        code: String,
    },
    /// AWS answered with an error that is neither a denial nor "not found".
    #[error("{action}: AWS answered {code}: {message}")]
    Failed {
        /// The IAM action.
        action: &'static str,
        /// AWS's error code.
        code: String,
        /// AWS's error message.
        message: String,
    },
    /// No answer arrived, or none that could be read.
    #[error("{action}: no usable answer: {cause}")]
    NoAnswer {
        /// The IAM action.
        action: &'static str,
        /// The chain of causes.
        cause: String,
    },
}

impl CallError {
    /// As a fact, for a call whose result only adds detail to a verdict that
    /// stands without it.
    pub fn into_unread(self) -> Unread {
        let (action, code) = match self {
            Self::Throttled { action, code } | Self::Failed { action, code, .. } => (action, code),
            Self::NoAnswer { action, .. } => (action, "NoAnswer".to_owned()),
        };
        Unread::Unavailable {
            action: action.to_owned(),
            code,
        }
    }
}

/// Meaning of an error code for the resource that was asked for.
#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    Denied,
    Absent,
    Unavailable,
    /// The credentials are not accepted: they are wrong, or are presented in a
    /// Region that is off for their account.
    Unrecognized,
    Throttled,
    Failed,
}

/// Reads the meaning of an error code. The services spell alike what they mean
/// alike only up to a prefix or a suffix.
fn meaning_of(code: &str) -> Meaning {
    match code {
        // SNS says AuthorizationError, KMS behind another service KMSAccessDenied….
        _ if code.contains("AccessDenied") || code.starts_with("AuthorizationError") => {
            Meaning::Denied
        }
        "UnauthorizedOperation" => Meaning::Denied,
        "OptInRequired" | "SubscriptionRequiredException" | "RegionDisabledException" => {
            Meaning::Unavailable
        }
        // What CloudTrail answers about a trail that another account owns.
        "CloudTrailARNInvalidException"
        | "OperationNotPermittedException"
        | "UnsupportedOperationException"
        | "NoManagementAccountSLRExistsException" => Meaning::Unavailable,
        "UnrecognizedClientException" | "InvalidClientTokenId" => Meaning::Unrecognized,
        // The credential report: none was made, or the last one is too old.
        "ReportNotPresent" | "ReportExpired" | "ReportInProgress" => Meaning::Absent,
        _ if code.contains("Throttl")
            || code.starts_with("TooManyRequests")
            || code.starts_with("RequestLimitExceeded")
            || code == "SlowDown" =>
        {
            Meaning::Throttled
        }
        _ if code.starts_with("NoSuch")
            || code.ends_with("NotFound")
            || code.ends_with("NotFoundException") =>
        {
            Meaning::Absent
        }
        _ => Meaning::Failed,
    }
}

/// Turns the result of an SDK call into a fact; `None` is "AWS says that there
/// is no such thing". `elsewhere`: in another Region than the first, where the
/// credentials are in use.
pub(crate) fn interpret<T, E, R>(
    action: &'static str,
    elsewhere: bool,
    result: Result<T, SdkError<E, R>>,
) -> Result<Fact<Option<T>>, CallError>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let error = match result {
        Ok(value) => return Ok(Fact::Known(Some(value))),
        Err(error) => error,
    };
    let Some(service) = error.as_service_error() else {
        return Err(CallError::NoAnswer {
            action,
            cause: explain(&error),
        });
    };
    let code = service.code().unwrap_or(NO_CODE).to_owned();
    let meaning = match meaning_of(&code) {
        // They are good in the first Region, so this one is off.
        Meaning::Unrecognized if elsewhere => Meaning::Unavailable,
        meaning => meaning,
    };
    match meaning {
        Meaning::Absent => Ok(Fact::Known(None)),
        Meaning::Denied => Ok(Fact::Unread(Unread::Denied {
            action: action.to_owned(),
            code,
        })),
        Meaning::Unavailable => Ok(Fact::Unread(Unread::Unavailable {
            action: action.to_owned(),
            code,
        })),
        Meaning::Throttled => Err(CallError::Throttled { action, code }),
        Meaning::Unrecognized | Meaning::Failed => Err(CallError::Failed {
            action,
            code,
            message: service.message().unwrap_or(NO_MESSAGE).to_owned(),
        }),
    }
}

/// An SDK error in words: AWS's own code and message, or the chain of causes
/// where AWS gave none.
pub fn explain<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    if let Some(service) = error.as_service_error() {
        let code = service.code().unwrap_or(NO_CODE);
        return format!("{code}: {}", service.message().unwrap_or(NO_MESSAGE));
    }
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

const NO_CODE: &str = "an error without a code";
const NO_MESSAGE: &str = "(no message)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_denied_absent_unavailable_and_throttled_apart() {
        for (code, meaning) in [
            ("AccessDenied", Meaning::Denied),
            ("AccessDeniedException", Meaning::Denied),
            ("KMSAccessDeniedException", Meaning::Denied),
            ("AuthorizationError", Meaning::Denied),
            ("AuthorizationErrorException", Meaning::Denied),
            ("NoSuchEntity", Meaning::Absent),
            ("NoSuchEntityException", Meaning::Absent),
            ("ResourceNotFoundException", Meaning::Absent),
            ("NotFound", Meaning::Absent),
            ("ReportNotPresent", Meaning::Absent),
            ("RegionDisabledException", Meaning::Unavailable),
            ("OptInRequired", Meaning::Unavailable),
            ("CloudTrailARNInvalidException", Meaning::Unavailable),
            ("OperationNotPermittedException", Meaning::Unavailable),
            ("UnsupportedOperationException", Meaning::Unavailable),
            (
                "NoManagementAccountSLRExistsException",
                Meaning::Unavailable,
            ),
            ("TrailNotFoundException", Meaning::Absent),
            ("InvalidTrailNameException", Meaning::Failed),
            ("Throttling", Meaning::Throttled),
            ("ThrottlingException", Meaning::Throttled),
            ("ThrottledException", Meaning::Throttled),
            ("TooManyRequestsException", Meaning::Throttled),
            ("ServiceFailure", Meaning::Failed),
            ("InternalFailure", Meaning::Failed),
            ("ExpiredToken", Meaning::Failed),
            ("InvalidClientTokenId", Meaning::Unrecognized),
            ("UnrecognizedClientException", Meaning::Unrecognized),
            ("ValidationError", Meaning::Failed),
        ] {
            assert_eq!(meaning_of(code), meaning, "{code}");
        }
    }
}
