//! CloudTrail and STS that answer with the facts of a row, at their AWS hosts.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::DateTime;
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::sdk_config::{SharedCredentialsProvider, TimeSource};
use config_rule::{Account, Identity, Timestamp};
use serde_json::{Map, Value, json};
use trail_logging::AccountTrails;

pub(crate) const REGION: &str = "eu-central-1";

/// A clock that stands still.
#[derive(Debug)]
struct Stopped(SystemTime);

impl TimeSource for Stopped {
    fn now(&self) -> SystemTime {
        self.0
    }
}

/// What was asked: the Region, as whom, what, and about which trail.
pub(crate) type Asked = (String, String, String, Option<String>);

#[derive(Clone, Debug)]
pub(crate) struct CloudTrail {
    facts: Value,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl CloudTrail {
    pub(crate) fn of(facts: &AccountTrails) -> Self {
        Self {
            facts: serde_json::to_value(facts).unwrap(),
            asked: Arc::default(),
        }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The account that the facts are about, at the time that they are of.
    pub(crate) fn account(&self) -> Account {
        let observed_at = self.facts["observedAt"].as_str().unwrap();
        let observed_at: Timestamp = observed_at.parse().unwrap();
        let account = self.facts["account"].as_str().unwrap();
        let service = self.clone();
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .time_source(Stopped(DateTime::from(observed_at).try_into().unwrap()))
            .region(Region::from_static(REGION))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "AKIAFUNCTION",
                "s",
                None,
                None,
                "test",
            )))
            .http_client(http_client_fn(move |_, _| {
                SharedHttpConnector::new(service.clone())
            }))
            .build();
        let caller = format!("arn:aws:iam::{account}:root");
        Account::new(sdk, Identity::of_caller(&caller, REGION).unwrap())
    }

    /// The trail in the facts, and what is told of it to whom.
    fn trail(&self, arn: &str) -> &Value {
        let trails = self.facts["trails"]["known"].as_array().unwrap();
        trails.iter().find(|trail| trail["arn"] == arn).unwrap()
    }

    fn answer(&self, action: &str, arn: Option<&str>) -> Result<Value, String> {
        match action {
            "DescribeTrails" => {
                let listed = told(&self.facts["trails"])?.as_array().unwrap();
                Ok(json!({"trailList": listed.iter().map(description).collect::<Vec<_>>()}))
            }
            "GetTrailStatus" => told(&self.trail(arn.unwrap())["status"]).map(status),
            _ => told(&self.trail(arn.unwrap())["selectors"]).map(selectors),
        }
    }

    /// STS refuses the role where the facts say so of any trail.
    fn assume_role(&self) -> (u16, String) {
        if self.facts.to_string().contains("sts:AssumeRole") {
            let error = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
            return (403, format!("<ErrorResponse>{error}</ErrorResponse>"));
        }
        let answer = "<AssumeRoleResponse><AssumeRoleResult><Credentials>\
            <AccessKeyId>ASIAEVIDENCE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
            <SessionToken>t</SessionToken><Expiration>2026-11-21T00:15:00Z</Expiration>\
            </Credentials></AssumeRoleResult></AssumeRoleResponse>";
        (200, answer.to_owned())
    }
}

/// The value of a fact, or the error code in its place.
fn told(fact: &Value) -> Result<&Value, String> {
    if let Some(known) = fact.get("known") {
        return Ok(known);
    }
    let unread = fact.get("unread").and_then(Value::as_object).unwrap();
    let (kind, why) = unread.iter().next().unwrap();
    match kind.as_str() {
        // Unread because the owner's role may not be assumed: here it is refused.
        _ if why["action"] == "sts:AssumeRole" => Err("TrailNotFoundException".to_owned()),
        // Not TrailARN, which must be tested elsewhere: an answer without it.
        "valueMissing" => Ok(&Value::Null),
        _ => Err(why["code"].as_str().unwrap().to_owned()),
    }
}

fn description(trail: &Value) -> Value {
    renamed(
        trail,
        &[
            ("arn", "TrailARN"),
            ("homeRegion", "HomeRegion"),
            ("multiRegion", "IsMultiRegionTrail"),
            ("organization", "IsOrganizationTrail"),
            ("logFileValidation", "LogFileValidationEnabled"),
            ("kmsKey", "KmsKeyId"),
        ],
    )
}

fn status(status: &Value) -> Value {
    let mut answer = renamed(
        status,
        &[
            ("logging", "IsLogging"),
            ("latestDeliveryError", "LatestDeliveryError"),
            (
                "latestLogGroupDeliveryError",
                "LatestCloudWatchLogsDeliveryError",
            ),
        ],
    );
    if let Some(time) = status["latestDeliveryTime"].as_str() {
        let millis = time.parse::<Timestamp>().unwrap().epoch_millis();
        // CloudTrail sends seconds with a fraction.
        let seconds = format!("{}.{:03}", millis / 1000, millis % 1000);
        answer["LatestDeliveryTime"] = seconds.parse::<f64>().unwrap().into();
    }
    answer
}

fn selectors(selectors: &Value) -> Value {
    if selectors.is_null() {
        return json!({});
    }
    let list = |name: &str| match &selectors[name] {
        Value::Null => json!([]),
        list => capitalized(list),
    };
    match selectors["advanced"] {
        Value::Null => json!({"EventSelectors": list("basic")}),
        _ => json!({"AdvancedEventSelectors": list("advanced")}),
    }
}

/// The members that are there, under their names in CloudTrail's API.
fn renamed(value: &Value, names: &[(&str, &str)]) -> Value {
    let members = names.iter().filter(|(ours, _)| !value[ours].is_null());
    let members = members.map(|(ours, theirs)| ((*theirs).to_owned(), value[ours].clone()));
    Value::Object(members.collect())
}

fn capitalized(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(capitalized).collect(),
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            let named = members.map(|(name, value)| {
                let (first, rest) = name.split_at(1);
                (first.to_uppercase() + rest, capitalized(value))
            });
            Value::Object(named.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

impl HttpConnector for CloudTrail {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap();
        let header = |name: &str| request.headers().get(name).unwrap_or_default().to_owned();
        let target = header("x-amz-target");
        let action = target.rsplit('.').next().unwrap_or_default();
        let region = request.uri().split('.').nth(1).unwrap_or_default();
        let session = header("authorization").contains("ASIAEVIDENCE");
        let who = if session { "owner" } else { "function" };
        let (status, answer, arn) = if action.is_empty() {
            let (status, answer) = self.assume_role();
            (status, answer, None)
        } else {
            let body: Value = serde_json::from_str(&body).unwrap();
            let arn = body.get("Name").or(body.get("TrailName"));
            let arn = arn.and_then(Value::as_str);
            match self.answer(action, arn) {
                Ok(answer) => (200, answer.to_string(), arn.map(str::to_owned)),
                Err(code) => {
                    let error = json!({"__type": code, "message": "no"});
                    (400, error.to_string(), arn.map(str::to_owned))
                }
            }
        };
        let action = if action.is_empty() {
            "AssumeRole"
        } else {
            action
        };
        let asked = (region.to_owned(), who.to_owned(), action.to_owned(), arn);
        self.asked.lock().unwrap().push(asked);
        let answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(answer));
        HttpConnectorFuture::ready(Ok(answer))
    }
}
