//! A sandbox in which the function's process is deployed with its rule.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_config::Client;
use aws_sdk_config::types::{
    ConfigRule, EventSource, MaximumExecutionFrequency, MessageType, Owner, Source, SourceDetail,
};
use config_rule::Control;
use no_root_keys::NoRootKeys;
use sandbox::policy::Document;
use sandbox::{
    Context, Function, FunctionError, FunctionProcess, Notification, ProcessSettings, Role,
    Sandbox, Server,
};
use serde_json::{Map, Value, json};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "eu-west-1";
const RULE: &str = "no-root-keys";
const ROLE: &str = "no-root-keys";

/// Parameters as the AWS Config console sends them.
pub(crate) fn with<const N: usize>(parameters: [(&str, &str); N]) -> Map<String, Value> {
    let parameters = parameters.into_iter();
    parameters
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect()
}

/// The function as a process with the role that it declares to need, and its
/// rule, which AWS Config evaluates once as it is made.
pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    pub(crate) process: Arc<FunctionProcess>,
    config: Client,
    _server: Server,
}

impl Stage {
    pub(crate) async fn new(sandbox: Sandbox, parameters: &Map<String, Value>) -> Self {
        Self::with_timeout(sandbox, parameters, Duration::from_secs(20)).await
    }

    pub(crate) async fn with_timeout(
        sandbox: Sandbox,
        parameters: &Map<String, Value>,
        timeout: Duration,
    ) -> Self {
        give_role(&sandbox);
        let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        let arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{RULE}");
        let settings = ProcessSettings::new(env!("CARGO_BIN_EXE_no-root-keys"), &arn)
            .credentials(&sandbox.role_credentials(ACCOUNT, ROLE).unwrap())
            .endpoint_url(server.endpoint_url())
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
        let config = Client::new(&sandbox.sdk_config(ACCOUNT, REGION));
        config
            .put_config_rule()
            .config_rule(rule(&arn, parameters))
            .send()
            .await
            .unwrap();
        sandbox.settled().await;
        Self {
            sandbox,
            process,
            config,
            _server: server,
        }
    }

    /// What came of the evaluation that Config started.
    pub(crate) async fn evaluated(&self) -> Result<Value, FunctionError> {
        self.sandbox.settled().await;
        let status = self.sandbox.rule_status(ACCOUNT, REGION, RULE).unwrap();
        status.unwrap().outcome.unwrap()
    }

    /// An event of Config's, with a token that is good for one answer.
    pub(crate) fn event(&self) -> Value {
        let event = self
            .sandbox
            .event(ACCOUNT, REGION, RULE, &Notification::Scheduled);
        event.unwrap()
    }

    /// What Config shows of the account: compliance and annotation.
    pub(crate) async fn shown(&self) -> Vec<(String, String)> {
        let shown = self.shown_with_times().await.into_iter();
        shown
            .map(|(compliance, annotation, _)| (compliance, annotation))
            .collect()
    }

    /// The same, and when it was recorded.
    pub(crate) async fn shown_with_times(&self) -> Vec<(String, String, i64)> {
        let details = self
            .config
            .get_compliance_details_by_config_rule()
            .config_rule_name(RULE)
            .send()
            .await
            .unwrap();
        let results = details.evaluation_results().iter();
        results
            .map(|result| {
                let id = result.evaluation_result_identifier().unwrap();
                let qualifier = id.evaluation_result_qualifier().unwrap();
                assert_eq!(qualifier.resource_type(), Some("AWS::::Account"));
                assert_eq!(qualifier.resource_id(), Some(ACCOUNT));
                (
                    result.compliance_type().unwrap().to_string(),
                    result.annotation().unwrap().to_owned(),
                    result.result_recorded_time().unwrap().to_millis().unwrap(),
                )
            })
            .collect()
    }

    /// The IAM actions of the function's requests so far, retries included.
    pub(crate) fn calls(&self) -> Vec<String> {
        let role = format!(":assumed-role/{ROLE}/");
        let calls = self.sandbox.calls().into_iter();
        calls
            .filter(|call| call.principal.contains(&role))
            .map(|call| format!("{}:{}", call.service, call.operation))
            .collect()
    }

    /// From here on, `calls` shows only what comes.
    pub(crate) fn forget_calls(&self) {
        self.sandbox.take_calls();
    }
}

/// A role that may do what the control declares, and nothing else.
fn give_role(sandbox: &Sandbox) {
    let actions: Vec<_> = NoRootKeys::METADATA.evaluation_actions().collect();
    let document = |statement: Value| {
        let document = json!({"Version": "2012-10-17", "Statement": [statement]});
        Document::parse(&document.to_string()).unwrap()
    };
    let trust = document(json!({
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }));
    let permissions = document(json!({"Effect": "Allow", "Action": actions, "Resource": "*"}));
    let role = Role::new(ROLE, trust, vec![permissions]);
    let given = sandbox.change_account(ACCOUNT, |account| account.roles.push(role));
    given.unwrap();
}

fn rule(function_arn: &str, parameters: &Map<String, Value>) -> ConfigRule {
    let scheduled = SourceDetail::builder()
        .event_source(EventSource::AwsConfig)
        .message_type(MessageType::ScheduledNotification)
        .maximum_execution_frequency(MaximumExecutionFrequency::SixHours)
        .build();
    let source = Source::builder()
        .owner(Owner::CustomLambda)
        .source_identifier(function_arn)
        .source_details(scheduled);
    let parameters = (!parameters.is_empty()).then(|| Value::from(parameters.clone()).to_string());
    ConfigRule::builder()
        .config_rule_name(RULE)
        .source(source.build().unwrap())
        .set_input_parameters(parameters)
        .build()
}
