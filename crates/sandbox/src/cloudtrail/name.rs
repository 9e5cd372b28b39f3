//! Names of trails: an ARN, or a name in a Region of an account.

use std::net::Ipv4Addr;

use super::refused;
use super::trail::place;
use crate::organization::is_account_id;
use crate::request::Request;
use crate::wire::Failure;

/// The ARN of the trail that a request names: an ARN, or the name of one of the
/// caller's own in this Region.
pub(super) fn arn_of(request: &Request<'_>, named: &str) -> Result<String, Failure> {
    if !named.starts_with("arn:") {
        check_name(named)?;
        return Ok(place(request).arn("cloudtrail", &format!("trail/{named}")));
    }
    let parts: Vec<&str> = named.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, "cloudtrail", _, account, resource]
            if *partition == request.partition().name()
                && is_account_id(account)
                && resource.starts_with("trail/") =>
        {
            Ok(named.to_owned())
        }
        _ => Err(invalid_arn(format!("The trail ARN {named} is not valid."))),
    }
}

/// The account in an ARN.
pub(super) fn owner_in(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

pub(super) fn invalid_arn(message: impl Into<String>) -> Failure {
    refused("CloudTrailARNInvalidException", message)
}

pub(super) fn check_name(name: &str) -> Result<(), Failure> {
    let problem = if !(3..=128).contains(&name.chars().count()) {
        "must be between 3 and 128 characters"
    } else if !name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || is_joint(byte))
    {
        "must have only ASCII letters, numbers, periods, underscores and dashes"
    } else if name.starts_with(is_joint_char) || name.ends_with(is_joint_char) {
        "must start and end with a letter or number"
    } else if name
        .as_bytes()
        .windows(2)
        .any(|pair| pair.iter().all(|byte| is_joint(*byte)))
    {
        "must have no adjacent periods, underscores or dashes"
    } else if name.parse::<Ipv4Addr>().is_ok() {
        "must not look like an IP address"
    } else {
        return Ok(());
    };
    Err(refused(
        "InvalidTrailNameException",
        format!("Trail name '{name}' {problem}."),
    ))
}

fn is_joint(byte: u8) -> bool {
    b"._-".contains(&byte)
}

fn is_joint_char(character: char) -> bool {
    "._-".contains(character)
}
