//! The calls that the function makes to AWS, one method for each.

use std::time::Duration;

use aws_sdk_config::config::retry::RetryConfig;
use aws_sdk_config::operation::start_config_rules_evaluation::builders::StartConfigRulesEvaluationFluentBuilder as StartEvaluation;
use aws_sdk_sqs::types::ChangeMessageVisibilityBatchRequestEntry as Hidden;
use config_rule::{ASSUME_ROLE, Account, CallError, EvidenceRole, Fact, Unread};

use crate::input::{Evaluate, Note};
use crate::message::Message;
use crate::publication::Publication;
use crate::settings::Settings;

const PUBLISH: &str = "sns:Publish";
const SEND_MESSAGE: &str = "sqs:SendMessage";
const CHANGE_VISIBILITY: &str = "sqs:ChangeMessageVisibility";
const DESCRIBE_ACCOUNT: &str = "organizations:DescribeAccount";
const START_EVALUATION: &str = "config:StartConfigRulesEvaluation";

/// The IAM actions that the function's role needs. [`ASSUME_ROLE`] is for the evaluation
/// role, which needs `config:StartConfigRulesEvaluation`.
pub const ACTIONS: &[&str] = &[
    PUBLISH,
    SEND_MESSAGE,
    CHANGE_VISIBILITY,
    DESCRIBE_ACCOUNT,
    ASSUME_ROLE,
];

/// The IAM actions that the evaluation role needs in every account.
pub const EVALUATION_ACTIONS: &[&str] = &[START_EVALUATION];

/// The most entries of a batch request to SQS.
pub(crate) const MOST_ENTRIES: usize = 10;

/// A call that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// It failed and may succeed when it is repeated.
    #[error(transparent)]
    Call(#[from] CallError),
    /// AWS refused it, and will refuse it again.
    #[error("{action} was refused ({code})")]
    Refused {
        /// The IAM action.
        action: String,
        /// AWS's error code.
        code: String,
    },
    /// The resource does not exist.
    #[error("{0}: the resource does not exist")]
    NotFound(&'static str),
    /// The request could not be made.
    #[error("{0}: {1}")]
    NotSent(&'static str, String),
}

impl DeliveryError {
    /// Returns `true` if repeating the call later may help.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Call(_))
    }

    /// Returns `true` if a smaller message may be accepted: the content of this one was refused.
    pub(crate) fn may_accept_smaller(&self) -> bool {
        match self {
            Self::Call(CallError::Failed { code, .. }) => !["Internal", "Unavailable", "KMS"]
                .iter()
                .any(|cause| code.contains(cause)),
            Self::NotSent(..) => true,
            Self::Call(_) | Self::Refused { .. } | Self::NotFound(_) => false,
        }
    }
}

/// The account and the settings that the function works with.
pub(crate) struct Aws<'a> {
    pub(crate) account: Account,
    pub(crate) settings: &'a Settings,
}

impl Aws<'_> {
    /// Publishes a message to the topic.
    pub(crate) async fn publish(&self, publication: Publication) -> Result<(), DeliveryError> {
        use aws_sdk_sns::types::MessageAttributeValue;
        let mut request = aws_sdk_sns::Client::new(self.account.sdk())
            .publish()
            .topic_arn(&self.settings.topic_arn)
            .set_subject(publication.subject)
            .message(publication.message);
        if publication.by_protocol {
            request = request.message_structure("json");
        }
        for (name, value) in publication.attributes {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build()
                .map_err(|error| DeliveryError::NotSent(PUBLISH, error.to_string()))?;
            request = request.message_attributes(name, value);
        }
        done(PUBLISH, self.account.call(PUBLISH, request.send()).await?)
    }

    /// Sends a message that cannot be read to the dead-letter queue, with the reason.
    pub(crate) async fn bury(&self, message: &Message, reason: &str) -> Result<(), DeliveryError> {
        let mut request = self
            .sqs()
            .send_message()
            .queue_url(&self.settings.dead_letter_queue_url)
            .message_body(&message.body);
        for (name, value) in [("reason", reason), ("messageId", &message.id)] {
            let value = aws_sdk_sqs::types::MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build()
                .map_err(|error| DeliveryError::NotSent(SEND_MESSAGE, error.to_string()))?;
            request = request.message_attributes(name, value);
        }
        done(
            SEND_MESSAGE,
            self.account.call(SEND_MESSAGE, request.send()).await?,
        )
    }

    /// Leaves a note in the queue, to be read after a delay.
    pub(crate) async fn note(&self, note: &Note, delay: Duration) -> Result<(), DeliveryError> {
        let request = self
            .sqs()
            .send_message()
            .queue_url(&self.settings.queue_url)
            .message_body(note.to_body())
            .delay_seconds(seconds(delay));
        done(
            SEND_MESSAGE,
            self.account.call(SEND_MESSAGE, request.send()).await?,
        )
    }

    /// Hides messages that wait, at most [`MOST_ENTRIES`].
    pub(crate) async fn hide(&self, held: &[(&Message, Duration)]) -> Result<(), DeliveryError> {
        let entries = held.iter().enumerate().map(|(number, (message, wait))| {
            Hidden::builder()
                .id(number.to_string())
                .receipt_handle(&message.receipt_handle)
                .visibility_timeout(seconds(*wait))
                .build()
                .map_err(|error| DeliveryError::NotSent(CHANGE_VISIBILITY, error.to_string()))
        });
        let request = self
            .sqs()
            .change_message_visibility_batch()
            .queue_url(&self.settings.queue_url)
            .set_entries(Some(entries.collect::<Result<_, _>>()?));
        // What fails in it comes back when the queue's own time-out is over.
        done(
            CHANGE_VISIBILITY,
            self.account.call(CHANGE_VISIBILITY, request.send()).await?,
        )
    }

    /// The name of an account, if the organization has that account.
    pub(crate) async fn account_name(
        &self,
        account: &str,
    ) -> Result<Option<String>, DeliveryError> {
        let request = aws_sdk_organizations::Client::new(self.account.sdk())
            .describe_account()
            .account_id(account);
        let answer = self.account.call(DESCRIBE_ACCOUNT, request.send()).await?;
        match answer {
            Fact::Known(output) => Ok(output.and_then(|output| output.account?.name)),
            Fact::Unread(unread) => Err(refused(unread)),
        }
    }

    /// Starts the evaluation of rules in an account.
    pub(crate) async fn evaluate(&self, evaluate: &Evaluate) -> Result<(), DeliveryError> {
        let Evaluate {
            account, partition, ..
        } = evaluate;
        let name = self.settings.evaluation_role.as_deref().unwrap_or_default();
        let arn = format!("arn:{partition}:iam::{account}:role/{name}");
        let role = arn.parse().ok().and_then(EvidenceRole::new);
        let role = role.ok_or(DeliveryError::NotFound(ASSUME_ROLE))?;
        let there = match self.account.through(&role, "root-activity").await? {
            Fact::Known(there) => there,
            Fact::Unread(unread) => return Err(refused(unread)),
        };
        let there = match &self.settings.evaluation_region {
            Some(region) => there.in_region(region),
            None => there,
        };
        // The SDK would take "once a minute" for throttling, retry, and delay the next batch.
        let config = aws_sdk_config::config::Builder::from(there.sdk())
            .retry_config(RetryConfig::disabled())
            .build();
        let client = aws_sdk_config::Client::from_conf(config);
        let rules = evaluate.rules.iter();
        let request: StartEvaluation = rules.fold(
            client.start_config_rules_evaluation(),
            StartEvaluation::config_rule_names,
        );
        let answer = there.call(START_EVALUATION, request.send()).await?;
        done(START_EVALUATION, answer)
    }

    fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(self.account.sdk())
    }
}

fn done<T>(action: &'static str, answer: Fact<Option<T>>) -> Result<(), DeliveryError> {
    match answer {
        Fact::Known(Some(_)) => Ok(()),
        Fact::Known(None) => Err(DeliveryError::NotFound(action)),
        Fact::Unread(unread) => Err(refused(unread)),
    }
}

fn refused(unread: Unread) -> DeliveryError {
    let (Unread::Denied { action, code, .. }
    | Unread::Unavailable { action, code, .. }
    | Unread::ValueMissing {
        action,
        value: code,
    }) = unread;
    DeliveryError::Refused { action, code }
}

/// Whole seconds, at least one.
fn seconds(duration: Duration) -> i32 {
    let seconds = duration.as_millis().div_ceil(1000).max(1);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}
