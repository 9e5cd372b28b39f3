//! Whose credentials `rootguard` takes: those that botocore, and so the AWS CLI, takes.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::command::{command, finished, folder};
use crate::organization::Served;
use crate::python::{isolated, python};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");

/// Accounts; the last has a role that the first may assume.
const ORGANIZATION: &str = r#"
[[account]]
id = "100000000001"
name = "environment"
[[account]]
id = "100000000002"
name = "default"
[[account]]
id = "100000000003"
name = "b"
[[account]]
id = "100000000004"
name = "c"
[[account]]
id = "100000000005"
name = "role"
[[account.role]]
name = "auditor"
trust = { Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { AWS = "*" }, Action = "sts:AssumeRole" }] }
"#;

const CONFIG: &str = r"
[profile empty]
region = eu-west-1
[profile c]
aws_access_key_id = 100000000004
aws_secret_access_key = secret
[profile both]
aws_access_key_id = 100000000004
aws_secret_access_key = secret
[profile role]
role_arn = arn:aws:iam::100000000005:role/auditor
source_profile = b
[profile sourceless]
role_arn = arn:aws:iam::100000000005:role/auditor
source_profile = absent
[profile environment]
role_arn = arn:aws:iam::100000000005:role/auditor
credential_source = Environment
[profile process]
credential_process = /bin/cat FOLDER/process.json
[profile half]
aws_access_key_id = 100000000004
[unprefixed]
aws_access_key_id = 100000000004
aws_secret_access_key = secret
";

const CREDENTIALS: &str = r"
[default]
aws_access_key_id = 100000000002
aws_secret_access_key = secret
[b]
aws_access_key_id = 100000000003
aws_secret_access_key = secret
[both]
aws_access_key_id = 100000000003
aws_secret_access_key = secret
";

const PROCESS: &str =
    r#"{"Version": 1, "AccessKeyId": "100000000004", "SecretAccessKey": "secret"}"#;

const KEYS: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "100000000001"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
];
const HALF: [(&str, &str); 1] = [("AWS_ACCESS_KEY_ID", "100000000001")];
const WEB_IDENTITY: [(&str, &str); 2] = [
    ("AWS_ROLE_ARN", "arn:aws:iam::100000000005:role/auditor"),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", "/absent/token"),
];

/// A profile of the command line, an environment, and the account, or what the error says.
type Case = (
    Option<&'static str>,
    Vec<(&'static str, &'static str)>,
    Result<&'static str, &'static str>,
);

fn cases() -> Vec<Case> {
    let with = |first: &[(&'static str, &'static str)], second: &[(&'static str, &'static str)]| {
        [first, second].concat()
    };
    let no_default = [("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")];
    vec![
        (None, with(&KEYS, &no_default), Ok("100000000001")),
        (None, with(&KEYS, &[]), Ok("100000000001")),
        (None, vec![], Ok("100000000002")),
        (None, with(&no_default, &[]), Err("credentials")),
        // The command line beats the environment.
        (Some("b"), with(&KEYS, &[]), Ok("100000000003")),
        (Some("default"), with(&KEYS, &[]), Ok("100000000002")),
        (Some("b"), with(&HALF, &[]), Ok("100000000003")),
        (Some("b"), vec![("AWS_PROFILE", "c")], Ok("100000000003")),
        (Some("b"), with(&WEB_IDENTITY, &[]), Ok("100000000003")),
        (
            Some("b"),
            vec![("AWS_PROFILE", "absent")],
            Ok("100000000003"),
        ),
        // The keys of the environment beat the profile that it names.
        (
            None,
            with(&KEYS, &[("AWS_PROFILE", "b")]),
            Ok("100000000001"),
        ),
        (None, vec![("AWS_PROFILE", "b")], Ok("100000000003")),
        (None, vec![("AWS_DEFAULT_PROFILE", "b")], Ok("100000000003")),
        (
            None,
            vec![("AWS_DEFAULT_PROFILE", "b"), ("AWS_PROFILE", "c")],
            Ok("100000000003"),
        ),
        (Some("both"), with(&KEYS, &[]), Ok("100000000003")),
        (Some("role"), with(&KEYS, &[]), Ok("100000000005")),
        (Some("environment"), with(&KEYS, &[]), Ok("100000000005")),
        (Some("process"), with(&KEYS, &[]), Ok("100000000004")),
        (
            None,
            with(&WEB_IDENTITY, &[("AWS_PROFILE", "role")]),
            Ok("100000000005"),
        ),
        // What is wrong is an error, and never another account.
        (Some("absent"), with(&KEYS, &[]), Err("known profiles: b, ")),
        (
            None,
            with(&KEYS, &[("AWS_PROFILE", "absent")]),
            Err("AWS_PROFILE absent: there is no such profile"),
        ),
        (Some("unprefixed"), with(&KEYS, &[]), Err("no such profile")),
        (Some("empty"), with(&KEYS, &[]), Err("in the profile empty")),
        (Some("half"), with(&KEYS, &[]), Err("in the profile half")),
        (
            Some("sourceless"),
            with(&KEYS, &[]),
            Err("its source_profile absent does not exist"),
        ),
        (None, with(&HALF, &[]), Err("AWS_SECRET_ACCESS_KEY is not")),
        (None, with(&WEB_IDENTITY, &[]), Err("No such file")),
    ]
}

#[tokio::test]
async fn credentials_are_those_that_botocore_takes() {
    let served = Served::start("profiles-organization", ORGANIZATION);
    let folder = folder("profiles");
    let write = |name: &str, text: &str| {
        let text = text.replace("FOLDER", folder.to_str().unwrap());
        std::fs::write(folder.join(name), text).unwrap();
        folder.join(name).to_str().unwrap().to_owned()
    };
    write("process.json", PROCESS);
    let base = [
        ("AWS_CONFIG_FILE", write("config", CONFIG)),
        (
            "AWS_SHARED_CREDENTIALS_FILE",
            write("credentials", CREDENTIALS),
        ),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("AWS_ENDPOINT_URL", served.url.clone()),
    ];
    for (profile, environment, expected) in cases() {
        let case = format!("{profile:?} {environment:?}");
        let run = check(&folder, profile, &base, &environment);
        match expected {
            Ok(account) => {
                assert!(run.code < 3 && !run.out.is_empty(), "{case}: {}", run.err);
                assert_eq!(run.json()["results"][0]["account"], account, "{case}");
            }
            Err(said) => {
                assert_eq!((run.code, run.out.as_str()), (2, ""), "{case}");
                assert!(run.err.contains(said), "{case}: {}", run.err);
            }
        }
    }
    let Some(python) = python().await else { return };
    let asked: Vec<Value> = cases()
        .iter()
        .map(|(profile, environment, _)| {
            let own = environment.iter().map(|(name, value)| (*name, *value));
            let base = base.iter().map(|(name, value)| (*name, value.as_str()));
            let environment: serde_json::Map<_, _> = base
                .chain(own)
                .map(|(name, value)| (name.to_owned(), json!(value)))
                .collect();
            json!({"profile": profile, "environment": environment})
        })
        .collect();
    let mut script = isolated(&python, SCRIPTS);
    let script = script.arg("profiles.py").stdin(Stdio::piped());
    let script = script.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = script.as_std_mut().spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(json!(asked).to_string().as_bytes())
        .unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let told: Vec<Option<String>> = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    for (told, (profile, environment, expected)) in told.iter().zip(cases()) {
        let case = format!("{profile:?} {environment:?}");
        assert_eq!(told.as_deref(), expected.ok(), "botocore, {case}");
    }
}

fn check(
    folder: &Path,
    profile: Option<&str>,
    base: &[(&str, String)],
    environment: &[(&str, &str)],
) -> crate::command::Run {
    let mut command = command(&["check", "--format", "json"]);
    if let Some(profile) = profile {
        command.args(["--profile", profile]);
    }
    command
        .current_dir(folder)
        .envs(base.iter().map(|(name, value)| (name, value)))
        .envs(environment.iter().copied());
    finished(command.output().unwrap())
}

#[test]
fn commands_that_write_name_account_and_caller_first() {
    let organization = format!("management_account = '100000000003'\n{ORGANIZATION}");
    let served = Served::start("announced", &organization);
    let folder = folder("announced-here");
    std::fs::write(folder.join("record.json"), "[]").unwrap();
    for (arguments, account, said) in [
        (&["remediate", "--dry-run"][..], "100000000003", "(b)"),
        (&["undo", "record.json"], "100000000003", "(b)"),
        // A member account may not ask for its name.
        (
            &["undo", "record.json"],
            "100000000004",
            "(name not readable)",
        ),
    ] {
        let mut command = command(arguments);
        command
            .args(["--region", "us-east-1", "--endpoint-url", &served.url])
            .current_dir(&folder)
            .env("AWS_ACCESS_KEY_ID", account)
            .env("AWS_SECRET_ACCESS_KEY", "secret");
        let run = finished(command.output().unwrap());
        let said = format!("Account {account} {said} in us-east-1, as arn:aws:sts::{account}:");
        assert!(run.err.contains(&said), "{arguments:?}: {}", run.err);
    }
}
