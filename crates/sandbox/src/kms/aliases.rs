//! Aliases of keys, and the keys that AWS makes for its own services.

use serde_json::{Map, Value, json};

use super::keys::KEY;
use super::{LIMIT, MARKER, find, page, refused};
use crate::operations::Needed;
use crate::organization::{AccountRegion, Kind, LONG_AGO, Resource};
use crate::request::Request;
use crate::wire::{
    Allowed, Failure, Member, Shape, Structure, consists_of_word_and, member, required, text,
    text_of,
};
use cloudformation_template::unique_uuid;

/// Aliases that every account has; each gets its key when it is first asked about.
const PREDEFINED: &[&str] = &[
    "alias/aws/lambda",
    "alias/aws/s3",
    "alias/aws/sns",
    "alias/aws/sqs",
];

const ALIAS_NAME: Member = required(
    "AliasName",
    text_of(
        Allowed::Pattern("^[a-zA-Z0-9:/_-]+$", |text| {
            consists_of_word_and(":/-", text)
        }),
        1,
        256,
    ),
);

const TARGET_KEY_ID: Member = required("TargetKeyId", text(1, 2048));

/// Aliases, as an organization file has them.
pub(crate) const KEY_ALIAS: Kind = Kind {
    key: "key_alias",
    shape: &ALIAS_SHAPE,
    of: |account| &mut account.key_aliases,
    complete,
};

const ALIAS_SHAPE: Shape = Shape::Structure(&[
    ALIAS_NAME,
    member("AliasArn", text(20, 2048)),
    TARGET_KEY_ID,
    member("CreationDate", Shape::Timestamp),
    member("LastUpdatedDate", Shape::Timestamp),
]);

pub(crate) const LIST_ALIASES: Shape =
    Shape::Structure(&[member("KeyId", text(1, 2048)), LIMIT, MARKER]);

pub(crate) const CREATE_ALIAS: Shape = Shape::Structure(&[ALIAS_NAME, TARGET_KEY_ID]);

/// Adds its ARN and when it was made.
fn complete(place: &AccountRegion<'_>, members: &mut Map<String, Value>) {
    let name = members.get("AliasName").and_then(Value::as_str);
    let arn = place.arn("kms", name.unwrap_or_default());
    members.insert("AliasArn".to_owned(), arn.into());
    let created = members.entry("CreationDate");
    let created = created.or_insert_with(|| LONG_AGO.epoch_seconds().into());
    let created = created.clone();
    members.entry("LastUpdatedDate").or_insert(created);
}

/// Makes the key of a predefined alias of the caller's account, where it is not there yet.
pub(super) fn create_predefined(request: &Request<'_>, name: &str) -> Result<(), Failure> {
    let place = request.place();
    let prefix = place.arn("kms", "");
    let alias = name.strip_prefix(&prefix).unwrap_or(name);
    if !PREDEFINED.contains(&alias) || find(request, name).is_ok() {
        return Ok(());
    }
    let id = unique_uuid(&place.arn("kms", alias)).to_string();
    let resource = |members| Resource::new(place.region, members);
    let service = alias.rsplit('/').next().unwrap_or_default();
    let description = format!("Default key that protects my {service} data");
    let mut key = resource(json!({
        "KeyId": id, "KeyManager": "AWS", "Description": description,
    }));
    let mut alias = resource(json!({ "AliasName": alias, "TargetKeyId": id }));
    (KEY.complete)(&place, &mut key.members);
    complete(&place, &mut alias.members);
    request.change(request.account(), |account| {
        account.keys.push(key);
        account.key_aliases.push(alias);
        Ok(())
    })
}

/// The alias that is to be created, and its key under the key's policy.
pub(crate) fn new_alias(request: &Request<'_>) -> Vec<Needed> {
    let alias = request.text("AliasName").unwrap_or_default();
    let target = request.text("TargetKeyId").unwrap_or_default();
    vec![
        Needed::on(request, request.place().arn("kms", alias)),
        super::named_key(request, target),
    ]
}

pub(crate) fn create_alias(request: &Request<'_>) -> Result<Structure, Failure> {
    let name = request.text("AliasName").unwrap_or_default();
    let plain = name.strip_prefix("alias/");
    if plain.is_none_or(|plain| plain.is_empty() || plain.starts_with("aws/")) {
        return Err(refused(
            "InvalidAliasNameException",
            "Alias must start with the prefix \"alias/\", and not with \"alias/aws/\".",
        ));
    }
    let key = super::find_own(request, "TargetKeyId")?;
    if key.text("KeyState") == Some("PendingDeletion") {
        return Err(super::states::pending_deletion(&key));
    }
    let mut alias = Resource::new(
        request.region,
        json!({
            "AliasName": name,
            "TargetKeyId": key.text("KeyId"),
            "CreationDate": request.now.epoch_seconds(),
        }),
    );
    complete(&request.place(), &mut alias.members);
    let arn = alias.text("AliasArn").map(str::to_owned);
    request.change(request.account(), |account| {
        let mut aliases = account.key_aliases.iter();
        if aliases.any(|known| known.text("AliasArn") == arn.as_deref()) {
            return Err(refused(
                "AlreadyExistsException",
                format!(
                    "An alias with the name {} already exists",
                    arn.unwrap_or_default()
                ),
            ));
        }
        account.key_aliases.push(alias);
        Ok(Structure::new())
    })
}

pub(crate) fn list_aliases(request: &Request<'_>) -> Result<Structure, Failure> {
    let target = match request.text("KeyId") {
        Some(_) => Some(super::find_own(request, "KeyId")?),
        None => None,
    };
    let account = request.world.account(request.account());
    let aliases: Vec<Resource> = account
        .into_iter()
        .flat_map(|account| account.key_aliases)
        .filter(|alias| alias.region == request.region)
        .collect();
    let place = request.place();
    // AWS lists those too that have no key yet.
    let without_key = PREDEFINED
        .iter()
        .filter(|name| {
            !aliases
                .iter()
                .any(|alias| alias.text("AliasName") == Some(**name))
        })
        .map(|name| json!({ "AliasName": name, "AliasArn": place.arn("kms", name) }));
    let listed: Vec<Structure> = aliases
        .iter()
        .map(|alias| Value::Object(alias.members.clone()))
        .chain(without_key)
        .filter(|alias| {
            let key = alias.get("TargetKeyId").and_then(Value::as_str);
            target
                .as_ref()
                .is_none_or(|target| target.text("KeyId") == key)
        })
        .map(|alias| ALIAS_SHAPE.structure(&alias))
        .collect();
    page(request, "Aliases", listed, 50)
}
