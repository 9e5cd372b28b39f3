//! Shapes of CloudTrail's events on EventBridge: the classes that decisions are about.

use serde::Serialize;
use serde_json::{Value, json};

use crate::shape::{Shape, Values};

/// Events that CloudTrail delivers, by who acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Class {
    /// Sign-ins of the root user to the console, whether they succeed or fail.
    RootSignIn,
    /// API calls with the root user's own credentials: no service invoked them, and the
    /// event names no privileged root session.
    RootCalls,
    /// API calls, sign-ins, console actions and service events of any other principal.
    Others,
}

/// The account and partition whose root user a decision is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    id: String,
    partition: String,
}

impl Account {
    /// The account with these twelve digits, in a partition such as `aws`.
    /// `None` if the id is not twelve digits.
    pub fn new(id: &str, partition: &str) -> Option<Self> {
        let is_id = id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit());
        is_id.then(|| Self {
            id: id.to_owned(),
            partition: partition.to_owned(),
        })
    }

    fn root_arn(&self) -> String {
        format!("arn:{}:iam::{}:root", self.partition, self.id)
    }
}

impl Class {
    /// All classes.
    pub const ALL: [Class; 3] = [Class::RootSignIn, Class::RootCalls, Class::Others];

    /// The shapes that make up the class: of one account, or of any, where the places
    /// of an event that name its account are not tied to each other.
    pub fn shapes(self, account: Option<&Account>) -> Vec<Shape> {
        match self {
            Class::RootSignIn => vec![root_sign_in(account)],
            Class::RootCalls => vec![root_call(account)],
            Class::Others => [
                ("AWS API Call via CloudTrail", "AwsApiCall"),
                ("AWS Console Sign In via CloudTrail", "AwsConsoleSignIn"),
                ("AWS Console Action via CloudTrail", "AwsConsoleAction"),
                ("AWS Service Event via CloudTrail", "AwsServiceEvent"),
            ]
            .map(|(detail_type, event_type)| other(detail_type, event_type, account))
            .into(),
        }
    }
}

/// A principal that is not root, by the documented values of `userIdentity.type`.
const OTHER_TYPES: &[&str] = &[
    "IAMUser",
    "AssumedRole",
    "Role",
    "FederatedUser",
    "Directory",
    "AWSAccount",
    "AWSService",
    "IdentityCenterUser",
    "SAMLUser",
    "WebIdentityUser",
    "Unknown",
];

const EXAMPLE_ACCOUNT: &str = "111122223333";
const ACCOUNT_ID: &str = "[0-9]{12}";
const ROOT_ARN: &str = "arn:aws(-cn|-us-gov|-iso|-iso-b|-iso-e|-iso-f|-eusc)?:iam::[0-9]{12}:root";

fn account_id(account: Option<&Account>) -> Values {
    match account {
        Some(account) => Values::one(&account.id),
        None => Values::Matching(ACCOUNT_ID.to_owned()),
    }
}

fn root_arn(account: Option<&Account>) -> Values {
    match account {
        Some(account) => Values::one(&account.root_arn()),
        None => Values::Matching(ROOT_ARN.to_owned()),
    }
}

/// The envelope that EventBridge delivers around a record, and what every record has.
fn envelope(detail_type: &str, event_type: &str, account: Option<&Account>) -> Shape {
    let id = account.map_or(EXAMPLE_ACCOUNT, |account| account.id.as_str());
    let sample = json!({
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": detail_type,
        "source": "aws.cloudtrail",
        "account": id,
        "time": "2026-05-04T09:12:31Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {
            "eventVersion": "1.11",
            "eventTime": "2026-05-04T09:12:31Z",
            "eventSource": "cloudtrail.amazonaws.com",
            "eventName": "DeleteTrail",
            "awsRegion": "us-east-1",
            "sourceIPAddress": "198.51.100.7",
            "userAgent": "aws-cli/2.31.0",
            "requestParameters": null,
            "responseElements": null,
            "eventID": "0a1b2c3d-0000-4000-8000-000000000001",
            "readOnly": false,
            "eventType": event_type,
            "managementEvent": true,
            "recipientAccountId": id,
            "eventCategory": "Management",
        },
    });
    Shape::new(sample)
        .with("version", Values::one("0"))
        .with("id", Values::Text)
        .with("detail-type", Values::one(detail_type))
        .with("source", Values::Matching(r"aws\.[ -~]+".to_owned()))
        .with("account", account_id(account))
        .with("time", Values::Text)
        .with("region", Values::Text)
        .with_optional("resources", Values::Anything)
        .with_optional("replay-name", Values::Text)
        .with("detail", Values::Object)
        .with("detail.eventName", Values::Text)
        .with("detail.eventSource", Values::Text)
        .with("detail.awsRegion", Values::Text)
        .with("detail.eventType", Values::one(event_type))
        .with_optional("detail.eventVersion", Values::Text)
        .with_optional("detail.eventTime", Values::Text)
        .with_optional("detail.eventID", Values::Text)
        .with_optional("detail.requestID", Values::Text)
        .with_optional("detail.sourceIPAddress", Values::Text)
        .with_optional("detail.userAgent", Values::Text)
        .with_optional("detail.errorCode", Values::Text)
        .with_optional("detail.errorMessage", Values::Text)
        .with_optional("detail.recipientAccountId", account_id(account))
        .with_optional("detail.readOnly", Values::Flag)
        .with_optional("detail.managementEvent", Values::Flag)
        .closed_but("detail")
}

fn put(shape: &mut Shape, member: &str, value: Value) {
    if let Some(detail) = shape
        .sample_mut()
        .get_mut("detail")
        .and_then(Value::as_object_mut)
    {
        detail.insert(member.to_owned(), value);
    }
}

/// Restricts a shape to events of the root user: its own credentials, and no service that acts for
/// it.
fn root(shape: Shape, account: Option<&Account>) -> Shape {
    shape
        .with("detail.userIdentity", Values::Object)
        .with("detail.userIdentity.type", Values::one("Root"))
        .with_optional("detail.userIdentity.userName", Values::Text)
        .with_optional("detail.userIdentity.principalId", account_id(account))
        .with_optional("detail.userIdentity.accessKeyId", Values::Text)
        .without("detail.userIdentity.invokedBy")
        .with_optional("detail.userIdentity.sessionContext", Values::Object)
        .without("detail.userIdentity.sessionContext.assumedRoot")
}

fn root_identity(account: Option<&Account>) -> Value {
    let id = account.map_or(EXAMPLE_ACCOUNT, |account| account.id.as_str());
    let arn = account.map_or_else(
        || format!("arn:aws:iam::{EXAMPLE_ACCOUNT}:root"),
        Account::root_arn,
    );
    json!({"type": "Root", "principalId": id, "arn": arn, "accountId": id})
}

fn root_call(account: Option<&Account>) -> Shape {
    let mut shape = envelope("AWS API Call via CloudTrail", "AwsApiCall", account);
    let mut identity = root_identity(account);
    if let Some(identity) = identity.as_object_mut() {
        identity.insert("accessKeyId".to_owned(), "ASIAIOSFODNN7EXAMPLE".into());
    }
    put(&mut shape, "userIdentity", identity);
    root(shape, account)
        .with("detail.userIdentity.arn", root_arn(account))
        .with("detail.userIdentity.accountId", account_id(account))
}

fn root_sign_in(account: Option<&Account>) -> Shape {
    let detail_type = "AWS Console Sign In via CloudTrail";
    let mut shape = envelope(detail_type, "AwsConsoleSignIn", account);
    put(&mut shape, "userIdentity", root_identity(account));
    put(&mut shape, "eventName", "ConsoleLogin".into());
    put(&mut shape, "eventSource", "signin.amazonaws.com".into());
    put(
        &mut shape,
        "responseElements",
        json!({"ConsoleLogin": "Success"}),
    );
    put(
        &mut shape,
        "additionalEventData",
        json!({"MFAUsed": "Yes", "MobileVersion": "No"}),
    );
    if let Some(event) = shape.sample_mut().as_object_mut() {
        event.insert("source".to_owned(), "aws.signin".into());
    }
    root(shape, account)
        .with("source", Values::one("aws.signin"))
        .with("detail.eventName", Values::one("ConsoleLogin"))
        .with("detail.eventSource", Values::one("signin.amazonaws.com"))
        .with_optional("detail.userIdentity.arn", root_arn(account))
        .with_optional("detail.userIdentity.accountId", account_id(account))
        .with_optional("detail.responseElements", Values::Object)
        .with_optional(
            "detail.responseElements.ConsoleLogin",
            Values::any_of(["Success", "Failure"]),
        )
}

fn other(detail_type: &str, event_type: &str, account: Option<&Account>) -> Shape {
    let mut shape = envelope(detail_type, event_type, account);
    let id = account.map_or(EXAMPLE_ACCOUNT, |account| account.id.as_str());
    let identity = json!({
        "type": "IAMUser",
        "principalId": "AIDAIOSFODNN7EXAMPLE",
        "arn": format!("arn:aws:iam::{id}:user/alice"),
        "accountId": id,
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "userName": "alice",
    });
    put(&mut shape, "userIdentity", identity);
    shape
        .with_optional("detail.userIdentity", Values::Object)
        .with_optional(
            "detail.userIdentity.type",
            Values::any_of(OTHER_TYPES.iter().copied()),
        )
}
