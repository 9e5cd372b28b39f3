//! The Lambda function.

use std::any::Any;
use std::fmt;
use std::panic::AssertUnwindSafe;

use aws_sdk_securityhub::Client;
use aws_types::SdkConfig;
use config_rule::{Identity, IdentityError, lambda, sdk};
use futures::FutureExt;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::Value;
use tracing::{error, info};

use crate::finding::{Finding, UnknownControlError};
use crate::import::{ImportError, Outcome, import};
use crate::record::{RecordError, record_of};
use crate::severities::{SEVERITIES, Severities};

/// A record that did not become a finding. Lambda invokes again, and after its last
/// attempt puts the record into the queue of failed invocations.
///
/// `Debug` is the type and the message, because the Lambda runtime logs it.
#[derive(thiserror::Error)]
pub enum Error {
    /// The function does not know which account it works in.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The event is no record of this account.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The record is about no control that is known.
    #[error(transparent)]
    Control(#[from] UnknownControlError),
    /// Security Hub did not keep the finding.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A defect of rootguard.
    #[error("the function panicked: {0}")]
    Panic(String),
}

impl Error {
    /// A stable name of what went wrong, for metrics and alarms.
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::Identity(_) => "InvalidFunctionArn",
            Self::Record(RecordError::Elsewhere { .. }) => "OtherAccount",
            Self::Record(_) => "InvalidEvent",
            Self::Control(_) => "UnknownControlError",
            Self::Import(_) => "ImportFailed",
            Self::Panic(_) => "Panic",
        }
    }

    fn panic(panic: &(dyn Any + Send)) -> Self {
        Self::Panic(lambda::panic_text(panic))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.error_type())
    }
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        Self {
            error_type: error.error_type().to_owned(),
            error_message: error.to_string(),
        }
    }
}

/// Answer of the function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reported {
    /// The finding's id.
    pub finding_id: String,
    /// Its `Compliance.Status`.
    pub status: &'static str,
    /// Outcome.
    pub outcome: Outcome,
}

/// Serves invocations until Lambda ends the process: the whole `main`.
///
/// # Errors
/// When the severities are not what they should be, or the Lambda Runtime API cannot be
/// reached.
pub async fn serve() -> Result<(), lambda::Error> {
    lambda::log_json();
    let severities = Severities::parse(&std::env::var(SEVERITIES).unwrap_or_default())?;
    let sdk = sdk::of_function();
    let (severities, sdk) = (&severities, &sdk);
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        let function = &event.context.invoked_function_arn;
        let handled = handle(&event.payload, function, severities, sdk);
        let result = AssertUnwindSafe(handled)
            .catch_unwind()
            .await
            .unwrap_or_else(|panic| Err(Error::panic(panic.as_ref())));
        log(&event.context.request_id, &result);
        result
    }))
    .await
}

/// Makes the record in an event a finding of the account that `function_arn` is in, and
/// says what became of it.
///
/// # Errors
/// If Security Hub did not keep it.
pub async fn handle(
    event: &Value,
    function_arn: &str,
    severities: &Severities,
    sdk: &SdkConfig,
) -> Result<Reported, Error> {
    let own = Identity::of_function(function_arn)?;
    let record = record_of(event, &own)?;
    let finding = Finding::new(&(&record).into(), |control| severities.severity_of(control))?;
    let outcome = if record.test_mode {
        Outcome::Test
    } else {
        import(&Client::new(sdk), &finding).await?
    };
    Ok(Reported {
        finding_id: finding.id().to_owned(),
        status: finding.status(),
        outcome,
    })
}

/// The one line of ours per invocation; no payloads.
fn log(request_id: &str, result: &Result<Reported, Error>) {
    match result {
        Ok(done) => info!(
            request_id,
            finding = done.finding_id,
            status = done.status,
            outcome = ?done.outcome,
            "reported"
        ),
        Err(failure) => error!(
            request_id,
            error_type = failure.error_type(),
            error = %failure,
            "reporting failed"
        ),
    }
}
