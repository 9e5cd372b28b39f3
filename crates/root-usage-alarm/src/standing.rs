//! What still stands of the changes that a remediation made, and who has built on them.

use alarms::{
    Alarms, CompositeAlarm, DESCRIBE_ALARMS, GET_SUBSCRIPTION_ATTRIBUTES, Metric, MetricAlarm,
    MetricTransformation, Topic, cloudwatch, kms, sns,
};
use aws_sdk_cloudwatch::types::AlarmType;
use config_rule::{Account, Arn, Timestamp};
use remediation::{Standing, StepError, write};

use crate::chain;
use crate::change::{ChainChange, parsed};
use crate::remediation::{Endpoint, subscribers};
use crate::steps::{
    LIST_ALIASES, LIST_TOPICS, alarm_at, filter_called, has_our_policy, key_behind, name_of,
};

/// The statement that SNS gives every topic.
const DEFAULT_STATEMENT: &str = "__default_statement_ID";

/// Attributes of a subscription that only its user sets.
const SUBSCRIPTION_SETTINGS: [&str; 3] = ["FilterPolicy", "RedrivePolicy", "DeliveryPolicy"];

/// Looks at what is there of a change made at `since` or later, where `reverted` is gone
/// or will be.
pub(crate) async fn standing(
    account: &Account,
    change: &ChainChange,
    since: Timestamp,
    reverted: &[ChainChange],
) -> Result<Standing, StepError> {
    let look = Look {
        here: account.in_region(change.resource().region()),
        since,
        reverted,
    };
    match change {
        ChainChange::CreateKey { alias } => look.key(alias).await,
        ChainChange::CreateTopic { topic, key_alias } => look.topic(topic, key_alias).await,
        ChainChange::LetAlarmsPublish { topic } => look.statement(topic).await,
        ChainChange::Subscribe { topic, endpoint } => look.subscription(topic, endpoint).await,
        ChainChange::PutFilter { log_group, filter } => {
            match filter_called(&look.here, log_group, &filter.filter_name).await? {
                None => Ok(Standing::Absent),
                Some(seen) if seen != *filter => Ok(changed()),
                Some(_) => look.metrics_of(filter).await,
            }
        }
        ChainChange::PutAlarm { alarm } => look.alarm(alarm).await,
        ChainChange::EnableActions { alarm } => {
            let alarms = Alarms::observe(&look.here).await?;
            let alarms = alarms.known()?;
            let metric = alarms.metric_alarms.iter();
            let metric = metric.map(|seen| (&seen.alarm_arn, seen.actions_enabled));
            let composite = alarms.composite_alarms.iter();
            let composite = composite.map(|seen| (&seen.alarm_arn, seen.actions_enabled));
            let is_enabled = metric.chain(composite).any(|(arn, on)| arn == alarm && on);
            Ok(if is_enabled {
                Standing::AsApplied
            } else {
                Standing::Absent
            })
        }
    }
}

fn changed() -> Standing {
    Standing::Used("somebody has changed it since".to_owned())
}

fn used_by<T: ToString>(users: impl IntoIterator<Item = T>) -> Option<Standing> {
    let users: Vec<_> = users.into_iter().map(|user| user.to_string()).collect();
    (!users.is_empty()).then(|| Standing::Used(format!("it is used by {}", users.join(", "))))
}

struct Look<'a> {
    here: Account,
    since: Timestamp,
    reverted: &'a [ChainChange],
}

impl Look<'_> {
    fn reverts(&self, is_it: impl Fn(&ChainChange) -> bool) -> bool {
        self.reverted.iter().any(is_it)
    }

    /// KMS tells nobody who uses a key, so what can be seen must suffice: aliases, topics
    /// and the policy. Its deletion takes 30 days and can be cancelled until then.
    async fn key(&self, alias: &Arn) -> Result<Standing, StepError> {
        let Some(key) = key_behind(&self.here, alias).await? else {
            return Ok(Standing::Absent);
        };
        if key.key_state == "PendingDeletion" {
            return Ok(Standing::Absent);
        }
        if !has_our_policy(&self.here, key.arn.as_str(), alias).await? {
            return Ok(changed());
        }
        let call = kms(&self.here).list_aliases().key_id(key.arn.as_str());
        let aliases = write(&self.here, LIST_ALIASES, call.send()).await?.aliases;
        let names = aliases.into_iter().flatten();
        let names: Vec<_> = names.filter_map(|alias| alias.alias_name).collect();
        let others = names.iter().filter(|name| *name != alias.resource());
        if let Some(used) = used_by(others) {
            return Ok(used);
        }
        let mut topics = Vec::new();
        for topic in self.topics().await? {
            let is_reverted = |change: &ChainChange| matches!(change, ChainChange::CreateTopic { topic: made, .. } if *made == topic);
            if self.reverts(is_reverted) {
                continue;
            }
            let seen = Topic::observe(&self.here, &topic).await?;
            let Ok(seen) = seen.known() else {
                return Ok(Standing::Used(format!(
                    "{topic} may be encrypted with it, which could not be read"
                )));
            };
            let id = seen
                .as_ref()
                .and_then(|topic| topic.kms_master_key_id.as_deref());
            let is_it = |id: &str| {
                let name = id.rsplit_once(":alias/").map_or(id, |(_, name)| name);
                id == key.arn.as_str()
                    || key.arn.resource() == format!("key/{id}")
                    || alias.resource().trim_start_matches("alias/")
                        == name.trim_start_matches("alias/")
            };
            if id.is_some_and(is_it) {
                topics.push(topic);
            }
        }
        Ok(used_by(topics).unwrap_or(Standing::AsApplied))
    }

    async fn topics(&self) -> Result<Vec<Arn>, StepError> {
        let mut topics = Vec::new();
        let mut next_token = None;
        loop {
            let page = sns(&self.here).list_topics().set_next_token(next_token);
            let page = write(&self.here, LIST_TOPICS, page.send()).await?;
            let found = page.topics.unwrap_or_default().into_iter();
            topics.extend(found.filter_map(|topic| topic.topic_arn?.parse().ok()));
            next_token = page.next_token;
            if next_token.is_none() {
                return Ok(topics);
            }
        }
    }

    async fn topic(&self, topic: &Arn, key_alias: &Arn) -> Result<Standing, StepError> {
        let seen = Topic::observe(&self.here, topic).await?.known()?.clone();
        let Some(seen) = seen else {
            return Ok(Standing::Absent);
        };
        let policy = seen.policy.as_deref().map(parsed).unwrap_or_default();
        let ours = chain::publish_statement(topic);
        let foreign = chain::statements(&policy).into_iter();
        let mut foreign = foreign.filter(|statement| {
            *statement != ours && statement.get("Sid") != Some(&DEFAULT_STATEMENT.into())
        });
        if seen.kms_master_key_id.as_deref() != Some(key_alias.resource())
            || foreign.next().is_some()
        {
            return Ok(changed());
        }
        let subscribers = subscribers(&self.here, topic).await?;
        let others = subscribers.known()?.iter().filter(|seen| {
            !seen.is_deleted() && !self.reverts(|change| made_subscription(change, &seen.endpoint))
        });
        if let Some(used) = used_by(others.map(|seen| &seen.endpoint.endpoint)) {
            return Ok(used);
        }
        let alarms = self.alarms_telling(topic, None).await?;
        Ok(used_by(alarms).unwrap_or(Standing::AsApplied))
    }

    async fn statement(&self, topic: &Arn) -> Result<Standing, StepError> {
        let seen = Topic::observe(&self.here, topic).await?.known()?.clone();
        let policy = seen.and_then(|topic| topic.policy);
        let policy = policy.as_deref().map(parsed).unwrap_or_default();
        if !chain::statements(&policy).contains(&chain::publish_statement(topic)) {
            return Ok(Standing::Absent);
        }
        // Alarms that were there before could not publish before.
        let alarms = self.alarms_telling(topic, Some(self.since)).await?;
        Ok(used_by(alarms).unwrap_or(Standing::AsApplied))
    }

    /// One that nobody has confirmed cannot be reverted: it ends by itself.
    async fn subscription(&self, topic: &Arn, endpoint: &Endpoint) -> Result<Standing, StepError> {
        let seen = subscribers(&self.here, topic).await?;
        let mut seen = seen.known()?.iter();
        let is_it = |arn: &str| arn.starts_with("arn:");
        let Some(seen) =
            seen.find(|seen| seen.endpoint == *endpoint && is_it(&seen.subscription_arn))
        else {
            return Ok(Standing::Absent);
        };
        let call = sns(&self.here).get_subscription_attributes();
        let call = call.subscription_arn(&seen.subscription_arn);
        let output = write(&self.here, GET_SUBSCRIPTION_ATTRIBUTES, call.send()).await;
        let attributes = match output {
            Err(StepError::Gone { .. }) => return Ok(Standing::Absent),
            output => output?.attributes.unwrap_or_default(),
        };
        let set = SUBSCRIPTION_SETTINGS
            .iter()
            .find(|name| attributes.contains_key(**name));
        Ok(set.map_or(Standing::AsApplied, |name| {
            Standing::Used(format!("somebody has given it a {name} since"))
        }))
    }

    async fn metrics_of(&self, filter: &alarms::MetricFilter) -> Result<Standing, StepError> {
        let alarms = Alarms::observe(&self.here).await?;
        let fed: Vec<_> = filter
            .metric_transformations
            .iter()
            .map(MetricTransformation::metric)
            .collect();
        let watching = alarms.known()?.metric_alarms.iter();
        let watching = watching.filter(|alarm| {
            watches(alarm, &fed) && !self.reverts(|change| made_alarm(change, &alarm.alarm_arn))
        });
        let names = watching.map(|alarm| name_of(&alarm.alarm_arn));
        Ok(used_by(names).unwrap_or(Standing::AsApplied))
    }

    async fn alarm(&self, made: &MetricAlarm) -> Result<Standing, StepError> {
        match alarm_at(&self.here, &made.alarm_arn).await? {
            None => return Ok(Standing::Absent),
            Some(seen) if !chain::is_as_made(&seen, made) => return Ok(changed()),
            Some(_) => {}
        }
        let alarms = Alarms::observe(&self.here).await?;
        let composite = alarms.known()?.composite_alarms.iter();
        let composite = composite.filter(|alarm| names(alarm, &made.alarm_arn));
        let used = used_by(composite.map(|alarm| name_of(&alarm.alarm_arn)));
        Ok(used.unwrap_or(Standing::AsApplied))
    }

    /// The names of the alarms that tell a topic of anything, beyond those that are
    /// reverted; with `since`, of those that were configured then or later.
    async fn alarms_telling(
        &self,
        topic: &Arn,
        since: Option<Timestamp>,
    ) -> Result<Vec<String>, StepError> {
        let request = cloudwatch(&self.here)
            .describe_alarms()
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .action_prefix(topic.as_str());
        let mut names = Vec::new();
        let mut next_token = None;
        loop {
            let page = request.clone().set_next_token(next_token).send();
            let page = write(&self.here, DESCRIBE_ALARMS, page).await?;
            let metric = page.metric_alarms.unwrap_or_default().into_iter();
            let metric = metric.map(|alarm| {
                (
                    alarm.alarm_name,
                    alarm.alarm_configuration_updated_timestamp,
                )
            });
            let composite = page.composite_alarms.unwrap_or_default().into_iter();
            let composite = composite.map(|alarm| {
                (
                    alarm.alarm_name,
                    alarm.alarm_configuration_updated_timestamp,
                )
            });
            for (name, updated) in metric.chain(composite) {
                let is_since = match (since, updated) {
                    (None, _) => true,
                    (Some(since), Some(updated)) => Timestamp::from(updated) >= since,
                    (Some(_), None) => false,
                };
                let name = name.unwrap_or_default();
                let is_reverted = self.reverts(|change| match change {
                    ChainChange::PutAlarm { alarm } => name_of(&alarm.alarm_arn) == name,
                    _ => false,
                });
                if is_since && !is_reverted {
                    names.push(name);
                }
            }
            next_token = page.next_token;
            if next_token.is_none() {
                return Ok(names);
            }
        }
    }
}

fn made_subscription(change: &ChainChange, seen: &Endpoint) -> bool {
    matches!(change, ChainChange::Subscribe { endpoint, .. } if endpoint == seen)
}

fn made_alarm(change: &ChainChange, arn: &Arn) -> bool {
    matches!(change, ChainChange::PutAlarm { alarm } if alarm.alarm_arn == *arn)
}

fn watches(alarm: &MetricAlarm, metrics: &[Metric]) -> bool {
    let own = alarm.metric.as_ref().map(|series| &series.metric);
    let of_queries = alarm
        .metrics
        .iter()
        .filter_map(|query| query.metric_stat.as_ref());
    let mut watched = own
        .into_iter()
        .chain(of_queries.map(|series| &series.metric));
    watched.any(|metric| metrics.contains(metric))
}

/// Returns whether a composite alarm names an alarm, in its rule or as its suppressor.
fn names(composite: &CompositeAlarm, alarm: &Arn) -> bool {
    let name = name_of(alarm);
    let suppressor = composite.actions_suppressor.as_deref();
    let is_suppressor = suppressor.is_some_and(|by| by == name || by == alarm.as_str());
    let rule = &composite.alarm_rule;
    is_suppressor || rule.contains(name) || rule.contains(alarm.as_str())
}
