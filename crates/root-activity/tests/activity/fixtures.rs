//! Records and events to begin with, for the pure tests and those of the process.

use serde_json::{Value, json};

pub(crate) const MEMBER: &str = "111122223333";
pub(crate) const CENTRAL: &str = "444455556666";

/// A record of root's, changed by `with`.
pub(crate) fn root(event: &str, with: &Value) -> Value {
    let mut record = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "Root",
            "principalId": MEMBER,
            "arn": format!("arn:aws:iam::{MEMBER}:root"),
            "accountId": MEMBER,
            "accessKeyId": "ASIAROOTSESSION00001",
            "sessionContext": {"attributes": {"mfaAuthenticated": "true"}},
        },
        "eventTime": "2026-01-01T00:00:00Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": event,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.7",
        "userAgent": "Mozilla/5.0",
        "eventID": format!("id-{event}"),
        "eventType": "AwsApiCall",
        "recipientAccountId": MEMBER,
    });
    merge(&mut record, with);
    record
}

/// A record of somebody's in a role.
pub(crate) fn role(call: &str, parameters: &Value) -> Value {
    let (service, event) = call.split_once(':').unwrap();
    let mut record = root(event, &json!({}));
    record["eventSource"] = json!(format!("{service}.amazonaws.com"));
    record["userIdentity"] = json!({
        "type": "AssumedRole",
        "arn": format!("arn:aws:sts::{MEMBER}:assumed-role/admin/eve"),
        "accountId": MEMBER,
        "accessKeyId": "ASIAADMINSESSION0001",
    });
    record["requestParameters"] = parameters.clone();
    record
}

/// The opening of a privileged root session, as the calling account records it.
pub(crate) fn assume_root(access_key: &str) -> Value {
    let mut record = role(
        "sts:AssumeRoot",
        &json!({
            "targetPrincipal": MEMBER,
            "taskPolicyArn": {"arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"},
        }),
    );
    record["recipientAccountId"] = json!(CENTRAL);
    record["eventID"] = json!(format!("id-{access_key}"));
    record["responseElements"] = json!({"credentials": {"accessKeyId": access_key}});
    record
}

/// A call in a privileged root session, as the member records it.
pub(crate) fn in_session(access_key: &str, event: &str) -> Value {
    root(
        event,
        &json!({
            "eventSource": "iam.amazonaws.com",
            "userIdentity": {
                "accessKeyId": access_key,
                "sessionContext": {"attributes": {"mfaAuthenticated": "false"}},
            },
        }),
    )
}

pub(crate) fn merge(into: &mut Value, with: &Value) {
    match (into, with) {
        (Value::Object(into), Value::Object(with)) => {
            for (member, value) in with {
                merge(into.entry(member).or_insert(Value::Null), value);
            }
        }
        (into, with) => *into = with.clone(),
    }
}

/// The event in which EventBridge forwards a record.
pub(crate) fn event(record: &Value) -> Value {
    let account = record.get("recipientAccountId").cloned();
    json!({
        "version": "0",
        "id": "6f87d04b-9f74-4f04-a780-7acf4b0a9b38",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.iam",
        "account": account.unwrap_or_else(|| json!(MEMBER)),
        "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": record,
    })
}
