//! Root users without hardware MFA: what is removed where an organization says so, and
//! everything that must stop it.

use std::collections::{BTreeMap, BTreeSet};

use config_rule::{Compliance, Fact};
use control_testkit::{
    CENTRAL, MANAGEMENT, MEMBER, REQUEST_QUEUE, RemediationResult, Row, central_function, days_ago,
    member_organization, outcome_left, remediate_member, request_event, served, sessions,
};
use hardware_root_mfa::HardwareRootMfa;
use remediation::{Outcome, Record};
use root_credentials::{REMOVAL_WRITES, Removal};
use sandbox::{
    AccessKey, Account, Fault, LastUsed, MfaDevice, MfaKind, RootUser, Sandbox, SigningCertificate,
    VirtualMfaDevice,
};
use serde_json::{Value, json};

use crate::fixtures::rows;

const REMOVE: (&str, Value) = ("removeRootPassword", Value::Bool(true));

fn organization(root: &RootUser) -> Sandbox {
    let mut member = Account::new(MEMBER, "member");
    member.root = root.clone();
    member_organization::<HardwareRootMfa>(&member)
}

async fn remediate(
    sandbox: &Sandbox,
    account: &str,
    settings: &[(&str, Value)],
) -> Record<Removal> {
    remediate_member::<HardwareRootMfa>(sandbox, account, settings).await
}

fn root(sandbox: &Sandbox, account: &str) -> RootUser {
    sandbox.account(account).unwrap().root
}

/// A root user with everything, nothing of it used for long.
fn everything() -> RootUser {
    RootUser {
        password: true,
        access_keys: vec![AccessKey::new("AKIA0000000000000001")],
        signing_certificates: vec![SigningCertificate::new("CERTIFICATE0000000000000000")],
        mfa_devices: vec![
            MfaDevice::with_kind(MfaKind::Virtual),
            MfaDevice::with_kind(MfaKind::Totp),
            MfaDevice::with_kind(MfaKind::Fido),
        ],
        ..RootUser::without_credentials()
    }
}

const CERTIFICATES: (&str, Value) = ("deleteSigningCertificates", Value::Bool(true));

/// The member account of a row, with what the row's facts tell of; nothing was used.
fn account_of(row: &Row<HardwareRootMfa>) -> Option<Account> {
    let mut account = Account::new(MEMBER, "member");
    account.root = RootUser::without_credentials();
    let Some(Fact::Known(summary)) = &row.facts.summary else {
        return None;
    };
    let there = |value: Option<i32>| value.map(|value| value > 0);
    account.root.password = there(summary.password_present)?;
    if there(summary.access_keys_present)? {
        let key = AccessKey::new("AKIA0000000000000001");
        account.root.access_keys.push(key);
    }
    if there(summary.signing_certificates_present)? {
        let certificate = SigningCertificate::new("CERTIFICATE0000000000000000");
        account.root.signing_certificates.push(certificate);
    }
    let mut devices = Vec::new();
    if let Some(Fact::Known(virtual_devices)) = &row.facts.virtual_devices {
        for device in &virtual_devices.0 {
            let of_root = device.user_arn.as_deref() == Some("arn:aws:iam::111122223333:root")
                || device
                    .serial_number
                    .ends_with(":mfa/root-account-mfa-device")
                    && device.user_arn.is_none();
            if of_root {
                devices.push(MfaDevice {
                    serial: Some(device.serial_number.clone()),
                    ..MfaDevice::with_kind(MfaKind::Virtual)
                });
            } else {
                account.virtual_mfa_devices.push(VirtualMfaDevice {
                    serial: device.serial_number.clone(),
                    user: device.user_arn.clone(),
                    assigned: true,
                });
            }
        }
    }
    if there(summary.mfa_enabled)? && devices.is_empty() {
        devices.push(MfaDevice::with_kind(MfaKind::Fido));
    }
    account.root.mfa_devices = devices;
    (row.facts.partition == "aws" && row.parameters.is_empty()).then_some(account)
}

/// Every row that a member account can be in: repaired, and repaired again.
#[tokio::test]
async fn every_row_is_remediated_or_left_to_a_human_by_name() {
    let mut repaired = BTreeMap::new();
    for row in rows() {
        let Some(account) = account_of(&row) else {
            continue;
        };
        let sandbox = member_organization::<HardwareRootMfa>(&account);
        let users = account.virtual_mfa_devices;
        let record = remediate(&sandbox, MEMBER, &[REMOVE]).await;
        let name = &row.name;
        assert_eq!(sandbox.account(MANAGEMENT).unwrap().root, account.root);
        let kept = sandbox.account(MEMBER).unwrap();
        assert_eq!(kept.virtual_mfa_devices, users, "{name}");
        if record.before.compliance == Compliance::Compliant {
            assert!(
                record.steps.is_empty() && record.manual.is_empty(),
                "{name}"
            );
            assert_eq!(sessions(&sandbox), 0, "{name}");
            continue;
        }
        if record.outcome == Outcome::Done {
            assert_eq!(kept.root, RootUser::without_credentials(), "{name}");
            let after = &record.after.as_ref().unwrap().annotation();
            assert!(
                after.to_string().starts_with("ROOT_CREDENTIALS_ABSENT"),
                "{name}"
            );
        } else {
            assert_eq!(kept.root, account.root, "{name}");
        }
        assert!(
            record
                .steps
                .iter()
                .all(|recorded| !recorded.step.reversible)
        );
        served(&sandbox);
        let again = remediate(&sandbox, MEMBER, &[REMOVE]).await;
        assert_eq!(again.outcome, record.outcome, "{name}");
        let writes = |call: &String| call.starts_with("De") && !call.starts_with("Describe");
        assert!(!served(&sandbox).iter().any(writes), "{name}");
        repaired.insert(name.clone(), RemediationResult::new(&record));
    }
    let expected: BTreeMap<String, RemediationResult> =
        serde_json::from_str(include_str!("../remediations.json")).unwrap();
    assert_eq!(repaired, expected, "{}", json!(repaired));
}

/// Unless an organization says so, the device is a human's business, and no session is
/// opened.
#[tokio::test]
async fn nothing_is_removed_by_default() {
    let sandbox = organization(&everything());
    for settings in [
        vec![],
        vec![("removeRootPassword", json!(false)), CERTIFICATES],
    ] {
        let record = remediate(&sandbox, MEMBER, &settings).await;
        let left = RemediationResult {
            outcome: Outcome::WaitingForHuman,
            steps: vec![],
            manual: vec!["ENROL_HARDWARE_MFA".to_owned()],
        };
        assert_eq!(RemediationResult::new(&record), left);
        assert_eq!(sessions(&sandbox), 0);
    }
    for settings in [
        vec![REMOVE, CERTIFICATES, ("dryRun", json!(true))],
        vec![REMOVE, CERTIFICATES, ("mode", json!("off"))],
        vec![REMOVE, CERTIFICATES, ("mode", json!("automatic"))],
    ] {
        let record = remediate(&sandbox, MEMBER, &settings).await;
        assert!(record.tried().next().is_none(), "{settings:?}");
    }
    assert_eq!(root(&sandbox, MEMBER), everything());
}

/// Everything goes, MFA last; each call once, in one session of each task.
#[tokio::test]
async fn all_that_root_can_sign_in_with_is_removed_in_a_safe_order() {
    let sandbox = organization(&everything());
    let record = remediate(&sandbox, MEMBER, &[REMOVE, CERTIFICATES]).await;
    assert_eq!(record.outcome, Outcome::Done, "{}", record.why);
    let calls = served(&sandbox);
    let wrote: Vec<_> = calls
        .iter()
        .filter(|call| call.starts_with("De") && !call.starts_with("Describe"))
        .collect();
    assert_eq!(
        wrote,
        [
            "DeleteLoginProfile",
            "DeleteAccessKey",
            "DeleteSigningCertificate",
            "DeactivateMFADevice",
            "DeactivateMFADevice",
            "DeactivateMFADevice",
            "DeleteVirtualMFADevice",
        ]
    );
    let declared: BTreeSet<_> = REMOVAL_WRITES.iter().map(|action| &action[4..]).collect();
    assert_eq!(
        wrote
            .into_iter()
            .map(String::as_str)
            .collect::<BTreeSet<_>>(),
        declared
    );
    let opened = calls.iter().filter(|call| *call == "AssumeRoot");
    assert_eq!(opened.count(), 2);
    let member = sandbox.account(MEMBER).unwrap();
    assert_eq!(member.root, RootUser::without_credentials());
    assert!(member.virtual_mfa_devices.is_empty());
}

/// All or nothing: a password without its MFA, or MFA for a key, helps nobody.
#[tokio::test]
async fn what_is_in_use_keeps_everything() {
    let lately = |mut root: RootUser, change: fn(&mut RootUser)| {
        change(&mut root);
        root
    };
    let used = |root: &mut RootUser| root.password_last_used = Some(days_ago(1));
    let key_used = |root: &mut RootUser| {
        root.access_keys[0].last_used = Some(LastUsed {
            date: days_ago(89),
            region: "us-east-1".to_owned(),
            service: "s3".to_owned(),
        });
    };
    let key_made = |root: &mut RootUser| root.access_keys[0].created = days_ago(1);
    for change in [used, key_used, key_made] {
        for report in [false, true] {
            let mut root_user = lately(everything(), change);
            if report {
                root_user.credential_report = sandbox::CredentialReport::Fresh;
            }
            let sandbox = organization(&root_user);
            let record = remediate(&sandbox, MEMBER, &[REMOVE, CERTIFICATES]).await;
            let codes: Vec<_> = record
                .manual
                .iter()
                .map(|item| item.code.as_ref())
                .collect();
            assert_eq!(codes, ["KEY_IN_USE", "ENROL_HARDWARE_MFA"]);
            // Where a report tells, no session is needed to know.
            assert_eq!(sessions(&sandbox), usize::from(!report));
            assert_eq!(root(&sandbox, MEMBER), root_user);
        }
    }
    let sandbox = organization(&everything());
    let record = remediate(&sandbox, MEMBER, &[REMOVE]).await;
    let codes: Vec<_> = record
        .manual
        .iter()
        .map(|item| item.code.as_ref())
        .collect();
    assert_eq!(codes, ["DELETE_CERTIFICATE", "ENROL_HARDWARE_MFA"]);
    assert_eq!(root(&sandbox, MEMBER), everything());
}

#[tokio::test]
async fn guards_stand_before_every_session() {
    for (account, settings, code) in [
        (MANAGEMENT, vec![REMOVE], "MANAGEMENT_ACCOUNT"),
        (
            MEMBER,
            vec![REMOVE, ("managementAccountId", json!(""))],
            "NAME_MANAGEMENT_ACCOUNT",
        ),
        (
            MEMBER,
            vec![REMOVE, ("excludedAccounts", json!(MEMBER))],
            "ACCOUNT_EXCLUDED",
        ),
        (
            MANAGEMENT,
            vec![REMOVE, ("managementAccountId", json!(CENTRAL))],
            "MANAGEMENT_ACCOUNT",
        ),
    ] {
        let sandbox = organization(&everything());
        let record = remediate(&sandbox, account, &settings).await;
        let codes: Vec<_> = record
            .manual
            .iter()
            .map(|item| item.code.as_ref())
            .collect();
        assert_eq!(codes, [code, "ENROL_HARDWARE_MFA"]);
        assert_eq!(record.outcome, Outcome::Refused, "{code}");
        assert_eq!(sessions(&sandbox), 0, "{code}");
        assert_eq!(root(&sandbox, account), everything());
    }
    for action in [
        "sts:AssumeRole",
        "iam:GetAccountSummary",
        "organizations:DescribeAccount",
        "sts:AssumeRoot",
        "iam:GetLoginProfile",
        "iam:GetUser",
        "iam:ListMFADevices",
    ] {
        let sandbox = organization(&everything());
        sandbox.inject(Fault::access_denied().action(action));
        let record = remediate(&sandbox, MEMBER, &[REMOVE, CERTIFICATES]).await;
        assert_eq!(record.manual[0].code, "READ_REFUSED", "{action}");
        assert_eq!(root(&sandbox, MEMBER), everything(), "{action}");
    }
}

/// A crash leaves nothing that is worse than before: never a password without the MFA
/// that it had. A rerun leaves nobody who could sign in; devices that nobody can sign in
/// with may be left, because an account in which nobody can is satisfied.
#[tokio::test]
async fn a_rerun_completes_wherever_the_connection_ended() {
    let mut crashes = 0;
    for action in REMOVAL_WRITES {
        for lost in [false, true] {
            let sandbox = organization(&everything());
            if lost {
                sandbox.inject(Fault::lost_answer().action(*action).times(1));
            }
            sandbox.inject(Fault::dropped_connection().action(*action));
            let record = remediate(&sandbox, MEMBER, &[REMOVE, CERTIFICATES]).await;
            assert_eq!(record.outcome, Outcome::Failed, "{action}");
            let left = root(&sandbox, MEMBER);
            assert!(!left.password || left == everything(), "{action}");
            sandbox.clear_faults();
            let rerun = remediate(&sandbox, MEMBER, &[REMOVE, CERTIFICATES]).await;
            assert_eq!(rerun.outcome, Outcome::Done, "{action}: {}", rerun.why);
            let left = root(&sandbox, MEMBER);
            let none = left.access_keys.is_empty() && left.signing_certificates.is_empty();
            assert!(none && !left.password, "{action}");
            crashes += 1;
        }
    }
    assert_eq!(crashes, 2 * REMOVAL_WRITES.len());
}

/// Each deletion may be done again.
#[tokio::test]
async fn what_is_gone_is_gone() {
    let sandbox = organization(&everything());
    let record = remediate(&sandbox, MEMBER, &[REMOVE, CERTIFICATES]).await;
    let role = sandbox.role_credentials(CENTRAL, "remediator").unwrap();
    let sdk = sandbox.sdk_config_as(role, control_testkit::CENTRAL_REGION);
    let arn = format!("arn:aws:iam::{MEMBER}:root");
    let identity = config_rule::Identity::of_caller(&arn, control_testkit::CENTRAL_REGION).unwrap();
    let account = config_rule::Account::new(sdk, identity);
    let mut again = 0;
    for step in record.tried() {
        step.change.apply(&account).await.unwrap();
        again += 1;
    }
    assert_eq!(again, 7);
}

#[tokio::test]
async fn the_central_function_removes_what_its_configuration_says() {
    let sandbox = organization(&RootUser {
        password: true,
        mfa_devices: vec![MfaDevice::with_kind(MfaKind::Virtual)],
        ..RootUser::without_credentials()
    });
    let program = env!("CARGO_BIN_EXE_hardware-root-mfa-remediate");
    let event = request_event(REQUEST_QUEUE, MEMBER, &json!({"requestId": "r-1"}));
    let remediation = json!({"mode": "manual", "managementAccountId": MANAGEMENT});
    let (_server, process) =
        central_function::<HardwareRootMfa>(program, &sandbox, &remediation).await;
    process.send(event.clone()).await.unwrap();
    let left = outcome_left(&sandbox, MEMBER, "r-1").unwrap();
    assert_eq!(left["outcome"], "WAITING_FOR_HUMAN", "{left}");
    assert!(root(&sandbox, MEMBER).password);
    let mut remediation = remediation;
    remediation["removeRootPassword"] = json!(true);
    let (_server, process) =
        central_function::<HardwareRootMfa>(program, &sandbox, &remediation).await;
    process.send(event).await.unwrap();
    let left = outcome_left(&sandbox, MEMBER, "r-1").unwrap();
    assert_eq!(left["outcome"], "DONE", "{left}");
    assert_eq!(root(&sandbox, MEMBER), RootUser::without_credentials());
}
