//! `rootguard deploy` and `rootguard destroy`, against a sandboxed organization.

mod plan;

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sandbox::{Organization, Sandbox, Server};
use serde_json::Value;

use crate::command::{Run, command, finished, folder};
use crate::organization::account;

const MANAGEMENT: &str = "111111111111";
const HUB: &str = "222222222222";

const RULES: &str = r#"
[organization]
id = "o-sandbox0001"
notificationEmail = "soc@example.com"
deployerRoleArn = "arn:aws:iam::111111111111:role/deploy"
trailName = "audit"
logGroupName = "audit"
[accounts]
management = "111111111111"
activityHub = "222222222222"
[regions]
home = "us-east-1"
[[group]]
name = "all"
organizationalUnits = ["r-root"]
"#;

/// What every created account has.
const ROLE: &str = r#"
[[account.role]]
name = "OrganizationAccountAccessRole"
trust = { Version = "2012-10-17", Statement = { Effect = "Allow", Principal = { AWS = "111111111111" }, Action = "sts:AssumeRole" } }
policies = [{ Version = "2012-10-17", Statement = { Effect = "Allow", Action = "*", Resource = "*" } }]
"#;

/// Who deploys.
const DEPLOYER: &str = r#"
[[account.role]]
name = "deploy"
trust = { Version = "2012-10-17", Statement = { Effect = "Allow", Principal = { AWS = "111111111111" }, Action = "sts:AssumeRole" } }
policies = [{ Version = "2012-10-17", Statement = { Effect = "Allow", Action = "*", Resource = "*" } }]
"#;

struct Harness {
    sandbox: Sandbox,
    server: Server,
    folder: PathBuf,
}

impl Harness {
    async fn new() -> Self {
        Self::of(&[(
            "333333333333",
            "organizational_unit = 'ou-root-workloads'\n",
        )])
        .await
    }

    /// With these members besides, and what is said of them.
    async fn of(members: &[(&str, &str)]) -> Self {
        let stack_sets = "'member.org.stacksets.cloudformation.amazonaws.com'";
        Self::trusting(stack_sets, members).await
    }

    async fn trusting(services: &str, members: &[(&str, &str)]) -> Self {
        let mut organization = format!(
            "trusted_services = [{services}]\n\
             [[organizational_unit]]\nid = 'ou-root-workloads'\nname = 'Workloads'\n\
             [[organizational_unit]]\nid = 'ou-root-later000'\nname = 'Later'\n"
        );
        organization += &(account(MANAGEMENT, "")
            + DEPLOYER
            + &account(HUB, "organizational_unit = 'ou-root-later000'\n")
            + ROLE);
        for (id, said) in members {
            organization += &(account(id, said) + ROLE);
        }
        let sandbox = Sandbox::new(organization.parse::<Organization>().unwrap()).unwrap();
        // What the functions do is not the subject.
        for account in &sandbox.organization().accounts {
            for rule in bundle::RULES {
                let arn = format!(
                    "arn:aws:lambda:us-east-1:{}:function:{}",
                    account.id,
                    rule.metadata().deployed_name()
                );
                sandbox
                    .register_function(arn, async |_: Value, _: sandbox::Context| Ok(Value::Null));
            }
        }
        let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        Self {
            sandbox,
            server,
            folder: prepared(RULES),
        }
    }

    /// The environment of who deploys.
    fn deployer(&self) -> [(&'static str, String); 3] {
        let credentials = self.sandbox.role_credentials(MANAGEMENT, "deploy").unwrap();
        [
            ("AWS_ACCESS_KEY_ID", credentials.access_key_id().to_owned()),
            (
                "AWS_SECRET_ACCESS_KEY",
                credentials.secret_access_key().to_owned(),
            ),
            (
                "AWS_SESSION_TOKEN",
                credentials.session_token().unwrap().to_owned(),
            ),
        ]
    }

    async fn run(&self, arguments: &[&str]) -> Run {
        finished(self.command(arguments).output().await.unwrap())
    }

    /// The same with a person who types.
    async fn answer(&self, arguments: &[&str], typed: &str) -> Run {
        let file = self.folder.join("typed");
        std::fs::write(&file, typed).unwrap();
        let mut command = self.command(arguments);
        command.stdin(std::fs::File::open(file).unwrap());
        finished(command.output().await.unwrap())
    }

    fn command(&self, arguments: &[&str]) -> tokio::process::Command {
        let mut command = command(arguments);
        command
            .args([
                "--region",
                "us-east-1",
                "--endpoint-url",
                &self.server.endpoint_url(),
            ])
            .current_dir(&self.folder)
            .envs(self.deployer());
        tokio::process::Command::from(command)
    }
}

/// A folder with a file of rules and with packages.
fn prepared(rules: &str) -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let folder = folder(&format!("deploy-{}", NEXT.fetch_add(1, Ordering::Relaxed)));
    std::fs::write(folder.join("rules.toml"), rules).unwrap();
    let packages = folder.join("target/lambda/x86_64");
    std::fs::create_dir_all(&packages).unwrap();
    for function in deployment::functions() {
        std::fs::write(packages.join(format!("{function}.zip")), &function).unwrap();
    }
    folder
}

/// The lines of the output that say what became of a stack.
fn outcomes(run: &Run) -> Vec<&str> {
    let outcome = |line: &&str| {
        ["deployed ", "unchanged ", "deleted "]
            .iter()
            .any(|word| line.starts_with(word))
    };
    run.out.lines().filter(outcome).collect()
}

/// Returns how often an action was called since the calls were taken last.
fn called(stage: &Harness, action: &str) -> usize {
    let calls = stage.sandbox.take_calls();
    let of_action = |call: &&sandbox::Call| call.operation == action;
    calls.iter().filter(of_action).count()
}

#[tokio::test]
async fn what_is_deployed_stays_until_it_changes() {
    let stage = Harness::new().await;
    let first = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    let stacks: Vec<_> = outcomes(&first)
        .into_iter()
        .map(|line| {
            line.strip_prefix("deployed  rootguard-")
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(
        stacks,
        [
            "artifacts in 111111111111 us-east-1",
            "management in 111111111111 us-east-1",
            "evidence in 111111111111 us-east-1",
            "activity-hub in 222222222222 us-east-1",
            "drill in 111111111111 us-east-1",
            "drill in 222222222222 us-east-1",
            "account in 111111111111 us-east-1",
            "no-root-keys in 111111111111 us-east-1",
            "hardware-root-mfa in 111111111111 us-east-1",
            "trail-logging in 111111111111 us-east-1",
            "root-usage-alarm in 111111111111 us-east-1",
            "activity in 111111111111 us-east-1",
            "organization-all in 111111111111 us-east-1",
            "reconciler in 111111111111 us-east-1",
            "account-joined in 111111111111 us-east-1",
        ]
    );
    assert!(
        first.out.contains("+ WriterRole (AWS::IAM::Role)"),
        "{}",
        first.out
    );
    assert!(
        first
            .out
            .contains("group all: 12 stack instances there, 0 failed, 0 skipped"),
        "{}",
        first.out
    );
    assert!(
        first
            .out
            .contains("Confirm the mails that AWS sends to soc@example.com")
    );

    // Again: nothing is uploaded, nothing changes.
    stage.sandbox.take_calls();
    let second = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(second.code, 0, "{}{}", second.out, second.err);
    assert!(
        outcomes(&second)
            .iter()
            .all(|line| line.starts_with("unchanged ")),
        "{}",
        second.out
    );
    assert_eq!(outcomes(&second).len(), stacks.len());
    assert_eq!(called(&stage, "PutObject"), 0);

    // Another package is another version: what runs it changes, and nothing else.
    let package = stage.folder.join("target/lambda/x86_64/no-root-keys.zip");
    std::fs::write(package, "new").unwrap();
    let third = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(third.code, 0, "{}{}", third.out, third.err);
    assert_eq!(called(&stage, "PutObject"), 1);
    let changed: Vec<_> = outcomes(&third)
        .into_iter()
        .filter_map(|line| line.strip_prefix("deployed  rootguard-"))
        .collect();
    assert_eq!(
        changed,
        [
            "no-root-keys in 111111111111 us-east-1",
            "organization-all in 111111111111 us-east-1"
        ]
    );
}

#[tokio::test]
async fn what_was_deployed_is_taken_back_by_who_types_the_id() {
    let stage = Harness::new().await;
    let first = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    let stacks = outcomes(&first);
    let refused = stage.answer(&["destroy"], "yes\n").await;
    assert_eq!(refused.code, 2);
    assert!(
        refused
            .err
            .contains("that was not o-sandbox0001: nothing was deleted"),
        "{}",
        refused.err
    );
    let destroyed = stage.answer(&["destroy"], "o-sandbox0001\n").await;
    assert_eq!(destroyed.code, 0, "{}{}", destroyed.out, destroyed.err);
    let deleted: Vec<_> = outcomes(&destroyed)
        .into_iter()
        .map(|line| line.strip_prefix("deleted   rootguard-").unwrap_or(line))
        .collect();
    assert_eq!(deleted.len(), stacks.len() - 1, "{deleted:?}");
    assert_eq!(
        deleted.first(),
        Some(&"account-joined in 111111111111 us-east-1")
    );
    assert_eq!(
        deleted.last(),
        Some(&"management in 111111111111 us-east-1")
    );
    assert!(
        destroyed
            .out
            .contains("stack rootguard-artifacts in 111111111111 us-east-1: a later")
    );
    let nothing = stage.run(&["destroy"]).await;
    assert_eq!(nothing.code, 0, "{}{}", nothing.out, nothing.err);
    assert!(
        nothing.out.contains("nothing of rootguard to take back"),
        "{}",
        nothing.out
    );
}

/// The recorder was not there yet: the account is named with the reason, and so it stays
/// until somebody repairs it. A suspended account is nobody's failure.
#[tokio::test]
async fn accounts_that_failed_or_were_skipped_are_told() {
    let stage = Harness::of(&[
        ("333333333333", "config_recorder = false\n"),
        ("444444444444", "state = 'SUSPENDED'\n"),
    ])
    .await;
    // Of four accounts, none may fail: a tenth of them is less than one.
    let run = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(run.code, 2, "{}{}", run.out, run.err);
    assert!(
        run.err.contains("NoAvailableConfigurationRecorder"),
        "{}",
        run.err
    );
    assert!(
        run.err.contains("failureTolerancePercentage"),
        "{}",
        run.err
    );
    let rules = RULES.replace("trailName", "failureTolerancePercentage = 50\ntrailName");
    std::fs::write(stage.folder.join("rules.toml"), rules).unwrap();
    let run = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.out.contains("333333333333"), "{}", run.out);
    assert!(run.out.contains("customer-managed recorder"), "{}", run.out);
    assert!(run.out.contains("SKIPPED_SUSPENDED_ACCOUNT"), "{}", run.out);
    assert!(!run.out.contains("0 failed"), "{}", run.out);
}

/// Deploying again retries what failed, and makes what never began because of that.
#[tokio::test]
async fn failed_accounts_are_retried() {
    let stage = Harness::of(&[("333333333333", "config_recorder = false\n")]).await;
    let rules = RULES.replace(
        "trailName",
        "failureTolerancePercentage = 50\nremediate = true\ntrailName",
    );
    std::fs::write(stage.folder.join("rules.toml"), rules).unwrap();
    let run = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    let recorder = |account: &mut sandbox::Account| account.config_recorder = true;
    stage
        .sandbox
        .change_account("333333333333", recorder)
        .unwrap();
    let run = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(
        run.out
            .contains("retried   rootguard-all-trail-logging: 1 stack instances"),
        "{}",
        run.out
    );
    assert!(
        !run.out.contains("unchanged rootguard-organization-all"),
        "{}",
        run.out
    );
    assert!(run.out.contains(", 0 failed, 0 skipped"), "{}", run.out);
    let account = stage.sandbox.account("333333333333").unwrap();
    let functions = account
        .functions
        .iter()
        .filter_map(|it| it.text("FunctionName"));
    let functions: Vec<_> = functions.collect();
    assert!(
        functions.contains(&"rootguard-trail-logging-remediate"),
        "{functions:?}"
    );
    let run = stage.run(&["deploy", "--yes"]).await;
    assert!(
        run.out.contains("unchanged rootguard-organization-all"),
        "{}",
        run.out
    );
}

/// A rule that is switched off goes with its function, and what remediates it goes first: AWS
/// Config keeps a rule that has a remediation configuration.
#[tokio::test]
async fn a_rule_that_is_switched_off_goes() {
    let stage = Harness::new().await;
    let rules = RULES.replace("trailName", "remediate = true\ntrailName");
    std::fs::write(stage.folder.join("rules.toml"), &rules).unwrap();
    let run = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let off = rules + "[rules.trail-logging]\nenabled = false\n";
    std::fs::write(stage.folder.join("rules.toml"), off).unwrap();
    let run = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    for account in [MANAGEMENT, "333333333333"] {
        let left = stage.sandbox.account(account).unwrap().functions;
        let mut names = left.iter().filter_map(|it| it.text("FunctionName"));
        assert!(
            !names.any(|name| name.contains("trail-logging")),
            "{account}: {left:?}"
        );
    }
}

/// A Region that one account has switched off fails there, and only there.
#[tokio::test]
async fn a_region_that_an_account_has_switched_off_is_told() {
    let off = "disabled_regions = ['eu-central-1']\n";
    let stage = Harness::of(&[("333333333333", off), ("444444444444", "")]).await;
    let rules = RULES
        .replace("trailName", "failureTolerancePercentage = 50\ntrailName")
        .replace("[regions]", "[regions]\nactivity = ['eu-central-1']");
    std::fs::write(stage.folder.join("rules.toml"), rules).unwrap();
    let run = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.out.contains("activity eu-central-1"), "{}", run.out);
    assert!(run.out.contains("333333333333"), "{}", run.out);
    assert!(!run.out.contains("444444444444"), "{}", run.out);
    assert!(run.out.contains(" 1 failed, 0 skipped"), "{}", run.out);
}

/// AWS deploys to an account that joins; what becomes of that is told the next time.
#[tokio::test]
async fn an_account_that_joins_later_is_told_of_as_well() {
    let stage = Harness::new().await;
    let first = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    let mut joining = sandbox::Account::new("444444444444", "joining");
    joining.config_recorder = false;
    stage.sandbox.join(joining);
    stage.sandbox.settled().await;
    let later = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(later.code, 1, "{}{}", later.out, later.err);
    assert!(
        outcomes(&later)
            .iter()
            .all(|line| line.starts_with("unchanged "))
    );
    assert!(later.out.contains("444444444444"), "{}", later.out);
    assert!(
        later.out.contains("customer-managed recorder"),
        "{}",
        later.out
    );
}

/// A stack whose first creation failed is in nobody's way.
#[tokio::test]
async fn what_failed_goes_on_where_it_stopped() {
    let stage = Harness::new().await;
    // Somebody else's role has the name of one of ours.
    let deployer = stage.sandbox.account(MANAGEMENT).unwrap().roles[0].clone();
    let other = sandbox::Role {
        name: "rootguard-no-root-keys".to_owned(),
        ..deployer
    };
    let change = |change: &mut dyn FnMut(&mut sandbox::Account)| {
        stage
            .sandbox
            .change_account(MANAGEMENT, |account| change(account))
            .unwrap();
    };
    change(&mut |account| account.roles.push(other.clone()));
    let failed = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(failed.code, 2, "{}", failed.out);
    assert!(
        failed.err.contains(
            "rootguard-no-root-keys in 111111111111 us-east-1 ended as ROLLBACK_COMPLETE"
        ),
        "{}",
        failed.err
    );
    change(&mut |account| {
        account
            .roles
            .retain(|role| role.name != "rootguard-no-root-keys");
    });
    let done = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    let control = outcomes(&done)
        .into_iter()
        .find(|line| line.contains("-no-root-keys "));
    assert_eq!(
        control,
        Some("deployed  rootguard-no-root-keys in 111111111111 us-east-1")
    );
    assert!(outcomes(&done)[0].starts_with("unchanged "));
}

/// Nothing is begun that could not be finished in the management account.
#[tokio::test]
async fn a_missing_recorder_of_the_management_account_is_told_first() {
    let stage = Harness::new().await;
    let off = |account: &mut sandbox::Account| account.config_recorder = false;
    stage.sandbox.change_account(MANAGEMENT, off).unwrap();
    stage.sandbox.take_calls();
    let run = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(run.code, 2, "{}", run.out);
    assert!(
        run.err
            .contains("no customer-managed configuration recorder in us-east-1"),
        "{}",
        run.err
    );
    assert_eq!(called(&stage, "CreateChangeSet"), 0);
}

/// What would be done is shown, with old and new values, and nothing is done.
#[tokio::test]
async fn a_dry_run_is_the_difference() {
    let stage = Harness::new().await;
    let first = stage.run(&["deploy", "--dry-run"]).await;
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    assert!(
        first
            .out
            .contains("15 stacks to add, 0 to change, 0 to remove"),
        "{}",
        first.out
    );
    let run = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let same = stage.run(&["deploy", "--dry-run"]).await;
    assert!(
        same.out.contains("0 to change, 0 to remove, 15 unchanged"),
        "{}",
        same.out
    );
    let rules = RULES.to_owned()
        + "[rules.trail-logging.parameters]\nmaxDeliveryAgeHours = 24\n\
           [rules.root-usage-alarm]\nenabled = false\n";
    std::fs::write(stage.folder.join("rules.toml"), rules).unwrap();
    stage.sandbox.take_calls();
    let changed = stage.run(&["deploy", "--dry-run"]).await;
    for line in [
        "~ rootguard-trail-logging in 111111111111 us-east-1\n    MaxDeliveryAgeHours: \"49\" becomes \"24\"",
        "rootguard-all-trail-logging MaxDeliveryAgeHours: \"49\" becomes \"24\"",
        "- stack set rootguard-all-root-usage-alarm",
        "- rootguard-root-usage-alarm in 111111111111 us-east-1",
    ] {
        assert!(changed.out.contains(line), "{line}: {}", changed.out);
    }
    let calls = stage.sandbox.take_calls();
    let mut names = calls.iter().map(|call| call.operation.as_str());
    let writes = |name: &str| {
        !["Describe", "Get", "List", "AssumeRole"]
            .iter()
            .any(|reads| name.starts_with(reads))
    };
    assert_eq!(names.find(|name| writes(name)), None);
}

/// A group that is renamed goes before the new one comes to its accounts.
#[tokio::test]
async fn what_nobody_wants_any_more_goes() {
    let stage = Harness::new().await;
    let rules = RULES.replace("trailName", "enforceGuardrails = true\ntrailName");
    std::fs::write(stage.folder.join("rules.toml"), rules).unwrap();
    let run = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let renamed = RULES.replace("name = \"all\"", "name = \"every\"");
    std::fs::write(stage.folder.join("rules.toml"), renamed).unwrap();
    let no = stage.answer(&["deploy"], "no\n").await;
    assert!(
        no.err.contains("nothing was deployed and nothing deleted"),
        "{}",
        no.err
    );
    let run = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    for line in [
        "deleted   rootguard-organization-all in",
        "deployed  rootguard-organization-every in",
        "deleted   rootguard-guardrails in",
    ] {
        assert!(run.out.contains(line), "{line}: {}", run.out);
    }
    let again = stage.run(&["deploy", "--dry-run"]).await;
    assert!(
        again
            .out
            .contains("0 stacks to add, 0 to change, 0 to remove"),
        "{}",
        again.out
    );
}

/// Nothing is left of what nobody wants.
#[tokio::test]
async fn who_says_no_gets_nothing() {
    let stage = Harness::new().await;
    let no = stage.answer(&["deploy"], "no\n").await;
    assert_eq!(no.code, 2);
    assert!(
        no.out
            .contains("Deploy rootguard-artifacts in 111111111111 us-east-1?"),
        "{}",
        no.out
    );
    assert!(
        no.err.contains("was not deployed, nor what comes after it"),
        "{}",
        no.err
    );
    let silent = stage.answer(&["deploy"], "").await;
    assert!(
        silent
            .err
            .contains("nobody answered; without a terminal, say --yes"),
        "{}",
        silent.err
    );
    // One may be asked for each, or for all that follow.
    let all = stage.answer(&["deploy"], "yes\nall\n").await;
    assert_eq!(all.code, 0, "{}{}", all.out, all.err);
    assert_eq!(all.out.matches("Type yes, all").count(), 2);
}

#[tokio::test]
async fn nothing_is_deployed_to_others() {
    let stage = Harness::new().await;
    let rules = stage.folder.join("rules.toml");
    for (from, to, told) in [
        (
            "o-sandbox0001",
            "o-sandbox0002",
            "of organization o-sandbox0001, but organization.id is o-sandbox0002",
        ),
        (
            "management = \"111111111111\"",
            "management = \"222222222222\"",
            "of account 111111111111, but accounts.management is 222222222222",
        ),
    ] {
        std::fs::write(&rules, RULES.replace(from, to)).unwrap();
        for command in [&["deploy", "--yes"][..], &["destroy"]] {
            let run = stage.run(command).await;
            assert_eq!(run.code, 2, "{}", run.out);
            assert!(run.err.contains(told), "{}", run.err);
        }
    }
    // Without trusted access nothing would get to the members.
    let untrusted = Harness::trusting("", &[]).await;
    let run = untrusted.run(&["deploy", "--yes"]).await;
    assert_eq!(run.code, 2);
    assert!(
        run.err
            .contains("aws cloudformation activate-organizations-access"),
        "{}",
        run.err
    );
    assert_eq!(called(&untrusted, "CreateChangeSet"), 0);
    // A group within another.
    let twice = "[[group]]\nname = \"again\"\norganizationalUnits = [\"ou-root-workloads\"]\n";
    std::fs::write(&rules, RULES.to_owned() + twice).unwrap();
    let run = stage.run(&["deploy", "--yes"]).await;
    assert!(
        run.err.contains("is in group all and in group again"),
        "{}",
        run.err
    );
}

/// Who rolls out ring by ring sees the first before the second gets anything.
#[tokio::test]
async fn a_later_ring_waits() {
    let stage = Harness::new().await;
    let rules = RULES.replace("\"r-root\"]", "\"ou-root-workloads\"]\n")
        + "[[group]]\nname = \"late\"\norganizationalUnits = [\"ou-root-later000\"]\nring = 2\n";
    std::fs::write(stage.folder.join("rules.toml"), rules).unwrap();
    let first = stage.run(&["deploy", "--yes", "--ring", "1"]).await;
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    assert!(first.out.contains("deployed  rootguard-organization-all "));
    assert!(!first.out.contains("organization-late"), "{}", first.out);
    assert!(first.out.contains("Not deployed yet: group late, ring 2."));
    let second = stage.run(&["deploy", "--yes", "--ring", "2"]).await;
    assert_eq!(second.code, 0, "{}{}", second.out, second.err);
    let deployed: Vec<_> = outcomes(&second)
        .into_iter()
        .filter(|line| line.starts_with("deployed "))
        .collect();
    assert_eq!(
        deployed,
        ["deployed  rootguard-organization-late in 111111111111 us-east-1"]
    );
}

/// Ctrl-C at a question leaves a change set behind, which is in nobody's way.
#[tokio::test]
async fn who_interrupts_is_told_what_is_running_and_goes_on_later() {
    let stage = Harness::new().await;
    let shown = stage.folder.join("shown");
    let mut command = stage.command(&["deploy"]);
    // Somebody who types nothing.
    command.stdin(Stdio::piped()).stderr(Stdio::piped());
    command.stdout(std::fs::File::create(&shown).unwrap());
    let mut child = command.spawn().unwrap();
    let typing = child.stdin.take();
    while !std::fs::read_to_string(&shown)
        .unwrap()
        .contains("Type yes")
    {
        assert_eq!(child.try_wait().unwrap(), None, "it ended");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let id = child.id().unwrap().to_string();
    let interrupted = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(interrupted.unwrap().success());
    let run = finished(child.wait_with_output().await.unwrap());
    drop(typing);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(
        run.err
            .contains("interrupted; nothing is running on AWS. Run `rootguard deploy` again"),
        "{}",
        run.err
    );
    let done = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
}
