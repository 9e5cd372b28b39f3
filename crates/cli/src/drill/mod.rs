//! `rootguard drill`: proves that somebody would be told of root use, without root.

mod announcement;
mod chain;
mod following;
mod history;
mod metric;
mod notification;
mod real_time;
mod receipt;
mod record;

use std::io::{Write, stderr, stdout};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::{Context, anyhow, bail};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use clap::Args;
use config_rule::{Account, Fact, Timestamp, Unread};

use crate::aws::{AwsArgs, announce_caller};
use crate::exit::Outcome;
use chain::{Chain, Found};
use receipt::Receipt;

/// Time that the drill may use its role, in seconds: as long as a role allows by default.
const SESSION_SECONDS: i32 = 3600;

/// Prove that somebody would be told of root use
///
/// Puts a synthetic record of root use, marked as one, into a stream of its own in the
/// trail's log group, and follows it: metric, alarm, action, notification; then sees that
/// the alarm comes back. Or, with --real-time, puts a marked event on the bus of
/// root-activity and follows that. Nobody uses root. Whoever is told of root use will be
/// told of this, so tell them first.
///
/// It works with a role of its own (infra/drill.yaml) that may write streams named for
/// drills and nothing else. The stream stays: it is part of the audit trail, and the
/// receipt names it.
///
/// Exit code: 0 every link works, 1 a link is broken, 2 failed, or not every link could be
/// seen.
#[derive(Debug, Args)]
pub(crate) struct Drill {
    #[command(flatten)]
    aws: AwsArgs,
    /// Log group that the trail feeds
    #[arg(long, value_name = "NAME", required_unless_present = "real_time")]
    log_group: Option<String>,
    /// Metric alarm to follow, where there are several
    #[arg(long, value_name = "NAME")]
    alarm: Option<String>,
    /// Try the path in real time: bus, queue, function and topic of root-activity
    #[arg(
        long,
        requires_all = ["activity_bus", "queue_url"],
        conflicts_with_all = ["log_group", "alarm"]
    )]
    real_time: bool,
    /// ARN of the bus of root-activity, to announce the drill on
    #[arg(long, value_name = "ARN")]
    activity_bus: Option<String>,
    /// URL of a queue of the drill's own that is subscribed to the topic: what it holds is
    /// read and deleted
    #[arg(long, value_name = "URL")]
    queue_url: Option<String>,
    /// Path and name of the role that drills, in the account of the credentials
    #[arg(long, value_name = "NAME", default_value = "rootguard/rootguard-drill")]
    role: String,
    /// The longest that a link may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = clap::value_parser!(u64).range(1..=900))]
    timeout: u64,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Do it: whoever is told of root use knows of it
    #[arg(long)]
    yes: bool,
    /// New file to write the receipt to, as JSON
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
}

/// A drill, from its announcement to its receipt.
struct Exercise {
    /// Its name, also that of its stream and its session.
    id: String,
    account: Account,
    /// The ARN of the session in which it works.
    principal: String,
    started: Timestamp,
    /// The longest that a link may take.
    timeout: Duration,
    queue_url: Option<String>,
}

impl Drill {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        if let Some(file) = self.receipt.as_ref().filter(|file| file.exists()) {
            bail!("the receipt {} must be a new file", file.display());
        }
        let caller = self.aws.account().await?;
        announce_caller(&caller).await?;
        let started = Timestamp::from(SystemTime::now());
        let exercise = exercise(
            &caller,
            &self.role,
            started,
            Duration::from_secs(self.timeout),
            self.queue_url,
        )
        .await?;
        let mut receipt = Receipt::new(&exercise);
        let found = match &self.log_group {
            Some(group) => {
                Some(Chain::find(&exercise.account, group, self.alarm.as_deref()).await?)
            }
            None => None,
        };
        let chain = match found {
            Some(Found::Chain(chain)) => Some(chain),
            Some(Found::Broken { link, why }) => {
                receipt.broken(link, why);
                return finish(&receipt, self.receipt);
            }
            None => None,
        };
        let bus = self.activity_bus.as_deref();
        let plan = match (&chain, &self.log_group) {
            (Some(chain), Some(group)) => chain.plan(&exercise, group, bus),
            _ => real_time::plan(&exercise, bus.unwrap_or_default()),
        };
        let mut err = stderr();
        writeln!(err, "{plan}")?;
        if self.dry_run {
            writeln!(err, "Dry run: nothing was done.")?;
            return Ok(Outcome::Done);
        }
        if !self.yes {
            bail!("nothing was done; tell whoever is told of root use, then add --yes");
        }
        match (chain, self.log_group) {
            (Some(chain), Some(group)) => {
                if let Some(bus) = bus {
                    let lasts = chain.longest(exercise.timeout);
                    let announced = announcement::announce(&exercise, bus, lasts).await;
                    // Who cannot announce a drill does not hold one.
                    if let Err(error) = announced {
                        receipt.broken("announcement", format!("{error:#}"));
                        return finish(&receipt, self.receipt);
                    }
                    receipt.works("announcement", bus);
                }
                following::follow(&exercise, &chain, &group, &mut receipt).await?;
            }
            _ => real_time::follow(&exercise, bus.unwrap_or_default(), &mut receipt).await?,
        }
        finish(&receipt, self.receipt)
    }
}

/// Prints the receipt and says what it comes to.
fn finish(receipt: &Receipt, file: Option<PathBuf>) -> anyhow::Result<Outcome> {
    let written = file.map(|file| receipt.write(&file));
    write!(stdout(), "{receipt}")?;
    written.transpose()?;
    Ok(receipt.outcome())
}

/// Takes the role of the drill, in a session that has its name.
async fn exercise(
    caller: &Account,
    role: &str,
    started: Timestamp,
    timeout: Duration,
    queue_url: Option<String>,
) -> anyhow::Result<Exercise> {
    let second = started.to_string();
    let second = second.split('.').next().unwrap_or(&second);
    let digits: String = second.chars().filter(char::is_ascii_digit).collect();
    let id = format!("rootguard-drill-{digits}");
    let (partition, account) = (caller.identity().partition(), caller.identity().account());
    let arn = format!("arn:{partition}:iam::{account}:role/{role}");
    let answer = aws_sdk_sts::Client::new(caller.sdk())
        .assume_role()
        .role_arn(&arn)
        .role_session_name(&id)
        .duration_seconds(SESSION_SECONDS)
        .send()
        .await
        .map_err(|error| anyhow!("sts:AssumeRole of {arn}: {}", config_rule::explain(&error)))?;
    let session = answer
        .credentials
        .context("sts:AssumeRole gave no credentials")?;
    let credentials = Credentials::new(
        session.access_key_id,
        session.secret_access_key,
        Some(session.session_token),
        None,
        "drill",
    );
    let name = role.rsplit('/').next().unwrap_or(role);
    Ok(Exercise {
        principal: format!("arn:{partition}:sts::{account}:assumed-role/{name}/{id}"),
        account: caller.in_session(account, SharedCredentialsProvider::new(credentials)),
        id,
        started,
        timeout,
        queue_url,
    })
}

/// Returns what is known, or an error that says why it is not.
fn known<T>(fact: Fact<T>) -> anyhow::Result<T> {
    match fact {
        Fact::Known(value) => Ok(value),
        Fact::Unread(Unread::Denied { action, code } | Unread::Unavailable { action, code }) => {
            bail!("{action}: {code}")
        }
        Fact::Unread(unread) => bail!("could not be read: {unread:?}"),
    }
}

/// Asks again and again until there is something, for a while at most.
async fn until<T>(
    wait: Duration,
    mut ask: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<Option<T>> {
    let ends = tokio::time::Instant::now() + wait;
    let pause = (wait / 60).clamp(Duration::from_millis(50), Duration::from_secs(5));
    loop {
        if let Some(found) = ask().await? {
            return Ok(Some(found));
        }
        if tokio::time::Instant::now() >= ends {
            return Ok(None);
        }
        tokio::time::sleep(pause).await;
    }
}
