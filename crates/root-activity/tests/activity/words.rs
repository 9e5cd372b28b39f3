//! What people and machines read.

use proptest::prelude::*;
use root_activity::{Facts, Kind};
use serde_json::{Value, json};

use crate::fixtures::{assume_root, event, in_session, root};
use crate::plan::{message, plan, plan_of};

fn facts(record: &Value) -> Facts {
    plan_of(record).notices[0].facts.clone()
}

/// What somebody finds in the mailbox.
#[test]
fn a_mail_says_what_who_where_when_and_what_to_do() {
    let mut facts = facts(&root(
        "TerminateInstances",
        &json!({"userIdentity": {"sessionContext": {"attributes": {"mfaAuthenticated": "false"}}}}),
    ));
    facts.account_name = Some("Zahlungen Größe".to_owned());
    insta::assert_snapshot!(format!("{}\n\n{}", facts.subject(), facts.text()));
}

#[test]
fn machines_read_the_same_as_json() {
    let messages = [
        message("1", 0, &event(&assume_root("ASIAPRIVILEGED000001"))),
        message(
            "2",
            0,
            &event(&in_session("ASIAPRIVILEGED000001", "ListAccessKeys")),
        ),
    ];
    let plan = plan(&messages, 0);
    let facts = &plan.notices[0].facts;
    let full = &facts.publications()[0];
    let message: Value = serde_json::from_str(&full.message).unwrap();
    assert_eq!(message["email"], json!(facts.text()));
    let machines: Value = serde_json::from_str(message["default"].as_str().unwrap()).unwrap();
    insta::assert_json_snapshot!(machines);
    insta::assert_debug_snapshot!(full.attributes);
}

/// For every kind there is something to do, and a subject that says what happened.
#[test]
fn every_kind_has_words_of_its_own() {
    let mut facts = facts(&root("RunInstances", &json!({})));
    let mut subjects: Vec<String> = Vec::new();
    for kind in Kind::ALL {
        facts.kind = kind;
        assert!(facts.text().contains("What to do: "), "{kind}");
        subjects.push(facts.subject());
    }
    subjects.sort();
    subjects.dedup();
    assert_eq!(subjects.len(), Kind::ALL.len());
}

proptest! {
    /// SNS refuses a message whose subject is longer, has other characters or a line break.
    #[test]
    fn a_subject_is_what_sns_takes(
        kind in prop::sample::select(&Kind::ALL[..]),
        name in prop::option::of("\\PC{0,120}|[a-z\\r\\n]{0,20}"),
        call in "[a-zA-Z]{1,90}",
        address in "[0-9a-f:.]{0,45}|\\PC{0,120}",
        drill in prop::option::of("\\PC{0,60}"),
        account in "[0-9]{12}|\\PC{0,40}",
    ) {
        let with = json!({"sourceIPAddress": address, "eventName": call});
        let mut facts = facts(&root("RunInstances", &with));
        facts.kind = kind;
        facts.account_name = name;
        facts.drill = drill;
        facts.account = account;
        let subject = facts.subject();
        prop_assert!((1..=100).contains(&subject.len()), "{} {subject}", subject.len());
        prop_assert!(subject.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{subject}");
        // Whole or not at all.
        if let Some((_, from)) = subject.split_once(" from ")
            && address.is_ascii() {
            prop_assert_eq!(from, address);
        }
    }

    /// Whoever calls AWS chooses the user agent: it must not look like another line.
    #[test]
    fn a_record_cannot_write_lines_into_the_text(agent in "[a-z\\r\\n\u{2028}\u{85}]{1,20}") {
        let plain = facts(&root("RunInstances", &json!({"userAgent": "a"})));
        let odd = facts(&root("RunInstances", &json!({"userAgent": agent})));
        prop_assert_eq!(plain.text().lines().count(), odd.text().lines().count());
    }
}
