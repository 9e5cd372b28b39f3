//! S3: buckets under their policies, and the versions of the objects in them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::StatusCode;
use hyper::body::Bytes;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::Timestamp;
use crate::operations::Needed;
use crate::organization::{AccountRegion, Kind, Resource};
use crate::request::Request;
use crate::wire::{
    Allowed, Failure, Member, Output, Shape, Structure, member, one_of, required, text, text_of,
};

/// Buckets, as an organization file has them.
pub(crate) const BUCKET: Kind = Kind {
    key: "bucket",
    shape: &Shape::Structure(&[
        required(
            "Name",
            text_of(
                Allowed::Pattern("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", |name| {
                    name.bytes().all(|byte| {
                        byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte)
                    })
                }),
                3,
                63,
            ),
        ),
        member("Policy", text(0, 20_480)),
        member("Versioning", one_of(&["Enabled", "Suspended"])),
    ]),
    of: |account| &mut account.buckets,
    complete: |_: &AccountRegion<'_>, _: &mut Map<String, Value>| {},
};

const TEXT: Shape = text(0, usize::MAX);
const BUCKET_NAME: Member = required("Bucket", TEXT);
const KEY: Member = required("Key", text(1, 1024));
const OWNER: Member = member("ExpectedBucketOwner", TEXT);

pub(crate) const OF_BUCKET: Shape = Shape::Structure(&[BUCKET_NAME, OWNER]);

pub(crate) const OF_OBJECT: Shape =
    Shape::Structure(&[BUCKET_NAME, KEY, member("VersionId", TEXT), OWNER]);

pub(crate) const PUT_OBJECT: Shape = Shape::Structure(&[
    BUCKET_NAME,
    KEY,
    required("Body", TEXT),
    member("CacheControl", TEXT),
    member("ContentType", TEXT),
    member("ServerSideEncryption", one_of(&["AES256"])),
    OWNER,
]);

/// Version of an object.
#[derive(Clone, Debug)]
struct Object {
    version: Option<String>,
    body: Bytes,
    content_type: String,
    cache_control: Option<String>,
    modified: Timestamp,
}

/// The objects of all buckets: by bucket and key, the newest last.
#[derive(Debug, Default)]
pub(crate) struct Objects(Mutex<BTreeMap<(String, String), Vec<Object>>>);

impl Objects {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<(String, String), Vec<Object>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns true if anything is in a bucket.
    pub(crate) fn any_in(&self, bucket: &str) -> bool {
        let objects = self.lock();
        objects.keys().any(|(holder, _)| holder == bucket)
    }
}

/// The bucket of a name and the account that owns it: names are unique in a partition.
fn found(request: &Request<'_>) -> Option<(String, Resource)> {
    let name = request.text("Bucket").unwrap_or_default();
    request.world.look(|accounts| {
        accounts.values().find_map(|account| {
            let mut buckets = account.buckets.iter();
            let bucket = buckets.find(|bucket| bucket.text("Name") == Some(name))?;
            Some((account.id.clone(), bucket.clone()))
        })
    })
}

/// The bucket, under its policy.
pub(crate) fn bucket(request: &Request<'_>) -> Vec<Needed> {
    let name = request.text("Bucket").unwrap_or_default();
    vec![on(request, request.operation.action, name)]
}

/// The object, under the policy of its bucket. Who asks for one version of it needs
/// another permission than who takes the newest.
pub(crate) fn object(request: &Request<'_>) -> Vec<Needed> {
    let action = match (request.operation.action, request.text("VersionId")) {
        ("s3:GetObject", Some(_)) => "s3:GetObjectVersion",
        (action, _) => action,
    };
    let bucket = request.text("Bucket").unwrap_or_default();
    let key = request.text("Key").unwrap_or_default();
    vec![on(request, action, &format!("{bucket}/{key}"))]
}

fn on(request: &Request<'_>, action: &'static str, what: &str) -> Needed {
    let found = found(request);
    let policy = found.as_ref().and_then(|(_, bucket)| bucket.text("Policy"));
    let needed = Needed::on(request, format!("arn:{}:s3:::{what}", request.partition()));
    Needed {
        action,
        // What is not there is nobody's, and its absence no secret.
        owner: Some(
            found
                .as_ref()
                .map_or_else(|| request.account().to_owned(), |(owner, _)| owner.clone()),
        ),
        ..needed.under(policy)
    }
}

/// The bucket that is asked, and who owns it.
fn asked(request: &Request<'_>) -> Result<(String, Resource), Failure> {
    let no_such_bucket = || {
        let code = match request.operation.name {
            "HeadBucket" | "HeadObject" => "NotFound",
            _ => "NoSuchBucket",
        };
        let message = "The specified bucket does not exist";
        Failure::new(StatusCode::NOT_FOUND, code, message)
    };
    let (owner, bucket) = found(request).ok_or_else(no_such_bucket)?;
    if bucket.region != request.region {
        return Err(Failure::new(
            StatusCode::MOVED_PERMANENTLY,
            "PermanentRedirect",
            "The bucket you are attempting to access must be addressed using the specified \
             endpoint. Please send all future requests to this endpoint.",
        ));
    }
    let expected = request.text("ExpectedBucketOwner");
    if expected.is_some_and(|expected| expected != owner) {
        return Err(request.access_denied("Access Denied"));
    }
    Ok((owner, bucket))
}

pub(crate) fn head_bucket(request: &Request<'_>) -> Result<Structure, Failure> {
    let (_, bucket) = asked(request)?;
    Ok(Structure::new().with("BucketRegion", bucket.region))
}

pub(crate) fn put_object(request: &Request<'_>) -> Result<Structure, Failure> {
    let (_, bucket) = asked(request)?;
    let text = |member: &str| request.text(member).map(str::to_owned);
    let body = BASE64_STANDARD.decode(request.text("Body").unwrap_or_default());
    let body = body.map_err(|error| request.protocol.malformed(error.to_string()))?;
    let versioned = bucket.text("Versioning") == Some("Enabled");
    let object = Object {
        version: versioned.then(|| Uuid::new_v4().simple().to_string()),
        body: body.into(),
        content_type: text("ContentType").unwrap_or_else(|| "binary/octet-stream".to_owned()),
        cache_control: text("CacheControl"),
        modified: request.now,
    };
    let answer = Structure::new()
        .with("ETag", etag(&object.body))
        .with("ServerSideEncryption", "AES256")
        .with_some("VersionId", object.version.clone());
    let key = request.text("Key").unwrap_or_default().to_owned();
    let name = request.text("Bucket").unwrap_or_default().to_owned();
    let mut objects = request.world.objects.lock();
    let versions = objects.entry((name, key)).or_default();
    // Without versions there is one, and it has no id.
    versions.retain(|old| object.version.is_some() || old.version.is_some());
    versions.push(object);
    Ok(answer)
}

pub(crate) fn get_object(request: &Request<'_>) -> Result<Structure, Failure> {
    let object = looked_up(request)?;
    Ok(described(&object).with("Body", Output::Bytes(object.body.to_vec())))
}

pub(crate) fn head_object(request: &Request<'_>) -> Result<Structure, Failure> {
    let object = looked_up(request).map_err(|failure| match failure.status {
        StatusCode::NOT_FOUND => Failure {
            code: "NotFound".into(),
            ..failure
        },
        _ => failure,
    })?;
    Ok(described(&object))
}

fn described(object: &Object) -> Structure {
    let length = i64::try_from(object.body.len()).unwrap_or(i64::MAX);
    Structure::new()
        .with_some("CacheControl", object.cache_control.as_ref())
        .with("ContentLength", length)
        .with("ContentType", &object.content_type)
        .with("ETag", etag(&object.body))
        .with("LastModified", object.modified)
        .with("ServerSideEncryption", "AES256")
        .with_some("VersionId", object.version.as_ref())
}

/// The object that is asked for, in the version that is asked for.
fn looked_up(request: &Request<'_>) -> Result<Object, Failure> {
    let (owner, _) = asked(request)?;
    let name = request.text("Bucket").unwrap_or_default().to_owned();
    let key = request.text("Key").unwrap_or_default().to_owned();
    let wanted = request.text("VersionId");
    let objects = request.world.objects.lock();
    let versions = objects.get(&(name, key)).map(Vec::as_slice);
    let object = versions.unwrap_or_default().iter().rev().find(|object| {
        wanted.is_none_or(|wanted| object.version.as_deref().unwrap_or("null") == wanted)
    });
    match object {
        Some(object) => Ok(object.clone()),
        // Who may not list a bucket is not told what is missing in it.
        None if owner != request.account() => Err(request.access_denied("Access Denied")),
        None if versions.is_some() => Err(Failure::new(
            StatusCode::NOT_FOUND,
            "NoSuchVersion",
            "The specified version does not exist.",
        )),
        None => Err(Failure::new(
            StatusCode::NOT_FOUND,
            "NoSuchKey",
            "The specified key does not exist.",
        )),
    }
}

/// A tag that is the same for the same content; AWS's is its MD5.
fn etag(body: &[u8]) -> String {
    // FNV-1a in 128 bits.
    let hash = body.iter().fold(
        0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128,
        |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b),
    );
    format!("\"{hash:032x}\"")
}
