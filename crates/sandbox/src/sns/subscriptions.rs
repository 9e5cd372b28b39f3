//! Subscriptions, and what they wait for.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::topics::{JSON, TRUTH};
use super::{
    TEXT, TOPIC_ARN, attribute, attribute_map, change_attributes, check_attribute, invalid,
    not_found, on_topic, owner, page, set_attribute, topic,
};
use crate::operations::{Context, Needed};
use crate::organization::{Account, AccountRegion, Kind, Resource};
use crate::request::Request;
use crate::wire::{Failure, Member, Shape, Structure, member, one_of, required};
use cloudformation_template::unique_uuid;

const PROTOCOL: Shape = one_of(&[
    "application",
    "email",
    "email-json",
    "firehose",
    "http",
    "https",
    "lambda",
    "sms",
    "sqs",
]);

/// The attributes that a client may set.
const ATTRIBUTES: Shape = Shape::Structure(&[
    DELIVERY_POLICY,
    FILTER_POLICY,
    FILTER_POLICY_SCOPE,
    RAW_MESSAGE_DELIVERY,
    REDRIVE_POLICY,
    REPLAY_POLICY,
    SUBSCRIPTION_ROLE_ARN,
]);

const DELIVERY_POLICY: Member = member("DeliveryPolicy", JSON);
const FILTER_POLICY: Member = member("FilterPolicy", JSON);
const FILTER_POLICY_SCOPE: Member = member(
    "FilterPolicyScope",
    one_of(&["MessageAttributes", "MessageBody"]),
);
const RAW_MESSAGE_DELIVERY: Member = member("RawMessageDelivery", TRUTH);
const REDRIVE_POLICY: Member = member("RedrivePolicy", JSON);
const REPLAY_POLICY: Member = member("ReplayPolicy", JSON);
const SUBSCRIPTION_ROLE_ARN: Member = member("SubscriptionRoleArn", TEXT);

/// Subscriptions, as an organization file has them. Their `SubscriptionArn` is what lists
/// show; that among their attributes is their own, also while they are pending.
pub(crate) const SUBSCRIPTION: Kind = Kind {
    key: "subscription",
    shape: &Shape::Structure(&[
        member("SubscriptionArn", TEXT),
        member("Owner", TEXT),
        required("Protocol", PROTOCOL),
        member("Endpoint", TEXT),
        TOPIC_ARN,
        member(
            "Attributes",
            Shape::Structure(&[
                member("ConfirmationWasAuthenticated", TRUTH),
                DELIVERY_POLICY,
                FILTER_POLICY,
                FILTER_POLICY_SCOPE,
                RAW_MESSAGE_DELIVERY,
                REDRIVE_POLICY,
                REPLAY_POLICY,
                member("SubscriptionArn", TEXT),
                SUBSCRIPTION_ROLE_ARN,
            ]),
        ),
    ]),
    of: |account| &mut account.subscriptions,
    complete,
};

/// Members of a subscription in lists.
const LISTED: Shape = Shape::Structure(&[
    member("SubscriptionArn", TEXT),
    member("Owner", TEXT),
    member("Protocol", TEXT),
    member("Endpoint", TEXT),
    TOPIC_ARN,
]);

const SUBSCRIPTION_ARN: Member = required("SubscriptionArn", TEXT);

/// The input of operations about a subscription.
pub(crate) const OF_SUBSCRIPTION: Shape = Shape::Structure(&[SUBSCRIPTION_ARN]);

pub(crate) const SUBSCRIBE: Shape = Shape::Structure(&[
    TOPIC_ARN,
    required("Protocol", TEXT),
    member("Endpoint", TEXT),
    member("Attributes", Shape::Map(&TEXT)),
    member("ReturnSubscriptionArn", Shape::Boolean),
]);

pub(crate) const CONFIRM_SUBSCRIPTION: Shape = Shape::Structure(&[
    TOPIC_ARN,
    required("Token", TEXT),
    member("AuthenticateOnUnsubscribe", TEXT),
]);

pub(crate) const SET_SUBSCRIPTION_ATTRIBUTES: Shape = Shape::Structure(&[
    SUBSCRIPTION_ARN,
    required("AttributeName", TEXT),
    member("AttributeValue", TEXT),
]);

const PENDING: &str = "PendingConfirmation";
const DELETED: &str = "Deleted";

/// State of a subscription.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Pending,
    Confirmed,
    Deleted,
}

impl State {
    pub(super) fn from_resource(subscription: &Resource) -> Self {
        match subscription.text("SubscriptionArn") {
            Some(PENDING) => Self::Pending,
            Some(DELETED) => Self::Deleted,
            _ => Self::Confirmed,
        }
    }
}

/// Adds its own ARN and its owner. It is confirmed, unless it says otherwise.
fn complete(place: &AccountRegion<'_>, members: &mut Map<String, Value>) {
    let text = |member: &str| members.get(member).and_then(Value::as_str);
    let listed = text("SubscriptionArn");
    let own = listed
        .filter(|arn| ![PENDING, DELETED].contains(arn))
        .map_or_else(
            || {
                let topic = text("TopicArn").unwrap_or_default();
                let of = [text("Protocol"), text("Endpoint")].map(Option::unwrap_or_default);
                format!(
                    "{topic}:{}",
                    unique_uuid(&format!("{topic} {}", of.join(" ")))
                )
            },
            str::to_owned,
        );
    let listed = listed.unwrap_or(&own).to_owned();
    members.insert("SubscriptionArn".to_owned(), listed.into());
    let owner = members.entry("Owner");
    owner.or_insert_with(|| place.account.into());
    change_attributes(members, |attributes| {
        let own_arn = attributes.entry("SubscriptionArn");
        own_arn.or_insert_with(|| own.into());
    });
}

/// The subscriptions of a topic.
fn of_topic<'a>(account: &'a Account, topic: &'a str) -> impl Iterator<Item = &'a Resource> {
    let subscriptions = account.subscriptions.iter();
    subscriptions.filter(move |subscription| subscription.text("TopicArn") == Some(topic))
}

/// Returns the condition keys of a new subscription that a policy may test.
pub(crate) fn subscribe_context(request: &Request<'_>) -> Context {
    [("sns:Protocol", "Protocol"), ("sns:Endpoint", "Endpoint")]
        .into_iter()
        .filter_map(|(key, member)| {
            let value = request.text(member).filter(|value| !value.is_empty())?;
            Some((key.to_owned(), vec![value.to_owned()]))
        })
        .collect()
}

pub(crate) fn subscribe(request: &Request<'_>) -> Result<Structure, Failure> {
    let (account, topic) = topic(request)?;
    let topic = topic.text("TopicArn").unwrap_or_default();
    let protocol = request.text("Protocol").unwrap_or_default();
    let endpoint = request.text("Endpoint").unwrap_or_default();
    check_endpoint(request, protocol, endpoint)?;
    let own = format!("{topic}:{}", Uuid::new_v4());
    let confirmed = needs_no_confirmation(&account.id, protocol, endpoint);
    let mut new = Resource::new(
        request.region,
        json!({
            "SubscriptionArn": if confirmed { own.as_str() } else { PENDING },
            "Owner": request.account(),
            "Protocol": protocol,
            "Endpoint": endpoint,
            "TopicArn": topic,
            "Attributes": { "SubscriptionArn": own },
        }),
    );
    let given = request.input.get("Attributes").and_then(Value::as_object);
    for (name, value) in given.into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        check_attribute(request, &ATTRIBUTES, name, value)?;
        set_attribute(&mut new, name, value);
    }
    let known = request.change(&account.id, |account| {
        let known = of_topic(account, topic).find(|known| {
            State::from_resource(known) != State::Deleted
                && known.text("Protocol") == Some(protocol)
                && known.text("Endpoint") == Some(endpoint)
        });
        let Some(known) = known.cloned() else {
            account.subscriptions.push(new.clone());
            return Ok(new);
        };
        let differs = |name: &String| attribute(&known, name) != attribute(&new, name);
        if given.is_some_and(|given| given.keys().any(differs)) {
            return Err(invalid(
                "Attributes Reason: Subscription already exists with different attributes",
            ));
        }
        Ok(known)
    })?;
    let always = request.input.get("ReturnSubscriptionArn") == Some(&Value::Bool(true));
    let shown = if always || State::from_resource(&known) == State::Confirmed {
        attribute(&known, "SubscriptionArn").unwrap_or_default()
    } else {
        "pending confirmation"
    };
    Ok(Structure::new().with("SubscriptionArn", shown))
}

/// Returns true if an endpoint need not say that it wants messages: those of the topic's own
/// account, unless they are people or web sites. A telephone is never asked.
fn needs_no_confirmation(account: &str, protocol: &str, endpoint: &str) -> bool {
    match protocol {
        "email" | "email-json" | "http" | "https" => false,
        "sms" => true,
        _ => endpoint.split(':').nth(4) == Some(account),
    }
}

fn check_endpoint(request: &Request<'_>, protocol: &str, endpoint: &str) -> Result<(), Failure> {
    let of_service =
        |service| endpoint.starts_with("arn:") && endpoint.split(':').nth(2) == Some(service);
    let fits = match protocol {
        "application" => of_service("sns"),
        "email" | "email-json" => endpoint.contains('@'),
        "firehose" => {
            let role = format!("arn:{}:iam::", request.partition());
            let attributes = request.input.pointer("/Attributes/SubscriptionRoleArn");
            let given = attributes.and_then(Value::as_str).unwrap_or_default();
            of_service("firehose") && given.starts_with(&role)
        }
        "http" => endpoint.starts_with("http://"),
        "https" => endpoint.starts_with("https://"),
        "lambda" => of_service("lambda"),
        "sms" => endpoint.chars().any(|character| character.is_ascii_digit()),
        "sqs" => of_service("sqs"),
        _ => {
            return Err(invalid(format!(
                "Protocol Reason: Does not support this protocol string: {protocol}"
            )));
        }
    };
    if fits {
        Ok(())
    } else {
        Err(invalid("Endpoint Reason: it does not fit the protocol"))
    }
}

/// The topic to which a subscription is confirmed. In another account the token is all
/// the permission that there is.
pub(crate) fn confirmed_topic(request: &Request<'_>) -> Vec<Needed> {
    let arn = request.text("TopicArn").unwrap_or_default();
    if arn.split(':').nth(4) == Some(request.account()) {
        return on_topic(request);
    }
    Vec::new()
}

pub(crate) fn confirm_subscription(request: &Request<'_>) -> Result<Structure, Failure> {
    let (account, topic) = topic(request)?;
    let token = request.text("Token").unwrap_or_default();
    let authenticated = request.text("AuthenticateOnUnsubscribe") == Some("true");
    let own = format!("{}:{token}", topic.text("TopicArn").unwrap_or_default());
    request.change(&account.id, |account| {
        let subscription = account.subscriptions.iter_mut().find(|subscription| {
            attribute(subscription, "SubscriptionArn") == Some(&own)
                && State::from_resource(subscription) != State::Deleted
        });
        let subscription = subscription.ok_or_else(|| invalid("Token"))?;
        let members = &mut subscription.members;
        members.insert("SubscriptionArn".to_owned(), own.as_str().into());
        set_attribute(
            subscription,
            "ConfirmationWasAuthenticated",
            if authenticated { "true" } else { "false" },
        );
        Ok(Structure::new().with("SubscriptionArn", own))
    })
}

/// Lets somebody see or change a subscription that is there: what comes of it.
fn with_subscription<T>(
    request: &Request<'_>,
    may: impl FnOnce(&Resource) -> bool,
    then: impl FnOnce(&mut Resource) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let arn = request.text("SubscriptionArn").unwrap_or_default();
    let account = owner(request, "SubscriptionArn", arn)?;
    let denied = || request.access_denied("Not authorized to access this subscription");
    if request.world.account(account).is_none() {
        return Err(denied());
    }
    request.change(account, |account| {
        let subscription = account.subscriptions.iter_mut().find(|subscription| {
            attribute(subscription, "SubscriptionArn") == Some(arn)
                && State::from_resource(subscription) != State::Deleted
        });
        let subscription = subscription.ok_or_else(|| not_found("Subscription"))?;
        if may(subscription) {
            then(subscription)
        } else {
            Err(denied())
        }
    })
}

/// Returns true if a subscription is the caller's. The owner of the topic sees that there is one of
/// somebody else, and no more.
fn is_own(request: &Request<'_>, subscription: &Resource) -> bool {
    subscription.text("Owner") == Some(request.account())
}

pub(crate) fn unsubscribe(request: &Request<'_>) -> Result<Structure, Failure> {
    let arn = request.text("SubscriptionArn").unwrap_or_default();
    let may = |subscription: &Resource| {
        is_own(request, subscription) || arn.split(':').nth(4) == Some(request.account())
    };
    with_subscription(request, may, |subscription| {
        if State::from_resource(subscription) == State::Pending {
            return Err(invalid(
                "SubscriptionArn Reason: the subscription is pending confirmation",
            ));
        }
        let members = &mut subscription.members;
        members.insert("SubscriptionArn".to_owned(), DELETED.into());
        Ok(Structure::new())
    })
}

pub(crate) fn list_subscriptions_by_topic(request: &Request<'_>) -> Result<Structure, Failure> {
    let (account, topic) = topic(request)?;
    let topic = topic.text("TopicArn").unwrap_or_default();
    let subscriptions = of_topic(&account, topic);
    let listed = subscriptions.map(listed);
    page(request, "Subscriptions", listed.collect())
}

/// The caller's subscriptions, to topics of whatever account.
pub(crate) fn list_subscriptions(request: &Request<'_>) -> Result<Structure, Failure> {
    let organization = &request.world.organization;
    let accounts = organization.accounts.iter();
    let listed = accounts
        .filter_map(|account| request.world.account(&account.id))
        .flat_map(|account| account.subscriptions)
        .filter(|known| known.region == request.region && is_own(request, known))
        .map(|subscription| listed(&subscription));
    page(request, "Subscriptions", listed.collect())
}

fn listed(subscription: &Resource) -> Structure {
    LISTED.structure(&Value::Object(subscription.members.clone()))
}

pub(crate) fn get_subscription_attributes(request: &Request<'_>) -> Result<Structure, Failure> {
    let may = |subscription: &Resource| is_own(request, subscription);
    with_subscription(request, may, |subscription| {
        let text = |member: &str| subscription.text(member).unwrap_or_default().to_owned();
        let pending = State::from_resource(subscription) == State::Pending;
        let derived = [
            ("ConfirmationWasAuthenticated", "false".to_owned()),
            ("Endpoint", text("Endpoint")),
            ("Owner", text("Owner")),
            ("PendingConfirmation", pending.to_string()),
            ("Protocol", text("Protocol")),
            ("RawMessageDelivery", "false".to_owned()),
            ("TopicArn", text("TopicArn")),
        ];
        Ok(attribute_map(subscription, derived))
    })
}

pub(crate) fn set_subscription_attributes(request: &Request<'_>) -> Result<Structure, Failure> {
    let name = request.text("AttributeName").unwrap_or_default();
    let value = request.text("AttributeValue").unwrap_or_default();
    check_attribute(request, &ATTRIBUTES, name, value)?;
    let may = |subscription: &Resource| is_own(request, subscription);
    with_subscription(request, may, |subscription| {
        set_attribute(subscription, name, value);
        Ok(Structure::new())
    })
}
