//! AWS Config: rules, what they invoke, what those report, what is shown of it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_imports,
    reason = "test"
)]

#[path = "../both/mod.rs"]
mod both;
mod invocations;
mod results;
mod rules;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_sdk_config::Client;
use aws_sdk_config::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_config::primitives::DateTime;
use aws_sdk_config::types::builders::{ConfigRuleBuilder, EvaluationBuilder};
use aws_sdk_config::types::{
    ComplianceType, ConfigRule, ConfigRuleState, Evaluation, EvaluationMode,
    EvaluationModeConfiguration, EventSource, MaximumExecutionFrequency, MessageType, Owner, Scope,
    Source, SourceDetail, Tag,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use both::{Transport, both};
use sandbox::{ConfigurationItem, Context, Fault, FunctionError, Notification, Timestamp};
use serde_json::{Value, json};

const ORGANIZATION: &str = r#"
    [[account]]
    id = "111111111111"
    name = "management"

    [[account]]
    id = "222222222222"
    name = "without a recorder"
    config_recorder = false
"#;

const ACCOUNT: &str = "111111111111";
const REGION: &str = "eu-west-1";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111111111111:function:rule";

fn config(transport: &Transport) -> Client {
    Client::new(&transport.config(ACCOUNT, REGION))
}

fn code<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    result: Result<T, SdkError<E, HttpResponse>>,
) -> String {
    result.unwrap_err().code().unwrap().to_owned()
}

/// The events a function got.
type Events = Arc<Mutex<Vec<(Value, Context)>>>;

/// Registers a function that notes its events and does nothing.
fn listener(transport: &Transport) -> Events {
    let events = Events::default();
    let noted = Arc::clone(&events);
    transport
        .sandbox
        .register_function(FUNCTION, move |event: Value, context: Context| {
            noted.lock().unwrap().push((event, context));
            async { Ok(json!("done")) }
        });
    events
}

fn detail(message: MessageType) -> SourceDetail {
    SourceDetail::builder()
        .event_source(EventSource::AwsConfig)
        .message_type(message)
        .build()
}

fn source(function: &str, details: Vec<SourceDetail>) -> Source {
    Source::builder()
        .owner(Owner::CustomLambda)
        .source_identifier(function)
        .set_source_details(Some(details))
        .build()
        .unwrap()
}

fn rule(name: &str) -> ConfigRuleBuilder {
    ConfigRule::builder().config_rule_name(name).source(source(
        FUNCTION,
        vec![detail(MessageType::ScheduledNotification)],
    ))
}

async fn put(config: &Client, rule: ConfigRuleBuilder) -> Result<(), String> {
    let put = config
        .put_config_rule()
        .config_rule(rule.build())
        .send()
        .await;
    put.map(drop)
        .map_err(|error| error.code().unwrap().to_owned())
}

fn evaluation() -> EvaluationBuilder {
    Evaluation::builder()
        .compliance_resource_type("AWS::::Account")
        .compliance_resource_id(ACCOUNT)
        .compliance_type(ComplianceType::NonCompliant)
        .ordering_timestamp(DateTime::from_millis(1_700_000_000_123))
}

/// The event of a rule and the token in it.
fn token(transport: &Transport, rule: &str) -> String {
    let event = transport
        .sandbox
        .event(ACCOUNT, REGION, rule, &Notification::Scheduled)
        .unwrap();
    event["resultToken"].as_str().unwrap().to_owned()
}
