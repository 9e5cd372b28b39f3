//! `rootguard watch`: root activity on a terminal.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::types::Message as Received;
use clap::Args;
use config_rule::Timestamp;
use root_activity::{Memory, Message, Notice, Watched, triage};
use serde_json::{Value, json};

use crate::aws::AwsArgs;
use crate::exit::Outcome;
use crate::records::{Item, Source, Tally, open, read, unwrap};

/// The longest that SQS waits for a message, in seconds.
const LONGEST_WAIT: i32 = 20;

/// Time that an answer of SQS may take: longer than it waits.
const LONGEST_ANSWER: Duration = Duration::from_secs(30);

/// Number of events of files that are told of at once. What belongs to one burst of activity is
/// one message, and they are sorted by time, within so many.
const BATCH: usize = 5_000;

/// Follow root activity on the terminal
///
/// Reads CloudTrail records: from files and folders as CloudTrail delivers them, compressed
/// or not; output of lookup-events, filter-log-events and receive-message;
/// events of EventBridge; records as they are, in lists, on lines of their own or written
/// over several. Or follows a queue that is subscribed to the topic of root-activity; what
/// was shown is deleted from that queue, so it must be one of its own.
///
/// Exit code: 0 records were read, 2 there was nothing that could be read.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// Files and folders; standard input without any, and for `-`
    #[arg(value_name = "FILE", conflicts_with = "queue_url")]
    files: Vec<PathBuf>,
    /// Only records from this time on, such as 2026-05-01T09:00:00Z
    #[arg(long, value_name = "TIME", conflicts_with = "queue_url", value_parser = time)]
    since: Option<Timestamp>,
    /// Only records before this time
    #[arg(long, value_name = "TIME", conflicts_with = "queue_url", value_parser = time)]
    until: Option<Timestamp>,
    /// URL of a queue that is subscribed to the topic of root-activity
    #[arg(long, value_name = "URL")]
    queue_url: Option<String>,
    /// Print a JSON object for each message
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    aws: AwsArgs,
}

fn time(text: &str) -> Result<Timestamp, String> {
    let day = text.len() == 10;
    let text = if day {
        format!("{text}T00:00:00Z")
    } else {
        text.to_owned()
    };
    let time = text.parse();
    time.map_err(|_| {
        "a time is written like 2026-05-01T09:00:00Z, a day like 2026-05-01".to_owned()
    })
}

impl Watch {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        if let Some(url) = self.queue_url {
            return follow(self.aws, &url, self.json).await;
        }
        let arguments = match self.files.as_slice() {
            [] => vec![PathBuf::from("-")],
            files => files.to_vec(),
        };
        let mut teller = Teller {
            events: Vec::new(),
            memory: Memory::default(),
            since: self.since,
            until: self.until,
            json: self.json,
        };
        let mut tally = Tally::default();
        let mut is_interactive = false;
        for argument in &arguments {
            for source in Source::all(argument)? {
                is_interactive |= source.is_standard_input();
                if source.is_standard_input() && std::io::stdin().is_terminal() {
                    let mut err = std::io::stderr();
                    writeln!(err, "Reading records from standard input.")?;
                }
                let batch = if source.is_standard_input() { 1 } else { BATCH };
                let mut stream = open(&source)?;
                read(&mut stream, &mut |item| {
                    teller.take(item, &source, &mut tally, batch)
                })?;
            }
        }
        teller.tell(&mut tally)?;
        tally.print()?;
        let is_fine = tally.has_read() || is_interactive && tally.is_empty();
        if !is_fine {
            let names: Vec<_> = arguments
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            bail!(
                "there was nothing that could be read in {}",
                names.join(", ")
            );
        }
        Ok(Outcome::Done)
    }
}

/// Collects events until they are told of.
struct Teller {
    events: Vec<String>,
    memory: Memory,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    json: bool,
}

impl Teller {
    fn take(
        &mut self,
        item: Item,
        source: &Source,
        tally: &mut Tally,
        batch: usize,
    ) -> anyhow::Result<()> {
        match item {
            Item::Line(line, _) | Item::Broken(line) => {
                tally.unreadable(format!("line {line} of {source}"));
            }
            Item::Document(document) => {
                tally.document();
                unwrap(document, &mut |record, form| {
                    if record.get("detail").is_none() && record.get("eventName").is_none() {
                        tally.unreadable(format!("a document without a record in {source}"));
                    } else if self.is_wanted(&record) {
                        tally.record(form);
                        self.events.push(event(record));
                    }
                    Ok(())
                })?;
            }
        }
        if self.events.len() >= batch {
            self.tell(tally)?;
        }
        Ok(())
    }

    fn is_wanted(&self, record: &Value) -> bool {
        let record = record.get("detail").unwrap_or(record);
        let time = record.get("eventTime").and_then(Value::as_str);
        let time: Option<Timestamp> = time.and_then(|time| time.parse().ok());
        let is_within = |time: Timestamp| {
            self.since.is_none_or(|since| time >= since)
                && self.until.is_none_or(|until| time < until)
        };
        time.map_or(self.since.is_none() && self.until.is_none(), is_within)
    }

    fn tell(&mut self, tally: &mut Tally) -> anyhow::Result<()> {
        let events = std::mem::take(&mut self.events);
        for reason in tell(&events, &mut self.memory, self.json)? {
            tally.unreadable(reason);
        }
        Ok(())
    }
}

/// The event of a record. A record that somebody has in a file is believed: it is put into
/// the event in which AWS would have sent it.
fn event(mut record: Value) -> String {
    if record.get("detail").is_some() {
        return record.to_string();
    }
    let account = record.get("recipientAccountId").cloned();
    let account = account.or_else(|| record.pointer("/userIdentity/accountId").cloned());
    if let Some(record) = record.as_object_mut() {
        record.insert("recipientAccountId".to_owned(), account.clone().into());
    }
    let event = json!({
        "source": "aws.cloudtrail",
        "detail-type": "AWS API Call via CloudTrail",
        "account": account,
        "detail": record,
    });
    event.to_string()
}

/// Prints what people would be told of these events, and returns why others say nothing.
fn tell(events: &[String], memory: &mut Memory, json: bool) -> anyhow::Result<Vec<String>> {
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
    Ok(plan
        .dead
        .iter()
        .map(|dead| dead.reason.to_string())
        .collect())
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
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(LONGEST_ANSWER);
    let config = aws_sdk_sqs::config::Builder::from(account.sdk());
    let config = config.timeout_config(timeouts.build()).build();
    let sqs = aws_sdk_sqs::Client::from_conf(config);
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            Ok(Outcome::Done)
        }
        failed = follow_queue(&sqs, url, json) => failed,
    }
}

async fn follow_queue(sqs: &aws_sdk_sqs::Client, url: &str, json: bool) -> anyhow::Result<Outcome> {
    loop {
        let receiving = sqs
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .wait_time_seconds(LONGEST_WAIT);
        let received = receiving.send().await.map_err(|error| {
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
