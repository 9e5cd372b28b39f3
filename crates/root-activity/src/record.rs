//! A CloudTrail record: typed access to the members that decide what it means.

use serde_json::Value;

use crate::session_task;

/// The identity type of the root user, and of nobody else.
const ROOT: &str = "Root";

/// A CloudTrail record. It has an event name, an event source and an identity; every other
/// member may be missing.
///
/// Records of fifteen years differ, so it is read leniently: a member of a type that AWS does
/// not document, or an empty text, counts as absent.
#[derive(Clone, Debug, PartialEq)]
pub struct Record(Value);

/// A JSON value that is not a CloudTrail record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the detail is not a CloudTrail record: it has no {0}")]
pub struct RecordError(&'static str);

/// The result of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It succeeded.
    Succeeded,
    /// It was refused for lack of permission, or the sign-in failed.
    Denied,
    /// It failed for another reason.
    Failed,
}

/// Use of multi-factor authentication, as far as a record tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mfa {
    /// A second factor was given.
    Used,
    /// None was given.
    NotUsed,
    /// The record does not say.
    Unknown,
}

impl Record {
    /// Creates a record from a JSON object.
    ///
    /// # Errors
    /// Returns the name of the first member that is missing: `eventName`, `eventSource` or
    /// `userIdentity`.
    pub fn new(value: Value) -> Result<Self, RecordError> {
        let record = Self(value);
        for member in ["eventName", "eventSource"] {
            record.text(member).ok_or(RecordError(member))?;
        }
        let identity = record.0.get("userIdentity");
        if !identity.is_some_and(Value::is_object) {
            return Err(RecordError("userIdentity"));
        }
        Ok(record)
    }

    /// Returns the text at a path such as `userIdentity/type`; `None` if it is empty.
    pub fn text(&self, path: &str) -> Option<&str> {
        let text = self.value(path)?.as_str()?;
        (!text.is_empty()).then_some(text)
    }

    /// Returns the value at a path.
    pub fn value(&self, path: &str) -> Option<&Value> {
        path.split('/')
            .try_fold(&self.0, |value, member| value.get(member))
    }

    /// The operation or event, such as `ConsoleLogin`.
    pub fn event_name(&self) -> &str {
        self.text("eventName").unwrap_or_default()
    }

    /// The service that was called, such as `iam.amazonaws.com`.
    pub fn event_source(&self) -> &str {
        self.text("eventSource").unwrap_or_default()
    }

    /// The call in IAM's notation, such as `iam:CreateAccessKey`.
    pub fn call(&self) -> String {
        let service = self.event_source();
        let service = match service.split('.').next().unwrap_or(service) {
            "monitoring" => "cloudwatch",
            service => service,
        };
        format!("{service}:{}", self.event_name())
    }

    /// Returns `true` if CloudTrail left out the request's parameters because they made the
    /// record too large.
    pub fn has_omitted_parameters(&self) -> bool {
        self.value("requestParameters/omitted") == Some(&Value::Bool(true))
    }

    /// Adds the account of the event's envelope to a record that names none, as EventBridge
    /// delivered them until 2021.
    pub(crate) fn received_by(mut self, account: &str) -> Self {
        if self.account().is_empty()
            && let Some(members) = self.0.as_object_mut()
        {
            members.insert("recipientAccountId".to_owned(), account.into());
        }
        self
    }

    /// The account in which it happened.
    pub fn account(&self) -> &str {
        self.text("recipientAccountId").unwrap_or_default()
    }

    /// The Region that recorded it.
    pub fn region(&self) -> &str {
        self.text("awsRegion").unwrap_or_default()
    }

    /// The partition of the identity's ARN; `aws` where the record has none.
    pub fn partition(&self) -> &str {
        let arn = self.text("userIdentity/arn").unwrap_or_default();
        arn.split(':').nth(1).unwrap_or("aws")
    }

    /// Returns `true` if the root user is the principal. Only the identity's type decides:
    /// ARNs that end in `:root` and users called root belong to others.
    pub fn is_by_root(&self) -> bool {
        self.text("userIdentity/type") == Some(ROOT)
    }

    /// The service that made the call on the principal's behalf.
    pub fn invoked_by(&self) -> Option<&str> {
        self.text("userIdentity/invokedBy")
    }

    /// The access key of the caller.
    pub fn access_key(&self) -> Option<&str> {
        self.text("userIdentity/accessKeyId")
    }

    /// The principal: an ARN, or the best name that the record has.
    pub fn principal(&self) -> String {
        let identity = |member: &str| self.text(&format!("userIdentity/{member}"));
        if self.is_by_root() {
            return "the root user".to_owned();
        }
        identity("arn")
            .or_else(|| identity("userName"))
            .or_else(|| identity("invokedBy"))
            .or_else(|| identity("principalId"))
            .or_else(|| identity("accountId"))
            .unwrap_or("somebody unknown")
            .to_owned()
    }

    /// The result of the call. The sign-in service reports it in `responseElements`.
    pub fn outcome(&self) -> Outcome {
        let result = format!("responseElements/{}", self.event_name());
        if self.text(&result) == Some("Failure") {
            return Outcome::Denied;
        }
        let error = self.text("errorCode").or_else(|| self.text("errorMessage"));
        match error {
            None => Outcome::Succeeded,
            Some(code) if code.contains("AccessDenied") || code.contains("Unauthorized") => {
                Outcome::Denied
            }
            Some(_) => Outcome::Failed,
        }
    }

    /// The use of a second factor. AWS writes `Yes` for users and `YES` for root.
    pub fn mfa(&self) -> Mfa {
        let said = self
            .text("additionalEventData/MFAUsed")
            .or_else(|| self.text("userIdentity/sessionContext/attributes/mfaAuthenticated"));
        match said.map(str::to_ascii_lowercase).as_deref() {
            Some("yes" | "true") => Mfa::Used,
            Some("no" | "false") => Mfa::NotUsed,
            _ => Mfa::Unknown,
        }
    }

    /// Returns `true` if a privileged root session may explain the call: root made it with
    /// temporary credentials and without a second factor, and some task expects it. Nothing in
    /// the member's record tells such a call from one that root made itself: the flag
    /// `assumedRoot` is often missing, and that `mfaAuthenticated` is never `"true"` is taken
    /// from AWS's sample.
    pub fn may_be_in_privileged_session(&self) -> bool {
        let temporary = self.access_key().is_some_and(|key| key.starts_with("ASIA"));
        self.is_by_root()
            && self.invoked_by().is_none()
            && temporary
            && self.mfa() != Mfa::Used
            && session_task::may_explain(&self.call())
    }

    /// Returns `true` if the record itself says that it belongs to a privileged root session
    /// and some task expects the call.
    pub fn is_flagged_privileged(&self) -> bool {
        self.is_by_root()
            && self.text("userIdentity/sessionContext/assumedRoot") == Some("true")
            && session_task::may_explain(&self.call())
    }
}
