//! The states of keys: enabled, disabled, waiting to be deleted.

use std::time::Duration;

use serde_json::Value;

use super::keys::set_state;
use super::{KEY_ID, change_own, refused};
use crate::organization::Resource;
use crate::request::Request;
use crate::wire::{Failure, Shape, Structure, integer, member};

pub(crate) const SCHEDULE_KEY_DELETION: Shape =
    Shape::Structure(&[KEY_ID, member("PendingWindowInDays", integer(1, 365))]);

pub(crate) fn enable_key(request: &Request<'_>) -> Result<Structure, Failure> {
    change_state(request, "Enabled", |_| Structure::new())
}

pub(crate) fn disable_key(request: &Request<'_>) -> Result<Structure, Failure> {
    change_state(request, "Disabled", |_| Structure::new())
}

pub(crate) fn schedule_key_deletion(request: &Request<'_>) -> Result<Structure, Failure> {
    let days = request.size("PendingWindowInDays").unwrap_or(30);
    if !(7..=30).contains(&days) {
        return Err(request
            .protocol
            .invalid("PendingWindowInDays must be between 7 and 30 (inclusive)"));
    }
    let days = u32::try_from(days).unwrap_or(30);
    let date = request.now.plus(Duration::from_hours(24) * days);
    change_state(request, "PendingDeletion", |key| {
        let seconds: Value = date.epoch_seconds().into();
        key.members.insert("DeletionDate".to_owned(), seconds);
        Structure::new()
            .with_some("KeyId", key.text("Arn"))
            .with("DeletionDate", date)
            .with("KeyState", "PendingDeletion")
            .with("PendingWindowInDays", i64::from(days))
    })
}

/// Nothing brings a key back that is to be deleted: `CancelKeyDeletion` is not here.
fn change_state(
    request: &Request<'_>,
    state: &str,
    then: impl FnOnce(&mut Resource) -> Structure,
) -> Result<Structure, Failure> {
    change_own(request, |key| {
        if key.text("KeyState") == Some("PendingDeletion") {
            return Err(pending_deletion(key));
        }
        set_state(&mut key.members, Some(state));
        Ok(then(key))
    })
}

pub(super) fn pending_deletion(key: &Resource) -> Failure {
    let arn = key.text("Arn").unwrap_or_default();
    refused(
        "KMSInvalidStateException",
        format!("{arn} is pending deletion."),
    )
}
