//! A sandboxed organization in which everything is as the facts of a row say.

use std::collections::{BTreeMap, BTreeSet};

use alarms::{
    CompositeAlarm, MetricAlarm, MetricDataQuery, MetricFilter, MetricStat, Observed,
    log_group_name,
};
use config_rule::{ASSUME_ROLE, Arn, Control as _, Fact, Timestamp, Unread};
use control_tests::{Row, give_evidence_role};
use root_usage_alarm::RootUsageAlarm;
use sandbox::{Account, Fault, Organization, Resource, Sandbox};
use serde_json::{Map, Value, json};
use trails::{ObservedTrail, TrailStatus};

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
        world.unread(fact, "cloudtrail:DescribeTrails", None);
    }
    world.unread(&facts.trails, "cloudtrail:DescribeTrails", None);
    if let Fact::Known(trails) = &facts.trails {
        for trail in trails {
            let owners = facts.owners_trails.get(&trail.trail.arn);
            world.trail(trail, owners);
        }
    }
    world.chain(&facts.observed);
    world.finish(row.parameters.get("centralEvidenceRoleArns"))
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

    /// Lets a call about a resource fail as the facts say it did, if they do.
    fn unread<T>(&mut self, fact: &Fact<T>, action: &str, about: Option<(&Arn, &str)>) {
        let fault = match fact {
            Fact::Known(_) => return,
            Fact::Unread(Unread::Denied { action: denied, .. }) if denied == ASSUME_ROLE => {
                let owner = about.map_or(MANAGEMENT, |(arn, _)| arn.account());
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
            Some((_, resource)) => fault.resource(resource),
            None => fault,
        });
    }

    fn trail(&mut self, observed: &ObservedTrail, owners: Option<&Fact<Option<trails::Trail>>>) {
        let trail = match owners {
            Some(Fact::Known(None)) => return,
            Some(Fact::Known(Some(owners))) => owners,
            _ => &observed.trail,
        };
        let arn = &trail.arn;
        let mut members = json!({
            "Name": arn.resource().strip_prefix("trail/").unwrap(),
            "S3BucketName": "trails",
            "IsMultiRegionTrail": trail.multi_region,
            "IsOrganizationTrail": trail.organization,
            "LogFileValidationEnabled": trail.log_file_validation,
            "KmsKeyId": trail.kms_key,
            "CloudWatchLogsLogGroupArn": trail.log_group,
        });
        let mut omitted = Vec::new();
        if trail.multi_region.is_none() {
            omitted.push("IsMultiRegionTrail");
        }
        if let Some(status) = &observed.status {
            self.unread(status, trails::GET_TRAIL_STATUS, Some((arn, arn.as_str())));
            if let Fact::Known(status) = status {
                add(&mut members, &self::status(status));
                if status.logging.is_none() {
                    omitted.push("IsLogging");
                }
                if status.latest_log_group_delivery_time.is_none() {
                    omitted.push("LatestCloudWatchLogsDeliveryTime");
                }
            }
        }
        if let Some(selectors) = &observed.selectors {
            let about = Some((arn, arn.as_str()));
            self.unread(selectors, trails::GET_EVENT_SELECTORS, about);
            if let Fact::Known(selectors) = selectors {
                add(&mut members, &self::selectors(selectors));
            }
        }
        if !omitted.is_empty() {
            add(&mut members, &json!({ "Omitted": omitted }));
        }
        let trails = &mut self.account(arn.account()).trails;
        trails.push(Resource::new(arn.region(), without_nulls(members)));
    }

    /// From the log groups onwards.
    fn chain(&mut self, observed: &Observed) {
        for (group, filters) in &observed.metric_filters {
            let name = log_group_name(group);
            let place = format!(
                "arn:aws:logs:{}:{}:log-group:{name}:log-stream:",
                group.region(),
                group.account()
            );
            self.unread(
                filters,
                alarms::DESCRIBE_METRIC_FILTERS,
                Some((group, &place)),
            );
            if let Fact::Known(Some(filters)) = filters {
                let account = self.account(group.account());
                let resource = |members| Resource::new(group.region(), without_nulls(members));
                let log_group = resource(json!({ "logGroupName": name }));
                account.log_groups.push(log_group);
                let filters = filters
                    .iter()
                    .map(|filter| resource(metric_filter(name, filter)));
                account.metric_filters.extend(filters);
            }
        }
        for test in observed.filter_tests.values() {
            self.unread(test, alarms::TEST_METRIC_FILTER, None);
        }
        for (place, alarms) in &observed.alarms {
            self.unread(alarms, alarms::DESCRIBE_ALARMS, None);
            if let Fact::Known(alarms) = alarms {
                let account = self.account(place.account());
                let resource = |members| Resource::new(place.region(), without_nulls(members));
                let metric_alarms = alarms.metric_alarms.iter().map(metric_alarm);
                account.metric_alarms.extend(metric_alarms.map(resource));
                let composite_alarms = alarms.composite_alarms.iter().map(composite_alarm);
                account
                    .composite_alarms
                    .extend(composite_alarms.map(resource));
            }
        }
        for (alarm, rules) in &observed.mute_rules {
            self.unread(rules, alarms::LIST_ALARM_MUTE_RULES, None);
            if let Fact::Known(rules) = rules {
                let rules = rules.iter().map(|rule| {
                    let name = alarm.resource().strip_prefix("alarm:").unwrap();
                    let members = json!({
                        "Name": rule.name(),
                        "Status": rule.status,
                        "Rule": { "Schedule": { "Expression": "cron(0 0 * * *)", "Duration": "PT1H" } },
                        "MuteTargets": { "AlarmNames": [name] },
                    });
                    Resource::new(alarm.region(), members)
                });
                self.account(alarm.account()).alarm_mute_rules.extend(rules);
            }
        }
        self.topics(observed);
        self.keys(observed);
        for (function, policy) in &observed.function_policies {
            self.unread(
                policy,
                alarms::GET_POLICY,
                Some((function, function.as_str())),
            );
            if let Fact::Known(Some(policy)) = policy {
                let name = function.resource().strip_prefix("function:").unwrap();
                let members = json!({ "FunctionName": name, "Policy": policy });
                let functions = &mut self.account(function.account()).functions;
                functions.push(Resource::new(function.region(), members));
            }
        }
    }

    fn topics(&mut self, observed: &Observed) {
        for (arn, topic) in &observed.topics {
            self.unread(
                topic,
                alarms::GET_TOPIC_ATTRIBUTES,
                Some((arn, arn.as_str())),
            );
            if let Fact::Known(Some(topic)) = topic {
                let members = json!({
                    "Name": arn.resource(),
                    "Attributes": {
                        "Policy": topic.policy,
                        "KmsMasterKeyId": topic.kms_master_key_id,
                        "FifoTopic": topic.fifo_topic.then_some("true"),
                    },
                });
                let topics = &mut self.account(arn.account()).topics;
                topics.push(Resource::new(arn.region(), without_nulls(members)));
            }
        }
        for (topic, subscriptions) in &observed.subscriptions {
            let about = Some((topic, topic.as_str()));
            self.unread(subscriptions, alarms::LIST_SUBSCRIPTIONS_BY_TOPIC, about);
            let Fact::Known(Some(subscriptions)) = subscriptions else {
                continue;
            };
            for subscription in subscriptions {
                let attributes = subscription
                    .confirmed()
                    .and_then(|arn| observed.subscription_attributes.get(&arn));
                let filter_policy = match attributes {
                    Some(Fact::Known(Some(attributes))) => attributes.filter_policy.clone(),
                    _ => None,
                };
                let members = json!({
                    "TopicArn": topic,
                    "SubscriptionArn": subscription.subscription_arn,
                    "Protocol": subscription.protocol,
                    "Endpoint": "somebody",
                    "Attributes": { "FilterPolicy": filter_policy },
                });
                let subscriptions = &mut self.account(topic.account()).subscriptions;
                subscriptions.push(Resource::new(topic.region(), without_nulls(members)));
            }
        }
        for attributes in observed.subscription_attributes.values() {
            self.unread(attributes, alarms::GET_SUBSCRIPTION_ATTRIBUTES, None);
        }
    }

    fn keys(&mut self, observed: &Observed) {
        for (asked, key) in &observed.keys {
            self.unread(key, alarms::DESCRIBE_KEY, Some((asked, asked.as_str())));
            let Fact::Known(Some(key)) = key else {
                continue;
            };
            let id = key.arn.resource().strip_prefix("key/").unwrap();
            let policy = match observed.key_policies.get(&key.arn) {
                Some(Fact::Known(Some(policy))) => Some(let_owner_look(policy, &key.arn)),
                _ => None,
            };
            let members = json!({
                "KeyId": id,
                "KeyState": key.key_state,
                "KeyManager": key.key_manager,
                "Policy": policy,
            });
            let account = self.account(key.arn.account());
            let resource = |members| Resource::new(key.arn.region(), without_nulls(members));
            account.keys.push(resource(members));
            if asked.resource().starts_with("alias/") {
                let alias = json!({ "AliasName": asked.resource(), "TargetKeyId": id });
                account.key_aliases.push(resource(alias));
            }
        }
        for (key, policy) in &observed.key_policies {
            self.unread(policy, alarms::GET_KEY_POLICY, Some((key, key.as_str())));
        }
    }

    fn finish(self, roles: Option<&Value>) -> Sandbox {
        let organization = Organization {
            management_account: Some(MANAGEMENT.to_owned()),
            ..Organization::of(self.accounts.into_values())
        };
        let sandbox = Sandbox::new(organization).unwrap();
        let roles = roles.and_then(Value::as_array).into_iter().flatten();
        for role in roles {
            let arn: Arn = role.as_str().unwrap().parse().unwrap();
            if !self.locked.contains(arn.account()) {
                let name = arn.resource().rsplit('/').next().unwrap();
                let reads = RootUsageAlarm::METADATA.reads;
                let given = give_evidence_role(&sandbox, arn.account(), name, reads);
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

fn status(status: &TrailStatus) -> Value {
    json!({
        "IsLogging": status.logging,
        "LatestDeliveryError": status.latest_delivery_error,
        "LatestDeliveryTime": status.latest_delivery_time.map(seconds),
        "LatestCloudWatchLogsDeliveryError": status.latest_log_group_delivery_error,
        "LatestCloudWatchLogsDeliveryTime": status.latest_log_group_delivery_time.map(seconds),
    })
}

fn selectors(selectors: &trails::EventSelectors) -> Value {
    let basic = selectors.basic.iter().map(|selector| {
        json!({
            "ReadWriteType": selector.read_write_type,
            "IncludeManagementEvents": selector.include_management_events,
            "ExcludeManagementEventSources": selector.exclude_management_event_sources,
        })
    });
    let advanced = selectors.advanced.iter().map(|selector| {
        let fields = selector.field_selectors.iter().map(|field| {
            let some = |texts: &[String]| (!texts.is_empty()).then(|| texts.to_vec());
            json!({
                "Field": field.field,
                "Equals": some(&field.equals),
                "StartsWith": some(&field.starts_with),
                "EndsWith": some(&field.ends_with),
                "NotEquals": some(&field.not_equals),
                "NotStartsWith": some(&field.not_starts_with),
                "NotEndsWith": some(&field.not_ends_with),
            })
        });
        json!({ "Name": selector.name, "FieldSelectors": fields.collect::<Vec<_>>() })
    });
    if selectors.advanced.is_empty() {
        json!({ "EventSelectors": basic.collect::<Vec<_>>() })
    } else {
        json!({ "AdvancedEventSelectors": advanced.collect::<Vec<_>>() })
    }
}

fn metric_filter(log_group: &str, filter: &MetricFilter) -> Value {
    let transformations = filter.metric_transformations.iter().map(|transformation| {
        json!({
            "metricNamespace": transformation.metric_namespace,
            "metricName": transformation.metric_name,
            "metricValue": transformation.metric_value,
            "defaultValue": transformation.default_value,
            "dimensions": (!transformation.dimensions.is_empty())
                .then_some(&transformation.dimensions),
            "unit": transformation.unit,
        })
    });
    json!({
        "logGroupName": log_group,
        "filterName": filter.filter_name,
        "filterPattern": filter.filter_pattern,
        "metricTransformations": transformations.collect::<Vec<_>>(),
        "applyOnTransformedLogs": filter.apply_on_transformed_logs,
        "fieldSelectionCriteria": filter.field_selection_criteria,
        "emitSystemFieldDimensions": filter.emit_system_field_dimensions,
    })
}

fn metric_alarm(alarm: &MetricAlarm) -> Value {
    let mut members = json!({
        "AlarmName": alarm.name(),
        "ActionsEnabled": alarm.actions_enabled,
        "AlarmActions": alarm.alarm_actions,
        "StateValue": alarm.state_value,
        "StateTransitionedTimestamp": alarm.state_transitioned.map(seconds),
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "Threshold": alarm.threshold,
        "ComparisonOperator": alarm.comparison_operator,
        "TreatMissingData": alarm.treat_missing_data,
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile,
        "ThresholdMetricId": alarm.threshold_metric_id,
    });
    if let Some(stat) = &alarm.metric {
        let is_extended = stat
            .stat
            .starts_with(|first: char| first.is_ascii_lowercase());
        let kind = if is_extended {
            "ExtendedStatistic"
        } else {
            "Statistic"
        };
        add(
            &mut members,
            &json!({
                "Namespace": stat.metric.namespace,
                "MetricName": stat.metric.metric_name,
                "Dimensions": dimensions(stat),
                kind: stat.stat,
                "Period": stat.period,
                "Unit": stat.unit,
            }),
        );
    }
    if !alarm.metrics.is_empty() {
        let metrics: Vec<_> = alarm.metrics.iter().map(query).collect();
        add(&mut members, &json!({ "Metrics": metrics }));
    }
    if let Some(end) = alarm.warm_up_ends {
        // From an hour before.
        add(
            &mut members,
            &json!({
                "WarmUpConfiguration": { "WarmUpPeriodDurationInMinutes": 60 },
                "AlarmConfigurationUpdatedTimestamp": seconds(end) - 3600.0,
            }),
        );
    }
    if alarm.is_prom_ql {
        let criteria = json!({ "PromQLCriteria": { "Query": "up" } });
        add(&mut members, &json!({ "EvaluationCriteria": criteria }));
    }
    members
}

fn query(query: &MetricDataQuery) -> Value {
    json!({
        "Id": query.id,
        "Expression": query.expression,
        "ReturnData": query.return_data,
        "AccountId": query.account_id,
        "MetricStat": query.metric_stat.as_ref().map(|stat| json!({
            "Metric": {
                "Namespace": stat.metric.namespace,
                "MetricName": stat.metric.metric_name,
                "Dimensions": dimensions(stat),
            },
            "Stat": stat.stat,
            "Period": stat.period,
            "Unit": stat.unit,
        })),
    })
}

fn dimensions(stat: &MetricStat) -> Vec<Value> {
    let dimensions = stat.metric.dimensions.iter();
    dimensions
        .map(|(name, value)| json!({ "Name": name, "Value": value }))
        .collect()
}

fn composite_alarm(alarm: &CompositeAlarm) -> Value {
    json!({
        "AlarmName": alarm.name(),
        "ActionsEnabled": alarm.actions_enabled,
        "AlarmActions": alarm.alarm_actions,
        "StateValue": alarm.state_value,
        "StateTransitionedTimestamp": alarm.state_transitioned.map(seconds),
        "AlarmRule": alarm.alarm_rule,
        "ActionsSuppressor": alarm.actions_suppressor,
    })
}

/// A time as AWS's API has it.
fn seconds(time: Timestamp) -> f64 {
    let duration = time.since(Timestamp::UNIX_EPOCH);
    duration.as_secs_f64()
}

fn add(members: &mut Value, more: &Value) {
    let more = more.as_object().unwrap().clone();
    members.as_object_mut().unwrap().extend(more);
}

/// What AWS leaves out of its answers is not there.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, member)| !member.is_null())
            .map(|(name, member)| (name, without_nulls(member)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}
