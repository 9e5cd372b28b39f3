//! Kinds of activity, their severity, and the advice for each.

use std::fmt;

use serde::Serialize;

use crate::controls::{HARDWARE_ROOT_MFA, NO_ROOT_KEYS};

/// A kind of activity that is reported. The order is that of severity: the worst comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A drill announced itself.
    Drill,
    /// A call in a privileged root session, or the opening of one.
    PrivilegedSession,
    /// Root was asked for its second factor.
    MfaCheck,
    /// An event that did not come from AWS the way root activity does.
    Unauthenticated,
    /// Signing in as root failed.
    SignInFailed,
    /// A call by root that was refused.
    DeniedCall,
    /// Somebody asked to reset root's password.
    PasswordRecoveryRequested,
    /// A second factor was enabled for root.
    MfaEnabled,
    /// An access key or certificate of root was deleted or deactivated.
    CredentialRemoved,
    /// Root's password was deleted.
    LoginProfileDeleted,
    /// Any other call by root.
    ApiCall,
    /// Root signed in.
    SignIn,
    /// Root's password was changed.
    PasswordChanged,
    /// Root's password was reset by e-mail.
    PasswordRecoveryCompleted,
    /// Root's e-mail address was changed.
    EmailChanged,
    /// A second factor of root was deactivated.
    MfaDeactivated,
    /// Root got a password.
    LoginProfileCreated,
    /// An access key or certificate of root was activated.
    CredentialActivated,
    /// Root got an access key or a certificate.
    CredentialCreated,
    /// Root opened a resource policy to everybody.
    PolicyOpened,
    /// Somebody changed what guards the account.
    Tampering,
}

/// The urgency of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    /// For information: to be read when there is time.
    Info,
    /// To be looked at today.
    High,
    /// To be looked at now.
    Critical,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 21] = [
        Self::Drill,
        Self::PrivilegedSession,
        Self::MfaCheck,
        Self::Unauthenticated,
        Self::SignInFailed,
        Self::DeniedCall,
        Self::PasswordRecoveryRequested,
        Self::MfaEnabled,
        Self::CredentialRemoved,
        Self::LoginProfileDeleted,
        Self::ApiCall,
        Self::SignIn,
        Self::PasswordChanged,
        Self::PasswordRecoveryCompleted,
        Self::EmailChanged,
        Self::MfaDeactivated,
        Self::LoginProfileCreated,
        Self::CredentialActivated,
        Self::CredentialCreated,
        Self::PolicyOpened,
        Self::Tampering,
    ];

    /// The severity of this kind.
    pub fn severity(self) -> Severity {
        match self {
            Self::Drill | Self::PrivilegedSession => Severity::Info,
            Self::MfaCheck
            | Self::Unauthenticated
            | Self::SignInFailed
            | Self::DeniedCall
            | Self::PasswordRecoveryRequested
            | Self::MfaEnabled
            | Self::CredentialRemoved
            | Self::LoginProfileDeleted => Severity::High,
            _ => Severity::Critical,
        }
    }

    /// Returns `true` if it may wait for up to a minute when its session was reported just
    /// before. Changes of credentials and policies never wait.
    pub(crate) fn may_wait(self) -> bool {
        matches!(
            self,
            Self::PrivilegedSession
                | Self::MfaCheck
                | Self::Unauthenticated
                | Self::SignInFailed
                | Self::DeniedCall
                | Self::ApiCall
                | Self::Tampering
        )
    }

    /// Returns `true` if the subject must name the call to say what happened.
    pub(crate) fn is_told_by_its_calls(self) -> bool {
        matches!(
            self,
            Self::ApiCall
                | Self::DeniedCall
                | Self::PolicyOpened
                | Self::Tampering
                | Self::PrivilegedSession
        )
    }

    /// The beginning of a subject.
    pub(crate) fn headline(self) -> &'static str {
        match self {
            Self::Drill => "DRILL: no root use",
            Self::PrivilegedSession => "Privileged root session",
            Self::MfaCheck => "ROOT asked for its MFA code",
            Self::Unauthenticated => "Unauthenticated record, not believed",
            Self::SignInFailed => "ROOT sign-in FAILED",
            Self::DeniedCall => "ROOT call denied",
            Self::PasswordRecoveryRequested => "ROOT password reset requested",
            Self::MfaEnabled => "ROOT MFA enabled",
            Self::CredentialRemoved => "ROOT key or certificate removed",
            Self::LoginProfileDeleted => "ROOT password deleted",
            Self::ApiCall => "ROOT used",
            Self::SignIn => "ROOT signed in",
            Self::PasswordChanged => "ROOT password CHANGED",
            Self::PasswordRecoveryCompleted => "ROOT password RESET by e-mail",
            Self::EmailChanged => "ROOT e-mail address CHANGED",
            Self::MfaDeactivated => "ROOT MFA DEACTIVATED",
            Self::LoginProfileCreated => "ROOT password CREATED",
            Self::CredentialActivated => "ROOT key or certificate ACTIVATED",
            Self::CredentialCreated => "ROOT key or certificate CREATED",
            Self::PolicyOpened => "ROOT opened a policy to ALL",
            Self::Tampering => "Guard changed",
        }
    }

    /// The advice for whoever reads the notice.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Drill => "Nothing: somebody is testing that these messages arrive.",
            Self::PrivilegedSession => {
                "Nothing if you know this principal and task. Otherwise revoke the \
                 principal's sessions and ask who may call sts:AssumeRoot."
            }
            Self::MfaCheck | Self::SignIn | Self::ApiCall => {
                "Ask the owner of this account, by telephone, whether they used root and \
                 for what. If nobody did: reset root's password and MFA now, delete \
                 root's access keys, and treat the account as compromised."
            }
            Self::Unauthenticated => {
                "This does not prove root use. Find out who may send events to the activity bus, \
                 and which rule forwarded this one."
            }
            Self::SignInFailed => {
                "Ask the owner whether they mistyped. If it goes on: somebody has or guesses \
                 the password; check the e-mail account and the MFA device behind root."
            }
            Self::DeniedCall => {
                "Root was used, and a policy stopped it. Ask the owner of this account what \
                 they wanted to do; if nobody did, treat the account as compromised."
            }
            Self::PasswordRecoveryRequested => {
                "Ask the owner whether they want a new password. If not: secure the mailbox \
                 behind root now, because whoever reads it gets the password."
            }
            Self::PasswordRecoveryCompleted | Self::PasswordChanged | Self::EmailChanged => {
                "Ask the owner, by telephone, whether they did this. If not: call AWS Support \
                 about a compromised root user now; the attacker can sign in."
            }
            Self::MfaEnabled => {
                "Ask the owner whether the device is theirs, and keep its serial number. A \
                 device of somebody else keeps root for them."
            }
            Self::MfaDeactivated => {
                "Ask the owner why. Enrol a hardware device again before anything else; if \
                 nobody did this, treat the account as compromised."
            }
            Self::CredentialRemoved | Self::LoginProfileDeleted => {
                "Good, if the remediation of rootguard or the owner did it. Check that nothing \
                 that runs depended on it."
            }
            Self::LoginProfileCreated => {
                "Root of this account can sign in again. Ask who needed it, and delete the \
                 password when they are done."
            }
            Self::CredentialCreated | Self::CredentialActivated => {
                "Delete it, after asking the owner; root must not have keys. If nobody admits \
                 it, treat the account as compromised."
            }
            Self::PolicyOpened => {
                "Take the statement for everybody out of the resource's policy now, and ask the \
                 owner of this account why it was added. If nobody did this, treat the account \
                 as compromised."
            }
            Self::Tampering => {
                "Ask the principal why. Undo the change unless it was agreed; until then, root \
                 activity in this account may go unnoticed. AWS Config is evaluating the rules \
                 concerned."
            }
        }
    }

    /// The rules that AWS Config should evaluate in the account at once.
    pub(crate) fn controls(self) -> &'static [&'static str] {
        match self {
            Self::CredentialCreated | Self::CredentialActivated | Self::CredentialRemoved => {
                &[NO_ROOT_KEYS]
            }
            Self::MfaEnabled
            | Self::MfaDeactivated
            | Self::LoginProfileCreated
            | Self::LoginProfileDeleted => &[HARDWARE_ROOT_MFA],
            _ => &[],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
