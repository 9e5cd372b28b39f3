//! Telling AWS Config: `PutEvaluations`.

use std::time::Duration;

use aws_sdk_config::Client;
use aws_sdk_config::types::{ComplianceType, Evaluation};
use tokio::time::sleep;

use crate::account::Account;
use crate::annotation::Annotation;
use crate::answer::CallError;
use crate::event::RuleEvent;
use crate::fact::{Fact, Unread};
use crate::verdict::Compliance;

/// The IAM action of reporting a result. It cannot be scoped to a resource.
pub const PUT_EVALUATIONS: &str = "config:PutEvaluations";

/// The token of a test: Config validates the result and keeps nothing (the
/// convention of AWS's rdklib).
const TEST_TOKEN: &str = "TESTMODE";

/// The first pause after a result that Config says it did not keep.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Number of attempts to send a result before the invocation fails.
const MAX_ATTEMPTS: u32 = 5;

/// A result that AWS Config did not keep.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The role may not report, so nothing can ever be reported.
    #[error("{PUT_EVALUATIONS} was refused ({code}): allow it to the function's role")]
    Refused {
        /// AWS's error code.
        code: String,
    },
    /// Config answered with success and listed the result as failed, each time.
    #[error("AWS Config listed the result under FailedEvaluations {MAX_ATTEMPTS} times")]
    NotKept,
    /// The rule was deleted meanwhile.
    #[error("AWS Config no longer knows the rule that asked")]
    NoSuchRule,
}

/// Returns true if the event asks for a test.
pub(crate) fn is_test(event: &RuleEvent) -> bool {
    event.result_token == TEST_TOKEN
}

/// Reports the one result of an evaluation: of the account as a whole.
/// `compliance` that Config does not know is reported as `NON_COMPLIANT`.
///
/// Repeating it is harmless: Config keeps one result per resource.
pub(crate) async fn put_evaluation(
    account: &Account,
    event: &RuleEvent,
    compliance: Compliance,
    annotation: &Annotation,
) -> Result<(), ReportError> {
    let compliance_type = match compliance {
        Compliance::Compliant => ComplianceType::Compliant,
        Compliance::NotApplicable => ComplianceType::NotApplicable,
        Compliance::NonCompliant | Compliance::Unverifiable => ComplianceType::NonCompliant,
    };
    let evaluation = Evaluation::builder()
        .compliance_resource_type("AWS::::Account")
        .compliance_resource_id(account.identity().account())
        .compliance_type(compliance_type)
        .annotation(annotation.as_str())
        .ordering_timestamp(event.ordering_timestamp.into())
        .build()
        .map_err(|error| CallError::Failed {
            action: PUT_EVALUATIONS,
            code: "not sent".to_owned(),
            message: error.to_string(),
        })?;
    let config = aws_sdk_config::config::Builder::from(account.sdk())
        .retry_partition(account.retry_partition())
        .build();
    let request = Client::from_conf(config)
        .put_evaluations()
        .evaluations(evaluation)
        .result_token(&event.result_token)
        .test_mode(is_test(event));

    let mut pause = FIRST_PAUSE;
    for attempt in 1..=MAX_ATTEMPTS {
        let answer = account
            .call(PUT_EVALUATIONS, request.clone().send())
            .await?;
        match answer {
            Fact::Known(Some(output)) if output.failed_evaluations().is_empty() => return Ok(()),
            Fact::Known(Some(_)) if attempt == MAX_ATTEMPTS => break,
            Fact::Known(Some(_)) => sleep(pause).await,
            Fact::Known(None) => return Err(ReportError::NoSuchRule),
            Fact::Unread(
                Unread::Denied { code, .. }
                | Unread::Unavailable { code, .. }
                | Unread::ValueMissing { value: code, .. },
            ) => return Err(ReportError::Refused { code }),
        }
        pause *= 2;
    }
    Err(ReportError::NotKept)
}
