//! Queues and their attributes.

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use crate::operations::{Needed, resource_named};
use crate::organization::{AccountRegion, Kind, Resource};
use crate::request::Request;
use crate::wire::{
    Allowed, Failure, Member, Shape, consists_of_word_and, member, required, text, text_of,
};
use crate::world::World;

const TEXT: Shape = text(0, usize::MAX);

pub(super) const QUEUE_URL: Member = required("QueueUrl", TEXT);

const QUEUE_NAME: Shape = text_of(
    Allowed::Pattern(r"[\w-]+", |name| consists_of_word_and("-", name)),
    1,
    80,
);

/// Queues, as an organization file has them.
pub(crate) const QUEUE: Kind = Kind {
    key: "queue",
    shape: &Shape::Structure(&[
        required("QueueName", QUEUE_NAME),
        member(
            "Attributes",
            Shape::Structure(&[
                member("DelaySeconds", TEXT),
                member("MessageRetentionPeriod", TEXT),
                member("Policy", TEXT),
                member("QueueArn", TEXT),
                member("RedrivePolicy", TEXT),
                member("VisibilityTimeout", TEXT),
            ]),
        ),
    ]),
    of: |account| &mut account.queues,
    complete,
};

/// Adds its ARN and what AWS sets where nobody does.
fn complete(place: &AccountRegion<'_>, members: &mut Map<String, Value>) {
    let name = members.get("QueueName").and_then(Value::as_str);
    let arn = place.arn("sqs", name.unwrap_or_default());
    let attributes = members.entry("Attributes").or_insert_with(|| json!({}));
    for (attribute, value) in [
        ("DelaySeconds", "0"),
        ("MessageRetentionPeriod", "345600"),
        ("QueueArn", &arn),
        ("VisibilityTimeout", "30"),
    ] {
        if let Some(attributes) = attributes.as_object_mut() {
            attributes.entry(attribute).or_insert_with(|| value.into());
        }
    }
}

/// The attribute of a queue.
pub(super) fn attribute<'a>(queue: &'a Resource, name: &str) -> Option<&'a str> {
    queue.members.get("Attributes")?.get(name)?.as_str()
}

/// The ARN of the queue that a URL names: its last two parts are account and name.
fn arn_of(request: &Request<'_>, url: &str) -> String {
    let mut parts = url.rsplit('/');
    let name = parts.next().unwrap_or_default();
    let account = parts.next().unwrap_or_default();
    let place = AccountRegion {
        account,
        ..request.place()
    };
    place.arn("sqs", name)
}

/// The queue with an ARN.
fn queue_at(request: &Request<'_>, arn: &str) -> Option<Resource> {
    let account = request.world.account(arn.split(':').nth(4)?)?;
    let mut queues = account.queues.into_iter();
    queues.find(|queue| attribute(queue, "QueueArn") == Some(arn))
}

/// The queue that a request is about.
pub(super) fn queue(request: &Request<'_>) -> Result<Resource, Failure> {
    let url = request.text("QueueUrl").unwrap_or_default();
    queue_at(request, &arn_of(request, url)).ok_or_else(no_such_queue)
}

/// The queue that an operation is about, under its policy.
pub(crate) fn on_queue(request: &Request<'_>) -> Vec<Needed> {
    let arn = arn_of(request, request.text("QueueUrl").unwrap_or_default());
    let queue = queue_at(request, &arn);
    let policy = queue.as_ref().and_then(|queue| attribute(queue, "Policy"));
    vec![Needed::on(request, resource_named(&arn)).under(policy)]
}

fn no_such_queue() -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        "QueueDoesNotExist",
        "The specified queue does not exist.",
    )
}

/// The policy of a queue, if there is such a queue and it has one.
pub(crate) fn policy_of(world: &World, arn: &str) -> Option<String> {
    let account = world.account(arn.split(':').nth(4)?)?;
    let mut queues = account.queues.into_iter();
    let queue = queues.find(|queue| attribute(queue, "QueueArn") == Some(arn))?;
    attribute(&queue, "Policy").map(str::to_owned)
}
