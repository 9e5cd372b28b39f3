//! Destinations of asynchronous invocations: a function or a queue, under the policies of the role
//! of the function that was invoked.

use iam_policy::{Applicable, Decision};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Context, FunctionError};
use crate::identity::role_session;
use crate::world::World;

/// Hands the outcome of an invocation on, where a deployed stack says so. Nobody is told
/// if the role may not.
pub(crate) async fn settle(
    world: &World,
    function: &str,
    event: &Value,
    outcome: &Result<Value, FunctionError>,
) {
    let destinations = world.functions.wires().destinations.get(function).cloned();
    let destination = destinations.and_then(|destinations| match outcome {
        Ok(_) => destinations.on_success,
        Err(_) => destinations.on_failure,
    });
    let Some(destination) = destination else {
        return;
    };
    let now = world.clock.now();
    let (condition, invocations) = match outcome {
        Ok(_) => ("Success", 1),
        Err(_) => ("RetriesExhausted", 3),
    };
    let payload = match outcome {
        Ok(answer) => answer.clone(),
        Err(error) => json!({"errorType": error.error_type, "errorMessage": error.message}),
    };
    let record = json!({
        "version": "1.0",
        "timestamp": now.with_millis(),
        "requestContext": {
            "requestId": Uuid::new_v4().to_string(),
            "functionArn": format!("{function}:$LATEST"),
            "condition": condition,
            "approximateInvokeCount": invocations,
        },
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": payload,
    });
    if destination.contains(":sqs:") {
        if may(world, function, "sqs:SendMessage", &destination) {
            let queues = &world.queues;
            queues.send(&destination, &record.to_string(), Map::new(), (now, now));
        }
    } else if may(world, function, "lambda:InvokeFunction", &destination)
        && let Some(registered) = world.functions.get(&destination)
    {
        let context = Context::new(destination.as_str(), registered.timeout);
        // What becomes of it shows in what that function does.
        let _ = registered.function.invoke(record, context).await;
    }
}

/// Returns true if the role of a function may do something.
fn may(world: &World, function: &str, action: &str, resource: &str) -> bool {
    let owner = function.split(':').nth(4).unwrap_or_default();
    let Some(account) = world.account(owner) else {
        return false;
    };
    let mut functions = account.functions.iter();
    let role = functions
        .find(|known| known.text("FunctionArn") == Some(function))
        .and_then(|known| known.text("Role"))
        .and_then(|role| account.role(role.rsplit('/').next()?));
    let Some(role) = role else {
        return false;
    };
    let asked = iam_policy::Request {
        principal: role_session(world.partition(), owner, role, "lambda"),
        action: action.to_owned(),
        resource: resource.to_owned(),
        context: iam_policy::Context::usual::<&str, &str>([]),
    };
    let applicable = Applicable {
        identity: &role.policies,
        ..Applicable::default()
    };
    iam_policy::authorize(&asked, &applicable) == Decision::Allowed
}
