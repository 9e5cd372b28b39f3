//! What the doctor says: what is wrong or could not be told, and what to do.

use config_rule::Unread;
use serde::Serialize;

/// One thing that is wrong, or that nobody could tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Finding {
    /// The account it is about; none where it is about the organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<String>,
    /// Name of the account, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account_name: Option<String>,
    /// The Region, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<String>,
    /// The examination that found it.
    pub(crate) examination: &'static str,
    /// Kind: something is wrong, or could not be told.
    pub(crate) kind: Kind,
    /// The fault and what it means; neither account nor Region, so that people are
    /// told once what holds in many.
    pub(crate) what: String,
    /// The remedy: a command, where there is one.
    pub(crate) fix: String,
}

/// Kind of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Kind {
    /// Something is wrong.
    Wrong,
    /// Nobody could tell, which is never good news.
    CouldNotTell,
}

impl Finding {
    /// Something is wrong.
    pub(super) fn wrong(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            account: None,
            account_name: None,
            region: None,
            examination: "",
            kind: Kind::Wrong,
            what: what.into(),
            fix: fix.into(),
        }
    }

    /// `question`, such as `whether there is a recorder`, has no answer.
    pub(super) fn could_not_tell(question: &str, unread: &Unread) -> Self {
        let (why, fix) = match unread {
            Unread::Denied { action, code } => (
                format!("{action} was refused ({code})"),
                format!("allow {action} to whoever asks"),
            ),
            Unread::Unavailable { action, code } => (
                format!("{action} answered {code}"),
                format!("try again; if it stays, try {action} by hand"),
            ),
            Unread::ValueMissing { action, value } => (
                format!("{action} gave no {value}"),
                format!("try {action} by hand"),
            ),
        };
        Self {
            kind: Kind::CouldNotTell,
            ..Self::wrong(format!("could not tell {question}: {why}"), fix)
        }
    }

    /// The same, about an account.
    #[must_use]
    pub(super) fn in_account(self, account: &str) -> Self {
        Self {
            account: Some(account.to_owned()),
            ..self
        }
    }

    /// The same, about a Region.
    #[must_use]
    pub(super) fn in_region(self, region: &str) -> Self {
        Self {
            region: Some(region.to_owned()),
            ..self
        }
    }
}
