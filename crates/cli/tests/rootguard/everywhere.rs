//! `rootguard check --organization`: every account of a sandboxed organization.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use sandbox::{Call, Fault, Organization, Sandbox, Server};
use serde_json::{Value, json};

use crate::command::{Run, command, finished, folder};
use crate::organization::account;
use crate::python::{isolated, python};

const MANAGEMENT: &str = "111111111111";
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");

/// What every created account has.
const ROLE: &str = r#"
[[account.role]]
name = "OrganizationAccountAccessRole"
trust = { Version = "2012-10-17", Statement = { Effect = "Allow", Principal = { AWS = "111111111111" }, Action = "sts:AssumeRole" } }
policies = [{ Version = "2012-10-17", Statement = { Effect = "Allow", Action = "*", Resource = "*" } }]
"#;

const KEY: &str = "[account.root]\naccess_keys = [{ id = 'AKIAIOSFODNN7EXAMPLE' }]\n";

/// The management account and one account for each thing that can be.
fn organization() -> String {
    let mut text = String::from(
        "[[organizational_unit]]\nid = 'ou-root-workloads'\nname = 'Workloads'\n\
         [[organizational_unit]]\nid = 'ou-root-production'\nname = 'Production'\n\
         parent = 'ou-root-workloads'\n",
    );
    text += &account(MANAGEMENT, "");
    for (id, said) in [
        ("222222222222", KEY.to_owned()),
        (
            "333333333333",
            "organizational_unit = 'ou-root-workloads'\n\
             denied_actions = ['iam:GetAccountSummary']\n"
                .to_owned(),
        ),
        (
            "444444444444",
            "organizational_unit = 'ou-root-production'\n".to_owned(),
        ),
        ("666666666666", "state = 'SUSPENDED'\n".to_owned()),
        ("777777777777", "in_organization = false\n".to_owned()),
    ] {
        text += &(account(id, &said) + ROLE);
    }
    // Nobody may look into it.
    text + &account("555555555555", "")
}

struct Served {
    sandbox: Sandbox,
    server: Server,
}

impl Served {
    async fn new(organization: &str) -> Self {
        let sandbox = Sandbox::new(organization.parse::<Organization>().unwrap()).unwrap();
        let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        Self { sandbox, server }
    }

    async fn check_as(&self, caller: &str, arguments: &[&str]) -> Run {
        let mut command = command(&["check", "--organization", "--region", "us-east-1"]);
        command
            .args(["--endpoint-url", &self.server.endpoint_url()])
            .args(arguments)
            .current_dir(folder(&format!("everywhere-{}", uuid())))
            .env("AWS_ACCESS_KEY_ID", caller)
            .env("AWS_SECRET_ACCESS_KEY", "secret");
        let mut command = tokio::process::Command::from(command);
        finished(command.output().await.unwrap())
    }

    async fn check(&self, arguments: &[&str]) -> Run {
        self.check_as(MANAGEMENT, arguments).await
    }
}

/// A name for a folder that no other test has.
fn uuid() -> String {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed).to_string()
}

/// Account, control and what came of it, for each result.
fn results(rows: &[Value]) -> BTreeSet<(String, String, String)> {
    let results = rows.iter().map(|row| {
        let text = |name: &str| row[name].as_str().unwrap_or("FAILED").to_owned();
        (text("account"), text("control"), text("compliance"))
    });
    results.collect()
}

fn lines(run: &Run) -> Vec<Value> {
    let lines = run.out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn accounts(run: &Run) -> Vec<String> {
    let rows = lines(run);
    let accounts = rows
        .iter()
        .map(|row| row["account"].as_str().unwrap().to_owned());
    accounts.collect::<BTreeSet<_>>().into_iter().collect()
}

#[tokio::test]
async fn every_active_account_is_judged_and_none_hides_another() {
    let served = Served::new(&organization()).await;
    let run = served.check(&["--format", "json"]).await;
    assert_eq!(run.code, 1, "{}", run.err);
    let document = run.json();
    let rows = document["results"].as_array().unwrap();
    let all = results(rows);
    assert_eq!(rows.len(), 5 * 4);
    let said = |account: &str, control: &str| {
        let found = all.iter().find(|row| row.0 == account && row.1 == control);
        found
            .unwrap_or_else(|| panic!("{account} {control}"))
            .2
            .clone()
    };
    for control in [
        "hardware-root-mfa",
        "no-root-keys",
        "root-usage-alarm",
        "trail-logging",
    ] {
        assert_eq!(said(MANAGEMENT, control), "COMPLIANT");
        assert_eq!(said("444444444444", control), "COMPLIANT");
        assert_eq!(said("555555555555", control), "FAILED");
    }
    assert_eq!(said("222222222222", "no-root-keys"), "NON_COMPLIANT");
    assert_eq!(said("222222222222", "trail-logging"), "COMPLIANT");
    assert_eq!(said("333333333333", "no-root-keys"), "UNVERIFIABLE");
    let failed = rows
        .iter()
        .find(|row| row["account"] == "555555555555")
        .unwrap();
    let error = failed["error"].as_str().unwrap();
    let role = "arn:aws:iam::555555555555:role/OrganizationAccountAccessRole";
    assert!(
        error.contains("sts:AssumeRole") && error.contains(role),
        "{error}"
    );
    assert_eq!(
        document["counts"],
        json!({"compliant": 13, "notCompliant": 1, "notApplicable": 0, "unverifiable": 2, "failed": 4})
    );
}

#[tokio::test]
async fn a_table_shows_what_needs_attention_and_who_was_left_out() {
    let served = Served::new(&organization()).await;
    let run = served.check(&[]).await;
    assert!(run.out.contains("ROOT_ACCESS_KEY_PRESENT"), "{}", run.out);
    assert!(!run.out.contains("TRAIL_LOGGING: "), "{}", run.out);
    assert!(
        run.out
            .contains("13 compliant, 1 not compliant, 2 unverifiable, 4 failed")
    );
    assert!(run.out.contains("666666666666 (SUSPENDED)"), "{}", run.out);
    assert!(!run.out.contains("777777777777"));
}

/// The actions of calls made in an account, by the session in it.
fn actions_in(calls: &[Call], account: &str) -> Vec<String> {
    let calls = calls.iter().filter(|call| call.account == account);
    let actions = calls.flat_map(|call| call.permissions.iter());
    actions
        .map(|permission| permission.action.clone())
        .collect()
}

#[tokio::test]
async fn facts_that_controls_share_are_read_once_and_nothing_is_changed() {
    let served = Served::new(&organization()).await;
    served.sandbox.take_calls();
    served.check(&["--format", "jsonl"]).await;
    let calls = served.sandbox.take_calls();
    let actions = actions_in(&calls, "444444444444");
    for once in [
        "iam:GetAccountSummary",
        "cloudtrail:DescribeTrails",
        "cloudtrail:GetTrailStatus",
    ] {
        let count = actions.iter().filter(|action| *action == once).count();
        assert_eq!(count, 1, "{once}: {actions:?}");
    }
    let declared: BTreeSet<_> = bundle::RULES
        .iter()
        .flat_map(|rule| rule.metadata().reads)
        .copied()
        .collect();
    for action in actions {
        assert!(declared.contains(action.as_str()), "{action}");
    }
    // Into the own account nobody needs a role.
    let assumed = calls.iter().filter(|call| call.operation == "AssumeRole");
    let assumed: Vec<_> = assumed.flat_map(|call| &call.permissions).collect();
    assert_eq!(assumed.len(), 4);
    assert!(
        assumed
            .iter()
            .all(|role| !role.resource.contains(MANAGEMENT))
    );
}

#[tokio::test]
async fn only_enabled_rules_ask() {
    let served = Served::new(&organization()).await;
    let folder = folder("everywhere-rules");
    let rules = folder.join("rules.toml");
    let off = ["hardware-root-mfa", "trail-logging", "root-usage-alarm"];
    let mut toml = String::new();
    for name in off {
        writeln!(toml, "[rules.{name}]\nenabled = false").unwrap();
    }
    std::fs::write(&rules, toml).unwrap();
    served.sandbox.take_calls();
    let run = served
        .check(&["--format", "jsonl", "--rules", rules.to_str().unwrap()])
        .await;
    let rows = lines(&run);
    assert!(rows.iter().all(|row| row["control"] == "no-root-keys"));
    let calls = served.sandbox.take_calls();
    assert_eq!(
        actions_in(&calls, "444444444444"),
        ["iam:GetAccountSummary"]
    );
}

#[tokio::test]
async fn units_and_exclusions_choose_the_accounts() {
    let served = Served::new(&organization()).await;
    for (arguments, chosen) in [
        (
            &["--ou", "ou-root-workloads"][..],
            &["333333333333", "444444444444"][..],
        ),
        (&["--ou", "ou-root-production"], &["444444444444"]),
        (
            &[
                "--ou",
                "ou-root-workloads",
                "--exclude",
                "ou-root-production",
            ],
            &["333333333333"],
        ),
        (
            &[
                "--exclude",
                "ou-root-workloads",
                "--exclude",
                "555555555555",
            ],
            &[MANAGEMENT, "222222222222"],
        ),
        (
            &["--ou", "r-root", "--exclude", MANAGEMENT],
            &[
                "222222222222",
                "333333333333",
                "444444444444",
                "555555555555",
            ],
        ),
    ] {
        let run = served
            .check(&[&["--format", "jsonl"], arguments].concat())
            .await;
        assert_eq!(accounts(&run), chosen, "{arguments:?} {}", run.err);
    }
    for (arguments, said) in [
        (&["--exclude", "888888888888"][..], "no such account"),
        (&["--exclude", "production"], "111122223333"),
        (&["--ou", "production"], "ou-abcd-12345678"),
        (&["--ou", "ou-root-missing00"], "ParentNotFoundException"),
        (&["--role", "auditor"], "role/auditor"),
    ] {
        let run = served.check(arguments).await;
        let told = format!("{}{}", run.out, run.err).replace('\n', " ");
        assert!(told.contains(said), "{said}: {told}");
        assert_ne!(run.code, 0);
    }
}

#[tokio::test]
async fn a_member_that_asks_is_told_who_may() {
    let served = Served::new(&organization()).await;
    for caller in ["444444444444", "777777777777"] {
        let run = served.check_as(caller, &[]).await;
        assert_eq!(run.code, 2);
        assert!(run.err.contains("management account"), "{}", run.err);
    }
}

#[tokio::test]
async fn throttling_loses_nothing() {
    let served = Served::new(&organization()).await;
    // More than the SDK's own retries bear.
    for action in ["sts:AssumeRole", "iam:GetAccountSummary"] {
        let fault = Fault::throttling().action(action).times(25);
        served.sandbox.inject(match action {
            "sts:AssumeRole" => fault,
            _ => fault.account("444444444444"),
        });
    }
    let run = served.check(&["--format", "jsonl"]).await;
    let throttled = results(&lines(&run));
    served.sandbox.clear_faults();
    let calm = results(&lines(&served.check(&["--format", "jsonl"]).await));
    assert_eq!(throttled, calm, "{}", run.err);
}

#[tokio::test]
async fn an_interrupted_check_goes_on_where_it_was() {
    let served = Served::new(&organization()).await;
    let file = folder("everywhere-resume").join("seen.jsonl");
    let path = file.to_str().unwrap();
    let arguments = ["--format", "jsonl", "--resume", path];
    // Interrupted: one account is there, and half of another.
    served
        .check(&[&arguments[..], &["--ou", "ou-root-production"]].concat())
        .await;
    let seen = std::fs::read_to_string(&file).unwrap();
    assert_eq!(seen.lines().count(), 1);
    std::fs::write(&file, format!("{seen}{}", seen.get(..100).unwrap())).unwrap();

    served.sandbox.take_calls();
    let whole = served.check(&arguments).await;
    let calls = served.sandbox.take_calls();
    assert_eq!(actions_in(&calls, "444444444444"), [] as [&str; 0]);
    assert!(
        whole
            .err
            .contains("1 of them were seen by an earlier check"),
        "{}",
        whole.err
    );
    let fresh = served.check(&["--format", "jsonl"]).await;
    assert_eq!(results(&lines(&whole)), results(&lines(&fresh)));

    // What could not be looked into is tried again; the others are not.
    served.sandbox.take_calls();
    served.check(&arguments).await;
    let calls = served.sandbox.take_calls();
    let assumed = calls
        .iter()
        .filter(|call| call.operation == "AssumeRole")
        .count();
    assert_eq!(assumed, 1);

    std::fs::write(&file, "{}\n").unwrap();
    let garbled = served.check(&arguments).await;
    assert_eq!(garbled.code, 2);
    assert!(
        garbled.err.contains("line 1 is not a snapshot"),
        "{}",
        garbled.err
    );
}

#[tokio::test]
async fn only_the_owner_can_read_what_was_seen() {
    use std::os::unix::fs::PermissionsExt;
    let served = Served::new(&organization()).await;
    let file = folder("everywhere-owner").join("seen.jsonl");
    served.check(&["--resume", file.to_str().unwrap()]).await;
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// Every format says the same, and is what its readers expect: see `formats.py`.
#[tokio::test]
async fn formats_are_what_they_claim_to_be() {
    let Some(python) = python().await else { return };
    let mut text = organization();
    // A name that every format has to escape in its own way.
    let name = r#"name = '=<A & "B">, ünïcode'"#;
    text = text.replacen("name = 'account'", name, 2);
    let served = Served::new(&text).await;
    served
        .sandbox
        .inject(Fault::latency(Duration::from_millis(1)));
    let folder = folder("everywhere-formats");
    for format in ["jsonl", "csv", "junit", "sarif", "asff", "ocsf"] {
        let run = served.check(&["--format", format]).await;
        assert_eq!(run.code, 1, "{format}: {}", run.err);
        std::fs::write(folder.join(format), &run.out).unwrap();
    }
    let output = isolated(&python, SCRIPTS)
        .arg("formats.py")
        .arg(Path::new(&folder))
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
