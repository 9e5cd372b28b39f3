//! What goes wrong in some accounts, what the API then says, and how it is put right.

use reconciler::{Retry, Settings, reconcile};
use sandbox::{Account, AccountState};

use super::{ELSEWHERE, HOME, MANAGEMENT, MEMBERS, Whole};

/// An account that joins later.
pub(super) const JOINS: &str = "888899990000";

impl Whole {
    fn change(&self, account: &str, change: impl FnOnce(&mut Account)) {
        self.sandbox.change_account(account, change).unwrap();
    }

    /// Runs the reconciler, as a person who has repaired everything.
    async fn retry(&self) {
        let settings = Settings {
            tolerance_percentage: 100,
            retry: Retry::Everything,
            ..Settings::default()
        };
        let sdk = self.sandbox.sdk_config(MANAGEMENT, HOME);
        let function = format!("arn:aws:lambda:{HOME}:{MANAGEMENT}:function:rootguard-reconciler");
        // A stack set begins once those are done that it depends on.
        for _ in 0..2 {
            reconcile(&function, &settings, &sdk).await.unwrap();
            self.sandbox.settled().await;
        }
    }

    async fn status(&self, set: &str, account: &str, region: &str) -> (String, String) {
        let place = (account.to_owned(), region.to_owned());
        self.instances(set).await[&place].clone()
    }
}

#[tokio::test]
async fn an_account_without_a_recorder_gets_its_controls_later() {
    let whole = Whole::centre().await;
    let member = MEMBERS[1];
    whole.change(member, |account| account.config_recorder = false);
    let stack = whole.deploy_organization(50).await;
    assert_eq!(stack.stack_status().unwrap().as_str(), "CREATE_COMPLETE");
    let (status, reason) = whole.status("trail-logging", member, HOME).await;
    assert_eq!(status, "FAILED");
    assert!(
        reason.contains("NoAvailableConfigurationRecorder"),
        "{reason}"
    );
    // What needs no recorder is there, and so are the controls of the others.
    assert_eq!(whole.status("account", member, HOME).await.0, "SUCCEEDED");
    assert_eq!(whole.status("activity", member, HOME).await.0, "SUCCEEDED");
    for other in [MEMBERS[0], MEMBERS[2]] {
        let (status, reason) = whole.status("trail-logging", other, HOME).await;
        assert_eq!(status, "SUCCEEDED", "{reason}");
    }
    // Nothing half made is left of a control.
    let account = whole.sandbox.account(member).unwrap();
    let mut functions = account
        .functions
        .iter()
        .filter_map(|it| it.text("FunctionName"));
    assert!(!functions.any(|name| name == "rootguard-trail-logging"));
    whole.retry().await;
    assert_eq!(
        whole.status("trail-logging", member, HOME).await.0,
        "FAILED"
    );
    whole.change(member, |account| account.config_recorder = true);
    whole.retry().await;
    for set in ["trail-logging", "trail-logging-remediation", "no-root-keys"] {
        let (status, reason) = whole.status(set, member, HOME).await;
        assert_eq!(status, "SUCCEEDED", "{set}: {reason}");
    }
    whole
        .sandbox
        .rule_status(member, HOME, "rootguard-no-root-keys")
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_suspended_account_is_skipped() {
    let whole = Whole::centre().await;
    let member = MEMBERS[2];
    whole.change(member, |account| account.state = AccountState::Suspended);
    // Nobody need fail for that.
    let stack = whole.deploy_organization(0).await;
    assert_eq!(stack.stack_status().unwrap().as_str(), "CREATE_COMPLETE");
    for set in [
        "account",
        "no-root-keys",
        "no-root-keys-remediation",
        "trail-logging-remediation",
    ] {
        assert_eq!(
            whole.status(set, member, HOME).await.0,
            "SKIPPED_SUSPENDED_ACCOUNT"
        );
    }
    assert!(whole.sandbox.account(member).unwrap().functions.is_empty());
    // StackSets never reaches the management account either, and says nothing of it.
    let instances = whole.instances("account").await;
    assert!(!instances.contains_key(&(MANAGEMENT.to_owned(), HOME.to_owned())));
}

#[tokio::test]
async fn a_region_that_is_not_enabled_fails_alone() {
    let whole = Whole::centre().await;
    let member = MEMBERS[0];
    whole.change(member, |account| {
        account.disabled_regions.push(ELSEWHERE.to_owned());
    });
    let stack = whole.deploy_organization(50).await;
    assert_eq!(stack.stack_status().unwrap().as_str(), "CREATE_COMPLETE");
    let (status, reason) = whole.status("activity", member, ELSEWHERE).await;
    assert_eq!(status, "FAILED");
    assert!(reason.contains("us-east-1 is not enabled"), "{reason}");
    assert_eq!(whole.status("activity", member, HOME).await.0, "SUCCEEDED");
    assert_eq!(
        whole.status("activity", MEMBERS[1], ELSEWHERE).await.0,
        "SUCCEEDED"
    );
}

#[tokio::test]
async fn an_account_that_joins_later_gets_everything_in_order() {
    let whole = Whole::everywhere().await;
    let mut joins = Account::new(JOINS, "fourth");
    joins.organizational_unit = Some("ou-root-workloads".to_owned());
    whole.sandbox.join(joins);
    whole.sandbox.settled().await;
    for set in [
        "account",
        "no-root-keys",
        "no-root-keys-remediation",
        "trail-logging-remediation",
    ] {
        let (status, reason) = whole.status(set, JOINS, HOME).await;
        assert_eq!(status, "SUCCEEDED", "{set}: {reason}");
    }
    for region in [HOME, ELSEWHERE] {
        assert_eq!(whole.status("activity", JOINS, region).await.0, "SUCCEEDED");
    }
    let status = whole
        .sandbox
        .rule_status(JOINS, HOME, "rootguard-trail-logging")
        .unwrap();
    let record = status.unwrap().outcome.unwrap().unwrap();
    assert_eq!(record["compliance"], "COMPLIANT", "{record}");
}

#[tokio::test]
async fn an_operation_that_fails_half_way_takes_everything_back() {
    let whole = Whole::centre().await;
    whole.change(MEMBERS[1], |account| account.config_recorder = false);
    let stack = whole.deploy_organization(0).await;
    assert_eq!(stack.stack_status().unwrap().as_str(), "ROLLBACK_COMPLETE");
    let failures = whole
        .failures(MANAGEMENT, HOME, "rootguard-organization-all")
        .await
        .join("\n");
    assert!(
        failures.contains("NoAvailableConfigurationRecorder"),
        "{failures}"
    );
    assert!(
        failures.contains("failed to create: [RootguardAll"),
        "{failures}"
    );
    for member in MEMBERS {
        let account = whole.sandbox.account(member).unwrap();
        let left = (
            account.functions.len(),
            account.roles.len(),
            account.queues.len(),
        );
        assert_eq!(left, (0, 0, 0), "{member}");
    }
    let sets = whole
        .client(MANAGEMENT, HOME)
        .list_stack_sets()
        .send()
        .await
        .unwrap();
    assert!(sets.summaries().is_empty());
}
