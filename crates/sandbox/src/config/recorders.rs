//! Configuration recorders: every account has one in every Region, or none.

use serde_json::{Value, json};

use super::refused;
use crate::organization::Account;
use crate::request::Request;
use crate::wire::{Failure, Shape, Structure, list, member, one_of, text};

const TYPES: Shape = list(&text(0, usize::MAX), 0, usize::MAX);

const RECORDING_GROUP: Shape = Shape::Structure(&[
    member("allSupported", Shape::Boolean),
    member("includeGlobalResourceTypes", Shape::Boolean),
    member("resourceTypes", TYPES),
    member(
        "exclusionByResourceTypes",
        Shape::Structure(&[member("resourceTypes", TYPES)]),
    ),
    member(
        "recordingStrategy",
        Shape::Structure(&[member(
            "useOnly",
            one_of(&[
                "ALL_SUPPORTED_RESOURCE_TYPES",
                "INCLUSION_BY_RESOURCE_TYPES",
                "EXCLUSION_BY_RESOURCE_TYPES",
            ]),
        )]),
    ),
]);

pub(crate) const OF_RECORDERS: Shape = Shape::Structure(&[
    member(
        "ConfigurationRecorderNames",
        list(&text(1, 256), 0, usize::MAX),
    ),
    member("ServicePrincipal", text(1, 128)),
    member("Arn", text(1, 1000)),
]);

const NAME: &str = "default";

/// The recorder of an account, as the account says it is.
struct Recorder {
    recording: bool,
    group: Value,
}

/// The recorder of the account, if it has one and that is asked for.
fn asked(request: &Request<'_>) -> Result<Option<Recorder>, Failure> {
    let account = request.world.account(request.account());
    let account = account.filter(|account| account.config_recorder);
    let names = request.texts("ConfigurationRecorderNames");
    let missing = names
        .iter()
        .find(|name| **name != NAME || account.is_none());
    if let Some(name) = missing {
        return Err(refused(
            "NoSuchConfigurationRecorderException",
            format!("Cannot find configuration recorder with the specified name '{name}'."),
        ));
    }
    let elsewhere = ["ServicePrincipal", "Arn"];
    if elsewhere
        .iter()
        .any(|member| request.text(member).is_some())
    {
        return Err(Failure::not_implemented("service-linked recorders"));
    }
    Ok(account.map(|account| Recorder {
        recording: account.config_recording,
        group: group(&account),
    }))
}

/// The recording group of an account's recorder. Every supported type and the global ones,
/// where the account does not say otherwise (`config-recording-group`).
fn group(account: &Account) -> Value {
    account.config_recording_group.clone().unwrap_or_else(|| {
        json!({
            "allSupported": true,
            "includeGlobalResourceTypes": true,
            "resourceTypes": [],
            "exclusionByResourceTypes": {"resourceTypes": []},
            "recordingStrategy": {"useOnly": "ALL_SUPPORTED_RESOURCE_TYPES"},
        })
    })
}

/// Says whether an account's recorder records resources of a type.
pub(super) fn records(account: &Account, resource_type: &str) -> bool {
    if !account.config_recorder || !account.config_recording {
        return false;
    }
    let group = group(account);
    let lists = |pointer: &str| {
        let types = group.pointer(pointer).and_then(Value::as_array);
        let mut types = types.into_iter().flatten();
        types.any(|one| one.as_str() == Some(resource_type))
    };
    let excluded = lists("/exclusionByResourceTypes/resourceTypes");
    let strategy = group.pointer("/recordingStrategy/useOnly");
    match strategy.and_then(Value::as_str) {
        Some("EXCLUSION_BY_RESOURCE_TYPES") => !excluded,
        Some("ALL_SUPPORTED_RESOURCE_TYPES") => true,
        Some(_) => lists("/resourceTypes"),
        // Recorders from before strategies say it with one member.
        None => group.get("allSupported") == Some(&Value::Bool(true)) || lists("/resourceTypes"),
    }
}

pub(crate) fn describe_recorders(request: &Request<'_>) -> Result<Structure, Failure> {
    let recorder = asked(request)?.map(|recorder| {
        let role = format!(
            "arn:{}:iam::{}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig",
            request.partition(),
            request.account()
        );
        Structure::new()
            .with("name", NAME)
            .with("roleARN", role)
            .with("recordingGroup", RECORDING_GROUP.structure(&recorder.group))
    });
    let recorders: Vec<_> = recorder.into_iter().collect();
    Ok(Structure::new().with("ConfigurationRecorders", recorders))
}

pub(crate) fn describe_recorder_status(request: &Request<'_>) -> Result<Structure, Failure> {
    let status = asked(request)?.map(|recorder| {
        Structure::new()
            .with("name", NAME)
            .with("recording", recorder.recording)
    });
    let statuses: Vec<_> = status.into_iter().collect();
    Ok(Structure::new().with("ConfigurationRecordersStatus", statuses))
}
