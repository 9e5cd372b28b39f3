//! A CloudTrail record, and what is asked of it.

use serde_json::Value;

/// The identity type of the root user, and of nobody else.
const ROOT: &str = "Root";

/// The calls that some task policy of `sts:AssumeRoot` allows (aws-facts E), under the
/// names that CloudTrail has for them.
const TASK_CALLS: &[&str] = &[
    "iam:CreateLoginProfile",
    "iam:DeactivateMFADevice",
    "iam:DeleteAccessKey",
    "iam:DeleteLoginProfile",
    "iam:DeleteSigningCertificate",
    "iam:DeleteVirtualMFADevice",
    "iam:GetAccessKeyLastUsed",
    "iam:GetAccountSummary",
    "iam:GetLoginProfile",
    "iam:GetUser",
    "iam:ListAccessKeys",
    "iam:ListMFADevices",
    "iam:ListSigningCertificates",
    "s3:DeleteBucketPolicy",
    "s3:GetBucketPolicy",
    "s3:ListBuckets",
    "s3:PutBucketPolicy",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ListQueues",
    "sqs:SetQueueAttributes",
];

/// A CloudTrail record. It says who did what; everything else about it may be missing.
///
/// Read leniently: records of twenty years differ, and a member of another type than AWS
/// documents, or an empty text, is as one that is absent.
#[derive(Clone, Debug, PartialEq)]
pub struct Record(Value);

/// Something that is no CloudTrail record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the detail is no CloudTrail record: it has no {0}")]
pub struct NotARecord(&'static str);

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It did what it was asked to.
    Succeeded,
    /// The caller was not allowed to.
    Denied,
    /// It failed otherwise.
    Failed,
}

/// What is known about multi-factor authentication.
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
    /// Takes a value for a record, if it says what happened and by whom.
    ///
    /// # Errors
    /// When it does not.
    pub fn new(value: Value) -> Result<Self, NotARecord> {
        let record = Self(value);
        for member in ["eventName", "eventSource"] {
            record.text(member).ok_or(NotARecord(member))?;
        }
        let identity = record.0.get("userIdentity");
        if !identity.is_some_and(Value::is_object) {
            return Err(NotARecord("userIdentity"));
        }
        Ok(record)
    }

    /// The text at a path such as `userIdentity/type`; none if it is empty.
    pub fn text(&self, path: &str) -> Option<&str> {
        let text = self.value(path)?.as_str()?;
        (!text.is_empty()).then_some(text)
    }

    /// The value at a path.
    pub fn value(&self, path: &str) -> Option<&Value> {
        path.split('/')
            .try_fold(&self.0, |value, member| value.get(member))
    }

    /// The operation or event, such as `ConsoleLogin`.
    pub fn event_name(&self) -> &str {
        self.text("eventName").unwrap_or_default()
    }

    /// The service that was asked, such as `iam.amazonaws.com`.
    pub fn event_source(&self) -> &str {
        self.text("eventSource").unwrap_or_default()
    }

    /// The call as IAM would name it, such as `iam:CreateAccessKey`.
    pub fn call(&self) -> String {
        let service = self.event_source();
        let service = match service.split('.').next().unwrap_or(service) {
            "monitoring" => "cloudwatch",
            service => service,
        };
        format!("{service}:{}", self.event_name())
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

    /// Whether the root user is the principal: by the type alone. ARNs that end in
    /// `:root` and users called root are others'.
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

    /// Who did it, in the shortest words that say so.
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

    /// How it ended. The sign-in service says so in its own words.
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

    /// Whether a second factor was given, in whatever case AWS writes it: `Yes` for
    /// users, `YES` for root (aws-facts F4).
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

    /// Whether it may be a call in a privileged root session: one that a task allows, by
    /// root, with temporary credentials and without a second factor. Nothing in it tells
    /// such a call from one that root made itself (aws-facts F4; that the flag
    /// `assumedRoot` may be missing is sourced, that `mfaAuthenticated` is never `"true"`
    /// is taken from AWS's sample).
    pub fn may_be_in_privileged_session(&self) -> bool {
        let temporary = self.access_key().is_some_and(|key| key.starts_with("ASIA"));
        self.is_by_root()
            && self.invoked_by().is_none()
            && temporary
            && self.mfa() != Mfa::Used
            && TASK_CALLS.contains(&self.call().as_str())
    }

    /// Whether the record itself says that it is of a privileged root session.
    pub fn is_flagged_privileged(&self) -> bool {
        self.is_by_root() && self.text("userIdentity/sessionContext/assumedRoot") == Some("true")
    }
}
