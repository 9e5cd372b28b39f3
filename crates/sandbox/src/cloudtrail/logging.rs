//! Logging of trails: switched on or off, and deliveries.

use std::time::Duration;

use serde_json::{Value, json};

use super::trail::{self, Members, Trail, is};
use crate::Timestamp;
use crate::request::Request;
use crate::wire::{Failure, Structure};

/// Time from switching a trail on to its first delivery.
const FIRST_DELIVERY_AFTER: Duration = Duration::from_mins(5);

/// From when on a trail delivers that was switched on here. No client sees this member.
const DELIVERS_FROM: &str = "DeliversFrom";

const STATUS: &[&str] = &[
    "IsLogging",
    "LatestDeliveryError",
    "LatestNotificationError",
    "LatestDeliveryTime",
    "LatestNotificationTime",
    "StartLoggingTime",
    "StopLoggingTime",
    "LatestCloudWatchLogsDeliveryError",
    "LatestCloudWatchLogsDeliveryTime",
    "LatestDigestDeliveryTime",
    "LatestDigestDeliveryError",
];

/// Kinds of delivery: the members with the time and the error of the last one, and the member
/// without which there is none.
const DELIVERIES: [(&str, &str, &str); 4] = [
    ("LatestDeliveryTime", "LatestDeliveryError", "S3BucketName"),
    (
        "LatestNotificationTime",
        "LatestNotificationError",
        "SnsTopicARN",
    ),
    (
        "LatestCloudWatchLogsDeliveryTime",
        "LatestCloudWatchLogsDeliveryError",
        "CloudWatchLogsLogGroupArn",
    ),
    (
        "LatestDigestDeliveryTime",
        "LatestDigestDeliveryError",
        "LogFileValidationEnabled",
    ),
];

pub(crate) fn get_trail_status(request: &Request<'_>) -> Result<Structure, Failure> {
    let trail = trail::find_to_tell(request, request.text("Name").unwrap_or_default())?;
    let mut members = trail.members;
    deliver(&mut members, request.now);
    Ok(Trail { members, ..trail }.answer(STATUS))
}

pub(crate) fn start_logging(request: &Request<'_>) -> Result<Structure, Failure> {
    switch(request, |members, now| {
        if is(members, "IsLogging") {
            return;
        }
        let delivers_from = now.plus(FIRST_DELIVERY_AFTER);
        members.insert("IsLogging".to_owned(), json!(true));
        members.insert("StartLoggingTime".to_owned(), json!(now.epoch_seconds()));
        members.insert(
            DELIVERS_FROM.to_owned(),
            json!(delivers_from.epoch_seconds()),
        );
    })
}

pub(crate) fn stop_logging(request: &Request<'_>) -> Result<Structure, Failure> {
    switch(request, |members, now| {
        if !is(members, "IsLogging") {
            return;
        }
        deliver(members, now);
        members.insert("IsLogging".to_owned(), json!(false));
        members.insert("StopLoggingTime".to_owned(), json!(now.epoch_seconds()));
        members.remove(DELIVERS_FROM);
    })
}

fn switch(
    request: &Request<'_>,
    change: impl FnOnce(&mut Members, Timestamp),
) -> Result<Structure, Failure> {
    request.world.trail_changes.keep(request)?;
    let trail = trail::find_to_change(request, request.text("Name").unwrap_or_default())?;
    trail::change(request, &trail, |members| change(members, request.now))?;
    Ok(Structure::new())
}

/// Brings the times of a trail's latest deliveries up to date. A trail that is switched
/// on delivers all the time. Times that the organization file gives, and failures, stay
/// until somebody stops the trail and starts it again.
fn deliver(members: &mut Members, now: Timestamp) {
    if !is(members, "IsLogging") {
        return;
    }
    let from = members.get(DELIVERS_FROM).and_then(Value::as_f64);
    for (time, error, needed) in DELIVERIES {
        // An empty text is no error: real answers have it (`cloudtrail-empty-texts`).
        let error = members.get(error).and_then(Value::as_str);
        let failing = error.is_some_and(|error| !error.is_empty());
        let delivers = match from {
            Some(from) => from <= now.epoch_seconds(),
            None => !members.contains_key(time),
        };
        let needed = members.get(needed).unwrap_or(&Value::Null);
        if delivers && !failing && *needed != Value::Null && *needed != json!(false) {
            members.insert(time.to_owned(), json!(now.epoch_seconds()));
        }
    }
}
