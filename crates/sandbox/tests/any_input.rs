//! Whatever a client sends gets an answer of its protocol.
#![allow(clippy::unwrap_used, reason = "test")]

use aws_credential_types::Credentials;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use sandbox::{AccessKey, Account, Organization, Sandbox, operations};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Names of members of many operations, so that inputs get past the first check.
const MEMBERS: &[&str] = &[
    "AccessKeyId",
    "AdvancedEventSelectors",
    "AlarmName",
    "AlarmNames",
    "AlarmRule",
    "AliasName",
    "Annotation",
    "AttributeName",
    "AttributeValue",
    "Attributes",
    "CertificateId",
    "ComplianceResourceId",
    "ComplianceResourceType",
    "ComplianceType",
    "ComplianceTypes",
    "ConfigRule",
    "ConfigRuleArn",
    "ConfigRuleName",
    "ConfigRuleNames",
    "Duration",
    "DurationSeconds",
    "Endpoint",
    "Equals",
    "Evaluations",
    "EventSelectors",
    "Expression",
    "Field",
    "FieldSelectors",
    "FunctionName",
    "InputParameters",
    "Key",
    "KeyId",
    "Limit",
    "Marker",
    "MaxItems",
    "MessageType",
    "MetricName",
    "MuteTargets",
    "Name",
    "NextToken",
    "OrderingTimestamp",
    "Owner",
    "Policy",
    "PolicyArns",
    "Principal",
    "Protocol",
    "ResourceId",
    "ResourceIdList",
    "ResourceType",
    "ResultToken",
    "RoleArn",
    "RoleSessionName",
    "Rule",
    "S3BucketName",
    "Schedule",
    "SerialNumber",
    "Source",
    "SourceDetails",
    "SourceIdentifier",
    "SourceIdentity",
    "StateReason",
    "StateValue",
    "StatementId",
    "SubscriptionArn",
    "Tags",
    "TargetKeyId",
    "TargetPrincipal",
    "TaskPolicyArn",
    "TestMode",
    "Token",
    "TopicArn",
    "TrailName",
    "UserName",
    "Value",
    "arn",
    "entry",
    "filterName",
    "filterPattern",
    "key",
    "logEventMessages",
    "logGroupName",
    "member",
    "metricName",
    "metricTransformations",
    "trailNameList",
    "value",
];

/// Texts that mean something to somebody, and texts that mean nothing.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        select(
            &[
                "",
                "0",
                "7",
                "true",
                "rule",
                "trail",
                "arn:",
                "arn:aws:cloudtrail:eu-west-1:111111111111:trail/trail",
                "arn:aws:iam::111111111111:role/r",
                "{}",
                "111111111111",
                "AWS::::Account",
                "COMPLIANT",
                "CUSTOM_LAMBDA",
                "ScheduledNotification",
                "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials",
                "alias/aws/sns",
                "arn:aws:kms:eu-west-1:111111111111:key/k",
                "arn:aws:lambda:eu-west-1:111111111111:function:f",
                "arn:aws:sns:eu-west-1:111111111111:t",
                "1e400",
                "2026-11-20T10:00:00Z",
            ][..]
        )
        .prop_map(str::to_owned),
        any::<String>(),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(select(MEMBERS).prop_map(str::to_owned), inner, 0..6)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Form data: paths of members, list markers and numbers.
fn form() -> impl Strategy<Value = String> {
    let step = prop_oneof![
        select(MEMBERS).prop_map(str::to_owned),
        (0u32..12).prop_map(|number| number.to_string()),
    ];
    let pair = (vec(step, 1..5), text()).prop_map(|(path, value)| {
        let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        format!("&{}={value}", path.join("."))
    });
    vec(pair, 0..8).prop_map(|pairs| pairs.concat())
}

fn sandbox() -> Sandbox {
    let mut account = Account::new("111111111111", "only");
    account
        .root
        .access_keys
        .push(AccessKey::new("AKIAROOT000000000001"));
    Sandbox::new(Organization::with_accounts([account])).unwrap()
}

/// The status and body of the answer to a signed request; an error is a connection
/// that ended without one, as it does when a handler panics.
async fn ask(
    credentials: &Credentials,
    service: &str,
    headers: &str,
    body: &str,
) -> std::io::Result<(u16, String)> {
    let server = sandbox()
        .serve("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let mut stream = TcpStream::connect(server.address()).await?;
    let scope = format!(
        "{}/20261120/eu-west-1/{service}/aws4_request",
        credentials.access_key_id()
    );
    let request = format!(
        "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\
         authorization: AWS4-HMAC-SHA256 Credential={scope}, Signature=0\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let body = answer
        .split_once("\r\n\r\n")
        .map(|(_, body)| body.to_owned());
    status
        .zip(body)
        .ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
}

/// Returns the prefix of `X-Amz-Target` for services with JSON protocols.
fn target(service: &str) -> Option<&'static str> {
    match service {
        "config" => Some("StarlingDoveService"),
        "cloudtrail" => Some("CloudTrail_20131101"),
        "kms" => Some("TrentService"),
        "logs" => Some("Logs_20140328"),
        "monitoring" => Some("GraniteServiceVersion20100801"),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn gets_an_answer(
        (service, name) in select(operations().collect::<Vec<_>>()),
        by_root in any::<bool>(),
        form in form(),
        value in value(),
    ) {
        let key = if by_root { "AKIAROOT000000000001" } else { "111111111111" };
        let credentials = Credentials::new(key, "secret", None, None, "test");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (status, body) = if let Some(target) = target(service) {
            let headers = format!(
                "content-type: application/x-amz-json-1.1\r\nx-amz-target: {target}.{name}\r\n"
            );
            let asked = value.to_string();
            runtime.block_on(ask(&credentials, service, &headers, &asked)).unwrap()
        } else {
            let headers = "content-type: application/x-www-form-urlencoded\r\n";
            let asked = format!("Action={name}{form}");
            runtime.block_on(ask(&credentials, service, headers, &asked)).unwrap()
        };
        prop_assert!([200, 400, 401, 403, 404, 409, 410, 501].contains(&status), "{status}: {body}");
        prop_assert!(!body.contains("this policy"), "{body}");
        if target(service).is_some() {
            prop_assert!(serde_json::from_str::<Value>(&body).is_ok(), "{body}");
        } else {
            // S3 has operations at paths, and none at this one.
            let end = if service == "s3" { "</Error>" } else { "Response>" };
            prop_assert!(body.starts_with('<') && body.ends_with(end), "{body}");
        }
    }
}
