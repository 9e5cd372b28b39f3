//! The synthetic record: what CloudTrail would write of a call by root, marked in every
//! field that people read as made by a drill.

use serde_json::{Value, json};

use super::Exercise;

/// A record that is not of root, but looks like it to metric filters.
pub(super) fn synthetic(exercise: &Exercise) -> Value {
    let identity = exercise.account.identity();
    let account = identity.account();
    let second = exercise.started.to_string();
    let second = second.split(['.', 'Z']).next().unwrap_or_default();
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "Root",
            "principalId": account,
            "arn": format!("arn:{}:iam::{account}:root", identity.partition()),
            "accountId": account,
            "accessKeyId": "",
        },
        "eventTime": format!("{second}Z"),
        "eventSource": "sts.amazonaws.com",
        "eventName": "GetCallerIdentity",
        "awsRegion": identity.region(),
        "sourceIPAddress": "rootguard.drill",
        "userAgent": exercise.id,
        "requestParameters": null,
        "responseElements": null,
        "additionalEventData": {
            "rootguardDrill": exercise.id,
            "note": "Synthetic. Nobody used root: a drill of rootguard wrote this record.",
            "writtenBy": exercise.principal,
        },
        "requestID": exercise.id,
        "eventID": exercise.id,
        "readOnly": true,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": account,
        "eventCategory": "Management",
    })
}
