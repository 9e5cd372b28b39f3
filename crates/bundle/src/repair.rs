//! A control's remediation as a value.

use std::time::Duration;

use aws_types::SdkConfig;
use config_rule::{
    Account, CallError, EvaluationError, Exceptions, Identity, ParameterError, ParameterSpec,
    parse_parameters, specify_parameters,
};
use futures::FutureExt;
use futures::future::BoxFuture;
use remediation::{Mode, Patience, Record, Remediation, RemediationParameters, Run, Undo, undo};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::rule::{RuleError, RuleOf};

/// How long a person waits at most, as a runbook does.
const DEADLINE: Duration = Duration::from_mins(5);

/// Whom to repair, and with which parameters.
#[derive(Clone, Debug)]
pub struct RepairTask {
    /// Credentials and Region.
    pub sdk: SdkConfig,
    /// The account that is repaired.
    pub identity: Identity,
    /// The parameters of the rule, as given.
    pub parameters: Map<String, Value>,
    /// What the remediation may do and needs to know, as given.
    pub remediation: Map<String, Value>,
    /// What the organization accepts for a while.
    pub exceptions: Exceptions,
    /// Whether the credentials are those of the account that looks after the root users
    /// of others, of which this is one.
    pub from_central: bool,
    /// How long is waited.
    pub patience: Patience,
}

/// A remediation behind an object. Records hold changes as JSON.
pub trait Repair {
    /// What `rules.toml` takes under `remediation`.
    fn remediation_parameters(&self) -> Vec<ParameterSpec>;

    /// The same values as the Lambda function reads them.
    ///
    /// # Errors
    /// If the function would refuse them.
    fn read_remediation(&self, given: Map<String, Value>) -> Result<Value, ParameterError>;

    /// What would be done. Changes nothing.
    fn plan(&self, task: RepairTask) -> BoxFuture<'static, Result<Record<Value>, RuleError>>;

    /// Does it, as far as it is allowed.
    fn remediate(&self, task: RepairTask) -> BoxFuture<'static, Result<Record<Value>, RuleError>>;

    /// Takes back what a record says was done.
    fn undo<'a>(
        &'a self,
        account: &'a Account,
        record: &'a Record<Value>,
    ) -> BoxFuture<'a, Result<Undo, RuleError>>;
}

impl<C: Remediation> Repair for RuleOf<C> {
    fn remediation_parameters(&self) -> Vec<ParameterSpec> {
        specify_parameters::<RemediationParameters<C>>()
    }

    fn read_remediation(&self, given: Map<String, Value>) -> Result<Value, ParameterError> {
        let read: RemediationParameters<C> = parse_parameters(given)?;
        // INVARIANT: parameters are plain structs, which JSON can write.
        Ok(serde_json::to_value(read).unwrap_or_default())
    }

    fn plan(&self, task: RepairTask) -> BoxFuture<'static, Result<Record<Value>, RuleError>> {
        run::<C>(task, false).boxed()
    }

    fn remediate(&self, task: RepairTask) -> BoxFuture<'static, Result<Record<Value>, RuleError>> {
        run::<C>(task, true).boxed()
    }

    fn undo<'a>(
        &'a self,
        account: &'a Account,
        record: &'a Record<Value>,
    ) -> BoxFuture<'a, Result<Undo, RuleError>> {
        async move {
            let record: Record<C::Change> = translated::<C, _, _>(record)?;
            Ok(undo::<C>(account, &record).await)
        }
        .boxed()
    }
}

async fn run<C: Remediation>(task: RepairTask, apply: bool) -> Result<Record<Value>, RuleError> {
    let parameters = RuleOf::<C>::parse(task.parameters)?;
    let mut remediation: RemediationParameters<C> =
        parse_parameters(task.remediation).map_err(EvaluationError::from)?;
    remediation.from_central = task.from_central;
    if remediation.approval.mode == Mode::Automatic {
        // What only AWS Config may not do by itself, a person may.
        remediation.approval.mode = Mode::Manual;
    }
    let run = Run {
        sdk: task.sdk,
        identity: task.identity,
        parameters: &parameters,
        remediation: &remediation,
        exceptions: &task.exceptions,
        patience: task.patience,
        deadline: Instant::now() + DEADLINE,
    };
    let record: Result<_, CallError> = if apply {
        run.remediate().await
    } else {
        run.plan().await
    };
    translated::<C, _, _>(&record?)
}

/// A record with its changes in another form: those of a control are JSON to everybody
/// else.
fn translated<C: Remediation, A: Serialize, B: DeserializeOwned>(
    record: &Record<A>,
) -> Result<Record<B>, RuleError> {
    serde_json::to_value(record)
        .and_then(serde_json::from_value)
        .map_err(|cause| RuleError::Facts {
            rule: C::METADATA.name,
            cause,
        })
}
