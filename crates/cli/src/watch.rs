//! `rootguard watch`: root activity on a terminal.

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use aws_sdk_sqs::types::Message as Received;
use clap::Args;
use config_rule::Timestamp;
use root_activity::{Memory, Message, Notice, Watched, triage};
use serde_json::{Value, json};

use crate::aws::AwsArgs;
use crate::exit::Outcome;

/// The longest that SQS waits for a message, in seconds.
const LONGEST_WAIT: i32 = 20;

/// Follow root activity on the terminal
///
/// Reads CloudTrail records from a file, or line by line from standard input: records
/// as they are, events of EventBridge, or files that CloudTrail delivered. Or follows a
/// queue that is subscribed to the topic of root-activity; what was shown is deleted from
/// that queue, so it must be one of its own.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// File with records; standard input without it, and for `-`
    #[arg(value_name = "FILE", conflicts_with = "queue_url")]
    file: Option<PathBuf>,
    /// URL of a queue that is subscribed to the topic of root-activity
    #[arg(long, value_name = "URL")]
    queue_url: Option<String>,
    /// Print a JSON object for each message
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    aws: AwsArgs,
}

impl Watch {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        if let Some(url) = self.queue_url {
            return follow(self.aws, &url, self.json).await;
        }
        match self.file.filter(|file| file.as_os_str() != "-") {
            Some(file) => {
                let path = file.display();
                let mut text = String::new();
                File::open(&file)
                    .and_then(|mut file| file.read_to_string(&mut text))
                    .with_context(|| format!("reading {path}"))?;
                // All at once: sessions are known however they are ordered.
                tell(&events(&text), &mut Memory::default(), self.json)?;
            }
            None => watch_lines(std::io::stdin().lock(), self.json)?,
        }
        Ok(Outcome::Done)
    }
}

/// Tells of every line as it comes.
fn watch_lines(lines: impl BufRead, json: bool) -> anyhow::Result<()> {
    if std::io::stdin().is_terminal() {
        let mut err = std::io::stderr();
        writeln!(
            err,
            "Reading records from standard input, one on each line."
        )?;
    }
    let mut memory = Memory::default();
    for line in BufReader::new(lines).lines() {
        tell(&events(&line?), &mut memory, json)?;
    }
    Ok(())
}

/// The events in a text: one document, or one on each line.
fn events(text: &str) -> Vec<String> {
    match serde_json::from_str::<Value>(text) {
        Ok(document) => events_in(document),
        Err(_) => text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .flat_map(|line| match serde_json::from_str(line) {
                Ok(document) => events_in(document),
                // Told as unreadable.
                Err(_) => vec![line.to_owned()],
            })
            .collect(),
    }
}

/// The events in a document. A record that somebody has in a file is believed: it is put
/// into the event in which AWS would have sent it.
fn events_in(mut document: Value) -> Vec<String> {
    if let Some(Value::Array(records)) = document.get_mut("Records").map(Value::take) {
        return records.into_iter().flat_map(events_in).collect();
    }
    if let Some(event) = document.get_mut("event").filter(|event| event.is_object()) {
        return events_in(event.take());
    }
    if document.get("detail").is_some() || document.get("eventName").is_none() {
        return vec![document.to_string()];
    }
    let account = document.get("recipientAccountId").cloned();
    let account = account.or_else(|| document.pointer("/userIdentity/accountId").cloned());
    if let Some(record) = document.as_object_mut() {
        record.insert("recipientAccountId".to_owned(), account.clone().into());
    }
    let event = json!({
        "source": "aws.cloudtrail",
        "detail-type": "AWS API Call via CloudTrail",
        "account": account,
        "detail": document,
    });
    vec![event.to_string()]
}

/// Prints what people would be told of these events.
fn tell(events: &[String], memory: &mut Memory, json: bool) -> anyhow::Result<()> {
    let messages: Vec<Message> = events
        .iter()
        .enumerate()
        .map(|(number, body)| Message {
            id: number.to_string(),
            receipt_handle: String::new(),
            body: body.clone(),
            // Nothing waits here.
            sent_at: None,
        })
        .collect();
    let now = Timestamp::from(std::time::SystemTime::now());
    let mut plan = triage(&messages, memory, &Watched::default(), now);
    let time = |notice: &Notice| notice.facts.first_time.clone();
    plan.notices.sort_by_key(time);
    for notice in &plan.notices {
        print(&notice.facts.for_machines(), json)?;
    }
    let mut err = std::io::stderr();
    for dead in &plan.dead {
        writeln!(err, "not readable: {}", dead.reason)?;
    }
    Ok(())
}

/// Prints a notice: time, severity, subject; or all of it.
fn print(notice: &Value, json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{notice}")?;
    } else {
        let text = |member| notice.get(member).and_then(Value::as_str).unwrap_or("-");
        let time = text("firstTime");
        writeln!(
            out,
            "{time:<20}  {:<8}  {}",
            text("severity"),
            text("subject")
        )?;
    }
    out.flush()?;
    Ok(())
}

/// Follows a queue until interrupted.
async fn follow(aws: AwsArgs, url: &str, json: bool) -> anyhow::Result<Outcome> {
    let account = aws.account().await?;
    let sqs = aws_sdk_sqs::Client::new(account.sdk());
    loop {
        let receiving = sqs
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .wait_time_seconds(LONGEST_WAIT)
            .send();
        let received = tokio::select! {
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                return Ok(Outcome::Done);
            }
            received = receiving => received,
        };
        let received = received.map_err(|error| {
            anyhow::anyhow!("sqs:ReceiveMessage: {}", config_rule::explain(&error))
        })?;
        if received.messages().is_empty() {
            // SQS has waited; a sandbox does not.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        for message in received.messages() {
            print(&notice_in(message), json)?;
            sqs.delete_message()
                .queue_url(url)
                .set_receipt_handle(message.receipt_handle.clone())
                .send()
                .await
                .map_err(|error| {
                    anyhow::anyhow!("sqs:DeleteMessage: {}", config_rule::explain(&error))
                })?;
        }
    }
}

/// The notice in a message: as it is, or in SNS's notification.
fn notice_in(message: &Received) -> Value {
    let body = message.body().unwrap_or_default();
    let document: Value = serde_json::from_str(body).unwrap_or_default();
    let inner = document.get("Message").and_then(Value::as_str);
    match inner {
        Some(inner) => serde_json::from_str(inner)
            .unwrap_or_else(|_| json!({ "subject": document.get("Subject") })),
        None if document.is_object() => document,
        None => json!({ "subject": body }),
    }
}
