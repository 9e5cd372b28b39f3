//! A marked record on its way: log group, metric, alarm, action, notification; and the
//! alarm on its way back.

use std::io::{Write, stderr};
use std::time::{Duration, SystemTime};

use alarms::MuteRule;
use anyhow::{anyhow, bail};
use aws_sdk_cloudwatch::types::{HistoryItemType, StateValue};
use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use config_rule::{Account, Timestamp};

use super::chain::{Acting, Chain, state_of};
use super::history::{history, is_to_alarm, outcome_of_action, time_of};
use super::receipt::Receipt;
use super::{Exercise, known, metric, notification, record, until};

const HOUR: Duration = Duration::from_hours(1);

const REARM: &str = "re-arm";

/// Follows a record through the chain, and restores the alarm's state.
pub(super) async fn follow(
    exercise: &Exercise,
    chain: &Chain,
    group: &str,
    receipt: &mut Receipt,
) -> anyhow::Result<()> {
    let account = &exercise.account;
    let name = chain.alarm.name();
    let state = state_of(account, name).await?;
    if state == "ALARM" {
        receipt.broken(
            "alarm",
            format!("{name} is in ALARM already: it cannot change to it"),
        );
        return Ok(());
    }
    let before = Marks::now(account, chain).await?;
    if let Err(error) = put(exercise, group, receipt).await {
        receipt.broken("record", format!("{error:#}"));
        return Ok(());
    }
    receipt.works("record", format!("put into {group}"));
    tokio::select! {
        () = links(exercise, chain, &before, receipt) => {}
        signal = tokio::signal::ctrl_c() => {
            signal?;
            receipt.interrupted(format!("{name} may still change to ALARM and tell of it"));
            writeln!(
                stderr(),
                "Interrupted. Waiting for {name} to leave ALARM; Ctrl-C again ends that too."
            )?;
        }
    }
    tokio::select! {
        restored = restore(exercise, chain, &state, receipt) => restored,
        signal = tokio::signal::ctrl_c() => {
            signal?;
            receipt.unseen(REARM, format!("interrupted; {name} may still be in ALARM"));
            Ok(())
        }
    }
}

/// State before the drill, so that nothing of it counts.
struct Marks {
    samples: f64,
    changed: Timestamp,
    acting_changed: Timestamp,
    acted: Timestamp,
}

impl Marks {
    async fn now(account: &Account, chain: &Chain) -> anyhow::Result<Self> {
        let latest = async |alarm: &str, kind| {
            let items = history(account, alarm, kind, Timestamp::UNIX_EPOCH).await?;
            let times = items.iter().map(time_of);
            anyhow::Ok(times.max().unwrap_or(Timestamp::UNIX_EPOCH))
        };
        let (alarm, acting) = (chain.alarm.name(), &chain.acting.name);
        Ok(Self {
            samples: samples(account, chain).await.unwrap_or_default(),
            changed: latest(alarm, HistoryItemType::StateUpdate).await?,
            acting_changed: latest(acting, HistoryItemType::StateUpdate).await?,
            acted: latest(acting, HistoryItemType::Action).await?,
        })
    }
}

/// Puts the record into a stream of its own.
async fn put(exercise: &Exercise, group: &str, receipt: &mut Receipt) -> anyhow::Result<()> {
    let logs = alarms::logs(&exercise.account);
    let stream = &exercise.id;
    logs.create_log_stream()
        .log_group_name(group)
        .log_stream_name(stream)
        .send()
        .await
        .map_err(|error| anyhow!("logs:CreateLogStream: {}", config_rule::explain(&error)))?;
    receipt.leaves(stream.clone());
    let event = InputLogEvent::builder()
        .timestamp(exercise.started.epoch_millis())
        .message(record::synthetic(exercise).to_string())
        .build()?;
    let answer = logs
        .put_log_events()
        .log_group_name(group)
        .log_stream_name(stream)
        .log_events(event)
        .send()
        .await
        .map_err(|error| anyhow!("logs:PutLogEvents: {}", config_rule::explain(&error)))?;
    if let Some(rejected) = answer.rejected_log_events_info() {
        bail!("logs:PutLogEvents: the record was rejected ({rejected:?}): is the clock right?");
    }
    Ok(())
}

/// Looks at each link, up to the first that is broken. One that cannot be looked at does
/// not hide the next.
async fn links(exercise: &Exercise, chain: &Chain, before: &Marks, receipt: &mut Receipt) {
    let (account, timeout) = (&exercise.account, exercise.timeout);
    let (alarm, acting) = (chain.alarm.name(), &chain.acting);

    let metric = format!("{}/{}", chain.metric.namespace, chain.metric.metric_name);
    let published = until(timeout, async || {
        let now = samples(account, chain).await?;
        Ok((now > before.samples).then_some(()))
    });
    match published.await {
        Ok(Some(())) => receipt.works("metric", metric),
        Ok(None) => {
            let why = format!(
                "{metric}: {} did not match the record, or publishes nothing",
                chain.filter
            );
            return receipt.broken("metric", why);
        }
        Err(error) => receipt.unseen("metric", format!("{error:#}")),
    }

    let mut changed_at = None;
    let mut alarms = vec![("alarm", alarm, before.changed)];
    if acting.is_composite {
        alarms.push(("composite", &acting.name, before.acting_changed));
    }
    for (link, name, after) in alarms {
        let changed = until(timeout, async || {
            let items = history(account, name, HistoryItemType::StateUpdate, after).await?;
            Ok(items.iter().find(|item| is_to_alarm(item)).map(time_of))
        });
        match changed.await {
            Ok(Some(time)) => {
                changed_at = Some(time);
                receipt.works(link, format!("{name} changed to ALARM"));
            }
            Ok(None) => return receipt.broken(link, format!("{name} did not change to ALARM")),
            Err(error) => receipt.unseen(link, format!("{error:#}")),
        }
    }

    let acted = match why_not_acting(acting) {
        Some(why) => return receipt.broken("action", why),
        None => until(timeout, async || {
            outcome_of_action(account, chain, before.acted).await
        }),
    };
    match acted.await {
        Ok(Some(Ok(action))) => receipt.works("action", action),
        Ok(Some(Err(why))) => return receipt.broken("action", why),
        Ok(None) => {
            let why = match mutes(account, acting).await {
                Ok(rules) if !rules.is_empty() => format!("muted by {}", rules.join(", ")),
                _ => format!("{} ran no action", acting.name),
            };
            return receipt.broken("action", why);
        }
        Err(error) => receipt.unseen("action", format!("{error:#}")),
    }
    notified(exercise, chain, changed_at, receipt).await;
}

/// Finds out whether somebody was told.
async fn notified(
    exercise: &Exercise,
    chain: &Chain,
    changed: Option<Timestamp>,
    receipt: &mut Receipt,
) {
    const LINK: &str = "notification";
    let Some(topic) = chain.topic() else {
        return receipt.unseen(LINK, "the action is no topic");
    };
    let confirmed = notification::confirmed(&exercise.account, &topic).await;
    if confirmed.as_ref().is_ok_and(Vec::is_empty) {
        return receipt.broken(
            LINK,
            format!("nobody has confirmed a subscription to {topic}"),
        );
    }
    let whom = confirmed.map_or_else(
        |error| format!("{error:#}"),
        |protocols| protocols.join(", "),
    );
    let Some(queue) = &exercise.queue_url else {
        let why = format!("no --queue-url: ask whoever is subscribed to {topic} ({whom})");
        return receipt.unseen(LINK, why);
    };
    let since = changed.unwrap_or(exercise.started);
    // The notification rounds the time that the history has.
    let since = Timestamp::from_epoch_millis(since.epoch_millis().saturating_sub(1000));
    let told = until(exercise.timeout, async || {
        let messages = notification::receive(exercise, queue).await?;
        let name = &chain.acting.name;
        let mut messages = messages.iter();
        Ok(messages
            .find(|message| notification::is_alarm(message, name, since))
            .map(|_| ()))
    });
    match told.await {
        Ok(Some(())) => receipt.works(LINK, format!("{topic} told the queue; subscribed: {whom}")),
        Ok(None) => receipt.broken(
            LINK,
            format!("{topic} did not tell the queue; subscribed: {whom}"),
        ),
        Err(error) => receipt.unseen(LINK, format!("{error:#}")),
    }
}

/// Waits until the alarm has left `ALARM`; sets it back if it does not.
async fn restore(
    exercise: &Exercise,
    chain: &Chain,
    before: &str,
    receipt: &mut Receipt,
) -> anyhow::Result<()> {
    let (account, name) = (&exercise.account, chain.alarm.name());
    if state_of(account, name).await? != "ALARM" {
        if !receipt.is_broken() && !receipt.is_interrupted() {
            receipt.works(REARM, format!("{name} has left ALARM"));
        }
        return Ok(());
    }
    let wait = exercise.timeout + chain.rearm.unwrap_or_default();
    let left = until(wait, async || {
        let state = state_of(account, name).await?;
        Ok((state != "ALARM").then_some(state))
    });
    if let Some(state) = left.await? {
        receipt.works(REARM, format!("{name} is in {state} again"));
        return Ok(());
    }
    let set = alarms::cloudwatch(account)
        .set_alarm_state()
        .alarm_name(name)
        .state_value(StateValue::from(before))
        .state_reason(format!("{} sets back what it set off", exercise.id))
        .send()
        .await;
    let why = format!("{name} does not leave ALARM by itself, so it would tell of nothing more");
    receipt.broken(
        REARM,
        match set {
            Ok(_) => format!("{why}; set back to {before}"),
            Err(error) => format!(
                "{why}; STILL IN ALARM, cloudwatch:SetAlarmState: {}",
                config_rule::explain(&error)
            ),
        },
    );
    Ok(())
}

/// Returns how many values the metric had around now.
async fn samples(account: &Account, chain: &Chain) -> anyhow::Result<f64> {
    let metric = [&*chain.metric.namespace, &*chain.metric.metric_name];
    let since = Timestamp::from(SystemTime::now() - HOUR);
    metric::sum(account, metric, &[], since).await
}

/// Returns why an alarm does nothing, whatever state it is in.
fn why_not_acting(acting: &Acting) -> Option<String> {
    let name = &acting.name;
    if acting.actions.is_empty() {
        return Some(format!("{name} has no action for ALARM"));
    }
    (!acting.enabled).then(|| format!("the actions of {name} are switched off"))
}

/// The rules that mute an alarm now.
async fn mutes(account: &Account, acting: &Acting) -> anyhow::Result<Vec<String>> {
    let rules = known(MuteRule::observe(account, &acting.arn).await?)?;
    let active = rules.iter().filter(|rule| !rule.is_scheduled());
    Ok(active.map(|rule| rule.name().to_owned()).collect())
}
