//! Keys and their policies.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::aliases::create_predefined;
use super::{KEY_ID, change_own, default_policy, find, find_own, page, refused};
use crate::authorization::{authorize, check_resource_policy};
use crate::operations::Needed;
use crate::organization::{AccountRegion, Kind, LONG_AGO, Resource};
use crate::request::Request;
use crate::wire::{
    Allowed, Failure, Member, Shape, Structure, WORD, list, member, one_of, required, text, text_of,
};

const POLICY: Shape = text_of(
    Allowed::Pattern(r"[\u0009\u000A\u000D\u0020-\u00FF]+", |text| {
        text.chars()
            .all(|character| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{ff}'))
    }),
    1,
    131_072,
);

/// Policies have a name, and it is always this.
const POLICY_NAME: Member = member("PolicyName", text_of(WORD, 1, 128));

const DESCRIPTION: Member = member("Description", text(0, 8192));

const TAGS: Member = member(
    "Tags",
    list(
        &Shape::Structure(&[
            required("TagKey", text(1, 128)),
            required("TagValue", text(0, 256)),
        ]),
        0,
        50,
    ),
);

/// The one kind of key that there is here, and the one that encrypts topics.
const SPEC: &str = "SYMMETRIC_DEFAULT";
const USAGE: &str = "ENCRYPT_DECRYPT";
const ORIGIN: &str = "AWS_KMS";

/// Keys, as an organization file has them: their metadata, their policy and their tags.
pub(crate) const KEY: Kind = Kind {
    key: "key",
    shape: &KEY_SHAPE,
    of: |account| &mut account.keys,
    complete,
};

const KEY_SHAPE: Shape = Shape::Structure(&[
    member("AWSAccountId", text(12, 12)),
    KEY_ID,
    member("Arn", text(20, 2048)),
    member("CreationDate", Shape::Timestamp),
    member("Enabled", Shape::Boolean),
    DESCRIPTION,
    member("KeyUsage", one_of(&[USAGE])),
    member(
        "KeyState",
        one_of(&[
            "Creating",
            "Enabled",
            "Disabled",
            "PendingDeletion",
            "PendingImport",
            "PendingReplicaDeletion",
            "Unavailable",
            "Updating",
        ]),
    ),
    member("DeletionDate", Shape::Timestamp),
    member("Origin", one_of(&[ORIGIN])),
    member("KeyManager", one_of(&["AWS", "CUSTOMER"])),
    member("CustomerMasterKeySpec", one_of(&[SPEC])),
    member("KeySpec", one_of(&[SPEC])),
    member("EncryptionAlgorithms", list(&one_of(&[SPEC]), 1, 1)),
    member("MultiRegion", Shape::Boolean),
    member("Policy", POLICY),
    TAGS,
]);

pub(crate) const DESCRIBE_KEY: Shape =
    Shape::Structure(&[KEY_ID, member("GrantTokens", list(&text(1, 8192), 0, 10))]);

pub(crate) const GET_KEY_POLICY: Shape = Shape::Structure(&[KEY_ID, POLICY_NAME]);

pub(crate) const PUT_KEY_POLICY: Shape = Shape::Structure(&[
    KEY_ID,
    POLICY_NAME,
    required("Policy", POLICY),
    member("BypassPolicyLockoutSafetyCheck", Shape::Boolean),
]);

pub(crate) const CREATE_KEY: Shape = Shape::Structure(&[
    member("Policy", POLICY),
    DESCRIPTION,
    member("KeyUsage", text(0, usize::MAX)),
    member("CustomerMasterKeySpec", text(0, usize::MAX)),
    member("KeySpec", text(0, usize::MAX)),
    member("Origin", text(0, usize::MAX)),
    member("CustomKeyStoreId", text(1, 64)),
    member("BypassPolicyLockoutSafetyCheck", Shape::Boolean),
    TAGS,
    member("MultiRegion", Shape::Boolean),
    member("XksKeyId", text(1, 128)),
]);

/// Adds its ARN and account, and makes it an enabled key of its customer that encrypts,
/// as far as it is nothing else.
fn complete(place: &AccountRegion<'_>, members: &mut Map<String, Value>) {
    let id = members.get("KeyId").and_then(Value::as_str);
    let arn = place.arn("kms", &format!("key/{}", id.unwrap_or_default()));
    members.insert("AWSAccountId".to_owned(), place.account.into());
    members.insert("Arn".to_owned(), arn.into());
    for (member, value) in [
        ("CreationDate", LONG_AGO.epoch_seconds().into()),
        ("Description", "".into()),
        ("KeyUsage", USAGE.into()),
        ("KeyState", "Enabled".into()),
        ("Origin", ORIGIN.into()),
        ("KeyManager", "CUSTOMER".into()),
        ("CustomerMasterKeySpec", SPEC.into()),
        ("KeySpec", SPEC.into()),
        ("EncryptionAlgorithms", json!([SPEC])),
        ("MultiRegion", false.into()),
    ] {
        members.entry(member).or_insert(value);
    }
    let by_aws = members.get("KeyManager") == Some(&"AWS".into());
    members
        .entry("Policy")
        .or_insert_with(|| default_policy(place, by_aws).into());
    set_state(members, None);
}

/// Sets the state of a key, and with it whether it is enabled.
pub(super) fn set_state(members: &mut Map<String, Value>, state: Option<&str>) {
    if let Some(state) = state {
        members.insert("KeyState".to_owned(), state.into());
    }
    let enabled = members.get("KeyState") == Some(&"Enabled".into());
    members.insert("Enabled".to_owned(), enabled.into());
}

/// Returns the metadata of a key. Its policy and its tags are read by operations of their own.
fn metadata(key: &Resource) -> Structure {
    let mut members = key.members.clone();
    members.remove("Policy");
    members.remove("Tags");
    Structure::new().with("KeyMetadata", KEY_SHAPE.structure(&members.into()))
}

pub(crate) fn describe_key(request: &Request<'_>) -> Result<Structure, Failure> {
    if !request.list("GrantTokens").is_empty() {
        return Err(Failure::not_implemented("GrantTokens of kms:DescribeKey"));
    }
    let name = request.text("KeyId").unwrap_or_default();
    create_predefined(request, name)?;
    Ok(metadata(&find(request, name)?))
}

pub(crate) fn list_keys(request: &Request<'_>) -> Result<Structure, Failure> {
    let account = request.world.account(request.account());
    let keys = account.iter().flat_map(|account| &account.keys);
    let listed = keys.filter(|key| key.region == request.region).map(|key| {
        Structure::new()
            .with_some("KeyId", key.text("KeyId"))
            .with_some("KeyArn", key.text("Arn"))
    });
    page(request, "Keys", listed.collect(), 100)
}

/// Any key, and the tags that it is to have.
pub(crate) fn new_key(request: &Request<'_>) -> Vec<Needed> {
    let key = Needed::on(request, "*");
    let tagging = (!request.list("Tags").is_empty()).then(|| Needed {
        action: "kms:TagResource",
        ..key.clone()
    });
    [Some(key), tagging].into_iter().flatten().collect()
}

pub(crate) fn create_key(request: &Request<'_>) -> Result<Structure, Failure> {
    for (member, only) in [
        ("KeyUsage", Some(USAGE)),
        ("CustomerMasterKeySpec", Some(SPEC)),
        ("KeySpec", Some(SPEC)),
        ("Origin", Some(ORIGIN)),
        ("CustomKeyStoreId", None),
        ("XksKeyId", None),
    ] {
        if let Some(given) = request.text(member)
            && only != Some(given)
        {
            let what = format!("{member} {given} of kms:CreateKey");
            return Err(Failure::not_implemented(what));
        }
    }
    if request.input.get("MultiRegion") == Some(&Value::Bool(true)) {
        return Err(Failure::not_implemented("MultiRegion of kms:CreateKey"));
    }
    let mut key = Resource::new(
        request.region,
        json!({
            "KeyId": Uuid::new_v4().to_string(),
            "CreationDate": request.now.epoch_seconds(),
            "Tags": request.list("Tags"),
        }),
    );
    for member in ["Description", "Policy"] {
        if let Some(text) = request.text(member) {
            key.members.insert(member.to_owned(), text.into());
        }
    }
    complete(&request.place(), &mut key.members);
    if let Some(policy) = request.text("Policy") {
        check_policy(request, key.text("Arn").unwrap_or_default(), policy)?;
    }
    let created = metadata(&key);
    request.change(request.account(), |account| {
        account.keys.push(key);
        Ok(created)
    })
}

pub(crate) fn get_key_policy(request: &Request<'_>) -> Result<Structure, Failure> {
    let key = find_own(request, "KeyId")?;
    check_policy_name(request)?;
    Ok(Structure::new()
        .with_some("Policy", key.text("Policy"))
        .with("PolicyName", "default"))
}

pub(crate) fn put_key_policy(request: &Request<'_>) -> Result<Structure, Failure> {
    let key = find_own(request, "KeyId")?;
    check_policy_name(request)?;
    let policy = request.text("Policy").unwrap_or_default();
    check_policy(request, key.text("Arn").unwrap_or_default(), policy)?;
    change_own(request, |key| {
        key.members.insert("Policy".to_owned(), policy.into());
        Ok(Structure::new())
    })
}

fn check_policy_name(request: &Request<'_>) -> Result<(), Failure> {
    match request.text("PolicyName") {
        None | Some("default") => Ok(()),
        Some(_) => Err(super::not_found("No such policy exists")),
    }
}

/// Holds a policy to what KMS asks of it: whoever puts it must not lock themselves out,
/// unless they say that they want to.
fn check_policy(request: &Request<'_>, key: &str, policy: &str) -> Result<(), Failure> {
    let malformed = |error| refused("MalformedPolicyDocumentException", error);
    check_resource_policy(policy, malformed)?;
    if request.input.get("BypassPolicyLockoutSafetyCheck") == Some(&Value::Bool(true)) {
        return Ok(());
    }
    let again = Needed {
        action: "kms:PutKeyPolicy",
        ..Needed::on(request, key).under(Some(policy))
    };
    authorize(request, &again).map_err(|_| {
        malformed(
            "The new key policy will not allow you to update the key policy in the future."
                .to_owned(),
        )
    })
}
