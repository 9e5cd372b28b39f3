//! What the sandbox is told of an account is what the control sees, with no more
//! calls than decide.

use config_rule::{Account, CallError, Compliance, Control, Fact, Identity, parse_parameters};
use hardware_root_mfa::{HardwareRootMfa, HardwareRootMfaParameters, RootMfa};
use sandbox::{Fault, Organization, Sandbox, VirtualMfaDevice};
use serde_json::Map;

use crate::given::{self, rows};

const ACCOUNT: &str = "111122223333";
const SUMMARY: &str = "iam:GetAccountSummary";
const DEVICES: &str = "iam:ListVirtualMFADevices";

fn account(sandbox: &Sandbox, partition: &str, region: &str) -> Account {
    let caller = format!("arn:{partition}:iam::{ACCOUNT}:root");
    let identity = Identity::of_caller(&caller, region).unwrap();
    Account::new(sandbox.sdk_config(ACCOUNT, region), identity)
}

fn defaults() -> HardwareRootMfaParameters {
    parse_parameters(Map::new()).unwrap()
}

/// Every row whose facts an observation can give: a saved fact that lacks what
/// decides, or keeps what does not, cannot be one.
#[tokio::test]
async fn every_row_that_can_be_seen_is_seen_as_it_is() {
    let mut seen_rows = 0;
    for row in rows()
        .into_iter()
        .filter(|row| row.facts.partition == "aws")
    {
        let parameters = parse_parameters(row.parameters).unwrap();
        let sandbox = given::sandbox(&row.facts);
        let account = account(&sandbox, "aws", "eu-west-1");
        let mut seen = HardwareRootMfa::observe(&account, &parameters)
            .await
            .unwrap();
        seen.observed_at = row.facts.observed_at;
        if !row.name.contains("not asked for") && !row.name.contains("whatever") {
            let verdict = HardwareRootMfa::evaluate(&seen, &parameters);
            let annotation = verdict.annotation();
            assert_eq!(annotation.as_str(), row.annotation, "{}", row.name);
            seen_rows += usize::from(seen == row.facts);
        }
        let asked: &[&str] = match seen.virtual_devices {
            Some(_) => &[SUMMARY, DEVICES],
            None => &[SUMMARY],
        };
        assert_eq!(account.calls(), asked, "{}", row.name);
    }
    assert!(seen_rows >= 25, "{seen_rows}");
}

#[tokio::test]
async fn partitions_without_root_mfa_are_not_asked() {
    let sandbox = Sandbox::new(Organization::of([sandbox::Account::new(ACCOUNT, "a")])).unwrap();
    for (partition, region) in [("aws-us-gov", "us-gov-west-1"), ("aws-cn", "cn-north-1")] {
        let account = account(&sandbox, partition, region);
        let facts = HardwareRootMfa::observe(&account, &defaults())
            .await
            .unwrap();
        let verdict = HardwareRootMfa::evaluate(&facts, &defaults());
        assert_eq!(verdict.compliance, Compliance::NotApplicable);
        assert_eq!(account.calls(), [""; 0]);
    }
}

/// A sandbox in which the root user's device is the last of many.
fn many_devices() -> Sandbox {
    let mut account = sandbox::Account::new(ACCOUNT, "many");
    account.virtual_mfa_devices = (0..250)
        .map(|number| VirtualMfaDevice {
            serial: format!("arn:aws:iam::{ACCOUNT}:mfa/user-{number}"),
            user: Some(format!("arn:aws:iam::{ACCOUNT}:user/user-{number}")),
            assigned: true,
        })
        .collect();
    account.virtual_mfa_devices.push(VirtualMfaDevice {
        serial: format!("arn:aws:iam::{ACCOUNT}:mfa/phone"),
        user: Some(format!("arn:aws:iam::{ACCOUNT}:root")),
        assigned: true,
    });
    let sandbox = Sandbox::new(Organization::of([account])).unwrap();
    sandbox.inject(Fault::pages_of(100).action(DEVICES));
    sandbox
}

async fn observe(account: &Account) -> Result<RootMfa, CallError> {
    HardwareRootMfa::observe(account, &defaults()).await
}

#[tokio::test]
async fn the_device_that_decides_may_be_on_the_last_page() {
    let sandbox = many_devices();
    let account = account(&sandbox, "aws", "eu-west-1");
    let facts = observe(&account).await.unwrap();
    let verdict = HardwareRootMfa::evaluate(&facts, &defaults());
    assert_eq!(verdict.compliance, Compliance::NonCompliant);
    assert!(verdict.detail.contains("mfa/phone"), "{}", verdict.detail);
    assert_eq!(account.calls(), [SUMMARY, DEVICES, DEVICES, DEVICES]);
}

/// What fails for a moment is asked for again, and the list is complete.
#[tokio::test]
async fn a_page_that_fails_is_asked_for_again() {
    let sandbox = many_devices();
    sandbox.inject(Fault::server_error(500).action(DEVICES).times(2));
    let account = account(&sandbox, "aws", "eu-west-1");
    let facts = observe(&account).await.unwrap();
    assert!(matches!(
        &facts.virtual_devices,
        Some(Fact::Known(devices)) if devices.0.len() == 251
    ));
}
