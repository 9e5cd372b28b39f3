//! The Lambda function around a remediation.

use std::any::Any;
use std::env;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, SystemTime};

use aws_types::SdkConfig;
use config_rule::{
    CallError, EXCEPTIONS, Exceptions, ExceptionsError, Identity, IdentityError, ParameterError,
    ParameterKind, Parameters, RuleParameters, parse_parameters, sdk,
};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use tracing::{error, info};

use crate::approval::RemediationParameters;
use crate::attendant::{Attendant, RecordNotKept};
use crate::central;
pub use crate::central::REQUEST_QUEUE;
use crate::event::{RequestError, accept};
use crate::record::{Record, RecordedStep, StepStatus};
use crate::remediation::{Remediation, Target};
use crate::request::RequestRefusedError;
use crate::run::{Run, WaitSettings};

pub use lambda_runtime::Error;

/// The environment variable with the parameters of the rule, as a JSON object.
pub const RULE_PARAMETERS: &str = "ROOTGUARD_RULE_PARAMETERS";
/// The environment variable with what the remediation may do and needs to know, as a
/// JSON object.
pub const REMEDIATION: &str = "ROOTGUARD_REMEDIATION";

/// Part of the time left that is kept, for the answer.
const ANSWERING_TIME: Duration = Duration::from_secs(2);

/// A remediation that never began: nothing was changed.
#[derive(thiserror::Error)]
pub enum RemediationError {
    /// The request is not one that the function takes.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The event did not come by the request queue.
    #[error(transparent)]
    Refused(#[from] RequestRefusedError),
    /// The function does not know which account it works in.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The function's own configuration is not allowed.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The function's exceptions cannot be read.
    #[error(transparent)]
    Exceptions(#[from] ExceptionsError),
    /// AWS gave no answer that a plan could rest on.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The remediation panicked: a defect of rootguard. What it had begun stands in
    /// the log lines before.
    #[error("the remediation panicked: {0}")]
    Panic(String),
}

impl RemediationError {
    /// A stable name of what went wrong, for metrics and alarms.
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::Request(_) | Self::Refused(_) => "InvalidRequest",
            Self::Identity(_) => "InvalidFunctionArn",
            Self::Parameter(_) => "InvalidParameter",
            Self::Exceptions(_) => "ExceptionsError",
            Self::Call(CallError::Throttled { .. }) => "Throttled",
            Self::Call(_) => "CallFailed",
            Self::Panic(_) => "Panic",
        }
    }

    /// Returns what a caught panic said.
    fn panic(panic: &(dyn Any + Send)) -> Self {
        Self::Panic(config_rule::lambda::panic_text(panic))
    }
}

/// Type and message, because the Lambda runtime logs it.
impl std::fmt::Debug for RemediationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {self}", self.error_type())
    }
}

impl From<RemediationError> for Diagnostic {
    fn from(error: RemediationError) -> Self {
        Self {
            error_type: error.error_type().to_owned(),
            error_message: error.to_string(),
        }
    }
}

/// An invocation, and what it is answered with.
pub(crate) struct Invocation {
    pub(crate) event: Value,
    pub(crate) request_id: String,
    pub(crate) function_arn: String,
    pub(crate) deadline: Instant,
    pub(crate) sdk: SdkConfig,
}

/// Serves invocations until Lambda ends the process: the whole `main` of every
/// `…-remediate`. The control's [`Target`] says what an invocation is: the request of a
/// runbook about the function's own account, or records of the request queue.
///
/// # Errors
/// When the Lambda Runtime API cannot be reached.
pub async fn serve<R: Remediation>() -> Result<(), Error> {
    if let Target::MemberAccount { .. } = R::TARGET {
        return central::serve::<R>().await;
    }
    serve_each(async |invocation: Invocation| {
        let request_id = invocation.request_id.clone();
        let work = AssertUnwindSafe(Box::pin(remediate::<R>(invocation)));
        let result = or_panic(work.catch_unwind().await);
        log(R::METADATA.name, &request_id, &result);
        result
    })
    .await
}

pub(crate) async fn serve_each<T: Serialize>(
    handle: impl AsyncFn(Invocation) -> Result<T, RemediationError>,
) -> Result<(), Error> {
    config_rule::lambda::log_json();
    let sdk = sdk::of_function();
    let handle = &handle;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let remaining = event.context.deadline().duration_since(SystemTime::now());
        let invocation = Invocation {
            request_id: event.context.request_id,
            function_arn: event.context.invoked_function_arn,
            deadline: Instant::now() + remaining.unwrap_or_default(),
            event: event.payload,
            sdk: sdk.clone(),
        };
        handle(invocation)
    }))
    .await
}

/// A panic is an error like others.
pub(crate) fn or_panic<T>(
    result: Result<Result<T, RemediationError>, Box<dyn Any + Send>>,
) -> Result<T, RemediationError> {
    result.unwrap_or_else(|panic| Err(RemediationError::panic(panic.as_ref())))
}

/// One line with the whole record: the before-state of every step is nowhere else
/// but in the answer.
pub(crate) fn log<C: Serialize>(
    control: &str,
    request_id: &str,
    result: &Result<Record<C>, RemediationError>,
) {
    match result {
        Ok(record) => info!(
            control,
            request_id,
            account = record.account,
            outcome = %record.outcome,
            why = record.why,
            record = serde_json::to_string(record).unwrap_or_default(),
            "remediated"
        ),
        Err(failure) => error!(
            control,
            request_id,
            error_type = failure.error_type(),
            error = %failure,
            "remediation failed"
        ),
    }
}

async fn remediate<R: Remediation>(
    invocation: Invocation,
) -> Result<Record<R::Change>, RemediationError> {
    let identity = Identity::of_function(&invocation.function_arn)?;
    accept(&invocation.event, &identity)?;
    let configuration = Configuration::<R>::read()?;
    remediate_account(
        &configuration,
        (identity, false),
        invocation.deadline,
        invocation.sdk,
    )
    .await
}

/// Configuration from the function's own environment.
pub(crate) struct Configuration<R: Remediation> {
    pub(crate) rule: RuleParameters<R::Parameters>,
    pub(crate) remediation: RemediationParameters<R>,
    pub(crate) exceptions: Exceptions,
}

impl<R: Remediation> Configuration<R> {
    pub(crate) fn read() -> Result<Self, RemediationError> {
        Ok(Self {
            rule: configured(RULE_PARAMETERS)?,
            remediation: configured(REMEDIATION)?,
            exceptions: env::var(EXCEPTIONS).unwrap_or_default().parse()?,
        })
    }
}

/// Repairs an account as the function's own configuration says. The flag tells that the
/// credentials are not the account's own, but those of the central account.
pub(crate) async fn remediate_account<R: Remediation>(
    configuration: &Configuration<R>,
    (identity, from_central): (Identity, bool),
    deadline: Instant,
    sdk: SdkConfig,
) -> Result<Record<R::Change>, RemediationError> {
    let run = Run {
        sdk,
        identity,
        from_central,
        parameters: &configuration.rule.control,
        remediation: &configuration.remediation,
        exceptions: &configuration.exceptions,
        wait: WaitSettings::default(),
        deadline: deadline - ANSWERING_TIME,
    };
    Ok(run.remediate(&mut FunctionLog).await?)
}

/// Approves what the function's configuration allows, and keeps the record in the
/// function's log: a line before each step, so that whoever ends the process ends it
/// after that line.
struct FunctionLog;

impl Attendant for FunctionLog {
    fn asks(&self) -> bool {
        false
    }

    fn approve<'a>(&'a mut self, _: &'a Record<Value>) -> BoxFuture<'a, bool> {
        ready(true).boxed()
    }

    fn keep(&mut self, record: &Record<Value>) -> Result<(), RecordNotKept> {
        let is_begun = |recorded: &&RecordedStep<Value>| recorded.status == StepStatus::Applying;
        if let Some(begun) = record.steps.iter().find(is_begun) {
            info!(
                control = record.control,
                account = record.account,
                resource = begun.step.resource,
                step = %json!(begun.step),
                record = serde_json::to_string(record).unwrap_or_default(),
                "applying a step"
            );
        }
        Ok(())
    }

    /// The run's deadline stops it.
    fn is_stopped(&self) -> bool {
        false
    }
}

/// The function's own configuration; where the variable is not set, the defaults.
fn configured<P: Parameters>(variable: &'static str) -> Result<P, ParameterError> {
    let text = env::var(variable).unwrap_or_default();
    let values = if text.is_empty() {
        Ok(Map::new())
    } else {
        serde_json::from_str::<Map<String, Value>>(&text)
    };
    let values = values.map_err(|_| {
        let allowed = ParameterKind::Text("a JSON object");
        ParameterError::not_allowed(variable, &Value::from(text), allowed)
    })?;
    parse_parameters(values)
}
