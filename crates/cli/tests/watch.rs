//! `rootguard watch` as people run it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test")]

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};

use sandbox::{Account, Organization, Resource, Sandbox};
use serde_json::{Value, json};

const RECORDS: &str = "../filter-pattern/tests/data/cloudtrail-events.jsonl";

fn watch(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootguard"));
    command.arg("watch").args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command
}

fn lines(output: &Output) -> Vec<String> {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_file_of_records_is_told_in_the_order_in_which_it_happened() {
    let lines = lines(&watch(&[RECORDS]).output().unwrap());
    let mut sorted = lines.clone();
    sorted.sort_by_key(|line| line.chars().take(20).collect::<String>());
    assert_eq!(lines, sorted);
    // The reset, and seven more events of its burst.
    let recovery = "CRITICAL  ROOT password RESET by e-mail +7 - 111122223333 from 203.0.113.10";
    assert!(
        lines.iter().any(|line| line.ends_with(recovery)),
        "{lines:#?}"
    );
    assert!(
        !lines
            .iter()
            .any(|line| line.contains("support.amazonaws.com"))
    );
}

#[test]
fn standard_input_is_told_line_by_line_also_as_json() {
    let file = std::fs::read_to_string(RECORDS).unwrap();
    let mut child = watch(&["--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    // The answer comes before the input has ended.
    let first = file.lines().next().unwrap();
    writeln!(input, "{first}").unwrap();
    let told: Value = serde_json::from_str(&output.next().unwrap().unwrap()).unwrap();
    assert_eq!(told.pointer("/kind"), Some(&json!("sign-in")));
    writeln!(input, "no record").unwrap();
    drop(input);
    assert!(output.next().is_none());
    let ended = child.wait_with_output().unwrap();
    let err = String::from_utf8(ended.stderr).unwrap();
    assert!(err.contains("not readable: the body is not JSON"), "{err}");
}

#[test]
fn a_file_that_cloudtrail_delivered_is_read_and_one_that_is_not_there_is_named() {
    let records: Vec<Value> = std::fs::read_to_string(RECORDS)
        .unwrap()
        .lines()
        .take(3)
        .map(|row| {
            serde_json::from_str::<Value>(row)
                .unwrap()
                .pointer("/event")
                .cloned()
                .unwrap()
        })
        .collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), json!({"Records": records}).to_string()).unwrap();
    let path = file.path().to_str().unwrap();
    // The sign-ins are of one principal from one address, and so one line.
    assert_eq!(lines(&watch(&[path]).output().unwrap()).len(), 2);

    let missing = watch(&["absent.json"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("absent.json"));
}

/// What the topic delivers to a queue is shown, and then deleted from it.
#[tokio::test]
async fn a_queue_is_followed() {
    let account = "111122223333";
    let mut audit = Account::new(account, "audit");
    let region = "eu-west-1";
    audit
        .queues
        .push(Resource::new(region, json!({"QueueName": "watch"})));
    audit
        .topics
        .push(Resource::new(region, json!({"Name": "root-activity"})));
    let (topic, queue) = (
        format!("arn:aws:sns:{region}:{account}:root-activity"),
        format!("arn:aws:sqs:{region}:{account}:watch"),
    );
    audit.subscriptions.push(Resource::new(
        region,
        json!({"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue}),
    ));
    let sandbox = Sandbox::new(Organization::with_accounts([audit])).unwrap();
    let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let sns = aws_sdk_sns::Client::new(&sandbox.sdk_config(account, region));
    let facts = json!({"severity": "CRITICAL", "subject": "ROOT used", "firstTime": "2026-01-01T00:00:00Z"});
    let words = json!({"default": "words", "sqs": facts.to_string()});
    let publish = sns.publish().topic_arn(&topic).message_structure("json");
    publish.message(words.to_string()).send().await.unwrap();

    let url = format!("https://sqs.{region}.amazonaws.com/{account}/watch");
    let mut child = watch(&["--queue-url", &url, "--region", region, "--endpoint-url"])
        .arg(server.endpoint_url())
        .env("AWS_ACCESS_KEY_ID", account)
        .env("AWS_SECRET_ACCESS_KEY", "any")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = tokio::task::spawn_blocking(move || output.next())
        .await
        .unwrap();
    assert_eq!(
        line.unwrap().unwrap(),
        "2026-01-01T00:00:00Z  CRITICAL  ROOT used"
    );
    for _ in 0..100 {
        if sandbox.queued(&queue).is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(sandbox.queued(&queue).is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
}
