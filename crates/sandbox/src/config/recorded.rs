//! Recorded resources: what a rule that is triggered by changes is evaluated for when it is
//! put and when an evaluation is asked for, once per resource (`config-change-per-resource`).

use serde_json::Value;

use super::RuleKey;
use super::notification::{CHANGED, ConfigurationItem, Notification, SCHEDULED};
use super::recorders::records;
use super::rule::Rule;
use crate::Timestamp;
use crate::organization::{Account, Resource};
use crate::world::World;

/// A type of resources as AWS Config records it: its rows in an account, and the member of a
/// row that is its ARN.
struct RecordedType {
    name: &'static str,
    rows: fn(&Account) -> &[Resource],
    arn: &'static str,
}

const TYPES: &[RecordedType] = &[
    RecordedType {
        name: "AWS::CloudTrail::Trail",
        rows: |account| &account.trails,
        arn: "TrailARN",
    },
    RecordedType {
        name: "AWS::CloudWatch::Alarm",
        rows: |account| &account.metric_alarms,
        arn: "AlarmArn",
    },
    RecordedType {
        name: "AWS::SNS::Topic",
        rows: |account| &account.topics,
        arn: "TopicArn",
    },
    RecordedType {
        name: "AWS::Lambda::Function",
        rows: |account| &account.functions,
        arn: "FunctionArn",
    },
];

/// Returns what a rule is evaluated for when it is put or an evaluation is asked for: its
/// schedule, and every recorded resource of its scope where changes trigger it.
pub(super) fn evaluations(world: &World, key: &RuleKey, rule: &Rule) -> Vec<Notification> {
    let mut evaluations = Vec::new();
    if rule.is_triggered_by(SCHEDULED) {
        evaluations.push(Notification::Scheduled);
    }
    if rule.is_triggered_by(CHANGED)
        && let Some(account) = world.account(&key.account)
    {
        let now = world.clock.now();
        let resources = resources(&account, &key.region, rule, now);
        evaluations.extend(resources.map(Notification::ConfigurationItemChange));
    }
    evaluations
}

fn resources<'a>(
    account: &'a Account,
    region: &'a str,
    rule: &'a Rule,
    now: Timestamp,
) -> impl Iterator<Item = ConfigurationItem> + 'a {
    let scope = rule.definition.scope.as_ref();
    let recorded = TYPES.iter().filter(move |one| {
        records(account, one.name) && scope.is_none_or(|scope| scope.has_type(one.name))
    });
    let items = recorded.flat_map(move |one| {
        let rows = (one.rows)(account).iter();
        let here = rows.filter(move |row| row.region == region);
        here.map(move |row| item(one, row, now))
    });
    items.filter(move |item| scope.is_none_or(|scope| scope.has_id(&item.resource_id)))
}

fn item(recorded: &RecordedType, row: &Resource, now: Timestamp) -> ConfigurationItem {
    let arn = row.text(recorded.arn).unwrap_or_default().to_owned();
    ConfigurationItem {
        resource_type: recorded.name.to_owned(),
        resource_id: arn.clone(),
        arn,
        captured: now,
        status: "OK".to_owned(),
        left_scope: false,
        configuration: Value::Object(row.members.clone()),
    }
}
