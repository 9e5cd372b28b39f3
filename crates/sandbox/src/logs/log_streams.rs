//! Log streams, and the events that are put into them: what the metric filters of the
//! group match goes to their metrics, and the alarms on these follow. The events
//! themselves are not kept.

use std::collections::BTreeMap;

use std::time::Duration;

use filter_pattern::Pattern;
use serde_json::{Map, Value, json};

use super::metric_filters::transformations;
use super::{
    GROUP_NAME, LIMIT, METRIC_FILTERS, NEXT_TOKEN, check_exists, invalid, not_found, page, refused,
};
use crate::Timestamp;
use crate::cloudwatch::{self, MetricName, NO_UNIT, Sample};
use crate::operations::Needed;
use crate::organization::{AccountRegion, Kind, LONG_AGO, Resource};
use crate::regional;
use crate::request::Request;
use crate::wire::{
    Allowed, Failure, Shape, Structure, integer, list, member, one_of, required, text, text_of,
};

/// Maximum age of an event, and maximum lead over the clock.
const OLDEST: Duration = Duration::from_hours(14 * 24);
const NEWEST: Duration = Duration::from_hours(2);

const STREAM_NAME: Shape = text_of(
    Allowed::Pattern("[^:*]*", |text| !text.contains([':', '*'])),
    1,
    512,
);

const TIME: Shape = integer(0, i64::MAX);

/// Members that `DescribeLogStreams` returns, and the group.
const LOG_STREAM: Shape = Shape::Structure(&[
    required("logGroupName", GROUP_NAME),
    required("logStreamName", STREAM_NAME),
    member("creationTime", TIME),
    member("firstEventTimestamp", TIME),
    member("lastEventTimestamp", TIME),
    member("lastIngestionTime", TIME),
    member("uploadSequenceToken", text(1, usize::MAX)),
    member("arn", text(0, usize::MAX)),
    member("storedBytes", TIME),
]);

pub(crate) const LOG_STREAMS: Kind = Kind {
    key: "log_stream",
    shape: &LOG_STREAM,
    of: |account| &mut account.log_streams,
    complete,
};

fn complete(place: &AccountRegion<'_>, members: &mut Map<String, Value>) {
    let text = |member: &str| {
        members
            .get(member)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let (group, stream) = (text("logGroupName"), text("logStreamName"));
    let arn = place.arn("logs", &format!("log-group:{group}:log-stream:{stream}"));
    members.insert("arn".to_owned(), arn.into());
    for (member, default) in [
        ("creationTime", json!(LONG_AGO.millis())),
        ("uploadSequenceToken", json!("0")),
        ("storedBytes", json!(0)),
    ] {
        members.entry(member).or_insert(default);
    }
}

/// The input of operations about one stream.
pub(crate) const OF_LOG_STREAM: Shape = Shape::Structure(&[
    required("logGroupName", GROUP_NAME),
    required("logStreamName", STREAM_NAME),
]);

pub(crate) const DESCRIBE_LOG_STREAMS: Shape = Shape::Structure(&[
    member("logGroupName", GROUP_NAME),
    member("logGroupIdentifier", text(1, 2048)),
    member("logStreamNamePrefix", STREAM_NAME),
    member("orderBy", one_of(&["LogStreamName", "LastEventTime"])),
    member("descending", Shape::Boolean),
    NEXT_TOKEN,
    LIMIT,
]);

pub(crate) const PUT_LOG_EVENTS: Shape = Shape::Structure(&[
    required("logGroupName", GROUP_NAME),
    required("logStreamName", STREAM_NAME),
    required(
        "logEvents",
        list(
            &Shape::Structure(&[
                required("timestamp", TIME),
                required("message", text(1, usize::MAX)),
            ]),
            1,
            10_000,
        ),
    ),
    member("sequenceToken", text(1, usize::MAX)),
    member(
        "entity",
        Shape::Structure(&[
            member("keyAttributes", Shape::Map(&text(1, 512))),
            member("attributes", Shape::Map(&text(1, 512))),
        ]),
    ),
]);

/// The stream that an operation is about.
pub(crate) fn log_stream(request: &Request<'_>) -> Vec<Needed> {
    let text = |member: &str| request.text(member).unwrap_or_default();
    let (group, stream) = (text("logGroupName"), text("logStreamName"));
    let resource = format!("log-group:{group}:log-stream:{stream}");
    vec![Needed::on(
        request,
        regional::place(request).arn("logs", &resource),
    )]
}

/// The group whose streams are asked for: by name, or by an ARN that ends in it.
fn named_group<'a>(request: &'a Request<'_>) -> Option<&'a str> {
    let identifier = request.text("logGroupIdentifier");
    let of_identifier = identifier.map(|text| text.rsplit(':').next().unwrap_or(text));
    request.text("logGroupName").or(of_identifier)
}

/// The group whose streams are asked for.
pub(crate) fn group_of_streams(request: &Request<'_>) -> Vec<Needed> {
    let group = named_group(request).unwrap_or_default();
    let resource = format!("log-group:{group}:log-stream:");
    vec![Needed::on(
        request,
        regional::place(request).arn("logs", &resource),
    )]
}

pub(crate) fn create_log_stream(request: &Request<'_>) -> Result<Structure, Failure> {
    let group = request.text("logGroupName").unwrap_or_default();
    let name = request.text("logStreamName").unwrap_or_default();
    check_exists(request, group)?;
    let mut stream = Resource::new(request.region, request.input.clone());
    let now = request.now.millis();
    stream.members.insert("creationTime".to_owned(), now.into());
    complete(&regional::place(request), &mut stream.members);
    regional::change(request, |account| {
        if find(request, &mut account.log_streams, group, name).is_some() {
            return Err(refused(
                "ResourceAlreadyExistsException",
                "The specified log stream already exists",
            ));
        }
        account.log_streams.push(stream);
        Ok(Structure::new())
    })
}

fn find<'a>(
    request: &Request<'_>,
    streams: &'a mut [Resource],
    group: &str,
    name: &str,
) -> Option<&'a mut Resource> {
    let mut streams = streams
        .iter_mut()
        .filter(|stream| regional::is(request, stream, "logGroupName", group));
    streams.find(|stream| stream.text("logStreamName") == Some(name))
}

pub(crate) fn describe_log_streams(request: &Request<'_>) -> Result<Structure, Failure> {
    let by_time = request.text("orderBy") == Some("LastEventTime");
    let prefix = request.text("logStreamNamePrefix");
    if by_time && prefix.is_some() {
        return Err(invalid(
            "Cannot order by LastEventTime with a logStreamNamePrefix.",
        ));
    }
    if request.text("logGroupName").is_some() && request.text("logGroupIdentifier").is_some() {
        return Err(invalid(
            "logGroupName and logGroupIdentifier are mutually exclusive.",
        ));
    }
    let group = named_group(request).ok_or_else(|| invalid("logGroupName is required."))?;
    check_exists(request, group)?;
    let mut streams = regional::resources(request, LOG_STREAMS.of)?;
    streams.retain(|stream| {
        let name = stream.text("logStreamName").unwrap_or_default();
        stream.text("logGroupName") == Some(group)
            && prefix.is_none_or(|prefix| name.starts_with(prefix))
    });
    streams.sort_by_key(|stream| {
        let last = stream
            .members
            .get("lastEventTimestamp")
            .and_then(Value::as_i64);
        let name = stream.text("logStreamName").unwrap_or_default().to_owned();
        (by_time.then_some(last), name)
    });
    if request.input.get("descending") == Some(&Value::Bool(true)) {
        streams.reverse();
    }
    let shown = streams.into_iter().map(|mut stream| {
        stream.members.remove("logGroupName");
        LOG_STREAM.structure(&Value::Object(stream.members))
    });
    page(request, "logStreams", shown.collect())
}

pub(crate) fn put_log_events(request: &Request<'_>) -> Result<Structure, Failure> {
    let group = request.text("logGroupName").unwrap_or_default();
    let name = request.text("logStreamName").unwrap_or_default();
    check_exists(request, group)?;
    let now = request.now.millis();
    let ms = |by: Duration| i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    let events: Vec<(i64, &str)> = request
        .list("logEvents")
        .iter()
        .filter_map(|event| {
            Some((
                event.get("timestamp")?.as_i64()?,
                event.get("message")?.as_str()?,
            ))
        })
        .collect();
    if events
        .windows(2)
        .any(|pair| matches!(pair, [one, next] if one.0 > next.0))
    {
        return Err(invalid(
            "Log events in a single PutLogEvents request must be in chronological order.",
        ));
    }
    let too_old = events
        .iter()
        .take_while(|(time, _)| *time < now - ms(OLDEST))
        .count();
    let in_time = events
        .iter()
        .take_while(|(time, _)| *time <= now + ms(NEWEST))
        .count();
    let too_new = (in_time < events.len()).then_some(in_time);
    let accepted = events.get(too_old..in_time).unwrap_or_default();
    let published = published(request, group, accepted)?;
    regional::change(request, |account| {
        let stream = find(request, &mut account.log_streams, group, name)
            .ok_or_else(|| not_found("log stream"))?;
        let mut set = |member: &str, value: i64| {
            stream.members.insert(member.to_owned(), value.into());
        };
        if let (Some((first, _)), Some((last, _))) = (accepted.first(), accepted.last()) {
            set("lastEventTimestamp", *last);
            set("lastIngestionTime", now);
            stream
                .members
                .entry("firstEventTimestamp")
                .or_insert((*first).into());
        }
        Ok(())
    })?;
    for (metric, sample) in published {
        request.world.metrics.publish(metric, sample);
    }
    cloudwatch::evaluate(request)?;
    let index = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let old = (too_old > 0).then(|| index(too_old - 1));
    let rejected = (old.is_some() || too_new.is_some()).then(|| {
        Structure::new()
            .with_some("tooNewLogEventStartIndex", too_new.map(index))
            .with_some("tooOldLogEventEndIndex", old)
    });
    Ok(Structure::new()
        .with("nextSequenceToken", "0")
        .with_some("rejectedLogEventsInfo", rejected))
}

/// Publishes the values that the filters of a group make of log events. Default values stand for
/// minutes in which none matches, so they are published where the metric has nothing yet.
fn published(
    request: &Request<'_>,
    group: &str,
    events: &[(i64, &str)],
) -> Result<Vec<(MetricName, Sample)>, Failure> {
    let mut published = Vec::new();
    for filter in regional::resources(request, METRIC_FILTERS.of)? {
        if filter.text("logGroupName") != Some(group) {
            continue;
        }
        let pattern = filter.text("filterPattern").unwrap_or_default();
        // An organization file may have a pattern that Logs would refuse: it matches nothing.
        let Ok(pattern) = Pattern::parse(pattern) else {
            continue;
        };
        let matches = events
            .iter()
            .filter(|(_, message)| pattern.matches(message))
            .count();
        for transformation in transformations(&filter.members) {
            let text = |member: &str| transformation.get(member).and_then(Value::as_str);
            let has = |value: Option<&Value>| value.is_some_and(|value| !is_empty(value));
            if has(transformation.get("dimensions"))
                || ["emitSystemFieldDimensions", "fieldSelectionCriteria"]
                    .iter()
                    .any(|member| has(filter.members.get(*member)))
                || filter.members.get("applyOnTransformedLogs") == Some(&Value::Bool(true))
            {
                return Err(Failure::not_implemented(
                    "log events for filters with dimensions, system fields or transformed logs",
                ));
            }
            let metric = MetricName {
                account: request.account().to_owned(),
                region: request.region.to_owned(),
                namespace: text("metricNamespace").unwrap_or_default().to_owned(),
                name: text("metricName").unwrap_or_default().to_owned(),
                dimensions: BTreeMap::new(),
            };
            cloudwatch::check_evaluable(request, &metric)?;
            // A value that is a field, such as `$.value`, is none that records have.
            let value = text("metricValue").and_then(|value| value.parse::<f64>().ok());
            let default = transformation.get("defaultValue").and_then(Value::as_f64);
            let (value, times) = match (matches, default) {
                (0, Some(default)) if is_new(request, &metric) => (Some(default), 1),
                (count, _) => (value, count),
            };
            let unit = text("unit").unwrap_or(NO_UNIT);
            let sample = value.map(|value| Sample {
                time: request.now,
                value,
                unit: unit.to_owned(),
            });
            let samples = std::iter::repeat_n(sample, times).flatten();
            published.extend(samples.map(|sample| (metric.clone(), sample)));
        }
    }
    Ok(published)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// Returns true if the metric has nothing in the present minute.
fn is_new(request: &Request<'_>, metric: &MetricName) -> bool {
    let minute = |time: Timestamp| time.millis().div_euclid(60_000);
    let samples = request.world.metrics.samples(metric);
    !samples
        .iter()
        .any(|sample| minute(sample.time) == minute(request.now))
}
