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
mod query_compatible;
mod rest_json;
mod rest_xml;
mod rpc_cbor;
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
    /// CBOR both ways, the operation in the path: `CloudWatch`, to the SDKs that know it.
    RpcCbor,
    /// The operation in method and path, JSON both ways: Lambda.
    RestJson,
    /// The operation in method and path, the rest in headers and body: S3.
    RestXml,
}

/// A request as every handler sees it, whatever protocol it came in.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) operation: String,
    pub(crate) input: Value,
}

impl Protocol {
    /// The protocol a request speaks, by its content type or its path.
    pub(crate) fn detect(parts: &Parts) -> Option<Self> {
        if rest_xml::is_spoken(parts) {
            return Some(Self::RestXml);
        }
        let content_type = parts.headers.get(CONTENT_TYPE);
        let written = content_type.map_or(Some(""), |written| written.to_str().ok())?;
        match written.split(';').next().unwrap_or_default().trim() {
            "application/x-www-form-urlencoded" => Some(Self::AwsQuery),
            "application/x-amz-json-1.0" => Some(Self::AwsJson("1.0")),
            "application/x-amz-json-1.1" => Some(Self::AwsJson("1.1")),
            _ if rpc_cbor::is_spoken(parts) => Some(Self::RpcCbor),
            _ if rest_json::is_spoken(parts) => Some(Self::RestJson),
            _ => None,
        }
    }

    /// The operation and the input of a request.
    pub(crate) fn read(self, parts: &Parts, body: &Bytes) -> Result<Asked, Failure> {
        match self {
            Self::AwsQuery => aws_query::read(body),
            Self::AwsJson(_) => aws_json::read(parts, body),
            Self::RpcCbor => rpc_cbor::read(parts, body),
            Self::RestJson => rest_json::read(parts, body),
            Self::RestXml => rest_xml::read(parts, body),
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
            Self::RestXml => {
                let mut response = rest_xml::answer(output);
                set_header(&mut response, "x-amz-request-id", request_id);
                return response;
            }
            Self::AwsQuery => {
                aws_query::answer(operation, namespace, output, request_id).into_bytes()
            }
            Self::RpcCbor => rpc_cbor::answer(output),
            Self::RestJson if output.is_empty() => Vec::new(),
            Self::AwsJson(_) | Self::RestJson => aws_json::answer(output),
        };
        let status = match self {
            Self::RestJson => rest_json::success(operation),
            _ => StatusCode::OK,
        };
        self.respond(status, body, request_id)
    }

    /// An error in the protocol's form.
    pub(crate) fn refuse(
        self,
        namespace: &str,
        failure: &Failure,
        request_id: &str,
    ) -> Response<Bytes> {
        let body = match self {
            Self::AwsQuery => aws_query::failure(namespace, failure, request_id).into_bytes(),
            Self::AwsJson(_) => aws_json::failure(failure),
            Self::RpcCbor => rpc_cbor::failure(failure),
            Self::RestJson => rest_json::failure(failure),
            Self::RestXml => rest_xml::failure(failure, request_id),
        };
        let mut response = self.respond(failure.status, body, request_id);
        match self {
            // CloudWatch spoke awsQuery before these, and clients still know its codes.
            Self::AwsJson("1.0") | Self::RpcCbor => {
                let code = query_compatible::code(&failure.code);
                let error = format!("{code};{}", failure.to_blame());
                set_header(&mut response, "x-amzn-query-error", &error);
            }
            Self::RestJson => set_header(&mut response, "x-amzn-errortype", &failure.code),
            _ => {}
        }
        if let Some(wait) = failure.retry_after {
            set_header(
                &mut response,
                "x-amz-retry-after",
                &wait.as_millis().to_string(),
            );
        }
        response
    }

    fn respond(self, status: StatusCode, body: Vec<u8>, request_id: &str) -> Response<Bytes> {
        let content_type = match self {
            Self::AwsQuery => "text/xml",
            Self::AwsJson("1.0") => "application/x-amz-json-1.0",
            Self::AwsJson(_) => "application/x-amz-json-1.1",
            Self::RpcCbor => "application/cbor",
            Self::RestJson => "application/json",
            Self::RestXml => "application/xml",
        };
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = status;
        set_header(&mut response, "content-type", content_type);
        let id = match self {
            Self::RestXml => "x-amz-request-id",
            _ => "x-amzn-requestid",
        };
        set_header(&mut response, id, request_id);
        if self == Self::RpcCbor {
            set_header(&mut response, "smithy-protocol", rpc_cbor::NAME);
        }
        response
    }

    // The families of protocols spell what they share differently. Each service
    // could have spelled it its own way; these are the spellings clients know.

    /// A request whose members are not what the model says.
    pub(crate) fn invalid(self, message: impl Into<String>) -> Failure {
        let code = match self {
            Self::AwsQuery => "ValidationError",
            Self::RestXml => "InvalidArgument",
            Self::RestJson => "InvalidParameterValueException",
            Self::AwsJson(_) | Self::RpcCbor => "ValidationException",
        };
        Failure::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// A member of the wrong type.
    pub(crate) fn malformed(self, message: impl Into<String>) -> Failure {
        let code = match self {
            Self::AwsQuery => "MalformedInput",
            Self::RestXml => "InvalidRequest",
            _ => "SerializationException",
        };
        Failure::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// A principal without the permission.
    pub(crate) fn access_denied(self, message: impl Into<String>) -> Failure {
        match self {
            Self::AwsQuery | Self::RestXml => {
                Failure::new(StatusCode::FORBIDDEN, "AccessDenied", message)
            }
            Self::RestJson => Failure::new(StatusCode::FORBIDDEN, "AccessDeniedException", message),
            Self::AwsJson(_) | Self::RpcCbor => {
                Failure::new(StatusCode::BAD_REQUEST, "AccessDeniedException", message)
            }
        }
    }

    /// Too many requests.
    pub(crate) fn throttled(self) -> Failure {
        let code = match self {
            Self::AwsQuery => "Throttling",
            Self::RestXml => {
                let message = "Please reduce your request rate.";
                return Failure::new(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", message);
            }
            Self::RestJson => {
                let code = "TooManyRequestsException";
                return Failure::new(StatusCode::TOO_MANY_REQUESTS, code, "Rate exceeded");
            }
            Self::AwsJson(_) | Self::RpcCbor => "ThrottlingException",
        };
        Failure::new(StatusCode::BAD_REQUEST, code, "Rate exceeded")
    }

    /// Credentials that nobody knows.
    pub(crate) fn unknown_credentials(self) -> Failure {
        let message = "The security token included in the request is invalid.";
        match self {
            Self::AwsQuery => Failure::new(StatusCode::FORBIDDEN, "InvalidClientTokenId", message),
            Self::RestXml => Failure::new(
                StatusCode::FORBIDDEN,
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
            ),
            _ => Failure::new(
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
            Self::RestXml => Failure::new(StatusCode::BAD_REQUEST, "ExpiredToken", message),
            _ => Failure::new(StatusCode::BAD_REQUEST, "ExpiredTokenException", message),
        }
    }

    /// A request without credentials.
    pub(crate) fn missing_credentials(self) -> Failure {
        let message = "Request is missing Authentication Token";
        match self {
            Self::AwsQuery => {
                Failure::new(StatusCode::FORBIDDEN, "MissingAuthenticationToken", message)
            }
            _ => Failure::new(
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
