//! Topics, and who is subscribed to them.

use std::collections::HashMap;

use config_rule::{Account, Arn, CallError, Fact, Unread};
use serde::{Deserialize, Serialize};

use crate::client::sns;

/// The IAM action of [`Topic::observe`].
pub const GET_TOPIC_ATTRIBUTES: &str = "sns:GetTopicAttributes";
/// The IAM action of [`Subscription::observe`].
pub const LIST_SUBSCRIPTIONS_BY_TOPIC: &str = "sns:ListSubscriptionsByTopic";
/// The IAM action of [`SubscriptionAttributes::observe`].
pub const GET_SUBSCRIPTION_ATTRIBUTES: &str = "sns:GetSubscriptionAttributes";

/// An SNS topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Topic {
    /// Its policy; every topic has one.
    pub policy: Option<String>,
    /// The key that encrypts it: an id, an alias or the ARN of either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_master_key_id: Option<String>,
    /// True if it is a FIFO topic, to which alarms cannot publish.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fifo_topic: bool,
    /// The account that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// A subscription, as the list of a topic's subscriptions shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// Its ARN, or `PendingConfirmation`, or `Deleted`.
    pub subscription_arn: String,
    /// `email`, `https`, `lambda`, `sqs`, …
    pub protocol: String,
}

/// Attributes that only the subscription itself shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionAttributes {
    /// Policy of the messages that it gets, if not all.
    pub filter_policy: Option<String>,
    /// Part of the message that the policy is about, if not its attributes: `MessageBody`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_policy_scope: Option<String>,
}

impl Topic {
    /// Reads a topic. `Known(None)`: there is no such topic.
    ///
    /// # Errors
    /// See [`Account::call`].
    pub async fn observe(account: &Account, topic: &Arn) -> Result<Fact<Option<Self>>, CallError> {
        let request = sns(account)
            .get_topic_attributes()
            .topic_arn(topic.as_str());
        let answer = account.call(GET_TOPIC_ATTRIBUTES, request.send()).await?;
        Ok(answer.map(|output| {
            let mut attributes = output?.attributes.unwrap_or_default();
            Some(Self {
                policy: attributes.remove("Policy"),
                kms_master_key_id: not_empty(&mut attributes, "KmsMasterKeyId"),
                fifo_topic: attributes
                    .get("FifoTopic")
                    .is_some_and(|fifo| fifo == "true"),
                owner: not_empty(&mut attributes, "Owner"),
            })
        }))
    }
}

impl Subscription {
    /// All subscriptions of a topic. `Known(None)`: there is no such topic.
    ///
    /// # Errors
    /// See [`Account::call`].
    pub async fn observe(
        account: &Account,
        topic: &Arn,
    ) -> Result<Fact<Option<Vec<Self>>>, CallError> {
        let request = sns(account)
            .list_subscriptions_by_topic()
            .topic_arn(topic.as_str());
        let mut subscriptions = Vec::new();
        let mut next_token = None;
        loop {
            let page = request.clone().set_next_token(next_token.clone()).send();
            match account.call(LIST_SUBSCRIPTIONS_BY_TOPIC, page).await? {
                Fact::Unread(unread) => return Ok(Fact::Unread(unread)),
                Fact::Known(None) if next_token.is_none() => return Ok(Fact::Known(None)),
                Fact::Known(None) => {
                    return Ok(Fact::Unread(Unread::not_found(LIST_SUBSCRIPTIONS_BY_TOPIC)));
                }
                Fact::Known(Some(page)) => {
                    let found = page.subscriptions.unwrap_or_default();
                    subscriptions.extend(found.into_iter().map(|subscription| Self {
                        subscription_arn: subscription.subscription_arn.unwrap_or_default(),
                        protocol: subscription.protocol.unwrap_or_default(),
                    }));
                    next_token = page.next_token;
                }
            }
            if next_token.is_none() {
                return Ok(Fact::Known(Some(subscriptions)));
            }
        }
    }

    /// Its ARN, if the subscription was confirmed and not deleted since.
    pub fn confirmed(&self) -> Option<Arn> {
        self.subscription_arn.parse().ok()
    }

    /// Returns whether its confirmation is being waited for.
    pub fn is_pending(&self) -> bool {
        self.subscription_arn == "PendingConfirmation"
    }
}

impl SubscriptionAttributes {
    /// Reads a subscription. `Known(None)`: it is gone.
    ///
    /// # Errors
    /// See [`Account::call`].
    pub async fn observe(
        account: &Account,
        subscription: &Arn,
    ) -> Result<Fact<Option<Self>>, CallError> {
        let request = sns(account)
            .get_subscription_attributes()
            .subscription_arn(subscription.as_str());
        let answer = account
            .call(GET_SUBSCRIPTION_ATTRIBUTES, request.send())
            .await?;
        Ok(answer.map(|output| {
            let mut attributes = output?.attributes.unwrap_or_default();
            let scope = not_empty(&mut attributes, "FilterPolicyScope");
            Some(Self {
                filter_policy: not_empty(&mut attributes, "FilterPolicy"),
                filter_policy_scope: scope.filter(|scope| scope != "MessageAttributes"),
            })
        }))
    }
}

fn not_empty(attributes: &mut HashMap<String, String>, name: &str) -> Option<String> {
    attributes.remove(name).filter(|value| !value.is_empty())
}
