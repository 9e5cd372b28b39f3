//! IAM, as far as it knows the root user.
//!
//! There are no IAM users here: the identities of an account are its roles and its
//! root user. Only the root user, by its own key or in a privileged session, sees its
//! credentials; everybody else sees what `GetAccountSummary` and the credential
//! report tell.

mod account_summary;
mod credential_report;
mod mfa_devices;
mod root_credentials;
mod simulation;

use hyper::StatusCode;

use crate::identity::root_arn;
use crate::operations::Needed;
use crate::organization::{Account, RootUser};
use crate::paging::Page;
use crate::request::Request;
use crate::wire::{
    Failure, Member, NAME, Output, Shape, Structure, integer, member, text, text_of,
};
use iam_policy::PrincipalKind;

pub(crate) use account_summary::get_account_summary;
pub(crate) use credential_report::{
    CredentialReports, generate_credential_report, get_credential_report,
};
pub(crate) use mfa_devices::{
    DEACTIVATE_MFA_DEVICE, DELETE_VIRTUAL_MFA_DEVICE, LIST_VIRTUAL_MFA_DEVICES,
    deactivate_mfa_device, delete_virtual_mfa_device, list_mfa_devices, list_virtual_mfa_devices,
    virtual_mfa_device,
};
pub(crate) use root_credentials::{
    DELETE_ACCESS_KEY, DELETE_SIGNING_CERTIFICATE, GET_ACCESS_KEY_LAST_USED, delete_access_key,
    delete_login_profile, delete_signing_certificate, get_access_key_last_used, get_login_profile,
    get_user, list_access_keys, list_signing_certificates,
};
pub(crate) use simulation::{SIMULATE_CUSTOM_POLICY, simulate_custom_policy};

/// The root user has no user name. Where the model requires one, this stands for it.
const ROOT_USER_NAME: &str = "root";

const USER_NAME: Member = member("UserName", text_of(NAME, 1, 128));

/// The input of operations about a user.
pub(crate) const OF_USER: Shape = Shape::Structure(&[USER_NAME]);

/// The input of operations about a user's password. AWS's model allows them shorter
/// names.
pub(crate) const OF_LOGIN_PROFILE: Shape =
    Shape::Structure(&[member("UserName", text_of(NAME, 1, 64))]);

/// The input of operations that list something of a user.
pub(crate) const LIST_OF_USER: Shape = Shape::Structure(&[USER_NAME, MARKER, MAX_ITEMS]);

const MARKER: Member = member("Marker", text(1, 320));

const MAX_ITEMS: Member = member("MaxItems", integer(1, 1000));

/// The user that an operation is about: the root user, when it names none and the
/// root user asks.
pub(crate) fn user(request: &Request<'_>) -> Vec<Needed> {
    let arn = match request.text("UserName") {
        Some(name) => {
            format!(
                "arn:{}:iam::{}:user/{name}",
                request.partition(),
                request.account()
            )
        }
        None if request.is_root() => root_arn(request.partition(), request.account()),
        None => "*".to_owned(),
    };
    vec![Needed::on(request, arn)]
}

/// The account of the caller, whose root user an operation is about.
fn root_account(request: &Request<'_>) -> Result<Account, Failure> {
    if let Some(name) = request.text("UserName") {
        return Err(no_such_entity(format!(
            "The user with name {name} cannot be found."
        )));
    }
    if !request.is_root() {
        return Err(request
            .protocol
            .invalid("Must specify userName when calling with non-User credentials"));
    }
    account(request)
}

/// Returns the root account for operations in which only a privileged session may leave out the
/// name.
fn root_account_in_session(request: &Request<'_>) -> Result<Account, Failure> {
    if request.text("UserName").is_none() && request.caller.principal.kind == PrincipalKind::Root {
        return Err(request
            .protocol
            .invalid("Must specify userName when calling with root user credentials"));
    }
    root_account(request)
}

/// The account of the caller as it is now.
fn account(request: &Request<'_>) -> Result<Account, Failure> {
    request
        .world
        .account(request.account())
        .ok_or_else(|| request.protocol.unknown_credentials())
}

/// Changes the root user of the caller's account.
fn change_root<T>(
    request: &Request<'_>,
    change: impl FnOnce(&mut RootUser) -> Result<T, Failure>,
) -> Result<T, Failure> {
    request
        .world
        .change_account(request.account(), |account| change(&mut account.root))
        .unwrap_or_else(|| Err(request.protocol.unknown_credentials()))
}

/// Takes the one item out of a list that an operation deletes.
fn take_one<T>(
    items: &mut Vec<T>,
    is_it: impl Fn(&T) -> bool,
    missing: impl FnOnce() -> Failure,
) -> Result<T, Failure> {
    match items.iter().position(is_it) {
        Some(position) => Ok(items.remove(position)),
        None => Err(missing()),
    }
}

fn no_such_entity(message: impl Into<String>) -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "NoSuchEntity", message)
}

/// A page of a list, as all of IAM pages.
fn page(
    request: &Request<'_>,
    name: &'static str,
    items: Vec<Structure>,
) -> Result<Structure, Failure> {
    let size = request.size("MaxItems").unwrap_or(100);
    let page = Page::cut(request, items, request.text("Marker"), size)
        .ok_or_else(|| request.protocol.invalid("Invalid Marker."))?;
    Ok(Structure::new()
        .with(name, Output::List(page.items))
        .with("IsTruncated", page.next.is_some())
        .with_some("Marker", page.next))
}
