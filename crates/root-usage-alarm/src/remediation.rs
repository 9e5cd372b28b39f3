//! What a repair needs to know: settings, and what is there already under its names.

use alarms::{Alarms, Flaw, GET_TOPIC_ATTRIBUTES, Key, LIST_SUBSCRIPTIONS_BY_TOPIC, Topic, sns};
use config_rule::{
    Account, Arn, CallError, Compliance, Fact, Identity, ParameterError, ParameterReader,
    Parameters, Timestamp,
};
use remediation::{
    Mode, Plan, Remediation, RemediationParameters, Standing, Step, StepError, Target,
};
use serde::{Deserialize, Serialize};

use crate::chain::ChainNames;
use crate::change::{self, ChainChange};
use crate::evaluate::judge;
use crate::filters::Decisions;
use crate::plan::plan;
use crate::{RootUsage, RootUsageAlarm, RootUsageAlarmParameters, standing, steps};

const LIST_ALARM_TAGS: &str = "cloudwatch:ListTagsForResource";
const LIST_TOPIC_TAGS: &str = "sns:ListTagsForResource";

/// Recipient: a protocol of SNS and an address of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// `email`, `https`, `sqs` or `lambda`.
    pub protocol: String,
    /// The address.
    pub endpoint: String,
}

impl Endpoint {
    /// Reads an address, which says its protocol.
    fn read(text: &str) -> Option<Self> {
        let service = text.parse::<Arn>().map(|arn| arn.service().to_owned());
        let protocol = match service.as_deref() {
            Ok("sqs") => "sqs",
            Ok("lambda") => "lambda",
            Err(_) if text.starts_with("https://") => "https",
            Err(_) if text.contains('@') && !text.contains([' ', ':']) => "email",
            Ok(_) | Err(_) => return None,
        };
        Some(Self {
            protocol: protocol.to_owned(),
            endpoint: text.to_owned(),
        })
    }
}

/// Settings of this control's remediation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RemediationSettings {
    /// The topic that a new alarm tells. Without it, one is created.
    pub alarm_topic_arn: Option<Arn>,
    /// Endpoints that are subscribed to it.
    pub notification_endpoints: Vec<Endpoint>,
}

impl Parameters for RemediationSettings {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        Ok(Self {
            alarm_topic_arn: reader.text("alarmTopicArn", "the ARN of a topic", |text| {
                text.parse().ok().filter(|arn: &Arn| arn.service() == "sns")
            })?,
            notification_endpoints: reader.list(
                "notificationEndpoints",
                "mail addresses, https:// addresses, and ARNs of queues and functions",
                Endpoint::read,
            )?,
        })
    }
}

/// A subscription, and to whom it belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscriber {
    /// Its ARN, or `PendingConfirmation`, or `Deleted`.
    pub subscription_arn: String,
    /// Recipient.
    pub endpoint: Endpoint,
}

impl Subscriber {
    pub(crate) fn is_pending(&self) -> bool {
        self.subscription_arn == "PendingConfirmation"
    }

    pub(crate) fn is_deleted(&self) -> bool {
        self.subscription_arn == "Deleted"
    }
}

/// A topic and its subscribers; none where it does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TopicDetails {
    /// The topic.
    pub topic: Fact<Option<Topic>>,
    /// Its subscribers.
    pub subscribers: Fact<Vec<Subscriber>>,
}

/// An alarm or a topic that would be changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Touched {
    /// Its ARN.
    pub arn: Arn,
    /// The keys of its tags.
    pub tags: Fact<Vec<String>>,
}

/// Resources that are there under the names of what would be created.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Beside {
    /// The names.
    pub names: ChainNames,
    /// All alarms there.
    pub alarms: Fact<Alarms>,
    /// The topic.
    pub topic: TopicDetails,
    /// The key behind the alias.
    pub key: Fact<Option<Key>>,
}

/// Facts that a repair needs beyond what the verdict rests on.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RemediationDetails {
    /// Resource that would be changed, if it is the account's own.
    pub touched: Option<Touched>,
    /// The same, where it is a topic.
    pub touched_topic: Option<TopicDetails>,
    /// Resources beside something that would be created.
    pub beside: Option<Beside>,
}

impl Remediation for RootUsageAlarm {
    type Settings = RemediationSettings;
    type Details = RemediationDetails;
    type Change = ChainChange;

    const TARGET: Target<RemediationSettings> = Target::OwnAccount;
    const MODE: Mode = Mode::Manual;
    const PLAN_ACTIONS: &'static [&'static str] = &[LIST_ALARM_TAGS, LIST_TOPIC_TAGS];
    const APPLY_ACTIONS: &'static [&'static str] = steps::APPLY_ACTIONS;
    const REVERT_ACTIONS: &'static [&'static str] = steps::REVERT_ACTIONS;

    async fn observe_for_plan(
        account: &Account,
        facts: &RootUsage,
        parameters: &RootUsageAlarmParameters,
        remediation: &RemediationParameters<Self>,
    ) -> Result<RemediationDetails, CallError> {
        let settings = &remediation.settings;
        let mut details = RemediationDetails::default();
        let judged = judge(facts, parameters, &Decisions::default());
        let group = match judged.broken.log_group {
            Some(group) if group.account() == facts.account => group,
            _ => return Ok(details),
        };
        if judged.verdict.compliance != Compliance::NonCompliant {
            return Ok(details);
        }
        let here = account.in_region(group.region());
        match judged.broken.flaw {
            Some(Flaw::Muted { .. } | Flaw::Stuck { .. }) => {}
            Some(Flaw::ActionsDisabled(name)) => {
                let alarm = here.identity().arn("cloudwatch", &format!("alarm:{name}"));
                let tags = alarm_tags(&here, &alarm).await?;
                details.touched = Some(Touched { arn: alarm, tags });
            }
            Some(
                Flaw::TopicRefuses(topic)
                | Flaw::NoConfirmedSubscription { topic, .. }
                | Flaw::SubscriptionFiltered { topic, .. },
            ) => {
                if topic.account() == facts.account {
                    details.touched_topic = Some(TopicDetails::observe(&here, &topic).await?);
                    let tags = topic_tags(&here, &topic).await?;
                    details.touched = Some(Touched { arn: topic, tags });
                }
            }
            _ => {
                let names = ChainNames::beside(&group, |service, resource| {
                    here.identity().arn(service, resource)
                });
                details.beside = Some(Beside::observe(&here, names, facts, settings).await?);
            }
        }
        Ok(details)
    }

    fn plan(
        facts: &RootUsage,
        details: &RemediationDetails,
        parameters: &RootUsageAlarmParameters,
        settings: &RemediationSettings,
    ) -> Plan<ChainChange> {
        plan(facts, details, parameters, settings)
    }

    async fn apply(account: &Account, change: &ChainChange) -> Result<(), StepError> {
        steps::apply(account, change).await
    }

    fn could_make(identity: &Identity, step: &Step<ChainChange>) -> bool {
        change::could_make(identity, step)
    }

    async fn standing(
        account: &Account,
        change: &ChainChange,
        since: Timestamp,
        reverted: &[ChainChange],
    ) -> Result<Standing, StepError> {
        standing::standing(account, change, since, reverted).await
    }

    async fn revert(account: &Account, change: &ChainChange) -> Result<(), StepError> {
        steps::revert(account, change).await
    }
}

impl Beside {
    /// Returns what the control has asked already is not asked again; of topic and key nothing,
    /// where the organization names its own topic.
    async fn observe(
        here: &Account,
        names: ChainNames,
        facts: &RootUsage,
        settings: &RemediationSettings,
    ) -> Result<Self, CallError> {
        let place = alarms::AccountRegion::from_arn(&names.log_group);
        let alarms = match facts.observed.alarms.get(&place) {
            Some(alarms) => alarms.clone(),
            None => Alarms::observe(here).await?,
        };
        let creates_topic =
            settings.alarm_topic_arn.is_none() && !settings.notification_endpoints.is_empty();
        let (topic, key) = if creates_topic {
            (
                TopicDetails::observe(here, &names.topic).await?,
                Key::observe(here, names.key_alias.as_str()).await?,
            )
        } else {
            (TopicDetails::ABSENT, Fact::Known(None))
        };
        Ok(Self {
            names,
            alarms,
            topic,
            key,
        })
    }
}

impl TopicDetails {
    const ABSENT: Self = Self {
        topic: Fact::Known(None),
        subscribers: Fact::Known(Vec::new()),
    };

    pub(crate) async fn observe(here: &Account, topic: &Arn) -> Result<Self, CallError> {
        let seen = Topic::observe(here, topic).await?;
        if let Fact::Known(None) = seen {
            return Ok(Self::ABSENT);
        }
        Ok(Self {
            topic: seen,
            subscribers: subscribers(here, topic).await?,
        })
    }
}

/// All subscribers of a topic; none where it does not exist.
pub(crate) async fn subscribers(
    here: &Account,
    topic: &Arn,
) -> Result<Fact<Vec<Subscriber>>, CallError> {
    let request = sns(here)
        .list_subscriptions_by_topic()
        .topic_arn(topic.as_str());
    let mut subscribers = Vec::new();
    let mut next_token = None;
    loop {
        let page = request.clone().set_next_token(next_token).send();
        let page = match here.call(LIST_SUBSCRIPTIONS_BY_TOPIC, page).await? {
            Fact::Unread(unread) => return Ok(Fact::Unread(unread)),
            Fact::Known(page) => page,
        };
        let Some(page) = page else {
            return Ok(Fact::Known(subscribers));
        };
        let found = page.subscriptions.unwrap_or_default().into_iter();
        subscribers.extend(found.map(|subscription| Subscriber {
            subscription_arn: subscription.subscription_arn.unwrap_or_default(),
            endpoint: Endpoint {
                protocol: subscription.protocol.unwrap_or_default(),
                endpoint: subscription.endpoint.unwrap_or_default(),
            },
        }));
        next_token = page.next_token;
        if next_token.is_none() {
            return Ok(Fact::Known(subscribers));
        }
    }
}

async fn alarm_tags(here: &Account, alarm: &Arn) -> Result<Fact<Vec<String>>, CallError> {
    let request = alarms::cloudwatch(here)
        .list_tags_for_resource()
        .resource_arn(alarm.as_str());
    let answer = here.call(LIST_ALARM_TAGS, request.send()).await?;
    Ok(answer.map(|output| {
        let tags = output.and_then(|output| output.tags).unwrap_or_default();
        tags.into_iter().filter_map(|tag| tag.key).collect()
    }))
}

async fn topic_tags(here: &Account, topic: &Arn) -> Result<Fact<Vec<String>>, CallError> {
    let request = sns(here)
        .list_tags_for_resource()
        .resource_arn(topic.as_str());
    let answer = here.call(LIST_TOPIC_TAGS, request.send()).await?;
    Ok(answer.map(|output| {
        let tags = output.and_then(|output| output.tags).unwrap_or_default();
        tags.into_iter().map(|tag| tag.key).collect()
    }))
}

/// Returns what the policy of a topic says now, for a step that adds to it.
pub(crate) async fn topic_policy(here: &Account, topic: &Arn) -> Result<String, StepError> {
    let gone = || StepError::Gone {
        action: GET_TOPIC_ATTRIBUTES.to_owned(),
    };
    let seen = Topic::observe(here, topic).await?.known()?.clone();
    seen.and_then(|topic| topic.policy).ok_or_else(gone)
}
