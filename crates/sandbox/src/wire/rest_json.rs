//! restJson1: method and path say the operation and some of its input, the query string
//! and the body the rest. Errors have their code in a header.

use hyper::body::Bytes;
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::{Asked, Failure};

/// An operation: its method, its path with the members of the input that stand in it,
/// and the status of its success.
struct Route {
    method: Method,
    path: &'static str,
    operation: &'static str,
    success: StatusCode,
}

const ROUTES: &[Route] = &[
    Route {
        method: Method::POST,
        path: "/2015-03-31/functions/{FunctionName}/policy",
        operation: "AddPermission",
        success: StatusCode::CREATED,
    },
    Route {
        method: Method::GET,
        path: "/2016-08-19/account-settings",
        operation: "GetAccountSettings",
        success: StatusCode::OK,
    },
    Route {
        method: Method::GET,
        path: "/2015-03-31/functions/{FunctionName}/configuration",
        operation: "GetFunctionConfiguration",
        success: StatusCode::OK,
    },
    Route {
        method: Method::GET,
        path: "/2015-03-31/functions/{FunctionName}/policy",
        operation: "GetPolicy",
        success: StatusCode::OK,
    },
    Route {
        method: Method::DELETE,
        path: "/2015-03-31/functions/{FunctionName}/policy/{StatementId}",
        operation: "RemovePermission",
        success: StatusCode::NO_CONTENT,
    },
    Route {
        method: Method::POST,
        path: "/findings",
        operation: "GetFindings",
        success: StatusCode::OK,
    },
    Route {
        method: Method::POST,
        path: "/policy/validation",
        operation: "ValidatePolicy",
        success: StatusCode::OK,
    },
    Route {
        method: Method::POST,
        path: "/standards/get",
        operation: "GetEnabledStandards",
        success: StatusCode::OK,
    },
    Route {
        method: Method::POST,
        path: "/findings/import",
        operation: "BatchImportFindings",
        success: StatusCode::OK,
    },
];

/// Returns true if a path is one of a service that speaks this: Lambda's begin with a version,
/// those of Security Hub are about findings and standards, and Access Analyzer's is about
/// policies.
pub(super) fn is_spoken(parts: &Parts) -> bool {
    let version = parts.uri.path().split('/').nth(1).unwrap_or_default();
    if matches!(version, "findings" | "policy" | "standards") {
        return true;
    }
    version.len() == "2015-03-31".len()
        && version
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-')
}

pub(super) fn success(operation: &str) -> StatusCode {
    let mut routes = ROUTES.iter();
    let route = routes.find(|route| route.operation == operation);
    route.map_or(StatusCode::OK, |route| route.success)
}

pub(super) fn read(parts: &Parts, body: &Bytes) -> Result<Asked, Failure> {
    let path = parts.uri.path();
    let found = ROUTES
        .iter()
        .filter(|route| route.method == parts.method)
        .find_map(|route| Some((route, labels(route.path, path)?)));
    let Some((route, labels)) = found else {
        return Err(Failure::not_implemented(format!("{} {path}", parts.method)));
    };
    let mut input: Map<String, Value> = if body.is_empty() {
        Map::new()
    } else {
        serde_json::from_slice(body).map_err(|error| {
            let code = "InvalidRequestContentException";
            Failure::new(StatusCode::BAD_REQUEST, code, error.to_string())
        })?
    };
    let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    input.extend(query.map(|(name, value)| (name.into_owned(), value.into_owned().into())));
    input.extend(labels);
    Ok(Asked {
        operation: route.operation.to_owned(),
        input: input.into(),
    })
}

/// The members of the input that stand in a path, if it is of this pattern.
fn labels(pattern: &str, path: &str) -> Option<Vec<(String, Value)>> {
    if pattern.split('/').count() != path.split('/').count() {
        return None;
    }
    let mut labels = Vec::new();
    for (expected, step) in pattern.split('/').zip(path.split('/')) {
        match expected
            .strip_prefix('{')
            .and_then(|label| label.strip_suffix('}'))
        {
            Some(label) => {
                let text = percent_decode_str(step).decode_utf8().ok()?;
                labels.push((label.to_owned(), text.into_owned().into()));
            }
            None if expected == step => {}
            None => return None,
        }
    }
    Some(labels)
}

pub(super) fn failure(failure: &Failure) -> Vec<u8> {
    let kind = if failure.status.is_client_error() {
        "User"
    } else {
        "Service"
    };
    let body = json!({ "Type": kind, "Message": failure.message });
    body.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_query_and_body_make_the_input() {
        let (parts, ()) = hyper::Request::post(
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Apage/policy?Qualifier=live",
        )
        .body(())
        .unwrap()
        .into_parts();
        let asked = read(&parts, &Bytes::from(r#"{"StatementId":"a b"}"#)).unwrap();
        assert_eq!(asked.operation, "AddPermission");
        assert_eq!(
            asked.input,
            json!({
                "FunctionName": "arn:aws:lambda:eu-west-1:1:function:page",
                "Qualifier": "live", "StatementId": "a b",
            })
        );
    }

    #[test]
    fn what_is_not_routed_is_named() {
        let (parts, ()) = hyper::Request::get("/2015-03-31/functions")
            .body(())
            .unwrap()
            .into_parts();
        assert!(is_spoken(&parts));
        let failure = read(&parts, &Bytes::new()).unwrap_err();
        assert!(failure.message.contains("GET /2015-03-31/functions"));
    }
}
