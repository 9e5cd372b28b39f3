//! `[[exception]]`: what the organization accepts for a while.

use std::path::PathBuf;
use std::time::SystemTime;

use config_rule::Day;
use serde_json::Value;

use crate::command::{Run, command, finished, folder, run};
use crate::organization::{Served, account};

const KEY: &str = "222222222222";
const DENIED: &str = "333333333333";

fn organization() -> String {
    [
        (
            KEY,
            "[account.root]\naccess_keys = [{ id = 'AKIAIOSFODNN7EXAMPLE' }]\n",
        ),
        (DENIED, "denied_actions = ['iam:GetAccountSummary']\n"),
    ]
    .map(|(id, said)| account(id, said))
    .concat()
}

fn day(days: i64) -> Day {
    Day::after(SystemTime::now().into(), days)
}

/// A file that accepts root keys in these accounts until a day.
fn rules(name: &str, accounts: &[&str], expires: Day) -> PathBuf {
    let exceptions = accounts.iter().map(|account| {
        format!(
            "[[exception]]\naccount = '{account}'\ncontrol = 'no-root-keys'\n\
             reasonCode = 'ROOT_ACCESS_KEY_PRESENT'\nreason = 'ticket 4711'\n\
             owner = 'payments <p@example.com>'\nexpires = {expires}\n"
        )
    });
    let file = folder(name).join("accepted.toml");
    std::fs::write(&file, exceptions.collect::<String>()).unwrap();
    file
}

fn of(account: &str, served: &Served, rules: &PathBuf, arguments: &[&str]) -> Run {
    let mut command = command(&arguments[..1]);
    command
        .args(["--region", "eu-west-1", "--endpoint-url", &served.url])
        .arg("--rules")
        .arg(rules)
        .args(&arguments[1..])
        .current_dir(rules.parent().unwrap())
        .env("AWS_ACCESS_KEY_ID", account)
        .env("AWS_SECRET_ACCESS_KEY", "secret");
    finished(command.output().unwrap())
}

#[test]
fn an_exception_holds_for_one_violation_in_one_account_until_its_day() {
    let served = Served::start("exceptions", &organization());
    let last = day(0);
    let held = rules("exceptions-held", &[KEY, DENIED], last);
    let json = of(KEY, &served, &held, &["check", "--format", "json"]);
    assert_eq!(json.code, 0, "{}", json.err);
    let row = json.row(KEY, "no-root-keys");
    assert_eq!(row["compliance"], "NOT_APPLICABLE");
    assert_eq!(row["reasonCode"], "EXCEPTED");
    let annotation = row["annotation"].as_str().unwrap();
    let begins =
        format!("EXCEPTED: ROOT_ACCESS_KEY_PRESENT until {last} by payments <p@example.com>: ");
    assert!(annotation.starts_with(&begins), "{annotation}");
    // Security Hub knows nothing of it.
    assert_eq!(row["native"]["status"], "FAILED");
    let shown = &json.json()["rules"]["exceptions"][0];
    assert_eq!(shown["reason"], "ticket 4711");
    assert_eq!(shown["expired"], false);
    let table = of(KEY, &served, &held, &["check"]);
    assert!(
        table.out.contains("\n2 exceptions hold.\n"),
        "{}",
        table.out
    );
    // What could not be told is not hidden.
    let denied = of(DENIED, &served, &held, &["check", "--format", "json"]);
    assert_eq!(denied.code, 2, "{}", denied.err);
    let row = denied.row(DENIED, "no-root-keys");
    assert_eq!(row["reasonCode"], "UNVERIFIABLE_ACCESS_DENIED");

    let plan = of(KEY, &served, &held, &["plan", "--rule", "no-root-keys"]);
    assert_eq!(plan.code, 1, "{}", plan.err);
    let refused = format!("REFUSED: excepted: ROOT_ACCESS_KEY_PRESENT until {last} by payments");
    assert!(plan.out.contains(&refused), "{}", plan.out);
}

#[test]
fn an_expired_exception_is_void_and_named() {
    let served = Served::start("exceptions-expired", &organization());
    let yesterday = day(-1);
    let void = rules("exceptions-void", &[KEY], yesterday);
    let table = of(KEY, &served, &void, &["check"]);
    assert_eq!(table.code, 1, "{}", table.err);
    let told = format!(
        "An exception expired on {yesterday} and is void: no-root-keys ROOT_ACCESS_KEY_PRESENT \
         in {KEY}, owner payments <p@example.com>.\n"
    );
    assert!(table.out.contains(&told), "{}", table.out);
    let page = of(KEY, &served, &void, &["check", "--format", "html"]);
    assert_eq!(page.code, 1, "{}", page.err);
    assert!(page.out.starts_with("<!doctype html>"), "{}", page.out);
    let (_, rest) = page.out.split_once(r#"id="data">"#).unwrap();
    let data: Value = serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap();
    assert_eq!(data["exceptions"][0]["expired"], true);
    assert_eq!(data["results"].as_array().unwrap().len(), 4);
}

/// The functions of the demo are told as those of an organization are.
#[test]
fn functions_know_the_exceptions_of_their_rule() {
    let held = rules("exceptions-demo", &["444444444444"], day(30));
    let demo = run(&[
        "demo",
        "--format",
        "json",
        "--rules",
        held.to_str().unwrap(),
    ]);
    assert_eq!(demo.code, 0, "{}", demo.err);
    let row = demo.row("444444444444", "no-root-keys");
    assert_eq!(row["compliance"], "NOT_APPLICABLE");
    let annotation = row["annotation"].as_str().unwrap();
    assert!(annotation.starts_with("EXCEPTED: "), "{annotation}");
    let other = demo.row("555555555555", "no-root-keys");
    assert_eq!(other["compliance"], "NON_COMPLIANT");
}
