//! Event selectors of trails: `GetEventSelectors` and `PutEventSelectors`.

use serde_json::{Value, json};

use super::trail::{self, Members};
use super::{STRING, refused};
use crate::request::Request;
use crate::wire::{
    Allowed, Failure, Shape, Structure, consists_of_word_and, list, member, required, text, text_of,
};

pub(super) const EVENT_SELECTORS: Shape = list(
    &Shape::Structure(&[
        member("ReadWriteType", STRING),
        member("IncludeManagementEvents", Shape::Boolean),
        member(
            "DataResources",
            list(
                &Shape::Structure(&[
                    member("Type", STRING),
                    member("Values", list(&STRING, 0, usize::MAX)),
                ]),
                0,
                usize::MAX,
            ),
        ),
        member(
            "ExcludeManagementEventSources",
            list(&STRING, 0, usize::MAX),
        ),
    ]),
    0,
    usize::MAX,
);

const VALUES: Shape = list(&text(1, 2048), 1, usize::MAX);

pub(super) const ADVANCED_EVENT_SELECTORS: Shape = list(
    &Shape::Structure(&[
        member("Name", text(0, 1000)),
        required(
            "FieldSelectors",
            list(
                &Shape::Structure(&[
                    required(
                        "Field",
                        text_of(
                            Allowed::Pattern(r"[\w|\d|\.|_]+", |field| {
                                consists_of_word_and("|.", field)
                            }),
                            1,
                            1000,
                        ),
                    ),
                    member("Equals", VALUES),
                    member("StartsWith", VALUES),
                    member("EndsWith", VALUES),
                    member("NotEquals", VALUES),
                    member("NotStartsWith", VALUES),
                    member("NotEndsWith", VALUES),
                ]),
                1,
                usize::MAX,
            ),
        ),
    ]),
    0,
    usize::MAX,
);

pub(crate) const GET_EVENT_SELECTORS: Shape = Shape::Structure(&[required("TrailName", STRING)]);

pub(crate) const PUT_EVENT_SELECTORS: Shape = Shape::Structure(&[
    required("TrailName", STRING),
    member("EventSelectors", EVENT_SELECTORS),
    member("AdvancedEventSelectors", ADVANCED_EVENT_SELECTORS),
]);

const KINDS: [&str; 2] = ["EventSelectors", "AdvancedEventSelectors"];

const OPERATORS: [&str; 6] = [
    "Equals",
    "StartsWith",
    "EndsWith",
    "NotEquals",
    "NotStartsWith",
    "NotEndsWith",
];

/// Adds what AWS shows where nothing was said: the defaults of basic selectors, and the
/// selector of a trail that was never given any.
pub(super) fn complete_selectors(members: &mut Members) {
    if !KINDS.iter().any(|kind| members.contains_key(*kind)) {
        let everything = json!([{
            "Name": "Management events selector",
            "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}],
        }]);
        members.insert("AdvancedEventSelectors".to_owned(), everything);
    }
    let basic = members
        .get_mut("EventSelectors")
        .and_then(Value::as_array_mut);
    for selector in basic.into_iter().flatten().filter_map(Value::as_object_mut) {
        for (member, value) in [
            ("ReadWriteType", json!("All")),
            ("IncludeManagementEvents", json!(true)),
            ("DataResources", json!([])),
            ("ExcludeManagementEventSources", json!([])),
        ] {
            selector.entry(member).or_insert(value);
        }
    }
}

pub(crate) fn get_event_selectors(request: &Request<'_>) -> Result<Structure, Failure> {
    let named = request.text("TrailName").unwrap_or_default();
    let trail = trail::find_to_tell(request, named)?;
    Ok(trail.answer(&["TrailARN", "EventSelectors", "AdvancedEventSelectors"]))
}

pub(crate) fn put_event_selectors(request: &Request<'_>) -> Result<Structure, Failure> {
    request.world.trail_changes.keep(request)?;
    let named = request.text("TrailName").unwrap_or_default();
    let trail = trail::find_to_change(request, named)?;
    let given = KINDS
        .into_iter()
        .filter_map(|kind| Some((kind, request.input.get(kind)?)));
    let [(kind, selectors)] = given.collect::<Vec<_>>()[..] else {
        return Err(invalid(
            "Give either EventSelectors or AdvancedEventSelectors, and not both.",
        ));
    };
    match kind {
        "EventSelectors" => check_basic(request.list(kind))?,
        _ => check_advanced(request.list(kind))?,
    }
    let changed = trail::change(request, &trail, |members| {
        members.retain(|member, _| !KINDS.contains(&member.as_str()));
        members.insert(kind.to_owned(), selectors.clone());
        members.insert("HasCustomEventSelectors".to_owned(), json!(true));
        complete_selectors(members);
    })?;
    Ok(changed.answer(&["TrailARN", "EventSelectors", "AdvancedEventSelectors"]))
}

fn check_basic(selectors: &[Value]) -> Result<(), Failure> {
    if !(1..=5).contains(&selectors.len()) {
        return Err(invalid("A trail has from one to five event selectors."));
    }
    let mut data_resources = 0;
    for selector in selectors {
        let kind = selector["ReadWriteType"].as_str().unwrap_or("All");
        if !["ReadOnly", "WriteOnly", "All"].contains(&kind) {
            return Err(invalid(format!("'{kind}' is no ReadWriteType.")));
        }
        for source in texts(selector, "ExcludeManagementEventSources") {
            if !["kms.amazonaws.com", "rdsdata.amazonaws.com"].contains(&source) {
                return Err(invalid(format!(
                    "The management events of '{source}' cannot be excluded."
                )));
            }
        }
        let resources = selector["DataResources"].as_array();
        for resource in resources.into_iter().flatten() {
            let kind = resource["Type"].as_str().unwrap_or_default();
            let types = [
                "AWS::DynamoDB::Table",
                "AWS::Lambda::Function",
                "AWS::S3::Object",
            ];
            if !types.contains(&kind) {
                return Err(invalid(format!("'{kind}' is no type of data resource.")));
            }
            data_resources += texts(resource, "Values").count();
        }
    }
    if data_resources > 250 {
        return Err(invalid("A trail has at most 250 data resources."));
    }
    Ok(())
}

fn check_advanced(selectors: &[Value]) -> Result<(), Failure> {
    if selectors.is_empty() {
        return Err(invalid("A trail has at least one advanced event selector."));
    }
    let mut values = 0;
    for selector in selectors {
        let conditions = selector["FieldSelectors"].as_array();
        let conditions = conditions.map(Vec::as_slice).unwrap_or_default();
        if !conditions
            .iter()
            .any(|condition| condition["Field"] == "eventCategory")
        {
            return Err(invalid(
                "Every advanced event selector has a condition on eventCategory.",
            ));
        }
        for condition in conditions {
            let field = condition["Field"].as_str().unwrap_or_default();
            let mut operators = OPERATORS
                .iter()
                .filter(|operator| condition.get(**operator).is_some())
                .peekable();
            if operators.peek().is_none() {
                return Err(invalid(format!(
                    "The condition on {field} has no operator."
                )));
            }
            let only_equals = ["readOnly", "eventCategory", "resources.type"].contains(&field);
            for operator in operators {
                if only_equals && *operator != "Equals" {
                    return Err(invalid(format!(
                        "{field} can only be compared with Equals."
                    )));
                }
                values += texts(condition, operator).count();
            }
        }
    }
    if values > 500 {
        return Err(invalid(
            "The conditions of a trail have at most 500 values.",
        ));
    }
    Ok(())
}

fn texts<'a>(value: &'a Value, member: &str) -> impl Iterator<Item = &'a str> {
    let items = value.get(member).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str)
}

fn invalid(message: impl Into<String>) -> Failure {
    refused("InvalidEventSelectorsException", message)
}
