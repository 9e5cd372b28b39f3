//! The meaning of a record.

use serde::Serialize;

use crate::exposure::opens_to_everybody;
use crate::kind::Kind;
use crate::record::{Outcome, Record};
use crate::tampering::{Tampering, Watched, tampering};

/// The meaning of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// Reported as activity of this kind.
    Report(Kind),
    /// Reported as a change of the guard; the account is evaluated.
    Tampering(Tampering),
    /// Not reported.
    Silent(Silence),
}

/// The reason that a record is not reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Silence {
    /// A service acted for the root user, as AWS Support does when it reads an account.
    ServiceInvoked,
    /// AWS itself acted (`invokedBy` is `AWS Internal`).
    AwsInternal,
    /// A service reports an event of its own, which nobody called.
    ServiceEvent,
    /// It has an ARN like root's, an empty ARN or a user called root, and another type.
    LooksLikeRoot,
    /// Another principal, and no change of the guard.
    OtherPrincipal,
}

impl Class {
    /// The kind under which it is reported.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Report(kind) => Some(*kind),
            Self::Tampering(_) => Some(Kind::Tampering),
            Self::Silent(_) => None,
        }
    }
}

/// Classifies a record by itself. Privileged sessions are not in the record; [`triage`]
/// knows them.
///
/// [`triage`]: crate::triage()
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
        // The console makes calls for people.
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

/// Classifies a record of a person who acted as root.
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
        call if is_about_root_itself(record) && call.starts_with("iam:") => {
            about_credentials(call, record)
        }
        _ if opens_to_everybody(record) => Kind::PolicyOpened,
        _ => Kind::ApiCall,
    }
}

/// Returns `true` if a call about credentials is about root's own: it names no user, or the
/// name that the console uses for root.
fn is_about_root_itself(record: &Record) -> bool {
    let user = record.text("requestParameters/userName");
    user.is_none_or(|user| user.eq_ignore_ascii_case("AWS ROOT USER"))
}

fn about_credentials(call: &str, record: &Record) -> Kind {
    match call {
        "iam:CreateAccessKey" | "iam:UploadSigningCertificate" => Kind::CredentialCreated,
        // A record without the parameter, because it was too large, is taken for the worse.
        "iam:UpdateAccessKey" | "iam:UpdateSigningCertificate" => {
            match record.text("requestParameters/status") {
                Some("Inactive") => Kind::CredentialRemoved,
                _ => Kind::CredentialActivated,
            }
        }
        "iam:DeleteAccessKey" | "iam:DeleteSigningCertificate" => Kind::CredentialRemoved,
        "iam:CreateLoginProfile" => Kind::LoginProfileCreated,
        "iam:UpdateLoginProfile" => Kind::PasswordChanged,
        "iam:DeleteLoginProfile" => Kind::LoginProfileDeleted,
        "iam:EnableMFADevice" => Kind::MfaEnabled,
        "iam:DeactivateMFADevice" => Kind::MfaDeactivated,
        _ => Kind::ApiCall,
    }
}
