//! Configuration recorders: every account has one in every Region, or none.

use super::refused;
use crate::request::Request;
use crate::wire::{Failure, Shape, Structure, list, member, text};

pub(crate) const OF_RECORDERS: Shape = Shape::Structure(&[
    member(
        "ConfigurationRecorderNames",
        list(&text(1, 256), 0, usize::MAX),
    ),
    member("ServicePrincipal", text(1, 128)),
    member("Arn", text(1, 1000)),
]);

const NAME: &str = "default";

/// Whether the recorder of the account records, if it has one and that is asked for.
fn asked(request: &Request<'_>) -> Result<Option<bool>, Failure> {
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
    Ok(account.map(|account| account.config_recording))
}

pub(crate) fn describe_recorders(request: &Request<'_>) -> Result<Structure, Failure> {
    let recorder = asked(request)?.map(|_| {
        let role = format!(
            "arn:{}:iam::{}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig",
            request.partition(),
            request.account()
        );
        Structure::new().with("name", NAME).with("roleARN", role)
    });
    let recorders: Vec<_> = recorder.into_iter().collect();
    Ok(Structure::new().with("ConfigurationRecorders", recorders))
}

pub(crate) fn describe_recorder_status(request: &Request<'_>) -> Result<Structure, Failure> {
    let status = asked(request)?.map(|recording| {
        Structure::new()
            .with("name", NAME)
            .with("recording", recording)
    });
    let statuses: Vec<_> = status.into_iter().collect();
    Ok(Structure::new().with("ConfigurationRecordersStatus", statuses))
}
