//! `rootguard check --snapshot-out` and `--snapshot`.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use aws_sdk_sts::types::Credentials;
use sandbox::{Sandbox, sdk_config_over_http};

use crate::command::{Run, command, finished, folder, run, run_unread};
use crate::organization::{Served, account};

/// Accounts that differ in their root user; the second also has what might give a secret
/// away.
fn organization() -> String {
    let key = r#"
[[account.role]]
name = "auditor"
trust = { Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { AWS = "222222222222" }, Action = "sts:AssumeRole" }] }
policies = [{ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] }]

[[account.key]]
region = "us-east-1"
KeyId = "alarms"
[account.key.Policy]
Version = "2012-10-17"
[[account.key.Policy.Statement]]
Effect = "Allow"
Principal = { AWS = "222222222222" }
Action = "kms:*"
Resource = "*"
[[account.key.Policy.Statement]]
Effect = "Allow"
Principal = { Service = "cloudwatch.amazonaws.com" }
Action = ["kms:Decrypt", "kms:GenerateDataKey*"]
Resource = "*"

[[account.subscription]]
region = "us-east-1"
TopicArn = "arn:aws:sns:us-east-1:222222222222:on-call"
Protocol = "https"
Endpoint = "https://rootguard:hunter2@pager.example.com/"
SubscriptionArn = "PendingConfirmation"

[account.root]
access_keys = [{ id = "AKIAIOSFODNN7EXAMPLE", last_used = { date = 2026-11-19T22:41:00Z, region = "eu-west-1", service = "s3" } }]
signing_certificates = [{ id = "TA7SMP42TDN5Z26OBPJE7EXAMPLE" }]
credential_report = "fresh"
mfa_devices = [{ kind = "virtual" }]
"#;
    let denied = "denied_actions = ['iam:GetAccountSummary']";
    let throttled = "throttled_actions = ['iam:ListVirtualMFADevices']";
    let certificate = "root.signing_certificates = [{ id = 'TA7SMP42TDN5Z26OBPJE7EXAMPLE' }]";
    let encrypted = "Name = \"on-call\"\nAttributes = { KmsMasterKeyId = \"alarms\" }\n";
    [
        account("111111111111", ""),
        account("222222222222", key).replace("Name = \"on-call\"\n", encrypted),
        account("333333333333", denied),
        account("444444444444", throttled),
        account("555555555555", certificate),
    ]
    .concat()
}

/// A folder with rules, and where a snapshot may be written.
struct Desk {
    folder: PathBuf,
    snapshot: PathBuf,
}

impl Desk {
    fn new(name: &str) -> Self {
        let folder = folder(name);
        let desk = Self {
            snapshot: folder.join("snapshot.json"),
            folder,
        };
        desk.want("");
        desk
    }

    fn want(&self, rules: &str) {
        std::fs::write(self.folder.join("rules.toml"), rules).unwrap();
    }

    fn take(&self, url: &str, credentials: &[(&str, &str)]) -> Run {
        let arguments = ["check", "--region", "eu-west-1", "--endpoint-url", url];
        let mut command = command(&arguments);
        command
            .args(["--format", "json", "--snapshot-out"])
            .arg(&self.snapshot)
            .current_dir(&self.folder)
            .envs(credentials.iter().copied());
        finished(command.output().unwrap())
    }

    fn take_as_administrator(&self, url: &str, account: &str) -> Run {
        let key = ("AWS_ACCESS_KEY_ID", account);
        self.take(url, &[key, ("AWS_SECRET_ACCESS_KEY", "secret")])
    }

    /// Judges without credentials, without a Region, without an endpoint.
    fn judge(&self, file: &Path, format: &str) -> Run {
        finished(self.judging(file, format).output().unwrap())
    }

    fn judging(&self, file: &Path, format: &str) -> Command {
        let mut command = command(&["check", "--format", format, "--snapshot"]);
        command.arg(file).current_dir(&self.folder);
        command
    }

    fn files(&self) -> Vec<String> {
        let files = std::fs::read_dir(&self.folder).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

#[test]
fn a_snapshot_says_what_the_account_said() {
    let served = Served::start("snapshot-served", &organization());
    for (account, code) in [
        ("111111111111", 0),
        ("222222222222", 1),
        ("333333333333", 2),
        ("444444444444", 2),
        ("555555555555", 1),
    ] {
        let desk = Desk::new(&format!("snapshot-{account}"));
        let live = desk.take_as_administrator(&served.url, account);
        assert_eq!(live.code, code, "{account}: {}", live.err);
        let offline = desk.judge(&desk.snapshot, "json");
        assert_eq!(
            (offline.code, offline.out),
            (live.code, live.out),
            "{account}"
        );
        let mut unread = desk.judging(&desk.snapshot, "json");
        assert_eq!(run_unread(&mut unread).code, code, "{account}");
        let table = desk.judge(&desk.snapshot, "table").out;
        assert!(table.contains("nothing was asked now"), "{table}");
    }
}

#[test]
fn other_parameters_give_another_verdict_without_asking_again() {
    let served = Served::start("snapshot-what-if", &organization());
    let desk = Desk::new("snapshot-other-parameters");
    let off = "rules.trail-logging.enabled = false\n";
    desk.want(off);
    assert_eq!(
        desk.take_as_administrator(&served.url, "555555555555").code,
        1
    );
    drop(served);
    let allowed = "rules.no-root-keys.parameters.forbidSigningCertificates = false\n";
    desk.want(&format!("{off}{allowed}"));
    assert_eq!(desk.judge(&desk.snapshot, "json").code, 0);
    // What was switched off then was not looked at.
    desk.want("");
    let run = desk.judge(&desk.snapshot, "json");
    assert_eq!(run.code, 1);
    let row = run.row("555555555555", "trail-logging");
    let error = row["error"].as_str().unwrap();
    assert!(
        error.contains("switched off when the snapshot was taken"),
        "{error}"
    );
}

/// Temporary credentials of a role.
fn session(url: &str) -> Credentials {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let administrator = Sandbox::administrator("222222222222");
        let sdk = sdk_config_over_http(url, administrator, "eu-west-1");
        let request = aws_sdk_sts::Client::new(&sdk)
            .assume_role()
            .role_arn("arn:aws:iam::222222222222:role/auditor")
            .role_session_name("audit");
        request.send().await.unwrap().credentials.unwrap()
    })
}

#[test]
fn a_snapshot_holds_no_secret_and_is_its_owners_alone() {
    let served = Served::start("snapshot-secrets", &organization());
    let desk = Desk::new("snapshot-secret");
    let session = session(&served.url);
    let secrets = [
        session.access_key_id(),
        session.secret_access_key(),
        session.session_token(),
        "AKIAIOSFODNN7EXAMPLE",
        "TA7SMP42TDN5Z26OBPJE7EXAMPLE",
        // Addresses of subscribers: of a person, and one with a password in it.
        "somebody@example.com",
        "hunter2",
    ];
    let live = desk.take(
        &served.url,
        &[
            ("AWS_ACCESS_KEY_ID", secrets[0]),
            ("AWS_SECRET_ACCESS_KEY", secrets[1]),
            ("AWS_SESSION_TOKEN", secrets[2]),
        ],
    );
    assert_eq!(live.code, 1, "{}", live.err);
    let text = std::fs::read_to_string(&desk.snapshot).unwrap();
    // It has seen the key, its last use and the device of the root user; both subscriptions,
    // and the policies of topic and key.
    for seen in [
        "2026-11-19T22:41:00Z",
        "root-account-mfa-device",
        "arn:aws:sns:us-east-1:222222222222:on-call:",
        "PendingConfirmation",
        "SNS:Publish",
        "kms:GenerateDataKey*",
    ] {
        assert!(text.contains(seen), "{seen}");
    }
    for secret in secrets {
        assert!(!text.contains(secret), "{secret}");
    }
    let mode = std::fs::metadata(&desk.snapshot)
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(desk.files(), ["rules.toml", "snapshot.json"]);
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_aws_is_asked() {
    let desk = Desk::new("snapshot-unwritable");
    let nowhere = "http://127.0.0.1:9";
    std::fs::write(&desk.snapshot, "precious").unwrap();
    let exists = desk.take_as_administrator(nowhere, "111111111111");
    assert_eq!((exists.code, exists.out.as_str()), (2, ""));
    assert!(exists.err.contains("exists already"), "{}", exists.err);
    assert_eq!(std::fs::read_to_string(&desk.snapshot).unwrap(), "precious");

    let missing = Desk {
        snapshot: desk.folder.join("absent").join("snapshot.json"),
        ..desk
    };
    let run = missing.take_as_administrator(nowhere, "111111111111");
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("absent/snapshot.json: cannot be written"),
        "{}",
        run.err
    );

    let served = Served::start("snapshot-nobody-served", &organization());
    let nobody = Desk::new("snapshot-nobody");
    let run = nobody.take_as_administrator(&served.url, "AKIANOBODYKNOWSTHIS0");
    assert_eq!(run.code, 2);
    assert_eq!(nobody.files(), ["rules.toml"]);
}

#[test]
fn what_is_no_snapshot_is_an_error_that_says_why() {
    let desk = Desk::new("snapshot-garbled");
    for (content, told) in [
        (None, "cannot be read: No such file"),
        (Some(""), "is not a snapshot of rootguard: EOF"),
        (
            Some("{\"formatVersion\": 1, \"acc"),
            "is not a snapshot of rootguard: EOF",
        ),
        (
            Some("{}"),
            "is not a snapshot of rootguard: it has no formatVersion",
        ),
        (
            Some("{\"formatVersion\": 9}"),
            "newer rootguard (format version 9; this one reads 1)",
        ),
    ] {
        if let Some(content) = content {
            std::fs::write(&desk.snapshot, content).unwrap();
        }
        let run = desk.judge(&desk.snapshot, "json");
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{told}");
        assert!(
            run.err.contains("snapshot.json") && run.err.contains(told),
            "{}",
            run.err
        );
    }
    let folder = desk.judge(&desk.folder, "json");
    assert!(folder.err.contains("directory"), "{}", folder.err);
}

#[test]
fn a_snapshot_is_judged_offline_or_not_at_all() {
    for option in ["--profile", "--region", "--endpoint-url", "--snapshot-out"] {
        let both = run(&["check", "--snapshot", "a.json", option, "http://b"]);
        assert_eq!(both.code, 2);
        assert!(both.err.contains("cannot be used with"), "{}", both.err);
    }
}
