//! The Lambda function as its own process, invoked by AWS Config in a sandbox.

use std::collections::BTreeSet;
use std::time::Duration;

use config_rule::Control;
use control_testkit::{Deployment, RuleHarness, with};
use hardware_root_mfa::HardwareRootMfa;
use sandbox::{Account, Fault, Organization, Sandbox, VirtualMfaDevice};
use serde_json::{Map, Value, json};

use crate::fixtures::{self, ACCOUNT, DEVICES, SAVED_ONLY, SUMMARY, rows};

const PUT_EVALUATIONS: &str = "config:PutEvaluations";

async fn deploy(sandbox: Sandbox, region: &str, parameters: &Map<String, Value>) -> RuleHarness {
    let function = Deployment {
        program: env!("CARGO_BIN_EXE_hardware-root-mfa"),
        account: ACCOUNT,
        region,
        timeout: Duration::from_secs(20),
    };
    RuleHarness::new::<HardwareRootMfa>(&function, sandbox, parameters).await
}

/// The calls that the README promises for a verdict.
fn promised_calls(annotation: &str) -> Vec<&'static str> {
    let (reason, detail) = annotation.split_once(": ").unwrap();
    let reads: &[&str] = match reason {
        "ROOT_CANNOT_ENROL_MFA" | "NO_ROOT_USER_IN_PARTITION" => &[],
        "ROOT_CREDENTIALS_ABSENT" | "ROOT_MFA_DISABLED" => &[SUMMARY],
        "UNVERIFIABLE_ACCESS_DENIED" if detail.starts_with(SUMMARY) => &[SUMMARY],
        _ => &[SUMMARY, DEVICES],
    };
    [reads, &[PUT_EVALUATIONS]].concat()
}

/// Every row of the table, and over all of them the promises about calls: how many
/// there are, and that the role needs what the control declares, no less and no more.
#[tokio::test]
async fn every_row_of_the_table_ends_in_config_as_it_says() {
    let mut made = BTreeSet::new();
    let mut evaluated = 0;
    for row in rows() {
        if SAVED_ONLY.contains(&row.name.as_str()) {
            continue;
        }
        let (_, region) = fixtures::place(&row.facts.partition);
        let stage = deploy(fixtures::sandbox(&row.facts), region, &row.parameters).await;
        let record = stage.evaluated().await.unwrap_or_else(|error| {
            panic!("{}: {error}\n{}", row.name, stage.process.output());
        });
        let result = row.reported_result();
        stage.assert_reported(&row.name, &record, result).await;
        let calls = stage.calls();
        assert_eq!(calls, promised_calls(&row.annotation), "{}", row.name);
        made.extend(calls);
        evaluated += 1;
    }
    assert_eq!(evaluated, rows().len() - SAVED_ONLY.len());
    let declared = HardwareRootMfa::METADATA.evaluation_actions();
    assert_eq!(made, declared.map(str::to_owned).collect());
}

/// A sandbox in which the root user has MFA, and its virtual device comes after those
/// of so many users.
fn root_after(users: usize) -> Sandbox {
    let device = |name: &str, user: &str| VirtualMfaDevice {
        serial: format!("arn:aws:iam::{ACCOUNT}:mfa/{name}"),
        user: Some(format!("arn:aws:iam::{ACCOUNT}:{user}")),
        assigned: true,
    };
    let mut account = Account::new(ACCOUNT, "many devices");
    account.virtual_mfa_devices = (0..users)
        .map(|number| device(&format!("user-{number}"), &format!("user/user-{number}")))
        .chain([device("phone", "root")])
        .collect();
    Sandbox::new(Organization::with_accounts([account])).unwrap()
}

/// Returns what Config shows where the root user's device was found.
fn found(shown: &[(String, String)]) -> bool {
    let annotation = "ROOT_MFA_VIRTUAL: the root user can sign in with the virtual device \
                      arn:aws:iam::111122223333:mfa/phone.";
    matches!(shown, [(compliance, text)]
        if compliance == "NON_COMPLIANT" && text.starts_with(annotation))
}

#[tokio::test]
async fn a_thousand_devices_are_a_call() {
    for (users, lists) in [(999, 1), (1000, 2)] {
        let stage = deploy(root_after(users), "eu-west-1", &with([])).await;
        stage.evaluated().await.unwrap();
        assert!(
            found(&stage.config_results().await),
            "{:?}",
            stage.config_results().await
        );
        let expected = [&[SUMMARY], &[DEVICES].repeat(lists)[..], &[PUT_EVALUATIONS]].concat();
        assert_eq!(stage.calls(), expected);
    }
}

/// Three pages, the decisive device on the last, and the second throttled twice: it is
/// asked for again, and the list is complete.
#[tokio::test]
async fn a_page_that_is_throttled_is_asked_for_again() {
    let sandbox = root_after(250);
    sandbox.inject(Fault::pages_of(100).action(DEVICES));
    sandbox.inject(Fault::throttling().action(DEVICES).after(1).times(2));
    let stage = deploy(sandbox, "eu-west-1", &with([])).await;
    let record = stage.evaluated().await.unwrap();
    assert!(
        found(&stage.config_results().await),
        "{:?}",
        stage.config_results().await
    );
    assert_eq!(
        record["calls"],
        json!([SUMMARY, DEVICES, DEVICES, DEVICES, PUT_EVALUATIONS])
    );
    let requests = [&[SUMMARY], &[DEVICES; 5][..], &[PUT_EVALUATIONS]].concat();
    assert_eq!(stage.calls(), requests);
}

/// Half a list is no list, also where the first page looks harmless.
#[tokio::test]
async fn a_page_that_is_denied_makes_the_account_unverifiable() {
    let sandbox = root_after(250);
    sandbox.inject(Fault::pages_of(100).action(DEVICES));
    sandbox.inject(Fault::access_denied().action(DEVICES).after(1));
    let stage = deploy(sandbox, "eu-west-1", &with([])).await;
    let record = stage.evaluated().await.unwrap();
    assert_eq!(record["compliance"], "UNVERIFIABLE");
    let [(compliance, annotation)] = &stage.config_results().await[..] else {
        panic!("not one result");
    };
    assert_eq!(compliance, "NON_COMPLIANT");
    let reason = format!("UNVERIFIABLE_ACCESS_DENIED: {DEVICES} was refused");
    assert!(annotation.starts_with(&reason), "{annotation}");
    assert_eq!(stage.calls(), [SUMMARY, DEVICES, DEVICES, PUT_EVALUATIONS]);
}

/// What nobody could conclude anything from changes nothing: Config keeps what it has.
#[tokio::test]
async fn a_page_that_stays_throttled_is_a_failure_and_no_verdict() {
    let sandbox = root_after(250);
    sandbox.inject(Fault::pages_of(100).action(DEVICES));
    let stage = deploy(sandbox, "eu-west-1", &with([])).await;
    let before = stage.config_results_with_times().await;
    assert_eq!(before.len(), 1);
    stage
        .sandbox
        .inject(Fault::throttling().action(DEVICES).after(1));
    let error = stage.process.send(stage.event()).await.unwrap_err();
    assert_eq!(error.error_type, "Throttled", "{error}");
    assert!(error.message.contains(DEVICES), "{error}");
    assert_eq!(stage.config_results_with_times().await, before);
}
