//! What functions are wired to: the queues that Lambda polls for them, and where the
//! outcome of an asynchronous invocation goes.

use serde_json::Value;

use super::asked::listed;
use super::provision::Placed;
use crate::lambda::{Destinations, Polling};

/// Wires a function, if that is what the resource does.
pub(super) fn put(placed: Placed<'_>) -> bool {
    let functions = &placed.world.functions;
    let (resource, function) = (placed.resource, function(placed));
    match resource.resource_type.as_str() {
        "AWS::Lambda::EventSourceMapping" => {
            let batch = resource.properties.get("BatchSize").and_then(Value::as_u64);
            let batch = batch.and_then(|size| usize::try_from(size).ok());
            let mut responses = listed(resource, "FunctionResponseTypes");
            let polling = Polling {
                batch_size: batch.unwrap_or(10),
                reports_failed_items: responses.any(|kind| kind == "ReportBatchItemFailures"),
            };
            let wire = (queue(placed), function);
            functions.wires().pollings.insert(wire, polling);
            true
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
            true
        }
        _ => false,
    }
}

/// Takes a wire away.
pub(super) fn remove(placed: Placed<'_>) {
    let functions = &placed.world.functions;
    match placed.resource.resource_type.as_str() {
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
