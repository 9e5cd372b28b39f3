//! `rootguard demo` and `rootguard sandbox`: a local organization.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use bundle::RULES;
use serde_json::json;

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

/// What AWS Config shows of each account of the demo, in the order of its table. The trail
/// and the alarm of members are those of the management account.
const DEMO: &[(&str, [&str; 4])] = &[
    (
        "111111111111",
        [
            "COMPLIANT NO_ROOT_KEYS:",
            "COMPLIANT ROOT_MFA_HARDWARE:",
            "COMPLIANT TRAIL_LOGGING: trail arn:",
            "COMPLIANT ROOT_USAGE_ALARMED: filter root-usage and alarm root-usage tell",
        ],
    ),
    (
        "222222222222",
        [
            "COMPLIANT NO_ROOT_KEYS:",
            "COMPLIANT ROOT_CREDENTIALS_ABSENT:",
            CENTRAL_TRAIL,
            CENTRAL_ALARM,
        ],
    ),
    (
        "333333333333",
        [
            "COMPLIANT NO_ROOT_KEYS:",
            "COMPLIANT ROOT_MFA_HARDWARE:",
            CENTRAL_TRAIL,
            CENTRAL_ALARM,
        ],
    ),
    (
        "444444444444",
        [
            "NON_COMPLIANT ROOT_ACCESS_KEY_PRESENT: the root user has an access key, last used \
             2026-11-19",
            "COMPLIANT ROOT_MFA_HARDWARE:",
            CENTRAL_TRAIL,
            CENTRAL_ALARM,
        ],
    ),
    (
        "555555555555",
        [
            "NON_COMPLIANT ROOT_ACCESS_KEY_PRESENT:",
            "NON_COMPLIANT ROOT_MFA_VIRTUAL:",
            CENTRAL_TRAIL,
            CENTRAL_ALARM,
        ],
    ),
    (
        "666666666666",
        [
            "NON_COMPLIANT UNVERIFIABLE_ACCESS_DENIED: iam:GetAccountSummary was refused",
            "NON_COMPLIANT UNVERIFIABLE_ACCESS_DENIED: iam:GetAccountSummary was refused",
            "NON_COMPLIANT UNVERIFIABLE_ACCESS_DENIED: cloudtrail:DescribeTrails was refused",
            "NON_COMPLIANT UNVERIFIABLE_ACCESS_DENIED: cloudtrail:DescribeTrails was refused",
        ],
    ),
    (
        "777777777777",
        [
            "failed Throttled: iam:GetAccountSummary:",
            "failed Throttled: iam:GetAccountSummary:",
            CENTRAL_TRAIL,
            CENTRAL_ALARM,
        ],
    ),
    (
        "888888888881",
        [
            "COMPLIANT NO_ROOT_KEYS:",
            "COMPLIANT ROOT_MFA_HARDWARE:",
            "NON_COMPLIANT TRAIL_NOT_LOGGING:",
            "NON_COMPLIANT NO_QUALIFYING_TRAIL: trail \
             arn:aws:cloudtrail:us-east-1:888888888881:trail/audit is not logging.",
        ],
    ),
    (
        "888888888882",
        [
            "COMPLIANT NO_ROOT_KEYS:",
            "COMPLIANT ROOT_MFA_HARDWARE:",
            "COMPLIANT TRAIL_LOGGING:",
            "COMPLIANT ROOT_USAGE_ALARMED: filter root and alarm root tell sns it-desk of account \
             888888888882; it also fires on what AWS services do as root;",
        ],
    ),
    (
        "888888888883",
        [
            "COMPLIANT NO_ROOT_KEYS:",
            "COMPLIANT ROOT_MFA_HARDWARE:",
            "COMPLIANT TRAIL_LOGGING:",
            "NON_COMPLIANT NO_CONFIRMED_SUBSCRIPTION:",
        ],
    ),
];
const CENTRAL_TRAIL: &str = "COMPLIANT TRAIL_LOGGING: organization trail \
    arn:aws:cloudtrail:us-east-1:111111111111:trail/organization in account 111111111111 logs";
const CENTRAL_ALARM: &str = "COMPLIANT ROOT_USAGE_ALARMED: in account 111111111111, filter";

#[test]
fn the_demo_shows_every_account_and_a_failure_as_one() {
    let began = Instant::now();
    let demo = run(&["demo", "--format", "json"]);
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(demo.code, 0, "{}", demo.err);
    let document = demo.json();
    let rows = document["results"].as_array().unwrap();
    let expected = DEMO.iter().flat_map(|(account, said)| {
        let controls = RULES.iter().map(|rule| rule.metadata().name);
        controls
            .zip(said)
            .map(move |(control, said)| (*account, control, *said))
    });
    let expected: Vec<_> = expected.collect();
    assert_eq!(rows.len(), expected.len());
    for (row, (account, control, start)) in rows.iter().zip(expected) {
        assert_eq!(
            (&row["account"], &row["control"]),
            (&json!(account), &json!(control))
        );
        let compliance = row["compliance"].as_str().unwrap_or("failed");
        let said = row.get("annotation").or(row.get("error")).unwrap();
        let said = format!("{compliance} {}", said.as_str().unwrap());
        assert!(said.starts_with(start), "{account}: {said}");
    }
    let counts = json!({
        "compliant": 28, "notCompliant": 10, "notApplicable": 0, "unverifiable": 0, "failed": 2,
    });
    assert_eq!(document["counts"], counts);
}

#[test]
fn the_table_fits_a_page_and_has_no_colours_where_there_is_no_terminal() {
    let demo = run(&["demo"]);
    assert_eq!(demo.code, 0);
    assert!(!demo.out.contains('\u{1b}'));
    assert!(demo.out.lines().all(|line| line.chars().count() <= 120));
    // An account is named once, and an empty line comes before it.
    assert_eq!(demo.out.matches("444444444444").count(), 1);
    assert!(demo.out.contains("\n\n 444444444444  "), "{}", demo.out);
    assert!(demo.out.contains("\n workload-legacy  "));
    assert_eq!(demo.err, "");
}

#[test]
fn a_narrow_table_leaves_room_for_the_reasons() {
    let mut demo = command(&["demo"]);
    let demo = finished(demo.env("COLUMNS", "60").output().unwrap());
    let (table, _) = demo.out.rsplit_once("\n\n").unwrap();
    let rows: Vec<_> = table.lines().collect();
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
