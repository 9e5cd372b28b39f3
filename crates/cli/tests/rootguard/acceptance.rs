//! `rootguard acceptance`: a receipt of what AWS answered.

use std::path::Path;

use serde_json::Value;

use crate::command::{Run, command, finished, folder};
use crate::organization::{Served, account};

/// A role that the account may assume, and that may do everything.
const ROLE: &str = r#"
[[account.role]]
name = "denied"
trust = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}}}'
policies = ['{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}']
"#;

fn accept(served: &Served, receipt: &Path, more: &[&str]) -> Run {
    let mut command = command(&["acceptance", "--region", "us-east-1", "--endpoint-url"]);
    command
        .arg(&served.url)
        .arg("--receipt")
        .arg(receipt)
        .args(more)
        .current_dir(receipt.parent().unwrap())
        .env("AWS_ACCESS_KEY_ID", "111122223333")
        .env("AWS_SECRET_ACCESS_KEY", "secret");
    finished(command.output().unwrap())
}

fn read(receipt: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(receipt).unwrap()).unwrap()
}

fn belief<'a>(receipt: &'a Value, id: &str) -> &'a Value {
    let mut beliefs = receipt["beliefs"].as_array().unwrap().iter();
    beliefs.find(|belief| belief["id"] == id).unwrap()
}

#[test]
fn a_receipt_says_of_each_belief_what_came_of_it() {
    let served = Served::start("accepted", &account("111122223333", ROLE));
    let file = folder("acceptance").join("receipt.json");
    let all = accept(&served, &file, &["--denied-role", "denied"]);
    assert_eq!(all.code, 0, "{}{}", all.out, all.err);
    let receipt = read(&file);
    assert_eq!(receipt["account"], "111122223333");
    assert!(receipt["askedAt"].as_str().unwrap().starts_with("20"));
    assert_eq!(belief(&receipt, "config-token")["outcome"], "CONFIRMED");
    assert_eq!(belief(&receipt, "config-token")["questions"], 1);
    let not_asked = belief(&receipt, "sns-message-size");
    assert_eq!(not_asked["outcome"], "NOT_ASKED");
    assert_eq!(not_asked["reason"], "it changes the account");
    assert!(all.out.contains("CONFIRMED  config-token (documented): "));
    assert!(all.out.contains("confirmed, 0 refuted, "));

    let again = accept(&served, &file, &[]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("must be a new file"), "{}", again.err);

    // Without a role, one question is left.
    let less = accept(&served, &file.with_extension("2"), &[]);
    assert_eq!(less.code, 2, "{}{}", less.out, less.err);
    assert!(less.out.contains("it takes a role: --denied-role"));
}

#[test]
fn a_refuted_belief_is_told_with_the_question() {
    let said = "denied_actions = ['logs:TestMetricFilter']\n\
                omitted_summary_keys = ['AccountPasswordPresent']\n";
    let served = Served::start("refuted", &account("111122223333", said));
    let file = folder("acceptance-refuted").join("receipt.json");
    let refuted = accept(&served, &file, &[]);
    assert_eq!(refuted.code, 1, "{}{}", refuted.out, refuted.err);
    let receipt = read(&file);
    let keys = belief(&receipt, "iam-summary-keys");
    assert_eq!(keys["outcome"], "REFUTED");
    assert_eq!(keys["differences"][0], "there is no AccountPasswordPresent");
    let denied = belief(&receipt, "logs-pattern-measured");
    assert_eq!(denied["outcome"], "NOT_ASKED");
    let reason = denied["reason"].as_str().unwrap();
    assert!(
        reason.contains("logs:TestMetricFilter is denied"),
        "{reason}"
    );
}
