//! CloudTrail, as far as trails: what they are, what they do, what they select.
//!
//! A trail is one resource in its home Region. What shows of it elsewhere, in other
//! Regions and in other accounts of the organization, is looked up when somebody asks.

mod describe;
mod lifecycle;
mod logging;
mod name;
mod pace;
mod selectors;
mod settings;
mod trail;

use hyper::StatusCode;

use crate::operations::{Context, Needed, resource_named};
use crate::policy::Document;
use crate::request::Request;
use crate::wire::{Failure, Shape, required, text};

pub(crate) use describe::{
    DESCRIBE_TRAILS, LIST_TAGS, LIST_TRAILS, describe_trails, get_trail, list_tags, list_trails,
};
pub(crate) use lifecycle::{CREATE_TRAIL, UPDATE_TRAIL, create_trail, delete_trail, update_trail};
pub(crate) use logging::{get_trail_status, start_logging, stop_logging};
pub(crate) use pace::Pace;
pub(crate) use selectors::{
    GET_EVENT_SELECTORS, PUT_EVENT_SELECTORS, get_event_selectors, put_event_selectors,
};
pub(crate) use trail::KIND;

/// A text that AWS's model does not limit.
const STRING: Shape = text(0, usize::MAX);

/// The input of operations about one trail.
pub(crate) const OF_TRAIL: Shape = Shape::Structure(&[required("Name", STRING)]);

/// The trail that is named.
pub(crate) fn trail(request: &Request<'_>) -> Vec<Needed> {
    let named = request.text("Name").or_else(|| request.text("TrailName"));
    vec![on_trail(request, named.unwrap_or_default())]
}

/// The trails whose tags are asked for.
pub(crate) fn tagged_trails(request: &Request<'_>) -> Vec<Needed> {
    let named = request.texts("ResourceIdList").into_iter();
    named.map(|named| on_trail(request, named)).collect()
}

/// The trail that is made or changed, and the role that CloudTrail is to write to a log
/// group with.
pub(crate) fn trail_and_role(request: &Request<'_>) -> Vec<Needed> {
    let mut needs = trail(request);
    if let Some(role) = passed_role(request) {
        needs.push(Needed {
            action: "iam:PassRole",
            ..Needed::on(request, resource_named(role))
        });
    }
    needs
}

pub(crate) fn passed_to_cloudtrail(request: &Request<'_>) -> Context {
    let service = vec!["cloudtrail.amazonaws.com".to_owned()];
    passed_role(request)
        .map(|_| ("iam:PassedToService".to_owned(), service))
        .into_iter()
        .collect()
}

fn passed_role<'a>(request: &'a Request<'_>) -> Option<&'a str> {
    let role = request.text("CloudWatchLogsRoleArn");
    role.filter(|role| !role.is_empty())
}

fn on_trail(request: &Request<'_>, named: &str) -> Needed {
    let Ok(arn) = name::arn_of(request, named) else {
        return Needed::on(request, "*");
    };
    let foreign = name::owner_in(&arn) != request.account();
    Needed {
        policy: foreign.then(anybody).flatten(),
        ..Needed::on(request, arn)
    }
}

/// Trails have no policies. What members of an organization are told of its trails is
/// for CloudTrail to say, and their own policies decide whether they may ask.
fn anybody() -> Option<Document> {
    Document::parse(
        r#"{"Version": "2012-10-17", "Statement":
            {"Effect": "Allow", "Principal": "*", "Action": "cloudtrail:*", "Resource": "*"}}"#,
    )
    .ok()
}

/// An error of CloudTrail: they all come with status 400.
fn refused(code: &'static str, message: impl Into<String>) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, code, message)
}
