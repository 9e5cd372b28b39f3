//! MFA devices: the root user's own, and the virtual ones of the whole account.

use hyper::StatusCode;

use super::root_credentials::root_user;
use super::{
    MARKER, MAX_ITEMS, ROOT_USER_NAME, USER_NAME, account, change_root, no_such_entity, page,
    root_account, root_account_in_session, take_one,
};
use crate::identity::{root_arn, unique_id};
use crate::operations::{Needed, resource_named};
use crate::organization::{Account, LONG_AGO, MfaDevice, MfaKind, Partition, VirtualMfaDevice};
use crate::request::Request;
use crate::wire::{
    Allowed, Failure, Member, Shape, Structure, consists_of_word_and, member, one_of, required,
    text_of,
};

const SERIAL_NUMBER: Member = required(
    "SerialNumber",
    text_of(
        Allowed::Pattern(r"[\w+=/:,.@-]+", |text| {
            consists_of_word_and("+=/:,.@-", text)
        }),
        9,
        256,
    ),
);

pub(crate) const DEACTIVATE_MFA_DEVICE: Shape = Shape::Structure(&[USER_NAME, SERIAL_NUMBER]);

pub(crate) const DELETE_VIRTUAL_MFA_DEVICE: Shape = Shape::Structure(&[SERIAL_NUMBER]);

pub(crate) const LIST_VIRTUAL_MFA_DEVICES: Shape = Shape::Structure(&[
    member(
        "AssignmentStatus",
        one_of(&["Assigned", "Unassigned", "Any"]),
    ),
    MARKER,
    MAX_ITEMS,
]);

/// The serial number of a device of the root user.
fn serial(device: &MfaDevice, partition: Partition, account: &str) -> String {
    match (&device.serial, device.kind) {
        (Some(serial), _) => serial.clone(),
        (None, MfaKind::Virtual) => {
            format!("arn:{partition}:iam::{account}:mfa/root-account-mfa-device")
        }
        (None, MfaKind::Totp) => unique_id("GAHT", account),
        (None, MfaKind::Fido) => {
            let id = unique_id("", account);
            format!("arn:{partition}:iam::{account}:u2f/root-account/default-{id}")
        }
    }
}

pub(crate) fn list_mfa_devices(request: &Request<'_>) -> Result<Structure, Failure> {
    let account = root_account(request)?;
    let devices = account.root.mfa_devices.iter().map(|device| {
        Structure::new()
            .with("UserName", ROOT_USER_NAME)
            .with(
                "SerialNumber",
                serial(device, request.partition(), &account.id),
            )
            .with("EnableDate", device.enabled)
    });
    page(request, "MFADevices", devices.collect())
}

pub(crate) fn list_virtual_mfa_devices(request: &Request<'_>) -> Result<Structure, Failure> {
    let account = account(request)?;
    let of_root = account
        .root
        .mfa_devices
        .iter()
        .filter(|device| device.kind == MfaKind::Virtual)
        .map(|device| {
            let structure = Structure::new()
                .with(
                    "SerialNumber",
                    serial(device, request.partition(), &account.id),
                )
                .with("User", root_user(request, &account))
                .with("EnableDate", device.enabled);
            (true, structure)
        });
    let of_others = account.virtual_mfa_devices.iter().map(|device| {
        let structure = Structure::new()
            .with("SerialNumber", &device.serial)
            .with_some("User", device.user.as_deref().map(user))
            .with_some("EnableDate", device.assigned.then_some(LONG_AGO));
        (device.assigned, structure)
    });
    let status = request.text("AssignmentStatus").unwrap_or("Any");
    let wanted = |assigned: bool| status == "Any" || assigned == (status == "Assigned");
    let devices = of_root.chain(of_others);
    let devices = devices
        .filter(|(assigned, _)| wanted(*assigned))
        .map(|(_, device)| device);
    page(request, "VirtualMFADevices", devices.collect())
}

/// A user as far as its ARN tells.
fn user(arn: &str) -> Structure {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let (path, name) = resource.rsplit_once('/').unwrap_or(("", resource));
    let path = path.strip_prefix("user").unwrap_or_default();
    Structure::new()
        .with("Path", format!("{path}/"))
        .with("UserName", name)
        .with("UserId", unique_id("AIDA", arn))
        .with("Arn", arn)
        .with("CreateDate", LONG_AGO)
}

pub(crate) fn deactivate_mfa_device(request: &Request<'_>) -> Result<Structure, Failure> {
    root_account_in_session(request)?;
    let wanted = request.text("SerialNumber").unwrap_or_default();
    let is_it =
        |device: &MfaDevice| serial(device, request.partition(), request.account()) == wanted;
    let device = change_root(request, |root| {
        take_one(&mut root.mfa_devices, is_it, || {
            no_such_entity("MFA Device invalid for user.".to_owned())
        })
    })?;
    if device.kind == MfaKind::Virtual {
        request.world.change_account(request.account(), |account| {
            account.virtual_mfa_devices.push(VirtualMfaDevice {
                serial: wanted.to_owned(),
                user: None,
                assigned: false,
            });
        });
    }
    Ok(Structure::new())
}

pub(crate) fn delete_virtual_mfa_device(request: &Request<'_>) -> Result<Structure, Failure> {
    let wanted = request.text("SerialNumber").unwrap_or_default();
    let account = account(request)?;
    let of_root = account
        .root
        .mfa_devices
        .iter()
        .any(|device| serial(device, request.partition(), &account.id) == wanted);
    let of_others = account
        .virtual_mfa_devices
        .iter()
        .any(|other| other.serial == wanted && other.assigned);
    if of_root || of_others {
        return Err(Failure::new(
            StatusCode::CONFLICT,
            "DeleteConflict",
            "MFA VirtualDevice in use. Must deactivate first.",
        ));
    }
    request
        .world
        .change_account(request.account(), |account| {
            take_one(
                &mut account.virtual_mfa_devices,
                |device| device.serial == wanted,
                || {
                    no_such_entity(format!(
                        "VirtualMFADevice with serial number {wanted} doesn't exist."
                    ))
                },
            )
        })
        .unwrap_or_else(|| Err(request.protocol.unknown_credentials()))?;
    Ok(Structure::new())
}

/// The resource of `DeleteVirtualMFADevice`. The device of a user is a resource of its
/// own. The root user's, and one that is nobody's any more, stand for the root user in
/// its sessions: the delete task's policy names no other resource and means these.
pub(crate) fn virtual_mfa_device(request: &Request<'_>) -> Vec<Needed> {
    let wanted = request.text("SerialNumber").unwrap_or_default();
    let account = request.world.account(request.account());
    let of_user = account.is_some_and(|account: Account| {
        account
            .virtual_mfa_devices
            .iter()
            .any(|device| device.serial == wanted && device.assigned)
    });
    if request.is_root() && !of_user {
        let root = root_arn(request.partition(), request.account());
        return vec![Needed::on(request, root)];
    }
    vec![Needed::on(request, resource_named(wanted))]
}
