//! AWS Organizations, as far as it says what accounts are called.

use hyper::StatusCode;

use crate::Timestamp;
use crate::organization::{Account, AccountState};
use crate::request::Request;
use crate::wire::{Allowed, Failure, Shape, Structure, required, text_of};

const ACCOUNT_ID: Allowed = Allowed::Pattern(r"^\d{12}$", crate::organization::is_account_id);

pub(crate) const DESCRIBE_ACCOUNT: Shape =
    Shape::Structure(&[required("AccountId", text_of(ACCOUNT_ID, 0, usize::MAX))]);

/// When every account joined.
const JOINED: i64 = 1_577_836_800_000;

fn arn(request: &Request<'_>, account: &str) -> String {
    let organization = &request.world.organization;
    let management = organization
        .management_account
        .as_deref()
        .unwrap_or_default();
    format!(
        "arn:{}:organizations::{management}:account/{}/{account}",
        request.partition(),
        organization.id
    )
}

/// Whether the caller's account may ask: the management account, and those to which it
/// delegated something.
fn may_ask(request: &Request<'_>) -> bool {
    let organization = &request.world.organization;
    let caller = Some(request.account());
    organization.management_account.as_deref() == caller
        || organization.iam_delegated_administrator.as_deref() == caller
}

pub(crate) fn describe_account(request: &Request<'_>) -> Result<Structure, Failure> {
    if !may_ask(request) {
        return Err(request.access_denied("You don't have permissions to access this resource."));
    }
    let id = request.text("AccountId").unwrap_or_default();
    let account = request.world.account(id);
    let account = account.filter(|account| account.in_organization);
    let account = account.ok_or_else(|| {
        Failure::new(
            StatusCode::BAD_REQUEST,
            "AccountNotFoundException",
            "You specified an account that doesn't exist.",
        )
    })?;
    Ok(Structure::new().with("Account", described(request, &account)))
}

fn described(request: &Request<'_>, account: &Account) -> Structure {
    let (status, state) = match account.state {
        AccountState::PendingActivation => ("ACTIVE", "PENDING_ACTIVATION"),
        AccountState::Active => ("ACTIVE", "ACTIVE"),
        AccountState::Suspended => ("SUSPENDED", "SUSPENDED"),
        AccountState::PendingClosure => ("PENDING_CLOSURE", "PENDING_CLOSURE"),
        AccountState::Closed => ("SUSPENDED", "CLOSED"),
    };
    Structure::new()
        .with("Id", &account.id)
        .with("Arn", arn(request, &account.id))
        .with("Email", format!("root+{}@example.com", account.id))
        .with("Name", &account.name)
        .with("Status", status)
        .with("State", state)
        .with("JoinedMethod", "CREATED")
        .with("JoinedTimestamp", Timestamp::from_millis(JOINED))
}
