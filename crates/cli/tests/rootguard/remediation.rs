//! `rootguard plan`, `remediate` and `undo`.

use std::io::{BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use sandbox::sdk_config_over_http;
use serde_json::Value;

use crate::command::{Run, command, finished, folder};
use crate::organization::Served;

/// An account whose trail is neither switched on nor multi-Region: two steps.
const ORGANIZATION: &str = r#"
[[account]]
id = "111111111111"
name = "stopped"

[[account.trail]]
region = "eu-west-1"
Name = "main"
S3BucketName = "trails"
IsMultiRegionTrail = false
IsLogging = false
LatestDeliveryTime = "2026-11-21T00:00:00Z"
"#;

/// The sandboxed account of a test, and a folder for its files.
struct Trial {
    served: Served,
    folder: PathBuf,
}

impl Trial {
    fn start(name: &str) -> Self {
        let folder = folder(&format!("{name}-files"));
        let rules = "rules.trail-logging.remediation.mode = \"manual\"\n";
        std::fs::write(folder.join("wanted.toml"), rules).unwrap();
        Self {
            served: Served::start(name, ORGANIZATION),
            folder,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(&arguments[..1]);
        command
            .current_dir(&self.folder)
            .args(["--region", "eu-west-1", "--endpoint-url", &self.served.url])
            .args(&arguments[1..])
            .env("TMPDIR", &self.folder)
            .env("AWS_ACCESS_KEY_ID", "111111111111")
            .env("AWS_SECRET_ACCESS_KEY", "secret");
        if arguments[0] != "undo" {
            command.args(["--rule", "trail-logging", "--rules", "wanted.toml"]);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        finished(self.command(arguments).output().unwrap())
    }

    fn answered(&self, arguments: &[&str], answer: &str) -> Run {
        let mut child = self.spawn(arguments);
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(answer.as_bytes()).unwrap();
        drop(stdin);
        finished(child.wait_with_output().unwrap())
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Returns how many steps a plan has: two, unless something was changed.
    fn planned_steps(&self) -> usize {
        let plan = self.run(&["plan"]);
        assert!(plan.err.is_empty(), "{}", plan.err);
        plan.out.matches("\n  * ").count()
    }

    fn records(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(&self.folder).unwrap();
        let files = files.map(|file| file.unwrap().path());
        let is_record = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with("rootguard-record-")
        };
        files.filter(is_record).collect()
    }
}

/// The state of the steps in a file of one record.
fn statuses(record: &Path) -> Vec<String> {
    let Ok(text) = std::fs::read_to_string(record) else {
        return Vec::new();
    };
    // A record is whole at any time.
    let records: Value = serde_json::from_str(&text).unwrap();
    let steps = records[0]["steps"].as_array().unwrap().iter();
    steps
        .map(|step| step["status"].as_str().unwrap().to_owned())
        .collect()
}

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let sent = Command::new("kill").args([name, &pid]).status().unwrap();
    assert!(sent.success());
}

fn wait_until(mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < end, "it did not come to that");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_trail_is_planned_remediated_and_left_again_as_it_was() {
    let trial = Trial::start("remediation");
    let plan = trial.run(&["plan"]);
    assert_eq!(plan.code, 1, "{}", plan.out);
    assert!(
        plan.out.contains("READY: steps that can be taken: 2"),
        "{}",
        plan.out
    );
    assert!(plan.out.contains("* start logging (arn:aws:cloudtrail:"));
    assert!(plan.out.contains("- {\"IsLogging\":false}"));
    assert!(plan.out.contains("+ {\"IsLogging\":true}"));
    // A dry run, and a person who does not say yes, change nothing.
    let dry = trial.run(&["remediate", "--dry-run"]);
    assert_eq!(dry.code, 1, "{}", dry.err);
    let silent = trial.run(&["remediate"]);
    assert_eq!(silent.code, 2, "{}", silent.err);
    assert!(silent.err.contains("nothing was changed"), "{}", silent.err);
    let declined = trial.answered(&["remediate"], "no\n");
    assert_eq!(declined.code, 1, "{}", declined.err);
    assert!(
        declined.out.contains("READY: the steps were not approved"),
        "{}",
        declined.out
    );
    assert_eq!((trial.planned_steps(), trial.records().len()), (2, 0));

    let done = trial.answered(&["remediate"], "y\n");
    assert_eq!(
        done.out.matches("[applied]").count(),
        2,
        "{}{}",
        done.out,
        done.err
    );
    assert_eq!(trial.planned_steps(), 0);
    let records = trial.records();
    let [record] = records.as_slice() else {
        panic!("{records:?}");
    };
    let name = record.file_name().unwrap().to_string_lossy().into_owned();
    assert!(
        done.out.contains(&format!("rootguard undo {name}")),
        "{}",
        done.out
    );
    assert_eq!(
        record.metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );

    let asked = trial.answered(&["undo", &name], "no\n");
    assert_eq!(asked.code, 2, "{}", asked.out);
    assert!(asked.out.contains("to be reverted"), "{}", asked.out);
    assert_eq!(trial.planned_steps(), 0);
    let undone = trial.answered(&["undo", &name], "yes\n");
    assert_eq!(undone.code, 0, "{}", undone.err);
    assert_eq!(
        undone.out.matches("): reverted").count(),
        2,
        "{}",
        undone.out
    );
    assert_eq!(trial.planned_steps(), 2);
}

#[test]
fn a_record_is_not_written_over_and_without_one_nothing_is_changed() {
    let trial = Trial::start("records");
    let taken = trial.folder.join("record.json");
    std::fs::write(&taken, "mine").unwrap();
    for (record, why) in [
        ("record.json", "name a new file"),
        ("no/where.json", "cannot be written"),
    ] {
        let refused = trial.run(&["remediate", "--yes", "--record", record]);
        assert_eq!(refused.code, 2, "{}", refused.out);
        assert!(refused.out.contains(why), "{}", refused.out);
        assert!(
            refused
                .out
                .contains("FAILED: stopped before: start logging"),
            "{}",
            refused.out
        );
        assert_eq!(trial.planned_steps(), 2);
    }
    assert_eq!(std::fs::read_to_string(taken).unwrap(), "mine");
}

/// Whether by Ctrl-C or by a kill, the record says what was done, and undo reverts it.
#[test]
fn a_remediation_that_is_ended_has_recorded_what_it_did() {
    for name in ["-INT", "-KILL"] {
        let trial = Trial::start(&format!("ended{name}"));
        let record = trial.folder.join("record.json");
        let child = trial.spawn(&["remediate", "--yes", "--record", "record.json"]);
        wait_until(|| {
            statuses(&record)
                .first()
                .is_some_and(|status| status == "APPLIED")
        });
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        assert!(!output.status.success());
        if name == "-INT" {
            let err = String::from_utf8(output.stderr).unwrap();
            assert!(err.contains("Interrupted."), "{err}");
        }
        assert_eq!(statuses(&record), ["APPLIED", "NOT_REACHED"], "{name}");
        assert_eq!(trial.planned_steps(), 1, "{name}");
        let undone = trial.run(&["undo", "record.json", "--yes"]);
        assert_eq!(undone.code, 0, "{name}: {}{}", undone.out, undone.err);
        assert_eq!(trial.planned_steps(), 2, "{name}");
    }
}

/// Standard output of a command that asks.
struct Conversation(BufReader<ChildStdout>);

impl Conversation {
    fn read_until_asked(&mut self) -> String {
        let mut shown = Vec::new();
        let mut byte = [0];
        while !shown.ends_with(b"or no: ") {
            let read = self.0.read(&mut byte).unwrap();
            assert_eq!(read, 1, "{}", String::from_utf8_lossy(&shown));
            shown.push(byte[0]);
        }
        String::from_utf8(shown).unwrap()
    }
}

/// What is shown is what is done: somebody changes the trail while a person reads.
#[tokio::test]
async fn a_plan_that_has_changed_since_it_was_shown_is_shown_and_asked_again() {
    let trial = Trial::start("changed");
    let mut child = trial.spawn(&["remediate", "--record", "record.json"]);
    let mut stdin = child.stdin.take().unwrap();
    let mut conversation = Conversation(BufReader::new(child.stdout.take().unwrap()));
    let shown = conversation.read_until_asked();
    assert!(shown.contains("* start logging"), "{shown}");
    // Nobody else may remediate the account meanwhile.
    let second = trial.run(&["remediate", "--yes"]);
    assert_eq!(second.code, 2, "{}", second.out);
    assert!(
        second.err.contains("is changing account 111111111111"),
        "{}",
        second.err
    );

    let credentials = Credentials::new("111111111111", "secret", None, None, "test");
    let sdk = sdk_config_over_http(&trial.served.url, credentials, "eu-west-1");
    let start = aws_sdk_cloudtrail::Client::new(&sdk)
        .start_logging()
        .name("main");
    start.send().await.unwrap();
    stdin.write_all(b"yes\n").unwrap();
    let shown = conversation.read_until_asked();
    assert!(shown.contains("PLAN_CHANGED"), "{shown}");
    assert!(!shown.contains("* start logging"), "{shown}");
    assert!(shown.contains("* make it a multi-Region trail"), "{shown}");
    assert!(!trial.folder.join("record.json").exists());
    stdin.write_all(b"yes\n").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    // What somebody else has done is not ours to revert.
    assert_eq!(statuses(&trial.folder.join("record.json")), ["APPLIED"]);
    let undone = trial.run(&["undo", "--yes", "record.json"]);
    assert_eq!(undone.code, 0, "{}", undone.err);
    assert_eq!(trial.planned_steps(), 1);
}

const ROOT_USERS: &str = r#"
management_account = "999999999999"
iam_delegated_administrator = "222222222222"

[[account]]
id = "999999999999"
name = "management"

[[account]]
id = "222222222222"
name = "security"

[[account]]
id = "333333333333"
name = "keys"
[account.root]
password = false
access_keys = [{ id = "AKIAIOSFODNN7EXAMPLE" }]
mfa_devices = [{ kind = "virtual", serial = "arn:aws:iam::333333333333:mfa/phone", enabled = 2026-01-01T00:00:00Z }]
"#;

#[test]
fn a_root_session_is_opened_only_after_a_warning_and_for_an_account_id() {
    let served = Served::start("root-session", ROOT_USERS);
    let plan = |arguments: &[&str]| {
        let mut command = command(&["plan", "--region", "eu-west-1"]);
        command
            .args(["--endpoint-url", &served.url, "--rule", "no-root-keys"])
            .args(arguments)
            .env("AWS_ACCESS_KEY_ID", "222222222222")
            .env("AWS_SECRET_ACCESS_KEY", "secret");
        finished(command.output().unwrap())
    };
    let asked = plan(&["--account", "333333333333"]);
    assert_eq!(asked.code, 2, "{}", asked.out);
    assert!(
        asked.err.contains("sets off its root-usage alarm"),
        "{}",
        asked.err
    );
    assert!(asked.err.contains("nobody answered"), "{}", asked.err);
    let planned = plan(&["--account", "333333333333", "--yes"]);
    assert!(
        planned.out.contains("account 333333333333"),
        "{}",
        planned.err
    );
    for id in ["33333333333", "keys", "3333333333333"] {
        let refused = plan(&["--account", id, "--yes"]);
        assert_eq!(refused.code, 2, "{}", refused.out);
        assert!(refused.err.contains("twelve digits"), "{}", refused.err);
        assert!(!refused.err.contains("warning"), "{}", refused.err);
    }
}

#[test]
fn root_users_are_looked_at_after_a_warning_and_never_that_of_the_management_account() {
    let served = Served::start("audit-root", ROOT_USERS);
    let audit = |arguments: &[&str]| {
        let mut command = command(&["audit-root", "--region", "eu-west-1"]);
        command
            .args(["--endpoint-url", &served.url])
            .args(arguments)
            .env("AWS_ACCESS_KEY_ID", "222222222222")
            .env("AWS_SECRET_ACCESS_KEY", "secret");
        finished(command.output().unwrap())
    };
    let asked = audit(&["333333333333"]);
    assert_eq!(asked.code, 2);
    assert!(
        asked
            .err
            .contains("sets off the root-usage alarm of 333333333333")
    );
    assert!(asked.out.is_empty());
    let seen = audit(&["--yes", "333333333333"]);
    assert_eq!(seen.code, 1, "{}", seen.err);
    let root = &seen.json()[0]["root"];
    assert_eq!(root["accessKeys"][0]["id"], "AKIAIOSFODNN7EXAMPLE");
    assert_eq!(root["mfaDevices"][0]["kind"], "virtual");
    let management = audit(&["--yes", "999999999999"]);
    assert_eq!(management.code, 2);
    assert_eq!(
        management.json()[0]["unread"]["denied"]["action"],
        "sts:AssumeRoot"
    );
}
