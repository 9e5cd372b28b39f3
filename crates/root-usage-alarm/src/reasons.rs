//! The reason codes of the control, in the order of the chain.

use config_rule::ReasonCode;

macro_rules! reasons {
    ($($(#[$doc:meta])+ $name:ident)+) => {
        $($(#[$doc])+ pub const $name: ReasonCode = ReasonCode::new(stringify!($name));)+

        /// Every reason code of the control's own.
        pub(crate) const ALL: &[ReasonCode] = &[$($name),+];
    };
}

reasons! {
    /// One root event reaches somebody.
    ROOT_USAGE_ALARMED
    /// The log group belongs to another account, which is judged itself.
    CENTRAL_ALARM_ELSEWHERE
    /// No trail of all Regions logs every management event.
    NO_QUALIFYING_TRAIL
    /// The trail feeds no log group, or one that does not exist.
    NO_LOG_GROUP
    /// Events do not arrive in the log group.
    LOG_DELIVERY_FAILING
    /// No metric filter of the log group is about root use.
    NO_FILTER
    /// Undecided: what a filter catches.
    FILTER_UNDECIDED
    /// The filter, or another one on its metric, catches other principals too.
    FILTER_MATCHES_OTHERS
    /// Some root use is not caught.
    FILTER_MISSES_ROOT_USE
    /// The filter catches what AWS services do as root, and must not.
    FILTER_NOISY
    /// The filter publishes no number above zero.
    FILTER_VALUE_ZERO
    /// No alarm watches what the filter publishes.
    NO_ALARM
    /// Undecided: an alarm or a policy.
    ALARM_UNDECIDED
    /// One event does not change the alarm to `ALARM`.
    ALARM_CANNOT_FIRE
    /// The alarm stays in `ALARM` too long to tell of a second event.
    ALARM_DOES_NOT_REARM
    /// The alarm has been in `ALARM` for too long.
    ALARM_STUCK
    /// The alarm has nothing to do that reaches anybody.
    NO_ALARM_ACTION
    /// The alarm does not run its actions.
    ALARM_ACTIONS_DISABLED
    /// Other alarms in the rule of a composite alarm keep it from changing to `ALARM`.
    ALARM_HELD_BACK
    /// A mute rule keeps the alarm from running its actions.
    ALARM_MUTED
    /// The topic belongs to an account that cannot be asked.
    TOPIC_IN_OTHER_ACCOUNT
    /// The topic does not exist.
    TOPIC_MISSING
    /// CloudWatch cannot publish to the topic.
    TOPIC_CANNOT_RECEIVE
    /// Nobody who confirmed gets the topic's messages.
    NO_CONFIRMED_SUBSCRIPTION
    /// The filter policies of all confirmed subscriptions keep messages of the alarm back.
    SUBSCRIPTION_FILTERED
}
