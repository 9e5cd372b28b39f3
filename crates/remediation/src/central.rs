//! The Lambda function that repairs member accounts from a central one.

use std::env;
use std::panic::AssertUnwindSafe;
use std::time::SystemTime;

use aws_types::SdkConfig;
use config_rule::{Arn, Identity, ParameterError, ParameterKind, RuleParameters, sdk};
use futures::FutureExt;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};
use tokio::time::Instant;
use tracing::error;

use crate::approval::RemediationParameters;
use crate::lambda::{
    ANSWERING_TIME, REMEDIATION, RULE_PARAMETERS, RemediationError, configured, log,
};
use crate::record::Record;
use crate::remediation::Remediation;
use crate::request::{Request, requests};
use crate::run::{Patience, Run};

pub use lambda_runtime::Error;

/// The environment variable with the ARN of the one queue that is believed.
pub const REQUEST_QUEUE: &str = "ROOTGUARD_REQUEST_QUEUE";

/// Serves the records of the request queue until Lambda ends the process: the whole
/// `main` of a central `…-remediate`.
///
/// # Errors
/// When the Lambda Runtime API cannot be reached.
pub async fn serve<R: Remediation>() -> Result<(), Error> {
    config_rule::lambda::log_json();
    let sdk = sdk::of_function();
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
        let sdk = sdk.clone();
        async move {
            let remaining = event.context.deadline().duration_since(SystemTime::now());
            let deadline = Instant::now() + remaining.unwrap_or_default();
            let arn = event.context.invoked_function_arn.clone();
            let work = Box::pin(remediate_all::<R>(&event.payload, &arn, deadline, sdk));
            match AssertUnwindSafe(work).catch_unwind().await {
                Ok(result) => result,
                Err(panic) => Err(RemediationError::panic(panic.as_ref())),
            }
        }
    }))
    .await
}

/// Each request by itself, so that one account's trouble is not another's. A record that
/// is no request is told and dropped: it would be none the next time either.
async fn remediate_all<R: Remediation>(
    event: &Value,
    arn: &str,
    deadline: Instant,
    sdk: SdkConfig,
) -> Result<Value, RemediationError> {
    let central = Identity::of_function(arn)?;
    let requests = requests(event, &request_queue()?)?;
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
        let result = remediate::<R>(&request, &central, deadline, sdk.clone()).await;
        log(R::METADATA.name, &request.id, &result);
        // Lambda gives the record to the function again.
        let record = result?;
        outcomes.push(json!({"requestId": request.id, "record": record}));
    }
    Ok(Value::Array(outcomes))
}

async fn remediate<R: Remediation>(
    request: &Request,
    central: &Identity,
    deadline: Instant,
    sdk: SdkConfig,
) -> Result<Record<R::Change>, RemediationError> {
    let rule: RuleParameters<R::Parameters> = configured(RULE_PARAMETERS)?;
    let remediation: RemediationParameters<R> = configured(REMEDIATION)?;
    let member = format!("arn:{}:iam::{}:root", central.partition(), request.account);
    let run = Run {
        sdk,
        identity: Identity::of_caller(&member, central.region())?,
        parameters: &rule.control,
        remediation: &remediation,
        patience: Patience::default(),
        deadline: deadline - ANSWERING_TIME,
    };
    Ok(run.remediate().await?)
}

fn request_queue() -> Result<Arn, ParameterError> {
    let text = env::var(REQUEST_QUEUE).unwrap_or_default();
    let queue = text.parse().ok().filter(|arn: &Arn| arn.service() == "sqs");
    queue.ok_or_else(|| {
        let allowed = ParameterKind::Text("the ARN of the request queue");
        ParameterError::not_allowed(REQUEST_QUEUE, &Value::from(text), allowed)
    })
}
