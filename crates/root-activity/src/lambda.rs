//! The Lambda function.

use std::env;
use std::time::SystemTime;

use config_rule::sdk;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::Value;
use tokio::time::Instant;
use tracing::error;

use crate::function::{Function, FunctionError};
use crate::settings::Settings;

/// Serves invocations until Lambda ends the process.
///
/// # Errors
/// Returns an error if a variable is missing or the Lambda Runtime API cannot be reached.
pub async fn serve() -> Result<(), Error> {
    config_rule::lambda::log_json();
    let settings = Settings::from_variables(|name| env::var(name).ok())?;
    let function = Function::new(sdk::of_function(), settings);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let remaining = event
            .context
            .deadline()
            .duration_since(SystemTime::now())
            .unwrap_or_default();
        let arn = &event.context.invoked_function_arn;
        let deadline = Instant::now() + remaining;
        let result = function.handle(&event.payload, arn, deadline).await;
        if let Err(failure) = &result {
            error!(request_id = event.context.request_id, error = %failure, "batch refused");
        }
        result
    }))
    .await
}

impl From<FunctionError> for Diagnostic {
    fn from(error: FunctionError) -> Self {
        let error_type = match error {
            FunctionError::BatchError(_) => "InvalidEvent",
            FunctionError::Identity(_) => "InvalidFunctionArn",
        };
        Self {
            error_type: error_type.to_owned(),
            error_message: error.to_string(),
        }
    }
}
