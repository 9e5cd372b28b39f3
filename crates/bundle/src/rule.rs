//! A control as a value: what is needed to treat all controls alike.

use std::fmt;
use std::marker::PhantomData;

use aws_types::SdkConfig;
use config_rule::{
    Account, CallError, Control, Evaluation, EvaluationError, Function, Metadata, ParameterError,
    ParameterSpec, Prediction, RuleParameters, Verdict, parse_parameters, specify_parameters,
};
use futures::FutureExt;
use futures::future::BoxFuture;
use remediation::{RecordError, Remediation};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::remediation::RuleRemediation;

/// A control behind an object: the Lambda functions use [`Control`] statically,
/// whoever handles several uses this.
pub trait Rule: RuleRemediation + fmt::Debug + Send + Sync {
    /// Returns what is known about the control before it looks at any account.
    fn metadata(&self) -> Metadata;

    /// The parameters that the rule takes.
    fn parameters(&self) -> Vec<ParameterSpec>;

    /// Parameters as the Lambda function reads them: every one, with its default
    /// where it is not given.
    ///
    /// # Errors
    /// If the function would refuse them.
    fn read_parameters(&self, given: Map<String, Value>) -> Result<Value, ParameterError>;

    /// Exactly what the control's Lambda function does with an event.
    fn evaluate<'a>(
        &'a self,
        event: &'a Value,
        function: &'a Function,
        sdk: SdkConfig,
    ) -> BoxFuture<'a, Result<Evaluation, EvaluationError>>;

    /// The facts about an account, for a snapshot.
    fn observe<'a>(
        &'a self,
        account: &'a Account,
        parameters: Map<String, Value>,
    ) -> BoxFuture<'a, Result<Value, RuleError>>;

    /// The verdict on facts that [`observe`](Rule::observe) gave, for whatever
    /// parameters.
    ///
    /// # Errors
    /// If these are not facts of this control.
    fn judge(&self, facts: &Value, parameters: Map<String, Value>) -> Result<Verdict, RuleError>;

    /// Returns what Security Hub's own control will say of facts that [`observe`](Rule::observe)
    /// gave, and of which `verdict` is ours.
    ///
    /// # Errors
    /// If these are not facts of this control.
    fn predict(&self, facts: &Value, verdict: &Verdict) -> Result<Prediction, RuleError>;
}

/// Reason why a rule gives no facts, or no verdict.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// It would fail as a Lambda function too.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// AWS gave no answer that a plan could rest on.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A record of a remediation cannot be undone.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The facts could not be written or read.
    #[error("the facts for {rule} are not what this rule writes: {cause}")]
    Facts {
        /// The rule.
        rule: &'static str,
        /// The mistake in them.
        cause: serde_json::Error,
    },
}

/// The [`Rule`] of a control.
pub(crate) struct RuleOf<C>(PhantomData<fn() -> C>);

impl<C: Control> RuleOf<C> {
    pub(crate) const NEW: Self = Self(PhantomData);

    pub(crate) fn parse(parameters: Map<String, Value>) -> Result<C::Parameters, EvaluationError> {
        let parameters: RuleParameters<C::Parameters> = parse_parameters(parameters)?;
        Ok(parameters.control)
    }
}

fn facts_of<C: Control>(cause: serde_json::Error) -> RuleError {
    let rule = C::METADATA.name;
    RuleError::Facts { rule, cause }
}

impl<C: Control> fmt::Debug for RuleOf<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(C::METADATA.name)
    }
}

impl<C: Remediation> Rule for RuleOf<C> {
    fn metadata(&self) -> Metadata {
        C::METADATA
    }

    fn parameters(&self) -> Vec<ParameterSpec> {
        specify_parameters::<RuleParameters<C::Parameters>>()
    }

    fn read_parameters(&self, given: Map<String, Value>) -> Result<Value, ParameterError> {
        let read: RuleParameters<C::Parameters> = parse_parameters(given)?;
        // INVARIANT: parameters are plain structs, which JSON can write.
        Ok(serde_json::to_value(read).unwrap_or_default())
    }

    fn evaluate<'a>(
        &'a self,
        event: &'a Value,
        function: &'a Function,
        sdk: SdkConfig,
    ) -> BoxFuture<'a, Result<Evaluation, EvaluationError>> {
        config_rule::evaluate::<C>(event, function, sdk).boxed()
    }

    fn observe<'a>(
        &'a self,
        account: &'a Account,
        parameters: Map<String, Value>,
    ) -> BoxFuture<'a, Result<Value, RuleError>> {
        async move {
            let facts = config_rule::observe::<C>(account, &Self::parse(parameters)?).await?;
            serde_json::to_value(facts).map_err(facts_of::<C>)
        }
        .boxed()
    }

    fn judge(&self, facts: &Value, parameters: Map<String, Value>) -> Result<Verdict, RuleError> {
        let facts = C::Facts::deserialize(facts).map_err(facts_of::<C>)?;
        let parameters = Self::parse(parameters)?;
        Ok(config_rule::judge_saved::<C>(&facts, &parameters)?)
    }

    fn predict(&self, facts: &Value, verdict: &Verdict) -> Result<Prediction, RuleError> {
        let facts = C::Facts::deserialize(facts).map_err(facts_of::<C>)?;
        Ok(C::predict(&facts, verdict))
    }
}
