//! What the sandbox is told of an account is what the control sees, with no more
//! calls than decide.

use config_rule::{Account, Control, Identity, parse_parameters};
use hardware_root_mfa::HardwareRootMfa;

use crate::fixtures::{self, DEVICES, SAVED_ONLY, SUMMARY, rows};

/// Rows of facts that hold more than decides, which no observation asks for.
const MORE_THAN_DECIDES: &[&str] = &[
    "no MFA wins, devices were not needed",
    "summary denied, whatever devices show",
];

#[tokio::test]
async fn every_row_that_can_be_seen_is_seen_as_it_is() {
    for row in rows() {
        let parameters = parse_parameters(row.parameters.clone()).unwrap();
        let sandbox = fixtures::sandbox(&row.facts);
        let (partition, region) = fixtures::place(&row.facts.partition);
        let caller = format!("arn:{partition}:iam::{}:root", row.facts.account);
        let identity = Identity::of_caller(&caller, region).unwrap();
        let account = Account::new(sandbox.sdk_config(&row.facts.account, region), identity);
        let mut seen = HardwareRootMfa::observe(&account, &parameters)
            .await
            .unwrap();
        seen.observed_at = row.facts.observed_at;

        let name = row.name.as_str();
        let as_it_is = !SAVED_ONLY.contains(&name) && !MORE_THAN_DECIDES.contains(&name);
        assert_eq!(seen == row.facts, as_it_is, "{name}: {seen:?}");
        let asked: &[&str] = match (&seen.summary, &seen.virtual_devices) {
            (None, _) => &[],
            (Some(_), None) => &[SUMMARY],
            (Some(_), Some(_)) => &[SUMMARY, DEVICES],
        };
        assert_eq!(account.calls(), asked, "{name}");
    }
}
