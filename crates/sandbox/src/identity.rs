//! Callers: the account and principal behind an access key id.
//!
//! Signatures are not verified. The access key id alone says who asks: twelve digits
//! are the administrator of that account, the id of a root user's access key is that
//! root user, and the ids of sessions are what `AssumeRole` and `AssumeRoot` issued.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_credential_types::Credentials;
use cloudformation_template::unique_uuid;
use uuid::Uuid;

use crate::Timestamp;
use crate::organization::{Partition, Role, is_account_id};
use crate::wire::{Failure, Protocol};
use crate::world::World;
use iam_policy::{Document, Principal, PrincipalKind};

/// Caller of a request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    /// `aws:userid`, as `GetCallerIdentity` gives it.
    pub(crate) user_id: String,
    /// Session of the caller, where there is one.
    pub(crate) session: Option<Session>,
}

/// Temporary credentials.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    token: String,
    pub(crate) issued: Timestamp,
    pub(crate) expires: Timestamp,
    /// The policies that limit it, where any were passed.
    pub(crate) policies: Option<Vec<Document>>,
    pub(crate) source_identity: Option<String>,
    pub(crate) tags: SessionTags,
    /// True if an MFA code came with the request for the session.
    pub(crate) mfa: bool,
}

/// The tags of a session, by key.
pub(crate) type SessionTags = BTreeMap<String, SessionTag>;

/// The value of a session tag.
#[derive(Clone, Debug)]
pub(crate) struct SessionTag {
    pub(crate) value: String,
    /// True if a session that is assumed from this one has it too.
    pub(crate) transitive: bool,
}

/// Specification of a new session.
pub(crate) struct NewSession {
    pub(crate) principal: Principal,
    pub(crate) user_id: String,
    pub(crate) duration: Duration,
    pub(crate) policies: Option<Vec<Document>>,
    pub(crate) source_identity: Option<String>,
    pub(crate) tags: SessionTags,
    pub(crate) mfa: bool,
}

/// The sessions that were issued, by access key id.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<BTreeMap<String, Caller>>);

impl Sessions {
    /// Issues temporary credentials.
    pub(crate) fn issue(&self, new: NewSession, now: Timestamp) -> Credentials {
        let id = Uuid::new_v4().simple().to_string().to_uppercase();
        let access_key_id = format!("ASIA{}", id.get(..16).unwrap_or(&id));
        let token = format!("{}{id}", Uuid::new_v4().simple());
        let expires = now.plus(new.duration);
        let caller = Caller {
            principal: new.principal,
            user_id: new.user_id,
            session: Some(Session {
                token: token.clone(),
                issued: now,
                expires,
                policies: new.policies,
                source_identity: new.source_identity,
                tags: new.tags,
                mfa: new.mfa,
            }),
        };
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(access_key_id.clone(), caller);
        Credentials::builder()
            .access_key_id(access_key_id)
            .secret_access_key(SECRET)
            .session_token(token)
            .expiry(expires.into())
            .provider_name("sandbox")
            .build()
    }

    fn get(&self, access_key_id: &str) -> Option<Caller> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(access_key_id)
            .cloned()
    }
}

/// Every key's secret: nothing verifies signatures, but clients want to make one.
const SECRET: &str = "sandbox-secrets-are-not-secret";

/// The credentials of an account's administrator.
pub(crate) fn administrator_credentials(account: &str) -> Credentials {
    Credentials::builder()
        .access_key_id(account)
        .secret_access_key(SECRET)
        .provider_name("sandbox")
        .build()
}

/// The caller with an access key id and, for a session, its token.
pub(crate) fn recognise(
    world: &World,
    protocol: Protocol,
    access_key_id: &str,
    token: Option<&str>,
) -> Result<Caller, Failure> {
    let unknown = || protocol.unknown_credentials();
    let caller = if is_account_id(access_key_id) {
        administrator(world, access_key_id)
    } else if let Some(caller) = world.sessions.get(access_key_id) {
        caller
    } else {
        root(world, access_key_id).ok_or_else(unknown)?
    };
    if world.active_account(&caller.principal.account).is_none() {
        return Err(unknown());
    }
    if let Some(session) = &caller.session {
        if token != Some(session.token.as_str()) {
            return Err(unknown());
        }
        if session.expires <= world.clock.now() {
            return Err(protocol.expired_credentials());
        }
    }
    Ok(caller)
}

fn administrator(world: &World, account: &str) -> Caller {
    let partition = world.partition();
    Caller {
        principal: Principal {
            arn: format!("arn:{partition}:sts::{account}:assumed-role/Administrator/sandbox"),
            account: account.to_owned(),
            kind: PrincipalKind::Administrator,
        },
        user_id: format!("{}:sandbox", role_id(account, "Administrator")),
        session: None,
    }
}

fn root(world: &World, access_key_id: &str) -> Option<Caller> {
    let account = world.account_of_root_key(access_key_id)?;
    let key = account
        .root
        .access_keys
        .iter()
        .find(|key| key.id == access_key_id)?;
    key.active.then(|| Caller {
        principal: Principal {
            arn: root_arn(world.partition(), &account.id),
            account: account.id.clone(),
            kind: PrincipalKind::Root,
        },
        user_id: account.id.clone(),
        session: None,
    })
}

/// The ARN of an account's root user.
pub(crate) fn root_arn(partition: Partition, account: &str) -> String {
    format!("arn:{partition}:iam::{account}:root")
}

/// The ARN of a role.
pub(crate) fn role_arn(partition: Partition, account: &str, role: &Role) -> String {
    format!(
        "arn:{partition}:iam::{account}:role{}{}",
        role.path, role.name
    )
}

/// A role's unique id: the same for the same role, and no secret.
pub(crate) fn role_id(account: &str, name: &str) -> String {
    unique_id("AROA", &format!("{account}/{name}"))
}

/// An id of the form IAM gives to what it names, `AROA` and 17 characters, which is
/// the same for the same thing.
pub(crate) fn unique_id(prefix: &str, of: &str) -> String {
    let digits = unique_uuid(of).simple().to_string().to_uppercase();
    format!("{prefix}{}", digits.get(..17).unwrap_or_default())
}

/// The principal of a session of a role.
pub(crate) fn role_session(
    partition: Partition,
    account: &str,
    role: &Role,
    session_name: &str,
) -> Principal {
    Principal {
        arn: format!(
            "arn:{partition}:sts::{account}:assumed-role/{}/{session_name}",
            role.name
        ),
        account: account.to_owned(),
        kind: PrincipalKind::AssumedRole {
            role_arn: role_arn(partition, account, role),
        },
    }
}
