//! Composite alarms.

use serde_json::Value;

use super::alarm_rule::children;
use super::{
    ACTION_CONFIGURATION, ACTIONS, DESCRIPTION, NAME, STATE, TAGS, complete, metric_alarm, put,
};
use crate::organization::{Kind, Resource};
use crate::regional;
use crate::request::Request;
use crate::wire::{Failure, Shape, Structure, integer, member, one_of, required, text};

const MOST_CHILDREN: usize = 100;

const RULE: Shape = text(1, 10240);

const SECONDS: Shape = integer(i32::MIN as i64, i32::MAX as i64);

/// Members that `DescribeAlarms` returns, and `Tags`.
pub(super) const COMPOSITE_ALARM: Shape = Shape::Structure(&[
    member("ActionsEnabled", Shape::Boolean),
    member("AlarmActions", ACTIONS),
    member("AlarmArn", text(1, 1600)),
    member("AlarmConfigurationUpdatedTimestamp", Shape::Timestamp),
    DESCRIPTION,
    required("AlarmName", NAME),
    required("AlarmRule", RULE),
    member("InsufficientDataActions", ACTIONS),
    member("OKActions", ACTIONS),
    member("StateReason", text(0, 1023)),
    member("StateReasonData", text(0, 4000)),
    member("StateUpdatedTimestamp", Shape::Timestamp),
    member("StateValue", STATE),
    member("StateTransitionedTimestamp", Shape::Timestamp),
    member(
        "ActionsSuppressedBy",
        one_of(&["WaitPeriod", "ExtensionPeriod", "Alarm"]),
    ),
    member("ActionsSuppressedReason", text(0, 1024)),
    member("ActionsSuppressor", text(1, 1600)),
    member("ActionsSuppressorWaitPeriod", SECONDS),
    member("ActionsSuppressorExtensionPeriod", SECONDS),
    ACTION_CONFIGURATION,
    TAGS,
]);

pub(crate) const COMPOSITE_ALARMS: Kind = Kind {
    key: "composite_alarm",
    shape: &COMPOSITE_ALARM,
    of: |account| &mut account.composite_alarms,
    complete,
};

pub(crate) const PUT_COMPOSITE_ALARM: Shape = Shape::Structure(&[
    member("ActionsEnabled", Shape::Boolean),
    member("AlarmActions", ACTIONS),
    DESCRIPTION,
    required("AlarmName", NAME),
    required("AlarmRule", RULE),
    member("InsufficientDataActions", ACTIONS),
    member("OKActions", ACTIONS),
    TAGS,
    member("ActionsSuppressor", text(1, 1600)),
    member("ActionsSuppressorWaitPeriod", SECONDS),
    member("ActionsSuppressorExtensionPeriod", SECONDS),
    ACTION_CONFIGURATION,
]);

/// Returns true if a name or an ARN, as rules have them, means an alarm.
pub(super) fn refers_to(reference: &str, alarm: &Resource) -> bool {
    [alarm.text("AlarmName"), alarm.text("AlarmArn")].contains(&Some(reference))
}

/// Returns true if the rule of a composite alarm refers to an alarm.
pub(super) fn is_parent(composite: &Resource, alarm: &Resource) -> bool {
    let rule = composite.text("AlarmRule").unwrap_or_default();
    let children = children(rule).unwrap_or_default();
    children.iter().any(|child| refers_to(child, alarm))
}

/// The alarms of both kinds.
pub(super) fn all_alarms(request: &Request<'_>) -> Result<Vec<Resource>, Failure> {
    let mut alarms = regional::resources(request, metric_alarm::METRIC_ALARMS.of)?;
    alarms.extend(regional::resources(request, COMPOSITE_ALARMS.of)?);
    Ok(alarms)
}

pub(crate) fn put_composite_alarm(request: &Request<'_>) -> Result<Structure, Failure> {
    let invalid = |message: String| Err(request.protocol.invalid(message));
    let rule = request.text("AlarmRule").unwrap_or_default();
    let Some(children) = children(rule) else {
        return invalid(format!("AlarmRule {rule} is not valid"));
    };
    if children.len() > MOST_CHILDREN {
        return invalid(format!("AlarmRule has more than {MOST_CHILDREN} children"));
    }
    let alarms = all_alarms(request)?;
    let exists = |name: &str| alarms.iter().any(|alarm| refers_to(name, alarm));
    let missing: Vec<_> = children
        .into_iter()
        .filter(|child| !exists(child))
        .collect();
    if !missing.is_empty() {
        return invalid(format!(
            "Could not save the composite alarm as alarms [{}] in the alarm rule do not exist",
            missing.join(", ")
        ));
    }
    let suppressor = request.text("ActionsSuppressor");
    for period in [
        "ActionsSuppressorWaitPeriod",
        "ActionsSuppressorExtensionPeriod",
    ] {
        if suppressor.is_some() != request.input.get(period).is_some_and(Value::is_i64) {
            return invalid(format!(
                "{period} goes with ActionsSuppressor, and only with it"
            ));
        }
    }
    if let Some(suppressor) = suppressor.filter(|suppressor| !exists(suppressor)) {
        return invalid(format!("ActionsSuppressor {suppressor} does not exist"));
    }
    put(
        request,
        &COMPOSITE_ALARMS,
        &metric_alarm::METRIC_ALARMS,
        "INSUFFICIENT_DATA",
    )
}
