//! Every call of the chain answered with "not found": the reason code that follows, none of
//! which is COMPLIANT.

use alarms::{
    DESCRIBE_ALARMS, DESCRIBE_METRIC_FILTERS, GET_SUBSCRIPTION_ATTRIBUTES, GET_TOPIC_ATTRIBUTES,
    LIST_ALARM_MUTE_RULES, LIST_SUBSCRIPTIONS_BY_TOPIC, TEST_METRIC_FILTER,
};
use sandbox::Fault;
use trails::{DESCRIBE_TRAILS, GET_EVENT_SELECTORS, GET_TRAIL_STATUS};

use crate::lambda::{complete, reason};

/// One named thing that is not found is absent; a list or a test was not answered.
const NOT_FOUND: [(&str, &str); 10] = [
    (DESCRIBE_TRAILS, "UNVERIFIABLE_UNAVAILABLE"),
    (GET_TRAIL_STATUS, "UNVERIFIABLE_UNAVAILABLE"),
    (GET_EVENT_SELECTORS, "UNVERIFIABLE_UNAVAILABLE"),
    (DESCRIBE_METRIC_FILTERS, "NO_LOG_GROUP"),
    (TEST_METRIC_FILTER, "UNVERIFIABLE_UNAVAILABLE"),
    (DESCRIBE_ALARMS, "UNVERIFIABLE_UNAVAILABLE"),
    (LIST_ALARM_MUTE_RULES, "UNVERIFIABLE_UNAVAILABLE"),
    (GET_TOPIC_ATTRIBUTES, "TOPIC_MISSING"),
    (LIST_SUBSCRIPTIONS_BY_TOPIC, "TOPIC_MISSING"),
    (GET_SUBSCRIPTION_ATTRIBUTES, "NO_CONFIRMED_SUBSCRIPTION"),
];

#[tokio::test]
async fn a_call_that_answers_not_found_proves_nothing_well() {
    let stage = complete().await;
    for (action, expected) in NOT_FOUND {
        let fault = Fault::error(400, "ResourceNotFoundException").action(action);
        stage.sandbox.inject(fault);
        stage.process.send(stage.event()).await.unwrap();
        assert_eq!(reason(&stage).await, expected, "{action}");
        stage.sandbox.clear_faults();
    }
}
