//! KMS, as far as it says who may use a key: keys, their policies, their aliases.
//! Nothing is encrypted.

mod aliases;
mod keys;
mod states;

use hyper::StatusCode;
use serde_json::json;

use crate::operations::{Context, Needed};
use crate::organization::{AccountRegion, Resource};
use crate::paging::Page;
use crate::request::Request;
use crate::wire::{
    Allowed, Failure, Member, Output, Shape, Structure, integer, member, required, text, text_of,
};

pub(crate) use aliases::{
    CREATE_ALIAS, KEY_ALIAS, LIST_ALIASES, create_alias, list_aliases, new_alias,
};
pub(crate) use keys::{
    CREATE_KEY, DESCRIBE_KEY, GET_KEY_POLICY, KEY, PUT_KEY_POLICY, create_key, describe_key,
    get_key_policy, list_keys, new_key, put_key_policy,
};
pub(crate) use states::{SCHEDULE_KEY_DELETION, disable_key, enable_key, schedule_key_deletion};

const KEY_ID: Member = required("KeyId", text(1, 2048));

/// The input of operations about a key.
pub(crate) const OF_KEY: Shape = Shape::Structure(&[KEY_ID]);

/// The input of operations that list something.
pub(crate) const LIST: Shape = Shape::Structure(&[LIMIT, MARKER]);

const LIMIT: Member = member("Limit", integer(1, 1000));

const MARKER: Member = member(
    "Marker",
    text_of(
        Allowed::Pattern(r"[\u0020-\u00FF]*", |text| {
            text.chars()
                .all(|character| (' '..='\u{ff}').contains(&character))
        }),
        1,
        1024,
    ),
);

/// Name by which a request refers to a key.
enum Called<'a> {
    Id(&'a str),
    Alias(&'a str),
}

/// The account of the key that a text names, and what the text calls it by.
fn called<'a>(request: &'a Request<'_>, key: &'a str) -> Result<(&'a str, Called<'a>), Failure> {
    let name = |name: &'a str| {
        if name.starts_with("alias/") {
            Called::Alias(name)
        } else {
            Called::Id(name)
        }
    };
    let parts: Vec<&str> = key.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "kms", region, _, _] if *region != request.region => {
            Err(not_found(format!("Invalid arn {region}")))
        }
        ["arn", partition, "kms", _, account, resource]
            if *partition == request.partition().name() =>
        {
            match resource.strip_prefix("key/") {
                Some(id) => Ok((account, Called::Id(id))),
                None if resource.starts_with("alias/") => Ok((account, Called::Alias(resource))),
                None => Err(invalid_arn(key)),
            }
        }
        ["arn", ..] => Err(invalid_arn(key)),
        _ => Ok((request.account(), name(key))),
    }
}

/// The key that a text names: an id, an alias, or the ARN of either.
fn find(request: &Request<'_>, key: &str) -> Result<Resource, Failure> {
    let (owner, called) = called(request, key)?;
    let account = request.world.account(owner);
    let here = |resource: &&Resource| resource.region == request.region;
    let id = match called {
        Called::Id(id) => Some(id.to_owned()),
        Called::Alias(name) => account.as_ref().and_then(|account| {
            let mut aliases = account.key_aliases.iter().filter(here);
            let alias = aliases.find(|alias| alias.text("AliasName") == Some(name))?;
            alias.text("TargetKeyId").map(str::to_owned)
        }),
    };
    let found = account.as_ref().and_then(|account| {
        let mut keys = account.keys.iter().filter(here);
        keys.find(|key| key.text("KeyId") == id.as_deref()).cloned()
    });
    found.ok_or_else(|| {
        let place = place_of(request, owner);
        not_found(match (called, key.starts_with("arn:")) {
            (_, true) => format!("Key '{key}' does not exist"),
            (Called::Id(id), _) => {
                let arn = place.arn("kms", &format!("key/{id}"));
                format!("Key '{arn}' does not exist")
            }
            (Called::Alias(name), _) => format!("Alias {} is not found.", place.arn("kms", name)),
        })
    })
}

/// The ARN and the policy of a key that services may use for a resource of an account, by
/// whatever the resource calls it. The error says why they cannot.
pub(crate) fn usable_by_services(
    request: &Request<'_>,
    owner: &str,
    key: &str,
) -> Result<(String, Option<String>), String> {
    let place = place_of(request, owner);
    let arn = match key {
        arn if arn.starts_with("arn:") => arn.to_owned(),
        alias if alias.starts_with("alias/") => place.arn("kms", alias),
        id => place.arn("kms", &format!("key/{id}")),
    };
    let key = find(request, &arn).map_err(|failure| failure.message)?;
    if key.text("KeyState") != Some("Enabled") {
        return Err("the key of the topic is not enabled".to_owned());
    }
    let text = |member: &str| key.text(member).map(str::to_owned);
    Ok((text("Arn").unwrap_or_default(), text("Policy")))
}

/// Finds a key for operations that take no alias and serve the key's own account only.
fn find_own(request: &Request<'_>, member: &str) -> Result<Resource, Failure> {
    let key = request.text(member).unwrap_or_default();
    match called(request, key)? {
        (_, Called::Alias(_)) if key.starts_with("arn:") => Err(invalid_arn(key)),
        (_, Called::Alias(_)) => Err(not_found(format!("Invalid keyId '{key}'"))),
        (owner, _) if owner != request.account() => Err(request.access_denied(format!(
            "User: {} is not authorized to perform: {} on resource: {key} because it is of \
             another account",
            request.caller.principal.arn, request.operation.action
        ))),
        _ => find(request, key),
    }
}

/// Changes the key that an operation for its own account is about.
fn change_own<T>(
    request: &Request<'_>,
    change: impl FnOnce(&mut Resource) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let found = find_own(request, "KeyId")?;
    request.change(request.account(), |account| {
        let mut keys = account.keys.iter_mut();
        match keys.find(|key| key.text("Arn") == found.text("Arn")) {
            Some(key) => change(key),
            None => Err(not_found("the key is gone")),
        }
    })
}

fn place_of<'a>(request: &'a Request<'_>, account: &'a str) -> AccountRegion<'a> {
    AccountRegion {
        account,
        ..request.place()
    }
}

/// The policy with which a key is created: whatever its account's IAM policies allow, but
/// with a key that AWS manages only looking at it.
fn default_policy(place: &AccountRegion<'_>, managed_by_aws: bool) -> String {
    let (partition, account) = (place.partition, place.account);
    let (id, sid, actions) = if managed_by_aws {
        (
            "auto-1",
            "Allow direct access to key metadata to the account",
            json!(["kms:Describe*", "kms:Get*", "kms:List*"]),
        )
    } else {
        (
            "key-default-1",
            "Enable IAM User Permissions",
            json!("kms:*"),
        )
    };
    json!({
        "Version": "2012-10-17",
        "Id": id,
        "Statement": [{
            "Sid": sid,
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:{partition}:iam::{account}:root") },
            "Action": actions,
            "Resource": "*",
        }],
    })
    .to_string()
}

/// The key that an operation is about, under its policy.
pub(crate) fn on_key(request: &Request<'_>) -> Vec<Needed> {
    let key = request.text("KeyId").unwrap_or_default();
    vec![named_key(request, key)]
}

/// A key as policies see it. One that is not there has the policy that new keys have, so
/// that IAM decides whether the caller is told that.
fn named_key(request: &Request<'_>, text: &str) -> Needed {
    if let Ok(key) = find(request, text) {
        let arn = key.text("Arn").unwrap_or_default();
        return Needed::on(request, arn).under(key.text("Policy"));
    }
    let (owner, id) = match called(request, text) {
        Ok((owner, Called::Id(id))) => (owner, id),
        Ok((owner, Called::Alias(_))) => (owner, ""),
        Err(_) => (request.account(), ""),
    };
    let place = place_of(request, owner);
    let arn = place.arn("kms", &format!("key/{id}"));
    Needed::on(request, arn).under(Some(&default_policy(&place, false)))
}

/// Returns the condition keys of a request that a key policy may test.
pub(crate) fn context(request: &Request<'_>) -> Context {
    let account = request.account().to_owned();
    vec![("kms:CallerAccount".to_owned(), vec![account])]
}

/// A page of a list, as all of KMS pages.
fn page(
    request: &Request<'_>,
    name: &'static str,
    items: Vec<Structure>,
    size: usize,
) -> Result<Structure, Failure> {
    let size = request.size("Limit").unwrap_or(size);
    let page = Page::cut(request, items, request.text("Marker"), size)
        .ok_or_else(|| refused("InvalidMarkerException", "The marker is not valid."))?;
    Ok(Structure::new()
        .with(name, Output::List(page.items))
        .with("Truncated", page.next.is_some())
        .with_some("NextMarker", page.next))
}

/// An error of KMS: they all come with status 400.
fn refused(code: &'static str, message: impl Into<String>) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, code, message)
}

fn not_found(message: impl Into<String>) -> Failure {
    refused("NotFoundException", message)
}

fn invalid_arn(arn: &str) -> Failure {
    refused("InvalidArnException", format!("Invalid arn {arn}"))
}
