//! STS: who the caller is, and sessions of roles and of root users.

mod assume_role;
mod assume_root;

use aws_credential_types::Credentials;

use crate::Timestamp;
use crate::request::Request;
use crate::wire::{Failure, Structure};

pub(crate) use assume_role::{ASSUME_ROLE, assume_role, assume_role_context, role};
pub(crate) use assume_root::{ASSUME_ROOT, assume_root, assume_root_context, root_user};

/// The policy of those who may do everything: `AdministratorAccess`.
const EVERYTHING: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

#[expect(clippy::unnecessary_wraps, reason = "the signature of every handler")]
pub(crate) fn get_caller_identity(request: &Request<'_>) -> Result<Structure, Failure> {
    Ok(Structure::new()
        .with("UserId", &request.caller.user_id)
        .with("Account", request.account())
        .with("Arn", &request.caller.principal.arn))
}

/// Issued credentials as both operations return them.
fn credentials(issued: &Credentials) -> Structure {
    Structure::new()
        .with("AccessKeyId", issued.access_key_id())
        .with("SecretAccessKey", issued.secret_access_key())
        .with_some("SessionToken", issued.session_token())
        .with_some("Expiration", issued.expiry().map(Timestamp::from))
}
