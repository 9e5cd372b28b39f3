//! The kit against the sandbox: it confirms what is true there, and notices whatever is not.
#![allow(clippy::unwrap_used, reason = "test")]

use std::collections::BTreeSet;

use acceptance::{ASKED, Belief, Outcome, Subject, ask, ask_about, beliefs};
use bundle::{ConfiguredRule, Rules};
use config_rule::{Account, Identity};
use sandbox::{Document, Fault, Organization, Role, Sandbox};
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";
const ROLE: &str = "rootguard/denied";

fn sandbox() -> Sandbox {
    let organization: Organization = include_str!("organization.toml").parse().unwrap();
    let sandbox = Sandbox::new(organization).unwrap();
    let policy = |statement: Value| {
        let document = json!({"Version": "2012-10-17", "Statement": statement});
        Document::parse(&document.to_string()).unwrap()
    };
    let trust = policy(json!({
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
    }));
    let all = policy(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let mut role = Role::new("denied", trust, vec![all]);
    "/rootguard/".clone_into(&mut role.path);
    sandbox
        .change_account(ACCOUNT, |account| account.roles.push(role))
        .unwrap();
    sandbox
}

fn account(sandbox: &Sandbox) -> Account {
    let caller = format!("arn:aws:iam::{ACCOUNT}:user/administrator");
    let identity = Identity::of_caller(&caller, REGION).unwrap();
    Account::new(sandbox.sdk_config(ACCOUNT, REGION), identity)
}

/// Asks a sandbox about one belief.
async fn outcome(sandbox: &Sandbox, belief: &Belief) -> Outcome {
    let rules = Rules::default();
    let rules: Vec<&ConfiguredRule> = rules.enabled().collect();
    let account = account(sandbox);
    let subject = Subject {
        account: &account,
        rules: &rules,
        denied_role: Some(ROLE),
    };
    ask_about(belief, &subject).await
}

/// The action whose contrary answer makes a belief false.
fn action(id: &str) -> &'static str {
    match id {
        "cloudformation-templates" => "cloudformation:ValidateTemplate",
        "events-pattern-deployed" => "events:TestEventPattern",
        "iam-decisions" | "iam-policies-allow" => "iam:SimulateCustomPolicy",
        "iam-policies-valid" => "access-analyzer:ValidatePolicy",
        "iam-summary-keys" => "iam:GetAccountSummary",
        id if id.starts_with("logs-") => "logs:TestMetricFilter",
        _ => "config:PutEvaluations",
    }
}

#[tokio::test]
async fn every_belief_that_is_asked_is_confirmed_by_the_sandbox() {
    let sandbox = sandbox();
    let rules = Rules::default();
    let rules: Vec<&ConfiguredRule> = rules.enabled().collect();
    let account = account(&sandbox);
    let subject = Subject {
        account: &account,
        rules: &rules,
        denied_role: Some(ROLE),
    };
    let receipt = ask(&subject).await;
    for finding in receipt.findings() {
        let confirmed = matches!(finding.outcome, Outcome::Confirmed(_));
        let asked = ASKED.contains(&finding.belief.id);
        assert_eq!(confirmed, asked, "{finding:?}");
    }
    assert!(receipt.is_complete() && !receipt.refutes());
}

/// Turns every answer that a belief rests on round, and expects every question to notice.
#[tokio::test]
async fn every_question_notices_a_contrary_answer() {
    for belief in beliefs().filter(|belief| ASKED.contains(&belief.id)) {
        if belief.id.starts_with("control-") {
            continue;
        }
        let sandbox = sandbox();
        let Outcome::Confirmed(questions) = outcome(&sandbox, &belief).await else {
            unreachable!("{belief:?}");
        };
        sandbox.inject(Fault::contrary().action(action(belief.id)));
        let Outcome::Refuted(differences) = outcome(&sandbox, &belief).await else {
            unreachable!("{belief:?}");
        };
        assert_eq!(differences.len(), questions, "{}", belief.id);
    }
}

/// Answers each read call with an error that no control expects.
#[tokio::test]
async fn an_answer_that_no_control_understands_is_noticed() {
    let ids = ["control-reads", "control-denied"];
    let beliefs = beliefs().filter(|belief| ids.contains(&belief.id));
    let beliefs: Vec<_> = beliefs.collect();
    assert_eq!(beliefs.len(), ids.len());
    let sandbox = sandbox();
    for belief in &beliefs {
        outcome(&sandbox, belief).await;
    }
    let made: BTreeSet<_> = sandbox
        .calls()
        .into_iter()
        .map(|call| call.operation)
        .collect();
    let reads: BTreeSet<_> = Rules::default()
        .enabled()
        .flat_map(|rule| rule.rule.metadata().reads)
        // The kit itself opens sessions.
        .filter(|action| **action != "sts:AssumeRole")
        .filter(|action| made.contains(action.split(':').nth(1).unwrap()))
        .collect();
    assert!(reads.len() > 10, "{reads:?}");
    for action in reads {
        sandbox.inject(Fault::error(400, "NobodyKnows").action(*action));
        for belief in &beliefs {
            let Outcome::Refuted(differences) = outcome(&sandbox, belief).await else {
                unreachable!("{} without {action}", belief.id);
            };
            let named = differences.iter().all(|one| one.contains("NobodyKnows"));
            assert!(named, "{differences:?}");
        }
        sandbox.clear_faults();
    }
}

#[tokio::test]
async fn nothing_is_changed_and_what_is_denied_is_not_asked() {
    let sandbox = sandbox();
    let before = format!("{:?}", sandbox.account(ACCOUNT).unwrap());
    for belief in beliefs() {
        outcome(&sandbox, &belief).await;
    }
    assert_eq!(format!("{:?}", sandbox.account(ACCOUNT).unwrap()), before);
    let asks = ["AssumeRole", "PutEvaluations", "SimulateCustomPolicy"];
    for call in sandbox.calls() {
        let starts = ["Describe", "Get", "List", "Test", "Validate"];
        let reads = starts.iter().any(|start| call.operation.starts_with(start));
        assert!(reads || asks.contains(&call.operation.as_str()), "{call:?}");
    }
    sandbox.inject(Fault::access_denied());
    for belief in beliefs() {
        let outcome = outcome(&sandbox, &belief).await;
        let Outcome::NotAsked(reason) = &outcome else {
            unreachable!("{}: {outcome:?}", belief.id);
        };
        assert!(
            !ASKED.contains(&belief.id) || reason.contains("AccessDenied"),
            "{reason}"
        );
    }
}
