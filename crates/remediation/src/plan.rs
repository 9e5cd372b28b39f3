//! What would be done about an account, as data.

use std::borrow::Cow;

use config_rule::{Unread, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One change of one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step<C> {
    /// Description for people: "start logging".
    pub what: String,
    /// The ARN of what is changed or made.
    pub resource: String,
    /// State before the step; `null` where nothing is there yet.
    pub before: Value,
    /// State after the step; `null` where nothing will be left.
    pub after: Value,
    /// True if `rootguard undo` can take it back.
    pub reversible: bool,
    /// Reason why it will cost money that is not spent now, if it will.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<String>,
    /// The change, for the control that knows how to make it and how to take it
    /// back.
    pub change: C,
}

/// A task that only a human can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManualItem {
    /// Its stable name, such as `CREATE_TRAIL`.
    pub code: Cow<'static, str>,
    /// Description of the task, and why nobody else can do it.
    pub what: String,
    /// Instructions for it.
    pub runbook: String,
}

/// Plan for an account: the steps in their order, and what only a
/// human can do. Both are empty where the control is satisfied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan<C> {
    /// The steps.
    pub steps: Vec<Step<C>>,
    /// A task that only a human can do.
    pub manual: Vec<ManualItem>,
    /// Notes that whoever approves should know beforehand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Reason why nothing may be done here by anybody but a human, if that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// Something that decides could not be read: nothing is changed on a guess.
pub const READ_REFUSED: &str = "READ_REFUSED";

impl ManualItem {
    /// An item under its stable name.
    pub fn new(code: &'static str, what: impl Into<String>, runbook: impl Into<String>) -> Self {
        Self {
            code: Cow::Borrowed(code),
            what: what.into(),
            runbook: runbook.into(),
        }
    }

    /// The only thing that follows from a verdict that could not be reached.
    pub fn unverifiable(verdict: &Verdict) -> Self {
        Self::new(
            READ_REFUSED,
            format!("{}: {}", verdict.reason, verdict.detail),
            "Let the function read what it could not, and start the remediation again: nothing is \
             changed on a guess.",
        )
    }

    /// The only thing that follows from a violation that the organization accepts.
    pub(crate) fn excepted(verdict: &Verdict) -> Self {
        Self::new(
            "EXCEPTED",
            format!("excepted: {}", verdict.detail),
            "Nothing, until then. To have it repaired now, take the exception out of rules.toml, \
             deploy, and start the remediation again.",
        )
    }

    /// The only thing that follows in a member account whose root user is looked after
    /// from another account.
    pub fn ask_central_account(_: &Verdict) -> Self {
        Self::new(
            "ASK_CENTRAL_ACCOUNT",
            "root credentials are deleted from the account that holds IAM's delegated \
             administration, not from here.",
            "Press Remediate at the rule in AWS Config, or run rootguard remediate with --account \
             in that account.",
        )
    }

    /// The only thing that follows from a fact that could not be read.
    pub fn unread(unread: &Unread) -> Self {
        let (what, runbook) = match unread {
            Unread::Denied { action, code } => (
                format!("{action} was refused ({code}), so nothing can be planned from it."),
                format!(
                    "Allow {action} to the function's role, look for a service control policy \
                     that denies it, and start the remediation again."
                ),
            ),
            Unread::Unavailable { action, code } => (
                format!("{action} was not answered ({code}), so nothing can be planned from it."),
                format!(
                    "Find out why {action} is not served for this account and Region, and start \
                     the remediation again."
                ),
            ),
            Unread::ValueMissing { action, value } => (
                format!("the answer of {action} lacks {value}, so nothing can be planned from it."),
                "Look at the resource in the AWS console.".to_owned(),
            ),
        };
        Self::new(READ_REFUSED, what, runbook)
    }
}

impl<C> Default for Plan<C> {
    fn default() -> Self {
        Self {
            steps: Vec::new(),
            manual: Vec::new(),
            warnings: Vec::new(),
            refused: None,
        }
    }
}

impl<C> Plan<C> {
    /// A plan that leaves everything to a human.
    pub fn manual(item: ManualItem) -> Self {
        Self {
            manual: vec![item],
            ..Self::default()
        }
    }

    /// A plan that is not to be had here: a guard stands before it.
    pub fn refused(item: ManualItem) -> Self {
        Self {
            refused: Some(item.what.clone()),
            ..Self::manual(item)
        }
    }

    /// Returns whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.manual.is_empty()
    }
}
