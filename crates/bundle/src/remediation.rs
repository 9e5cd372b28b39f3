//! A control's remediation as a value.

use std::time::Duration;

use aws_types::SdkConfig;
use config_rule::{
    Account, EvaluationError, Exceptions, Identity, ParameterError, ParameterSpec,
    parse_parameters, specify_parameters,
};
use futures::FutureExt;
use futures::future::BoxFuture;
use remediation::{
    Attendant, Mode, Record, RecordError, RecordNotKept, Remediation, RemediationParameters, Run,
    Target, Undo, WaitSettings, plan_undo, remediation_actions, undo,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::rule::{RuleError, RuleOf};

/// The longest that a person waits, as a runbook does.
const DEADLINE: Duration = Duration::from_mins(5);

/// Whom to repair, and with which parameters.
#[derive(Clone, Debug)]
pub struct RemediationTask {
    /// Credentials and Region.
    pub sdk: SdkConfig,
    /// The account that is repaired.
    pub identity: Identity,
    /// The parameters of the rule, as given.
    pub parameters: Map<String, Value>,
    /// Settings of the remediation, as given.
    pub remediation: Map<String, Value>,
    /// Exceptions that the organization accepts for a while.
    pub exceptions: Exceptions,
    /// True if the credentials are those of the account that looks after the root users
    /// of others, of which this is one.
    pub from_central: bool,
    /// Times to wait.
    pub wait: WaitSettings,
}

/// A remediation behind an object. Records hold changes as JSON.
pub trait RuleRemediation {
    /// Returns what `rules.toml` takes under `remediation`.
    fn remediation_parameters(&self) -> Vec<ParameterSpec>;

    /// The IAM actions that the remediating function's role needs.
    fn remediation_actions(&self) -> Vec<&'static str>;

    /// Returns the values as the Lambda function reads them.
    ///
    /// # Errors
    /// If the function would refuse them.
    fn read_remediation(&self, given: Map<String, Value>) -> Result<Value, ParameterError>;

    /// Returns whether member accounts are remediated from the account that holds IAM's delegated
    /// administration, and not each by its own function.
    fn is_from_central(&self) -> bool;

    /// Returns what would be done. Changes nothing.
    fn plan(&self, task: RemediationTask) -> BoxFuture<'static, Result<Record<Value>, RuleError>>;

    /// Does what is allowed and what the attendant approves.
    fn remediate<'a>(
        &'a self,
        task: RemediationTask,
        attendant: &'a mut dyn Attendant,
    ) -> BoxFuture<'a, Result<Record<Value>, RuleError>>;

    /// Looks at which steps of a record can be reverted. Changes nothing.
    fn plan_undo<'a>(
        &'a self,
        account: &'a Account,
        record: &'a Record<Value>,
    ) -> BoxFuture<'a, Result<Undo, RuleError>>;

    /// Reverts them. `keep` makes the state durable before and after each step.
    fn undo<'a>(
        &'a self,
        account: &'a Account,
        record: &'a Record<Value>,
        keep: &'a mut (dyn FnMut(&Undo) -> Result<(), RecordNotKept> + Send),
    ) -> BoxFuture<'a, Result<Undo, RuleError>>;
}

impl<C: Remediation> RuleRemediation for RuleOf<C> {
    fn remediation_parameters(&self) -> Vec<ParameterSpec> {
        specify_parameters::<RemediationParameters<C>>()
    }

    fn remediation_actions(&self) -> Vec<&'static str> {
        if self.is_from_central() {
            // What the evaluation reads is read through the member's own role.
            let own = C::PLAN_ACTIONS.iter().chain(C::APPLY_ACTIONS);
            own.copied().collect()
        } else {
            remediation_actions::<C>().collect()
        }
    }

    fn read_remediation(&self, given: Map<String, Value>) -> Result<Value, ParameterError> {
        let read: RemediationParameters<C> = parse_parameters(given)?;
        // INVARIANT: parameters are plain structs, which JSON can write.
        Ok(serde_json::to_value(read).unwrap_or_default())
    }

    fn is_from_central(&self) -> bool {
        matches!(C::TARGET, Target::MemberAccount { .. })
    }

    fn plan(&self, task: RemediationTask) -> BoxFuture<'static, Result<Record<Value>, RuleError>> {
        run::<C>(task, None).boxed()
    }

    fn remediate<'a>(
        &'a self,
        task: RemediationTask,
        attendant: &'a mut dyn Attendant,
    ) -> BoxFuture<'a, Result<Record<Value>, RuleError>> {
        run::<C>(task, Some(attendant)).boxed()
    }

    fn plan_undo<'a>(
        &'a self,
        account: &'a Account,
        record: &'a Record<Value>,
    ) -> BoxFuture<'a, Result<Undo, RuleError>> {
        async move { Ok(plan_undo::<C>(account, &typed(record)?).await?) }.boxed()
    }

    fn undo<'a>(
        &'a self,
        account: &'a Account,
        record: &'a Record<Value>,
        keep: &'a mut (dyn FnMut(&Undo) -> Result<(), RecordNotKept> + Send),
    ) -> BoxFuture<'a, Result<Undo, RuleError>> {
        async move { Ok(undo::<C>(account, &typed(record)?, keep).await?) }.boxed()
    }
}

async fn run<C: Remediation>(
    task: RemediationTask,
    attendant: Option<&mut dyn Attendant>,
) -> Result<Record<Value>, RuleError> {
    let parameters = RuleOf::<C>::parse(task.parameters)?;
    let mut remediation: RemediationParameters<C> =
        parse_parameters(task.remediation).map_err(EvaluationError::from)?;
    if remediation.approval.mode == Mode::Automatic {
        // What only AWS Config may not do by itself, a person may.
        remediation.approval.mode = Mode::Manual;
    }
    let run = Run {
        sdk: task.sdk,
        identity: task.identity,
        from_central: task.from_central,
        parameters: &parameters,
        remediation: &remediation,
        exceptions: &task.exceptions,
        wait: task.wait,
        deadline: Instant::now() + DEADLINE,
    };
    let record = match attendant {
        Some(attendant) => run.remediate(attendant).await,
        None => run.plan().await,
    };
    Ok(record?.untyped())
}

/// The record with the changes of a control, which are JSON to everybody else.
fn typed<T: DeserializeOwned>(record: &Record<Value>) -> Result<Record<T>, RecordError> {
    Ok(serde_json::to_value(record).and_then(serde_json::from_value)?)
}
