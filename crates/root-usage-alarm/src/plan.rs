//! What would be done about a chain that tells nobody.

use alarms::{Flaw, Metric, MetricFilter, alarm_may_publish};
use config_rule::{Arn, Compliance, Fact, Unread, Verdict};
use filter_pattern::Account;
use iam_policy::Decision;
use remediation::{ManualItem, Plan};

use crate::chain::{self, CIS_FILTER, ChainNames, NAME};
use crate::change::{
    ChainChange, create_key, create_topic, enable_actions, let_alarms_publish, parsed, put_alarm,
    put_filter, subscribe,
};
use crate::evaluate::judge;
use crate::filters::{Decisions, Kind, covers, publishes, sort};
use crate::reasons::{LOG_DELIVERY_FAILING, NO_LOG_GROUP};
use crate::remediation::{
    Beside, Endpoint, RemediationDetails, RemediationSettings, Subscriber, TopicDetails,
};
use crate::{RootUsage, RootUsageAlarmParameters};

pub(crate) fn plan(
    facts: &RootUsage,
    details: &RemediationDetails,
    parameters: &RootUsageAlarmParameters,
    settings: &RemediationSettings,
) -> Plan<ChainChange> {
    let judged = judge(facts, parameters, &Decisions::default());
    let verdict = judged.verdict;
    match verdict.compliance {
        Compliance::Compliant | Compliance::NotApplicable => return Plan::default(),
        Compliance::Unverifiable => return Plan::manual(ManualItem::unverifiable(&verdict)),
        Compliance::NonCompliant => {}
    }
    match judged.broken.log_group {
        None => Plan::manual(without_a_log_group(facts, &verdict)),
        Some(group) if group.account() != facts.account => {
            Plan::manual(central(group.account(), &verdict))
        }
        Some(_) => {
            let planner = Planner {
                facts,
                details,
                parameters,
                settings,
                verdict: &verdict,
            };
            let mut plan = Plan::default();
            let outcome = match judged.broken.flaw {
                Some(flaw) => planner.flaw(&flaw, &mut plan),
                None => planner.build(&mut plan),
            };
            match outcome {
                Ok(()) => plan,
                Err(item) => Plan::manual(item),
            }
        }
    }
}

/// The trail is not repaired here, and no log group is created that no trail feeds.
fn without_a_log_group(facts: &RootUsage, verdict: &Verdict) -> ManualItem {
    let trails = facts.trails.known().map_or(&[][..], Vec::as_slice);
    let own = trails
        .iter()
        .any(|trail| trail.trail.owner() == facts.account);
    let foreign = trails
        .iter()
        .find(|trail| trail.trail.owner() != facts.account);
    if let (false, Some(foreign)) = (own, foreign) {
        return central(foreign.trail.owner(), verdict);
    }
    let (code, runbook) = if verdict.reason == NO_LOG_GROUP {
        (
            "GIVE_TRAIL_A_LOG_GROUP",
            "Create a log group and a role that lets CloudTrail write to it \
             (logs:CreateLogStream, logs:PutLogEvents), and name both in the trail: aws cloudtrail \
             update-trail --name TRAIL --cloud-watch-logs-log-group-arn GROUP \
             --cloud-watch-logs-role-arn ROLE",
        )
    } else if verdict.reason == LOG_DELIVERY_FAILING {
        (
            "REPAIR_LOG_DELIVERY",
            "Look at the role with which the trail writes to its log group, and at the policy of \
             the group's key. Something new arrives within the hour.",
        )
    } else {
        (
            "REPAIR_TRAIL",
            "Run the remediation of trail-logging, or create a multi-Region trail for all \
             management events. What trail-logging allows to leave out counts here.",
        )
    };
    ManualItem::new(code, verdict.detail.clone(), runbook)
}

fn central(owner: &str, verdict: &Verdict) -> ManualItem {
    ManualItem::new(
        "CENTRAL_CHAIN_OF_OWNER",
        format!(
            "the events of this account arrive in account {owner}, so nothing is changed here. {}",
            verdict.detail
        ),
        format!("Run the remediation of root-usage-alarm in account {owner}."),
    )
}

struct Planner<'a> {
    facts: &'a RootUsage,
    details: &'a RemediationDetails,
    parameters: &'a RootUsageAlarmParameters,
    settings: &'a RemediationSettings,
    verdict: &'a Verdict,
}

/// A human comes first: with this item, and no step.
type Planned = Result<(), ManualItem>;

impl Planner<'_> {
    /// Returns what an alarm, or what is behind it, lacks. Where one call mends it, that is
    /// made; else a chain of one's own is built beside it, and nobody's is rewritten.
    fn flaw(&self, flaw: &Flaw, plan: &mut Plan<ChainChange>) -> Planned {
        match flaw {
            Flaw::Muted { .. } => Err(self.by_hand(
                "UNMUTE_ALARM",
                "Whoever made the mute rule knows why. Take the alarm out of it.",
            )),
            Flaw::Stuck { .. } => Err(self.by_hand(
                "ALARM_STUCK",
                "Find out what keeps it in ALARM: root may be in use all the time, or the alarm \
                 ignores missing data.",
            )),
            Flaw::ActionsDisabled(_) => {
                plan.steps.push(enable_actions(self.touched()?));
                Ok(())
            }
            Flaw::TopicRefuses(_) => {
                let topic = self.touched()?;
                let seen = self.topic_seen()?;
                self.let_alarms_publish(topic, seen.policy.as_deref(), plan)
            }
            Flaw::NoConfirmedSubscription { .. } | Flaw::SubscriptionFiltered { .. } => {
                let topic = self.touched()?;
                self.subscribe(topic, plan)
            }
            _ => self.build(plan),
        }
    }

    /// The alarm or topic that would be changed, if it is nobody else's.
    fn touched(&self) -> Result<&Arn, ManualItem> {
        let Some(touched) = &self.details.touched else {
            return Err(self.by_hand(
                "TOPIC_OF_OTHER_ACCOUNT",
                "Repair the topic in the account that owns it, or name another one in \
                 alarmTopicArn.",
            ));
        };
        let name = touched.arn.resource().trim_start_matches("alarm:");
        let tags = known(&touched.tags)?;
        let of_stack = tags
            .iter()
            .find(|key| key.starts_with("aws:cloudformation:"));
        if of_stack.is_some() || name.starts_with("aws-controltower") {
            return Err(self.by_hand(
                "MANAGED_ELSEWHERE",
                "It belongs to CloudFormation or AWS Control Tower, which would take a change \
                 back. Change it where its description is.",
            ));
        }
        Ok(&touched.arn)
    }

    fn by_hand(&self, code: &'static str, runbook: &str) -> ManualItem {
        ManualItem::new(code, self.verdict.detail.clone(), runbook)
    }

    /// Whatever the chain lacks from the log group to the recipients; the alarm comes
    /// last, when everything that it needs is there.
    fn build(&self, plan: &mut Plan<ChainChange>) -> Planned {
        let Some(beside) = &self.details.beside else {
            return Err(self.by_hand("READ_REFUSED", "Start the remediation again."));
        };
        let names = &beside.names;
        let (metric, missing) = self.filters(names)?;
        let topic = self.settings.alarm_topic_arn.as_ref();
        if topic.is_none() {
            self.topic(beside, plan)?;
        }
        let topic = topic.unwrap_or(&names.topic);
        for filter in missing {
            plan.steps.push(put_filter(&names.log_group, filter));
        }
        let made = chain::alarm(&names.alarm, &metric, topic);
        let alarms = known(&beside.alarms)?.metric_alarms.iter();
        match alarms.clone().find(|alarm| alarm.alarm_arn == names.alarm) {
            None => plan.steps.push(put_alarm(made)),
            Some(seen) if chain::is_as_made(seen, &made) => {}
            Some(_) => return Err(self.name_taken(names.alarm.as_str())),
        }
        Ok(())
    }

    /// The metric of a filter that catches all root use, and the filters that are to
    /// be made for it.
    fn filters(&self, names: &ChainNames) -> Result<(Metric, Vec<MetricFilter>), ManualItem> {
        let seen = self.facts.observed.metric_filters.get(&names.log_group);
        let seen = match seen {
            Some(Fact::Known(Some(filters))) => filters.as_slice(),
            _ => {
                return Err(self.by_hand(
                    "GIVE_TRAIL_A_LOG_GROUP",
                    "Create the log group that the trail feeds, or name another in the trail.",
                ));
            }
        };
        let root_of = Account::new(&self.facts.account, &self.facts.partition);
        let decisions = Decisions::default();
        let sorted = sort(seen, &decisions, root_of.as_ref(), self.parameters);
        let whole = sorted.iter().find_map(|sorted| {
            let Kind::Usable(pattern) = &sorted.kind else {
                return None;
            };
            let decision = decisions.decide(std::slice::from_ref(pattern), root_of.as_ref());
            let has_dimensions = !sorted.filter.emit_system_field_dimensions.is_empty();
            let mut feeds = sorted.filter.metric_transformations.iter();
            let metric = feeds.find(|fed| publishes(fed) && fed.dimensions.is_empty())?;
            let serves = covers(&decision) == filter_pattern::Verdict::Yes && !has_dimensions;
            serves.then(|| (sorted.filter, metric.metric()))
        });
        let metric = match whole {
            Some((filter, metric)) if filter.filter_name != CIS_FILTER => {
                return Ok((metric, Vec::new()));
            }
            Some((_, metric)) => metric,
            None => chain::metric(),
        };
        let mut missing = Vec::new();
        for filter in chain::filters() {
            match seen
                .iter()
                .find(|seen| seen.filter_name == filter.filter_name)
            {
                None => missing.push(filter),
                Some(seen) if *seen == filter => {}
                Some(_) => return Err(self.name_taken(&filter.filter_name)),
            }
        }
        Ok((metric, missing))
    }

    /// A topic of one's own, encrypted, open to alarms, with every recipient.
    fn topic(&self, beside: &Beside, plan: &mut Plan<ChainChange>) -> Planned {
        let names = &beside.names;
        let topic = &names.topic;
        if self.settings.notification_endpoints.is_empty() {
            return Err(self.by_hand(
                "NAME_RECIPIENTS",
                "Name a topic in alarmTopicArn, or whom to tell in notificationEndpoints.",
            ));
        }
        match known(&beside.key)? {
            Some(key) if key.key_state == "Enabled" => {}
            Some(_) => return Err(self.name_taken(names.key_alias.as_str())),
            None => plan.steps.push(create_key(&names.key_alias)),
        }
        let seen = known(&beside.topic.topic)?.as_ref();
        if seen.is_none() {
            plan.steps.push(create_topic(topic, &names.key_alias));
        }
        let policy = seen.and_then(|topic| topic.policy.as_deref());
        let statements = policy.map(|policy| chain::statements(&parsed(policy)));
        let statement = chain::publish_statement(topic);
        if !statements.is_some_and(|statements| statements.contains(&statement)) {
            self.let_alarms_publish(topic, policy, plan)?;
        }
        self.recipients(topic, &beside.topic, plan)
    }

    /// Adds the statement, if alarms may publish with it: a Deny is stronger.
    fn let_alarms_publish(
        &self,
        topic: &Arn,
        policy: Option<&str>,
        plan: &mut Plan<ChainChange>,
    ) -> Planned {
        let step = let_alarms_publish(topic, policy);
        let observed = self.facts.observed.alarms.values();
        let alarms = observed.filter_map(|alarms| alarms.known().ok());
        let telling = alarms.flat_map(|alarms| {
            let metric = alarms.metric_alarms.iter();
            let metric = metric.map(|alarm| (&alarm.alarm_arn, &alarm.alarm_actions));
            let composite = alarms.composite_alarms.iter();
            metric.chain(composite.map(|alarm| (&alarm.alarm_arn, &alarm.alarm_actions)))
        });
        let mut telling =
            telling.filter(|(_, actions)| actions.iter().any(|to| to == topic.as_str()));
        let ours = topic.sibling("cloudwatch", &format!("alarm:{NAME}"));
        let alarm = telling.next().map_or(&ours, |(alarm, _)| alarm);
        let with_it = step.after.to_string();
        if alarm_may_publish(&with_it, topic, alarm, None) == Decision::ExplicitlyDenied {
            return Err(self.by_hand(
                "TOPIC_DENIES_ALARMS",
                "The topic's policy has a Deny statement for it, which is stronger than any Allow. \
                 Take alarms out of that statement, or name another topic in alarmTopicArn.",
            ));
        }
        plan.steps.push(step);
        Ok(())
    }

    fn subscribe(&self, topic: &Arn, plan: &mut Plan<ChainChange>) -> Planned {
        let Some(seen) = &self.details.touched_topic else {
            return Err(self.by_hand("READ_REFUSED", "Start the remediation again."));
        };
        self.recipients(topic, seen, plan)?;
        if plan.is_empty() {
            return Err(self.by_hand(
                "NAME_RECIPIENTS",
                "Name in notificationEndpoints somebody who is told of everything.",
            ));
        }
        Ok(())
    }

    fn topic_seen(&self) -> Result<&alarms::Topic, ManualItem> {
        let seen = self.details.touched_topic.as_ref();
        let seen = seen
            .map(|seen| known(&seen.topic))
            .transpose()?
            .and_then(Option::as_ref);
        seen.ok_or_else(|| self.by_hand("READ_REFUSED", "Start the remediation again."))
    }

    /// Nobody is asked a second time who has not answered yet.
    fn recipients(
        &self,
        topic: &Arn,
        seen: &TopicDetails,
        plan: &mut Plan<ChainChange>,
    ) -> Planned {
        let subscribers = known(&seen.subscribers)?;
        let wanted = &self.settings.notification_endpoints;
        let pending = subscribers.iter().filter(|s| s.is_pending());
        let waiting: Vec<_> = pending.map(|s| s.endpoint.endpoint.as_str()).collect();
        let missing = wanted
            .iter()
            .filter(|wanted| !is_known(subscribers, wanted));
        for endpoint in missing {
            plan.steps.push(subscribe(topic, endpoint));
        }
        if !waiting.is_empty() {
            let mut item = self.by_hand(
                "CONFIRM_SUBSCRIPTION",
                "Open the message that SNS sent and confirm it within two days; after three the \
                 subscription is gone, and the remediation asks anew.",
            );
            item.what = format!("topic {topic}: {} has to confirm.", waiting.join(", "));
            plan.manual.push(item);
        }
        Ok(())
    }

    fn name_taken(&self, name: &str) -> ManualItem {
        let mut item = self.by_hand(
            "NAME_TAKEN",
            "Rename or remove it, or change it to what the README says.",
        );
        item.what = format!("{name} exists, and is not what would be made under that name.");
        item
    }
}

fn is_known(subscribers: &[Subscriber], wanted: &Endpoint) -> bool {
    let mut known = subscribers.iter().filter(|s| !s.is_deleted());
    known.any(|subscriber| subscriber.endpoint == *wanted)
}

fn known<T>(fact: &Fact<T>) -> Result<&T, ManualItem> {
    fact.known()
        .map_err(|unread: Unread| ManualItem::unread(&unread))
}
