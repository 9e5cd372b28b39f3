//! Records of root use as CloudTrail writes them: what CloudWatch Logs itself
//! is asked about, whatever the local decision says.

use filter_pattern::Account;
use serde_json::{Value, json};

/// One record per kind of root use that must be caught: what CloudWatch Logs is
/// asked about besides the records that the local decision rests on.
pub fn canonical_records(account: &Account) -> [Value; 3] {
    [api_call(account), sign_in(account), privileged(account)]
}

/// A call with root's own credentials.
fn api_call(account: &Account) -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "Root",
            "principalId": account.id(),
            "arn": account.root_arn(),
            "accountId": account.id(),
            "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "sessionContext": {
                "attributes": {
                    "creationDate": "2026-05-04T09:12:31Z",
                    "mfaAuthenticated": "true"
                }
            }
        },
        "eventTime": "2026-05-04T09:20:07Z",
        "eventSource": "iam.amazonaws.com",
        "eventName": "CreateAccessKey",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.10",
        "userAgent": "aws-cli/2.27.0",
        "requestParameters": null,
        "responseElements": null,
        "requestID": "5df3da3a-61cd-4a3c-8f41-e5276b123abc",
        "eventID": "c69fb149-c206-47ce-8766-8df6ec123abc",
        "readOnly": false,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": account.id(),
        "eventCategory": "Management"
    })
}

/// A sign-in to the console.
fn sign_in(account: &Account) -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "Root",
            "principalId": account.id(),
            "arn": account.root_arn(),
            "accountId": account.id(),
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
        "additionalEventData": { "MobileVersion": "No", "MFAUsed": "Yes" },
        "eventID": "7e0e0eb2-4a3c-4a37-8f41-e5276b123abc",
        "readOnly": false,
        "eventType": "AwsConsoleSignIn",
        "managementEvent": true,
        "recipientAccountId": account.id(),
        "eventCategory": "Management"
    })
}

/// A call in a privileged session (`sts:AssumeRoot`).
fn privileged(account: &Account) -> Value {
    let mut record = api_call(account);
    if let Some(session) = record.pointer_mut("/userIdentity/sessionContext") {
        *session = json!({
            "assumedRoot": "true",
            "attributes": {
                "creationDate": "2026-05-04T09:12:31Z",
                "mfaAuthenticated": "false"
            }
        });
    }
    if let Some(name) = record.pointer_mut("/eventName") {
        *name = json!("DeleteLoginProfile");
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use filter_pattern::{CIS_PATTERN, Class, Pattern};

    #[test]
    fn the_pattern_of_the_benchmark_matches_every_one() {
        let account = Account::new("111122223333", "aws-cn").unwrap();
        let pattern = Pattern::parse(CIS_PATTERN).unwrap();
        let classes: Vec<_> = canonical_records(&account)
            .iter()
            .inspect(|record| assert!(pattern.matches_record(record)))
            .map(|record| Class::of_record(record).unwrap())
            .collect();
        let direct = Class::DirectRootUse;
        assert_eq!(classes, [direct, direct, Class::PrivilegedSession]);
    }
}
