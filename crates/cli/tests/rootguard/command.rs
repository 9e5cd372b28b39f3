//! Running the command.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// What a run of the command came to.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}{}", self.out, self.err))
    }

    /// Returns what `--format json` says of a control in an account, by the id of the account.
    pub(crate) fn row(&self, account: &str, control: &str) -> Value {
        let document = self.json();
        let rows = document["results"].as_array().unwrap();
        let row = rows
            .iter()
            .find(|row| row["account"] == account && row["control"] == control);
        row.unwrap_or_else(|| panic!("no {control} of {account}"))
            .clone()
    }
}

/// The command with an environment of its own: no credentials, no configuration.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootguard"));
    command
        .args(arguments)
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null());
    command
}

/// An empty folder for a test.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

pub(crate) fn run(arguments: &[&str]) -> Run {
    finished(command(arguments).output().unwrap())
}

pub(crate) fn run_with_input(arguments: &[&str], input: &str) -> Run {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    finished(child.wait_with_output().unwrap())
}

/// Runs a command whose standard output nobody reads.
pub(crate) fn run_unread(command: &mut Command) -> Run {
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    finished(child.wait_with_output().unwrap())
}

pub(crate) fn finished(output: Output) -> Run {
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn wrong_usage_says_what_is_allowed() {
    let wrong = run(&["demo", "--format", "xml"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("table") && wrong.err.contains("json"));
    assert_eq!(run(&["chekc"]).code, 2);
    assert_eq!(run(&[]).code, 2);
    assert_eq!(run(&["--version"]).code, 0);
}
