//! A sandboxed organization in which everything is as the facts of a row say.

use std::collections::{BTreeMap, BTreeSet};

use alarms::Observed;
use config_rule::{ASSUME_ROLE, Arn, Fact, Unread};
use control_testkit::{
    Row, describe_alarms, describe_function, describe_key, describe_key_alias,
    describe_metric_filters, describe_mute_rule, describe_subscription, describe_topic,
    describe_trail, give_evidence_role, let_trail_fail,
};
use root_usage_alarm::{EVIDENCE_READS, RootUsageAlarm};
use sandbox::{Account, Fault, Organization, Sandbox};
use serde_json::{Value, json};
use trails::{ObservedTrail, Trail};

/// Who owns the organization trail of the rows.
const MANAGEMENT: &str = "999988887777";

/// A sandbox that shows the account what the facts of a row say, through the evidence
/// roles that its parameters name.
pub(crate) fn sandbox(row: &Row<RootUsageAlarm>) -> Sandbox {
    let facts = &row.facts;
    let mut world = World::default();
    for id in [&facts.account, MANAGEMENT] {
        world.account(id);
    }
    for fact in facts.owners_trails.values() {
        world.unread(fact, trails::DESCRIBE_TRAILS, None);
    }
    world.unread(&facts.trails, trails::DESCRIBE_TRAILS, None);
    let trails = facts.trails.known().map_or(&[][..], Vec::as_slice);
    for trail in trails {
        world.trail(trail, facts.owners_trails.get(&trail.trail.arn));
    }
    world.chain(&facts.observed);
    let sandbox = world.finish(row.parameters.get("centralEvidenceRoleArns"));
    for trail in trails {
        let_trail_fail(&sandbox, trail);
    }
    sandbox
}

/// Accounts on the way to a sandbox.
#[derive(Default)]
struct World {
    accounts: BTreeMap<String, Account>,
    faults: Vec<Fault>,
    /// Whose evidence roles turn everybody away.
    locked: BTreeSet<String>,
}

impl World {
    fn account(&mut self, id: &str) -> &mut Account {
        self.accounts
            .entry(id.to_owned())
            .or_insert_with(|| Account::new(id, id))
    }

    /// Lets a call, about a resource or about any, fail as the facts say it did, if they do.
    fn unread<T>(&mut self, fact: &Fact<T>, action: &str, about: Option<&Arn>) {
        let fault = match fact {
            Fact::Known(_) => return,
            Fact::Unread(Unread::Denied { action: denied, .. }) if denied == ASSUME_ROLE => {
                let owner = about.map_or(MANAGEMENT, Arn::account);
                self.locked.insert(owner.to_owned());
                return;
            }
            // There is no role to go through: nothing needs to fail.
            Fact::Unread(Unread::Unavailable { action: failed, .. }) if failed == ASSUME_ROLE => {
                return;
            }
            Fact::Unread(Unread::Denied { .. }) => Fault::access_denied(),
            Fact::Unread(Unread::Unavailable { code, .. }) => Fault::error(400, code),
            Fact::Unread(Unread::ValueMissing { .. }) => panic!("no answer of {action} lacks this"),
        };
        let fault = fault.action(action);
        self.faults.push(match about {
            Some(resource) => fault.resource(resource.as_str()),
            None => fault,
        });
    }

    /// The trail as its owner sees it, who may see more of it than others.
    fn trail(&mut self, observed: &ObservedTrail, owners: Option<&Fact<Option<Trail>>>) {
        let mut trail = observed.clone();
        let mut hidden = Vec::new();
        if let Some(Fact::Known(Some(owners))) = owners {
            trail.trail = owners.clone();
            if observed.trail.log_group != owners.log_group {
                hidden.push("CloudWatchLogsLogGroupArn");
            }
        }
        let mut described = describe_trail(&trail, |time| time);
        let members = &mut described.members;
        members.insert("MembersMayNotSee".to_owned(), json!(hidden));
        self.account(trail.trail.owner()).trails.push(described);
    }

    /// From the log groups onwards.
    fn chain(&mut self, observed: &Observed) {
        for (group, filters) in &observed.metric_filters {
            self.unread(filters, alarms::DESCRIBE_METRIC_FILTERS, None);
            if let Fact::Known(Some(filters)) = filters {
                describe_metric_filters(group, filters, self.account(group.account()));
            }
        }
        for (key, feeding) in &observed.feeding_filters {
            self.unread(feeding, alarms::DESCRIBE_METRIC_FILTERS, None);
            let (account, rest) = key.split_once('/').unwrap();
            let (region, _) = rest.split_once(':').unwrap();
            for fed in feeding.known().into_iter().flatten() {
                let group = format!(
                    "arn:aws:logs:{region}:{account}:log-group:{}:*",
                    fed.log_group_name
                );
                let filters = std::slice::from_ref(&fed.filter);
                describe_metric_filters(&group.parse().unwrap(), filters, self.account(account));
            }
        }
        for test in observed.filter_tests.values() {
            self.unread(test, alarms::TEST_METRIC_FILTER, None);
        }
        for (place, alarms) in &observed.alarms {
            self.unread(alarms, alarms::DESCRIBE_ALARMS, None);
            if let Fact::Known(alarms) = alarms {
                describe_alarms(alarms, self.account(place.account()));
            }
        }
        for (alarm, rules) in &observed.mute_rules {
            self.unread(rules, alarms::LIST_ALARM_MUTE_RULES, None);
            let rules = rules.known().into_iter().flatten();
            let rules = rules.map(|rule| describe_mute_rule(rule, alarm));
            self.account(alarm.account()).alarm_mute_rules.extend(rules);
        }
        for (function, policy) in &observed.function_policies {
            self.unread(policy, alarms::GET_POLICY, Some(function));
            if let Fact::Known(Some(policy)) = policy {
                let function_is = describe_function(function, Some(policy));
                self.account(function.account()).functions.push(function_is);
            }
        }
        self.topics(observed);
        self.keys(observed);
    }

    fn topics(&mut self, observed: &Observed) {
        for (arn, topic) in &observed.topics {
            self.unread(topic, alarms::GET_TOPIC_ATTRIBUTES, Some(arn));
            if let Fact::Known(Some(topic)) = topic {
                let topics = &mut self.account(arn.account()).topics;
                topics.push(describe_topic(arn, topic));
            }
        }
        for (topic, subscriptions) in &observed.subscriptions {
            let action = alarms::LIST_SUBSCRIPTIONS_BY_TOPIC;
            self.unread(subscriptions, action, Some(topic));
            for subscription in subscriptions.known().into_iter().flatten().flatten() {
                let attributes = subscription.confirmed().and_then(|arn| {
                    observed
                        .subscription_attributes
                        .get(&arn)?
                        .known()
                        .ok()?
                        .as_ref()
                });
                let described = describe_subscription(topic, subscription, attributes);
                self.account(topic.account()).subscriptions.push(described);
            }
        }
        for attributes in observed.subscription_attributes.values() {
            self.unread(attributes, alarms::GET_SUBSCRIPTION_ATTRIBUTES, None);
        }
    }

    fn keys(&mut self, observed: &Observed) {
        for (asked, key) in &observed.keys {
            self.unread(key, alarms::DESCRIBE_KEY, Some(asked));
            let Fact::Known(Some(key)) = key else {
                continue;
            };
            let policy = match observed.key_policies.get(&key.arn) {
                Some(Fact::Known(Some(policy))) => Some(let_owner_look(policy, &key.arn)),
                _ => None,
            };
            let account = self.account(key.arn.account());
            account.keys.push(describe_key(key, policy.as_deref()));
            if asked.resource().starts_with("alias/") {
                account.key_aliases.push(describe_key_alias(asked, key));
            }
        }
        for (key, policy) in &observed.key_policies {
            self.unread(policy, alarms::GET_KEY_POLICY, Some(key));
        }
    }

    fn finish(self, roles: Option<&Value>) -> Sandbox {
        let organization = Organization {
            management_account: Some(MANAGEMENT.to_owned()),
            ..Organization::with_accounts(self.accounts.into_values())
        };
        let sandbox = Sandbox::new(organization).unwrap();
        let roles = roles.and_then(Value::as_array).into_iter().flatten();
        for role in roles {
            let arn: Arn = role.as_str().unwrap().parse().unwrap();
            if !self.locked.contains(arn.account()) {
                let (_, name) = arn.resource().rsplit_once('/').unwrap();
                let given = give_evidence_role(&sandbox, arn.account(), name, EVIDENCE_READS);
                assert_eq!(given, arn.as_str());
            }
        }
        for fault in self.faults {
            sandbox.inject(fault);
        }
        sandbox
    }
}

/// A key's policy decides alone who may look at the key, and those of the rows speak of
/// `CloudWatch` only; AWS's console begins every policy with this statement.
fn let_owner_look(policy: &str, key: &Arn) -> String {
    let mut policy: Value = serde_json::from_str(policy).unwrap();
    let statements = policy["Statement"].as_array_mut().unwrap();
    statements.push(json!({
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::{}:root", key.account()) },
        "Action": "kms:*",
        "Resource": "*",
    }));
    policy.to_string()
}
