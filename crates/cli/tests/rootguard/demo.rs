//! `rootguard demo`.

use std::path::Path;
use std::time::{Duration, Instant};

use bundle::RULES;
use serde_json::json;

use crate::command::{command, finished, run, run_unread};

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
            "COMPLIANT ROOT_USAGE_ALARMED: filter root and alarm root tell topic it-desk of account \
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
    // A second on an idle machine, and tests have none.
    assert!(began.elapsed() < Duration::from_secs(20));
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

/// The README of the repository shows some lines of what the demo prints there.
#[test]
fn the_readme_shows_what_the_demo_prints() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(repository.join("README.md")).unwrap();
    let (_, shown) = readme.split_once("```text\n ACCOUNT").unwrap();
    let (shown, _) = shown.split_once("```").unwrap();
    let mut demo = command(&["demo"]);
    let demo = finished(demo.current_dir(&repository).output().unwrap());
    let mut printed = demo.out.lines().map(str::trim_end);
    let how_long = |line: &str| line.contains(" evaluations in ") || line.contains(" was done in ");
    let lines = shown.lines().filter(|line| !how_long(line));
    let lines = lines.filter(|line| !["", " …"].contains(line));
    for line in lines {
        assert!(printed.any(|printed| printed.ends_with(line)), "{line}");
    }
}

#[test]
fn the_table_fits_a_page_and_has_no_colours_where_there_is_no_terminal() {
    let demo = run(&["demo"]);
    assert_eq!(demo.code, 0);
    assert!(!demo.out.contains('\u{1b}'));
    assert!(demo.out.lines().all(|line| line.chars().count() <= 120));
    // In a table an account is named once, and an empty line comes before it.
    let (table, _) = demo.out.split_once(" evaluations in ").unwrap();
    assert_eq!(table.matches("444444444444").count(), 1);
    assert!(demo.out.contains("\n\n 444444444444  "), "{}", demo.out);
    assert!(demo.out.contains("\n workload-legacy  "));
    assert_eq!(demo.err, "");
}

/// What rules.toml allows is done and turns green; everything else says what it waits for.
#[test]
fn the_demo_remediates_what_the_rules_allow() {
    let demo = run(&["demo"]);
    let (_, repaired) = demo.out.split_once(" evaluations in ").unwrap();
    let (plan, later) = repaired.split_once(" TEN MINUTES LATER ").unwrap();
    let step = "* start logging: arn:aws:cloudtrail:us-east-1:888888888881:trail/audit";
    assert!(plan.contains(step), "{plan}");
    let withheld = "* delete the access key: AKIAI44QH8DHBEXAMPLE (withheld: the mode of";
    assert!(plan.contains(withheld), "{plan}");
    for code in ["ENROL_HARDWARE_MFA", "READ_REFUSED", "CONFIRM_SUBSCRIPTION"] {
        assert!(plan.contains(&format!("! {code}: ")), "{code}: {plan}");
        let waits = format!("WAITING_FOR_HUMAN: left to a human: {code}");
        assert!(later.contains(&waits), "{code}: {later}");
    }
    assert!(
        later.contains(" COMPLIANT          TRAIL_LOGGING: trail"),
        "{later}"
    );
    let counts = "1 turned green, 9 wait for a human, 2 could not be judged.";
    assert!(later.contains(counts), "{later}");
}

/// Another rules.toml, another outcome: root keys are deleted where that is allowed.
#[test]
fn the_demo_deletes_root_keys_where_the_rules_allow_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let rules = "[rules.no-root-keys.remediation]\nmode = \"manual\"\n\
                 deleteSigningCertificates = true\n";
    std::fs::write(file.path(), rules).unwrap();
    let demo = run(&["demo", "--rules", file.path().to_str().unwrap()]);
    assert_eq!(demo.code, 0, "{}", demo.err);
    let (_, later) = demo.out.split_once(" TEN MINUTES LATER ").unwrap();
    assert!(
        later.contains(" COMPLIANT          NO_ROOT_KEYS: "),
        "{later}"
    );
}

#[test]
fn a_narrow_table_leaves_room_for_the_reasons() {
    let mut demo = command(&["demo"]);
    let demo = finished(demo.env("COLUMNS", "60").output().unwrap());
    let (table, _) = demo.out.split_once("\n\n28 compliant").unwrap();
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
