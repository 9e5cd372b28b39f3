//! Shapes of CloudTrail records: the classes that decisions are about, and the invariants that hold
//! for every record.

mod invariants;
mod sample;

use serde::Serialize;
use serde_json::Value;

pub(crate) use invariants::{
    ACCOUNT_ID, Constraint, ENDS_AS_ROOT, Kind, ROOT_ARN, Values, account_of_root_arn, constraints,
    is_misspelt,
};
pub(crate) use sample::{realistic, sample};

/// Records, by who acted. Every record is in at most one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Class {
    /// A person or program with the root user's own credentials.
    DirectRootUse,
    /// A privileged root session (`sts:AssumeRoot`), where the record says so.
    PrivilegedSession,
    /// A person in the console, recorded as invoked by `signin.amazonaws.com`.
    ConsoleBrokered,
    /// Invoked by `AWS Internal`.
    AwsInternal,
    /// Invoked by any other service on behalf of root.
    ServiceInvoked,
    /// An `AwsServiceEvent` that names root.
    ServiceEvents,
    /// Every principal but root.
    OtherPrincipals,
}

impl Class {
    /// All classes, in the order of the specification.
    pub const ALL: [Class; 7] = [
        Class::DirectRootUse,
        Class::PrivilegedSession,
        Class::ConsoleBrokered,
        Class::AwsInternal,
        Class::ServiceInvoked,
        Class::ServiceEvents,
        Class::OtherPrincipals,
    ];

    /// Returns true if the class is somebody's own work as root, which must be caught.
    pub fn is_human(self) -> bool {
        matches!(
            self,
            Class::DirectRootUse | Class::PrivilegedSession | Class::ConsoleBrokered
        )
    }

    /// The class of a record.
    ///
    /// Root records without `eventType` (before 2014, or cut down by hand)
    /// are in none: `CloudTrail` writes no such records any more. Nor are those of another
    /// type with the ARN of a root user, such as the `Unknown` that the billing console has
    /// left: they are nobody else's, and they need not be caught.
    pub fn of_record(record: &Value) -> Option<Self> {
        let identity = record.get("userIdentity");
        let of_identity = |name| identity.and_then(|identity| identity.get(name));
        let text = |name| of_identity(name).and_then(Value::as_str);
        match text("type") {
            Some("Root") => {}
            _ if text("arn").is_some_and(|arn| arn.ends_with(":root")) => return None,
            _ => return Some(Class::OtherPrincipals),
        }
        let event_type = record.get("eventType").and_then(Value::as_str)?;
        let invoked_by = of_identity("invokedBy");
        let session = of_identity("sessionContext");
        let assumed_root = session.and_then(|session| session.get("assumedRoot")?.as_str());
        Some(match (event_type, invoked_by.map(Value::as_str)) {
            ("AwsServiceEvent", _) => Class::ServiceEvents,
            (_, None) if assumed_root == Some("true") => Class::PrivilegedSession,
            (_, None) => Class::DirectRootUse,
            (_, Some(Some("signin.amazonaws.com"))) => Class::ConsoleBrokered,
            (_, Some(Some("AWS Internal"))) => Class::AwsInternal,
            (_, Some(_)) => Class::ServiceInvoked,
        })
    }
}

/// The account whose root user a decision is about.
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

    /// Its twelve digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The ARN of its root user.
    pub fn root_arn(&self) -> String {
        format!("arn:{}:iam::{}:root", self.partition, self.id)
    }
}
