//! What CloudWatch Logs itself says about a filter pattern.

use config_rule::{Account, CallError, Fact};
use serde::{Deserialize, Serialize};

use crate::client::logs;

/// The IAM action of [`FilterTest::observe`]. It needs no log group.
pub const TEST_METRIC_FILTER: &str = "logs:TestMetricFilter";

/// The most messages that one call takes.
pub const MAX_MESSAGES: usize = 50;

/// A pattern tried on messages by CloudWatch Logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FilterTest {
    /// The messages, and whether the pattern matches each.
    pub messages: Vec<TestedMessage>,
}

/// A message that a pattern was tried on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestedMessage {
    /// The message.
    pub message: String,
    /// True if the pattern matches it.
    pub matched: bool,
}

impl FilterTest {
    /// Tries `pattern` on up to [`MAX_MESSAGES`] messages.
    ///
    /// # Errors
    /// See [`Account::call`].
    pub async fn observe(
        account: &Account,
        pattern: &str,
        messages: &[String],
    ) -> Result<Fact<Self>, CallError> {
        let messages: Vec<_> = messages.iter().take(MAX_MESSAGES).cloned().collect();
        let request = logs(account)
            .test_metric_filter()
            .filter_pattern(pattern)
            .set_log_event_messages(Some(messages.clone()));
        let answer = account.list(TEST_METRIC_FILTER, request.send()).await?;
        Ok(answer.map(|output| {
            let matches = output.matches.unwrap_or_default();
            // AWS numbers the messages from 1.
            let numbers: Vec<_> = matches.iter().map(|found| found.event_number).collect();
            let tested = (1_i64..).zip(messages);
            Self {
                messages: tested
                    .map(|(number, message)| TestedMessage {
                        message,
                        matched: numbers.contains(&number),
                    })
                    .collect(),
            }
        }))
    }

    /// Adds what an earlier call told about other messages.
    pub(crate) fn add(&mut self, earlier: Self) {
        for tested in earlier.messages {
            if self.matched(&tested.message).is_none() {
                self.messages.push(tested);
            }
        }
    }

    /// Returns whether the pattern matches `message`, if it was tried.
    pub fn matched(&self, message: &str) -> Option<bool> {
        let mut tested = self.messages.iter();
        tested
            .find(|tested| tested.message == message)
            .map(|tested| tested.matched)
    }
}
