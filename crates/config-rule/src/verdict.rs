//! Verdicts of controls about accounts.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::annotation::Annotation;
use crate::fact::Unread;

/// Result of judging an account by a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Compliance {
    /// It does, and that was seen.
    Compliant,
    /// It does not, and that was seen.
    NonCompliant,
    /// The question does not arise here, or is judged elsewhere.
    NotApplicable,
    /// Something that decides could not be read. AWS Config has no such state:
    /// the parameter `whenUnverifiable` says what it is told.
    Unverifiable,
}

impl fmt::Display for Compliance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Compliant => "COMPLIANT",
            Self::NonCompliant => "NON_COMPLIANT",
            Self::NotApplicable => "NOT_APPLICABLE",
            Self::Unverifiable => "UNVERIFIABLE",
        })
    }
}

/// The stable name of a conclusion, such as `ROOT_ACCESS_KEY_PRESENT`: what
/// exceptions, reports and other programs refer to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReasonCode(Cow<'static, str>);

impl ReasonCode {
    /// The reason code `name`, by convention in `SCREAMING_SNAKE_CASE`.
    pub const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for ReasonCode {
    fn from(name: String) -> Self {
        Self(Cow::Owned(name))
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The reason codes that every control has.
pub mod reasons {
    use super::ReasonCode;

    /// A call that decides was denied.
    pub const UNVERIFIABLE_ACCESS_DENIED: ReasonCode =
        ReasonCode::new("UNVERIFIABLE_ACCESS_DENIED");
    /// A service that decides does not serve this account or Region.
    pub const UNVERIFIABLE_UNAVAILABLE: ReasonCode = ReasonCode::new("UNVERIFIABLE_UNAVAILABLE");
    /// A violation that the organization accepts for a while: an
    /// [`Exception`](crate::Exception) says so, not the control.
    pub const EXCEPTED: ReasonCode = ReasonCode::new("EXCEPTED");
    /// AWS's answer lacked the value that decides.
    pub const UNVERIFIABLE_VALUE_MISSING: ReasonCode =
        ReasonCode::new("UNVERIFIABLE_VALUE_MISSING");
}

/// Conclusion of a control about an account, with the evidence for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Result for the account.
    pub compliance: Compliance,
    /// Reason, as a stable name.
    pub reason: ReasonCode,
    /// Reason, in words: what was seen, and what to do. The essential first,
    /// because an annotation is cut after 256 characters.
    pub detail: String,
    /// Facts that the conclusion rests on, for machines and for the record.
    pub evidence: Map<String, Value>,
}

impl Verdict {
    /// A verdict without evidence yet.
    pub fn new(compliance: Compliance, reason: ReasonCode, detail: impl Into<String>) -> Self {
        Self {
            compliance,
            reason,
            detail: detail.into(),
            evidence: Map::new(),
        }
    }

    /// Adds to what the conclusion rests on.
    #[must_use]
    pub fn with_evidence(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.evidence.insert(name.to_owned(), value.into());
        self
    }

    /// `REASON_CODE: detail`, as AWS Config shows it.
    pub fn annotation(&self) -> Annotation {
        Annotation::new(&format!("{}: {}", self.reason, self.detail))
    }
}

impl From<Unread> for Verdict {
    fn from(unread: Unread) -> Self {
        let (reason, detail) = match &unread {
            Unread::Denied { action, code } => (
                reasons::UNVERIFIABLE_ACCESS_DENIED,
                format!(
                    "{action} was refused ({code}). Allow it to the function's role, and look \
                     for a service control policy that denies it."
                ),
            ),
            Unread::Unavailable { action, code } => (
                reasons::UNVERIFIABLE_UNAVAILABLE,
                format!("{action} is not served for this account in this Region ({code})."),
            ),
            Unread::ValueMissing { action, value } => (
                reasons::UNVERIFIABLE_VALUE_MISSING,
                format!("the answer of {action} lacks {value}."),
            ),
        };
        Self::new(Compliance::Unverifiable, reason, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_read_names_action_and_code() {
        let denied = Unread::Denied {
            action: "iam:GetAccountSummary".into(),
            code: "AccessDenied".into(),
        };
        let verdict = Verdict::from(denied);
        assert_eq!(verdict.compliance, Compliance::Unverifiable);
        let annotation = verdict.annotation().to_string();
        assert!(annotation.starts_with("UNVERIFIABLE_ACCESS_DENIED: iam:GetAccountSummary was"));
        assert!(annotation.contains("(AccessDenied)"));
    }
}
