//! The Lambda function that repairs member accounts from a central one.

use std::env;
use std::panic::AssertUnwindSafe;

use config_rule::{Arn, Identity, ParameterError, ParameterKind};
use futures::FutureExt;
use serde_json::{Value, json};
use tracing::error;

use crate::lambda::{Invocation, RemediationError, log, or_panic, repair, serve_each};
use crate::remediation::Remediation;
use crate::request::requests;

pub use lambda_runtime::Error;

/// The environment variable with the ARN of the one queue that is believed.
pub const REQUEST_QUEUE: &str = "ROOTGUARD_REQUEST_QUEUE";

/// Serves the records of the request queue until Lambda ends the process: the whole
/// `main` of a central `…-remediate`.
///
/// # Errors
/// When the Lambda Runtime API cannot be reached.
pub async fn serve<R: Remediation>() -> Result<(), Error> {
    serve_each(async |invocation: Invocation| {
        let work = AssertUnwindSafe(Box::pin(remediate_all::<R>(invocation)));
        or_panic(work.catch_unwind().await)
    })
    .await
}

/// Each request by itself, so that one account's trouble is not another's. A record that
/// is no request is told and dropped: it would be none the next time either.
async fn remediate_all<R: Remediation>(invocation: Invocation) -> Result<Value, RemediationError> {
    let central = Identity::of_function(&invocation.function_arn)?;
    let requests = requests(&invocation.event, &request_queue()?)?;
    let mut outcomes = Vec::new();
    for request in requests {
        let request = match request {
            Ok(request) => request,
            Err(refused) => {
                error!(error = %refused, "request refused");
                outcomes.push(json!({"outcome": "REFUSED", "why": refused.to_string()}));
                continue;
            }
        };
        let member = format!("arn:{}:iam::{}:root", central.partition(), request.account);
        let member = Identity::of_caller(&member, central.region())?;
        let sdk = invocation.sdk.clone();
        let result = repair::<R>(member, invocation.deadline, sdk).await;
        log(R::METADATA.name, &request.id, &result);
        // Lambda gives the record to the function again.
        let record = result?;
        outcomes.push(json!({"requestId": request.id, "record": record}));
    }
    Ok(Value::Array(outcomes))
}

fn request_queue() -> Result<Arn, ParameterError> {
    let text = env::var(REQUEST_QUEUE).unwrap_or_default();
    let queue = text.parse().ok().filter(|arn: &Arn| arn.service() == "sqs");
    queue.ok_or_else(|| {
        let allowed = ParameterKind::Text("the ARN of the request queue");
        ParameterError::not_allowed(REQUEST_QUEUE, &Value::from(text), allowed)
    })
}
