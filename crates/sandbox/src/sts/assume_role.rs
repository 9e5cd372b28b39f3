//! `AssumeRole`: a session of a role, if its trust policy and the caller's policies
//! allow it.

use std::time::Duration;

use hyper::StatusCode;
use serde::Deserialize;

use super::{EVERYTHING, credentials};
use crate::identity::{NewSession, SessionTag, SessionTags, role_arn, role_id, role_session};
use crate::operations::{Context, Needed, resource_named};
use crate::organization::Role;
use crate::request::Request;
use crate::wire::{
    Allowed, Failure, NAME, Shape, Structure, consists_of_word_and, integer, list, member,
    required, text, text_of,
};
use iam_policy::{Document, PolicyError, PrincipalKind};

const ARN: Shape = text(20, 2048);
const SESSION_NAME: Shape = text_of(NAME, 2, 64);
const TAG_KEY: Shape = text(1, 128);
const TAG: Shape = Shape::Structure(&[required("Key", TAG_KEY), required("Value", text(0, 256))]);

pub(crate) const ASSUME_ROLE: Shape = Shape::Structure(&[
    required("RoleArn", ARN),
    required("RoleSessionName", SESSION_NAME),
    member(
        "PolicyArns",
        list(&Shape::Structure(&[member("arn", ARN)]), 0, 10),
    ),
    member("Policy", text(1, 2048)),
    member("DurationSeconds", integer(900, 43200)),
    member("Tags", list(&TAG, 0, 50)),
    member("TransitiveTagKeys", list(&TAG_KEY, 0, 50)),
    member(
        "ExternalId",
        text_of(
            Allowed::Pattern(r"[\w+=,.@:\/-]*", |text| {
                consists_of_word_and("+=,.@:/-", text)
            }),
            2,
            1224,
        ),
    ),
    member("SerialNumber", text(9, 256)),
    member("TokenCode", text(6, 6)),
    member("SourceIdentity", SESSION_NAME),
    member(
        "ProvidedContexts",
        list(
            &Shape::Structure(&[
                member("ProviderArn", ARN),
                member("ContextAssertion", text(4, 2048)),
            ]),
            1,
            5,
        ),
    ),
]);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: String,
}

/// The permissions to assume the role, and to tag and name the session where the
/// request does. A role that does not exist trusts nobody.
pub(crate) fn role(request: &Request<'_>) -> Vec<Needed> {
    let arn = request.text("RoleArn").unwrap_or_default();
    let resource = resource_named(arn);
    let trust = find_role(request).map(|(_, role)| role.trust);
    let tags = !request.list("Tags").is_empty();
    let named = request
        .text("SourceIdentity")
        .or(inherited_identity(request))
        .is_some();
    [
        Some("sts:AssumeRole"),
        tags.then_some("sts:TagSession"),
        named.then_some("sts:SetSourceIdentity"),
    ]
    .into_iter()
    .flatten()
    .map(|action| Needed {
        action,
        resource: resource.to_owned(),
        policy: Ok(trust.clone()),
        owner: None,
    })
    .collect()
}

/// The account and role of the ARN that is asked for, if there are such.
fn find_role(request: &Request<'_>) -> Option<(String, Role)> {
    let arn = request.text("RoleArn")?;
    let id = arn.split(':').nth(4)?;
    let account = request.world.active_account(id)?;
    let role = account
        .roles
        .iter()
        .find(|role| role_arn(request.partition(), id, role) == arn)?;
    Some((id.to_owned(), role.clone()))
}

/// The condition keys of a request to assume a role.
pub(crate) fn assume_role_context(request: &Request<'_>) -> Context {
    let text = |key: &str, member| Some((key.to_owned(), vec![request.text(member)?.to_owned()]));
    let texts =
        |key: &str, values: Vec<String>| (!values.is_empty()).then(|| (key.to_owned(), values));
    let seconds = request
        .integer("DurationSeconds")
        .map(|seconds| seconds.to_string());
    let tags: Vec<Tag> = request.items("Tags").unwrap_or_default();
    let keys = tags.iter().map(|tag| tag.key.clone()).collect();
    let transitive = request
        .texts("TransitiveTagKeys")
        .into_iter()
        .map(str::to_owned)
        .collect();
    let mfa = has_mfa(request).then(|| "true".to_owned());
    [
        text("sts:ExternalId", "ExternalId"),
        text("sts:RoleSessionName", "RoleSessionName"),
        text("sts:SourceIdentity", "SourceIdentity"),
        texts("sts:DurationSeconds", seconds.into_iter().collect()),
        texts("sts:TransitiveTagKeys", transitive),
        texts("aws:TagKeys", keys),
        texts("aws:MultiFactorAuthPresent", mfa.into_iter().collect()),
    ]
    .into_iter()
    .flatten()
    .chain(tags.into_iter().map(|tag| {
        (
            format!("aws:RequestTag/{}", tag.key.to_ascii_lowercase()),
            vec![tag.value],
        )
    }))
    .collect()
}

/// Returns true if the request has an MFA code. It is as little verified as a signature.
fn has_mfa(request: &Request<'_>) -> bool {
    request.text("TokenCode").is_some() && request.text("SerialNumber").is_some()
}

pub(crate) fn assume_role(request: &Request<'_>) -> Result<Structure, Failure> {
    if !request.list("ProvidedContexts").is_empty() {
        return Err(Failure::not_implemented(
            "ProvidedContexts of sts:AssumeRole",
        ));
    }
    if request.caller.principal.kind == PrincipalKind::Root {
        let message = "Roles may not be assumed by root accounts.";
        return Err(request.protocol.access_denied(message));
    }
    let Some((account, role)) = find_role(request) else {
        return Err(request.protocol.access_denied("There is no such role."));
    };
    let duration = duration(request, &role)?;
    let policies = session_policies(request)?;
    let source_identity = source_identity(request)?;
    let tags = session_tags(request)?;
    let session_name = request.text("RoleSessionName").unwrap_or_default();

    let principal = role_session(request.partition(), &account, &role, session_name);
    let user_id = format!("{}:{session_name}", role_id(&account, &role.name));
    let assumed = Structure::new()
        .with("AssumedRoleId", &user_id)
        .with("Arn", &principal.arn);
    let packed = policies.is_some().then(|| {
        // A share of what fits, in percent; AWS packs in its own way.
        let length = request.text("Policy").map_or(0, str::len);
        i64::try_from(length * 100 / 2048).unwrap_or(100).max(1)
    });
    let new = NewSession {
        principal,
        user_id,
        duration,
        policies,
        source_identity: source_identity.clone(),
        tags,
        mfa: has_mfa(request),
    };
    let issued = request.world.sessions.issue(new, request.now);
    Ok(Structure::new()
        .with("Credentials", credentials(&issued))
        .with("AssumedRoleUser", assumed)
        .with_some("PackedPolicySize", packed)
        .with_some("SourceIdentity", source_identity))
}

/// Returns the duration of the session: at most the role's maximum, and one hour when one role
/// assumes the next.
fn duration(request: &Request<'_>, role: &Role) -> Result<Duration, Failure> {
    const HOUR: i64 = 3600;
    let asked = request.integer("DurationSeconds").unwrap_or(HOUR);
    let chained = matches!(
        request.caller.principal.kind,
        PrincipalKind::AssumedRole { .. }
    );
    if chained && asked > HOUR {
        return Err(request.protocol.invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by \
             role chaining",
        ));
    }
    if asked > role.max_session_duration.into() {
        return Err(request.protocol.invalid(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(Duration::from_secs(asked.unsigned_abs()))
}

/// The policies that limit the session, where the request passes any.
fn session_policies(request: &Request<'_>) -> Result<Option<Vec<Document>>, Failure> {
    let passed = request.text("Policy").map(Document::parse);
    let managed = request.list("PolicyArns").iter().map(|item| {
        let arn = item
            .get("arn")
            .and_then(|arn| arn.as_str())
            .unwrap_or_default();
        match arn.strip_suffix(":iam::aws:policy/AdministratorAccess") {
            Some(_) => Ok(Document::parse(EVERYTHING)),
            None => Err(Failure::not_implemented(format!(
                "the managed policy {arn}"
            ))),
        }
    });
    let managed: Vec<_> = managed.collect::<Result<_, _>>()?;
    let documents: Vec<Document> = passed
        .into_iter()
        .chain(managed)
        .collect::<Result<_, PolicyError>>()
        .map_err(|error| {
            Failure::new(
                StatusCode::BAD_REQUEST,
                "MalformedPolicyDocument",
                error.to_string(),
            )
        })?;
    Ok((!documents.is_empty()).then_some(documents))
}

/// The source identity of the session: once set it stays through every further role.
fn source_identity(request: &Request<'_>) -> Result<Option<String>, Failure> {
    match (inherited_identity(request), request.text("SourceIdentity")) {
        (Some(inherited), Some(asked)) if inherited != asked => Err(request
            .protocol
            .access_denied("The source identity cannot be changed.")),
        (inherited, asked) => Ok(inherited.or(asked).map(str::to_owned)),
    }
}

fn inherited_identity<'a>(request: &'a Request<'_>) -> Option<&'a str> {
    request.caller.session.as_ref()?.source_identity.as_deref()
}

/// The tags of the session: those passed, and the caller's transitive ones.
fn session_tags(request: &Request<'_>) -> Result<SessionTags, Failure> {
    let transitive = request.texts("TransitiveTagKeys");
    let inherited = request
        .caller
        .session
        .iter()
        .flat_map(|session| &session.tags);
    let mut tags: SessionTags = inherited
        .filter(|(_, tag)| tag.transitive)
        .map(|(key, tag)| (key.clone(), tag.clone()))
        .collect();
    for Tag { key, value } in request.items("Tags")? {
        let transitive = transitive.contains(&key.as_str());
        if tags.keys().any(|known| known.eq_ignore_ascii_case(&key)) {
            let message = format!("Tag key {key} is given twice, or transitive in your session.");
            return Err(request.protocol.invalid(message));
        }
        tags.insert(key, SessionTag { value, transitive });
    }
    match transitive.iter().find(|key| !tags.contains_key(**key)) {
        Some(key) => {
            let message = format!("The transitive tag key {key} is not the key of a tag.");
            Err(request.protocol.invalid(message))
        }
        None => Ok(tags),
    }
}
