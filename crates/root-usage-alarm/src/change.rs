//! The changes that a remediation of the chain makes, and the step that each is.

use alarms::{MetricAlarm, MetricFilter};
use config_rule::{Arn, Identity};
use remediation::Step;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::chain::{self, ChainNames};
use crate::remediation::Endpoint;

/// A change of a chain, made in the account and Region of its ARN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ChainChange {
    /// `CreateKey` and `CreateAlias`
    CreateKey {
        /// The alias.
        alias: Arn,
    },
    /// `CreateTopic`, encrypted with the key behind the alias.
    CreateTopic {
        /// The topic.
        topic: Arn,
        /// The alias of its key.
        key_alias: Arn,
    },
    /// Adds one statement to the topic's policy.
    LetAlarmsPublish {
        /// The topic.
        topic: Arn,
    },
    /// `Subscribe`
    Subscribe {
        /// The topic.
        topic: Arn,
        /// Recipient.
        endpoint: Endpoint,
    },
    /// `PutMetricFilter`, under a name that is free.
    PutFilter {
        /// The log group.
        log_group: Arn,
        /// The filter.
        filter: MetricFilter,
    },
    /// `PutMetricAlarm`, under a name that is free.
    PutAlarm {
        /// The alarm.
        alarm: Box<MetricAlarm>,
    },
    /// `EnableAlarmActions`
    EnableActions {
        /// The alarm.
        alarm: Arn,
    },
}

impl ChainChange {
    /// The ARN of what is changed or created.
    pub(crate) fn resource(&self) -> &Arn {
        match self {
            Self::CreateKey { alias } => alias,
            Self::CreateTopic { topic, .. }
            | Self::LetAlarmsPublish { topic }
            | Self::Subscribe { topic, .. } => topic,
            Self::PutFilter { log_group, .. } => log_group,
            Self::PutAlarm { alarm } => &alarm.alarm_arn,
            Self::EnableActions { alarm } => alarm,
        }
    }

    /// Returns the step that this change is where `before` is there, if it is one that a
    /// plan can have: what is created has the names and contents of [`chain`].
    fn step(&self, before: &Value) -> Option<Step<Self>> {
        let resource = self.resource();
        let service = |wanted: &str| (resource.service() == wanted).then_some(());
        let names = ChainNames::beside(resource, |service, name| resource.sibling(service, name));
        Some(match self {
            Self::CreateKey { alias } => {
                (*alias == names.key_alias).then_some(())?;
                create_key(alias)
            }
            Self::CreateTopic { topic, key_alias } => {
                (*topic == names.topic && *key_alias == names.key_alias).then_some(())?;
                create_topic(topic, key_alias)
            }
            Self::LetAlarmsPublish { topic } => {
                service("sns")?;
                add_statement(topic, chain::statements(before))
            }
            Self::Subscribe { topic, endpoint } => {
                service("sns")?;
                subscribe(topic, endpoint)
            }
            Self::PutFilter { log_group, filter } => {
                service("logs")?;
                chain::filters().contains(filter).then_some(())?;
                put_filter(log_group, filter.clone())
            }
            Self::PutAlarm { alarm } => {
                let metric = &alarm.metric.as_ref()?.metric;
                let topic = alarm.alarm_actions.first()?.parse().ok()?;
                let made = chain::alarm(&names.alarm, metric, &topic);
                (**alarm == made).then_some(())?;
                put_alarm(made)
            }
            Self::EnableActions { alarm } => {
                service("cloudwatch")?;
                enable_actions(alarm)
            }
        })
    }
}

/// Returns whether a step is one that a plan for the account can have.
pub(crate) fn could_make(identity: &Identity, step: &Step<ChainChange>) -> bool {
    let resource = step.change.resource();
    resource.account() == identity.account()
        && resource.partition() == identity.partition()
        && step.change.step(&step.before).as_ref() == Some(step)
}

pub(crate) fn parsed(policy: &str) -> Value {
    serde_json::from_str(policy).unwrap_or_default()
}

fn step(what: &str, resource: &Arn, after: Value, change: ChainChange) -> Step<ChainChange> {
    Step {
        what: what.to_owned(),
        resource: resource.to_string(),
        before: Value::Null,
        after,
        reversible: true,
        cost: None,
        change,
    }
}

pub(crate) fn create_key(alias: &Arn) -> Step<ChainChange> {
    let after = json!({"Alias": alias.resource(), "Policy": parsed(&chain::key_policy(alias))});
    let change = ChainChange::CreateKey {
        alias: alias.clone(),
    };
    step("create a key that CloudWatch may use", alias, after, change)
}

pub(crate) fn create_topic(topic: &Arn, key_alias: &Arn) -> Step<ChainChange> {
    let after = json!({"KmsMasterKeyId": key_alias.resource()});
    let change = ChainChange::CreateTopic {
        topic: topic.clone(),
        key_alias: key_alias.clone(),
    };
    step("create an encrypted topic", topic, after, change)
}

pub(crate) fn let_alarms_publish(topic: &Arn, policy: Option<&str>) -> Step<ChainChange> {
    let statements = policy.map(|policy| chain::statements(&parsed(policy)));
    add_statement(topic, statements.unwrap_or_default())
}

fn add_statement(topic: &Arn, mut statements: Vec<Value>) -> Step<ChainChange> {
    let before = json!({"Statement": statements});
    statements.push(chain::publish_statement(topic));
    let after = json!({"Statement": statements});
    let change = ChainChange::LetAlarmsPublish {
        topic: topic.clone(),
    };
    Step {
        before,
        ..step("let alarms publish", topic, after, change)
    }
}

pub(crate) fn subscribe(topic: &Arn, endpoint: &Endpoint) -> Step<ChainChange> {
    let what = format!("subscribe {}", endpoint.endpoint);
    let change = ChainChange::Subscribe {
        topic: topic.clone(),
        endpoint: endpoint.clone(),
    };
    step(&what, topic, json!(endpoint), change)
}

pub(crate) fn put_filter(log_group: &Arn, filter: MetricFilter) -> Step<ChainChange> {
    let what = format!("create the metric filter {}", filter.filter_name);
    let after = json!(filter);
    let change = ChainChange::PutFilter {
        log_group: log_group.clone(),
        filter,
    };
    step(&what, log_group, after, change)
}

pub(crate) fn put_alarm(alarm: MetricAlarm) -> Step<ChainChange> {
    let (arn, after) = (alarm.alarm_arn.clone(), json!(alarm));
    let alarm = Box::new(alarm);
    step(
        "create the alarm",
        &arn,
        after,
        ChainChange::PutAlarm { alarm },
    )
}

pub(crate) fn enable_actions(alarm: &Arn) -> Step<ChainChange> {
    let after = json!({"ActionsEnabled": true});
    let change = ChainChange::EnableActions {
        alarm: alarm.clone(),
    };
    Step {
        before: json!({"ActionsEnabled": false}),
        ..step("switch the alarm's actions on", alarm, after, change)
    }
}
