//! SNS: topics, who is subscribed to them, and what is published. Queues get it; what
//! people would get is kept for tests.
//!
//! A subscription belongs to whoever subscribed and is kept with its topic, whose
//! account and Region its ARN has too.

mod publishing;
mod subscriptions;
mod topics;

use std::collections::BTreeMap;

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use crate::operations::{Needed, resource_named};
use crate::organization::{Account, Resource, is_account_id};
use crate::paging::Page;
use crate::request::Request;
use crate::wire::{Failure, Member, Output, Shape, Structure, member, required, text};

pub use publishing::Published;
pub(crate) use publishing::{
    PUBLISH, Publications, publish, publish_as_service, topic_for_service,
};
pub(crate) use subscriptions::{
    CONFIRM_SUBSCRIPTION, OF_SUBSCRIPTION, SET_SUBSCRIPTION_ATTRIBUTES, SUBSCRIBE, SUBSCRIPTION,
    confirm_subscription, confirmed_topic, get_subscription_attributes, list_subscriptions,
    list_subscriptions_by_topic, set_subscription_attributes, subscribe, subscribe_context,
    unsubscribe,
};
pub(crate) use topics::{
    CREATE_TOPIC, LIST_TAGS, SET_TOPIC_ATTRIBUTES, TOPIC, create_topic, delete_topic,
    get_topic_attributes, list_tags_for_resource, list_topics, new_topic, set_topic_attributes,
    tagged_topic,
};

const TEXT: Shape = text(0, usize::MAX);

const TOPIC_ARN: Member = required("TopicArn", TEXT);

const NEXT_TOKEN: Member = member("NextToken", TEXT);

/// The input of operations about a topic.
pub(crate) const OF_TOPIC: Shape = Shape::Structure(&[TOPIC_ARN]);

/// The input of operations that list something.
pub(crate) const LIST: Shape = Shape::Structure(&[NEXT_TOKEN]);

/// The input of operations that list something of a topic.
pub(crate) const LIST_OF_TOPIC: Shape = Shape::Structure(&[TOPIC_ARN, NEXT_TOKEN]);

/// The topic that an operation is about, under its policy.
pub(crate) fn on_topic(request: &Request<'_>) -> Vec<Needed> {
    let arn = request.text("TopicArn").unwrap_or_default();
    let topic = find_topic(request, arn);
    let policy = topic
        .as_ref()
        .and_then(|(_, topic)| attribute(topic, "Policy"));
    vec![Needed::on(request, resource_named(arn)).under(policy)]
}

fn find_topic(request: &Request<'_>, arn: &str) -> Option<(Account, Resource)> {
    let account = request.world.account(arn.split(':').nth(4)?)?;
    let topic = account
        .topics
        .iter()
        .find(|topic| topic.text("TopicArn") == Some(arn))?
        .clone();
    Some((account, topic))
}

/// The topic that a request names, and the account that owns it.
fn topic(request: &Request<'_>) -> Result<(Account, Resource), Failure> {
    let arn = request.text("TopicArn").unwrap_or_default();
    owner(request, "TopicArn", arn)?;
    find_topic(request, arn).ok_or_else(|| not_found("Topic"))
}

/// The account in an ARN that a request gives as one of its members. It must be of this
/// Region: no other is asked about what it has.
fn owner<'a>(request: &Request<'_>, member: &str, arn: &'a str) -> Result<&'a str, Failure> {
    let parts: Vec<&str> = arn.split(':').collect();
    match parts.as_slice() {
        ["arn", partition, "sns", region, account, _, ..]
            if *partition == request.partition().name()
                && *region == request.region
                && is_account_id(account) =>
        {
            Ok(account)
        }
        ["arn", _, _, _, _, _, ..] => Err(invalid(member)),
        parts => Err(invalid(format!(
            "{member} Reason: An ARN must have at least 6 elements, not {}",
            parts.len()
        ))),
    }
}

/// An attribute of a topic or a subscription, where it is set.
fn attribute<'a>(resource: &'a Resource, name: &str) -> Option<&'a str> {
    resource.members.get("Attributes")?.get(name)?.as_str()
}

/// Changes the attributes of a topic or a subscription.
fn change_attributes(
    members: &mut Map<String, Value>,
    change: impl FnOnce(&mut Map<String, Value>),
) {
    let mut attributes = match members.remove("Attributes") {
        Some(Value::Object(attributes)) => attributes,
        _ => Map::new(),
    };
    change(&mut attributes);
    members.insert("Attributes".to_owned(), attributes.into());
}

/// Sets an attribute. An empty one is none; only a name to display can be empty.
fn set_attribute(resource: &mut Resource, name: &str, value: &str) {
    change_attributes(&mut resource.members, |attributes| {
        if value.is_empty() && name != "DisplayName" {
            attributes.remove(name);
        } else {
            attributes.insert(name.to_owned(), value.into());
        }
    });
}

/// Holds an attribute to the shape that lists those a client may set.
fn check_attribute(
    request: &Request<'_>,
    settable: &Shape,
    name: &str,
    value: &str,
) -> Result<(), Failure> {
    if !settable.members().any(|known| known == name) {
        return Err(invalid("AttributeName"));
    }
    if value.is_empty() && name != "Policy" {
        return Ok(());
    }
    settable
        .check(request.protocol, &json!({ name: value }))
        .map_err(|failure| invalid(failure.message))?;
    Ok(())
}

/// Attributes as an answer.
fn attribute_map<const N: usize>(resource: &Resource, derived: [(&str, String); N]) -> Structure {
    let stored = resource
        .members
        .get("Attributes")
        .and_then(Value::as_object);
    let stored = stored.into_iter().flatten().filter_map(|(name, value)| {
        let value = value.as_str()?;
        Some((name.clone(), Output::from(value)))
    });
    let mut map: BTreeMap<String, Output> = stored.collect();
    for (name, value) in derived {
        map.entry(name.to_owned()).or_insert(value.into());
    }
    Structure::new().with("Attributes", Output::Map(map))
}

/// A page of a list, as all of SNS pages.
fn page(
    request: &Request<'_>,
    name: &'static str,
    items: Vec<Structure>,
) -> Result<Structure, Failure> {
    let page = Page::cut(request, items, request.text("NextToken"), 100)
        .ok_or_else(|| invalid("NextToken"))?;
    Ok(Structure::new()
        .with(name, Output::List(page.items))
        .with_some("NextToken", page.next))
}

/// Returns true if a text is a JSON object, as most attributes are that say more than a word.
fn is_json_object(text: &str) -> bool {
    serde_json::from_str::<Map<String, Value>>(text).is_ok()
}

fn invalid(what: impl AsRef<str>) -> Failure {
    let message = format!("Invalid parameter: {}", what.as_ref());
    Failure::new(StatusCode::BAD_REQUEST, "InvalidParameter", message)
}

fn not_found(what: &str) -> Failure {
    let message = format!("{what} does not exist");
    Failure::new(StatusCode::NOT_FOUND, "NotFound", message)
}
