//! Metric filters: what turns log events of a group into values of a metric.

use filter_pattern::Pattern;
use serde_json::{Map, Value, json};

use super::{
    FILTER_PATTERN, GROUP_NAME, LIMIT, LOG_GROUPS, NEXT_TOKEN, check_exists, invalid, not_found,
    page, refused,
};
use crate::cloudwatch::UNIT;
use crate::organization::{AccountRegion, Kind, LONG_AGO, Resource};
use crate::regional;
use crate::request::Request;
use crate::wire::{
    Allowed, Failure, Shape, Structure, integer, list, member, required, text, text_of,
};

const MOST_FILTERS: usize = 100;
const MOST_DIMENSIONS: usize = 3;

const FILTER_NAME: Shape = text_of(
    Allowed::Pattern(r"[^:*]*", |text| !text.contains([':', '*'])),
    1,
    512,
);

const METRIC_NAME: Shape = text_of(
    Allowed::Pattern(r"[^:*$]*", |text| !text.contains([':', '*', '$'])),
    0,
    255,
);

const TRANSFORMATION: Shape = Shape::Structure(&[
    required("metricName", METRIC_NAME),
    required("metricNamespace", METRIC_NAME),
    required("metricValue", text(0, 100)),
    member("defaultValue", Shape::Float),
    member("dimensions", Shape::Map(&text(0, 255))),
    member("unit", UNIT),
]);

const SELECTION_CRITERIA: Shape = text(0, 2000);

const SYSTEM_FIELDS: Shape = list(&text(0, usize::MAX), 0, usize::MAX);

/// Members that `DescribeMetricFilters` returns. An organization file may also contain filters that
/// Logs would not accept today: with no transformation or several, or a pattern it cannot parse.
const METRIC_FILTER: Shape = Shape::Structure(&[
    required("filterName", FILTER_NAME),
    required("filterPattern", FILTER_PATTERN),
    member(
        "metricTransformations",
        list(&TRANSFORMATION, 0, usize::MAX),
    ),
    member("creationTime", integer(0, i64::MAX)),
    required("logGroupName", GROUP_NAME),
    member("applyOnTransformedLogs", Shape::Boolean),
    member("fieldSelectionCriteria", SELECTION_CRITERIA),
    member("emitSystemFieldDimensions", SYSTEM_FIELDS),
]);

pub(crate) const METRIC_FILTERS: Kind = Kind {
    key: "metric_filter",
    shape: &METRIC_FILTER,
    of: |account| &mut account.metric_filters,
    complete,
};

fn complete(_: &AccountRegion<'_>, members: &mut Map<String, Value>) {
    for (member, default) in [
        ("metricTransformations", json!([])),
        ("creationTime", json!(LONG_AGO.millis())),
        ("applyOnTransformedLogs", json!(false)),
    ] {
        members.entry(member).or_insert(default);
    }
}

pub(crate) const DESCRIBE_METRIC_FILTERS: Shape = Shape::Structure(&[
    member("logGroupName", GROUP_NAME),
    member("filterNamePrefix", FILTER_NAME),
    NEXT_TOKEN,
    LIMIT,
    member("metricName", METRIC_NAME),
    member("metricNamespace", METRIC_NAME),
]);

pub(crate) const PUT_METRIC_FILTER: Shape = Shape::Structure(&[
    required("logGroupName", GROUP_NAME),
    required("filterName", FILTER_NAME),
    required("filterPattern", FILTER_PATTERN),
    required("metricTransformations", list(&TRANSFORMATION, 1, 1)),
    member("applyOnTransformedLogs", Shape::Boolean),
    member("fieldSelectionCriteria", SELECTION_CRITERIA),
    member("emitSystemFieldDimensions", SYSTEM_FIELDS),
]);

pub(crate) const DELETE_METRIC_FILTER: Shape = Shape::Structure(&[
    required("logGroupName", GROUP_NAME),
    required("filterName", FILTER_NAME),
]);

pub(crate) fn describe_metric_filters(request: &Request<'_>) -> Result<Structure, Failure> {
    let group = request.text("logGroupName");
    if let Some(group) = group {
        check_exists(request, group)?;
    }
    // The prefix counts within a log group only (documented).
    let prefix = group.and(request.text("filterNamePrefix"));
    let metric = match (request.text("metricName"), request.text("metricNamespace")) {
        (Some(name), Some(namespace)) => Some((name, namespace)),
        (None, None) => None,
        _ => {
            return Err(invalid(
                "metricName and metricNamespace must be given together.",
            ));
        }
    };
    let mut filters = regional::resources(request, METRIC_FILTERS.of)?;
    filters.retain(|filter| {
        let text = |member| filter.text(member).unwrap_or_default();
        group.is_none_or(|group| group == text("logGroupName"))
            && prefix.is_none_or(|prefix| text("filterName").starts_with(prefix))
            && metric.is_none_or(|metric| publishes(filter, metric))
    });
    filters.sort_by(|one, other| one.text("filterName").cmp(&other.text("filterName")));
    let filters = filters
        .into_iter()
        .map(|filter| METRIC_FILTER.structure(&Value::Object(filter.members)));
    page(request, "metricFilters", filters.collect())
}

/// Returns true if a filter publishes to a metric of this name and namespace.
fn publishes(filter: &Resource, (name, namespace): (&str, &str)) -> bool {
    transformations(&filter.members)
        .iter()
        .any(|transformation| {
            let text = |member| transformation.get(member).and_then(Value::as_str);
            text("metricName") == Some(name) && text("metricNamespace") == Some(namespace)
        })
}

pub(super) fn transformations(members: &Map<String, Value>) -> &[Value] {
    let transformations = members.get("metricTransformations");
    let transformations = transformations.and_then(Value::as_array);
    transformations.map(Vec::as_slice).unwrap_or_default()
}

pub(crate) fn put_metric_filter(request: &Request<'_>) -> Result<Structure, Failure> {
    let group = request.text("logGroupName").unwrap_or_default();
    let name = request.text("filterName").unwrap_or_default();
    let pattern = request.text("filterPattern").unwrap_or_default();
    check_exists(request, group)?;
    check_class(request, group)?;
    Pattern::parse(pattern).map_err(|error| invalid(error.to_string()))?;
    let mut put = Resource::new(request.region, request.input.clone());
    let fields = request.texts("emitSystemFieldDimensions");
    for transformation in transformations(&put.members) {
        check_transformation(transformation, &fields)?;
    }
    let now = request.now.millis();
    put.members.insert("creationTime".to_owned(), now.into());
    complete(&regional::place(request), &mut put.members);
    regional::change(request, |account| {
        let mut filters: Vec<_> = account
            .metric_filters
            .iter_mut()
            .filter(|filter| regional::is(request, filter, "logGroupName", group))
            .collect();
        let count = filters.len();
        let known = filters
            .iter_mut()
            .find(|filter| filter.text("filterName") == Some(name));
        match known {
            Some(known) => {
                if let Some(created) = known.members.get("creationTime") {
                    put.members
                        .insert("creationTime".to_owned(), created.clone());
                }
                **known = put;
            }
            None if count >= MOST_FILTERS => {
                return Err(refused(
                    "LimitExceededException",
                    "Resource limit exceeded.",
                ));
            }
            None => account.metric_filters.push(put),
        }
        Ok(Structure::new())
    })
}

/// Refuses a group whose class has no metric filters (`logs-infrequent-access`).
fn check_class(request: &Request<'_>, group: &str) -> Result<(), Failure> {
    let mut groups = regional::resources(request, LOG_GROUPS.of)?;
    let known = regional::find(request, &mut groups, "logGroupName", group);
    match known.and_then(|known| known.text("logGroupClass")) {
        None | Some("STANDARD") => Ok(()),
        Some(class) => Err(refused(
            "InvalidOperationException",
            format!("Metric filters are not supported by log groups of class {class}."),
        )),
    }
}

/// Holds a transformation to what Logs asks of it beyond its shape.
fn check_transformation(transformation: &Value, system_fields: &[&str]) -> Result<(), Failure> {
    let value = transformation.get("metricValue").and_then(Value::as_str);
    let value = value.unwrap_or_default();
    if !value.starts_with('$') && value.parse::<f64>().is_err() {
        return Err(invalid(format!(
            "Invalid metric transformation: the metricValue {value} is neither a number nor a field."
        )));
    }
    let dimensions = transformation.get("dimensions").and_then(Value::as_object);
    let count = dimensions.map_or(0, Map::len) + system_fields.len();
    if count > MOST_DIMENSIONS {
        return Err(invalid(format!(
            "Invalid metric transformation: {count} dimensions are more than {MOST_DIMENSIONS}."
        )));
    }
    if count > 0 && transformation.get("defaultValue").is_some() {
        return Err(invalid(
            "Invalid metric transformation: dimensions and default value are mutually exclusive properties.",
        ));
    }
    let is_known = |field: &&&str| ["@aws.account", "@aws.region"].contains(*field);
    match system_fields.iter().find(|field| !is_known(field)) {
        Some(unknown) => Err(invalid(format!("{unknown} is no system field."))),
        None => Ok(()),
    }
}

pub(crate) fn delete_metric_filter(request: &Request<'_>) -> Result<Structure, Failure> {
    let group = request.text("logGroupName").unwrap_or_default();
    let name = request.text("filterName").unwrap_or_default();
    check_exists(request, group)?;
    regional::change(request, |account| {
        let filters = &mut account.metric_filters;
        let count = filters.len();
        filters.retain(|filter| {
            !regional::is(request, filter, "logGroupName", group)
                || filter.text("filterName") != Some(name)
        });
        if filters.len() == count {
            return Err(not_found("metric filter"));
        }
        Ok(Structure::new())
    })
}
