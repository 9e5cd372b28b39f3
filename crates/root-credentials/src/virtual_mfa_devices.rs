//! The virtual MFA devices of an account: authenticator apps, in use.

use aws_sdk_iam::types::{self, AssignmentStatusType};
use config_rule::{Account, CallError, Fact, Section, Unread};
use serde::{Deserialize, Serialize};

use crate::iam;

/// The IAM action of [`VirtualMfaDevices`].
pub const LIST_VIRTUAL_MFA_DEVICES: &str = "iam:ListVirtualMFADevices";

/// Number of devices to ask for at a time: the most that IAM allows.
const PAGE_SIZE: i32 = 1000;

/// Every virtual MFA device that is assigned to somebody. Hardware tokens,
/// security keys and passkeys are not virtual and never among them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VirtualMfaDevices(pub Vec<VirtualMfaDevice>);

/// One virtual MFA device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualMfaDevice {
    /// Its serial number, which is its ARN. Whoever assigns a device chooses
    /// the name in it.
    pub serial_number: String,
    /// The ARN of the user whom it is assigned to. Older devices of the root
    /// user are listed without one.
    pub user_arn: Option<String>,
}

impl VirtualMfaDevices {
    /// The first device that is assigned to the root user of `account`.
    pub fn of_root(&self, partition: &str, account: &str) -> Option<&VirtualMfaDevice> {
        let root = format!("arn:{partition}:iam::{account}:root");
        let unnamed = format!("arn:{partition}:iam::{account}:mfa/root-account-mfa-device");
        self.0.iter().find(|device| match &device.user_arn {
            Some(user_arn) => *user_arn == root,
            None => device.serial_number == unnamed,
        })
    }
}

impl Section for VirtualMfaDevices {
    async fn observe(account: &Account) -> Result<Fact<Self>, CallError> {
        let request = iam(account)
            .list_virtual_mfa_devices()
            .assignment_status(AssignmentStatusType::Assigned)
            .max_items(PAGE_SIZE);
        let mut devices = Vec::new();
        let mut marker = None;
        loop {
            let page = request.clone().set_marker(marker).send();
            let page = match account.list(LIST_VIRTUAL_MFA_DEVICES, page).await? {
                Fact::Known(page) => page,
                // Half a list is no list: the root user's device may be on a
                // page that was not read.
                Fact::Unread(unread) => return Ok(Fact::Unread(unread)),
            };
            let listed = page.virtual_mfa_devices.into_iter();
            devices.extend(listed.map(VirtualMfaDevice::from));
            if !page.is_truncated {
                break;
            }
            marker = page.marker;
            if marker.is_none() {
                return Ok(Fact::Unread(Unread::ValueMissing {
                    action: LIST_VIRTUAL_MFA_DEVICES.to_owned(),
                    value: "Marker".to_owned(),
                }));
            }
        }
        Ok(Fact::Known(Self(devices)))
    }
}

impl From<types::VirtualMfaDevice> for VirtualMfaDevice {
    fn from(device: types::VirtualMfaDevice) -> Self {
        Self {
            serial_number: device.serial_number,
            // The SDK has an empty text where AWS sent a user without an ARN.
            user_arn: device
                .user
                .map(|user| user.arn)
                .filter(|arn| !arn.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(serial_number: &str, user_arn: Option<&str>) -> VirtualMfaDevice {
        VirtualMfaDevice {
            serial_number: serial_number.to_owned(),
            user_arn: user_arn.map(str::to_owned),
        }
    }

    #[test]
    fn the_root_users_device_is_told_by_its_user_and_not_by_its_name() {
        let ours = "arn:aws:iam::111122223333:mfa/root-account-mfa-device";
        let phone = "arn:aws:iam::111122223333:mfa/phone";
        for (device, is_root) in [
            (device(phone, Some("arn:aws:iam::111122223333:root")), true),
            (device(ours, Some("arn:aws:iam::111122223333:root")), true),
            (device(ours, None), true),
            (device(phone, None), false),
            (
                device(ours, Some("arn:aws:iam::111122223333:user/ann")),
                false,
            ),
            (
                device(phone, Some("arn:aws:iam::111122223333:user/root")),
                false,
            ),
            (
                device(phone, Some("arn:aws:iam::111122223333:user/groot")),
                false,
            ),
            (device(phone, Some("arn:aws:iam::444455556666:root")), false),
            (
                device(phone, Some("arn:aws-cn:iam::111122223333:root")),
                false,
            ),
            (
                device(
                    "arn:aws:iam::111122223333:mfa/x/root-account-mfa-device",
                    None,
                ),
                false,
            ),
            (
                device(
                    "arn:aws:iam::444455556666:mfa/root-account-mfa-device",
                    None,
                ),
                false,
            ),
        ] {
            let devices = VirtualMfaDevices(vec![device]);
            let found = devices.of_root("aws", "111122223333").is_some();
            assert_eq!(found, is_root, "{devices:?}");
        }
    }
}
