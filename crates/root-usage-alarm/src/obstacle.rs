//! Why a chain does not, or is not yet known to, tell somebody.

use alarms::Flaw;
use config_rule::{Arn, Compliance, ReasonCode, Unread, Verdict};
use serde_json::Value;

use crate::facts::Question;
use crate::reasons::{
    ALARM_ACTIONS_DISABLED, ALARM_CANNOT_FIRE, ALARM_DOES_NOT_REARM, ALARM_HELD_BACK, ALARM_MUTED,
    ALARM_STUCK, ALARM_UNDECIDED, CENTRAL_ALARM_ELSEWHERE, NO_ALARM, NO_ALARM_ACTION,
    NO_CONFIRMED_SUBSCRIPTION, SUBSCRIPTION_FILTERED, TOPIC_CANNOT_RECEIVE, TOPIC_IN_OTHER_ACCOUNT,
    TOPIC_MISSING,
};

/// Obstacle of one chain, as the verdict that it would give.
#[derive(Clone, Debug)]
pub(crate) struct Obstacle {
    rank: Rank,
    /// Question that has to be asked to know more.
    pub(crate) question: Option<Box<Question>>,
    pub(crate) verdict: Box<Verdict>,
    /// Its place in the chain, for whoever would take it away.
    pub(crate) place: Box<BrokenLink>,
}

/// The broken link of a chain.
#[derive(Clone, Debug, Default)]
pub(crate) struct BrokenLink {
    /// The log group, if a trail feeds one that can be asked.
    pub(crate) log_group: Option<Arn>,
    /// Flaw of the alarm or behind it, if the chain gets that far.
    pub(crate) flaw: Option<Flaw>,
}

/// Rank of an obstacle: of several the last is told (SPEC 1, Combining).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// It was seen not to satisfy, this far from the beginning.
    Broken(u8),
    /// It is judged in another account.
    Elsewhere,
    /// It could satisfy, if it could be read or decided.
    Unverifiable,
    /// It could satisfy, and can be asked.
    Open,
}

/// Progress of a chain before its first flaw. Alarms have depths of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Depth {
    NoTrail,
    SingleRegion,
    NoLogGroup,
    NotLogging,
    Selectors,
    Delivery,
    NoFilter,
    MatchesOthers,
    Misses,
    Noisy,
    ValueZero,
    Alarm,
}

impl Obstacle {
    fn new(rank: Rank, verdict: Verdict) -> Self {
        Self {
            rank,
            question: None,
            verdict: Box::new(verdict),
            place: Box::default(),
        }
    }

    pub(crate) fn broken(depth: Depth, reason: ReasonCode, detail: impl Into<String>) -> Self {
        let verdict = Verdict::new(Compliance::NonCompliant, reason, detail);
        Self::new(Rank::Broken(depth as u8), verdict)
    }

    pub(crate) fn undecided(reason: ReasonCode, detail: impl Into<String>) -> Self {
        let verdict = Verdict::new(Compliance::Unverifiable, reason, detail);
        Self::new(Rank::Unverifiable, verdict)
    }

    pub(crate) fn elsewhere(owner: &str) -> Self {
        let detail = format!(
            "the log group of this account's events is judged in account {owner}. To judge it \
             here, add an evidence role of {owner}."
        );
        let verdict = Verdict::new(Compliance::NotApplicable, CENTRAL_ALARM_ELSEWHERE, detail);
        Self::new(Rank::Elsewhere, verdict)
    }

    pub(crate) fn open(question: Question) -> Self {
        let verdict = Verdict::from(Unread::not_asked(question.action()));
        Self::new(Rank::Open, verdict).asking(Some(question))
    }

    /// Adds to what the conclusion rests on.
    pub(crate) fn with_evidence(mut self, name: &str, value: Value) -> Self {
        self.verdict.evidence.insert(name.to_owned(), value);
        self
    }

    /// The same obstacle, with something that should be asked about it.
    pub(crate) fn asking(mut self, question: Option<Question>) -> Self {
        self.question = question.map(Box::new);
        self
    }

    /// Returns whether the chain was seen not to satisfy.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(self.rank, Rank::Broken(_))
    }

    /// Returns whether something must be asked before anything is known.
    pub(crate) fn is_open(&self) -> bool {
        self.rank == Rank::Open
    }
}

/// Of several chains, the one that satisfies; else the obstacle that is told.
/// `None` without any chain.
pub(crate) fn best<T>(
    chains: impl IntoIterator<Item = Result<T, Obstacle>>,
) -> Option<Result<T, Obstacle>> {
    let mut foremost: Option<Obstacle> = None;
    for chain in chains {
        match chain {
            Ok(satisfies) => return Some(Ok(satisfies)),
            // The first of equals, so that one chain is followed to its end
            // before another is begun.
            Err(obstacle) => match &foremost {
                Some(best) if best.rank >= obstacle.rank => {}
                _ => foremost = Some(obstacle),
            },
        }
    }
    foremost.map(Err)
}

impl From<Unread> for Obstacle {
    fn from(unread: Unread) -> Self {
        Self::new(Rank::Unverifiable, Verdict::from(unread))
    }
}

impl From<alarms::Obstacle> for Obstacle {
    fn from(obstacle: alarms::Obstacle) -> Self {
        match obstacle {
            alarms::Obstacle::Open(question) => Self::open(Question::Chain(question)),
            alarms::Obstacle::Unread(unread) => Self::from(unread),
            alarms::Obstacle::Undecided { subject, why } => {
                Self::undecided(ALARM_UNDECIDED, format!("{subject}: {why}."))
            }
            alarms::Obstacle::TopicInOtherAccount(topic) => Self::undecided(
                TOPIC_IN_OTHER_ACCOUNT,
                format!(
                    "topic {topic} is in another account. Add an evidence role of that account, \
                     or the topic to acceptedTopicArns."
                ),
            ),
            alarms::Obstacle::Broken(flaw) => {
                let (reason, advice) = reason_of(&flaw);
                let mut obstacle = Self::broken(Depth::Alarm, reason, format!("{flaw}. {advice}"));
                obstacle.rank = Rank::Broken((Depth::Alarm as u8).saturating_add(flaw.depth()));
                obstacle.place.flaw = Some(flaw);
                obstacle
            }
        }
    }
}

/// The reason code of a flaw, and what to do about it.
fn reason_of(flaw: &Flaw) -> (ReasonCode, &'static str) {
    const GOOD_ALARM: &str = "Use Sum over 60 seconds, at least 1, 1 of 1, notBreaching.";
    match flaw {
        Flaw::NoAlarm { .. } => (NO_ALARM, "Create one."),
        Flaw::CannotFire { .. } => (ALARM_CANNOT_FIRE, GOOD_ALARM),
        Flaw::DoesNotRearm { .. } => (ALARM_DOES_NOT_REARM, GOOD_ALARM),
        Flaw::Stuck { .. } => (ALARM_STUCK, "Find out why it does not leave it."),
        Flaw::ActionsDisabled(_) => (ALARM_ACTIONS_DISABLED, "Enable them."),
        Flaw::NoAction(_) => (NO_ALARM_ACTION, "Add a topic."),
        Flaw::HeldBack(_) => (ALARM_HELD_BACK, "Let the alarm act itself."),
        Flaw::Suppressed { .. } => (NO_ALARM_ACTION, "Let the alarm act itself."),
        Flaw::NotAccepted(_) => (NO_ALARM_ACTION, "Add a topic, or accept it there."),
        Flaw::FunctionRefuses(_) => (NO_ALARM_ACTION, "Add the permission, or a topic."),
        Flaw::TopicMissing(_) => (TOPIC_MISSING, "Create it, or name one that exists."),
        Flaw::TopicInOtherRegion(_) | Flaw::TopicFifo(_) => (
            TOPIC_CANNOT_RECEIVE,
            "Use a standard topic beside the alarm.",
        ),
        Flaw::TopicRefuses(_) => (TOPIC_CANNOT_RECEIVE, "Allow it there."),
        Flaw::KeyManagedByAws(_) => (TOPIC_CANNOT_RECEIVE, "Use a customer managed key."),
        Flaw::KeyUnusable { .. } => (TOPIC_CANNOT_RECEIVE, "Repair the key."),
        Flaw::NoConfirmedSubscription { .. } => (NO_CONFIRMED_SUBSCRIPTION, "Confirm one."),
        Flaw::SubscriptionFiltered { .. } => (
            SUBSCRIPTION_FILTERED,
            "Subscribe somebody without a filter policy.",
        ),
        Flaw::Muted { .. } => (ALARM_MUTED, "Take the alarm out of it."),
    }
}
