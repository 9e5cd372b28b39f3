//! Answers to questions, and how many came out as believed.

use std::fmt::Debug;
use std::future::Future;

use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use config_rule::{Account, CallError, Fact, Unread};

use crate::Outcome;

/// The answer of AWS to one call.
pub(crate) enum Answer<T> {
    Given(T),
    /// Refused for what was asked: code and message.
    Refused(String),
    /// Not answered: denied, throttled, or not to be had in this Region.
    Unanswered(String),
}

/// Makes a call and tells a refusal of the question from a question that was not answered.
pub(crate) fn asked<'a, T, E, R>(
    account: &'a Account,
    action: &'static str,
    call: impl Future<Output = Result<T, SdkError<E, R>>> + 'a,
) -> impl Future<Output = Answer<T>> + 'a
where
    T: 'a,
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: Debug + 'a,
{
    // The SDK's futures are large.
    let call = Box::pin(call);
    async move {
        match account.call(action, call).await {
            Ok(Fact::Known(Some(given))) => Answer::Given(given),
            Ok(Fact::Known(None)) => Answer::Refused("not found".to_owned()),
            Ok(Fact::Unread(unread)) => Answer::Unanswered(match unread {
                Unread::Denied { action, code } => format!("{action} is denied ({code})"),
                Unread::Unavailable { action, code } => {
                    format!("{action} is not available ({code})")
                }
                Unread::ValueMissing { value, .. } => format!("the answer lacks {value}"),
            }),
            Err(CallError::Failed { code, message, .. }) => {
                Answer::Refused(format!("{code}: {message}"))
            }
            Err(error) => Answer::Unanswered(error.to_string()),
        }
    }
}

/// The questions about one belief: how many, which came out otherwise, why some were not
/// answered.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    asked: usize,
    differences: Vec<String>,
    unanswered: Vec<String>,
}

impl Tally {
    /// Counts a question that came out as believed or did not.
    pub(crate) fn expect(&mut self, as_believed: bool, difference: impl FnOnce() -> String) {
        self.asked += 1;
        if !as_believed {
            self.differences.push(difference());
        }
    }

    /// Counts a question that AWS did not answer.
    pub(crate) fn unanswered(&mut self, reason: String) {
        self.asked += 1;
        self.unanswered.push(reason);
    }

    /// Judges the belief. One difference refutes it; what was not answered confirms nothing.
    pub(crate) fn outcome(self) -> Outcome {
        if !self.differences.is_empty() {
            return Outcome::Refuted(self.differences);
        }
        match self.unanswered.first() {
            Some(reason) => Outcome::NotAsked(format!(
                "{} of {} questions were not answered: {reason}",
                self.unanswered.len(),
                self.asked
            )),
            None if self.asked == 0 => Outcome::NotAsked("there was nothing to ask".to_owned()),
            None => Outcome::Confirmed(self.asked),
        }
    }
}
