//! The Lambda side: functions by account, Region and name, and who invokes them how.

mod concurrency;
mod configuration;
pub(crate) mod destinations;
mod policy;
mod process;
mod runtime_api;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tokio::time::timeout;

use crate::world::World;

pub(crate) use concurrency::{check_reservation, get_account_settings};
pub(crate) use configuration::{GET_CONFIGURATION, get_function_configuration};
pub(crate) use policy::{
    ADD_PERMISSION, FUNCTION, GET_POLICY, REMOVE_PERMISSION, add_permission,
    add_permission_context, allows_invoke, get_policy, on_function, remove_permission,
};
pub use process::{FunctionProcess, ProcessError, ProcessSettings, Timings};

/// Future of an invocation.
pub type Invocation<'a> = Pin<Box<dyn Future<Output = Result<Value, FunctionError>> + Send + 'a>>;

/// A Lambda function: a closure in this process, or a [`FunctionProcess`].
pub trait Function: Send + Sync {
    /// Runs the function on one event.
    fn invoke(&self, event: Value, context: Context) -> Invocation<'_>;
}

impl<F, I> Function for F
where
    F: Fn(Value, Context) -> I + Send + Sync,
    I: Future<Output = Result<Value, FunctionError>> + Send + 'static,
{
    fn invoke(&self, event: Value, context: Context) -> Invocation<'_> {
        Box::pin(self(event, context))
    }
}

/// Properties of an invocation that Lambda passes to a function.
#[derive(Clone, Debug)]
pub struct Context {
    /// The ARN the function was invoked by.
    pub invoked_function_arn: String,
    /// The id of the invocation; the same on every attempt of an asynchronous one.
    pub request_id: String,
    /// Time at which the function must have finished.
    pub deadline: SystemTime,
}

impl Context {
    /// The context of a new invocation that may take this long.
    pub fn new(invoked_function_arn: impl Into<String>, timeout: Duration) -> Self {
        Self {
            invoked_function_arn: invoked_function_arn.into(),
            request_id: uuid::Uuid::new_v4().to_string(),
            deadline: SystemTime::now() + timeout,
        }
    }
}

/// Failure of an invocation, in Lambda's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error_type}: {message}")]
pub struct FunctionError {
    /// The kind of error (`Runtime.ExitError`, or what the function reported).
    pub error_type: String,
    /// Description of the failure.
    pub message: String,
}

impl FunctionError {
    /// An error of this type.
    pub fn new(error_type: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            error_type: error_type.into(),
            message: message.into(),
        }
    }
}

/// A registered function and how Lambda runs it.
#[derive(Clone)]
pub(crate) struct Registered {
    function: Arc<dyn Function>,
    timeout: Duration,
}

impl fmt::Debug for Registered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Registered")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Polling of a queue for a function.
#[derive(Clone, Debug)]
pub(crate) struct Polling {
    /// The most messages that one invocation gets.
    pub(crate) batch_size: usize,
    /// True if the function says which messages failed (`ReportBatchItemFailures`).
    pub(crate) reports_failed_items: bool,
}

/// Destinations for the outcome of an asynchronous invocation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Destinations {
    pub(crate) on_success: Option<String>,
    pub(crate) on_failure: Option<String>,
}

/// Event sources and destinations of functions.
#[derive(Debug, Default)]
pub(crate) struct Wires {
    /// By the ARNs of queue and function.
    pub(crate) pollings: BTreeMap<(String, String), Polling>,
    /// By the ARN of the function.
    pub(crate) destinations: BTreeMap<String, Destinations>,
}

impl Registered {
    /// The function, and the context of a new invocation of it.
    pub(crate) fn invocation(&self, arn: &str) -> (&dyn Function, Context) {
        (self.function.as_ref(), Context::new(arn, self.timeout))
    }
}

/// Asynchronous invocation: attempts in all, as Lambda does it by default.
const ATTEMPTS: u32 = 3;

/// The functions of all accounts.
#[derive(Debug, Default)]
pub(crate) struct Functions {
    by_arn: Mutex<BTreeMap<String, Registered>>,
    retry_delay: Mutex<Duration>,
    wires: Mutex<Wires>,
}

impl Functions {
    pub(crate) fn register(&self, arn: String, function: Arc<dyn Function>, timeout: Duration) {
        let mut functions = self.by_arn.lock().unwrap_or_else(PoisonError::into_inner);
        functions.insert(arn, Registered { function, timeout });
    }

    pub(crate) fn remove(&self, arn: &str) {
        self.by_arn
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(arn);
    }

    pub(crate) fn get(&self, arn: &str) -> Option<Registered> {
        let functions = self.by_arn.lock().unwrap_or_else(PoisonError::into_inner);
        functions.get(unqualified(arn)).cloned()
    }

    pub(crate) fn wires(&self) -> MutexGuard<'_, Wires> {
        self.wires.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_retry_delay(&self, delay: Duration) {
        *self
            .retry_delay
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = delay;
    }

    fn retry_delay(&self) -> Duration {
        *self
            .retry_delay
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Invokes a function as a service does that does not wait for it: a failed
    /// attempt is repeated twice, with the same event and request id.
    pub(crate) async fn invoke_asynchronously(
        &self,
        world: &World,
        registered: &Registered,
        arn: &str,
        event: &Value,
    ) -> Result<Value, FunctionError> {
        let mut context = Context::new(arn, registered.timeout);
        let mut attempt = 1;
        loop {
            context.deadline = SystemTime::now() + registered.timeout;
            let attempted = registered.function.invoke(event.clone(), context.clone());
            let outcome = timeout(registered.timeout, attempted)
                .await
                .unwrap_or_else(|_| Err(timed_out(&context.request_id, registered.timeout)));
            count_invocation(world, arn, outcome.is_ok());
            if outcome.is_ok() || attempt == ATTEMPTS {
                return outcome;
            }
            attempt += 1;
            tokio::time::sleep(self.retry_delay()).await;
        }
    }
}

/// Counts an invocation in the metrics that Lambda has for a function.
pub(crate) fn count_invocation(world: &World, arn: &str, succeeded: bool) {
    let arn = unqualified(arn);
    let name = arn.rsplit(':').next().unwrap_or_default();
    let count = |metric: &str| {
        let (now, dimensions) = (world.clock.now(), [("FunctionName", name)]);
        let metric = ["AWS/Lambda", metric];
        world.metrics.count(now, arn, metric, &dimensions);
    };
    count("Invocations");
    if !succeeded {
        count("Errors");
    }
}

/// The error of an invocation that was not done in time.
fn timed_out(request_id: &str, allowed: Duration) -> FunctionError {
    let seconds = allowed.as_secs_f64();
    FunctionError::new(
        "Sandbox.Timedout",
        format!("RequestId: {request_id} Error: Task timed out after {seconds:.2} seconds"),
    )
}

/// A function's ARN without a version or alias.
fn unqualified(arn: &str) -> &str {
    match arn.match_indices(':').nth(6) {
        Some((end, _)) => arn.get(..end).unwrap_or(arn),
        None => arn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qualifier_is_not_part_of_the_function() {
        let arn = "arn:aws:lambda:eu-west-1:111111111111:function:rule";
        assert_eq!(unqualified(arn), arn);
        assert_eq!(unqualified(&format!("{arn}:live")), arn);
    }
}
