//! Writing to AWS: what an answer means for a step.

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use config_rule::{Account, CallError, Fact, Unread};

/// A step that was not done, or is not known to be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// The role, or a policy above it, does not allow the call.
    #[error(
        "{action} was refused ({code}); allow it to the role, and look for a service control policy that denies it"
    )]
    Refused {
        /// The IAM action.
        action: String,
        /// AWS's error code.
        code: String,
    },
    /// The resource is being changed by somebody else. Asking later helps.
    #[error(
        "{action}: the resource is being changed by somebody else ({code}); try again in some minutes"
    )]
    Busy {
        /// The IAM action.
        action: String,
        /// AWS's error code.
        code: String,
    },
    /// Gone: the resource that was to be changed.
    #[error("{action}: what it is about no longer exists")]
    Gone {
        /// The IAM action.
        action: String,
    },
    /// Changed: the resource is no longer what the step was planned for.
    #[error("{0} was changed by somebody else meanwhile; plan again")]
    Changed(String),
    /// The call failed, or brought no answer: it may or may not have been heard.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Codes of CloudTrail, Lambda and Organizations while a resource is being changed.
const BUSY: [&str; 3] = [
    "ConflictException",
    "ConcurrentModificationException",
    "ResourceConflictException",
];

impl From<Unread> for StepError {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Denied { action, code } | Unread::Unavailable { action, code } => {
                Self::Refused { action, code }
            }
            Unread::ValueMissing { action, .. } => Self::Gone { action },
        }
    }
}

/// Makes a call that a step consists of. `action` is its IAM action.
///
/// # Errors
/// Unless AWS says that it did what it was asked.
pub fn write<T, E, R>(
    account: &Account,
    action: &'static str,
    call: impl Future<Output = Result<T, SdkError<E, R>>> + Send,
) -> impl Future<Output = Result<T, StepError>> + Send
where
    T: Send,
    E: ProvideErrorMetadata + std::error::Error + Send + 'static,
    R: std::fmt::Debug + Send,
{
    // On the heap: the futures of the SDK are large, and a step makes several.
    Box::pin(async move { meaning(account.call(action, call).await, action) })
}

/// Returns what a call's answer means for a step.
fn meaning<T>(answer: Result<Fact<Option<T>>, CallError>, action: &str) -> Result<T, StepError> {
    match answer {
        Ok(Fact::Known(Some(output))) => Ok(output),
        Ok(Fact::Known(None)) => Err(StepError::Gone {
            action: action.to_owned(),
        }),
        Ok(Fact::Unread(unread)) => Err(unread.into()),
        Err(CallError::Failed { code, .. }) if BUSY.contains(&code.as_str()) => {
            Err(StepError::Busy {
                action: action.to_owned(),
                code,
            })
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes a call that takes something away, where it may already be gone.
///
/// # Errors
/// Unless it is gone now.
pub async fn remove<T, E, R>(
    account: &Account,
    action: &'static str,
    call: impl Future<Output = Result<T, SdkError<E, R>>> + Send,
) -> Result<(), StepError>
where
    T: Send,
    E: ProvideErrorMetadata + std::error::Error + Send + 'static,
    R: std::fmt::Debug + Send,
{
    match write(account, action, call).await {
        Ok(_) | Err(StepError::Gone { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
