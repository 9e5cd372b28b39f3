//! `rootguard report`: one file, in a real browser where there is one.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sandbox::{AccessKey, Account, Organization, Sandbox};
use serde_json::Value;

use crate::command::{Run, command, finished, folder};
use crate::organization::account;

const MANAGEMENT: &str = "111111111111";
const REGION: &str = "us-east-1";

async fn report(url: &str, output: &Path, arguments: &[&str]) -> Run {
    let mut command = command(&["report", "--region", REGION, "--endpoint-url", url, "-o"]);
    command
        .arg(output)
        .args(arguments)
        .current_dir(output.parent().unwrap())
        .env("AWS_ACCESS_KEY_ID", MANAGEMENT)
        .env("AWS_SECRET_ACCESS_KEY", "secret");
    finished(
        tokio::process::Command::from(command)
            .output()
            .await
            .unwrap(),
    )
}

fn data(page: &str) -> Value {
    let begin = r#"<script type="application/json" id="data">"#;
    let (_, rest) = page.split_once(begin).unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[tokio::test]
async fn it_is_one_file_that_says_what_check_says_and_what_has_changed() {
    let sandbox = Sandbox::new(account(MANAGEMENT, "").parse::<Organization>().unwrap()).unwrap();
    let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let url = server.endpoint_url();
    let folder = folder("report");
    let [first, second] = ["first.html", "second.html"].map(|name| folder.join(name));
    let run = report(&url, &first, &["--organization"]).await;
    assert_eq!(run.code, 0, "{}", run.err);
    let page = std::fs::read_to_string(&first).unwrap();
    let before = data(&page);
    assert_eq!(before["results"].as_array().unwrap().len(), 4);
    assert_eq!(before["changes"], Value::Null);
    // Nothing is loaded from anywhere.
    for loading in ["src=", "<link", "@import", "url("] {
        assert!(!page.contains(loading), "{loading}");
    }
    let mode = std::fs::metadata(&first).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    sandbox
        .change_account(MANAGEMENT, |account| {
            account.name = "</script><b>&".to_owned();
            account.root.access_keys = vec![AccessKey::new("AKIAIOSFODNN7EXAMPLE")];
        })
        .unwrap();
    let first = first.to_str().unwrap();
    let run = report(&url, &second, &["--organization", "--previous", first]).await;
    assert_eq!(run.code, 0, "{}", run.err);
    let after = data(&std::fs::read_to_string(&second).unwrap());
    let changes = after["changes"].as_array().unwrap();
    let told = "111111111111: no-root-keys was COMPLIANT, is NON_COMPLIANT";
    assert_eq!(changes, &[told]);
    assert_eq!(after["results"][0]["accountName"], "</script><b>&");
    assert_eq!(
        after["results"][0]["evidence"]["accountAccessKeysPresent"],
        1
    );

    let run = report(&url, &second, &["--previous", file!()]).await;
    assert_eq!(run.code, 2);
}

/// Returns what the page is in a browser after its scripts have run.
async fn dom(chromium: &str, page: &Path, fragment: &str) -> String {
    let profile = page.with_extension("profile");
    let output = tokio::process::Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}#{fragment}", page.display()))
        .output()
        .await
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// A thousand accounts, every tenth of which has a root key.
fn thousand() -> Organization {
    let mut text = String::new();
    for number in 0..1_000_u64 {
        let id = (111_111_111_111 + number).to_string();
        let mut of_account =
            account(&id, "").replace("name = 'account'", &format!("name = 'workload-{number}'"));
        write!(
            of_account,
            "[[account.role]]\nname = 'OrganizationAccountAccessRole'\n\
             trust = {{ Version = '2012-10-17', Statement = {{ Effect = 'Allow', Principal = {{ AWS = '{MANAGEMENT}' }}, Action = 'sts:AssumeRole' }} }}\n\
             policies = [{{ Version = '2012-10-17', Statement = {{ Effect = 'Allow', Action = '*', Resource = '*' }} }}]\n"
        )
        .unwrap();
        text += &of_account;
    }
    let mut organization: Organization = text.parse().unwrap();
    let tenth = organization.accounts.iter_mut().step_by(10);
    tenth.for_each(|account: &mut Account| {
        account.root.access_keys = vec![AccessKey::new(format!("AKIA{}", account.id))];
    });
    organization
}

#[tokio::test]
async fn a_browser_shows_a_thousand_accounts_and_filters_them() {
    let chromium = std::env::var("ROOTGUARD_CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
    let version = tokio::process::Command::new(&chromium)
        .arg("--version")
        .output()
        .await;
    if version.is_err() {
        assert!(std::env::var_os("CI").is_none(), "there is no {chromium}");
        return;
    }
    let sandbox = Sandbox::new(thousand()).unwrap();
    let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let page = folder("report-browser").join("report.html");
    let run = report(&server.endpoint_url(), &page, &["--organization"]).await;
    assert_eq!(run.code, 0, "{}", run.err);
    let bytes = std::fs::metadata(&page).unwrap().len();
    assert!(bytes < 3 * 1024 * 1024, "{bytes} bytes");

    for (fragment, count, named) in [
        ("", "100 of 4000 results", "workload-10"),
        ("state=", "4000 of 4000 results", "workload-1"),
        ("text=workload-990", "1 of 4000 results", "workload-990"),
        (
            "text=CIS+AWS+Foundations+Benchmark+v1.4.0%2F1.4",
            "100 of 4000 results",
            "workload-0",
        ),
        ("control=trail-logging", "0 of 4000 results", "workload-0"),
        (
            "state=COMPLIANT&control=no-root-keys",
            "900 of 4000 results",
            "workload-1",
        ),
    ] {
        let dom = dom(&chromium, &page, fragment).await;
        assert!(dom.contains(count), "{fragment}: not {count}");
        assert!(dom.contains(named), "{fragment}: not {named}");
        let (_, ready) = dom.split_once(r#"data-ready=""#).unwrap();
        let millis: u32 = ready.split_once('"').unwrap().0.parse().unwrap();
        assert!(millis < 1000, "{fragment}: ready after {millis} ms");
    }
}
