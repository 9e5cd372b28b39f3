//! Whether selectors log every management event: agreement with trying every
//! event of a small universe.
#![allow(clippy::unwrap_used, reason = "test")]

use proptest::prelude::*;
use trails::{AdvancedEventSelector, EventSelector, EventSelectors, FieldSelector, ReadWriteType};

/// The value of a field of an event, if it has the field.
type Event<'a> = [(&'a str, Option<&'a str>); 4];

/// CloudTrail's rule, word by word.
fn is_selected(selectors: &EventSelectors, event: &Event) -> bool {
    let value = |field: &str| event.iter().find(|(name, _)| *name == field).unwrap().1;
    let basic = selectors.basic.iter().any(|selector| {
        let kind = match selector.read_write_type {
            ReadWriteType::All => true,
            ReadWriteType::ReadOnly => value("readOnly") == Some("true"),
            ReadWriteType::WriteOnly => value("readOnly") == Some("false"),
            ReadWriteType::Unknown => false,
        };
        let source = value("eventSource").unwrap();
        let excluded = &selector.exclude_management_event_sources;
        selector.include_management_events && kind && !excluded.iter().any(|text| text == source)
    });
    let holds = |condition: &FieldSelector| {
        let value = match condition.field.as_str() {
            "eventCategory" => Some("Management"),
            field => value(field),
        };
        value.is_some_and(|value| {
            (condition.equals.is_empty() || condition.equals.iter().any(|text| text == value))
                && (condition.starts_with.is_empty()
                    || condition
                        .starts_with
                        .iter()
                        .any(|text| value.starts_with(text)))
                && (condition.ends_with.is_empty()
                    || condition.ends_with.iter().any(|text| value.ends_with(text)))
                && condition.not_equals.iter().all(|text| text != value)
                && !condition
                    .not_starts_with
                    .iter()
                    .any(|text| value.starts_with(text))
                && !condition
                    .not_ends_with
                    .iter()
                    .any(|text| value.ends_with(text))
        })
    };
    basic
        || selectors
            .advanced
            .iter()
            .any(|selector| selector.field_selectors.iter().all(holds))
}

/// Every text of a, b and c with at most `length` letters.
fn texts(length: usize) -> Vec<String> {
    let mut texts = vec![String::new()];
    let mut longest = texts.clone();
    for _ in 0..length {
        let longer = |text: &String| ["a", "b", "c"].map(|letter| format!("{text}{letter}"));
        longest = longest.iter().flat_map(longer).collect();
        texts.extend(longest.iter().cloned());
    }
    texts
}

/// Returns whether every event of a universe is selected that is large enough to show
/// any difference that the generated conditions can make: a letter that no
/// condition names fits between the longest prefix and the longest suffix.
fn every_event_is_selected(selectors: &EventSelectors, allowed: &[String]) -> bool {
    let (sources, names) = (texts(5), texts(3));
    let sources = sources.iter().filter(|source| !allowed.contains(source));
    let mut events = sources.flat_map(|source| {
        names.iter().flat_map(move |name| {
            ["true", "false"].into_iter().flat_map(move |read_only| {
                [None, Some("a")].map(|arn| -> Event<'_> {
                    [
                        ("eventSource", Some(source)),
                        ("eventName", Some(name)),
                        ("readOnly", Some(read_only)),
                        ("userIdentity.arn", arn),
                    ]
                })
            })
        })
    });
    events.all(|event| is_selected(selectors, &event))
}

fn some_of(values: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    proptest::sample::subsequence(values, 1..=values.len())
        .prop_map(|values| values.into_iter().map(str::to_owned).collect())
}

/// A condition with one operator or two.
fn condition(
    field: &'static str,
    values: &'static [&'static str],
) -> impl Strategy<Value = FieldSelector> {
    let operand = (0..6_usize, some_of(values));
    proptest::collection::vec(operand, 1..=2).prop_map(move |operands| {
        let mut condition = FieldSelector {
            field: field.to_owned(),
            ..FieldSelector::default()
        };
        for (operator, values) in operands {
            *match operator {
                0 => &mut condition.equals,
                1 => &mut condition.starts_with,
                2 => &mut condition.ends_with,
                3 => &mut condition.not_equals,
                4 => &mut condition.not_starts_with,
                _ => &mut condition.not_ends_with,
            } = values;
        }
        condition
    })
}

fn advanced_selector() -> impl Strategy<Value = AdvancedEventSelector> {
    let equals = |field: &'static str, values: &'static [&'static str]| {
        some_of(values).prop_map(move |equals| FieldSelector {
            field: field.to_owned(),
            equals,
            ..FieldSelector::default()
        })
    };
    let category = prop_oneof![
        4 => Just(["Management"].as_slice()),
        1 => Just(["Data"].as_slice()),
    ]
    .prop_map(|values| FieldSelector {
        field: "eventCategory".to_owned(),
        equals: values.iter().copied().map(str::to_owned).collect(),
        ..FieldSelector::default()
    });
    let optional = |strategy| proptest::option::weighted(0.4, strategy);
    (
        category,
        optional(equals("readOnly", &["true", "false"]).boxed()),
        optional(condition("eventSource", &["a", "ab", "b"]).boxed()),
        optional(condition("eventName", &["a", "b"]).boxed()),
        proptest::option::weighted(0.05, condition("userIdentity.arn", &["a"])),
    )
        .prop_map(|(category, read_only, source, name, other)| {
            let optional = [read_only, source, name, other];
            AdvancedEventSelector {
                name: None,
                field_selectors: std::iter::once(category)
                    .chain(optional.into_iter().flatten())
                    .collect(),
            }
        })
}

fn basic_selector() -> impl Strategy<Value = EventSelector> {
    let kind = prop_oneof![
        Just(ReadWriteType::All),
        Just(ReadWriteType::ReadOnly),
        Just(ReadWriteType::WriteOnly),
    ];
    let excluded = prop_oneof![Just(vec![]), some_of(&["a", "b"])];
    (kind, proptest::bool::weighted(0.8), excluded).prop_map(
        |(read_write_type, include_management_events, exclude_management_event_sources)| {
            EventSelector {
                read_write_type,
                include_management_events,
                exclude_management_event_sources,
                data_resources: vec![],
            }
        },
    )
}

fn selectors() -> impl Strategy<Value = EventSelectors> {
    let (advanced, basic) = (advanced_selector(), basic_selector());
    prop_oneof![
        3 => proptest::collection::vec(advanced, 0..=4)
            .prop_map(|advanced| EventSelectors { basic: vec![], advanced }),
        1 => proptest::collection::vec(basic, 0..=3)
            .prop_map(|basic| EventSelectors { basic, advanced: vec![] }),
    ]
}

proptest! {
    #[test]
    fn agrees_with_trying_every_event(
        selectors in selectors(),
        allowed in prop_oneof![Just(vec![]), some_of(&["a", "b"])],
    ) {
        prop_assert_eq!(
            selectors.logs_every_management_event(&allowed),
            every_event_is_selected(&selectors, &allowed),
            "{:?}", selectors.management_event_hole(&allowed)
        );
    }

    /// CloudTrail logs an event if any selector selects it.
    #[test]
    fn another_selector_never_opens_a_hole(
        complete in selectors().prop_filter("complete", |selectors| {
            selectors.logs_every_management_event(&[])
        }),
        more in proptest::collection::vec(advanced_selector(), 1..=3),
    ) {
        let mut selectors = complete;
        selectors.advanced.extend(more);
        prop_assert!(selectors.logs_every_management_event(&[]));
    }
}
