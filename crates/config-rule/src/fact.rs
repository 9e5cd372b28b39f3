//! What was read from AWS, and what could not be read.

use serde::{Deserialize, Serialize};

/// What a read-only AWS call told us. That it told us nothing is a fact too:
/// an evaluation reports it and never takes it for good news.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fact<T> {
    /// AWS answered.
    Known(T),
    /// AWS did not answer, and asking again would not help.
    Unread(Unread),
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Unread {
    /// The function's role, or a policy above it, does not allow the call.
    Denied {
        /// The IAM action, such as `iam:GetAccountSummary`.
        action: String,
        /// AWS's error code.
        code: String,
    },
    /// The service does not serve this account or Region, or refuses to show a
    /// resource that another account owns.
    Unavailable {
        /// The IAM action, such as `iam:GetAccountSummary`.
        action: String,
        /// AWS's error code.
        code: String,
    },
    /// AWS answered, but without the value that the verdict needs.
    ValueMissing {
        /// The IAM action, such as `iam:GetAccountSummary`.
        action: String,
        /// The name of the value in AWS's answer.
        value: String,
    },
}

impl Unread {
    /// Why there is no answer to a call that an observation left out because
    /// nothing depended on it. Met where facts that were saved are judged with
    /// other parameters.
    pub fn not_asked(action: &str) -> Self {
        Self::ValueMissing {
            action: action.to_owned(),
            value: "everything, because it was not asked for".to_owned(),
        }
    }
}

impl<T> Fact<T> {
    /// What is known, or why nothing is.
    ///
    /// # Errors
    /// With the reason, which makes a [`Verdict`](crate::Verdict): a control
    /// that needs this fact returns it with `?`.
    pub fn known(&self) -> Result<&T, Unread> {
        match self {
            Self::Known(value) => Ok(value),
            Self::Unread(unread) => Err(unread.clone()),
        }
    }

    /// The same fact about something made from the value.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value) => Fact::Known(make(value)),
            Self::Unread(unread) => Fact::Unread(unread),
        }
    }
}
