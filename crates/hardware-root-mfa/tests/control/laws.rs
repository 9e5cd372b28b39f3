//! What holds for all facts.

use config_rule::{Compliance, Control, Fact, parse_parameters};
use hardware_root_mfa::{HardwareRootMfa, RootMfa};
use proptest::prelude::*;
use root_credentials::VirtualMfaDevice;

use crate::fixtures;

fn device(name: &str, user: &str) -> VirtualMfaDevice {
    VirtualMfaDevice {
        serial_number: format!("arn:aws:iam::111122223333:mfa/{name}"),
        user_arn: Some(format!("arn:aws:iam::111122223333:{user}")),
    }
}

fn compliance(facts: &RootMfa) -> Compliance {
    let parameters = parse_parameters(serde_json::Map::new()).unwrap();
    HardwareRootMfa::evaluate(facts, &parameters).compliance
}

fn rows_with_devices() -> impl Strategy<Value = RootMfa> {
    let facts = fixtures::rows().into_iter().map(|row| row.facts);
    let with_devices = facts.filter(|facts| matches!(facts.virtual_devices, Some(Fact::Known(_))));
    proptest::sample::select(with_devices.collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn devices_of_users_change_nothing(
        facts in rows_with_devices(),
        names in proptest::collection::vec("[a-z-]{1,20}|root-account-mfa-device", 0..150),
        at: proptest::sample::Index,
    ) {
        let mut more = facts.clone();
        if let Some(Fact::Known(devices)) = &mut more.virtual_devices {
            let at = at.index(devices.0.len() + 1);
            let users = names.iter().map(|name| device(name, &format!("user/{name}")));
            devices.0.splice(at..at, users);
        }
        prop_assert_eq!(compliance(&more), compliance(&facts));
    }

    #[test]
    fn a_virtual_device_of_root_is_never_compliant(
        facts in rows_with_devices(),
        at: proptest::sample::Index,
    ) {
        let mut facts = facts;
        if let Some(Fact::Known(devices)) = &mut facts.virtual_devices {
            let at = at.index(devices.0.len() + 1);
            devices.0.insert(at, device("phone", "root"));
        }
        prop_assert_ne!(compliance(&facts), Compliance::Compliant);
    }
}
