//! A notice always gets out: hostile texts and many events keep it within its size, and the
//! worst event is in it.

use std::collections::BTreeSet;

use config_rule::is_deceptive;
use proptest::prelude::*;
use root_activity::{Facts, Message, Publication};
use serde_json::{Value, json};

use crate::fixtures::{event, role, root};
use crate::plan::{message, plan};

/// Texts that grow when they are quoted, hide something, or are long.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\"".to_owned()),
        Just("\\".to_owned()),
        Just("\u{202e}".to_owned()),
        Just("\u{200b}".to_owned()),
        Just("\u{0}".to_owned()),
        Just("\r\n".to_owned()),
        Just("😀".to_owned()),
        Just("```<!channel>".to_owned()),
        "\\PC",
    ];
    (piece, 0_usize..400).prop_map(|(piece, times)| piece.repeat(times))
}

/// Records of one burst, whose texts are all hostile.
fn record() -> impl Strategy<Value = Value> {
    let call = prop::sample::select(vec![
        ("iam", "CreateAccessKey"),
        ("iam", "DeleteAccessKey"),
        ("ec2", "RunInstances"),
        ("ec2", "DescribeInstances"),
        ("cloudtrail", "StopLogging"),
    ]);
    let denied = prop::bool::weighted(0.3);
    let texts = prop::collection::vec(hostile(), 5);
    (call, denied, texts, any::<bool>()).prop_map(|((service, name), denied, texts, is_root)| {
        let [address, agent, region, resource, error] = texts.try_into().unwrap();
        let mut record = if is_root || service != "cloudtrail" {
            root(name, &json!({}))
        } else {
            role(&format!("{service}:{name}"), &json!({}))
        };
        record["eventSource"] = json!(format!("{service}.amazonaws.com"));
        record["userIdentity"]["accessKeyId"] = json!("AKIAONEBURST");
        record["sourceIPAddress"] = json!(address);
        record["userAgent"] = json!(agent);
        record["awsRegion"] = json!(region);
        record["requestParameters"] = json!({"name": resource});
        if denied {
            record["errorCode"] = json!(format!("AccessDenied{error}"));
        }
        record
    })
}

fn batch(records: &[Value]) -> Vec<Message> {
    let records = records.iter().enumerate();
    records
        .map(|(number, record)| {
            let mut record = record.clone();
            record["eventID"] = json!(format!("event {number}"));
            message(&number.to_string(), 0, &event(&record))
        })
        .collect()
}

fn assert_gets_out(facts: &Facts) -> Result<(), TestCaseError> {
    let publications = facts.publications();
    // The full message, the worst event alone, and one line.
    prop_assert_eq!(publications.len(), 3);
    let sizes: Vec<usize> = publications.iter().map(Publication::size).collect();
    prop_assert!(
        sizes.iter().all(|size| *size <= Publication::MAX_BYTES),
        "{sizes:?}"
    );
    prop_assert!(sizes.is_sorted_by(|a, b| a > b), "{sizes:?}");
    let full: Value = serde_json::from_str(&publications[0].message).unwrap();
    let texts = full
        .as_object()
        .unwrap()
        .values()
        .map(|text| text.as_str().unwrap());
    for text in texts.chain([
        publications[1].message.as_str(),
        publications[2].message.as_str(),
    ]) {
        prop_assert!(
            !text.chars().any(|c| c != '\n' && is_deceptive(c)),
            "{text:?}"
        );
    }
    prop_assert!(!publications[2].message.contains('\n'));
    // In words and for machines alike.
    let worst = facts.worst.as_ref().unwrap();
    for text in [&publications[0].message, &publications[1].message] {
        prop_assert!(text.contains(&worst.call), "{text}");
        prop_assert!(text.contains(worst.id.as_ref().unwrap()), "{text}");
    }
    // Where the worst event has an address or an agent, it stands first.
    for (all, of_worst) in [
        (&facts.source_addresses, &worst.source_address),
        (&facts.user_agents, &worst.user_agent),
    ] {
        prop_assert!(of_worst.is_none() || all.first() == of_worst.as_ref());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_notice_is_small_enough_and_has_the_worst_event(
        records in prop::collection::vec(record(), 1..60),
        name in prop::option::of(hostile()),
    ) {
        let plan = plan(&batch(&records), 120);
        let ids: BTreeSet<&String> = plan.notices.iter().flat_map(|one| &one.messages).collect();
        prop_assert_eq!(ids.len(), records.len());
        for notice in &plan.notices {
            let mut facts = notice.facts.clone();
            facts.account_name = name.as_ref().map(|name| config_rule::visible(name, 64));
            assert_gets_out(&facts)?;
            let worst = notice.messages.iter().map(|id| kind_alone(&records[id.parse::<usize>().unwrap()])).max();
            prop_assert_eq!(Some(facts.severity), worst);
        }
    }
}

/// The severity of a record that is reported alone.
fn kind_alone(record: &Value) -> root_activity::Severity {
    plan(&batch(std::slice::from_ref(record)), 120).notices[0]
        .facts
        .severity
}

/// The largest notice: every list full of the texts that grow most.
#[test]
fn a_burst_of_quotes_is_told_with_the_key_created_meanwhile() {
    let quotes = |number: usize| format!("{number}{}", "\"".repeat(5000));
    let mut records: Vec<Value> = (0..95)
        .map(|number| {
            let text = quotes(number);
            let mut record = role("cloudtrail:StopLogging", &json!({"name": text}));
            record["userIdentity"] = json!({
                "type": "Root", "accessKeyId": "AKIAROOT", "arn": text, "accountId": "1",
            });
            for member in [
                "sourceIPAddress",
                "userAgent",
                "awsRegion",
                "eventName",
                "errorCode",
            ] {
                record[member] = json!(text);
            }
            record["eventName"] = json!(if number % 2 == 0 {
                "StopLogging".to_owned()
            } else {
                text
            });
            record
        })
        .collect();
    let created = json!({
        "eventSource": "iam.amazonaws.com", "sourceIPAddress": "198.51.100.66",
        "userIdentity": {"accessKeyId": "AKIAROOT"}, "awsRegion": "ap-south-1",
    });
    records.push(root("CreateAccessKey", &created));
    let plan = plan(&batch(&records), 120);
    assert_eq!(plan.notices.len(), 1);
    let facts = &plan.notices[0].facts;
    let publications = facts.publications();
    assert_eq!(publications.len(), 3);
    assert!(
        publications[0].size() <= Publication::MAX_BYTES,
        "{}",
        publications[0].size()
    );
    // Without the refused changes of the guard, the key is the worst.
    records.retain(|record| record["eventName"] != "StopLogging");
    let plan = crate::plan::plan(&batch(&records), 120);
    let facts = &plan.notices[0].facts;
    assert_eq!(
        facts.subject(),
        "ROOT key or certificate CREATED +47 - 111122223333 from 198.51.100.66"
    );
    assert_eq!(facts.regions[0], "ap-south-1");
    assert_eq!(facts.unlisted["sourceAddresses"], 38);
    assert!(facts.text().contains(" and 38 more"), "{}", facts.text());
}

#[test]
fn chat_gets_a_custom_notification_without_links_or_mentions() {
    let record = root(
        "RunInstances",
        &json!({"userAgent": "<!channel> `*x*` @here <http://a|b>"}),
    );
    let facts = plan(&batch(&[record]), 120).notices[0].facts.clone();
    let full: Value = serde_json::from_str(&facts.publications()[0].message).unwrap();
    let chat: Value = serde_json::from_str(full["https"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&chat["version"], &chat["source"]),
        (&json!("1.0"), &json!("custom"))
    );
    assert_eq!(chat["content"]["textType"], "client-markdown");
    assert_eq!(
        chat["metadata"]["threadId"],
        "rootguard-111122223333-api-call"
    );
    let description = chat["content"]["description"].as_str().unwrap();
    let inside = description.trim_matches('`');
    assert!(description.starts_with("```\n") && description.ends_with("\n```"));
    assert!(!inside.contains(['<', '>', '`', '@', '&']), "{description}");
    assert!(inside.contains("ec2:RunInstances") && inside.contains("192.0.2.7"));
}
