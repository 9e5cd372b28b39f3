//! `rootguard watch` as people run it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test"
)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
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
    assert!(
        err.contains("Could not be read: line 2 of standard input."),
        "{err}"
    );
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

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// The records of the collection that CloudTrail wrote.
fn records() -> Vec<Value> {
    let rows = std::fs::read_to_string(RECORDS).unwrap();
    let rows = rows
        .lines()
        .map(|row| serde_json::from_str::<Value>(row).unwrap());
    let records = rows.map(|row| row["event"].clone());
    records
        .filter(|record| record["eventTime"].is_string())
        .collect()
}

/// Whatever records are wrapped in, and however that is written down, the same is told.
#[test]
fn every_form_of_the_same_records_is_told_alike() {
    let records = records();
    let each = |wrap: fn(&Value) -> Value| -> Vec<Value> { records.iter().map(wrap).collect() };
    let lines_of = |values: &[Value]| -> String {
        let lines: Vec<_> = values.iter().map(Value::to_string).collect();
        lines.join("\n")
    };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let expected = {
        std::fs::write(path("records.jsonl"), lines_of(&records)).unwrap();
        lines(
            &watch(&[path("records.jsonl").to_str().unwrap()])
                .output()
                .unwrap(),
        )
    };
    assert!(expected.len() > 7, "{expected:#?}");
    let log_file = json!({"Records": records}).to_string();
    let looked_up = json!({"Events": each(|record| json!({
        "EventId": record["eventID"], "Username": "root", "CloudTrailEvent": record.to_string(),
    }))});
    let logged = each(|record| json!({"timestamp": 1, "message": record.to_string()}));
    let received = each(|record| json!({"MessageId": "1", "Body": record.to_string()}));
    let notified = each(|record| json!({"Type": "Notification", "Message": record.to_string()}));
    let events = each(|record| {
        json!({
            "source": "aws.cloudtrail", "detail-type": "AWS API Call via CloudTrail",
            "account": record.get("recipientAccountId").or(record.pointer("/userIdentity/accountId")),
            "detail": record,
        })
    });
    let exported: Vec<_> = records
        .iter()
        .map(|record| format!("2026-01-01T00:00:00.000Z {record}"))
        .collect();
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("list.json", json!(records).to_string().into()),
        (
            "pretty.json",
            serde_json::to_vec_pretty(&json!(records)).unwrap(),
        ),
        ("log-file.json", log_file.clone().into()),
        ("log-file.json.gz", gzip(&log_file)),
        (
            "lookup-events.json",
            serde_json::to_vec_pretty(&looked_up).unwrap(),
        ),
        (
            "filter-log-events.json",
            serde_json::to_vec_pretty(&json!({"events": logged, "searchedLogStreams": []}))
                .unwrap(),
        ),
        (
            "subscription.json",
            json!({"messageType": "DATA_MESSAGE", "logEvents": logged})
                .to_string()
                .into(),
        ),
        (
            "received.json",
            json!({"Messages": received}).to_string().into(),
        ),
        ("notified.jsonl", lines_of(&notified).into()),
        ("events.jsonl", lines_of(&events).into()),
        ("exported.gz", gzip(&exported.join("\n"))),
    ];
    for (name, bytes) in forms {
        std::fs::write(path(name), bytes).unwrap();
        let output = watch(&[path(name).to_str().unwrap()]).output().unwrap();
        assert_eq!(lines(&output), expected, "{name}");
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(
            err.starts_with(&format!("Read {} records (", records.len())),
            "{name}: {err}"
        );
    }
    // A folder as CloudTrail lays it out, a file for each half.
    let day = path("AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/01");
    std::fs::create_dir_all(&day).unwrap();
    let (first, second) = records.split_at(records.len() / 2);
    for (name, records) in [("1.json.gz", first), ("2.json.gz", second)] {
        std::fs::write(
            day.join(name),
            gzip(&json!({"Records": records}).to_string()),
        )
        .unwrap();
    }
    let told = watch(&[path("AWSLogs").to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(lines(&told), expected);
}

#[test]
fn only_records_of_a_time_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("records.json");
    std::fs::write(&file, json!(records()).to_string()).unwrap();
    let count = |arguments: &[&str]| {
        let output = watch(&[&[file.to_str().unwrap()], arguments].concat())
            .output()
            .unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        let read = err
            .strip_prefix("Read ")
            .and_then(|rest| rest.split(' ').next());
        read.unwrap_or_else(|| panic!("{err}"))
            .parse::<usize>()
            .unwrap()
    };
    let split = "2024-01-01";
    let (before, after) = (count(&["--until", split]), count(&["--since", split]));
    assert!(before > 0 && after > 0);
    assert_eq!(before + after, records().len());
    let wrong = watch(&["--since", "yesterday"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
}

/// What could not be read is counted and named once; nothing readable is a failure.
#[test]
fn what_cannot_be_read_is_named_and_nothing_readable_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("records");
    let path = file.to_str().unwrap();
    for (text, code, says) in [
        (
            "no record\n",
            Some(2),
            "there was nothing that could be read",
        ),
        ("", Some(2), "there was nothing that could be read"),
        ("{\"Records\": []}", Some(0), "Read 0 records."),
        (
            "{\"a\": 1}",
            Some(0),
            "Could not be read: a document without a record in",
        ),
        (
            "{\"eventName\": \"x\"}\noops\n",
            Some(0),
            "Could not be read: line 2 of",
        ),
        (
            "{\"Records\": [{\"eventName\": \"x\"}, {\"event",
            Some(0),
            "Could not be read: line 1 of",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let output = watch(&[path]).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), code, "{text}: {err}");
        assert!(err.contains(says), "{text}: {err}");
    }
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
