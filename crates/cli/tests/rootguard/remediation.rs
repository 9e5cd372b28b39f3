//! `rootguard plan`, `remediate` and `undo`.

use std::path::Path;

use crate::command::{Run, command, finished, folder};
use crate::organization::Served;

const ORGANIZATION: &str = r#"
[[account]]
id = "111111111111"
name = "stopped"

[[account.trail]]
region = "eu-west-1"
Name = "main"
S3BucketName = "trails"
IsMultiRegionTrail = true
IsLogging = false
LatestDeliveryTime = "2026-11-21T00:00:00Z"
"#;

fn run(url: &str, folder: &Path, arguments: &[&str]) -> Run {
    let rules = folder.join("wanted.toml");
    std::fs::write(
        &rules,
        "rules.trail-logging.remediation.mode = \"manual\"\n",
    )
    .unwrap();
    let mut command = command(&arguments[..1]);
    command
        .current_dir(folder)
        .args(["--region", "eu-west-1", "--endpoint-url", url])
        .args(&arguments[1..])
        .env("AWS_ACCESS_KEY_ID", "111111111111")
        .env("AWS_SECRET_ACCESS_KEY", "secret");
    if arguments[0] != "undo" {
        command
            .args(["--rule", "trail-logging", "--rules"])
            .arg(rules);
    }
    finished(command.output().unwrap())
}

#[test]
fn a_trail_is_planned_remediated_and_left_again_as_it_was() {
    let served = Served::start("remediation", ORGANIZATION);
    let folder = folder("remediation");
    let url = served.url.as_str();
    let planned = |run: &Run| run.out.contains("* start logging (arn:aws:cloudtrail:");
    let plan = run(url, &folder, &["plan"]);
    assert_eq!(plan.code, 1, "{}", plan.out);
    assert!(planned(&plan), "{}", plan.out);
    assert!(plan.out.contains("- {\"IsLogging\":false}"));
    assert!(plan.out.contains("+ {\"IsLogging\":true}"));
    // A dry run and a person who does not say yes change nothing.
    let dry = run(url, &folder, &["remediate", "--dry-run"]);
    assert_eq!(dry.code, 1, "{}", dry.err);
    let silent = run(url, &folder, &["remediate"]);
    assert_eq!(silent.code, 2, "{}", silent.err);
    assert!(silent.err.contains("nothing was changed"), "{}", silent.err);
    assert!(planned(&run(url, &folder, &["plan"])));

    let repaired = run(
        url,
        &folder,
        &["remediate", "--yes", "--record", "record.json"],
    );
    assert!(repaired.out.contains("[applied]"), "{}", repaired.err);
    assert!(!planned(&run(url, &folder, &["plan"])));
    // A record is not written over.
    let undone = run(url, &folder, &["undo", "record.json"]);
    assert_eq!(undone.code, 0, "{}", undone.err);
    assert!(undone.out.contains("taken back"), "{}", undone.err);
    assert!(planned(&run(url, &folder, &["plan"])));
    let again = run(
        url,
        &folder,
        &["remediate", "--yes", "--record", "record.json"],
    );
    assert!(again.err.contains("must be a new file"), "{}", again.err);
    assert!(planned(&run(url, &folder, &["plan"])));
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
