//! Changes of alarms that exist: deletion, setting the state, switching actions on and off.

use hyper::StatusCode;
use serde_json::Value;

use super::composite_alarm::is_parent;
use super::state::{self, Change};
use super::{NAME, NAMES, STATE, refused};
use crate::regional;
use crate::request::Request;
use crate::wire::{Failure, Shape, Structure, member, required, text};

/// The input of operations about alarms.
pub(crate) const OF_ALARMS: Shape = Shape::Structure(&[required("AlarmNames", NAMES)]);

pub(crate) const SET_ALARM_STATE: Shape = Shape::Structure(&[
    required("AlarmName", NAME),
    required("StateValue", STATE),
    required("StateReason", text(0, 1023)),
    member("StateReasonData", text(0, 4000)),
]);

fn not_found(names: &[&str]) -> Failure {
    let message = format!("The alarms [{}] do not exist", names.join(", "));
    refused(StatusCode::NOT_FOUND, "ResourceNotFound", message)
}

pub(crate) fn delete_alarms(request: &Request<'_>) -> Result<Structure, Failure> {
    let names = request.texts("AlarmNames");
    let invalid = |message: String| Err(request.protocol.invalid(message));
    regional::change(request, |account| {
        let is_named = |alarm: &_| {
            names
                .iter()
                .any(|name| regional::is(request, alarm, "AlarmName", name))
        };
        let (composites, others): (Vec<_>, Vec<_>) = account
            .composite_alarms
            .iter()
            .filter(|alarm| alarm.region == request.region)
            .partition(|alarm| is_named(alarm));
        if composites.len() > 1 {
            return invalid("No more than one composite alarm can be deleted at a time".to_owned());
        }
        for composite in &composites {
            let name = composite.text("AlarmName").unwrap_or_default();
            let mut parents = others.iter().chain(&composites);
            if let Some(parent) = parents.find(|parent| is_parent(parent, composite)) {
                let parent = parent.text("AlarmName").unwrap_or_default();
                return invalid(format!("Cannot delete {name} as {parent} depends on it"));
            }
        }
        let is_unknown = |name: &&&str| state::find(request, account, name).is_none();
        let unknown: Vec<_> = names.iter().filter(is_unknown).copied().collect();
        account.metric_alarms.retain(|alarm| !is_named(alarm));
        account.composite_alarms.retain(|alarm| !is_named(alarm));
        if unknown.is_empty() {
            Ok(Structure::new())
        } else {
            Err(not_found(&unknown))
        }
    })
}

pub(crate) fn set_alarm_state(request: &Request<'_>) -> Result<Structure, Failure> {
    let name = request.text("AlarmName").unwrap_or_default();
    let data = request.text("StateReasonData");
    if data.is_some_and(|data| serde_json::from_str::<Value>(data).is_err()) {
        return Err(refused(
            StatusCode::BAD_REQUEST,
            "InvalidFormatFault",
            "StateReasonData was not syntactically valid JSON",
        ));
    }
    let (to, reason) = (request.text("StateValue"), request.text("StateReason"));
    let to = Change::to(to.unwrap_or_default(), reason.unwrap_or_default()).because(data);
    if state::change(request, name, &to)? {
        Ok(Structure::new())
    } else {
        Err(not_found(&[name]))
    }
}

pub(crate) fn enable_alarm_actions(request: &Request<'_>) -> Result<Structure, Failure> {
    set_actions_enabled(request, true)
}

pub(crate) fn disable_alarm_actions(request: &Request<'_>) -> Result<Structure, Failure> {
    set_actions_enabled(request, false)
}

/// Names of no alarm are passed over: the model has no error for them.
fn set_actions_enabled(request: &Request<'_>, enabled: bool) -> Result<Structure, Failure> {
    regional::change(request, |account| {
        for name in request.texts("AlarmNames") {
            if let Some(alarm) = state::find(request, account, name) {
                alarm
                    .members
                    .insert("ActionsEnabled".to_owned(), enabled.into());
            }
        }
        Ok(Structure::new())
    })
}
