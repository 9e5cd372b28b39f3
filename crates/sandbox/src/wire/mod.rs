//! AWS's protocols, as codecs around two values: every request becomes one JSON
//! value, every answer is one [`Output`].
//!
//! A codec reads the operation and its input from an HTTP request and writes an
//! [`Output`] or a [`Failure`] in the protocol's own form. Nothing outside this
//! module knows how a client talks; a further protocol is a further codec and a
//! further variant of [`Protocol`].

mod aws_json;
mod aws_query;
mod failure;
mod output;
mod shape;

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use serde_json::Value;

pub(crate) use failure::Failure;
pub(crate) use output::{Output, Structure};
pub(crate) use shape::{
    Allowed, Member, NAME, Shape, WORD, consists_of_word_and, integer, list, member, one_of,
    required, text, text_of,
};

/// The protocols spoken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Form data in, XML out: IAM, STS.
    AwsQuery,
    /// JSON both ways, the operation in `X-Amz-Target`, in version 1.0 or 1.1.
    AwsJson(&'static str),
}

/// A request as every handler sees it, whatever protocol it came in.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) operation: String,
    pub(crate) input: Value,
}

impl Protocol {
    /// The protocol a request speaks, by its content type.
    pub(crate) fn of(parts: &Parts) -> Option<Self> {
        let written = parts.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        match written.split(';').next().unwrap_or_default().trim() {
            "application/x-www-form-urlencoded" => Some(Self::AwsQuery),
            "application/x-amz-json-1.0" => Some(Self::AwsJson("1.0")),
            "application/x-amz-json-1.1" => Some(Self::AwsJson("1.1")),
            _ => None,
        }
    }

    /// The operation and the input of a request.
    pub(crate) fn read(self, parts: &Parts, body: &Bytes) -> Result<Asked, Failure> {
        match self {
            Self::AwsQuery => aws_query::read(body),
            Self::AwsJson(_) => aws_json::read(parts, body),
        }
    }

    /// An answer in the protocol's form. `namespace` is the service's, for XML.
    pub(crate) fn answer(
        self,
        operation: &str,
        namespace: &str,
        output: &Structure,
        request_id: &str,
    ) -> Response<Bytes> {
        let body = match self {
            Self::AwsQuery => aws_query::answer(operation, namespace, output, request_id),
            Self::AwsJson(_) => aws_json::answer(output),
        };
        self.respond(StatusCode::OK, body, request_id)
    }

    /// An error in the protocol's form.
    pub(crate) fn refuse(
        self,
        namespace: &str,
        failure: &Failure,
        request_id: &str,
    ) -> Response<Bytes> {
        let body = match self {
            Self::AwsQuery => aws_query::failure(namespace, failure, request_id),
            Self::AwsJson(_) => aws_json::failure(failure),
        };
        let mut response = self.respond(failure.status, body, request_id);
        if let Some(wait) = failure.retry_after {
            set_header(
                &mut response,
                "x-amz-retry-after",
                &wait.as_millis().to_string(),
            );
        }
        response
    }

    fn respond(self, status: StatusCode, body: String, request_id: &str) -> Response<Bytes> {
        let content_type = match self {
            Self::AwsQuery => "text/xml",
            Self::AwsJson("1.0") => "application/x-amz-json-1.0",
            Self::AwsJson(_) => "application/x-amz-json-1.1",
        };
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = status;
        set_header(&mut response, "content-type", content_type);
        set_header(&mut response, "x-amzn-requestid", request_id);
        response
    }

    // The two families of protocols spell what they share differently. Each service
    // could have spelled it its own way; these are the spellings clients know.

    /// A request whose members are not what the model says.
    pub(crate) fn invalid(self, message: impl Into<String>) -> Failure {
        let code = match self {
            Self::AwsQuery => "ValidationError",
            Self::AwsJson(_) => "ValidationException",
        };
        Failure::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// A member of the wrong type.
    pub(crate) fn malformed(self, message: impl Into<String>) -> Failure {
        let code = match self {
            Self::AwsQuery => "MalformedInput",
            Self::AwsJson(_) => "SerializationException",
        };
        Failure::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// A principal without the permission.
    pub(crate) fn access_denied(self, message: impl Into<String>) -> Failure {
        match self {
            Self::AwsQuery => Failure::new(StatusCode::FORBIDDEN, "AccessDenied", message),
            Self::AwsJson(_) => {
                Failure::new(StatusCode::BAD_REQUEST, "AccessDeniedException", message)
            }
        }
    }

    /// Too many requests.
    pub(crate) fn throttled(self) -> Failure {
        let code = match self {
            Self::AwsQuery => "Throttling",
            Self::AwsJson(_) => "ThrottlingException",
        };
        Failure::new(StatusCode::BAD_REQUEST, code, "Rate exceeded")
    }

    /// Credentials that nobody knows.
    pub(crate) fn unknown_credentials(self) -> Failure {
        let message = "The security token included in the request is invalid.";
        match self {
            Self::AwsQuery => Failure::new(StatusCode::FORBIDDEN, "InvalidClientTokenId", message),
            Self::AwsJson(_) => Failure::new(
                StatusCode::BAD_REQUEST,
                "UnrecognizedClientException",
                message,
            ),
        }
    }

    /// Credentials whose session is over.
    pub(crate) fn expired_credentials(self) -> Failure {
        let message = "The security token included in the request is expired";
        match self {
            Self::AwsQuery => Failure::new(StatusCode::FORBIDDEN, "ExpiredToken", message),
            Self::AwsJson(_) => {
                Failure::new(StatusCode::BAD_REQUEST, "ExpiredTokenException", message)
            }
        }
    }

    /// A request without credentials.
    pub(crate) fn missing_credentials(self) -> Failure {
        let message = "Request is missing Authentication Token";
        match self {
            Self::AwsQuery => {
                Failure::new(StatusCode::FORBIDDEN, "MissingAuthenticationToken", message)
            }
            Self::AwsJson(_) => Failure::new(
                StatusCode::BAD_REQUEST,
                "MissingAuthenticationTokenException",
                message,
            ),
        }
    }
}

/// Sets a header that is known to be valid: names are ours, values are numbers,
/// ids and constants.
pub(crate) fn set_header(response: &mut Response<Bytes>, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), value);
    }
}
