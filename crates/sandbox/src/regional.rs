//! The resources of the account and Region that a request is about.

use crate::organization::{Account, AccountRegion, Resource};
use crate::request::Request;
use crate::wire::Failure;

/// Accessor of an account's resources of a kind.
pub(crate) type Of = fn(&mut Account) -> &mut Vec<Resource>;

/// The account and Region that are asked.
pub(crate) fn place<'a>(request: &'a Request<'_>) -> AccountRegion<'a> {
    AccountRegion {
        partition: request.partition(),
        account: request.account(),
        region: request.region,
    }
}

/// The resources of a kind, as they are now.
pub(crate) fn resources(request: &Request<'_>, of: Of) -> Result<Vec<Resource>, Failure> {
    let mut account = request
        .world
        .account(request.account())
        .ok_or_else(|| request.protocol.unknown_credentials())?;
    let mut resources = std::mem::take(of(&mut account));
    resources.retain(|resource| resource.region == request.region);
    Ok(resources)
}

/// Changes the account.
pub(crate) fn change<T>(
    request: &Request<'_>,
    change: impl FnOnce(&mut Account) -> Result<T, Failure>,
) -> Result<T, Failure> {
    request
        .world
        .change_account(request.account(), change)
        .unwrap_or_else(|| Err(request.protocol.unknown_credentials()))
}

/// The resource of the Region in which a member has a value.
pub(crate) fn find<'a>(
    request: &Request<'_>,
    resources: &'a mut [Resource],
    member: &str,
    value: &str,
) -> Option<&'a mut Resource> {
    resources
        .iter_mut()
        .find(|resource| is(request, resource, member, value))
}

/// Returns true if a resource is in the Region, and a member of it has a value.
pub(crate) fn is(request: &Request<'_>, resource: &Resource, member: &str, value: &str) -> bool {
    resource.region == request.region && resource.text(member) == Some(value)
}
