//! Resources that are neither requests nor rows: the queues that Lambda polls for functions,
//! where the outcome of an asynchronous invocation goes, and service control policies.

use serde_json::Value;

use super::asked::{listed, number};
use super::provision::{Placed, Problem};
use crate::lambda::{Destinations, Polling};
use crate::organization::ControlPolicy;
use crate::{administration, sqs};

/// Wires a function, or puts a service control policy, if that is what the resource is. Says
/// whether it was one of these.
///
/// # Errors
/// Creates or changes the wiring, and returns the refusal of Lambda or Organizations.
pub(super) fn put(placed: Placed<'_>) -> Result<bool, Problem> {
    let functions = &placed.world.functions;
    let (resource, function) = (placed.resource, function(placed));
    match resource.resource_type.as_str() {
        "AWS::Organizations::Policy" => {
            let content = match resource.properties.get("Content") {
                Some(Value::String(text)) => text.clone(),
                Some(document) => document.to_string(),
                None => String::new(),
            };
            let policy = ControlPolicy {
                id: resource.reference().to_owned(),
                name: resource.text("Name").unwrap_or_default().to_owned(),
                content,
                targets: listed(resource, "TargetIds").map(str::to_owned).collect(),
            };
            administration::put_control_policy(placed.world, &placed.place.account, policy)?;
            Ok(true)
        }
        "AWS::Lambda::EventSourceMapping" => {
            check_mapping(placed, &function)?;
            let batch = resource.properties.get("BatchSize").and_then(Value::as_u64);
            let batch = batch.and_then(|size| usize::try_from(size).ok());
            let mut responses = listed(resource, "FunctionResponseTypes");
            let polling = Polling {
                batch_size: batch.unwrap_or(10),
                reports_failed_items: responses.any(|kind| kind == "ReportBatchItemFailures"),
            };
            let wire = (queue(placed), function);
            functions.wires().pollings.insert(wire, polling);
            Ok(true)
        }
        "AWS::Lambda::EventInvokeConfig" => {
            let config = resource.properties.get("DestinationConfig");
            let of = |outcome: &str| {
                let destination = config?.get(outcome)?.get("Destination")?;
                destination.as_str().map(str::to_owned)
            };
            let destinations = Destinations {
                on_success: of("OnSuccess"),
                on_failure: of("OnFailure"),
            };
            functions
                .wires()
                .destinations
                .insert(function, destinations);
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// Holds an event source mapping to what Lambda demands of it and its queue
/// (`lambda-event-source-mapping`).
fn check_mapping(placed: Placed<'_>, function: &str) -> Result<(), Problem> {
    let properties = &placed.resource.properties;
    let concurrency = properties.get("ScalingConfig");
    let concurrency = concurrency.and_then(|scaling| scaling.get("MaximumConcurrency"));
    let concurrency = number(concurrency.cloned()).and_then(|most| most.as_i64());
    if let Some(most) = concurrency.filter(|most| !(2..=1000).contains(most)) {
        return Err(format!(
            "InvalidParameterValueException: MaximumConcurrency is {most}; it must be 2 to 1000."
        ));
    }
    let queue = queue(placed);
    let batch = number(properties.get("BatchSize").cloned()).and_then(|batch| batch.as_i64());
    let window = properties.get("MaximumBatchingWindowInSeconds");
    let is_fifo = queue
        .rsplit_once('.')
        .is_some_and(|(_, ending)| ending == "fifo");
    let most = if is_fifo || window.is_none() {
        10
    } else {
        10_000
    };
    if batch.is_some_and(|batch| batch > most) || is_fifo && window.is_some() {
        return Err(format!(
            "InvalidParameterValueException: BatchSize may be at most {most} for this queue, and \
             a FIFO queue has no batching window."
        ));
    }
    let account = placed.world.account(&placed.place.account);
    let account = account.ok_or("there is no such account")?;
    let mut functions = account.functions.iter();
    let function = functions.find(|known| known.text("FunctionArn") == Some(function));
    let timeout = function.and_then(|known| known.members.get("Timeout")?.as_u64());
    let timeout = timeout.unwrap_or(3);
    let hidden = sqs::visibility_timeout(placed.world, &queue);
    if hidden.is_some_and(|hidden| hidden.as_secs() < timeout) {
        return Err(format!(
            "InvalidParameterValueException: Queue visibility timeout: {} seconds is less than \
             Function timeout: {timeout} seconds",
            hidden.unwrap_or_default().as_secs()
        ));
    }
    Ok(())
}

/// Takes a wire or a service control policy away.
pub(super) fn remove(placed: Placed<'_>) {
    let functions = &placed.world.functions;
    match placed.resource.resource_type.as_str() {
        "AWS::Organizations::Policy" => {
            administration::remove_control_policy(placed.world, placed.resource.reference());
        }
        "AWS::Lambda::EventSourceMapping" => {
            let wire = (queue(placed), function(placed));
            functions.wires().pollings.remove(&wire);
        }
        "AWS::Lambda::EventInvokeConfig" => {
            functions.wires().destinations.remove(&function(placed));
        }
        _ => {}
    }
}

/// The ARN of the function, which templates call by its name.
fn function(placed: Placed<'_>) -> String {
    let name = placed.resource.text("FunctionName").unwrap_or_default();
    placed.place.arn("lambda", &format!("function:{name}"))
}

/// The ARN of the queue that is polled.
fn queue(placed: Placed<'_>) -> String {
    let queue = placed.resource.text("EventSourceArn");
    queue.unwrap_or_default().to_owned()
}
