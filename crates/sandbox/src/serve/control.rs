//! Faults and recorded calls over HTTP, for tests in other languages.
//!
//! | request | does |
//! |---|---|
//! | `POST /_sandbox/faults` | injects the fault in the body |
//! | `DELETE /_sandbox/faults` | takes back every injected fault |
//! | `GET /_sandbox/calls` | lists every call |
//! | `DELETE /_sandbox/calls` | forgets them |

use hyper::body::Bytes;
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};

use crate::world::World;

/// Returns the path of a request to the sandbox itself; `None` for requests to AWS.
pub(super) fn path(parts: &Parts) -> Option<&str> {
    parts.uri.path().strip_prefix("/_sandbox/")
}

/// Answers a request to the sandbox itself.
pub(super) fn answer(world: &World, method: &Method, path: &str, body: &Bytes) -> Response<Bytes> {
    match (path, method) {
        ("faults", &Method::POST) => match serde_json::from_slice(body) {
            Ok(fault) => {
                world.faults.inject(fault);
                respond(StatusCode::NO_CONTENT, String::new())
            }
            Err(error) => respond(StatusCode::BAD_REQUEST, error.to_string()),
        },
        ("faults", &Method::DELETE) => {
            world.faults.clear();
            respond(StatusCode::NO_CONTENT, String::new())
        }
        ("calls", &Method::GET) => match serde_json::to_string(&world.calls.all()) {
            Ok(calls) => respond(StatusCode::OK, calls),
            Err(error) => respond(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        },
        ("calls", &Method::DELETE) => {
            world.calls.take();
            respond(StatusCode::NO_CONTENT, String::new())
        }
        ("faults" | "calls", _) => respond(StatusCode::METHOD_NOT_ALLOWED, String::new()),
        _ => respond(StatusCode::NOT_FOUND, String::new()),
    }
}

fn respond(status: StatusCode, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response
}
