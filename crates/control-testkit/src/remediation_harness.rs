//! Remediation of a sandboxed account, as its function's role.

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use aws_smithy_types::retry::RetryConfig;
use aws_types::sdk_config::TimeSource;
use config_rule::{
    Account, CallError, Exceptions, Identity, RuleParameters, Timestamp, parse_parameters,
};
use remediation::lambda::{REMEDIATION, RULE_PARAMETERS};
use remediation::{
    Attendant, Record, RecordError, Remediation, RemediationParameters, Run, Unattended, Undo,
    WaitSettings, plan_undo, remediation_actions, undo,
};
use sandbox::{Call, Fault, FunctionError, FunctionProcess, ProcessSettings, Sandbox};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::harness::Deployment;
use crate::roles::give_evidence_role;
use crate::table::Row;

/// The role of the remediating function, with exactly what the control declares.
const ROLE: &str = "remediator";

/// A clock that stands still, at the time of a row's facts.
#[derive(Clone, Copy, Debug)]
pub struct Stopped(pub Timestamp);

impl TimeSource for Stopped {
    fn now(&self) -> SystemTime {
        let millis = u64::try_from(self.0.epoch_millis()).unwrap();
        SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
    }
}

/// A sandboxed account that is to be repaired.
pub struct RemediationHarness<R: Remediation> {
    /// The organization.
    pub sandbox: Sandbox,
    account: String,
    region: String,
    observed_at: Timestamp,
    parameters: R::Parameters,
    remediation: RemediationParameters<R>,
    /// Exceptions that the organization accepts for a while; nothing, unless a test says so.
    pub exceptions: Exceptions,
}

/// Time at which a connection ends, counted in calls from the start.
#[derive(Clone, Copy, Debug)]
pub enum Crash {
    /// Before the request is heard.
    Before(u32),
    /// Before its answer is.
    After(u32),
}

impl<R: Remediation> RemediationHarness<R> {
    /// The account of a row in a sandbox in which the row's facts hold.
    pub fn new(
        row: &Row<R>,
        sandbox: Sandbox,
        [account, region]: [&str; 2],
        observed_at: Timestamp,
        remediation: &Value,
    ) -> Self {
        let actions: Vec<_> = remediation_actions::<R>().collect();
        give_evidence_role(&sandbox, account, ROLE, &actions);
        let rule: RuleParameters<R::Parameters> = parse_parameters(row.parameters.clone()).unwrap();
        let remediation: Map<_, _> = remediation.as_object().unwrap().clone();
        Self {
            sandbox,
            account: account.to_owned(),
            region: region.to_owned(),
            observed_at,
            parameters: rule.control,
            remediation: parse_parameters(remediation).unwrap(),
            exceptions: Exceptions::default(),
        }
    }

    /// Looks, applies what is allowed, looks again.
    ///
    /// # Errors
    /// When there is nothing that a plan could rest on.
    pub async fn remediate(&self) -> Result<Record<R::Change>, CallError> {
        self.remediate_attended(&mut Unattended).await
    }

    /// Looks, applies what the attendant approves, looks again.
    ///
    /// # Errors
    /// When there is nothing that a plan could rest on.
    pub async fn remediate_attended(
        &self,
        attendant: &mut dyn Attendant,
    ) -> Result<Record<R::Change>, CallError> {
        let role = self.sandbox.role_credentials(&self.account, ROLE).unwrap();
        let sdk = self.sandbox.sdk_config_as(role, &self.region);
        let run = Run {
            sdk: self.stopped(sdk),
            identity: self.identity(),
            from_central: false,
            parameters: &self.parameters,
            remediation: &self.remediation,
            exceptions: &self.exceptions,
            wait: WaitSettings {
                verifying: Duration::ZERO,
                between_observations: Duration::ZERO,
                between_steps: Duration::ZERO,
                while_busy: Duration::ZERO,
                ..WaitSettings::default()
            },
            deadline: Instant::now() + Duration::from_mins(5),
        };
        run.remediate(attendant).await
    }

    /// Undoes a record, as the account's administrator.
    ///
    /// # Errors
    /// If the record is not believed.
    pub async fn undo(&self, record: &Record<R::Change>) -> Result<Undo, RecordError> {
        undo::<R>(&self.administrator(), &saved(record), &mut |_| Ok(())).await
    }

    /// Looks at which steps of a record can be reverted.
    ///
    /// # Errors
    /// If the record is not believed.
    pub async fn plan_undo(&self, record: &Record<R::Change>) -> Result<Undo, RecordError> {
        plan_undo::<R>(&self.administrator(), &saved(record)).await
    }

    fn administrator(&self) -> Account {
        let sdk = self.sandbox.sdk_config(&self.account, &self.region);
        Account::new(self.stopped(sdk), self.identity())
    }

    /// The same with a connection that ends, for ever, at some call.
    ///
    /// # Errors
    /// When there is nothing that a plan could rest on.
    pub async fn crash(&self, at: Crash) -> Result<Record<R::Change>, CallError> {
        match at {
            Crash::Before(call) => self.sandbox.inject(Fault::dropped_connection().after(call)),
            Crash::After(call) => {
                self.sandbox
                    .inject(Fault::lost_answer().after(call).times(1));
                self.sandbox.inject(Fault::dropped_connection().after(call));
            }
        }
        let result = self.remediate().await;
        self.sandbox.clear_faults();
        result
    }

    /// The remediator's calls since the last time, by the position of each.
    pub fn calls(&self) -> Vec<Call> {
        let role = format!(":assumed-role/{ROLE}/");
        let calls = self.sandbox.take_calls().into_iter();
        calls
            .filter(|call| call.principal.contains(&role))
            .collect()
    }

    fn identity(&self) -> Identity {
        let partition = self.sandbox.organization().partition;
        let arn = format!("arn:{partition}:iam::{}:root", self.account);
        Identity::of_caller(&arn, &self.region).unwrap()
    }

    /// At the time of the row, and without waiting where a person would wait.
    fn stopped(&self, sdk: aws_types::SdkConfig) -> aws_types::SdkConfig {
        sdk.into_builder()
            .time_source(Stopped(self.observed_at))
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
            .build()
    }
}

/// A record as it comes out of a file.
fn saved<C: Serialize + DeserializeOwned>(record: &Record<C>) -> Record<C> {
    let saved = serde_json::to_string(record).unwrap();
    serde_json::from_str(&saved).unwrap()
}

/// Returns whether a call changes something, by what the control declares.
pub fn is_write<R: Remediation>(call: &Call) -> bool {
    let mut needed = call.permissions.iter();
    needed.any(|needed| R::APPLY_ACTIONS.contains(&needed.action.as_str()))
}

/// Invokes a control's remediating function, as a process in the sandbox with the role
/// that the control declares, configured as `configuration` says: rule parameters and
/// what the remediation may do.
///
/// # Errors
/// Those of the function.
pub async fn invoke_remediator<R: Remediation>(
    deployment: &Deployment<'_>,
    sandbox: &Sandbox,
    configuration: [Value; 2],
    event: Value,
) -> Result<Value, FunctionError> {
    let Deployment {
        program,
        account,
        region,
        timeout,
    } = *deployment;
    let actions: Vec<_> = remediation_actions::<R>().collect();
    give_evidence_role(sandbox, account, ROLE, &actions);
    let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let name = format!("{}-remediate", R::METADATA.name);
    let arn = format!("arn:aws:lambda:{region}:{account}:function:{name}");
    let [rule, remediation] = configuration;
    let settings = ProcessSettings::new(program, &arn)
        .credentials(&sandbox.role_credentials(account, ROLE).unwrap())
        .endpoint_url(server.endpoint_url())
        .environment(RULE_PARAMETERS, rule.to_string())
        .environment(REMEDIATION, remediation.to_string())
        .timeout(timeout);
    let process = FunctionProcess::start(settings).await.unwrap();
    process.send(event).await
}
