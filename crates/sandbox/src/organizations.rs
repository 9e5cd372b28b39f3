//! AWS Organizations: which accounts there are, and in which organizational units.

use hyper::StatusCode;

use crate::operations::Needed;
use crate::organization::{Account, AccountState, LONG_AGO, OrganizationalUnit, ROOT_ID};
use crate::paging::Page;
use crate::request::Request;
use crate::wire::{
    Allowed, Failure, Member, Shape, Structure, integer, member, required, text, text_of,
};

pub(crate) const NEXT_TOKEN: Member = member("NextToken", text(0, 100_000));
pub(crate) const MAX_RESULTS: Member = member("MaxResults", integer(1, 20));

const PARENT_ID: Member = required(
    "ParentId",
    text_of(
        Allowed::Pattern(
            "^(r-[0-9a-z]{4,32})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$",
            |text| text.starts_with("r-") || text.starts_with("ou-"),
        ),
        0,
        100,
    ),
);

const ACCOUNT_ID: Allowed = Allowed::Pattern(r"^\d{12}$", crate::organization::is_account_id);

pub(crate) const DESCRIBE_ACCOUNT: Shape =
    Shape::Structure(&[required("AccountId", text_of(ACCOUNT_ID, 0, usize::MAX))]);

pub(crate) const LIST_ACCOUNTS: Shape = Shape::Structure(&[NEXT_TOKEN, MAX_RESULTS]);

pub(crate) const LIST_FOR_PARENT: Shape = Shape::Structure(&[PARENT_ID, NEXT_TOKEN, MAX_RESULTS]);

/// Default page size of Organizations.
const PAGE: usize = 20;

/// The root or unit whose children are asked for.
pub(crate) fn parent(request: &Request<'_>) -> Vec<Needed> {
    let id = request.text("ParentId").unwrap_or_default();
    let kind = if id == ROOT_ID { "root" } else { "ou" };
    vec![Needed::on(request, arn(request, kind, id))]
}

pub(crate) fn describe_account(request: &Request<'_>) -> Result<Structure, Failure> {
    authorize(request)?;
    let id = request.text("AccountId").unwrap_or_default();
    let account = request.world.account(id);
    let account = account.filter(|account| account.in_organization);
    let account = account.ok_or_else(|| {
        refused(
            "AccountNotFoundException",
            "You specified an account that doesn't exist.",
        )
    })?;
    Ok(Structure::new().with("Account", described(request, &account)))
}

pub(crate) fn list_accounts(request: &Request<'_>) -> Result<Structure, Failure> {
    authorize(request)?;
    accounts(request, |_| true)
}

pub(crate) fn list_accounts_for_parent(request: &Request<'_>) -> Result<Structure, Failure> {
    authorize(request)?;
    let parent = known_parent(request)?;
    accounts(request, |account| {
        account.organizational_unit.as_deref().unwrap_or(ROOT_ID) == parent
    })
}

pub(crate) fn list_organizational_units_for_parent(
    request: &Request<'_>,
) -> Result<Structure, Failure> {
    authorize(request)?;
    let parent = known_parent(request)?;
    let units = request.world.organization.organizational_units.iter();
    let children = units
        .filter(|unit| unit.parent.as_deref().unwrap_or(ROOT_ID) == parent)
        .map(|unit| {
            Structure::new()
                .with("Id", &unit.id)
                .with("Arn", arn(request, "ou", &unit.id))
                .with("Name", &unit.name)
        });
    page(request, "OrganizationalUnits", children.collect())
}

/// The management account and delegated administrators may look at the organization.
pub(crate) fn authorize(request: &Request<'_>) -> Result<(), Failure> {
    let organization = &request.world.organization;
    let account = request.account();
    if !request.world.has_member(account) {
        return Err(refused(
            "AWSOrganizationsNotInUseException",
            "Your account is not a member of an organization.",
        ));
    }
    let administrators = [
        organization.management_account(),
        organization.iam_delegated_administrator.as_deref(),
    ];
    let mut delegated = organization.delegated_administrators.iter();
    if administrators.contains(&Some(account)) || delegated.any(|one| one.account == account) {
        return Ok(());
    }
    Err(request.access_denied("You don't have permissions to access this resource."))
}

fn known_parent<'a>(request: &Request<'a>) -> Result<&'a str, Failure> {
    let parent = request
        .input
        .get("ParentId")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    let units = &request.world.organization.organizational_units;
    let is_parent = |unit: &OrganizationalUnit| unit.id == parent;
    if parent == ROOT_ID || units.iter().any(is_parent) {
        return Ok(parent);
    }
    Err(refused(
        "ParentNotFoundException",
        "You specified a parent that doesn't exist.",
    ))
}

fn accounts(
    request: &Request<'_>,
    listed: impl Fn(&Account) -> bool,
) -> Result<Structure, Failure> {
    let accounts = request.world.look(|accounts| {
        let members = accounts.values().filter(|account| account.in_organization);
        let listed = members.filter(|account| listed(account));
        listed.map(|account| described(request, account)).collect()
    });
    page(request, "Accounts", accounts)
}

pub(crate) fn described(request: &Request<'_>, account: &Account) -> Structure {
    Structure::new()
        .with("Id", &account.id)
        .with("Arn", arn(request, "account", &account.id))
        .with("Email", format!("{}@example.com", account.id))
        .with("Name", &account.name)
        // `Status` is gone: AWS had it until September 2026.
        .with("State", state(account.state))
        .with("JoinedMethod", "CREATED")
        .with("JoinedTimestamp", LONG_AGO)
}

pub(crate) fn page(
    request: &Request<'_>,
    name: &'static str,
    items: Vec<Structure>,
) -> Result<Structure, Failure> {
    let size = request.size("MaxResults").unwrap_or(PAGE);
    let page = Page::cut(request, items, request.text("NextToken"), size)
        .ok_or_else(|| refused("InvalidInputException", "You specified an invalid value."))?;
    Ok(Structure::new()
        .with(name, page.items)
        .with_some("NextToken", page.next))
}

fn state(state: AccountState) -> &'static str {
    match state {
        AccountState::PendingActivation => "PENDING_ACTIVATION",
        AccountState::Active => "ACTIVE",
        AccountState::Suspended => "SUSPENDED",
        AccountState::PendingClosure => "PENDING_CLOSURE",
        AccountState::Closed => "CLOSED",
    }
}

pub(crate) fn arn(request: &Request<'_>, kind: &str, id: &str) -> String {
    let organization = &request.world.organization;
    format!(
        "arn:{}:organizations::{}:{kind}/{}/{id}",
        request.partition(),
        organization.management_account().unwrap_or_default(),
        organization.id,
    )
}

pub(crate) fn refused(code: &'static str, message: &str) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, code, message)
}
