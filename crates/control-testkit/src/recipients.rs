//! Sandboxed topics, subscriptions, keys and functions as facts tell of them.

use alarms::{Key, Subscription, SubscriptionAttributes, Topic};
use config_rule::Arn;
use sandbox::Resource;
use serde_json::json;

/// The topic `arn`.
pub fn describe_topic(arn: &Arn, topic: &Topic) -> Resource {
    let attributes = json!({
        "Policy": topic.policy,
        "KmsMasterKeyId": topic.kms_master_key_id,
    });
    let members = json!({ "Name": arn.resource(), "Attributes": attributes });
    Resource::new(arn.region(), members)
}

/// A subscription to `topic`, with the attributes that it shows.
pub fn describe_subscription(
    topic: &Arn,
    subscription: &Subscription,
    attributes: Option<&SubscriptionAttributes>,
) -> Resource {
    let filter_policy = attributes.and_then(|attributes| attributes.filter_policy.as_ref());
    let scope = attributes.and_then(|attributes| attributes.filter_policy_scope.as_ref());
    let members = json!({
        "TopicArn": topic,
        "SubscriptionArn": subscription.subscription_arn,
        "Protocol": subscription.protocol,
        "Endpoint": "security team",
        "Attributes": { "FilterPolicy": filter_policy, "FilterPolicyScope": scope },
    });
    Resource::new(topic.region(), members)
}

/// A key with this policy, or with the one that AWS gives to a key without.
pub fn describe_key(key: &Key, policy: Option<&str>) -> Resource {
    let members = json!({
        "KeyId": key_id(key),
        "KeyState": key.key_state,
        "KeyManager": key.key_manager,
        "Policy": policy,
    });
    Resource::new(key.arn.region(), members)
}

/// `alias`, the ARN of an alias, for a key.
pub fn describe_key_alias(alias: &Arn, key: &Key) -> Resource {
    let members = json!({ "AliasName": alias.resource(), "TargetKeyId": key_id(key) });
    Resource::new(alias.region(), members)
}

fn key_id(key: &Key) -> &str {
    let resource = key.arn.resource();
    resource.strip_prefix("key/").unwrap_or(resource)
}

/// The function `arn`, or what its qualifier stands for, with a policy or without.
pub fn describe_function(arn: &Arn, policy: Option<&str>) -> Resource {
    let mut parts = arn.resource().split(':').skip(1);
    let (name, qualifier) = (parts.next(), parts.next());
    let members = json!({ "FunctionName": name, "Qualifier": qualifier, "Policy": policy });
    Resource::new(arn.region(), members)
}
