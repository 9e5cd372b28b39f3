//! Predictions of the results of Security Hub's own controls.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A prediction of the finding of Security Hub's own control, by its documented
/// semantics. Those are not ours: Security Hub has its own exact filter text, ignores
/// whether a trail logs, and sees nothing of what another account owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Prediction {
    /// Predicted status.
    pub status: SecurityHubStatus,
    /// Reason, in a sentence without a full stop.
    pub because: String,
}

/// The status of one of Security Hub's controls in an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SecurityHubStatus {
    /// There is a finding, and it passed.
    Passed,
    /// There is a finding, and it failed.
    Failed,
    /// There is no finding: it counts in no score.
    NoData,
    /// The facts do not tell, or AWS does not document the behaviour.
    Unknown,
}

impl Prediction {
    /// It will pass.
    pub fn passed(because: impl Into<String>) -> Self {
        Self::new(SecurityHubStatus::Passed, because)
    }

    /// It will fail.
    pub fn failed(because: impl Into<String>) -> Self {
        Self::new(SecurityHubStatus::Failed, because)
    }

    /// It will have no data.
    pub fn no_data(because: impl Into<String>) -> Self {
        Self::new(SecurityHubStatus::NoData, because)
    }

    /// Nobody can tell from what was seen.
    pub fn unknown(because: impl Into<String>) -> Self {
        Self::new(SecurityHubStatus::Unknown, because)
    }

    fn new(status: SecurityHubStatus, because: impl Into<String>) -> Self {
        Self {
            status,
            because: because.into(),
        }
    }
}

impl fmt::Display for SecurityHubStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Passed => "PASSED",
            Self::Failed => "FAILED",
            Self::NoData => "NO_DATA",
            Self::Unknown => "UNKNOWN",
        })
    }
}
