//! Control: somebody is told when the root user is used (CIS AWS Foundations
//! 4.3, Security Hub CloudWatch.1).
//!
//! A chain of seven links, in as many services: a trail, its log group, metric
//! filters, an alarm, its action, a topic, a subscription. Each can be there and
//! do nothing. So none is judged by its name or its text: filters by what they
//! match, alarms by what one data point does to them, policies by what they
//! allow. The chain counts if one root event gets to its end.

mod canonical;
mod chain;
mod change;
mod evaluate;
mod facts;
mod filters;
mod group;
mod obstacle;
mod parameters;
mod plan;
mod prediction;
mod reasons;
mod remediation;
mod standing;
mod steps;
mod trail;

use alarms::{
    DESCRIBE_ALARMS, DESCRIBE_KEY, DESCRIBE_METRIC_FILTERS, GET_KEY_POLICY, GET_POLICY,
    GET_SUBSCRIPTION_ATTRIBUTES, GET_TOPIC_ATTRIBUTES, LIST_ALARM_MUTE_RULES,
    LIST_SUBSCRIPTIONS_BY_TOPIC, TEST_METRIC_FILTER,
};
use config_rule::{
    ASSUME_ROLE, Account, CallError, Control, Frequency, Metadata, Prediction, Severity, Unread,
    Verdict,
};
use trails::{DESCRIBE_TRAILS, GET_EVENT_SELECTORS, GET_TRAIL_STATUS};

pub use canonical::canonical_records;
pub use chain::{CIS_FILTER, CONSOLE_FILTER, ChainNames, NAME};
pub use change::ChainChange;
pub use facts::RootUsage;
pub use parameters::RootUsageAlarmParameters;
pub use reasons::{
    ALARM_ACTIONS_DISABLED, ALARM_CANNOT_FIRE, ALARM_DOES_NOT_REARM, ALARM_HELD_BACK, ALARM_MUTED,
    ALARM_STUCK, ALARM_UNDECIDED, CENTRAL_ALARM_ELSEWHERE, FILTER_MATCHES_OTHERS,
    FILTER_MISSES_ROOT_USE, FILTER_NOISY, FILTER_UNDECIDED, FILTER_VALUE_ZERO,
    LOG_DELIVERY_FAILING, NO_ALARM, NO_ALARM_ACTION, NO_CONFIRMED_SUBSCRIPTION, NO_FILTER,
    NO_LOG_GROUP, NO_QUALIFYING_TRAIL, ROOT_USAGE_ALARMED, SUBSCRIPTION_FILTERED,
    TOPIC_CANNOT_RECEIVE, TOPIC_IN_OTHER_ACCOUNT, TOPIC_MISSING,
};

/// Actions that the evidence role of an account that owns a link of the chain must be able to
/// read. A pattern is tested by whoever asks.
pub const EVIDENCE_READS: &[&str] = &[
    DESCRIBE_TRAILS,
    GET_TRAIL_STATUS,
    GET_EVENT_SELECTORS,
    DESCRIBE_METRIC_FILTERS,
    DESCRIBE_ALARMS,
    LIST_ALARM_MUTE_RULES,
    GET_TOPIC_ATTRIBUTES,
    LIST_SUBSCRIPTIONS_BY_TOPIC,
    GET_SUBSCRIPTION_ATTRIBUTES,
    DESCRIBE_KEY,
    GET_KEY_POLICY,
    GET_POLICY,
];
pub use self::remediation::{
    Beside, Endpoint, RemediationDetails, RemediationSettings, Subscriber, TopicDetails, Touched,
};

/// The control.
#[derive(Debug)]
pub struct RootUsageAlarm;

impl Control for RootUsageAlarm {
    type Facts = RootUsage;
    type Parameters = RootUsageAlarmParameters;

    const METADATA: Metadata = Metadata {
        name: "root-usage-alarm",
        title: "Somebody is told when the root user is used",
        security_hub_control: "CloudWatch.1",
        severity: Severity::Medium,
        frequency: Frequency::TwentyFourHours,
        reads: &[
            ASSUME_ROLE,
            DESCRIBE_TRAILS,
            GET_TRAIL_STATUS,
            GET_EVENT_SELECTORS,
            DESCRIBE_METRIC_FILTERS,
            TEST_METRIC_FILTER,
            DESCRIBE_ALARMS,
            LIST_ALARM_MUTE_RULES,
            GET_TOPIC_ATTRIBUTES,
            LIST_SUBSCRIPTIONS_BY_TOPIC,
            GET_SUBSCRIPTION_ATTRIBUTES,
            DESCRIBE_KEY,
            GET_KEY_POLICY,
            GET_POLICY,
        ],
        reasons: reasons::ALL,
    };

    async fn observe(
        account: &Account,
        parameters: &RootUsageAlarmParameters,
    ) -> Result<RootUsage, CallError> {
        // On the heap: it holds the calls of six services.
        Box::pin(RootUsage::observe(account, parameters)).await
    }

    fn evaluate(facts: &RootUsage, parameters: &RootUsageAlarmParameters) -> Verdict {
        evaluate::judge(facts, parameters, &filters::Decisions::default()).verdict
    }

    /// Also what would only confirm a verdict, such as asking CloudWatch Logs
    /// about a filter that other parameters did not come to.
    fn unasked(facts: &RootUsage, parameters: &RootUsageAlarmParameters) -> Option<Unread> {
        let judged = evaluate::judge(facts, parameters, &filters::Decisions::default());
        judged
            .question
            .map(|question| Unread::not_asked(question.action()))
    }

    fn predict(facts: &RootUsage, verdict: &Verdict) -> Prediction {
        prediction::predict(facts, verdict)
    }
}
