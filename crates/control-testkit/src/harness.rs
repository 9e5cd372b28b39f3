//! A sandbox in which a control's function is deployed with its rule.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_config::Client;
use aws_sdk_config::types::{
    ConfigRule, EventSource, MaximumExecutionFrequency, MessageType, Owner, Source, SourceDetail,
};
use config_rule::{Control, EXCEPTIONS, Metadata};
use sandbox::{
    Context, Function, FunctionError, FunctionProcess, Notification, ProcessSettings, Sandbox,
    Server,
};
use serde_json::{Map, Value};

use crate::roles::function_role;

/// Deployment of a control's function.
#[derive(Clone, Copy, Debug)]
pub struct Deployment<'a> {
    /// Its program. Only the control's own tests know: `env!("CARGO_BIN_EXE_…")`.
    pub program: &'a str,
    /// The account that it judges.
    pub account: &'a str,
    /// The Region that it runs in.
    pub region: &'a str,
    /// Time that an invocation may take.
    pub timeout: Duration,
}

/// Parameters as texts, which is how the AWS Config console takes them.
pub fn with<const N: usize>(parameters: [(&str, &str); N]) -> Map<String, Value> {
    let parameters = parameters.into_iter();
    parameters
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect()
}

/// The function as a process with the role that its control declares to need, and its
/// rule, which AWS Config evaluates once as it is put.
#[derive(Debug)]
pub struct RuleHarness {
    /// The organization, for faults and changes.
    pub sandbox: Sandbox,
    /// The function, for events of one's own.
    pub process: Arc<FunctionProcess>,
    account: String,
    region: String,
    /// Of the rule, the function and its role.
    name: &'static str,
    config: Client,
    _server: Server,
}

impl RuleHarness {
    /// Deploys a control in a sandbox and waits for the first evaluation.
    pub async fn new<C: Control>(
        deployment: &Deployment<'_>,
        sandbox: Sandbox,
        parameters: &Map<String, Value>,
    ) -> Self {
        Self::excepting::<C>(deployment, sandbox, parameters, "").await
    }

    /// The same, of a function that is told of exceptions.
    pub async fn excepting<C: Control>(
        deployment: &Deployment<'_>,
        sandbox: Sandbox,
        parameters: &Map<String, Value>,
        exceptions: &str,
    ) -> Self {
        let Deployment {
            program,
            account,
            region,
            timeout,
        } = *deployment;
        let metadata = C::METADATA;
        let name = metadata.name;
        let role = function_role::<C>(parameters);
        sandbox
            .change_account(account, |account| account.roles.push(role))
            .unwrap();
        let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        let partition = sandbox.organization().partition;
        let arn = format!("arn:{partition}:lambda:{region}:{account}:function:{name}");
        let settings = ProcessSettings::new(program, &arn)
            .credentials(&sandbox.role_credentials(account, name).unwrap())
            .endpoint_url(server.endpoint_url())
            .environment(EXCEPTIONS, exceptions)
            .timeout(timeout);
        let process = Arc::new(FunctionProcess::start(settings).await.unwrap());
        let registered = Arc::clone(&process);
        sandbox.register_function_with_timeout(
            &arn,
            move |event: Value, context: Context| {
                let process = Arc::clone(&registered);
                async move { process.invoke(event, context).await }
            },
            timeout,
        );
        let config = Client::new(&sandbox.sdk_config(account, region));
        config
            .put_config_rule()
            .config_rule(rule(&metadata, &arn, parameters))
            .send()
            .await
            .unwrap();
        sandbox.settled().await;
        Self {
            sandbox,
            process,
            account: account.to_owned(),
            region: region.to_owned(),
            name,
            config,
            _server: server,
        }
    }

    /// Returns what came of the evaluation that Config started.
    ///
    /// # Errors
    /// Those of the function.
    pub async fn evaluated(&self) -> Result<Value, FunctionError> {
        self.sandbox.settled().await;
        let status = self
            .sandbox
            .rule_status(&self.account, &self.region, self.name);
        status.unwrap().unwrap().outcome.unwrap()
    }

    /// An event of Config's, with a token that is good for one answer.
    pub fn event(&self) -> Value {
        let event = self.sandbox.event(
            &self.account,
            &self.region,
            self.name,
            &Notification::Scheduled,
        );
        event.unwrap()
    }

    /// Returns the results that AWS Config shows of the account: compliance and annotation.
    pub async fn config_results(&self) -> Vec<(String, String)> {
        let results = self.config_results_with_times().await.into_iter();
        results
            .map(|(compliance, annotation, _)| (compliance, annotation))
            .collect()
    }

    /// Asserts that the function returned a result and that AWS Config shows it. AWS Config
    /// keeps no `NOT_APPLICABLE` result of a custom rule.
    pub async fn assert_reported(&self, row: &str, record: &Value, result: (String, String)) {
        assert_eq!(record["annotation"], result.1, "{row}");
        let kept = if result.0 == "NOT_APPLICABLE" {
            Vec::new()
        } else {
            vec![result]
        };
        assert_eq!(self.config_results().await, kept, "{row}");
    }

    /// Returns these results, each with the time at which it was recorded, in milliseconds.
    pub async fn config_results_with_times(&self) -> Vec<(String, String, i64)> {
        let details = self
            .config
            .get_compliance_details_by_config_rule()
            .config_rule_name(self.name)
            .send()
            .await
            .unwrap();
        let results = details.evaluation_results().iter();
        results
            .map(|result| {
                let id = result.evaluation_result_identifier().unwrap();
                let qualifier = id.evaluation_result_qualifier().unwrap();
                assert_eq!(qualifier.resource_type(), Some("AWS::::Account"));
                assert_eq!(qualifier.resource_id(), Some(self.account.as_str()));
                (
                    result.compliance_type().unwrap().to_string(),
                    result.annotation().unwrap().to_owned(),
                    result.result_recorded_time().unwrap().to_millis().unwrap(),
                )
            })
            .collect()
    }

    /// The IAM actions of the function's requests so far, retries included. What it asks
    /// through an evidence role is that role's.
    pub fn calls(&self) -> Vec<String> {
        self.calls_of(self.name)
    }

    /// The IAM actions that sessions of a role asked for so far, retries included.
    pub fn calls_of(&self, role: &str) -> Vec<String> {
        let role = format!(":assumed-role/{role}/");
        let calls = self.sandbox.calls().into_iter();
        calls
            .filter(|call| call.principal.contains(&role))
            .flat_map(|call| call.permissions)
            .map(|permission| permission.action)
            .collect()
    }

    /// From here on, `calls` shows only what comes.
    pub fn forget_calls(&self) {
        self.sandbox.take_calls();
    }
}

/// The rule as the control's metadata describes it.
fn rule(metadata: &Metadata, function: &str, parameters: &Map<String, Value>) -> ConfigRule {
    let frequency = metadata.frequency.to_string();
    let periodic = SourceDetail::builder()
        .event_source(EventSource::AwsConfig)
        .message_type(MessageType::ScheduledNotification)
        .maximum_execution_frequency(MaximumExecutionFrequency::from(frequency.as_str()))
        .build();
    let source = Source::builder()
        .owner(Owner::CustomLambda)
        .source_identifier(function)
        .source_details(periodic)
        .build();
    let parameters: Map<_, _> = parameters
        .iter()
        .map(|(name, value)| (name.clone(), text(value).into()))
        .collect();
    let parameters = (!parameters.is_empty()).then(|| Value::from(parameters).to_string());
    ConfigRule::builder()
        .config_rule_name(metadata.name)
        .source(source.unwrap())
        .set_input_parameters(parameters)
        .build()
}

/// The value of a parameter as the AWS Config console takes it: lists with commas.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
