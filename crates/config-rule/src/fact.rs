//! Facts read from AWS, and the reasons for those that could not be read.

use serde::{Deserialize, Serialize};

/// Answer of a read-only AWS call. An answer that could not be had is a fact too: an evaluation
/// reports it and never rests a COMPLIANT verdict on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fact<T> {
    /// AWS answered.
    Known(T),
    /// AWS did not answer, and asking again would not help.
    Unread(Unread),
}

/// Reasons for which a fact could not be read.
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
    /// Returns the reason for a list or a test that AWS answered with "not found": what is in it
    /// is not known.
    pub fn not_found(action: &str) -> Self {
        Self::Unavailable {
            action: action.to_owned(),
            code: "not found".to_owned(),
        }
    }

    /// Returns the reason for a call that an observation left out because nothing depended on it.
    /// Occurs where saved facts are judged with other parameters.
    pub fn not_asked(action: &str) -> Self {
        Self::ValueMissing {
            action: action.to_owned(),
            value: "everything, because it was not asked for".to_owned(),
        }
    }
}

impl<T> Fact<T> {
    /// Returns the known value, or the reason for its absence.
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

    /// Applies a function to a known value.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value) => Fact::Known(make(value)),
            Self::Unread(unread) => Fact::Unread(unread),
        }
    }
}
