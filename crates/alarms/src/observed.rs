//! What has been asked about a chain of alarms, and what AWS answered.
//!
//! The parts of a chain are known only one after the other: which topic to ask
//! about stands in the alarm. So whoever judges asks these facts, gets the next
//! [`Question`] where an answer is not there yet, and is called again with it.
//! Nothing is asked that does not decide, and a snapshot holds all that did.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use config_rule::{Account, Arn, CallError, Fact};
use serde::{Deserialize, Serialize};

use crate::action::Obstacle;
use crate::alarms::{Alarms, DESCRIBE_ALARMS};
use crate::filter_test::{FilterTest, TEST_METRIC_FILTER};
use crate::function::{GET_POLICY, observe_function_policy};
use crate::key::{DESCRIBE_KEY, GET_KEY_POLICY, Key, observe_key_policy};
use crate::metric_alarm::Metric;
use crate::metric_filter::{DESCRIBE_METRIC_FILTERS, FeedingFilter, MetricFilter};
use crate::mute_rule::{LIST_ALARM_MUTE_RULES, MuteRule};
use crate::topic::{
    GET_SUBSCRIPTION_ATTRIBUTES, GET_TOPIC_ATTRIBUTES, LIST_SUBSCRIPTIONS_BY_TOPIC, Subscription,
    SubscriptionAttributes, Topic,
};

/// Everything that was asked, by the ARN it was asked for, and the answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Observed {
    /// The metric filters of log groups.
    pub metric_filters: BTreeMap<Arn, Fact<Option<Vec<MetricFilter>>>>,
    /// The metric filters of all log groups that feed a metric, by account, Region and metric.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub feeding_filters: BTreeMap<String, Fact<Vec<FeedingFilter>>>,
    /// Patterns that CloudWatch Logs itself was asked about.
    pub filter_tests: BTreeMap<String, Fact<FilterTest>>,
    /// The alarms of accounts in Regions.
    pub alarms: BTreeMap<AccountRegion, Fact<Alarms>>,
    /// The mute rules of alarms.
    pub mute_rules: BTreeMap<Arn, Fact<Vec<MuteRule>>>,
    /// Topics.
    pub topics: BTreeMap<Arn, Fact<Option<Topic>>>,
    /// The keys of topics, by the ARN of the key or of its alias.
    pub keys: BTreeMap<Arn, Fact<Option<Key>>>,
    /// The policies of keys.
    pub key_policies: BTreeMap<Arn, Fact<Option<String>>>,
    /// The subscriptions of topics.
    pub subscriptions: BTreeMap<Arn, Fact<Option<Vec<Subscription>>>>,
    /// Attributes that only subscriptions themselves show.
    pub subscription_attributes: BTreeMap<Arn, Fact<Option<SubscriptionAttributes>>>,
    /// The resource policies of Lambda functions.
    pub function_policies: BTreeMap<Arn, Fact<Option<String>>>,
}

/// An account in a Region, written `111122223333/us-east-1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountRegion {
    account: String,
    region: String,
}

/// A text that is no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an account and a Region like 111122223333/us-east-1")]
pub struct AccountRegionError(String);

/// A question that has to be asked to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// The metric filters of this log group.
    MetricFilters(Arn),
    /// The metric filters, of whatever log group here, that feed this metric.
    FeedingFilters(AccountRegion, Metric),
    /// Test of this pattern on these messages by CloudWatch Logs.
    FilterTest {
        /// The pattern.
        pattern: String,
        /// The messages.
        messages: Vec<String>,
    },
    /// All alarms here.
    Alarms(AccountRegion),
    /// The mute rules of this alarm.
    MuteRules(Arn),
    /// This topic.
    Topic(Arn),
    /// This key, or the one behind this alias.
    Key(Arn),
    /// The policy of this key.
    KeyPolicy(Arn),
    /// The subscriptions of this topic.
    Subscriptions(Arn),
    /// This subscription.
    SubscriptionAttributes(Arn),
    /// The resource policy of this Lambda function.
    FunctionPolicy(Arn),
}

impl Observed {
    /// Returns what is known under `key`, or what stands in the way of knowing it.
    pub(crate) fn get<'a, K: Ord + Clone, T>(
        answers: &'a BTreeMap<K, Fact<T>>,
        key: &K,
        question: impl FnOnce(K) -> Question,
    ) -> Result<&'a T, Obstacle> {
        match answers.get(key) {
            None => Err(Obstacle::Open(question(key.clone()))),
            Some(Fact::Known(answer)) => Ok(answer),
            Some(Fact::Unread(unread)) => Err(Obstacle::Unread(unread.clone())),
        }
    }

    /// The metric filters of a log group; `None` if there is no such group.
    ///
    /// # Errors
    /// If they are not known.
    pub fn metric_filters(&self, log_group: &Arn) -> Result<Option<&[MetricFilter]>, Obstacle> {
        let filters = Self::get(&self.metric_filters, log_group, Question::MetricFilters)?;
        Ok(filters.as_deref())
    }

    /// Asks `account`, which must be the one that the question is about, and
    /// keeps the answer. If the account cannot be asked, that is the answer.
    ///
    /// # Errors
    /// See [`Account::call`].
    pub async fn ask(
        &mut self,
        question: Question,
        account: &Fact<Account>,
    ) -> Result<(), CallError> {
        // One arm per kind: the read, and the place where the answer is kept.
        macro_rules! keep {
            ($answers:ident, $key:expr, $account:ident => $read:expr) => {{
                let answer = match account {
                    Fact::Known($account) => $read.await?,
                    Fact::Unread(unread) => Fact::Unread(unread.clone()),
                };
                self.$answers.insert($key, answer);
            }};
        }
        match question {
            Question::MetricFilters(group) => {
                keep!(metric_filters, group.clone(), a => MetricFilter::observe(a, &group));
            }
            Question::FeedingFilters(place, metric) => {
                keep!(feeding_filters, fed_metric(&place, &metric),
                      a => FeedingFilter::observe(a, &metric));
            }
            Question::FilterTest { pattern, messages } => {
                let before = self.filter_tests.remove(&pattern);
                keep!(filter_tests, pattern.clone(), a => FilterTest::observe(a, &pattern, &messages));
                if let (Some(Fact::Known(test)), Some(Fact::Known(before))) =
                    (self.filter_tests.get_mut(&pattern), before)
                {
                    test.add(before);
                }
            }
            Question::Alarms(place) => keep!(alarms, place, a => Alarms::observe(a)),
            Question::MuteRules(alarm) => {
                keep!(mute_rules, alarm.clone(), a => MuteRule::observe(a, &alarm));
            }
            Question::Topic(topic) => {
                keep!(topics, topic.clone(), a => Topic::observe(a, &topic));
            }
            Question::Key(key) => {
                keep!(keys, key.clone(), a => Key::observe(a, key.as_str()));
            }
            Question::KeyPolicy(key) => {
                keep!(key_policies, key.clone(), a => observe_key_policy(a, &key));
            }
            Question::Subscriptions(topic) => {
                keep!(subscriptions, topic.clone(), a => Subscription::observe(a, &topic));
            }
            Question::SubscriptionAttributes(subscription) => {
                keep!(subscription_attributes, subscription.clone(),
                      a => SubscriptionAttributes::observe(a, &subscription));
            }
            Question::FunctionPolicy(function) => {
                keep!(function_policies, function.clone(),
                      a => observe_function_policy(a, &function));
            }
        }
        Ok(())
    }
}

impl Question {
    /// Account and Region to be asked; `None` where any will do.
    pub fn place(&self) -> Option<AccountRegion> {
        match self {
            Self::FilterTest { .. } => None,
            Self::Alarms(place) | Self::FeedingFilters(place, _) => Some(place.clone()),
            Self::MetricFilters(arn)
            | Self::MuteRules(arn)
            | Self::Topic(arn)
            | Self::Key(arn)
            | Self::KeyPolicy(arn)
            | Self::Subscriptions(arn)
            | Self::SubscriptionAttributes(arn)
            | Self::FunctionPolicy(arn) => Some(AccountRegion::from_arn(arn)),
        }
    }

    /// The IAM action of the call that answers it.
    pub fn action(&self) -> &'static str {
        match self {
            Self::MetricFilters(_) | Self::FeedingFilters(..) => DESCRIBE_METRIC_FILTERS,
            Self::FilterTest { .. } => TEST_METRIC_FILTER,
            Self::Alarms(_) => DESCRIBE_ALARMS,
            Self::MuteRules(_) => LIST_ALARM_MUTE_RULES,
            Self::Topic(_) => GET_TOPIC_ATTRIBUTES,
            Self::Key(_) => DESCRIBE_KEY,
            Self::KeyPolicy(_) => GET_KEY_POLICY,
            Self::Subscriptions(_) => LIST_SUBSCRIPTIONS_BY_TOPIC,
            Self::SubscriptionAttributes(_) => GET_SUBSCRIPTION_ATTRIBUTES,
            Self::FunctionPolicy(_) => GET_POLICY,
        }
    }
}

/// The key of a metric's filters: namespaces and names of filters contain no colon.
pub(crate) fn fed_metric(place: &AccountRegion, metric: &Metric) -> String {
    format!("{place}:{}:{}", metric.namespace, metric.metric_name)
}

impl AccountRegion {
    /// The account and Region of a resource.
    pub fn from_arn(arn: &Arn) -> Self {
        Self {
            account: arn.account().to_owned(),
            region: arn.region().to_owned(),
        }
    }

    /// The twelve-digit account id.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The Region code.
    pub fn region(&self) -> &str {
        &self.region
    }
}

impl fmt::Display for AccountRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

impl FromStr for AccountRegion {
    type Err = AccountRegionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (account, region) = text
            .split_once('/')
            .ok_or_else(|| AccountRegionError(text.to_owned()))?;
        Ok(Self {
            account: account.to_owned(),
            region: region.to_owned(),
        })
    }
}

impl TryFrom<String> for AccountRegion {
    type Error = AccountRegionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<AccountRegion> for String {
    fn from(place: AccountRegion) -> Self {
        place.to_string()
    }
}
