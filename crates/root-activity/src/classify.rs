//! What a record means.

use serde::Serialize;

use crate::kind::Kind;
use crate::record::{Outcome, Record};
use crate::tampering::{Tampering, Watched, tampering};

/// What a record means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// People are told.
    Report(Kind),
    /// People are told that the guard was changed, and the account is evaluated.
    Tampering(Tampering),
    /// Nobody is told.
    Silent(Silence),
}

/// Why nobody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Silence {
    /// A service acted for the root user, as AWS Support does when it reads an account.
    ServiceInvoked,
    /// AWS itself acted.
    AwsInternal,
    /// A service says that something happened; nobody called it.
    ServiceEvent,
    /// It has a root ARN, is of a user called root, or has an empty ARN; not of root.
    LooksLikeRoot,
    /// Somebody else did something else.
    OtherPrincipal,
}

impl Class {
    /// What people are told it is.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Report(kind) => Some(*kind),
            Self::Tampering(_) => Some(Kind::Tampering),
            Self::Silent(_) => None,
        }
    }
}

/// Decides what a record means. Whether root acted in a privileged session is not in the
/// record and is decided later.
pub fn classify(record: &Record, watched: &Watched) -> Class {
    if record.text("eventType") == Some("AwsServiceEvent") {
        return Class::Silent(if record.is_by_root() {
            Silence::ServiceEvent
        } else {
            not_root(record)
        });
    }
    if let Some(tampering) = tampering(record, watched) {
        return Class::Tampering(tampering);
    }
    match record.call().as_str() {
        "sts:AssumeRoot" => return Class::Report(Kind::PrivilegedSession),
        // An administrator of the organization can change the address behind root.
        "account:AcceptPrimaryEmailUpdate" if record.outcome() == Outcome::Succeeded => {
            return Class::Report(Kind::EmailChanged);
        }
        _ => {}
    }
    if !record.is_by_root() {
        return Class::Silent(not_root(record));
    }
    match record.invoked_by() {
        // What people do in the console.
        None | Some("signin.amazonaws.com") => Class::Report(by_root(record)),
        Some("AWS Internal") => Class::Silent(Silence::AwsInternal),
        Some(_) => Class::Silent(Silence::ServiceInvoked),
    }
}

fn not_root(record: &Record) -> Silence {
    let identity = record.value("userIdentity");
    let arn = identity.and_then(|identity| identity.get("arn")?.as_str());
    let named_root = record.text("userIdentity/userName") == Some("root");
    let root_arn = arn.is_some_and(|arn| arn.is_empty() || arn.ends_with(":root"));
    if root_arn || named_root {
        Silence::LooksLikeRoot
    } else {
        Silence::OtherPrincipal
    }
}

/// What a person did as root.
fn by_root(record: &Record) -> Kind {
    let call = record.call();
    let outcome = record.outcome();
    if call == "signin:ConsoleLogin" {
        return if outcome == Outcome::Succeeded {
            Kind::SignIn
        } else {
            Kind::SignInFailed
        };
    }
    if outcome != Outcome::Succeeded {
        return if outcome == Outcome::Denied {
            Kind::DeniedCall
        } else {
            Kind::ApiCall
        };
    }
    match call.as_str() {
        "signin:CheckMfa" => Kind::MfaCheck,
        "signin:PasswordRecoveryRequested" => Kind::PasswordRecoveryRequested,
        "signin:PasswordRecoveryCompleted" => Kind::PasswordRecoveryCompleted,
        "signin:PasswordUpdated" => Kind::PasswordChanged,
        // Known from public detection rules; AWS's guides have no sample of it.
        "signin:EmailUpdated" => Kind::EmailChanged,
        call if is_about_root_itself(record) => about_credentials(call),
        _ => Kind::ApiCall,
    }
}

/// Whether a call about credentials is about those of the caller: no user is named, or
/// the one that the console calls so.
fn is_about_root_itself(record: &Record) -> bool {
    let user = record.text("requestParameters/userName");
    user.is_none_or(|user| user.eq_ignore_ascii_case("AWS ROOT USER"))
}

fn about_credentials(call: &str) -> Kind {
    match call {
        "iam:CreateAccessKey" | "iam:UploadSigningCertificate" => Kind::CredentialCreated,
        "iam:DeleteAccessKey"
        | "iam:UpdateAccessKey"
        | "iam:DeleteSigningCertificate"
        | "iam:UpdateSigningCertificate" => Kind::CredentialRemoved,
        "iam:CreateLoginProfile" => Kind::LoginProfileCreated,
        "iam:UpdateLoginProfile" => Kind::PasswordChanged,
        "iam:DeleteLoginProfile" => Kind::LoginProfileDeleted,
        "iam:EnableMFADevice" => Kind::MfaEnabled,
        "iam:DeactivateMFADevice" => Kind::MfaDeactivated,
        _ => Kind::ApiCall,
    }
}
