//! Completed selectors log every management event, and data events as before.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use trails::{
    AdvancedEventSelector, CompletionError, DataResource, EventSelector, EventSelectors,
    FieldSelector, ReadWriteType,
};

const SOURCES: [&str; 2] = ["kms.amazonaws.com", "rdsdata.amazonaws.com"];

fn sources() -> impl Strategy<Value = Vec<String>> {
    subsequence(&SOURCES[..], 0..=2).prop_map(|some| some.into_iter().map(str::to_owned).collect())
}

fn basic() -> impl Strategy<Value = EventSelector> {
    let kinds = vec![
        ReadWriteType::All,
        ReadWriteType::ReadOnly,
        ReadWriteType::WriteOnly,
    ];
    (select(kinds), any::<bool>(), sources(), any::<bool>()).prop_map(
        |(read_write_type, include_management_events, excluded, data)| EventSelector {
            read_write_type,
            include_management_events,
            exclude_management_event_sources: excluded,
            data_resources: if data {
                vec![DataResource {
                    kind: "AWS::S3::Object".to_owned(),
                    values: vec!["arn:aws:s3".to_owned()],
                }]
            } else {
                vec![]
            },
        },
    )
}

fn condition(field: &str, equals: &[&str], not_equals: Vec<String>) -> FieldSelector {
    FieldSelector {
        field: field.to_owned(),
        equals: equals.iter().map(ToString::to_string).collect(),
        not_equals,
        ..FieldSelector::default()
    }
}

fn advanced() -> impl Strategy<Value = AdvancedEventSelector> {
    let narrowing = prop_oneof![
        Just(vec![]),
        Just(vec![condition("readOnly", &["true"], vec![])]),
        Just(vec![condition("eventName", &["Decrypt"], vec![])]),
        Just(vec![condition(
            "eventSource",
            &["iam.amazonaws.com"],
            vec![]
        )]),
        sources()
            .prop_filter("an operator", |s| !s.is_empty())
            .prop_map(|sources| vec![condition("eventSource", &[], sources)]),
    ];
    (any::<bool>(), narrowing).prop_map(|(management, narrowing)| {
        let category = if management { "Management" } else { "Data" };
        let mut field_selectors = vec![condition("eventCategory", &[category], vec![])];
        field_selectors.extend(narrowing);
        AdvancedEventSelector {
            name: None,
            field_selectors,
        }
    })
}

fn selectors() -> impl Strategy<Value = EventSelectors> {
    prop_oneof![
        vec(basic(), 0..=5).prop_map(|basic| EventSelectors {
            basic,
            advanced: vec![]
        }),
        vec(advanced(), 1..=3).prop_map(|advanced| EventSelectors {
            basic: vec![],
            advanced
        }),
    ]
}

fn has_data(selector: &EventSelector) -> bool {
    !selector.data_resources.is_empty()
}

proptest! {
    #[test]
    fn everything_is_logged_that_was_not_allowed_to_be_left_out(
        before in selectors(),
        allowed in sources(),
    ) {
        match before.completed(&allowed) {
            Ok(completion) => {
                let after = completion.selectors;
                prop_assert!(after.logs_every_management_event(&allowed));
                prop_assert!(after.basic.len() <= 5);
                // Done once, it is done.
                if before.logs_every_management_event(&[]) {
                    prop_assert!(after.logs_every_management_event(&[]));
                }
            }
            // Five with data events, none of them for reads and writes, all alike.
            Err(error) => {
                prop_assert_eq!(error, CompletionError::NoRoom);
                prop_assert_eq!(before.basic.len(), 5);
                prop_assert!(before.basic.iter().all(has_data));
                let kind = before.basic[0].read_write_type;
                prop_assert!(before.basic.iter().all(|s| s.read_write_type == kind));
            }
        }
    }

    #[test]
    fn data_events_are_logged_as_before(before in selectors(), allowed in sources()) {
        let Ok(completion) = before.completed(&allowed) else { return Ok(()); };
        let data = |selectors: &EventSelectors| -> Vec<_> {
            let basic = selectors.basic.iter().filter(|s| has_data(s));
            basic.map(|s| (s.read_write_type, s.data_resources.clone())).collect()
        };
        prop_assert_eq!(data(&before), data(&completion.selectors));
        let of_data = |selectors: &EventSelectors| -> Vec<_> {
            let is_data = |s: &&AdvancedEventSelector| s.field_selectors[0].equals == ["Data"];
            selectors.advanced.iter().filter(is_data).cloned().collect()
        };
        prop_assert_eq!(of_data(&before), of_data(&completion.selectors));
    }

    /// What costs is said to cost: events are logged that somebody left out by name.
    #[test]
    fn an_exclusion_is_not_lifted_in_silence(before in vec(basic(), 1..=5)) {
        let before = EventSelectors { basic: before, advanced: vec![] };
        let Ok(completion) = before.completed(&[]) else { return Ok(()); };
        let excluded = |selectors: &EventSelectors| -> usize {
            let basic = selectors.basic.iter();
            basic.map(|s| s.exclude_management_event_sources.len()).sum()
        };
        let lifted = excluded(&completion.selectors) < excluded(&before);
        prop_assert_eq!(completion.lifts_exclusion, lifted);
    }
}

#[test]
fn a_kind_that_is_not_known_is_not_sent_again() {
    let mut selectors = EventSelectors::default();
    selectors.basic.push(EventSelector {
        read_write_type: ReadWriteType::Unknown,
        include_management_events: true,
        exclude_management_event_sources: vec![],
        data_resources: vec![],
    });
    assert_eq!(selectors.completed(&[]), Err(CompletionError::UnknownKind));
    let strange = condition("eventCategory", &[], vec![]);
    let selectors = EventSelectors {
        basic: vec![],
        advanced: vec![AdvancedEventSelector {
            name: None,
            field_selectors: vec![strange],
        }],
    };
    assert_eq!(selectors.completed(&[]), Err(CompletionError::UnknownKind));
}
