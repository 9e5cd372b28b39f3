//! Records and values as CloudTrail writes them, so that witnesses look like
//! something that happened.

use std::borrow::Cow;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{Account, Class, Kind};

/// A record of one kind in one class.
pub(crate) fn sample(class: Class, kind: Kind, account: Option<&Account>) -> Cow<'static, Value> {
    let of = |(c, k, _): &&(Class, Kind, Value)| (*c, *k) == (class, kind);
    let record = SAMPLES
        .iter()
        .find(of)
        .map_or(&Value::Null, |(.., record)| record);
    match account {
        None => Cow::Borrowed(record),
        Some(account) => Cow::Owned(in_account(record.clone(), kind, account)),
    }
}

static SAMPLES: LazyLock<Vec<(Class, Kind, Value)>> = LazyLock::new(|| {
    let of_class = |class: Class| class.kinds().iter().map(move |kind| (class, *kind));
    let record = |(class, kind)| (class, kind, of_class_and_kind(class, kind));
    Class::ALL
        .into_iter()
        .flat_map(of_class)
        .map(record)
        .collect()
});

fn of_class_and_kind(class: Class, kind: Kind) -> Value {
    let mut record = match kind {
        Kind::Api => api_call(),
        Kind::SignIn => sign_in(),
        Kind::Service => service_event(),
        Kind::Other => call_by_user(),
    };
    match class {
        Class::PrivilegedSession => {
            let attributes =
                json!({ "creationDate": "2026-05-04T09:12:31Z", "mfaAuthenticated": "false" });
            let session = json!({ "assumedRoot": "true", "attributes": attributes });
            set(&mut record, &["userIdentity", "sessionContext"], session);
        }
        Class::ConsoleBrokered => {
            set(
                &mut record,
                &["userIdentity", "invokedBy"],
                json!("signin.amazonaws.com"),
            );
            set(&mut record, &["userAgent"], json!("signin.amazonaws.com"));
        }
        Class::AwsInternal => invoke(&mut record, "AWS Internal"),
        Class::ServiceInvoked => invoke(&mut record, "support.amazonaws.com"),
        Class::DirectRootUse | Class::ServiceEvents | Class::OtherPrincipals => {}
    }
    record
}

fn in_account(mut record: Value, kind: Kind, account: &Account) -> Value {
    let arn = match kind {
        Kind::Other => format!("arn:{}:iam::{}:user/alice", account.partition, account.id),
        Kind::Api | Kind::SignIn | Kind::Service => account.root_arn(),
    };
    set(&mut record, &["userIdentity", "arn"], json!(arn));
    set(
        &mut record,
        &["userIdentity", "accountId"],
        json!(account.id),
    );
    set(&mut record, &["recipientAccountId"], json!(account.id));
    if kind != Kind::Other {
        set(
            &mut record,
            &["userIdentity", "principalId"],
            json!(account.id),
        );
    }
    record
}

fn invoke(record: &mut Value, by: &str) {
    set(record, &["userIdentity", "invokedBy"], json!(by));
    set(record, &["userAgent"], json!(by));
    set(record, &["sourceIPAddress"], json!(by));
}

fn set(record: &mut Value, path: &[&str], value: Value) {
    let target = path.iter().try_fold(record, |value, name| match value {
        Value::Object(members) => Some(members.entry(*name).or_insert(Value::Null)),
        _ => None,
    });
    if let Some(target) = target {
        *target = value;
    }
}

fn api_call() -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "Root",
            "principalId": "111122223333",
            "arn": "arn:aws:iam::111122223333:root",
            "accountId": "111122223333",
            "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "sessionContext": {
                "attributes": { "creationDate": "2026-05-04T09:12:31Z", "mfaAuthenticated": "true" }
            }
        },
        "eventTime": "2026-05-04T09:20:07Z",
        "eventSource": "cloudtrail.amazonaws.com",
        "eventName": "DeleteTrail",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.10",
        "userAgent": "aws-cli/2.27.0",
        "requestParameters": { "name": "management-events" },
        "responseElements": null,
        "requestID": "5df3da3a-61cd-4a3c-8f41-e5276b123abc",
        "eventID": "c69fb149-c206-47ce-8766-8df6ec123abc",
        "readOnly": false,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management"
    })
}

fn sign_in() -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "Root",
            "principalId": "111122223333",
            "arn": "arn:aws:iam::111122223333:root",
            "accountId": "111122223333",
            "accessKeyId": ""
        },
        "eventTime": "2026-05-04T09:12:31Z",
        "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.10",
        "userAgent": "Mozilla/5.0",
        "requestParameters": null,
        "responseElements": { "ConsoleLogin": "Success" },
        "additionalEventData": {
            "LoginTo": "https://console.aws.amazon.com/console/home",
            "MobileVersion": "No",
            "MFAUsed": "Yes"
        },
        "eventID": "deb1e1f9-c99b-4612-8e9f-21f93b5d79c0",
        "readOnly": false,
        "eventType": "AwsConsoleSignIn",
        "managementEvent": true,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management"
    })
}

fn service_event() -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "Root",
            "principalId": "111122223333",
            "arn": "arn:aws:iam::111122223333:root",
            "accountId": "111122223333"
        },
        "eventTime": "2026-05-04T09:20:07Z",
        "eventSource": "kms.amazonaws.com",
        "eventName": "RotateKey",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "AWS Internal",
        "userAgent": "AWS Internal",
        "requestParameters": null,
        "responseElements": null,
        "eventID": "234f004b-9f2d-4d6c-a0c3-2f1f4e0c1a11",
        "readOnly": false,
        "eventType": "AwsServiceEvent",
        "managementEvent": true,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management"
    })
}

fn call_by_user() -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDACKCEVSQ6C2EXAMPLE",
            "arn": "arn:aws:iam::111122223333:user/alice",
            "accountId": "111122223333",
            "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
            "userName": "alice"
        },
        "eventTime": "2026-05-04T09:20:07Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": "DescribeInstances",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.10",
        "userAgent": "aws-cli/2.27.0",
        "requestParameters": { "maxResults": 50 },
        "responseElements": null,
        "requestID": "64328535-d386-43c3-a0b2-d20383ae8412",
        "eventID": "6c6a15cc-57cd-4c99-9751-0f6abe528182",
        "readOnly": true,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management"
    })
}

/// Values that a member of this name really has, most usual first.
pub(crate) fn realistic(member: &str) -> &'static [&'static str] {
    match member {
        "type" => &["Root", "IAMUser", "AssumedRole", "AWSService"],
        "invokedBy" => &[
            "support.amazonaws.com",
            "autoscaling.amazonaws.com",
            "signin.amazonaws.com",
            "AWS Internal",
        ],
        "arn" => &[
            "arn:aws:iam::111122223333:root",
            "arn:aws:iam::111122223333:user/alice",
        ],
        "accountId" | "recipientAccountId" | "principalId" => &["111122223333", "444455556666"],
        "userName" => &["alice", "example-alias"],
        "accessKeyId" => &["ASIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE", ""],
        "mfaAuthenticated" | "assumedRoot" | "sessionCredentialFromConsole" => &["true", "false"],
        "eventName" => &[
            "DeleteTrail",
            "ConsoleLogin",
            "CreateAccessKey",
            "StopLogging",
            "DescribeInstances",
        ],
        "eventSource" => &[
            "cloudtrail.amazonaws.com",
            "signin.amazonaws.com",
            "iam.amazonaws.com",
            "ec2.amazonaws.com",
        ],
        "eventType" => &[
            "AwsApiCall",
            "AwsConsoleSignIn",
            "AwsConsoleAction",
            "AwsServiceEvent",
            "AwsVpceEvent",
        ],
        "awsRegion" => &["us-east-1", "eu-central-1", "us-gov-west-1"],
        "sourceIPAddress" => &[
            "203.0.113.10",
            "198.51.100.7",
            "autoscaling.amazonaws.com",
            "AWS Internal",
        ],
        "userAgent" => &["aws-cli/2.27.0", "Mozilla/5.0", "signin.amazonaws.com"],
        "errorCode" => &["AccessDenied", "Client.UnauthorizedOperation"],
        "errorMessage" => &["Failed authentication"],
        "ConsoleLogin" => &["Success", "Failure"],
        "MFAUsed" => &["Yes", "No"],
        _ => &[],
    }
}
