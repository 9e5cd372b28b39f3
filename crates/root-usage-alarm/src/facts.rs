//! What is seen in an account, and in the accounts that it depends on.

use std::collections::BTreeMap;

use alarms::Observed;
use config_rule::{Account, Arn, CallError, Control, Fact, Section, Timestamp, Unread};
use filter_pattern::Pattern;
use serde::{Deserialize, Serialize};
use tracing::error;
use trails::{
    DESCRIBE_TRAILS, GET_EVENT_SELECTORS, GET_TRAIL_STATUS, ObservedTrail, Trail, TrailReader,
    Trails,
};

use crate::evaluate::judge;
use crate::filters::Decisions;
use crate::{RootUsageAlarm, RootUsageAlarmParameters};

/// The chains from the account's trails to whoever is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RootUsage {
    /// Time at which the account was looked at.
    pub observed_at: Timestamp,
    /// The account whose root user it is about.
    pub account: String,
    /// The account's partition.
    pub partition: String,
    /// The trails that log the account's events.
    pub trails: Fact<Vec<ObservedTrail>>,
    /// Trails of other accounts as their owners see them, who alone may see the
    /// log group. `Known(None)`: the owner has no such trail.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub owners_trails: BTreeMap<Arn, Fact<Option<Trail>>>,
    /// From the log groups onwards.
    #[serde(flatten)]
    pub observed: Observed,
}

/// Question that has to be asked to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Status of this trail.
    Status(Arn),
    /// Events that this trail logs.
    Selectors(Arn),
    /// This trail of another account, as its owner sees it.
    OwnersTrail(Trail),
    /// Something about the chain from the log group onwards.
    Chain(alarms::Question),
}

impl Question {
    /// The IAM action of the call that answers it.
    pub(crate) fn action(&self) -> &'static str {
        match self {
            Self::Status(_) => GET_TRAIL_STATUS,
            Self::Selectors(_) => GET_EVENT_SELECTORS,
            Self::OwnersTrail(_) => DESCRIBE_TRAILS,
            Self::Chain(question) => question.action(),
        }
    }
}

impl RootUsage {
    /// Judges what is known, asks what that judgement lacks, and so on until it
    /// lacks nothing: what decides is asked for, and no more.
    pub(crate) async fn observe(
        account: &Account,
        parameters: &RootUsageAlarmParameters,
    ) -> Result<Self, CallError> {
        let trails = account.section::<Trails>().await?;
        let mut facts = Self {
            observed_at: account.observed_at(),
            account: account.identity().account().to_owned(),
            partition: account.identity().partition().to_owned(),
            trails: trails.map(|trails| trails.0.into_iter().map(ObservedTrail::from).collect()),
            owners_trails: BTreeMap::new(),
            observed: Observed::default(),
        };
        let decisions = Decisions::default();
        while let Some(question) = judge(&facts, parameters, &decisions).question {
            facts.ask(question, account, parameters).await?;
        }
        Ok(facts)
    }

    async fn ask(
        &mut self,
        question: Question,
        account: &Account,
        parameters: &RootUsageAlarmParameters,
    ) -> Result<(), CallError> {
        let reader = TrailReader {
            account,
            roles: &parameters.central_evidence_role_arns,
            control: RootUsageAlarm::METADATA.name,
        };
        match question {
            Question::Status(trail) => {
                if let Some(observed) = self.trail_mut(&trail) {
                    observed.status = Some(reader.ask(&observed.trail).await?);
                }
            }
            Question::Selectors(trail) => {
                if let Some(observed) = self.trail_mut(&trail) {
                    observed.selectors = Some(reader.ask(&observed.trail).await?);
                }
            }
            Question::OwnersTrail(trail) => {
                let owner =
                    asked_in(account, trail.owner(), &trail.home_region, parameters).await?;
                let seen = match owner {
                    Fact::Known(owner) => Trails::observe(&owner).await?,
                    Fact::Unread(unread) => Fact::Unread(unread),
                };
                let seen = seen.map(|trails| trails.0.into_iter().find(|t| t.arn == trail.arn));
                self.owners_trails.insert(trail.arn, seen);
            }
            Question::Chain(question) => {
                let asked = match question.place() {
                    None => Fact::Known(account.clone()),
                    Some(place) => {
                        asked_in(account, place.account(), place.region(), parameters).await?
                    }
                };
                let tested = match &question {
                    alarms::Question::FilterTest { pattern, .. } => Some(pattern.clone()),
                    _ => None,
                };
                self.observed.ask(question, &asked).await?;
                if let Some(pattern) = tested {
                    self.log_disagreements(&pattern);
                }
            }
        }
        Ok(())
    }

    fn trail_mut(&mut self, arn: &Arn) -> Option<&mut ObservedTrail> {
        match &mut self.trails {
            Fact::Known(trails) => trails.iter_mut().find(|trail| trail.trail.arn == *arn),
            Fact::Unread(_) => None,
        }
    }

    /// Logs where CloudWatch Logs and we differ: one of us is wrong, and a person
    /// should find out who.
    fn log_disagreements(&self, pattern: &str) {
        let Some(Fact::Known(test)) = self.observed.filter_tests.get(pattern) else {
            return;
        };
        let Ok(ours) = Pattern::parse(pattern) else {
            return;
        };
        for tested in &test.messages {
            if ours.matches(&tested.message) != tested.matched {
                error!(
                    pattern,
                    message = tested.message,
                    cloud_watch_logs_matches = tested.matched,
                    "CloudWatch Logs and filter-pattern disagree"
                );
            }
        }
    }
}

/// The account `owner` in `region`, asked by itself or through its evidence role.
async fn asked_in(
    account: &Account,
    owner: &str,
    region: &str,
    parameters: &RootUsageAlarmParameters,
) -> Result<Fact<Account>, CallError> {
    if owner == account.identity().account() {
        return Ok(Fact::Known(account.in_region(region)));
    }
    match parameters.central_evidence_role_arns.for_account(owner) {
        Some(role) => {
            let owner = account.through(role, RootUsageAlarm::METADATA.name).await?;
            Ok(owner.map(|owner| owner.in_region(region)))
        }
        None => Ok(Fact::Unread(Unread::Unavailable {
            action: config_rule::ASSUME_ROLE.to_owned(),
            code: format!("no evidence role of account {owner}"),
        })),
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;
    use alarms::{FilterTest, TestedMessage};
    use config_rule::{ASSUME_ROLE, Compliance, parse_parameters};
    use serde_json::{Map, json};

    fn complete() -> RootUsage {
        serde_json::from_str(include_str!("../tests/complete.json")).unwrap()
    }

    /// Answers a question from `world`, as AWS would.
    fn answer(facts: &mut RootUsage, question: Question, world: &RootUsage) {
        use alarms::Question as Q;
        let trail_of = |arn: &Arn| {
            let trails = world.trails.known().unwrap();
            trails.iter().find(|t| t.trail.arn == *arn).unwrap().clone()
        };
        let (to, from) = (&mut facts.observed, &world.observed);
        macro_rules! copy {
            ($answers:ident, $key:expr) => {
                to.$answers
                    .insert($key.clone(), from.$answers[&$key].clone())
                    .is_none()
            };
        }
        let is_new = match question {
            Question::Status(arn) => {
                let trail = facts.trail_mut(&arn).unwrap();
                std::mem::replace(&mut trail.status, trail_of(&arn).status).is_none()
            }
            Question::Selectors(arn) => {
                let trail = facts.trail_mut(&arn).unwrap();
                std::mem::replace(&mut trail.selectors, trail_of(&arn).selectors).is_none()
            }
            Question::OwnersTrail(_) => panic!("no other account has a part in this"),
            Question::Chain(Q::FilterTest { pattern, messages }) => {
                let ours = Pattern::parse(&pattern).unwrap();
                let tested = messages.into_iter().map(|message| TestedMessage {
                    matched: ours.matches(&message),
                    message,
                });
                let test = FilterTest {
                    messages: tested.collect(),
                };
                to.filter_tests.insert(pattern, Fact::Known(test)).is_none()
            }
            Question::Chain(Q::MetricFilters(arn)) => copy!(metric_filters, arn),
            Question::Chain(Q::FeedingFilters(..)) => panic!("no other filter matters here"),
            Question::Chain(Q::Alarms(place)) => copy!(alarms, place),
            Question::Chain(Q::MuteRules(arn)) => copy!(mute_rules, arn),
            Question::Chain(Q::Topic(arn)) => copy!(topics, arn),
            Question::Chain(Q::Key(arn)) => copy!(keys, arn),
            Question::Chain(Q::KeyPolicy(arn)) => copy!(key_policies, arn),
            Question::Chain(Q::Subscriptions(arn)) => copy!(subscriptions, arn),
            Question::Chain(Q::SubscriptionAttributes(arn)) => copy!(subscription_attributes, arn),
            Question::Chain(Q::FunctionPolicy(arn)) => copy!(function_policies, arn),
        };
        assert!(is_new, "asked twice");
    }

    /// The IAM actions asked for after `DescribeTrails`, and the verdict.
    fn observe(world: &RootUsage) -> (Vec<&'static str>, Compliance, RootUsage) {
        let parameters = parse_parameters(Map::new()).unwrap();
        let mut facts = world.clone();
        facts.observed = Observed::default();
        if let Fact::Known(trails) = &mut facts.trails {
            for trail in trails {
                (trail.status, trail.selectors) = (None, None);
            }
        }
        let decisions = Decisions::default();
        let mut calls = Vec::new();
        loop {
            let judged = judge(&facts, &parameters, &decisions);
            let Some(question) = judged.question else {
                let verdict = RootUsageAlarm::evaluate(&facts, &parameters);
                assert_eq!(verdict, judged.verdict);
                assert_eq!(RootUsageAlarm::unasked(&facts, &parameters), None);
                return (calls, verdict.compliance, facts);
            };
            calls.push(question.action());
            answer(&mut facts, question, world);
        }
    }

    #[test]
    fn a_complete_chain_takes_the_calls_that_the_readme_says() {
        let (calls, compliance, facts) = observe(&complete());
        assert_eq!(compliance, Compliance::Compliant);
        assert_eq!(
            calls,
            [
                "cloudtrail:GetTrailStatus",
                "cloudtrail:GetEventSelectors",
                "logs:DescribeMetricFilters",
                "cloudwatch:DescribeAlarms",
                "sns:GetTopicAttributes",
                "sns:ListSubscriptionsByTopic",
                "sns:GetSubscriptionAttributes",
                "cloudwatch:ListAlarmMuteRules",
                "logs:TestMetricFilter",
            ]
        );
        let readme = include_str!("../README.md");
        assert!(readme.contains(&format!("**{}**", calls.len() + 1)));
        // What was observed is what the world is, but for what AWS was asked to test.
        let mut observed = facts;
        observed.observed.filter_tests.clear();
        assert_eq!(observed, complete());
    }

    #[test]
    fn a_filter_that_nobody_asked_aws_about_is_not_confirmed_by_a_snapshot() {
        for (confirm, unasked) in [
            (true, Some(Unread::not_asked("logs:TestMetricFilter"))),
            (false, None),
        ] {
            let values = Map::from_iter([("confirmWithAws".to_owned(), json!(confirm))]);
            let parameters = parse_parameters(values).unwrap();
            assert_eq!(RootUsageAlarm::unasked(&complete(), &parameters), unasked);
        }
    }

    #[test]
    fn nothing_is_asked_behind_a_broken_link() {
        for (pointer, value, calls) in [
            ("/trails/known/0/multiRegion", json!(false), 0),
            ("/trails/known/0/logGroup", json!(null), 0),
            ("/trails/known/0/status/known/logging", json!(false), 1),
            ("/trails/known/0/selectors/known/advanced", json!([]), 2),
        ] {
            let mut world = serde_json::to_value(complete()).unwrap();
            *world.pointer_mut(pointer).unwrap() = value;
            let world = serde_json::from_value(world).unwrap();
            let (asked, compliance, _) = observe(&world);
            assert_eq!(
                (asked.len(), compliance),
                (calls, Compliance::NonCompliant),
                "{pointer}"
            );
        }
    }

    #[test]
    fn a_complete_chain_ends_the_asking_about_others() {
        let mut world = complete();
        if let Fact::Known(trails) = &mut world.trails {
            let mut second = trails[0].clone();
            second.trail.arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/second"
                .parse()
                .unwrap();
            trails.push(second);
        }
        let (calls, compliance, facts) = observe(&world);
        assert_eq!((calls.len(), compliance), (9, Compliance::Compliant));
        assert_eq!(facts.trails.known().unwrap()[1].status, None);
    }

    #[test]
    fn every_action_that_may_be_asked_for_is_declared() {
        let (calls, _, _) = observe(&complete());
        let declared = RootUsageAlarm::METADATA.reads;
        for action in calls.into_iter().chain([DESCRIBE_TRAILS, ASSUME_ROLE]) {
            assert!(declared.contains(&action), "{action}");
        }
    }

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(line)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn that_cloudwatch_logs_disagrees_is_logged() {
        let pattern = "{ $.a = 1 }";
        for (matched, lines) in [(true, 0), (false, 1)] {
            let mut facts = complete();
            let message = r#"{"a":1}"#.to_owned();
            let messages = vec![TestedMessage { message, matched }];
            let test = Fact::Known(FilterTest { messages });
            facts.observed.filter_tests = [(pattern.to_owned(), test)].into();
            let log = Log::default();
            let into_log = log.clone();
            let subscriber = tracing_subscriber::fmt().with_writer(move || into_log.clone());
            tracing::subscriber::with_default(subscriber.finish(), || {
                facts.log_disagreements(pattern);
            });
            let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
            assert_eq!(
                log.matches("filter-pattern disagree").count(),
                lines,
                "{log}"
            );
        }
    }
}
