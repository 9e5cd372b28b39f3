//! restXml as S3 speaks it: the bucket in the host or the path, the key in the path, the
//! object as body, everything else in headers. Only errors are XML.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::body::Bytes;
use hyper::header::AUTHORIZATION;
use hyper::http::request::Parts;
use hyper::{Method, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::aws_query::leaf;
use super::{Asked, Failure, Output, Structure, set_header};

/// Headers that members of the input stand in.
const HEADERS: [(&str, &str); 4] = [
    ("cache-control", "CacheControl"),
    ("content-type", "ContentType"),
    ("x-amz-server-side-encryption", "ServerSideEncryption"),
    ("x-amz-expected-bucket-owner", "ExpectedBucketOwner"),
];

/// Headers that say nothing here: how the request is signed and sent. Checksums are not
/// verified; nothing is lost on loopback.
const WITHOUT_MEANING: [&str; 7] = [
    "x-amz-checksum-",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-sdk-",
    "x-amz-security-token",
    "x-amz-te",
    "x-amz-user-agent",
];

/// Headers that say something of an object which is not kept here, or how to read it.
const NOT_KEPT: [&str; 6] = [
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-md5",
    "expires",
    "range",
];

/// Returns true if a request is signed for S3. No other service speaks this here, and what kind of
/// content an object has is up to its owner.
pub(super) fn is_spoken(parts: &Parts) -> bool {
    let signed = parts.headers.get(AUTHORIZATION);
    let signed = signed.and_then(|value| value.to_str().ok());
    signed.is_some_and(|value| value.contains("/s3/aws4_request"))
}

pub(super) fn read(parts: &Parts, body: &Bytes) -> Result<Asked, Failure> {
    let (bucket, key) = addressed(parts);
    let query = parts.uri.query().unwrap_or_default();
    let mut input = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "versionId" => input.insert("VersionId".to_owned(), value.into_owned().into()),
            // The name of the operation in older SDKs.
            "x-id" => None,
            other => return Err(Failure::not_implemented(format!("s3 with ?{other}"))),
        };
    }
    let operation = match (&parts.method, key.is_empty()) {
        (&Method::PUT, false) => "PutObject",
        (&Method::GET, false) => "GetObject",
        (&Method::HEAD, false) => "HeadObject",
        (&Method::HEAD, true) => "HeadBucket",
        (method, _) => return Err(Failure::not_implemented(format!("s3 {method} /{key}"))),
    };
    input.extend(headers(parts)?);
    input.insert("Bucket".to_owned(), bucket.into());
    if !key.is_empty() {
        input.insert("Key".to_owned(), key.into());
    }
    if operation == "PutObject" {
        input.insert("Body".to_owned(), BASE64_STANDARD.encode(body).into());
    }
    Ok(Asked {
        operation: operation.to_owned(),
        input: input.into(),
    })
}

/// Bucket and key. A host of AWS may begin with the bucket; at any other the path does.
fn addressed(parts: &Parts) -> (String, String) {
    let host = parts.uri.host().unwrap_or_default();
    let path = percent_decode_str(parts.uri.path().trim_start_matches('/'));
    let path = path.decode_utf8_lossy();
    match host.split_once(".s3.") {
        Some((bucket, _)) => (bucket.to_owned(), path.into_owned()),
        None => match path.split_once('/') {
            Some((bucket, key)) => (bucket.to_owned(), key.to_owned()),
            None => (path.into_owned(), String::new()),
        },
    }
}

/// Returns the object's properties from the headers. Headers of S3 that are not known here are
/// refused, so that no client takes them for honoured.
fn headers(parts: &Parts) -> Result<Vec<(String, Value)>, Failure> {
    let mut members = Vec::new();
    for (name, value) in &parts.headers {
        let name = name.as_str();
        let value = value.to_str().unwrap_or_default();
        let known = HEADERS.iter().find(|(header, _)| *header == name);
        let meant = !WITHOUT_MEANING.iter().any(|start| name.starts_with(start));
        let refused = name.starts_with("x-amz-") && meant
            || name.starts_with("if-")
            || NOT_KEPT.contains(&name);
        match known {
            Some((_, member)) => members.push(((*member).to_owned(), value.into())),
            None if refused => {
                return Err(Failure::not_implemented(format!("s3 with {name}: {value}")));
            }
            None => {}
        }
    }
    Ok(members)
}

/// The header that a member of an answer is.
fn header(member: &str) -> Option<&'static str> {
    Some(match member {
        "BucketRegion" => "x-amz-bucket-region",
        "CacheControl" => "cache-control",
        "ContentLength" => "content-length",
        "ContentType" => "content-type",
        "ETag" => "etag",
        "LastModified" => "last-modified",
        "ServerSideEncryption" => "x-amz-server-side-encryption",
        "VersionId" => "x-amz-version-id",
        _ => return None,
    })
}

/// The answer: members as headers, the object as body.
pub(super) fn answer(output: &Structure) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    for (name, member) in output.members() {
        match (header(name), member) {
            (Some(header), Output::String(text)) => set_header(&mut response, header, text),
            (Some(header), Output::Integer(number)) => {
                set_header(&mut response, header, &number.to_string());
            }
            (Some(header), Output::Timestamp(time)) => {
                set_header(&mut response, header, &time.as_http_date());
            }
            (None, Output::Bytes(body)) => *response.body_mut() = Bytes::copy_from_slice(body),
            _ => {}
        }
    }
    response
}

pub(super) fn failure(failure: &Failure, request_id: &str) -> Vec<u8> {
    // What is asked with HEAD has no body, whatever came of it.
    if failure.code == NOT_FOUND {
        return Vec::new();
    }
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>".to_owned();
    leaf(&mut xml, "Code", &failure.code);
    leaf(&mut xml, "Message", &failure.message);
    leaf(&mut xml, "RequestId", request_id);
    xml.push_str("</Error>");
    xml.into_bytes()
}

/// Code that clients give a 404 without a body.
const NOT_FOUND: &str = "NotFound";
