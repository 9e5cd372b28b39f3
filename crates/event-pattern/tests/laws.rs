//! Laws that hold of every pattern: decisions agree with brute force over events,
//! printing keeps the meaning, the order of members has none, nothing panics.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use event_pattern::{Class, Pattern, Verdict, decide};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

const FIELDS: &[&str] = &[
    "source",
    "detail-type",
    "account",
    "detail.eventName",
    "detail.eventType",
    "detail.readOnly",
    "detail.userIdentity.type",
    "detail.userIdentity.invokedBy",
    "detail.userIdentity.arn",
    "detail.requestParameters.n",
    "detail.sourceIPAddress",
];

const TESTS: &[&str] = &[
    "\"Root\"",
    "\"aws.signin\"",
    "\"ConsoleLogin\"",
    "\"DeleteTrail\"",
    "\"111122223333\"",
    "\"198.51.100.7\"",
    "{\"prefix\":\"aws.\"}",
    "{\"prefix\":\"A\"}",
    "{\"suffix\":\"via CloudTrail\"}",
    "{\"suffix\":{\"equals-ignore-case\":\"ROOT\"}}",
    "{\"equals-ignore-case\":\"root\"}",
    "{\"wildcard\":\"*o*\"}",
    "{\"wildcard\":\"arn:aws:iam::*:root\"}",
    "{\"anything-but\":[\"IAMUser\",\"AwsServiceEvent\"]}",
    "{\"anything-but\":{\"prefix\":\"AWS\"}}",
    "{\"anything-but\":{\"wildcard\":\"*a*\"}}",
    "{\"anything-but\":5}",
    "{\"numeric\":[\">=\",5,\"<\",7]}",
    "5",
    "5.0",
    "true",
    "false",
    "null",
    "{\"cidr\":\"198.51.100.0/24\"}",
    "{\"exists\":true}",
    "{\"exists\":false}",
    "{\"exists\":false}",
];

/// A field and its tests, as a member of a pattern.
fn member() -> impl Strategy<Value = (String, String)> {
    let tests = prop::collection::vec(select(TESTS), 1..4);
    (select(FIELDS), tests).prop_map(|(path, tests)| {
        let steps: Vec<&str> = path.split('.').collect();
        let (last, above) = steps.split_last().unwrap();
        let tests = format!("{{\"{last}\":[{}]}}", tests.join(","));
        let nested = above
            .iter()
            .rev()
            .fold(tests, |inner, step| format!("{{\"{step}\":{inner}}}"));
        (path.to_owned(), nested)
    })
}

/// Alternatives of a few fields each.
fn source() -> impl Strategy<Value = String> {
    let root = r#"{"detail":{"userIdentity":{"type":["Root"]}}}"#;
    let rule = (prop::collection::vec(member(), 1..4), any::<bool>()).prop_map(
        move |(members, with_root)| {
            let mut all: Map<String, Value> = Map::new();
            if with_root {
                merge(&mut all, serde_json::from_str(root).unwrap());
            }
            for (_, member) in members {
                merge(&mut all, serde_json::from_str(&member).unwrap());
            }
            Value::Object(all).to_string()
        },
    );
    prop::collection::vec(rule, 1..4).prop_map(|rules| match rules.as_slice() {
        [only] => only.clone(),
        rules => format!("{{\"$or\":[{}]}}", rules.join(",")),
    })
}

fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (name, value) in from {
        match (into.get_mut(&name), value) {
            (Some(Value::Object(inner)), Value::Object(value)) => merge(inner, value),
            (_, value) => {
                into.insert(name, value);
            }
        }
    }
}

fn values() -> impl Strategy<Value = Value> {
    select(vec![
        json!("Root"),
        json!("root"),
        json!("aws.signin"),
        json!("aws.iam"),
        json!("DeleteTrail"),
        json!("AwsServiceEvent"),
        json!("via CloudTrail"),
        json!("198.51.100.9"),
        json!(""),
        json!(5),
        json!(5.0),
        json!(6.5),
        json!(7),
        json!(0.123_456_7),
        json!(true),
        json!(null),
        json!(["Root", 5]),
        json!([]),
        json!({"n": 5}),
        json!([{"n": 5}, {"m": 1}]),
    ])
}

/// Events of a class: its own example with other values where anything may stand.
fn event(class: Class) -> impl Strategy<Value = Value> {
    let free = prop::collection::btree_map(
        select(vec!["requestParameters", "additionalEventData", "other"]),
        values(),
        0..3,
    );
    let texts = prop::collection::btree_map(
        select(vec!["eventName", "sourceIPAddress", "errorCode"]),
        prop::option::of(select(vec![
            "ConsoleLogin",
            "DeleteTrail",
            "198.51.100.7",
            "10.0.0.1",
            "x",
        ])),
        0..3,
    );
    let read_only = prop::option::of(any::<bool>());
    (free, texts, read_only, any::<bool>(), 0..4_usize).prop_map(move |(free, texts, read_only, has_arn, kind)| {
        let kinds = [
            ("AWS API Call via CloudTrail", "AwsApiCall"),
            ("AWS Console Sign In via CloudTrail", "AwsConsoleSignIn"),
            ("AWS Console Action via CloudTrail", "AwsConsoleAction"),
            ("AWS Service Event via CloudTrail", "AwsServiceEvent"),
        ];
        let (detail_type, event_type) = match class {
            Class::RootCalls => kinds[0],
            Class::RootSignIn => kinds[1],
            Class::Others => kinds[kind],
        };
        let identity = match class {
            Class::Others => json!({"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/root"}),
            _ => json!({"type": "Root", "accountId": "111122223333", "arn": "arn:aws:iam::111122223333:root"}),
        };
        let mut detail = json!({
            "eventName": "DeleteTrail", "eventSource": "iam.amazonaws.com", "awsRegion": "us-east-1",
            "eventType": event_type, "userIdentity": identity
        });
        for (name, value) in free {
            detail[name] = value;
        }
        for (name, text) in texts {
            match text {
                Some(text) => detail[name] = text.into(),
                None if name == "eventName" => {}
                None => drop(detail.as_object_mut().unwrap().remove(name)),
            }
        }
        if let Some(read_only) = read_only {
            detail["readOnly"] = read_only.into();
        }
        let mut source = "aws.iam";
        if class == Class::RootSignIn {
            source = "aws.signin";
            detail["eventName"] = "ConsoleLogin".into();
            detail["eventSource"] = "signin.amazonaws.com".into();
            if !has_arn {
                detail["userIdentity"].as_object_mut().unwrap().remove("arn");
            }
        }
        json!({
            "version": "0", "id": "1", "detail-type": detail_type, "source": source,
            "account": "111122223333", "time": "2026-05-04T09:12:31Z", "region": "us-east-1",
            "resources": [], "detail": detail
        })
    })
}

fn events() -> impl Strategy<Value = Vec<(Class, Value)>> {
    let one =
        select(&Class::ALL[..]).prop_flat_map(|class| event(class).prop_map(move |e| (class, e)));
    prop::collection::vec(one, 30)
}

/// The class of a witness, from its own members and not from the shapes.
fn class_of(event: &Value) -> Option<Class> {
    let detail = &event["detail"];
    let identity = &detail["userIdentity"];
    if identity["type"] != "Root" {
        return Some(Class::Others);
    }
    let is_own = identity.get("invokedBy").is_none()
        && identity.pointer("/sessionContext/assumedRoot").is_none();
    match event["detail-type"].as_str()? {
        "AWS API Call via CloudTrail" if is_own => Some(Class::RootCalls),
        "AWS Console Sign In via CloudTrail" if is_own => Some(Class::RootSignIn),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn decisions_agree_with_brute_force(source in source(), events in events()) {
        let pattern = Pattern::parse(&source).unwrap();
        let decision = decide(&pattern, None);
        for (class, event) in &events {
            let matched = pattern.matches_event(event);
            if matched {
                prop_assert_ne!(decision.matches(*class).verdict, Verdict::No, "{} {}", source, event);
            } else {
                prop_assert_ne!(decision.covers(*class).verdict, Verdict::Yes, "{} {}", source, event);
            }
        }
        for class in Class::ALL {
            for (answer, matched) in [(decision.covers(class), false), (decision.matches(class), true)] {
                if let Some(witness) = &answer.witness {
                    prop_assert_eq!(pattern.matches_event(witness), matched);
                    prop_assert_eq!(class_of(witness), Some(class), "{} {}", source, witness);
                }
            }
        }
    }

    #[test]
    fn printing_keeps_the_meaning(source in source(), events in events()) {
        let pattern = Pattern::parse(&source).unwrap();
        let printed = Pattern::parse(&pattern.to_string()).unwrap();
        prop_assert_eq!(printed.to_string(), pattern.to_string());
        for (_, event) in &events {
            prop_assert_eq!(printed.matches_event(event), pattern.matches_event(event), "{} {}", source, event);
        }
    }

    #[test]
    fn another_alternative_matches_no_less(one in source(), other in source(), events in events()) {
        let either = Pattern::parse(&format!("{{\"$or\":[{one},{other}]}}")).unwrap();
        let [one, other] = [one, other].map(|source| Pattern::parse(&source).unwrap());
        for (_, event) in &events {
            let matched = one.matches_event(event) || other.matches_event(event);
            prop_assert_eq!(either.matches_event(event), matched, "{} {}", either, event);
        }
    }

    #[test]
    fn parsing_never_panics(source in "\\PC{0,60}") {
        if let Err(error) = Pattern::parse(&source) {
            prop_assert!(source.is_char_boundary(error.offset()));
        }
    }

    #[test]
    fn parsing_what_is_nearly_a_pattern_never_panics(source in source(), at in any::<prop::sample::Index>(), with in "\\PC?") {
        let at = at.index(source.len() + 1);
        if source.is_char_boundary(at) {
            let broken = format!("{}{with}{}", &source[..at], source.get(at + 1..).unwrap_or_default());
            if let Err(error) = Pattern::parse(&broken) {
                prop_assert!(broken.is_char_boundary(error.offset()));
            }
        }
    }
}
