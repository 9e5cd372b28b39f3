//! The Lambda function that repairs member accounts from a central one.

use std::env;
use std::panic::AssertUnwindSafe;

use aws_types::SdkConfig;
use config_rule::{Account, Arn, Fact, Identity, ParameterError, ParameterKind, Verdict};
use futures::FutureExt;
use lambda_runtime::Error;
use serde::Serialize;
use serde_json::{Value, json};
use tracing::error;

use crate::approval::Mode;
use crate::lambda::{
    Configuration, Invocation, RemediationError, log, or_panic, remediate_account, serve_each,
};
use crate::member::leave_outcome;
use crate::record::Outcome;
use crate::remediation::{Remediation, Target};
use crate::request::{Request, requests};

/// The environment variable with the ARN of the one queue that is believed.
pub const REQUEST_QUEUE: &str = "ROOTGUARD_REQUEST_QUEUE";

/// Serves the records of the request queue until Lambda ends the process.
///
/// # Errors
/// When the Lambda Runtime API cannot be reached.
pub(crate) async fn serve<R: Remediation>() -> Result<(), Error> {
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
    let configuration = Configuration::<R>::read()?;
    let mut outcomes = Vec::new();
    for request in requests {
        let request = match request {
            Ok(request) => request,
            Err(refused) => {
                error!(error = %refused, "request refused");
                outcomes.push(json!({"outcome": Outcome::Refused, "why": refused.to_string()}));
                continue;
            }
        };
        let member = format!("arn:{}:iam::{}:root", central.partition(), request.account);
        let member = Identity::of_caller(&member, central.region())?;
        if configuration.remediation.approval.mode == Mode::Off {
            let refused = Answer::new(Outcome::Refused, "the mode of this remediation is off");
            refused
                .leave(&configuration, &invocation.sdk, &member, &request)
                .await;
            outcomes.push(json!({"requestId": request.id, "record": refused}));
            continue;
        }
        let (deadline, sdk) = (invocation.deadline, invocation.sdk.clone());
        let result = remediate_account(&configuration, (member.clone(), true), deadline, sdk).await;
        log(R::METADATA.name, &request.id, &result);
        let answer = match &result {
            Ok(record) => Answer::new(record.outcome, &record.why),
            Err(error) => Answer::new(Outcome::Failed, &error.to_string()),
        };
        answer
            .leave(&configuration, &invocation.sdk, &member, &request)
            .await;
        // Lambda gives a request that failed to the function again.
        let record = result?;
        outcomes.push(json!({"requestId": request.id, "record": record}));
    }
    Ok(Value::Array(outcomes))
}

/// Answer to the runbook of a request. The record is longer than a parameter may be
/// (4 KB); it is in the log.
#[derive(Debug, Serialize)]
struct Answer {
    outcome: Outcome,
    why: String,
}

impl Answer {
    /// At most so many characters of why.
    const LONGEST: usize = 1000;

    fn new(outcome: Outcome, why: &str) -> Self {
        Self {
            outcome,
            why: why.chars().take(Self::LONGEST).collect(),
        }
    }

    /// Leaves it in the member account. A runbook that never finds one fails when its time
    /// is up, so that it could not be left is told here and changes nothing else.
    async fn leave<R: Remediation>(
        &self,
        configuration: &Configuration<R>,
        sdk: &SdkConfig,
        member: &Identity,
        request: &Request,
    ) {
        let Target::MemberAccount { members, .. } = R::TARGET else {
            return;
        };
        let members = members(&configuration.remediation.settings);
        let account = Account::new(sdk.clone(), member.clone());
        let left = async {
            match members
                .assume_member_role(&account, R::METADATA.name)
                .await?
            {
                Fact::Known(member) => {
                    let there = member.in_region(&request.region);
                    leave_outcome(&there, &request.id, json!(self).to_string()).await
                }
                Fact::Unread(unread) => Ok(Fact::Unread(unread)),
            }
        };
        let why = match Box::pin(left).await {
            Ok(Fact::Known(true)) => return,
            Ok(Fact::Known(false)) => "it was not taken".to_owned(),
            Ok(Fact::Unread(unread)) => Verdict::from(unread).annotation().to_string(),
            Err(error) => error.to_string(),
        };
        error!(
            request_id = request.id,
            account = request.account,
            outcome = %self.outcome,
            error = why,
            "the outcome could not be left for the runbook"
        );
    }
}

fn request_queue() -> Result<Arn, ParameterError> {
    let text = env::var(REQUEST_QUEUE).unwrap_or_default();
    let queue = text.parse().ok().filter(|arn: &Arn| arn.service() == "sqs");
    queue.ok_or_else(|| {
        let allowed = ParameterKind::Text("the ARN of the request queue");
        ParameterError::not_allowed(REQUEST_QUEUE, &Value::from(text), allowed)
    })
}
