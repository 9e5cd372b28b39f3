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

use crate::choice::{Choice, Left, Member, choose};
use crate::settings::Settings;
use crate::stack_sets::{StackSetError, StackSets, Started};

/// A run that did not come to its end. Lambda invokes again; what was tried again is not
/// tried once more within a day.
#[derive(thiserror::Error)]
pub enum Error {
    /// The function does not know where it runs.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// AWS was asked, and gave no answer to go on with.
    #[error(transparent)]
    StackSetError(#[from] StackSetError),
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
            Error::StackSetError(_) => "AwsUnavailable",
            Error::Panic(_) => "Panic",
        };
        Self {
            error_type: error_type.to_owned(),
            error_message: error.to_string(),
        }
    }
}

/// Steps that were taken, by the name of the stack set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Reconciled(pub BTreeMap<String, Retried>);

/// Steps that were taken about a stack set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Retried {
    /// The operations that began.
    pub operations: Vec<String>,
    /// The accounts that are tried again, by Region.
    pub accounts: BTreeMap<String, Vec<String>>,
    /// The accounts that are not, because they are not active.
    pub not_active: Vec<String>,
    /// Instances that were left, in numbers.
    pub left: Left,
}

/// Serves invocations until Lambda ends the process: the whole `main`. What invokes it says
/// only when: nothing of the event is read.
///
/// # Errors
/// When a variable is wrong, or the Lambda Runtime API cannot be reached.
pub async fn serve() -> Result<(), lambda::Error> {
    lambda::log_json();
    let settings = Settings::read(|name| env::var(name).ok())?;
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
    reconcile_sets(&account, settings, |_| true).await
}

/// Deploys again to accounts where a stack set of ours failed, or never came to. Only the
/// stack sets whose names `is_meant` takes.
///
/// # Errors
/// If AWS gives no answer to go on with.
pub async fn reconcile_sets(
    account: &Account,
    settings: &Settings,
    is_meant: impl Fn(&str) -> bool,
) -> Result<Reconciled, Error> {
    let reader = StackSets::new(account, settings);
    let mut sets = BTreeMap::new();
    for name in reader.names().await? {
        if is_meant(&name) {
            let set = reader.read(&name).await?;
            sets.insert(name, set);
        }
    }
    let mut units: BTreeMap<&str, Vec<Member>> = BTreeMap::new();
    for unit in sets.values().flat_map(|set| &set.units) {
        if !units.contains_key(unit.as_str()) {
            let mut accounts = reader.members(unit).await?;
            accounts.retain(|id| !settings.excluded_accounts.contains(id));
            let member = |account| Member {
                account,
                unit: unit.clone(),
            };
            units.insert(unit, accounts.into_iter().map(member).collect());
        }
    }
    let mut reconciled = Reconciled::default();
    for (name, set) in &sets {
        let own = set.units.iter();
        let members: Vec<Member> = own
            .filter_map(|unit| units.get(unit.as_str()))
            .flatten()
            .cloned()
            .collect();
        let is_ready = |id: &str| {
            let mut needed = set.depends_on.iter().filter_map(|name| sets.get(name));
            needed.all(|needed| needed.is_complete(id))
        };
        let choice = choose(set, &members, is_ready, settings, account.observed_at());
        let done = carry_out(&reader, name, choice).await?;
        reconciled.0.insert(name.clone(), done);
    }
    Ok(reconciled)
}

/// Starts an operation for each Region and unit.
async fn carry_out(
    sets: &StackSets<'_>,
    name: &str,
    choice: Choice<'_>,
) -> Result<Retried, StackSetError> {
    let mut retried = Retried {
        left: choice.left,
        ..Retried::default()
    };
    let mut targets: BTreeMap<(&str, &str, bool), Vec<&str>> = BTreeMap::new();
    for instance in choice.retry {
        if sets.is_active(&instance.account).await? {
            let target = (instance.region.as_str(), instance.unit.as_str(), true);
            targets.entry(target).or_default().push(&instance.account);
        } else {
            retried.not_active.push(instance.account.clone());
        }
    }
    for missing in &choice.missing {
        let target = (missing.region.as_str(), missing.unit.as_str(), false);
        targets.entry(target).or_default().push(&missing.account);
    }
    for (target, accounts) in targets {
        match sets.deploy(name, target, &accounts).await? {
            Started::Operation(id) => {
                retried.operations.push(id);
                let in_region = retried.accounts.entry(target.0.to_owned()).or_default();
                in_region.extend(accounts.into_iter().map(str::to_owned));
            }
            Started::UnderWay => retried.left.operation_under_way += accounts.len(),
        }
    }
    Ok(retried)
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
