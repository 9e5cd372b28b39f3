//! Topics and their attributes.

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::subscriptions::State;
use super::{
    TEXT, TOPIC_ARN, attribute, attribute_map, change_attributes, check_attribute, find_topic,
    invalid, is_json_object, owner, page, set_attribute, topic,
};
use crate::authorization::check_resource_policy;
use crate::operations::{Needed, resource_named};
use crate::organization::{AccountRegion, Kind, Resource};
use crate::request::Request;
use crate::wire::{
    Allowed, Failure, Shape, Structure, consists_of_word_and, list, member, one_of, required, text,
    text_of,
};

pub(super) const JSON: Shape = text_of(
    Allowed::Pattern("a JSON object", is_json_object),
    0,
    usize::MAX,
);

/// Default delivery policy.
const DELIVERY_POLICY: &str = r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}"#;

pub(super) const TRUTH: Shape = one_of(&["true", "false"]);

/// A share in percent.
const RATE: Shape = text_of(
    Allowed::Pattern("0 to 100", |text| {
        text.parse::<u8>().is_ok_and(|rate| rate <= 100)
    }),
    0,
    3,
);

/// The attributes that a client may set.
const ATTRIBUTES: Shape = Shape::Structure(&[
    member("ApplicationFailureFeedbackRoleArn", TEXT),
    member("ApplicationSuccessFeedbackRoleArn", TEXT),
    member("ApplicationSuccessFeedbackSampleRate", RATE),
    member("ArchivePolicy", JSON),
    member("ContentBasedDeduplication", TRUTH),
    member("DeliveryPolicy", JSON),
    member("DisplayName", text(0, 100)),
    member("FifoThroughputScope", one_of(&["Topic", "MessageGroup"])),
    member("FifoTopic", TRUTH),
    member("FirehoseFailureFeedbackRoleArn", TEXT),
    member("FirehoseSuccessFeedbackRoleArn", TEXT),
    member("FirehoseSuccessFeedbackSampleRate", RATE),
    member("HTTPFailureFeedbackRoleArn", TEXT),
    member("HTTPSuccessFeedbackRoleArn", TEXT),
    member("HTTPSuccessFeedbackSampleRate", RATE),
    member("KmsMasterKeyId", TEXT),
    member("LambdaFailureFeedbackRoleArn", TEXT),
    member("LambdaSuccessFeedbackRoleArn", TEXT),
    member("LambdaSuccessFeedbackSampleRate", RATE),
    member("Policy", TEXT),
    member("SQSFailureFeedbackRoleArn", TEXT),
    member("SQSSuccessFeedbackRoleArn", TEXT),
    member("SQSSuccessFeedbackSampleRate", RATE),
    member("SignatureVersion", one_of(&["1", "2"])),
    member("TracingConfig", one_of(&["PassThrough", "Active"])),
]);

const TAG: Shape = Shape::Structure(&[
    required("Key", text(1, 128)),
    required("Value", text(0, 256)),
]);

/// Topics, as an organization file has them.
pub(crate) const TOPIC: Kind = Kind {
    key: "topic",
    shape: &Shape::Structure(&[
        required("Name", text(1, 256)),
        member("TopicArn", TEXT),
        member("Attributes", ATTRIBUTES),
        member("Tags", list(&TAG, 0, 50)),
    ]),
    of: |account| &mut account.topics,
    complete,
};

pub(crate) const CREATE_TOPIC: Shape = Shape::Structure(&[
    required("Name", TEXT),
    member("Attributes", Shape::Map(&TEXT)),
    member("Tags", list(&TAG, 0, 50)),
    member("DataProtectionPolicy", TEXT),
]);

pub(crate) const LIST_TAGS: Shape = Shape::Structure(&[required("ResourceArn", TEXT)]);

pub(crate) const SET_TOPIC_ATTRIBUTES: Shape = Shape::Structure(&[
    TOPIC_ARN,
    required("AttributeName", TEXT),
    member("AttributeValue", TEXT),
]);

/// Adds its ARN, SNS's own policy where it has none, and whether it is a FIFO topic.
fn complete(place: &AccountRegion<'_>, members: &mut Map<String, Value>) {
    let name = members.get("Name").and_then(Value::as_str);
    let name = name.unwrap_or_default().to_owned();
    let arn = place.arn("sns", &name);
    members.insert("TopicArn".to_owned(), arn.as_str().into());
    change_attributes(members, |attributes| {
        let mut default = |attribute: &str, value: &str| {
            let attribute = attributes.entry(attribute);
            attribute.or_insert_with(|| value.into());
        };
        default("DisplayName", "");
        default("Policy", &default_policy(&arn, place.account));
        if is_fifo(&name) {
            default("FifoTopic", "true");
            default("ContentBasedDeduplication", "false");
        }
    });
}

/// The policy with which SNS creates a topic: its owner may do everything, by itself
/// and through services.
fn default_policy(arn: &str, owner: &str) -> String {
    json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": [
                "SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission",
                "SNS:RemovePermission", "SNS:DeleteTopic", "SNS:Subscribe",
                "SNS:ListSubscriptionsByTopic", "SNS:Publish",
            ],
            "Resource": arn,
            "Condition": { "StringEquals": { "AWS:SourceOwner": owner } },
        }],
    })
    .to_string()
}

/// The topic that is to be created, and the tags that it is to have.
pub(crate) fn new_topic(request: &Request<'_>) -> Vec<Needed> {
    let name = request.text("Name").unwrap_or_default();
    let topic = Needed::on(request, request.place().arn("sns", name));
    let tagging = (!request.list("Tags").is_empty()).then(|| Needed {
        action: "sns:TagResource",
        ..topic.clone()
    });
    [Some(topic), tagging].into_iter().flatten().collect()
}

/// The topic whose tags are asked for.
pub(crate) fn tagged_topic(request: &Request<'_>) -> Vec<Needed> {
    let arn = request.text("ResourceArn").unwrap_or_default();
    vec![Needed::on(request, resource_named(arn))]
}

pub(crate) fn list_tags_for_resource(request: &Request<'_>) -> Result<Structure, Failure> {
    const TAGS: Shape = Shape::Structure(&[member("Tags", list(&TAG, 0, 50))]);
    let arn = request.text("ResourceArn").unwrap_or_default();
    owner(request, "ResourceArn", arn)?;
    let not_found = || {
        Failure::new(
            StatusCode::NOT_FOUND,
            "ResourceNotFound",
            "Resource does not exist",
        )
    };
    let (_, topic) = find_topic(request, arn).ok_or_else(not_found)?;
    let tags = topic.members.get("Tags").cloned().unwrap_or(json!([]));
    Ok(TAGS.structure(&json!({ "Tags": tags })))
}

pub(crate) fn create_topic(request: &Request<'_>) -> Result<Structure, Failure> {
    let protection = request.text("DataProtectionPolicy");
    if protection.is_some_and(|policy| !policy.is_empty()) {
        return Err(Failure::not_implemented(
            "DataProtectionPolicy of sns:CreateTopic",
        ));
    }
    let name = request.text("Name").unwrap_or_default();
    let given = request.input.get("Attributes").and_then(Value::as_object);
    let given: Vec<(&String, &str)> = given
        .into_iter()
        .flatten()
        .map(|(attribute, value)| (attribute, value.as_str().unwrap_or_default()))
        .collect();
    let fifo = given
        .iter()
        .any(|given| *given == (&"FifoTopic".to_owned(), "true"));
    if !is_name(name) || is_fifo(name) != fifo {
        return Err(invalid("Topic Name"));
    }
    let mut new = Resource::new(request.region, json!({ "Name": name }));
    for (attribute, value) in &given {
        check(request, name, attribute, value)?;
        set_attribute(&mut new, attribute, value);
    }
    let tags = request.list("Tags");
    new.members.insert("Tags".to_owned(), tags.into());
    complete(&request.place(), &mut new.members);
    let arn = new.text("TopicArn").unwrap_or_default().to_owned();
    let created = Structure::new().with("TopicArn", &arn);
    request.change(request.account(), |account| {
        let mut topics = account.topics.iter();
        let Some(known) = topics.find(|topic| topic.text("TopicArn") == Some(&arn)) else {
            account.topics.push(new);
            return Ok(created);
        };
        let differs = |name: &str| attribute(known, name) != attribute(&new, name);
        let known_tags = known.members.get("Tags").and_then(Value::as_array);
        if given.iter().any(|(name, _)| differs(name)) {
            Err(invalid(
                "Attributes Reason: Topic already exists with different attributes",
            ))
        } else if !tags.is_empty() && known_tags.map(Vec::as_slice) != Some(tags) {
            Err(invalid(
                "Tags Reason: Topic already exists with different tags",
            ))
        } else {
            Ok(created)
        }
    })
}

fn is_fifo(name: &str) -> bool {
    name.strip_suffix(".fifo").is_some()
}

fn is_name(name: &str) -> bool {
    let plain = name.strip_suffix(".fifo").unwrap_or(name);
    !plain.is_empty() && name.len() <= 256 && consists_of_word_and("-", plain)
}

/// Holds an attribute of the topic with this name to what SNS asks of it.
fn check(request: &Request<'_>, topic: &str, name: &str, value: &str) -> Result<(), Failure> {
    check_attribute(request, &ATTRIBUTES, name, value)?;
    match name {
        "Policy" => check_resource_policy(value, |error| invalid(format!("Policy Error: {error}"))),
        "ArchivePolicy" | "ContentBasedDeduplication" | "FifoThroughputScope"
            if !is_fifo(topic) =>
        {
            Err(invalid(format!(
                "Attributes Reason: {name} is of FIFO topics only"
            )))
        }
        _ => Ok(()),
    }
}

pub(crate) fn delete_topic(request: &Request<'_>) -> Result<Structure, Failure> {
    let arn = request.text("TopicArn").unwrap_or_default();
    request.change(owner(request, "TopicArn", arn)?, |account| {
        let is_other = |resource: &Resource| resource.text("TopicArn") != Some(arn);
        account.topics.retain(is_other);
        account.subscriptions.retain(is_other);
        Ok(Structure::new())
    })
}

pub(crate) fn list_topics(request: &Request<'_>) -> Result<Structure, Failure> {
    let account = request.world.account(request.account());
    let topics = account.iter().flat_map(|account| &account.topics);
    let here = topics.filter(|topic| topic.region == request.region);
    let arns = here.map(|topic| Structure::new().with_some("TopicArn", topic.text("TopicArn")));
    page(request, "Topics", arns.collect())
}

pub(crate) fn set_topic_attributes(request: &Request<'_>) -> Result<Structure, Failure> {
    let (account, topic) = topic(request)?;
    let name = request.text("AttributeName").unwrap_or_default();
    let value = request.text("AttributeValue").unwrap_or_default();
    if name == "FifoTopic" {
        return Err(invalid("AttributeName"));
    }
    check(request, topic.text("Name").unwrap_or_default(), name, value)?;
    request.change(&account.id, |account| {
        let topics = account.topics.iter_mut();
        for topic in topics.filter(|known| known.text("TopicArn") == topic.text("TopicArn")) {
            set_attribute(topic, name, value);
        }
        Ok(Structure::new())
    })
}

pub(crate) fn get_topic_attributes(request: &Request<'_>) -> Result<Structure, Failure> {
    let (account, topic) = topic(request)?;
    let arn = topic.text("TopicArn");
    let count = |state| {
        let subscriptions = account.subscriptions.iter();
        let of_topic = subscriptions.filter(|subscription| subscription.text("TopicArn") == arn);
        let such = of_topic.filter(|subscription| State::from_resource(subscription) == state);
        such.count().to_string()
    };
    let delivery = attribute(&topic, "DeliveryPolicy").unwrap_or(DELIVERY_POLICY);
    let derived = [
        ("EffectiveDeliveryPolicy", delivery.to_owned()),
        ("Owner", account.id.clone()),
        ("SubscriptionsConfirmed", count(State::Confirmed)),
        ("SubscriptionsDeleted", count(State::Deleted)),
        ("SubscriptionsPending", count(State::Pending)),
        ("TopicArn", arn.unwrap_or_default().to_owned()),
    ];
    Ok(attribute_map(&topic, derived))
}
