//! An alarm changes its state: that is remembered, its actions run unless something keeps
//! them from it, and composite alarms follow.

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::alarm_rule::holds;
use super::composite_alarm::{COMPOSITE_ALARMS, all_alarms, is_parent, refers_to};
use super::history::HistoryItem;
use super::{mute_rule, notification};
use crate::organization::{Account, Resource};
use crate::regional;
use crate::request::Request;
use crate::wire::Failure;

/// History of alarms.
#[derive(Debug, Default)]
pub(crate) struct AlarmHistory(Mutex<Vec<HistoryItem>>);

impl AlarmHistory {
    pub(super) fn add(&self, item: HistoryItem) {
        let mut items = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        items.push(item);
    }

    pub(super) fn all(&self) -> Vec<HistoryItem> {
        let items = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        items.clone()
    }
}

/// The state that an alarm is to have.
pub(super) struct Change<'a> {
    state: &'a str,
    reason: &'a str,
    data: Option<&'a str>,
}

impl<'a> Change<'a> {
    pub(super) fn to(state: &'a str, reason: &'a str) -> Self {
        Self {
            state,
            reason,
            data: None,
        }
    }

    pub(super) fn because(self, data: Option<&'a str>) -> Self {
        Self { data, ..self }
    }
}

/// Sets an alarm's state, and lets happen what follows. False, when there is no such alarm.
pub(super) fn change(
    request: &Request<'_>,
    name: &str,
    change: &Change<'_>,
) -> Result<bool, Failure> {
    let Some((alarm, before)) = set(request, name, change)? else {
        return Ok(false);
    };
    if before == change.state {
        return Ok(true);
    }
    remember(request, &alarm, &before, change);
    act(request, &alarm, &before)?;
    follow(request, alarm)?;
    Ok(true)
}

/// Composite alarms follow the alarms in their rules, and each other.
fn follow(request: &Request<'_>, alarm: Resource) -> Result<(), Failure> {
    let mut changed = vec![alarm];
    while let Some(child) = changed.pop() {
        for parent in regional::resources(request, COMPOSITE_ALARMS.of)? {
            if !is_parent(&parent, &child) {
                continue;
            }
            let alarms = all_alarms(request)?;
            let state_of = |reference: &str| {
                let known = alarms.iter().find(|alarm| refers_to(reference, alarm));
                let state = known.and_then(|alarm| alarm.text("StateValue"));
                state.unwrap_or("INSUFFICIENT_DATA").to_owned()
            };
            let rule = parent.text("AlarmRule").unwrap_or_default();
            let state = match holds(rule, &state_of) {
                Some(true) => "ALARM",
                _ => "OK",
            };
            if parent.text("StateValue") == Some(state) {
                continue;
            }
            let child = child.text("AlarmArn").unwrap_or_default();
            let reason = format!("{child} changed its state: the rule {rule} is in {state}");
            let change = Change::to(state, &reason);
            let name = parent.text("AlarmName").unwrap_or_default();
            if let Some((parent, before)) = set(request, name, &change)? {
                remember(request, &parent, &before, &change);
                act(request, &parent, &before)?;
                changed.push(parent);
            }
        }
    }
    Ok(())
}

/// Sets the state; the alarm as it is then, and the state it had.
fn set(
    request: &Request<'_>,
    name: &str,
    change: &Change<'_>,
) -> Result<Option<(Resource, String)>, Failure> {
    let now = json!(request.now.epoch_seconds());
    regional::change(request, |account| {
        let Some(alarm) = find(request, account, name) else {
            return Ok(None);
        };
        let before = alarm.text("StateValue").unwrap_or_default().to_owned();
        let mut set = |member: &str, value: Value| alarm.members.insert(member.to_owned(), value);
        set("StateValue", change.state.into());
        set("StateReason", change.reason.into());
        set("StateUpdatedTimestamp", now.clone());
        if before != change.state {
            set("StateTransitionedTimestamp", now);
        }
        match change.data {
            Some(data) => set("StateReasonData", data.into()),
            None => alarm.members.remove("StateReasonData"),
        };
        Ok(Some((alarm.clone(), before)))
    })
}

/// The alarm with a name, of either kind.
pub(super) fn find<'a>(
    request: &Request<'_>,
    account: &'a mut Account,
    name: &str,
) -> Option<&'a mut Resource> {
    let Account {
        metric_alarms,
        composite_alarms,
        ..
    } = account;
    regional::find(request, metric_alarms, "AlarmName", name)
        .or_else(|| regional::find(request, composite_alarms, "AlarmName", name))
}

fn remember(request: &Request<'_>, alarm: &Resource, before: &str, change: &Change<'_>) {
    let data = json!({
        "version": "1.0",
        "oldState": {"stateValue": before},
        "newState": {"stateValue": change.state, "stateReason": change.reason},
    });
    let summary = format!("Alarm updated from {before} to {}", change.state);
    let item = HistoryItem::new(request, alarm, "StateUpdate", summary, &data);
    request.world.alarm_history.add(item);
}

/// Runs the actions of the state that an alarm changed to.
fn act(request: &Request<'_>, alarm: &Resource, before: &str) -> Result<(), Failure> {
    let actions = match alarm.text("StateValue") {
        Some("ALARM") => "AlarmActions",
        Some("OK") => "OKActions",
        _ => "InsufficientDataActions",
    };
    let actions = alarm.members.get(actions).and_then(Value::as_array);
    let actions = actions.into_iter().flatten().filter_map(Value::as_str);
    let enabled = alarm.members.get("ActionsEnabled") != Some(&Value::Bool(false));
    if !enabled || is_suppressed(request, alarm)? || mute_rule::mutes(request, alarm)? {
        return Ok(());
    }
    for action in actions {
        let outcome = notification::notify(request, alarm, before, action);
        let (summary, state, error) = match outcome {
            Ok(()) => (
                format!("Successfully executed action {action}"),
                "Succeeded",
                None,
            ),
            Err(why) => (
                format!("Failed to execute action {action}"),
                "Failed",
                Some(why),
            ),
        };
        let data = json!({
            "actionState": state,
            "notificationResource": action,
            "stateUpdateTimestamp": request.now.millis(),
            "error": error,
        });
        let item = HistoryItem::new(request, alarm, "Action", summary, &data);
        request.world.alarm_history.add(item);
    }
    Ok(())
}

/// Returns whether the alarm that suppresses a composite alarm's actions is in `ALARM`.
fn is_suppressed(request: &Request<'_>, alarm: &Resource) -> Result<bool, Failure> {
    let Some(suppressor) = alarm.text("ActionsSuppressor") else {
        return Ok(false);
    };
    let alarms = all_alarms(request)?;
    let mut suppressors = alarms.iter().filter(|alarm| refers_to(suppressor, alarm));
    Ok(suppressors.any(|alarm| alarm.text("StateValue") == Some("ALARM")))
}
