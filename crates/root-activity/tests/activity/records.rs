//! Every record that people collected, and what becomes of it.

use std::fmt::Write as _;

use root_activity::{Class, Record, Watched, classify};
use serde_json::{Value, json};

use crate::given::{event, root};
use crate::plan::{message, plan};

pub(crate) const RECORDS: &str =
    include_str!("../../../filter-pattern/tests/data/cloudtrail-events.jsonl");

/// Reviewed by hand: a changed line is a changed decision about who is woken up.
///
/// A record without `recipientAccountId` is not believed; for what it would mean, it is
/// given one.
#[test]
fn every_record_has_its_class_and_its_message() {
    let mut table = String::new();
    for (number, row) in RECORDS.lines().enumerate() {
        let mut row: Value = serde_json::from_str(row).unwrap();
        let record = row["event"].take();
        let _ = writeln!(table, "{number:02} {}", row["kind"].as_str().unwrap());
        let _ = writeln!(table, "   {}", fate(&record));
        if record.get("recipientAccountId").is_none() && record.get("Records").is_none() {
            let mut record = record;
            record["recipientAccountId"] = json!("111122223333");
            let _ = writeln!(table, "   if it said whose it is: {}", fate(&record));
        }
    }
    insta::assert_snapshot!(table);
}

/// What becomes of a record, at once and after it has waited.
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

/// What root does to its own credentials, and what it does to those of users.
#[test]
fn changes_of_roots_own_credentials_have_kinds_of_their_own() {
    for (call, kind) in [
        ("CreateAccessKey", "credential-created"),
        ("UploadSigningCertificate", "credential-created"),
        ("DeleteAccessKey", "credential-removed"),
        ("UpdateAccessKey", "credential-removed"),
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
    let record = crate::given::role("account:AcceptPrimaryEmailUpdate", &json!({}));
    assert_eq!(
        crate::plan::plan_of(&record).notices[0]
            .facts
            .kind
            .to_string(),
        "email-changed"
    );
}
