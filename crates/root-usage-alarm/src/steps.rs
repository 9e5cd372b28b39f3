//! Applies and reverts changes of a chain.

use alarms::{
    Alarms, DESCRIBE_KEY, GET_KEY_POLICY, GET_SUBSCRIPTION_ATTRIBUTES, Key, MetricAlarm,
    MetricFilter, Topic, cloudwatch, kms, log_group_name, logs, sns,
};
use aws_sdk_cloudwatch::types::{ComparisonOperator, Statistic};
use aws_sdk_cloudwatchlogs::types::MetricTransformation;
use config_rule::{Account, Arn};
use remediation::{StepError, remove, write};
use serde_json::{Value, json};

use crate::chain;
use crate::change::{ChainChange, parsed};
use crate::remediation::{Endpoint, subscribers, topic_policy};

const CREATE_ALIAS: &str = "kms:CreateAlias";
const CREATE_KEY: &str = "kms:CreateKey";
const LIST_KEYS: &str = "kms:ListKeys";
pub(crate) const LIST_ALIASES: &str = "kms:ListAliases";
pub(crate) const LIST_TOPICS: &str = "sns:ListTopics";
const SCHEDULE_KEY_DELETION: &str = "kms:ScheduleKeyDeletion";
const CREATE_TOPIC: &str = "sns:CreateTopic";
const DELETE_TOPIC: &str = "sns:DeleteTopic";
const SET_TOPIC_ATTRIBUTES: &str = "sns:SetTopicAttributes";
const SUBSCRIBE: &str = "sns:Subscribe";
const UNSUBSCRIBE: &str = "sns:Unsubscribe";
const PUT_METRIC_FILTER: &str = "logs:PutMetricFilter";
const DELETE_METRIC_FILTER: &str = "logs:DeleteMetricFilter";
const PUT_METRIC_ALARM: &str = "cloudwatch:PutMetricAlarm";
const DELETE_ALARMS: &str = "cloudwatch:DeleteAlarms";
const ENABLE_ALARM_ACTIONS: &str = "cloudwatch:EnableAlarmActions";
const DISABLE_ALARM_ACTIONS: &str = "cloudwatch:DisableAlarmActions";

/// The IAM actions of [`apply`], beyond those of looking.
pub(crate) const APPLY_ACTIONS: &[&str] = &[
    CREATE_ALIAS,
    CREATE_KEY,
    LIST_KEYS,
    CREATE_TOPIC,
    SET_TOPIC_ATTRIBUTES,
    SUBSCRIBE,
    PUT_METRIC_FILTER,
    PUT_METRIC_ALARM,
    ENABLE_ALARM_ACTIONS,
];

/// The IAM actions of [`revert`].
pub(crate) const REVERT_ACTIONS: &[&str] = &[
    DESCRIBE_KEY,
    GET_KEY_POLICY,
    LIST_ALIASES,
    SCHEDULE_KEY_DELETION,
    LIST_TOPICS,
    GET_SUBSCRIPTION_ATTRIBUTES,
    alarms::GET_TOPIC_ATTRIBUTES,
    DELETE_TOPIC,
    SET_TOPIC_ATTRIBUTES,
    alarms::LIST_SUBSCRIPTIONS_BY_TOPIC,
    UNSUBSCRIBE,
    alarms::DESCRIBE_METRIC_FILTERS,
    DELETE_METRIC_FILTER,
    alarms::DESCRIBE_ALARMS,
    DELETE_ALARMS,
    DISABLE_ALARM_ACTIONS,
];

/// Time that a key that is taken back can still be saved: the longest that KMS allows.
const KEY_DELETION_DAYS: i32 = 30;

pub(crate) async fn apply(account: &Account, change: &ChainChange) -> Result<(), StepError> {
    let here = account.in_region(change.resource().region());
    match change {
        ChainChange::CreateKey { alias } => create_key(&here, alias).await,
        ChainChange::CreateTopic { topic, key_alias } => {
            create_topic(&here, topic, key_alias).await
        }
        ChainChange::LetAlarmsPublish { topic } => {
            let statement = chain::publish_statement(topic);
            change_policy(&here, topic, |statements| {
                if !statements.contains(&statement) {
                    statements.push(statement.clone());
                }
            })
            .await
        }
        ChainChange::Subscribe { topic, endpoint } => subscribe(&here, topic, endpoint).await,
        ChainChange::PutFilter { log_group, filter } => put_filter(&here, log_group, filter).await,
        ChainChange::PutAlarm { alarm } => put_alarm(&here, alarm).await,
        ChainChange::EnableActions { alarm } => {
            let call = cloudwatch(&here).enable_alarm_actions();
            let call = call.alarm_names(name_of(alarm));
            write(&here, ENABLE_ALARM_ACTIONS, call.send()).await?;
            Ok(())
        }
    }
}

/// Reverts a change that stands as it was applied; see [`standing`](crate::standing).
pub(crate) async fn revert(account: &Account, change: &ChainChange) -> Result<(), StepError> {
    let here = account.in_region(change.resource().region());
    match change {
        ChainChange::CreateKey { alias } => {
            let Some(key) = key_behind(&here, alias).await? else {
                return Ok(());
            };
            let call = kms(&here)
                .schedule_key_deletion()
                .key_id(key.arn.as_str())
                .pending_window_in_days(KEY_DELETION_DAYS);
            remove(&here, SCHEDULE_KEY_DELETION, call.send()).await
        }
        ChainChange::CreateTopic { topic, .. } => {
            let call = sns(&here).delete_topic().topic_arn(topic.as_str());
            remove(&here, DELETE_TOPIC, call.send()).await
        }
        ChainChange::LetAlarmsPublish { topic } => {
            let statement = chain::publish_statement(topic);
            change_policy(&here, topic, |statements| {
                statements.retain(|known| *known != statement);
            })
            .await
        }
        ChainChange::Subscribe { topic, endpoint } => unsubscribe(&here, topic, endpoint).await,
        ChainChange::PutFilter { log_group, filter } => {
            let call = logs(&here)
                .delete_metric_filter()
                .log_group_name(log_group_name(log_group))
                .filter_name(&filter.filter_name);
            remove(&here, DELETE_METRIC_FILTER, call.send()).await
        }
        ChainChange::PutAlarm { alarm } => {
            let call = cloudwatch(&here).delete_alarms();
            let call = call.alarm_names(name_of(&alarm.alarm_arn));
            remove(&here, DELETE_ALARMS, call.send()).await
        }
        ChainChange::EnableActions { alarm } => {
            let call = cloudwatch(&here).disable_alarm_actions();
            let call = call.alarm_names(name_of(alarm));
            remove(&here, DISABLE_ALARM_ACTIONS, call.send()).await
        }
    }
}

pub(crate) fn name_of(alarm: &Arn) -> &str {
    let resource = alarm.resource();
    resource.strip_prefix("alarm:").unwrap_or(resource)
}

pub(crate) async fn key_behind(here: &Account, alias: &Arn) -> Result<Option<Key>, StepError> {
    Ok(Key::observe(here, alias.as_str()).await?.known()?.clone())
}

/// A key has no name until it has an alias, so a crash between the two calls leaves one
/// behind, which its description tells.
async fn create_key(here: &Account, alias: &Arn) -> Result<(), StepError> {
    if key_behind(here, alias).await?.is_some() {
        return Ok(());
    }
    let key = if let Some(key) = key_left_behind(here, alias).await? {
        key
    } else {
        let call = kms(here)
            .create_key()
            .description(chain::KEY_DESCRIPTION)
            .policy(chain::key_policy(alias))
            // It lets the account change it, if not this role, whom KMS asks about.
            .bypass_policy_lockout_safety_check(true);
        let created = write(here, CREATE_KEY, call.send()).await?;
        let gone = || StepError::Gone {
            action: CREATE_KEY.to_owned(),
        };
        created.key_metadata.ok_or_else(gone)?.key_id
    };
    let call = kms(here)
        .create_alias()
        .alias_name(alias.resource())
        .target_key_id(key);
    write(here, CREATE_ALIAS, call.send()).await?;
    Ok(())
}

/// Returns the id of a key that an earlier run made and gave no alias: of our
/// description, and with exactly the policy that we give. Whoever makes a key for us to
/// take with another policy keeps it to themselves.
async fn key_left_behind(here: &Account, alias: &Arn) -> Result<Option<String>, StepError> {
    let mut marker = None;
    loop {
        let page = kms(here).list_keys().set_marker(marker);
        let page = write(here, LIST_KEYS, page.send()).await?;
        for key in page.keys.unwrap_or_default() {
            let Some(id) = key.key_id else { continue };
            let call = kms(here).describe_key().key_id(&id);
            // A key whose policy does not let us look at it is not ours.
            let Ok(seen) = write(here, DESCRIBE_KEY, call.send()).await else {
                continue;
            };
            let Some(seen) = seen.key_metadata else {
                continue;
            };
            let is_ours =
                seen.enabled && seen.description.as_deref() == Some(chain::KEY_DESCRIPTION);
            if is_ours && has_our_policy(here, &id, alias).await? {
                return Ok(Some(id));
            }
        }
        marker = page.next_marker;
        if marker.is_none() {
            return Ok(None);
        }
    }
}

/// Returns whether a key has the policy that we give, and nothing else.
pub(crate) async fn has_our_policy(
    here: &Account,
    key: &str,
    alias: &Arn,
) -> Result<bool, StepError> {
    let call = kms(here).get_key_policy().key_id(key);
    let Ok(seen) = write(here, GET_KEY_POLICY, call.send()).await else {
        return Ok(false);
    };
    let seen = seen.policy.as_deref().map(parsed);
    Ok(seen == Some(parsed(&chain::key_policy(alias))))
}

async fn create_topic(here: &Account, topic: &Arn, key_alias: &Arn) -> Result<(), StepError> {
    if Topic::observe(here, topic).await?.known()?.is_some() {
        return Ok(());
    }
    let call = sns(here)
        .create_topic()
        .name(topic.resource())
        .attributes("KmsMasterKeyId", key_alias.resource());
    write(here, CREATE_TOPIC, call.send()).await?;
    Ok(())
}

/// Changes the statements of a topic's policy as they are now, and nothing else of it.
async fn change_policy(
    here: &Account,
    topic: &Arn,
    change: impl Fn(&mut Vec<Value>) + Send,
) -> Result<(), StepError> {
    let changed = || StepError::Changed(format!("the policy of {topic}"));
    let policy = topic_policy(here, topic).await?;
    let mut document: Value = serde_json::from_str(&policy).map_err(|_| changed())?;
    let mut statements = chain::statements(&document);
    let before = statements.clone();
    change(&mut statements);
    if statements == before {
        return Ok(());
    }
    let members = document.as_object_mut().ok_or_else(changed)?;
    members.insert("Statement".to_owned(), json!(statements));
    let call = sns(here)
        .set_topic_attributes()
        .topic_arn(topic.as_str())
        .attribute_name("Policy")
        .attribute_value(document.to_string());
    write(here, SET_TOPIC_ATTRIBUTES, call.send()).await?;
    let now = topic_policy(here, topic).await?;
    let now: Value = serde_json::from_str(&now).map_err(|_| changed())?;
    if chain::statements(&now) == statements {
        Ok(())
    } else {
        Err(changed())
    }
}

async fn subscribe(here: &Account, topic: &Arn, endpoint: &Endpoint) -> Result<(), StepError> {
    let seen = subscribers(here, topic).await?;
    let mut known = seen.known()?.iter().filter(|known| !known.is_deleted());
    if known.any(|known| known.endpoint == *endpoint) {
        return Ok(());
    }
    let call = sns(here)
        .subscribe()
        .topic_arn(topic.as_str())
        .protocol(&endpoint.protocol)
        .endpoint(&endpoint.endpoint);
    write(here, SUBSCRIBE, call.send()).await?;
    Ok(())
}

/// One that nobody has confirmed cannot be taken back: it ends by itself in three days.
async fn unsubscribe(here: &Account, topic: &Arn, endpoint: &Endpoint) -> Result<(), StepError> {
    for known in subscribers(here, topic).await?.known()? {
        if known.endpoint == *endpoint && known.subscription_arn.starts_with("arn:") {
            let call = sns(here)
                .unsubscribe()
                .subscription_arn(&known.subscription_arn);
            remove(here, UNSUBSCRIBE, call.send()).await?;
        }
    }
    Ok(())
}

pub(crate) async fn filter_called(
    here: &Account,
    log_group: &Arn,
    name: &str,
) -> Result<Option<MetricFilter>, StepError> {
    let seen = MetricFilter::observe(here, log_group).await?;
    let mut filters = seen.known()?.iter().flatten();
    Ok(filters.find(|filter| filter.filter_name == name).cloned())
}

/// Under a name that is free: `PutMetricFilter` would replace what has it.
async fn put_filter(
    here: &Account,
    log_group: &Arn,
    filter: &MetricFilter,
) -> Result<(), StepError> {
    match filter_called(here, log_group, &filter.filter_name).await? {
        None => {}
        Some(seen) if seen == *filter => return Ok(()),
        Some(_) => return Err(StepError::Changed(filter.filter_name.clone())),
    }
    let transformations = filter.metric_transformations.iter().map(|transformation| {
        MetricTransformation::builder()
            .metric_namespace(&transformation.metric_namespace)
            .metric_name(&transformation.metric_name)
            .metric_value(&transformation.metric_value)
            .build()
    });
    // INVARIANT: namespace, name and value are there, which is all that it takes.
    let transformations = transformations.collect::<Result<Vec<_>, _>>();
    let call = logs(here)
        .put_metric_filter()
        .log_group_name(log_group_name(log_group))
        .filter_name(&filter.filter_name)
        .filter_pattern(&filter.filter_pattern)
        .set_metric_transformations(transformations.ok());
    write(here, PUT_METRIC_FILTER, call.send()).await?;
    Ok(())
}

pub(crate) async fn alarm_at(here: &Account, arn: &Arn) -> Result<Option<MetricAlarm>, StepError> {
    let seen = Alarms::observe(here).await?;
    let mut alarms = seen.known()?.metric_alarms.iter();
    Ok(alarms.find(|alarm| alarm.alarm_arn == *arn).cloned())
}

/// Under a name that is free: `PutMetricAlarm` would replace what has it.
async fn put_alarm(here: &Account, alarm: &MetricAlarm) -> Result<(), StepError> {
    match alarm_at(here, &alarm.alarm_arn).await? {
        None => {}
        Some(seen) if chain::is_as_made(&seen, alarm) => return Ok(()),
        Some(_) => return Err(StepError::Changed(alarm.alarm_arn.to_string())),
    }
    let series = alarm.metric.as_ref();
    let call = cloudwatch(here)
        .put_metric_alarm()
        .alarm_name(name_of(&alarm.alarm_arn))
        .alarm_description("Somebody used the root user of this account.")
        .actions_enabled(alarm.actions_enabled)
        .set_alarm_actions(Some(alarm.alarm_actions.clone()))
        .set_namespace(series.map(|series| series.metric.namespace.clone()))
        .set_metric_name(series.map(|series| series.metric.metric_name.clone()))
        .set_statistic(series.map(|series| Statistic::from(series.stat.as_str())))
        .set_period(series.map(|series| series.period))
        .set_evaluation_periods(alarm.evaluation_periods)
        .set_datapoints_to_alarm(alarm.datapoints_to_alarm)
        .set_threshold(alarm.threshold)
        .set_comparison_operator(
            alarm
                .comparison_operator
                .as_deref()
                .map(ComparisonOperator::from),
        )
        .set_treat_missing_data(alarm.treat_missing_data.clone());
    write(here, PUT_METRIC_ALARM, call.send()).await?;
    Ok(())
}
