//! HTTP itself: where the sandbox listens, and what it answers to whom.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use std::fmt::Write as _;
use std::net::SocketAddr;

use sandbox::{Account, Organization, Sandbox, ServeError, Server, sdk_config_over_http};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

fn sandbox() -> Sandbox {
    Sandbox::new(Organization::with_accounts([Account::new(
        "111111111111",
        "only",
    )]))
    .unwrap()
}

async fn serve(sandbox: &Sandbox) -> Server {
    sandbox.serve("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

/// Status, head and body of the answer to a request to AWS, written by hand.
async fn raw(address: SocketAddr, headers: &[(&str, &str)], body: &str) -> (u16, String, String) {
    send(address, "POST /", headers, body).await
}

async fn send(
    address: SocketAddr,
    what: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut lines = String::new();
    for (name, value) in headers {
        write!(lines, "{name}: {value}\r\n").unwrap();
    }
    let length = body.len();
    let request = format!(
        "{what} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{lines}\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_lowercase(), body.to_owned())
}

const FORM: (&str, &str) = (
    "content-type",
    "application/x-www-form-urlencoded; charset=utf-8",
);
const JSON: (&str, &str) = ("content-type", "application/x-amz-json-1.1");

fn signed(service: &str) -> (&'static str, String) {
    let scope = format!("111111111111/20261120/eu-west-1/{service}/aws4_request");
    let rest = "SignedHeaders=host, Signature=0";
    (
        "authorization",
        format!("AWS4-HMAC-SHA256 Credential={scope}, {rest}"),
    )
}

#[tokio::test]
async fn only_loopback_addresses_are_served() {
    for address in ["0.0.0.0:0", "192.0.2.1:4566", "[::]:0"] {
        let refused = sandbox().serve(address.parse().unwrap()).await;
        assert!(
            matches!(refused, Err(ServeError::NotLoopback(_))),
            "{address}"
        );
    }
    let first = serve(&sandbox()).await;
    let taken = sandbox().serve(first.address()).await;
    assert!(matches!(taken, Err(ServeError::Unavailable { .. })));
}

#[tokio::test]
async fn what_is_not_implemented_answers_501_in_the_callers_protocol() {
    let sandbox = sandbox();
    let server = serve(&sandbox).await;
    let (name, value) = signed("iam");
    let form = [FORM, (name, value.as_str())];
    let body = "Action=ListUsers&Version=2010-05-08";
    let (status, head, body) = raw(server.address(), &form, body).await;
    assert_eq!(status, 501);
    assert!(head.contains("content-type: text/xml") && head.contains("x-amzn-requestid: "));
    assert!(body.contains("<Code>NotImplemented</Code>"));
    assert!(body.contains("does not implement iam:ListUsers"));
    assert!(body.contains("xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\""));

    let (name, value) = signed("config");
    let target = (
        "x-amz-target",
        "StarlingDoveService.DescribeDeliveryChannels",
    );
    let (status, head, body) = raw(
        server.address(),
        &[JSON, target, (name, value.as_str())],
        "{}",
    )
    .await;
    assert_eq!(status, 501);
    assert!(head.contains("content-type: application/x-amz-json-1.1"));
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        body,
        json!({
            "__type": "NotImplemented",
            "message": "The sandbox does not implement config:DescribeDeliveryChannels.",
        })
    );

    // A protocol that is not spoken here.
    let path = "POST /service/GraniteServiceVersion20100801/operation/DescribeAlarms";
    let cbor = [("content-type", "application/cbor")];
    let (status, _, body) = send(server.address(), path, &cbor, "").await;
    assert_eq!(status, 501);
    assert!(body.contains(&format!("the protocol of {path}")), "{body}");
    let calls = sandbox.calls();
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| call.status == Some(501)));
}

#[tokio::test]
async fn broken_requests_get_errors_of_their_protocol() {
    let server = serve(&sandbox()).await;
    let address = server.address();
    let (name, value) = signed("iam");
    let (status, _, body) = raw(address, &[FORM], "Action=GetAccountSummary").await;
    assert_eq!(status, 403);
    assert!(body.contains("<Code>MissingAuthenticationToken</Code>"));
    let (status, _, body) = raw(address, &[FORM, (name, value.as_str())], "").await;
    assert_eq!(status, 400);
    assert!(body.contains("<Code>MissingAction</Code>"));

    let (name, value) = signed("config");
    let target = ("x-amz-target", "StarlingDoveService.DescribeConfigRules");
    let (status, _, body) = raw(address, &[JSON, target], "{}").await;
    assert_eq!(status, 400);
    assert!(body.contains("MissingAuthenticationTokenException"));
    let json = [JSON, target, (name, value.as_str())];
    let (status, _, body) = raw(address, &json, "{").await;
    assert_eq!(status, 400);
    assert!(body.contains("SerializationException"));
    let (_, _, body) = raw(address, &json, r#"{"ConfigRuleNames":"r"}"#).await;
    assert!(body.contains("SerializationException"));
    let (status, _, _) = raw(address, &json, "").await;
    assert_eq!(status, 200);
    let (_, _, body) = raw(address, &[JSON, (name, value.as_str())], "{}").await;
    assert!(body.contains("UnknownOperationException"));

    let large = "x".repeat(51 * 1024 * 1024);
    let (status, _, _) = raw(address, &json, &large).await;
    assert_eq!(status, 413);
}

#[tokio::test]
async fn a_server_stops_when_it_is_told_to() {
    let sandbox = sandbox();
    let server = serve(&sandbox).await;
    let url = server.endpoint_url();
    let call = async || {
        let administrator = Sandbox::administrator("111111111111");
        let config = sdk_config_over_http(&url, administrator, "eu-west-1");
        aws_sdk_sts::Client::new(&config)
            .get_caller_identity()
            .send()
            .await
    };
    call().await.unwrap();
    server.shut_down().await;
    assert!(call().await.is_err());
    assert_eq!(sandbox.calls().len(), 1);
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_server_is_gone() {
    let sandbox = sandbox();
    let server = serve(&sandbox).await;
    let address = server.address();
    let body = "Action=GetAccountSummary&Version=2010-05-08";
    let (name, value) = signed("iam");
    let length = body.len();
    let head = format!(
        "POST / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nexpect: 100-continue\r\n\
         {}: {}\r\n{name}: {value}\r\ncontent-length: {length}\r\n\r\n",
        FORM.0, FORM.1
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server says that it goes on: from now on the request is under way.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    let down = tokio::spawn(server.shut_down());
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!down.is_finished());
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    down.await.unwrap();
}

#[tokio::test]
async fn faults_and_calls_are_reached_over_http_too() {
    let sandbox = sandbox();
    let server = serve(&sandbox).await;
    let control = async |what: &str, body: &str| {
        let (status, _, body) = send(server.address(), what, &[], body).await;
        (status, body)
    };
    let summary = async || {
        let administrator = Sandbox::administrator("111111111111");
        let config = sdk_config_over_http(&server.endpoint_url(), administrator, "eu-west-1");
        aws_sdk_iam::Client::new(&config)
            .get_account_summary()
            .send()
            .await
            .is_ok()
    };
    for fault in [
        json!({ "effect": "access-denied", "account": "111111111111", "action": "iam:Get*" }),
        json!({ "effect": { "throttling": 1 }, "times": 9 }),
        json!({ "effect": { "error": [500, "InternalFailure"] } }),
        json!({ "effect": "dropped-connection" }),
    ] {
        let (status, _) = control("POST /_sandbox/faults", &fault.to_string()).await;
        assert_eq!(status, 204);
        assert!(!summary().await, "{fault}");
        assert_eq!(control("DELETE /_sandbox/faults", "").await.0, 204);
        assert!(summary().await);
    }
    for fault in [
        json!({ "effect": { "latency": 1 } }),
        json!({ "effect": { "pages-of": 1 } }),
        json!({ "effect": "failed-evaluations" }),
    ] {
        let (status, _) = control("POST /_sandbox/faults", &fault.to_string()).await;
        assert_eq!(status, 204);
    }
    let late = json!({ "effect": "access-denied", "action": "iam:*", "after": 1 });
    control("DELETE /_sandbox/faults", "").await;
    control("POST /_sandbox/faults", &late.to_string()).await;
    assert_eq!((summary().await, summary().await), (true, false));
    let (status, error) = control("POST /_sandbox/faults", r#"{"effect":"surprise"}"#).await;
    assert_eq!(status, 400);
    assert!(error.contains("unknown variant `surprise`"), "{error}");

    let (_, calls) = control("GET /_sandbox/calls", "").await;
    let calls: Vec<Value> = serde_json::from_str(&calls).unwrap();
    assert_eq!(calls.len(), sandbox.calls().len());
    assert_eq!(
        calls[0]["permissions"][0]["action"],
        "iam:GetAccountSummary"
    );
    assert_eq!(calls[0]["error"], "AccessDenied");
    assert!(calls[0]["time"].as_str().unwrap().ends_with('Z'));
    assert_eq!(control("DELETE /_sandbox/calls", "").await.0, 204);
    assert!(sandbox.calls().is_empty());
    assert_eq!(control("PUT /_sandbox/calls", "").await.0, 405);
    assert_eq!(control("GET /_sandbox/elsewhere", "").await.0, 404);
}
