//! `rootguard check`: the account of the current credentials.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::command::{Run, command, finished, folder, run};
use crate::organization::{Served, account};

/// Accounts that differ in their root user only.
fn organization() -> String {
    [
        ("111111111111", ""),
        (
            "222222222222",
            "[account.root]\naccess_keys = [{ id = 'AKIAIOSFODNN7EXAMPLE' }]\n",
        ),
        (
            "333333333333",
            "denied_actions = ['iam:GetAccountSummary']\n",
        ),
        (
            "444444444444",
            "throttled_actions = ['iam:GetAccountSummary']\n",
        ),
    ]
    .map(|(id, said)| account(id, said))
    .concat()
}

pub(crate) fn check(account: &str, url: &str) -> Run {
    let arguments = ["check", "--region", "eu-west-1", "--endpoint-url", url];
    let mut command = command(&arguments);
    command
        .args(["--format", "json"])
        .current_dir(folder(&format!("check-{account}")))
        .env("AWS_ACCESS_KEY_ID", account)
        .env("AWS_SECRET_ACCESS_KEY", "secret");
    finished(command.output().unwrap())
}

#[test]
fn the_exit_code_says_whether_the_account_is_compliant() {
    let served = Served::start("check", &organization());
    for (account, code, compliance) in [
        ("111111111111", 0, Some("COMPLIANT")),
        ("222222222222", 1, Some("NON_COMPLIANT")),
        ("333333333333", 2, Some("UNVERIFIABLE")),
        ("444444444444", 2, None),
    ] {
        let run = check(account, &served.url);
        assert_eq!(run.code, code, "{account}: {}", run.err);
        let row = run.row(account, "no-root-keys");
        match compliance {
            Some(compliance) => assert_eq!(row["compliance"], compliance),
            None => assert!(row["error"].as_str().unwrap().contains("throttling")),
        }
        for (control, reason) in [
            ("trail-logging", "TRAIL_LOGGING: "),
            ("root-usage-alarm", "ROOT_USAGE_ALARMED: "),
        ] {
            let row = run.row(account, control);
            assert_eq!(row["compliance"], "COMPLIANT", "{row}");
            assert!(row["annotation"].as_str().unwrap().starts_with(reason));
        }
    }
}

#[test]
fn credentials_that_nobody_knows_are_an_error_that_says_what_to_do() {
    let served = Served::start("unknown", &organization());
    let unknown = check("AKIANOBODYKNOWSTHIS0", &served.url);
    assert_eq!(unknown.code, 2);
    assert_eq!(unknown.out, "");
    assert!(
        unknown.err.contains("InvalidClientTokenId"),
        "{}",
        unknown.err
    );
    assert!(unknown.err.contains("aws sso login"), "{}", unknown.err);
}

#[test]
fn what_is_missing_is_named() {
    let region = run(&["check"]);
    assert_eq!(region.code, 2);
    assert!(region.err.contains("--region"), "{}", region.err);

    let credentials = run(&[
        "check",
        "--region",
        "eu-west-1",
        "--endpoint-url",
        "http://127.0.0.1:9",
    ]);
    assert_eq!(credentials.code, 2);
    assert!(
        credentials.err.contains("credentials"),
        "{}",
        credentials.err
    );

    for region in ["", "eu west", "EU-WEST-1"] {
        let no_region = run(&["check", "--region", region]);
        assert_eq!(no_region.code, 2);
        let told = format!("{region:?} is no Region: it has a name such as us-east-1");
        assert!(no_region.err.contains(&told), "{}", no_region.err);
    }

    for url in ["localhost", "http://", "http://local host"] {
        let no_url = run(&["check", "--endpoint-url", url]);
        assert_eq!(no_url.code, 2);
        assert!(no_url.err.contains("https://"), "{}", no_url.err);
    }

    let profile = run(&["check", "--region", "eu-west-1", "--profile", "absent"]);
    assert_eq!(profile.code, 2);
    assert!(profile.err.contains("absent"), "{}", profile.err);
}

#[test]
fn an_endpoint_that_does_not_answer_is_named_soon() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = listener.local_addr().unwrap().to_string();
    for address in ["127.0.0.1:9", &silent] {
        let url = format!("http://{address}");
        let began = Instant::now();
        let run = check("111111111111", &url);
        assert!(began.elapsed() < Duration::from_secs(40), "{address}");
        assert_eq!((run.code, run.out.as_str()), (2, ""));
        let told = format!("Does anything answer at {url}?");
        assert!(run.err.contains(&told), "{}", run.err);
    }
}

#[test]
fn a_region_that_nobody_knows_is_named() {
    let served = Served::start("unknown-region", &organization());
    let mut command = command(&["check", "--region", "mars-north-1", "--endpoint-url"]);
    command
        .arg(&served.url)
        .env("AWS_ACCESS_KEY_ID", "111111111111")
        .env("AWS_SECRET_ACCESS_KEY", "secret");
    let run = finished(command.output().unwrap());
    assert_eq!(run.code, 2);
    let told = "is the Region mars-north-1 switched on?";
    assert!(run.err.contains(told), "{}", run.err);
}
