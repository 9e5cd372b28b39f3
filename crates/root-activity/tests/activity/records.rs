//! The decision about every collected record.

use std::fmt::Write as _;

use root_activity::{Class, Record, Watched, classify};
use serde_json::{Value, json};

use crate::fixtures::{event, root};
use crate::plan::{message, plan};

pub(crate) const RECORDS: &str =
    include_str!("../../../filter-pattern/tests/data/cloudtrail-events.jsonl");

/// Reviewed by hand: a changed line is a changed decision about who is woken up.
#[test]
fn every_record_has_its_class_and_its_message() {
    let mut table = String::new();
    for (number, row) in RECORDS.lines().enumerate() {
        let mut row: Value = serde_json::from_str(row).unwrap();
        let record = row["event"].take();
        let _ = writeln!(table, "{number:02} {}", row["kind"].as_str().unwrap());
        let _ = writeln!(table, "   {}", fate(&record));
    }
    insta::assert_snapshot!(table);
}

/// The decision about a record, at once and after it has waited.
fn fate(record: &Value) -> String {
    let waited = plan(&[message("1", 0, &event(record))], 120);
    let at_once = plan(&[message("1", 0, &event(record))], 0);
    let wait = if at_once.held.is_empty() {
        ""
    } else {
        "after two minutes, "
    };
    if let Some(dead) = waited.dead.first() {
        return format!("dead letter: {}", dead.reason);
    }
    if let Some(notice) = waited.notices.first() {
        let facts = &notice.facts;
        return format!(
            "{wait}{} {}: {}",
            facts.severity,
            facts.kind,
            facts.subject()
        );
    }
    let class = classify(&Record::new(record.clone()).unwrap(), &Watched::default());
    assert_eq!(waited.done.len(), 1);
    match class {
        Class::Silent(silence) => format!("silent: {silence:?}"),
        reported => panic!("{reported:?} without a notice"),
    }
}

#[test]
fn mfa_is_read_in_any_case() {
    for (said, expected) in [
        ("Yes", "used"),
        ("YES", "used"),
        ("yes", "used"),
        ("No", "not-used"),
        ("NO", "not-used"),
        ("perhaps", "unknown"),
        ("", "unknown"),
    ] {
        let record = root(
            "ConsoleLogin",
            &json!({
                "eventSource": "signin.amazonaws.com",
                "eventType": "AwsConsoleSignIn",
                "userIdentity": {"accessKeyId": "", "sessionContext": null},
                "additionalEventData": {"MFAUsed": said},
                "responseElements": {"ConsoleLogin": "Success"},
            }),
        );
        let plan = crate::plan::plan_of(&record);
        assert_eq!(plan.notices[0].facts.mfa, expected, "{said}");
    }
}

/// Root's own credentials are told from those of users.
#[test]
fn changes_of_roots_own_credentials_have_kinds_of_their_own() {
    for (call, kind) in [
        ("CreateAccessKey", "credential-created"),
        ("UploadSigningCertificate", "credential-created"),
        ("DeleteAccessKey", "credential-removed"),
        ("UpdateAccessKey", "credential-activated"),
        ("DeleteSigningCertificate", "credential-removed"),
        ("CreateLoginProfile", "login-profile-created"),
        ("DeleteLoginProfile", "login-profile-deleted"),
        ("EnableMFADevice", "mfa-enabled"),
        ("DeactivateMFADevice", "mfa-deactivated"),
    ] {
        for (user, expected) in [
            (json!(null), kind),
            (json!({"userName": "AWS ROOT USER"}), kind),
            (json!({"userName": "alice"}), "api-call"),
        ] {
            let with = json!({"eventSource": "iam.amazonaws.com", "requestParameters": user});
            let plan = crate::plan::plan_of(&root(call, &with));
            assert_eq!(
                plan.notices[0].facts.kind.to_string(),
                expected,
                "{call} {user}"
            );
        }
    }
}

/// A key that is activated again is as good as a new one.
#[test]
fn the_status_decides_what_an_update_of_a_credential_means() {
    for (status, kind, severity) in [
        (json!("Active"), "credential-activated", "CRITICAL"),
        (json!("Inactive"), "credential-removed", "HIGH"),
        // CloudTrail may leave it out; then it is taken for the worse.
        (Value::Null, "credential-activated", "CRITICAL"),
    ] {
        for call in ["UpdateAccessKey", "UpdateSigningCertificate"] {
            let with = json!({
                "eventSource": "iam.amazonaws.com",
                "requestParameters": {"status": status},
            });
            let facts = crate::plan::plan_of(&root(call, &with)).notices[0]
                .facts
                .clone();
            assert_eq!(facts.kind.to_string(), kind, "{call} {status}");
            assert_eq!(facts.severity.to_string(), severity, "{call} {status}");
        }
    }
}

#[test]
fn a_policy_that_root_opens_to_everybody_is_reported_as_such() {
    let open = json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*"}]});
    let with = json!({
        "eventSource": "s3.amazonaws.com",
        "requestParameters": {"bucketName": "b", "bucketPolicy": open},
    });
    let facts = crate::plan::plan_of(&root("PutBucketPolicy", &with)).notices[0]
        .facts
        .clone();
    assert_eq!(facts.kind.to_string(), "policy-opened");
}

/// EventBridge delivered such records until 2021. AWS writes the envelope's account.
#[test]
fn a_record_that_names_no_account_has_that_of_its_envelope() {
    for recipient in [Value::Null, json!("")] {
        let mut record = root("RunInstances", &json!({}));
        record["recipientAccountId"] = recipient;
        let mut event = event(&record);
        event["account"] = json!("444455556666");
        let plan = plan(&[message("1", 0, &event)], 120);
        let facts = &plan.notices[0].facts;
        assert_eq!(facts.kind.to_string(), "api-call");
        assert_eq!(facts.account, "444455556666");
    }
}

#[test]
fn what_was_refused_changed_nothing() {
    for (error, kind) in [
        ("AccessDenied", "denied-call"),
        ("Client.UnauthorizedOperation", "denied-call"),
        ("LimitExceeded", "api-call"),
    ] {
        let with = json!({"eventSource": "iam.amazonaws.com", "errorCode": error});
        let plan = crate::plan::plan_of(&root("CreateAccessKey", &with));
        assert_eq!(plan.notices[0].facts.kind.to_string(), kind, "{error}");
        assert!(plan.notices[0].facts.refused);
        assert!(plan.notices[0].controls.is_empty());
    }
}

/// Believed is what AWS wrote, came via CloudTrail and is of the account that sent it.
#[test]
fn an_event_that_anybody_could_have_sent_is_no_root_activity() {
    let believed = event(&root("RunInstances", &json!({})));
    let kind = |event: &Value| {
        let plan = plan(&[message("1", 0, &event)], 120);
        (
            plan.notices[0].facts.kind.to_string(),
            plan.notices[0].facts.principal.clone(),
        )
    };
    assert_eq!(
        kind(&believed),
        ("api-call".to_owned(), Some("the root user".to_owned()))
    );
    for (member, value) in [
        ("source", json!("custom.aws.iam")),
        ("source", json!("aws")),
        ("detail-type", json!("AWS API Call via CloudTrail ")),
        ("detail-type", json!("root")),
        ("account", json!("999999999999")),
    ] {
        let mut event = believed.clone();
        event[member] = value.clone();
        assert_eq!(
            kind(&event),
            ("unauthenticated".to_owned(), None),
            "{member} {value}"
        );
    }
}

/// The address behind a member's root user can be changed from the organization.
#[test]
fn an_administrator_who_changes_the_address_behind_root_is_reported() {
    let record = crate::fixtures::role("account:AcceptPrimaryEmailUpdate", &json!({}));
    assert_eq!(
        crate::plan::plan_of(&record).notices[0]
            .facts
            .kind
            .to_string(),
        "email-changed"
    );
}
