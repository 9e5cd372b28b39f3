//! What boto3 sets up, `rootguard check` judges.

use std::time::Duration;

use sandbox::{Organization, Sandbox, Server};
use tokio::process::Command;

use crate::command::{Run, command, finished, folder};
use crate::python::{isolated, python};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");
const ACCOUNT: &str = "111122223333";

/// The role that the trail writes to its log group with is not the subject.
const ORGANIZATION: &str = r#"
[[account]]
id = "111122223333"
name = "account"
[[account.role]]
name = "trail-to-logs"
trust = { Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "cloudtrail.amazonaws.com" }, Action = "sts:AssumeRole" }] }
"#;

/// After this time a trail that was started has delivered.
const FIRST_DELIVERY: Duration = Duration::from_mins(6);

/// What is done next: in Python, or waiting.
enum Step {
    Do(&'static str),
    Wait,
}
use Step::{Do, Wait};

#[tokio::test]
async fn what_boto3_sets_up_and_breaks_is_judged_for_the_right_reason() {
    let Some(python) = python().await else { return };
    let sandbox = Sandbox::new(ORGANIZATION.parse::<Organization>().unwrap()).unwrap();
    let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let good = ["TRAIL_LOGGING: ", "ROOT_USAGE_ALARMED: "];
    for (steps, reasons) in [
        (vec![], ["NO_TRAIL: ", "NO_QUALIFYING_TRAIL: "]),
        (
            vec![Do("set-up")],
            [
                "NO_DELIVERY_YET: ",
                "LOG_DELIVERY_FAILING: no event has arrived yet",
            ],
        ),
        (vec![Wait], [good[0], "NO_CONFIRMED_SUBSCRIPTION: "]),
        (vec![Do("confirm")], good),
        (
            vec![Do("disable-actions")],
            [good[0], "ALARM_ACTIONS_DISABLED: "],
        ),
        (vec![Do("enable-actions")], good),
        (
            vec![Do("only-sign-ins")],
            [
                good[0],
                "FILTER_MISSES_ROOT_USE: filter root-use misses API calls",
            ],
        ),
        (vec![Do("all-root-use")], good),
        (
            vec![Do("alarm-at-a-thousand")],
            [good[0], "ALARM_CANNOT_FIRE: "],
        ),
        (vec![Do("alarm-at-one")], good),
        (
            vec![Do("stop-logging")],
            ["TRAIL_NOT_LOGGING: ", "NO_QUALIFYING_TRAIL: "],
        ),
        (vec![Do("start-logging"), Wait], good),
        (
            vec![Do("unsubscribe")],
            [good[0], "NO_CONFIRMED_SUBSCRIPTION: "],
        ),
    ] {
        for step in steps {
            match step {
                Do(step) => take(&python, &server, step).await,
                Wait => sandbox.advance_clock(FIRST_DELIVERY),
            }
        }
        let run = check(&server).await;
        assert_eq!(
            run.code,
            i32::from(reasons != good),
            "{}{}",
            run.out,
            run.err
        );
        for (control, reason) in ["trail-logging", "root-usage-alarm"]
            .into_iter()
            .zip(reasons)
        {
            let row = run.row(ACCOUNT, control);
            assert!(
                row["annotation"].as_str().unwrap().starts_with(reason),
                "{reason}{row}"
            );
        }
    }
}

/// A step of `clients/root_alarm.py`.
async fn take(python: &str, server: &Server, step: &str) {
    let mut script = isolated(python, SCRIPTS);
    script.args(["root_alarm.py", &server.endpoint_url(), step]);
    let output = script.output().await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{step}: {errors}");
}

async fn check(server: &Server) -> Run {
    let url = server.endpoint_url();
    let arguments = ["check", "--region", "us-east-1", "--endpoint-url", &url];
    let mut command = Command::from(command(&arguments));
    command
        .args(["--format", "json"])
        .current_dir(folder("boto3"))
        .env("AWS_ACCESS_KEY_ID", ACCOUNT)
        .env("AWS_SECRET_ACCESS_KEY", "secret");
    finished(command.output().await.unwrap())
}
