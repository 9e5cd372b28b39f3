//! Facts: log groups, metric filters, alarms, and whom their actions reach.
//!
//! From a log group onwards the chain of a root-usage alarm is followed here:
//! what a metric filter publishes ([`MetricFilter`]), what an alarm does with
//! it ([`Settings::reaction`]), which composite alarms it sets off
//! ([`CompositeAlarm::set_off`]), and whether an action arrives with somebody
//! ([`Observed::reached_by`]). What was read is in [`Observed`], each part with
//! its own reason if it could not be read.
//!
//! The README lists what is assumed about CloudWatch and IAM.

mod action;
mod alarm_rule;
mod alarms;
mod client;
mod composite_alarm;
mod filter_policy;
mod filter_test;
mod function;
mod key;
mod metric_alarm;
mod metric_filter;
mod metric_math;
mod mute_rule;
mod notification;
mod observed;
pub mod policy;
mod simulation;
mod topic;

pub use action::{Acceptance, Flaw, Obstacle, Reached};
pub use alarm_rule::{AlarmRule, RuleError, State};
pub use alarms::{Alarms, DESCRIBE_ALARMS};
pub use client::{cloudwatch, kms, logs, sns};
pub use composite_alarm::{CompositeAlarm, SetOff};
pub use filter_test::{FilterTest, MAX_MESSAGES, TEST_METRIC_FILTER, TestedMessage};
pub use function::GET_POLICY;
pub use key::{DESCRIBE_KEY, GET_KEY_POLICY, Key};
pub use metric_alarm::{Metric, MetricAlarm, MetricDataQuery, MetricStat};
pub use metric_filter::{
    DESCRIBE_METRIC_FILTERS, FeedingFilter, MetricFilter, MetricTransformation, log_group_name,
};
pub use metric_math::MetricMathError;
pub use mute_rule::{LIST_ALARM_MUTE_RULES, MuteRule};
pub use notification::{Demand, Notified};
pub use observed::{AccountRegion, AccountRegionError, Observed, Question};
pub use policy::alarm_may_publish;
pub use simulation::{
    Comparison, MissingData, Obstruction, Publication, Reaction, Settings, Statistic, Uncertainty,
};
pub use topic::{
    GET_SUBSCRIPTION_ATTRIBUTES, GET_TOPIC_ATTRIBUTES, LIST_SUBSCRIPTIONS_BY_TOPIC, Subscription,
    SubscriptionAttributes, Topic,
};
