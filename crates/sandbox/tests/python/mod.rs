//! Python with boto3 and the AWS CLI: the packages of `clients/requirements.txt`, in
//! exactly these versions. The interpreter is the one that `ROOTGUARD_PYTHON` names, else
//! `python3`. Without them tests are skipped and say so, except where `CI` is set: there
//! they fail.
#![allow(clippy::print_stderr, reason = "test")]

use std::env;
use std::process::Stdio;

use tokio::process::Command;

const REQUIREMENTS: &str = include_str!("../clients/requirements.txt");

/// Python with the pinned packages, or nothing after saying so.
pub(crate) async fn python() -> Option<String> {
    let named = env::var("ROOTGUARD_PYTHON").ok();
    let interpreter = named.clone().unwrap_or_else(|| "python3".to_owned());
    let code = "import importlib.metadata as m, sys\n\
        for r in sys.argv[1:]:\n    n, v = r.split('==')\n    assert m.version(n) == v, (r, m.version(n))";
    let output = Command::new(&interpreter)
        .args(["-c", code])
        .args(REQUIREMENTS.lines())
        .output()
        .await;
    let absence = match output {
        Ok(output) if output.status.success() => return Some(interpreter),
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    let needed = REQUIREMENTS.replace('\n', " ");
    assert!(
        named.is_none() && env::var_os("CI").is_none(),
        "{interpreter} has not {needed}: {absence}"
    );
    eprintln!("skipped: {interpreter} has not {needed}(name one that has in ROOTGUARD_PYTHON)");
    None
}

/// Python in a folder, isolated from whatever AWS configuration the machine has.
pub(crate) fn isolated(python: &str, folder: &str) -> Command {
    let mut command = Command::new(python);
    command.current_dir(folder).stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("NO_PROXY", "127.0.0.1")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONIOENCODING", "utf-8");
    command
}
