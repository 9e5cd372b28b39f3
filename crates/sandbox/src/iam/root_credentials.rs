//! The root user's password, access keys and signing certificates, as only the root
//! user sees them.

use hyper::StatusCode;

use super::{
    ROOT_USER_NAME, USER_NAME, change_root, no_such_entity, page, root_account,
    root_account_in_session, take_one,
};
use crate::identity::root_arn;
use crate::organization::{Account, LONG_AGO};
use crate::request::Request;
use crate::wire::{Failure, Member, Shape, Structure, WORD, required, text_of};

const ACCESS_KEY_ID: Member = required("AccessKeyId", text_of(WORD, 16, 128));

pub(crate) const GET_ACCESS_KEY_LAST_USED: Shape = Shape::Structure(&[ACCESS_KEY_ID]);

pub(crate) const DELETE_ACCESS_KEY: Shape = Shape::Structure(&[USER_NAME, ACCESS_KEY_ID]);

pub(crate) const DELETE_SIGNING_CERTIFICATE: Shape =
    Shape::Structure(&[USER_NAME, required("CertificateId", text_of(WORD, 24, 128))]);

pub(crate) fn get_user(request: &Request<'_>) -> Result<Structure, Failure> {
    let account = root_account(request)?;
    Ok(Structure::new().with("User", root_user(request, &account)))
}

/// The root user as IAM shows it where it shows a user.
pub(super) fn root_user(request: &Request<'_>, account: &Account) -> Structure {
    Structure::new()
        .with("Path", "/")
        .with("UserName", ROOT_USER_NAME)
        .with("UserId", &account.id)
        .with("Arn", root_arn(request.partition(), &account.id))
        .with("CreateDate", LONG_AGO)
        .with_some("PasswordLastUsed", account.root.password_last_used)
}

pub(crate) fn get_login_profile(request: &Request<'_>) -> Result<Structure, Failure> {
    let account = root_account_in_session(request)?;
    if !account.root.password {
        return Err(no_login_profile());
    }
    let profile = Structure::new()
        .with("UserName", ROOT_USER_NAME)
        .with("CreateDate", LONG_AGO)
        .with("PasswordResetRequired", false);
    Ok(Structure::new().with("LoginProfile", profile))
}

pub(crate) fn delete_login_profile(request: &Request<'_>) -> Result<Structure, Failure> {
    root_account_in_session(request)?;
    change_root(request, |root| {
        if !root.password {
            return Err(no_login_profile());
        }
        root.password = false;
        Ok(Structure::new())
    })
}

fn no_login_profile() -> Failure {
    no_such_entity(format!(
        "Login Profile for User {ROOT_USER_NAME} cannot be found."
    ))
}

pub(crate) fn list_access_keys(request: &Request<'_>) -> Result<Structure, Failure> {
    let account = root_account(request)?;
    let keys = account.root.access_keys.iter().map(|key| {
        Structure::new()
            .with("UserName", ROOT_USER_NAME)
            .with("AccessKeyId", &key.id)
            .with("Status", status(key.active))
            .with("CreateDate", key.created)
    });
    page(request, "AccessKeyMetadata", keys.collect())
}

pub(crate) fn get_access_key_last_used(request: &Request<'_>) -> Result<Structure, Failure> {
    let id = request.text("AccessKeyId").unwrap_or_default();
    // For everybody but the root user its keys are like keys that do not exist.
    let key = request
        .is_root()
        .then(|| root_account(request))
        .transpose()?
        .and_then(|account| {
            account
                .root
                .access_keys
                .into_iter()
                .find(|key| key.id == id)
        });
    let Some(key) = key else {
        return Err(Failure::new(
            StatusCode::FORBIDDEN,
            "AccessDenied",
            format!(
                "User: {} is not authorized to perform: iam:GetAccessKeyLastUsed \
                 on resource: access key {id}",
                request.caller.principal.arn
            ),
        ));
    };
    let last_used = match key.last_used {
        Some(used) => Structure::new()
            .with("LastUsedDate", used.date)
            .with("ServiceName", used.service)
            .with("Region", used.region),
        None => Structure::new()
            .with("ServiceName", "N/A")
            .with("Region", "N/A"),
    };
    Ok(Structure::new()
        .with("UserName", ROOT_USER_NAME)
        .with("AccessKeyLastUsed", last_used))
}

pub(crate) fn delete_access_key(request: &Request<'_>) -> Result<Structure, Failure> {
    root_account(request)?;
    let id = request.text("AccessKeyId").unwrap_or_default();
    change_root(request, |root| {
        take_one(
            &mut root.access_keys,
            |key| key.id == id,
            || no_such_entity(format!("The Access Key with id {id} cannot be found.")),
        )
    })?;
    Ok(Structure::new())
}

pub(crate) fn list_signing_certificates(request: &Request<'_>) -> Result<Structure, Failure> {
    let account = root_account(request)?;
    let certificates = account.root.signing_certificates.iter().map(|certificate| {
        Structure::new()
            .with("UserName", ROOT_USER_NAME)
            .with("CertificateId", &certificate.id)
            .with("CertificateBody", CERTIFICATE_BODY)
            .with("Status", status(certificate.active))
            .with("UploadDate", certificate.uploaded)
    });
    page(request, "Certificates", certificates.collect())
}

/// Nobody reads what is in a certificate here.
const CERTIFICATE_BODY: &str =
    "-----BEGIN CERTIFICATE-----\nc2FuZGJveA==\n-----END CERTIFICATE-----";

pub(crate) fn delete_signing_certificate(request: &Request<'_>) -> Result<Structure, Failure> {
    root_account(request)?;
    let id = request.text("CertificateId").unwrap_or_default();
    change_root(request, |root| {
        take_one(
            &mut root.signing_certificates,
            |certificate| certificate.id == id,
            || no_such_entity(format!("The Certificate with id {id} cannot be found.")),
        )
    })?;
    Ok(Structure::new())
}

fn status(active: bool) -> &'static str {
    if active { "Active" } else { "Inactive" }
}
