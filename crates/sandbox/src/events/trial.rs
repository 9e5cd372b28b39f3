//! `TestEventPattern`: an event pattern tried on an event, without a rule.

use event_pattern::Pattern;
use hyper::StatusCode;
use serde_json::Value;

use crate::request::Request;
use crate::wire::{Failure, Shape, Structure, required, text};

pub(crate) const TEST_EVENT_PATTERN: Shape = Shape::Structure(&[
    required("EventPattern", text(0, 4096)),
    required("Event", text(0, usize::MAX)),
]);

/// Members that an event must have to be tried.
const MANDATORY: [&str; 7] = [
    "id",
    "account",
    "source",
    "time",
    "region",
    "resources",
    "detail-type",
];

pub(crate) fn test_event_pattern(request: &Request<'_>) -> Result<Structure, Failure> {
    let refused =
        |code: &'static str, message: String| Failure::new(StatusCode::BAD_REQUEST, code, message);
    let pattern = request.text("EventPattern").unwrap_or_default();
    let pattern = Pattern::parse(pattern).map_err(|error| {
        let message = format!("Event pattern is not valid. Reason: {error}");
        refused("InvalidEventPatternException", message)
    })?;
    let event = request.text("Event").unwrap_or_default();
    let event: Value = serde_json::from_str(event).unwrap_or_default();
    if let Some(missing) = MANDATORY.iter().find(|name| event.get(name).is_none()) {
        let message = format!("Event is not valid. Reason: {missing} is missing.");
        return Err(refused("ValidationException", message));
    }
    let matches = pattern.matches_event(&event);
    Ok(Structure::new().with("Result", matches != request.contrary))
}
