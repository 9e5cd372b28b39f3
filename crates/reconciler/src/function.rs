//! The Lambda function.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::panic::AssertUnwindSafe;

use aws_types::SdkConfig;
use config_rule::{Account, Identity, IdentityError, lambda, sdk};
use futures::FutureExt;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::Value;
use tracing::{error, info};

use crate::choice::{Choice, Left, choose};
use crate::settings::Settings;
use crate::stack_sets::{NotAsked, StackSets, Started};

/// A run that did not come to its end. Lambda invokes again; what was tried again is not
/// tried once more within a day.
#[derive(thiserror::Error)]
pub enum Error {
    /// The function does not know where it runs.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// AWS was asked, and gave no answer to go on with.
    #[error(transparent)]
    NotAsked(#[from] NotAsked),
    /// A defect of rootguard.
    #[error("the function panicked: {0}")]
    Panic(String),
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        let error_type = match error {
            Error::Identity(_) => "InvalidFunctionArn",
            Error::NotAsked(_) => "AwsUnavailable",
            Error::Panic(_) => "Panic",
        };
        Self {
            error_type: error_type.to_owned(),
            error_message: error.to_string(),
        }
    }
}

/// What was done, by the name of the stack set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Reconciled(pub BTreeMap<String, Retried>);

/// What was done about a stack set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Retried {
    /// The operations that began.
    pub operations: Vec<String>,
    /// The accounts that are tried again, by Region.
    pub accounts: BTreeMap<String, Vec<String>>,
    /// The accounts that are not, because they are not active.
    pub not_active: Vec<String>,
    /// What else was left, in numbers.
    pub left: Left,
}

/// Serves invocations until Lambda ends the process: the whole `main`. What invokes it says
/// only when: nothing of the event is read.
///
/// # Errors
/// When a variable is wrong, or the Lambda Runtime API cannot be reached.
pub async fn serve() -> Result<(), lambda::Error> {
    lambda::log_json();
    let settings = Settings::of(|name| env::var(name).ok())?;
    let sdk = sdk::of_function();
    let (settings, sdk) = (&settings, &sdk);
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        let arn = &event.context.invoked_function_arn;
        let work = AssertUnwindSafe(Box::pin(reconcile(arn, settings, sdk)));
        let result = work
            .catch_unwind()
            .await
            .unwrap_or_else(|panic| Err(Error::Panic(lambda::panic_text(panic.as_ref()))));
        log(&event.context.request_id, &result);
        result
    }))
    .await
}

/// Tries again what may work now.
///
/// # Errors
/// If AWS gives no answer to go on with.
pub async fn reconcile(
    function_arn: &str,
    settings: &Settings,
    sdk: &SdkConfig,
) -> Result<Reconciled, Error> {
    let account = Account::new(sdk.clone(), Identity::of_function(function_arn)?);
    let sets = StackSets::new(&account, settings);
    let mut reconciled = Reconciled::default();
    for name in sets.names().await? {
        let set = sets.read(&name).await?;
        let Choice { retry, left } = choose(&set, settings, account.observed_at());
        let mut retried = Retried {
            left,
            ..Retried::default()
        };
        let mut targets: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for instance in retry {
            if sets.is_active(&instance.account).await? {
                let target = (instance.region.as_str(), instance.unit.as_str());
                targets.entry(target).or_default().push(&instance.account);
            } else {
                retried.not_active.push(instance.account.clone());
            }
        }
        for (target, accounts) in targets {
            match sets.retry(&name, target, &accounts).await? {
                Started::Operation(id) => {
                    retried.operations.push(id);
                    let of_region = retried.accounts.entry(target.0.to_owned()).or_default();
                    of_region.extend(accounts.into_iter().map(str::to_owned));
                }
                Started::UnderWay => retried.left.operation_under_way += accounts.len(),
            }
        }
        reconciled.0.insert(name, retried);
    }
    Ok(reconciled)
}

/// The one line of ours per run.
fn log(request_id: &str, result: &Result<Reconciled, Error>) {
    match result {
        Ok(done) => {
            let retried = done.0.values().flat_map(|set| set.accounts.values());
            let retried: usize = retried.map(Vec::len).sum();
            // INVARIANT: maps by texts, which JSON can write.
            let done = serde_json::to_string(done).unwrap_or_default();
            info!(request_id, retried, stack_sets = done, "reconciled");
        }
        Err(failure) => error!(request_id, error = %failure, "not reconciled"),
    }
}
