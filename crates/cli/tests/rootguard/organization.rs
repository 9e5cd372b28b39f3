//! `rootguard demo` and `rootguard sandbox`: a local organization.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::command::{command, finished, folder, run, run_unread};

/// `rootguard sandbox` as a process; killed when dropped.
pub(crate) struct Served {
    child: Option<Child>,
    pub(crate) url: String,
}

impl Served {
    pub(crate) fn start(name: &str, organization: &str) -> Self {
        let folder = folder(name);
        let file = folder.join("organization.toml");
        let ready = folder.join("ready");
        std::fs::write(&file, organization).unwrap();
        let mut child = command(&["sandbox", "--listen", "127.0.0.1:0", "--organization"])
            .arg(&file)
            .arg("--ready-file")
            .arg(&ready)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let url = read_when_there(&ready, &mut child);
        Self {
            child: Some(child),
            url,
        }
    }

    /// Asks the process to end, and gives its exit code.
    fn terminate(mut self) -> Option<i32> {
        let mut child = self.child.take().unwrap();
        let killed = std::process::Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status();
        assert!(killed.unwrap().success());
        child.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

fn read_when_there(path: &Path, child: &mut Child) -> String {
    let end = Instant::now() + Duration::from_secs(30);
    while Instant::now() < end {
        assert_eq!(child.try_wait().unwrap(), None, "it ended");
        match std::fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text.trim().to_owned(),
            _ => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    panic!("{} was not written", path.display());
}

#[test]
fn the_demo_shows_every_account_and_a_failure_as_one() {
    let demo = run(&["demo", "--format", "json"]);
    assert_eq!(demo.code, 0, "{}", demo.err);
    for (id, control, compliance, start) in [
        (
            "111111111111",
            "no-root-keys",
            Some("COMPLIANT"),
            "NO_ROOT_KEYS:",
        ),
        (
            "333333333333",
            "no-root-keys",
            Some("COMPLIANT"),
            "NO_ROOT_KEYS:",
        ),
        (
            "444444444444",
            "no-root-keys",
            Some("NON_COMPLIANT"),
            "ROOT_ACCESS_KEY_PRESENT: the root user has an access key, last used 2026-11-19",
        ),
        (
            "555555555555",
            "no-root-keys",
            Some("NON_COMPLIANT"),
            "ROOT_ACCESS_KEY_PRESENT:",
        ),
        (
            "666666666666",
            "no-root-keys",
            Some("NON_COMPLIANT"),
            "ROOT_SIGNING_CERTIFICATE_PRESENT:",
        ),
        (
            "777777777777",
            "no-root-keys",
            Some("NON_COMPLIANT"),
            "UNVERIFIABLE_ACCESS_DENIED: iam:GetAccountSummary",
        ),
        ("888888888888", "no-root-keys", None, "Throttled:"),
        (
            "111111111111",
            "hardware-root-mfa",
            Some("COMPLIANT"),
            "ROOT_MFA_HARDWARE:",
        ),
        (
            "333333333333",
            "hardware-root-mfa",
            Some("COMPLIANT"),
            "ROOT_CREDENTIALS_ABSENT:",
        ),
        (
            "777777777777",
            "hardware-root-mfa",
            Some("NON_COMPLIANT"),
            "UNVERIFIABLE_ACCESS_DENIED: iam:GetAccountSummary",
        ),
        ("888888888888", "hardware-root-mfa", None, "Throttled:"),
    ] {
        let row = demo.row(id, control);
        let said = row.get("annotation").or(row.get("error")).unwrap();
        let said = said.as_str().unwrap();
        assert_eq!(row["compliance"].as_str(), compliance, "{id}: {said}");
        assert!(said.starts_with(start), "{id}: {said}");
    }
    let document = demo.json();
    let results = document["results"].as_array().unwrap();
    let counts = document["counts"].as_object().unwrap();
    let counted: u64 = counts.values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(counted, results.len() as u64);
    let failed = results.iter().filter(|row| row.get("error").is_some());
    assert_eq!(counts["failed"], failed.count());
}

#[test]
fn the_table_fits_a_page_and_has_no_colours_where_there_is_no_terminal() {
    let demo = run(&["demo"]);
    assert_eq!(demo.code, 0);
    assert!(!demo.out.contains('\u{1b}'));
    assert!(demo.out.lines().all(|line| line.chars().count() <= 120));
    assert!(demo.out.contains("444444444444"));
    assert!(demo.out.contains("workload-legacy"));
    assert_eq!(demo.err, "");
}

#[test]
fn a_narrow_table_leaves_room_for_the_reasons() {
    let mut demo = command(&["demo"]);
    let demo = finished(demo.env("COLUMNS", "60").output().unwrap());
    let rows: Vec<_> = demo
        .out
        .lines()
        .take_while(|line| !line.is_empty())
        .collect();
    assert!(rows.iter().all(|line| line.chars().count() <= 60));
    let text = rows.join(" ");
    assert!(text.contains(" hardware-root-mfa") && text.contains(" NON_COMPLIANT"));
    assert!(
        rows.iter()
            .any(|line| line.contains("NO_ROOT_KEYS: the root user has no")),
        "{}",
        demo.out
    );
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure() {
    for format in ["table", "json"] {
        let run = run_unread(&mut command(&["demo", "--format", format]));
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{format}");
    }
}

#[test]
fn the_sandbox_ends_when_it_is_asked_to() {
    let served = Served::start(
        "terminated",
        "[[account]]\nid = \"111122223333\"\nname = \"a\"\n",
    );
    assert!(served.url.starts_with("http://127.0.0.1:"));
    assert_eq!(served.terminate(), Some(0));
}

#[test]
fn the_sandbox_refuses_what_it_cannot_serve() {
    let folder = folder("refused");
    let file = folder.join("organization.toml");
    let path = file.to_str().unwrap();
    let served = |listen: &str| run(&["sandbox", "--listen", listen, "--organization", path]);

    let missing = served("127.0.0.1:0");
    assert_eq!(missing.code, 2);
    assert!(missing.err.contains(path), "{}", missing.err);

    std::fs::write(&file, "[[account]]\nid = \"1111\"\nname = \"a\"\n").unwrap();
    let invalid = served("127.0.0.1:0");
    assert_eq!(invalid.code, 2);
    assert!(invalid.err.contains("twelve digits"), "{}", invalid.err);

    std::fs::write(&file, "[[account]]\nid = \"111122223333\"\nname = \"a\"\n").unwrap();
    let public = served("0.0.0.0:0");
    assert_eq!(public.code, 2);
    assert!(public.err.contains("loopback"), "{}", public.err);
}
