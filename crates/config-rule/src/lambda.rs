//! The Lambda function around a control.

use std::any::Any;
use std::time::SystemTime;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use tokio::time::Instant;
use tracing::{error, info};
use tracing_subscriber::filter::LevelFilter;

use crate::control::Control;
use crate::evaluation::{Evaluation, EvaluationError, Function, evaluate};
use crate::exception::{EXCEPTIONS, Exceptions};
use crate::sdk;

pub use lambda_runtime::Error;

/// Serves invocations of the control's function until Lambda ends the process:
/// the whole `main` of every control.
///
/// # Errors
/// Returns an error if the Lambda Runtime API cannot be reached.
pub async fn serve<C: Control>() -> Result<(), Error> {
    log_json();
    let sdk = sdk::of_function();
    let exceptions: Result<Exceptions, _> = std::env::var(EXCEPTIONS).unwrap_or_default().parse();
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
        let (sdk, exceptions) = (sdk.clone(), exceptions.clone());
        async move {
            let remaining = event
                .context
                .deadline()
                .duration_since(SystemTime::now())
                .unwrap_or_default();
            let arn = event.context.invoked_function_arn.clone();
            // What cannot be read is no exception, and nobody is to miss that it is none.
            let result = match exceptions {
                Err(error) => Err(error.into()),
                Ok(exceptions) => {
                    let function = Function {
                        arn: arn.clone(),
                        deadline: Instant::now() + remaining,
                        exceptions,
                    };
                    Box::pin(evaluate::<C>(&event.payload, &function, sdk)).await
                }
            };
            log(C::METADATA.name, &arn, &event.context.request_id, &result);
            result
        }
    }))
    .await
}

/// The one line of ours per evaluation. What a metric filter, a query or a
/// person looks for; no payloads.
fn log(
    control: &str,
    function: &str,
    request_id: &str,
    result: &Result<Evaluation, EvaluationError>,
) {
    match result {
        Ok(evaluation) => info!(
            control,
            request_id,
            account = evaluation.account,
            region = evaluation.region,
            rule = evaluation.rule_name,
            compliance = %evaluation.compliance,
            reason_code = %evaluation.reason_code,
            annotation = %evaluation.annotation,
            observed_at = %evaluation.observed_at,
            calls = evaluation.calls.join(" "),
            duration_millis = evaluation.duration_millis,
            test_mode = evaluation.test_mode,
            "evaluated"
        ),
        Err(failure) => error!(
            control,
            request_id,
            function,
            error_type = failure.error_type(),
            error = %failure,
            "evaluation failed"
        ),
    }
}

/// Log lines are JSON at `AWS_LAMBDA_LOG_LEVEL`, which Lambda sets from the
/// function's logging configuration; `INFO` where it does not. To be called once, by the
/// `main` of a function.
pub fn log_json() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL")
        .ok()
        .and_then(|level| level.parse().ok())
        .unwrap_or(LevelFilter::INFO);
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_max_level(level)
        .init();
    std::panic::set_hook(Box::new(|panic| {
        error!(
            location = panic.location().map(ToString::to_string),
            "panic"
        );
    }));
}

/// Returns the message of a caught panic. Handlers catch panics themselves: the runtime would
/// report the name of a Rust type.
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "with no message".to_owned())
}

impl From<EvaluationError> for Diagnostic {
    fn from(error: EvaluationError) -> Self {
        Self {
            error_type: error.error_type().to_owned(),
            error_message: error.to_string(),
        }
    }
}
