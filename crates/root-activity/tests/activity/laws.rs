//! Laws of triage: nothing is lost, nothing is told twice, and neither order nor
//! duplicates change what people are told.

use std::collections::BTreeMap;

use proptest::prelude::*;
use root_activity::{Input, Message, Plan};
use serde_json::{Value, json};

use crate::fixtures::{assume_root, event, in_session, role, root};
use crate::plan::{message, plan};

/// Bodies of all sorts, among them what belongs together.
fn body() -> impl Strategy<Value = String> {
    let session = prop::sample::select(vec!["ASIAPRIVILEGED000001", "ASIAPRIVILEGED000002"]);
    let number = 0..6_u8;
    let with_id = |mut record: Value, number: u8| {
        let (name, key) = (&record["eventName"], &record["userIdentity"]["accessKeyId"]);
        record["eventID"] = json!(format!("{name} {key} {number}"));
        event(&record).to_string()
    };
    prop_oneof![
        session
            .clone()
            .prop_map(|key| event(&assume_root(key)).to_string()),
        (session, number.clone())
            .prop_map(move |(key, number)| with_id(in_session(key, "ListAccessKeys"), number)),
        number
            .clone()
            .prop_map(move |number| with_id(root("RunInstances", &json!({})), number)),
        number.clone().prop_map(move |number| {
            with_id(
                role("cloudtrail:StopLogging", &json!({"name": "t"})),
                number,
            )
        }),
        number.prop_map(move |number| with_id(role("ec2:RunInstances", &json!({})), number)),
        Just(json!({"source": "x", "detail-type": "y", "account": "z", "detail": {}}).to_string()),
        Just(
            json!({
                "source": "rootguard.drill", "detail-type": "rootguard drill", "account": "1",
                "detail": {"id": "d", "until": "2026-01-01T00:10:00Z", "principal": "p"},
            })
            .to_string()
        ),
        Just("{}".to_owned()),
        "\\PC{0,30}",
    ]
}

fn batch() -> impl Strategy<Value = Vec<Message>> {
    let sent = prop::sample::select(vec![0, 60, 119, 120]);
    prop::collection::vec((body(), sent), 0..30).prop_map(|bodies| {
        let bodies = bodies.into_iter().enumerate();
        bodies
            .map(|(number, (body, sent))| message(&number.to_string(), sent, &body))
            .collect()
    })
}

/// Returns where each message is, and how often.
fn places(plan: &Plan) -> BTreeMap<&str, usize> {
    let mut places = BTreeMap::new();
    let told = plan.notices.iter().flat_map(|notice| &notice.messages);
    let ids = told
        .chain(plan.held.iter().map(|held| &held.id))
        .chain(plan.dead.iter().map(|dead| &dead.id))
        .chain(plan.evaluations.iter().map(|(id, _)| id))
        .chain(&plan.done);
    for id in ids {
        *places.entry(id.as_str()).or_default() += 1;
    }
    places
}

/// Returns what people are told, whatever the messages are called. Events that nobody believes
/// have no identity, so that they are counted as they come: not those.
fn told(plan: &Plan) -> Vec<(String, String)> {
    let facts = plan.notices.iter().map(|notice| &notice.facts);
    let believed = facts.filter(|facts| !facts.calls.is_empty());
    let mut told: Vec<_> = believed
        .map(|facts| (facts.subject(), facts.text()))
        .collect();
    told.sort();
    told
}

proptest! {
    #[test]
    fn every_message_is_in_one_place(batch in batch()) {
        let plan = plan(&batch, 120);
        let places = places(&plan);
        prop_assert_eq!(places.len(), batch.len());
        prop_assert!(places.values().all(|count| *count == 1), "{places:?}");
    }

    #[test]
    fn no_event_is_told_twice(batch in batch()) {
        let plan = plan(&batch, 120);
        let mut events: Vec<_> = plan.notices.iter().flat_map(|one| &one.events).collect();
        let count = events.len();
        events.sort();
        events.dedup();
        prop_assert_eq!(events.len(), count);
    }

    #[test]
    fn order_changes_nothing(
        (batch, shuffled) in batch().prop_flat_map(|batch| {
            (Just(batch.clone()), Just(batch).prop_shuffle())
        }),
    ) {
        prop_assert_eq!(told(&plan(&batch, 120)), told(&plan(&shuffled, 120)));
    }

    #[test]
    fn duplicates_change_nothing(batch in batch(), copied in prop::collection::vec(any::<prop::sample::Index>(), 1..5)) {
        prop_assume!(!batch.is_empty());
        let mut more = batch.clone();
        for (number, index) in copied.iter().enumerate() {
            let copy = index.get(&batch).clone();
            more.push(Message { id: format!("copy {number}"), ..copy });
        }
        prop_assert_eq!(told(&plan(&batch, 120)), told(&plan(&more, 120)));
    }

    /// After two minutes nothing waits any more, except notes.
    #[test]
    fn nothing_waits_for_ever(batch in batch()) {
        let plan = plan(&batch, 240);
        prop_assert!(plan.held.is_empty());
    }

    #[test]
    fn a_batch_of_anything_is_read(value in any_json()) {
        let body = value.to_string();
        let _ = Input::read(&body);
        let mut record = root("RunInstances", &json!({}));
        record["userIdentity"] = value.clone();
        record["requestParameters"] = value.clone();
        record["responseElements"] = value;
        let plan = plan(&[message("1", 0, &event(&record)), message("2", 0, &body)], 120);
        prop_assert_eq!(places(&plan).len(), 2);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        "[a-z]{0,3}",
        prop::sample::select(vec![
            "type",
            "arn",
            "accessKeyId",
            "detail",
            "source",
            "account",
            "rootguardNote",
            "session",
            "credentials",
            "name",
            "keyId",
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,10}|Root|arn:aws:iam::1:root".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}
