//! Does an alarm's action reach somebody?

use config_rule::{Arn, Unread};
use event_pattern::Verdict;
use iam_policy::Decision;

use crate::key::Key;
use crate::observed::{Observed, Question};
use crate::policy::{self, CLOUDWATCH, ServiceRequest, alarm_may_publish};
use crate::topic::Subscription;

/// The principal that invokes Lambda functions for an alarm.
const ALARMS: &str = "lambda.alarms.cloudwatch.amazonaws.com";

/// The actions that CloudWatch needs on the key of an encrypted topic.
const KEY_ACTIONS: [&str; 2] = ["kms:Decrypt", "kms:GenerateDataKey"];

/// The organization's settings: what counts without evidence, and whom it can ask.
pub trait Acceptance {
    /// Returns whether an action that is neither a topic nor a function counts.
    fn accepts_action(&self, action: &str) -> bool;

    /// Returns whether a topic of an account that cannot be asked counts.
    fn accepts_topic(&self, topic: &Arn) -> bool;

    /// Returns whether what this account owns can be asked for.
    fn can_ask(&self, account: &str) -> bool;

    /// The id of the organization, where it is known.
    fn organization(&self) -> Option<&str>;
}

/// An action that reaches somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The action: a topic, a function, or what else was accepted.
    pub action: String,
    /// True if it counts only because the organization says so.
    pub only_accepted: bool,
}

/// Reason why a chain is not, or not yet, known to reach somebody.
#[derive(Clone, Debug, PartialEq)]
pub enum Obstacle {
    /// This has not been asked yet.
    Open(Question),
    /// This cannot be read.
    Unread(Unread),
    /// Not settled by what was read; why, as a sentence about `subject`.
    Undecided {
        /// Such as `alarm "root-use"`.
        subject: String,
        /// Such as `its statistic is IQM`.
        why: String,
    },
    /// The topic belongs to an account that cannot be asked.
    TopicInOtherAccount(Arn),
    /// It does not reach anybody.
    Broken(Flaw),
}

/// Reasons why an alarm reaches nobody, in the order of the chain.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant says what it is in words")]
pub enum Flaw {
    #[error("no alarm watches the metric {namespace}/{metric_name} of filter {filter}")]
    NoAlarm {
        namespace: String,
        metric_name: String,
        filter: String,
    },
    #[error("alarm {alarm}: {why}")]
    CannotFire { alarm: String, why: String },
    #[error("alarm {alarm} stays in ALARM {stays}, and tells of no second root use meanwhile")]
    DoesNotRearm { alarm: String, stays: String },
    #[error("alarm {alarm} has been in ALARM since {since}, and tells of nothing meanwhile")]
    Stuck { alarm: String, since: String },
    #[error("alarm {0} has its actions disabled")]
    ActionsDisabled(String),
    #[error("alarm {0} has no action for the state ALARM")]
    NoAction(String),
    #[error("alarm {0} is held back by the states of other alarms in its rule")]
    HeldBack(String),
    #[error("the actions of alarm {alarm} can be held back by its suppressor {suppressor}")]
    Suppressed { alarm: String, suppressor: String },
    #[error("the action {0} is no topic and no function, and is not in acceptedActions")]
    NotAccepted(String),
    #[error("function {0} does not exist, or its policy does not let alarms invoke it")]
    FunctionRefuses(Arn),
    #[error("topic {0} does not exist")]
    TopicMissing(Arn),
    #[error("topic {0} is in another Region than the alarm")]
    TopicInOtherRegion(Arn),
    #[error("topic {0} is a FIFO topic, to which alarms cannot publish")]
    TopicFifo(Arn),
    #[error("the policy of topic {0} does not let {CLOUDWATCH} publish for the alarm")]
    TopicRefuses(Arn),
    #[error("topic {0} is encrypted with an AWS managed key, which CloudWatch cannot use")]
    KeyManagedByAws(Arn),
    #[error("topic {topic} is encrypted with a key that {why}")]
    KeyUnusable { topic: Arn, why: String },
    #[error("topic {topic} has no confirmed subscription ({pending} waiting for confirmation)")]
    NoConfirmedSubscription { topic: Arn, pending: usize },
    #[error(
        "the filter policies of all {filtered} confirmed subscriptions of topic {topic} keep messages of the alarm back"
    )]
    SubscriptionFiltered { topic: Arn, filtered: usize },
    #[error("alarm {alarm} is muted by {rule}")]
    Muted { alarm: String, rule: String },
}

impl Flaw {
    /// Returns how far the chain got before it.
    pub fn depth(&self) -> u8 {
        match self {
            Self::NoAlarm { .. } => 0,
            Self::CannotFire { .. } => 1,
            Self::DoesNotRearm { .. } => 2,
            Self::Stuck { .. } => 3,
            Self::NoAction(_) => 4,
            Self::ActionsDisabled(_) => 5,
            Self::HeldBack(_) | Self::Suppressed { .. } | Self::NotAccepted(_) => 6,
            Self::TopicMissing(_) | Self::TopicInOtherRegion(_) => 7,
            Self::FunctionRefuses(_)
            | Self::TopicFifo(_)
            | Self::TopicRefuses(_)
            | Self::KeyManagedByAws(_)
            | Self::KeyUnusable { .. } => 8,
            Self::NoConfirmedSubscription { .. } => 9,
            Self::SubscriptionFiltered { .. } => 10,
            Self::Muted { .. } => 11,
        }
    }
}

/// Of several ways, the one that satisfies; else what must be asked next; else
/// what could satisfy if it were known; else the one that got furthest. `None`
/// if there is no way at all.
pub(crate) fn best<T>(
    ways: impl Iterator<Item = Result<T, Obstacle>>,
) -> Option<Result<T, Obstacle>> {
    let rank = |obstacle: &Obstacle| match obstacle {
        Obstacle::Open(_) => (2, 0),
        Obstacle::Unread(_) | Obstacle::Undecided { .. } | Obstacle::TopicInOtherAccount(_) => {
            (1, 0)
        }
        Obstacle::Broken(flaw) => (0, flaw.depth()),
    };
    let mut foremost: Option<Obstacle> = None;
    for way in ways {
        match way {
            Ok(satisfies) => return Some(Ok(satisfies)),
            // The first of equals, so that a chain is followed to its end
            // before another is begun.
            Err(obstacle) => match &foremost {
                Some(best) if rank(best) >= rank(&obstacle) => {}
                _ => foremost = Some(obstacle),
            },
        }
    }
    foremost.map(Err)
}

impl Observed {
    /// Returns whether `action` of `alarm` reaches somebody.
    ///
    /// # Errors
    /// With what stands in the way of that, or of knowing it.
    pub fn reached_by(
        &self,
        action: &str,
        alarm: &Arn,
        acceptance: &impl Acceptance,
    ) -> Result<Reached, Obstacle> {
        let reached = |only_accepted| Reached {
            action: action.to_owned(),
            only_accepted,
        };
        match action.parse::<Arn>() {
            Ok(topic) if topic.service() == "sns" => {
                match self.topic_reaches(&topic, alarm, acceptance) {
                    Ok(()) => Ok(reached(false)),
                    Err(Obstacle::Unread(_) | Obstacle::TopicInOtherAccount(_))
                        if topic.account() != alarm.account()
                            && acceptance.accepts_topic(&topic) =>
                    {
                        Ok(reached(true))
                    }
                    Err(obstacle) => Err(obstacle),
                }
            }
            Ok(function) if function.service() == "lambda" => self
                .function_reaches(&function, alarm, acceptance)
                .map(|()| reached(false)),
            _ if acceptance.accepts_action(action) => Ok(reached(true)),
            _ => Err(Obstacle::Broken(Flaw::NotAccepted(action.to_owned()))),
        }
    }

    fn topic_reaches(
        &self,
        arn: &Arn,
        alarm: &Arn,
        acceptance: &impl Acceptance,
    ) -> Result<(), Obstacle> {
        let broken = |flaw: fn(Arn) -> Flaw| Err(Obstacle::Broken(flaw(arn.clone())));
        if arn.region() != alarm.region() {
            return broken(Flaw::TopicInOtherRegion);
        }
        if arn
            .resource()
            .rsplit_once('.')
            .is_some_and(|(_, end)| end == "fifo")
        {
            return broken(Flaw::TopicFifo);
        }
        if !acceptance.can_ask(arn.account()) {
            return Err(Obstacle::TopicInOtherAccount(arn.clone()));
        }
        let Some(topic) = Self::get(&self.topics, arn, Question::Topic)? else {
            return broken(Flaw::TopicMissing);
        };
        if topic.fifo_topic {
            return broken(Flaw::TopicFifo);
        }
        let Some(policy) = topic.policy.as_deref() else {
            return Err(undecided(format!("topic {arn}"), "it shows no policy"));
        };
        match alarm_may_publish(policy, arn, alarm, acceptance.organization()) {
            Decision::Allowed => {}
            Decision::ImplicitlyDenied | Decision::ExplicitlyDenied => {
                return broken(Flaw::TopicRefuses);
            }
            Decision::Undecided(reason) => {
                return Err(undecided(
                    format!("topic {arn}"),
                    format!("its policy may let CloudWatch publish: {reason}"),
                ));
            }
        }
        if let Some(key) = &topic.kms_master_key_id {
            self.key_serves(key, arn, alarm, acceptance)?;
        }
        self.somebody_is_subscribed(arn, alarm)
    }

    fn key_serves(
        &self,
        id: &str,
        topic: &Arn,
        alarm: &Arn,
        acceptance: &impl Acceptance,
    ) -> Result<(), Obstacle> {
        let unusable = |why: &str| {
            Err(Obstacle::Broken(Flaw::KeyUnusable {
                topic: topic.clone(),
                why: why.to_owned(),
            }))
        };
        if id == "alias/aws/sns" || id.ends_with(":alias/aws/sns") {
            return Err(Obstacle::Broken(Flaw::KeyManagedByAws(topic.clone())));
        }
        let Some(asked) = key_arn(id, topic) else {
            return Err(undecided(
                format!("topic {topic}"),
                "its key has no valid id",
            ));
        };
        let Some(key) = Self::get(&self.keys, &asked, Question::Key)? else {
            return unusable("does not exist");
        };
        let Key {
            arn,
            key_state,
            key_manager,
        } = key;
        if key_manager != "CUSTOMER" {
            return Err(Obstacle::Broken(Flaw::KeyManagedByAws(topic.clone())));
        }
        if key_state != "Enabled" {
            return unusable(&format!("is {key_state}"));
        }
        let policy = Self::get(&self.key_policies, arn, Question::KeyPolicy)?;
        for action in KEY_ACTIONS {
            let request = ServiceRequest {
                principal: CLOUDWATCH,
                action,
                resource: arn,
                alarm,
                organization: acceptance.organization(),
            };
            let policy = policy.as_deref().unwrap_or_default();
            match policy::decide(policy, &request) {
                Decision::Allowed => {}
                Decision::ImplicitlyDenied | Decision::ExplicitlyDenied => {
                    return unusable(&format!("does not let {CLOUDWATCH} use {action}"));
                }
                Decision::Undecided(reason) => {
                    return Err(undecided(
                        format!("topic {topic}"),
                        format!("the policy of its key may let CloudWatch use it: {reason}"),
                    ));
                }
            }
        }
        Ok(())
    }

    fn somebody_is_subscribed(&self, arn: &Arn, alarm: &Arn) -> Result<(), Obstacle> {
        let subscriptions = Self::get(&self.subscriptions, arn, Question::Subscriptions)?;
        let Some(subscriptions) = subscriptions else {
            return Err(Obstacle::Broken(Flaw::TopicMissing(arn.clone())));
        };
        let none = || {
            let pending = subscriptions.iter().filter(|s| s.is_pending()).count();
            Err(Obstacle::Broken(Flaw::NoConfirmedSubscription {
                topic: arn.clone(),
                pending,
            }))
        };
        let confirmed = subscriptions.iter().filter_map(Subscription::confirmed);
        let confirmed: Vec<_> = confirmed.collect();
        let mut filtered = 0;
        let ways = confirmed.iter().map(|subscription| {
            let (answers, ask) = (
                &self.subscription_attributes,
                Question::SubscriptionAttributes,
            );
            let Some(attributes) = Self::get(answers, subscription, ask)? else {
                return none();
            };
            match attributes.lets_pass(alarm) {
                Verdict::Yes => Ok(()),
                Verdict::No => {
                    filtered += 1;
                    Err(Obstacle::Broken(Flaw::SubscriptionFiltered {
                        topic: arn.clone(),
                        filtered,
                    }))
                }
                Verdict::Undecided => Err(undecided(
                    format!("topic {arn}"),
                    "the filter policy of its subscription may let the alarm's messages pass",
                )),
            }
        });
        match best(ways) {
            None => none(),
            Some(Err(Obstacle::Broken(_))) if filtered > 0 => {
                Err(Obstacle::Broken(Flaw::SubscriptionFiltered {
                    topic: arn.clone(),
                    filtered,
                }))
            }
            Some(answer) => answer,
        }
    }

    fn function_reaches(
        &self,
        function: &Arn,
        alarm: &Arn,
        acceptance: &impl Acceptance,
    ) -> Result<(), Obstacle> {
        if !acceptance.can_ask(function.account()) {
            return Err(undecided(
                format!("function {function}"),
                "it is in another account; add an evidence role of that account",
            ));
        }
        let policy = Self::get(&self.function_policies, function, Question::FunctionPolicy)?;
        let request = ServiceRequest {
            principal: ALARMS,
            action: "lambda:InvokeFunction",
            resource: function,
            alarm,
            organization: acceptance.organization(),
        };
        let decision = policy
            .as_deref()
            .map_or(Decision::ImplicitlyDenied, |policy| {
                policy::decide(policy, &request)
            });
        match decision {
            Decision::Allowed => Ok(()),
            Decision::ImplicitlyDenied | Decision::ExplicitlyDenied => {
                Err(Obstacle::Broken(Flaw::FunctionRefuses(function.clone())))
            }
            Decision::Undecided(reason) => Err(undecided(
                format!("function {function}"),
                format!("its policy may let alarms invoke it: {reason}"),
            )),
        }
    }
}

pub(crate) fn undecided(subject: String, why: impl Into<String>) -> Obstacle {
    Obstacle::Undecided {
        subject,
        why: why.into(),
    }
}

/// The ARN of a topic's key, which may be given by its id or an alias.
fn key_arn(id: &str, topic: &Arn) -> Option<Arn> {
    if let Ok(arn) = id.parse() {
        return Some(arn);
    }
    let resource = if id.starts_with("alias/") {
        id.to_owned()
    } else {
        format!("key/{id}")
    };
    let (partition, region, account) = (topic.partition(), topic.region(), topic.account());
    format!("arn:{partition}:kms:{region}:{account}:{resource}")
        .parse()
        .ok()
}
