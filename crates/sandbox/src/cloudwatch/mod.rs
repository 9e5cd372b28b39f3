//! `CloudWatch`: metrics of metric filters, metric alarms, composite alarms and the rules
//! that mute them. An alarm changes its state by the data of its metric or when
//! `SetAlarmState` says so, and then tells topics.

mod alarm_rule;
mod change;
mod composite_alarm;
mod describe;
mod evaluation;
mod history;
mod metric;
mod metric_alarm;
mod metrics;
mod mute_rule;
mod notification;
mod schedule;
mod state;
mod tags;
mod threshold;

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use crate::operations::Needed;
use crate::organization::{AccountRegion, Kind, Resource};
use crate::regional;
use crate::request::Request;
use crate::wire::{
    Allowed, Failure, Member, Shape, Structure, list, member, one_of, required, text, text_of,
};

pub(crate) use change::{
    OF_ALARMS, SET_ALARM_STATE, delete_alarms, disable_alarm_actions, enable_alarm_actions,
    set_alarm_state,
};
pub(crate) use composite_alarm::{COMPOSITE_ALARMS, PUT_COMPOSITE_ALARM, put_composite_alarm};
pub(crate) use describe::{
    DESCRIBE_ALARMS, DESCRIBE_ALARMS_FOR_METRIC, describe_alarms, describe_alarms_for_metric,
    described,
};
pub(crate) use evaluation::{check_evaluable, evaluate};
pub(crate) use history::{DESCRIBE_ALARM_HISTORY, describe_alarm_history, of_history};
pub(crate) use metric::UNIT;
pub(crate) use metric_alarm::{METRIC_ALARMS, PUT_METRIC_ALARM, put_metric_alarm};
pub(crate) use metrics::{
    GET_METRIC_STATISTICS, MetricName, Metrics, NO_UNIT, Sample, get_metric_statistics,
};
pub(crate) use mute_rule::{
    ALARM_MUTE_RULES, LIST_ALARM_MUTE_RULES, OF_MUTE_RULE, PUT_ALARM_MUTE_RULE,
    delete_alarm_mute_rule, get_alarm_mute_rule, list_alarm_mute_rules, mute_rule,
    put_alarm_mute_rule, put_mute_rule,
};
pub(crate) use state::AlarmHistory;
pub(crate) use tags::{LIST_TAGS, list_tags_for_resource, tagged};

/// A name of an alarm, a metric, a mute rule.
const NAME: Shape = text_of(
    Allowed::Pattern("no control characters", |text| {
        !text.chars().any(|character| character.is_ascii_control())
    }),
    1,
    255,
);

const NAMES: Shape = list(&NAME, 0, 100);

const DESCRIPTION: Member = member("AlarmDescription", text(0, 1024));

const ACTIONS: Shape = list(&text(1, 1024), 0, 5);

const STATE: Shape = one_of(&["OK", "ALARM", "INSUFFICIENT_DATA"]);

const TAGS: Member = member(
    "Tags",
    list(
        &Shape::Structure(&[
            required("Key", text(1, 128)),
            required("Value", text(0, 256)),
        ]),
        0,
        50,
    ),
);

/// Configuration of what alarms do besides their actions.
const ACTION_CONFIGURATION: Member = member(
    "ActionConfiguration",
    Shape::Structure(&[member(
        "AlarmTagsPropagation",
        Shape::Structure(&[
            required("Enabled", Shape::Boolean),
            member("IncludedTagKeys", list(&text(1, 128), 0, 50)),
            member("ExcludedTagKeys", list(&text(1, 128), 0, 50)),
        ]),
    )]),
);

/// The alarms that are named.
pub(crate) fn alarms(request: &Request<'_>) -> Vec<Needed> {
    let names = request.texts("AlarmNames");
    names.iter().map(|name| on_alarm(request, name)).collect()
}

/// The alarm that is named, and its tags where it gets any.
pub(crate) fn alarm(request: &Request<'_>) -> Vec<Needed> {
    let needed = on_alarm(request, request.text("AlarmName").unwrap_or_default());
    with_tags(request, needed)
}

/// A composite alarm can only be put by who may put every alarm (documented).
pub(crate) fn every_alarm(request: &Request<'_>) -> Vec<Needed> {
    with_tags(request, Needed::on(request, "*"))
}

fn on_alarm(request: &Request<'_>, name: &str) -> Needed {
    let arn = regional::place(request).arn("cloudwatch", &format!("alarm:{name}"));
    Needed::on(request, arn)
}

fn with_tags(request: &Request<'_>, needed: Needed) -> Vec<Needed> {
    let tags = (!request.list("Tags").is_empty()).then(|| Needed {
        action: "cloudwatch:TagResource",
        ..needed.clone()
    });
    std::iter::once(needed).chain(tags).collect()
}

/// The members that follow from the others in alarms of both kinds. Times do not: an
/// alarm whose changes are not dated shows none.
fn complete(place: &AccountRegion<'_>, members: &mut Map<String, Value>) {
    let name = members.get("AlarmName").and_then(Value::as_str);
    let arn = place.arn("cloudwatch", &format!("alarm:{}", name.unwrap_or_default()));
    members.insert("AlarmArn".to_owned(), arn.into());
    for (member, default) in [
        ("ActionsEnabled", json!(true)),
        ("OKActions", json!([])),
        ("AlarmActions", json!([])),
        ("InsufficientDataActions", json!([])),
        ("StateValue", json!("INSUFFICIENT_DATA")),
    ] {
        members.entry(member).or_insert(default);
    }
}

/// Members that an alarm keeps when it is put again: its state and its tags.
const KEPT: &[&str] = &[
    "StateValue",
    "StateReason",
    "StateReasonData",
    "StateUpdatedTimestamp",
    "StateTransitionedTimestamp",
    "Tags",
];

/// Puts an alarm: makes it in a first state, or overwrites all of it but what it keeps.
fn put(
    request: &Request<'_>,
    kind: &Kind,
    other: &Kind,
    first_state: &str,
) -> Result<Structure, Failure> {
    let name = request.text("AlarmName").unwrap_or_default();
    let mut alarm = Resource::new(request.region, request.input.clone());
    let now = json!(request.now.epoch_seconds());
    let mut set = |member: &str, value: Value| alarm.members.insert(member.to_owned(), value);
    set("AlarmConfigurationUpdatedTimestamp", now.clone());
    set("StateUpdatedTimestamp", now.clone());
    set("StateTransitionedTimestamp", now);
    set("StateValue", first_state.into());
    set("StateReason", "Unchecked: Initial alarm creation".into());
    (kind.complete)(&regional::place(request), &mut alarm.members);
    regional::change(request, |account| {
        if regional::find(request, (other.of)(account), "AlarmName", name).is_some() {
            return Err(request.protocol.invalid(format!(
                "An alarm of another type with the name {name} exists."
            )));
        }
        let alarms = (kind.of)(account);
        let Some(known) = regional::find(request, alarms, "AlarmName", name) else {
            alarms.push(alarm);
            return Ok(Structure::new());
        };
        for member in KEPT {
            match known.members.remove(*member) {
                Some(kept) => alarm.members.insert((*member).to_owned(), kept),
                None => alarm.members.remove(*member),
            };
        }
        *known = alarm;
        Ok(Structure::new())
    })
}

/// An error that `CloudWatch`'s model has.
fn refused(status: StatusCode, code: &'static str, message: impl Into<String>) -> Failure {
    Failure::new(status, code, message)
}

fn invalid_token() -> Failure {
    let message = "The next token specified is invalid.";
    refused(StatusCode::BAD_REQUEST, "InvalidNextToken", message)
}
