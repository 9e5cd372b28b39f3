//! One evaluation from event to result, the same for every control.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use aws_types::SdkConfig;
use futures::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};

use crate::account::Account;
use crate::annotation::Annotation;
use crate::answer::CallError;
use crate::control::Control;
use crate::event::{EventError, RuleEvent};
use crate::exception::{Exceptions, ExceptionsError};
use crate::identity::{Identity, IdentityError};
use crate::parameters::{ParameterError, RuleParameters, WhenUnverifiable, parse_parameters};
use crate::report::{ReportError, is_test, put_evaluation};
use crate::timestamp::Timestamp;
use crate::verdict::{Compliance, ReasonCode, Verdict};

/// Of the time that is left, what is kept for reporting: a quarter, and never
/// more than this.
const MAX_REPORTING_TIME: Duration = Duration::from_secs(5);

/// Time reserved for reporting to Lambda that the invocation failed.
const FAILING_TIME: Duration = Duration::from_millis(100);

/// The invocation that an evaluation runs in.
#[derive(Clone, Debug)]
pub struct Function {
    /// The ARN under which the function was invoked.
    pub arn: String,
    /// Time at which Lambda ends the invocation.
    pub deadline: Instant,
    /// Violations that the organization accepts for a limited time.
    pub exceptions: Exceptions,
}

/// The record of an evaluation that ended with a result: what the function
/// returns, and so what its destination (Security Hub) gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// The control's name.
    pub control: String,
    /// The twelve-digit id of the account that was judged.
    pub account: String,
    /// The Region in which it was asked.
    pub region: String,
    /// The partition.
    pub partition: String,
    /// The rule's ARN, if the event named it.
    pub rule_arn: Option<String>,
    /// The rule's name, if the event named it.
    pub rule_name: Option<String>,
    /// Conclusion about the account.
    pub compliance: Compliance,
    /// Reason, as a stable name.
    pub reason_code: ReasonCode,
    /// Reason, as AWS Config shows it.
    pub annotation: Annotation,
    /// Facts that the conclusion rests on.
    pub evidence: Map<String, Value>,
    /// The rule's parameters, with their defaults.
    pub parameters: Value,
    /// Time at which the account was observed.
    pub observed_at: Timestamp,
    /// Time of AWS Config's request, by which it orders results.
    pub ordering_timestamp: Timestamp,
    /// Duration of the evaluation in milliseconds.
    pub duration_millis: u64,
    /// The IAM actions of the calls made, in order.
    pub calls: Vec<String>,
    /// True if AWS Config was asked to validate the result and keep nothing.
    pub test_mode: bool,
}

/// An evaluation that ended without a result. AWS Config keeps the result it
/// has, and Lambda invokes again.
///
/// `Debug` is the type and the message, because the Lambda runtime logs it.
#[derive(thiserror::Error)]
pub enum EvaluationError {
    /// The event is not one that AWS Config sends.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The function does not know which account it works in.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The event is about another account than the function's own.
    #[error("the event is about account {event}, this function judges only its own, {own}")]
    OtherAccount {
        /// The account that the event names.
        event: String,
        /// The account of the function.
        own: String,
    },
    /// A parameter of the rule is unknown or has a value that is not allowed.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The function's exceptions cannot be read.
    #[error(transparent)]
    Exceptions(#[from] ExceptionsError),
    /// AWS gave no answer that a verdict could rest on.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The time was up.
    #[error("not finished before Lambda's deadline; the last call was {last_call}")]
    DeadlineExceeded {
        /// The IAM action of the call made last.
        last_call: &'static str,
    },
    /// Something that decides could not be read, and `whenUnverifiable` is
    /// `FAIL`.
    #[error("{0}")]
    Unverifiable(Annotation),
    /// AWS Config did not keep the result.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The control panicked: a defect of rootguard.
    #[error("the control panicked: {0}")]
    Panic(String),
}

impl EvaluationError {
    /// A stable name of what went wrong, for metrics and alarms.
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::Event(_) => "InvalidEvent",
            Self::Identity(_) => "InvalidFunctionArn",
            Self::OtherAccount { .. } => "OtherAccount",
            Self::Parameter(_) => "InvalidParameter",
            Self::Exceptions(_) => "ExceptionsError",
            Self::Call(CallError::Throttled { .. })
            | Self::Report(ReportError::Call(CallError::Throttled { .. })) => "Throttled",
            Self::Call(_) => "CallFailed",
            Self::DeadlineExceeded { .. } => "DeadlineExceeded",
            Self::Unverifiable(_) => "Unverifiable",
            Self::Report(_) => "ReportFailed",
            Self::Panic(_) => "Panic",
        }
    }

    fn panic(panic: &(dyn Any + Send)) -> Self {
        Self::Panic(crate::lambda::panic_text(panic))
    }
}

impl fmt::Debug for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.error_type())
    }
}

/// Observes an account and concludes.
///
/// # Errors
/// Returns an error if AWS gave no answer that a verdict could rest on, or the control panicked.
async fn judge<C: Control>(
    account: &Account,
    parameters: &C::Parameters,
) -> Result<Verdict, EvaluationError> {
    let judging = async {
        let facts = C::observe(account, parameters).await?;
        Ok(C::evaluate(&facts, parameters))
    };
    or_panic(judging).await
}

/// The facts about an account, for a snapshot.
///
/// # Errors
/// Returns an error if AWS gave no answer that a verdict could rest on, or the control panicked.
pub async fn observe<C: Control>(
    account: &Account,
    parameters: &C::Parameters,
) -> Result<C::Facts, EvaluationError> {
    let observing = async { Ok(C::observe(account, parameters).await?) };
    or_panic(observing).await
}

/// Concludes from facts that were saved, perhaps with other parameters than
/// these. What nobody asked for then is unverifiable now.
///
/// # Errors
/// Returns an error if the control panicked.
pub fn judge_saved<C: Control>(
    facts: &C::Facts,
    parameters: &C::Parameters,
) -> Result<Verdict, EvaluationError> {
    let judging = || match C::unasked(facts, parameters) {
        Some(unread) => Verdict::from(unread),
        None => C::evaluate(facts, parameters),
    };
    catch_unwind(AssertUnwindSafe(judging)).map_err(|panic| EvaluationError::panic(panic.as_ref()))
}

/// An unwound control leaves nothing behind that anybody reads: the account is
/// dropped with it.
async fn or_panic<T>(
    control: impl Future<Output = Result<T, EvaluationError>>,
) -> Result<T, EvaluationError> {
    match AssertUnwindSafe(control).catch_unwind().await {
        Ok(result) => result,
        Err(panic) => Err(EvaluationError::panic(panic.as_ref())),
    }
}

/// Evaluates a rule: from the event that AWS Config sent to the result that it
/// keeps. `sdk` are the credentials and the Region of the function.
///
/// # Errors
/// Without a result there is always an error, and nothing was reported (or
/// Config did not say that it kept it).
pub async fn evaluate<C: Control>(
    event: &Value,
    function: &Function,
    sdk: SdkConfig,
) -> Result<Evaluation, EvaluationError> {
    let started = Instant::now();
    let event = RuleEvent::parse(event)?;
    let identity = Identity::of_function(&function.arn)?;
    if let Some(other) = event
        .account_ids
        .iter()
        .find(|id| *id != identity.account())
    {
        return Err(EvaluationError::OtherAccount {
            event: other.chars().take(12).collect(),
            own: identity.account().to_owned(),
        });
    }
    let parameters: RuleParameters<C::Parameters> = parse_parameters(event.parameters.clone())?;
    let account = Account::new(sdk, identity);
    let too_late = |_| EvaluationError::DeadlineExceeded {
        last_call: account.calls().last().copied().unwrap_or("none"),
    };

    let remaining = function.deadline.saturating_duration_since(started);
    let reporting = (remaining / 4).min(MAX_REPORTING_TIME);
    // On the heap: the future of a whole evaluation is large, and its type deep.
    let judged = Box::pin(judge::<C>(&account, &parameters.control));
    let verdict = timeout_at(started + remaining.saturating_sub(reporting), judged)
        .await
        .map_err(too_late)??;
    let exceptions = &function.exceptions;
    let verdict = exceptions.apply(account.identity().account(), verdict, account.observed_at());
    let annotation = verdict.annotation();
    if verdict.compliance == Compliance::Unverifiable
        && parameters.when_unverifiable == WhenUnverifiable::Fail
    {
        return Err(EvaluationError::Unverifiable(annotation));
    }
    let reported = put_evaluation(&account, &event, verdict.compliance, &annotation);
    let reporting_end = started + remaining.saturating_sub(FAILING_TIME);
    timeout_at(reporting_end, reported)
        .await
        .map_err(too_late)??;

    let identity = account.identity();
    Ok(Evaluation {
        control: C::METADATA.name.to_owned(),
        account: identity.account().to_owned(),
        region: identity.region().to_owned(),
        partition: identity.partition().to_owned(),
        test_mode: is_test(&event),
        rule_arn: event.rule_arn,
        rule_name: event.rule_name,
        compliance: verdict.compliance,
        reason_code: verdict.reason,
        annotation,
        evidence: verdict.evidence,
        parameters: serde_json::to_value(&parameters).unwrap_or_default(),
        observed_at: account.observed_at(),
        ordering_timestamp: event.ordering_timestamp,
        duration_millis: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        calls: account.calls().into_iter().map(str::to_owned).collect(),
    })
}
