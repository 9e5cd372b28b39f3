//! CloudWatch Logs: log groups, their streams, and their metric filters, through which log
//! events go to metrics.

mod log_groups;
mod log_streams;
mod metric_filters;
mod pattern_test;

use hyper::StatusCode;

use crate::operations::Needed;
use crate::paging::Page;
use crate::regional;
use crate::request::Request;
use crate::wire::{
    Allowed, Failure, Member, Output, Shape, Structure, consists_of_word_and, integer, member,
    text, text_of,
};

pub(crate) use log_groups::{
    CREATE_LOG_GROUP, DESCRIBE_LOG_GROUPS, LIST_TAGS, LOG_GROUPS, OF_LOG_GROUP,
    PUT_RETENTION_POLICY, create_log_group, created_log_group, delete_log_group,
    describe_log_groups, list_tags_for_resource, put_retention_policy, tagged,
};
pub(crate) use log_streams::{
    DESCRIBE_LOG_STREAMS, LOG_STREAMS, OF_LOG_STREAM, PUT_LOG_EVENTS, create_log_stream,
    describe_log_streams, group_of_streams, log_stream, put_log_events,
};
pub(crate) use metric_filters::{
    DELETE_METRIC_FILTER, DESCRIBE_METRIC_FILTERS, METRIC_FILTERS, PUT_METRIC_FILTER,
    delete_metric_filter, describe_metric_filters, put_metric_filter,
};
pub(crate) use pattern_test::{TEST_METRIC_FILTER, test_metric_filter};

const GROUP_NAME: Shape = text_of(
    Allowed::Pattern(r"[\.\-_/#A-Za-z0-9]+", |text| {
        consists_of_word_and(".-/#", text)
    }),
    1,
    512,
);

const FILTER_PATTERN: Shape = text(0, 1024);

/// Of every list.
const LIMIT: Member = member("limit", integer(1, 50));
const NEXT_TOKEN: Member = member("nextToken", text(1, usize::MAX));

/// The log group that an operation is about; all of them when it names none. Logs checks
/// a permission on the streams in a group: a policy needs the ARN that ends in `:*`.
pub(crate) fn log_group(request: &Request<'_>) -> Vec<Needed> {
    let name = request.text("logGroupName").unwrap_or_default();
    let resource = format!("log-group:{name}:log-stream:");
    let arn = regional::place(request).arn("logs", &resource);
    vec![Needed::on(request, arn)]
}

fn refused(code: &'static str, message: impl Into<String>) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, code, message)
}

fn invalid(message: impl Into<String>) -> Failure {
    refused("InvalidParameterException", message)
}

fn not_found(what: &str) -> Failure {
    refused(
        "ResourceNotFoundException",
        format!("The specified {what} does not exist."),
    )
}

/// Refuses what names a log group that does not exist.
fn check_exists(request: &Request<'_>, group: &str) -> Result<(), Failure> {
    let mut groups = regional::resources(request, LOG_GROUPS.of)?;
    regional::find(request, &mut groups, "logGroupName", group)
        .map(|_| ())
        .ok_or_else(|| not_found("log group"))
}

/// A page of a list.
fn page(
    request: &Request<'_>,
    name: &'static str,
    items: Vec<Structure>,
) -> Result<Structure, Failure> {
    let size = request.size("limit").unwrap_or(50);
    let page = Page::cut(request, items, request.text("nextToken"), size)
        .ok_or_else(|| invalid("The specified nextToken is invalid."))?;
    Ok(Structure::new()
        .with(name, Output::List(page.items))
        .with_some("nextToken", page.next))
}
