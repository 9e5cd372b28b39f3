//! Exceptions: what the organization accepts for a while, and who answers for it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::timestamp::Timestamp;
use crate::verdict::{Compliance, ReasonCode, Verdict, reasons};

/// The environment variable with the exceptions of a function's control, each as
/// `ACCOUNT REASON_CODE EXPIRY OWNER`, separated by semicolons.
pub const EXCEPTIONS: &str = "ROOTGUARD_EXCEPTIONS";

/// That a control is violated in one account, in one way, is accepted until a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exception {
    /// The twelve-digit id of the account.
    pub account: String,
    /// Reason code of the violation that is accepted.
    pub reason_code: ReasonCode,
    /// The last day on which it is, in UTC.
    pub expires: Day,
    /// Owner who is responsible for the exception.
    pub owner: Owner,
}

impl Exception {
    /// Returns true if its last day is over.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires.end()
    }
}

/// The exceptions of one control: no two for the same account and reason code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exceptions(Vec<Exception>);

/// A text that does not say exceptions: whoever wrote it meant one that now is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{EXCEPTIONS}: {entry:?} is not ACCOUNT REASON_CODE YYYY-MM-DD OWNER, separated by \
     semicolons, one per account and reason code"
)]
pub struct ExceptionsError {
    entry: String,
}

impl Exceptions {
    /// Adds an exception, unless there is one for the same account and reason code.
    #[must_use]
    pub fn add(&mut self, exception: Exception) -> bool {
        let same = |other: &Exception| {
            other.account == exception.account && other.reason_code == exception.reason_code
        };
        let is_new = !self.0.iter().any(same);
        if is_new {
            self.0.push(exception);
        }
        is_new
    }

    /// Returns the verdict to report for an account for which a control concludes `verdict`.
    ///
    /// An excepted violation is `NOT_APPLICABLE`. Nothing else is touched: neither another
    /// violation, nor what could not be told. An exception whose day is over changes no
    /// verdict, and is named in it.
    #[must_use]
    pub fn apply(&self, account: &str, verdict: Verdict, now: Timestamp) -> Verdict {
        if verdict.compliance != Compliance::NonCompliant {
            return verdict;
        }
        let mut exceptions = self.0.iter();
        let found = exceptions.find(|exception| {
            exception.account == account && exception.reason_code == verdict.reason
        });
        let Some(exception) = found else {
            return verdict;
        };
        let Exception { expires, owner, .. } = exception;
        let (code, detail) = (&verdict.reason, &verdict.detail);
        if exception.is_expired(now) {
            let detail = format!("the exception of {owner} expired on {expires}; {detail}");
            return Verdict { detail, ..verdict }
                .with_evidence("expiredException", json!(exception));
        }
        Verdict {
            compliance: Compliance::NotApplicable,
            detail: format!("{code} until {expires} by {owner}: {detail}"),
            reason: reasons::EXCEPTED,
            evidence: verdict.evidence,
        }
        .with_evidence("exception", json!(exception))
    }
}

impl FromStr for Exceptions {
    type Err = ExceptionsError;

    /// Reads the value of [`EXCEPTIONS`].
    fn from_str(text: &str) -> Result<Self, ExceptionsError> {
        let mut exceptions = Self::default();
        for entry in text.split(';') {
            if text.trim().is_empty() {
                break;
            }
            let read = exception(entry.trim());
            if !read.is_some_and(|exception| exceptions.add(exception)) {
                let entry = entry.trim().chars().take(100).collect();
                return Err(ExceptionsError { entry });
            }
        }
        Ok(exceptions)
    }
}

fn exception(entry: &str) -> Option<Exception> {
    let mut parts = entry.splitn(4, ' ');
    let account = parts.next()?;
    let reason_code = parts.next()?;
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let of_code = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let is_code = !reason_code.is_empty() && reason_code.bytes().all(of_code);
    (is_account && is_code).then_some(())?;
    Some(Exception {
        account: account.to_owned(),
        reason_code: ReasonCode::from(reason_code.to_owned()),
        expires: parts.next()?.parse().ok()?,
        owner: parts.next()?.parse().ok()?,
    })
}

impl fmt::Display for Exceptions {
    /// The value of [`EXCEPTIONS`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for exception in &self.0 {
            let Exception {
                account,
                reason_code,
                expires,
                owner,
            } = exception;
            write!(f, "{separator}{account} {reason_code} {expires} {owner}")?;
            separator = ";";
        }
        Ok(())
    }
}

impl FromIterator<Exception> for Exceptions {
    /// Of two for the same account and reason code, the first counts.
    fn from_iter<I: IntoIterator<Item = Exception>>(all: I) -> Self {
        let mut exceptions = Self::default();
        for exception in all {
            let _ = exceptions.add(exception);
        }
        exceptions
    }
}

/// A day in UTC, written as `2027-03-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day {
    begin: Timestamp,
}

/// A text that is no day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a day like 2027-03-31")]
pub struct DayError;

impl Day {
    const MILLIS: i64 = 24 * 60 * 60 * 1000;

    /// The first moment after it.
    pub fn end(self) -> Timestamp {
        Timestamp::from_epoch_millis(self.begin.epoch_millis() + Self::MILLIS)
    }

    /// The day on which `time` is, and `days` later.
    pub fn after(time: Timestamp, days: i64) -> Self {
        let begin = time.epoch_millis().div_euclid(Self::MILLIS) + days;
        Self {
            begin: Timestamp::from_epoch_millis(begin * Self::MILLIS),
        }
    }
}

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        let begin = format!("{text}T00:00:00Z").parse().map_err(|_| DayError)?;
        let day = Self { begin };
        (day.to_string() == text).then_some(day).ok_or(DayError)
    }
}

impl TryFrom<String> for Day {
    type Error = DayError;

    fn try_from(text: String) -> Result<Self, DayError> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.begin.to_string();
        f.pad(time.get(..10).unwrap_or(&time))
    }
}

/// Owner of an exception: 1 to 64 characters on one line, without semicolons, such as a mail
/// address or the name of a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Owner(String);

/// A text that names nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not 1 to 64 characters on one line, without semicolons")]
pub struct OwnerError;

impl FromStr for Owner {
    type Err = OwnerError;

    fn from_str(text: &str) -> Result<Self, OwnerError> {
        let text = text.trim();
        let fits = (1..=64).contains(&text.chars().count());
        let is_plain = !text.contains(|char: char| char == ';' || char.is_control());
        (fits && is_plain)
            .then(|| Self(text.to_owned()))
            .ok_or(OwnerError)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
