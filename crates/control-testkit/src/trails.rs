//! Sandboxed trails in the state that facts tell of.

use config_rule::{Fact, Timestamp, Unread};
use sandbox::{Fault, Resource, Sandbox};
use serde_json::{Map, Value, json};
use trails::{
    EventSelector, EventSelectors, FieldSelector, GET_EVENT_SELECTORS, GET_TRAIL_STATUS,
    ObservedTrail, TrailStatus,
};

/// The trail for the account that owns it. What facts lack CloudTrail leaves out, and
/// other accounts are told what the facts know. `moved` says what becomes of times.
pub fn describe_trail(
    observed: &ObservedTrail,
    moved: impl Fn(Timestamp) -> Timestamp,
) -> Resource {
    let trail = &observed.trail;
    let name = trail.arn.resource().trim_start_matches("trail/");
    let mut members = Members::default();
    members.say("Name", Some(name));
    members.say("IsMultiRegionTrail", trail.multi_region);
    members.say("IsOrganizationTrail", trail.organization);
    members.say("LogFileValidationEnabled", trail.log_file_validation);
    members.say("KmsKeyId", trail.kms_key.as_deref());
    let log_group = trail.log_group.as_ref().map(config_rule::Arn::as_str);
    members.say("CloudWatchLogsLogGroupArn", log_group);
    let mut told = Vec::new();
    if let Some(Fact::Known(status)) = &observed.status {
        told.push("GetTrailStatus");
        members.describe_status(status, moved);
    }
    match &observed.selectors {
        Some(Fact::Known(selectors)) => {
            told.push("GetEventSelectors");
            members.describe_selectors(selectors);
        }
        Some(Fact::Unread(Unread::ValueMissing { .. })) => {
            members.omit("EventSelectors");
            members.omit("AdvancedEventSelectors");
        }
        _ => {}
    }
    members.say("MembersMayRead", Some(told));
    let Members { mut said, omitted } = members;
    // Nobody else sees a trail of another account at all.
    said.entry("IsOrganizationTrail").or_insert(json!(true));
    said.insert("Omitted".to_owned(), omitted.into());
    Resource::new(&trail.home_region, said.into())
}

/// Members that CloudTrail gives of a trail, and those that it does not.
#[derive(Default)]
struct Members {
    said: Map<String, Value>,
    omitted: Vec<&'static str>,
}

impl Members {
    fn say(&mut self, member: &'static str, value: Option<impl Into<Value>>) {
        match value {
            Some(value) => {
                self.said.insert(member.to_owned(), value.into());
            }
            None => self.omit(member),
        }
    }

    fn omit(&mut self, member: &'static str) {
        self.omitted.push(member);
    }

    fn describe_status(&mut self, status: &TrailStatus, moved: impl Fn(Timestamp) -> Timestamp) {
        let time = |time: Option<Timestamp>| time.map(|time| moved(time).to_string());
        let delivered = time(status.latest_delivery_time);
        let logs_delivered = time(status.latest_log_group_delivery_time);
        let error = status.latest_delivery_error.as_deref();
        let logs_error = status.latest_log_group_delivery_error.as_deref();
        self.say("IsLogging", status.logging);
        self.say("LatestDeliveryError", error);
        self.say("LatestDeliveryTime", delivered);
        self.say("LatestCloudWatchLogsDeliveryError", logs_error);
        self.say("LatestCloudWatchLogsDeliveryTime", logs_delivered);
    }

    /// Selectors of both kinds if there are, and none at all as a list without any.
    fn describe_selectors(&mut self, selectors: &EventSelectors) {
        let advanced = selectors.advanced.iter().map(|selector| {
            let conditions: Vec<_> = selector.field_selectors.iter().map(condition).collect();
            let mut advanced = json!({"FieldSelectors": conditions});
            if let Some(name) = &selector.name {
                advanced["Name"] = json!(name);
            }
            advanced
        });
        let advanced: Vec<Value> = advanced.collect();
        if advanced.is_empty() || !selectors.basic.is_empty() {
            let basic: Vec<Value> = selectors.basic.iter().map(basic).collect();
            self.say("EventSelectors", Some(basic));
        }
        if !advanced.is_empty() {
            self.say("AdvancedEventSelectors", Some(advanced));
        }
    }
}

fn basic(selector: &EventSelector) -> Value {
    json!({
        "ReadWriteType": selector.read_write_type,
        "IncludeManagementEvents": selector.include_management_events,
        "ExcludeManagementEventSources": selector.exclude_management_event_sources,
        "DataResources": selector.data_resources.iter().map(|resource| json!({
            "Type": resource.kind,
            "Values": resource.values,
        })).collect::<Vec<_>>(),
    })
}

fn condition(condition: &FieldSelector) -> Value {
    let mut said = json!({"Field": condition.field});
    for (operator, values) in [
        ("Equals", &condition.equals),
        ("StartsWith", &condition.starts_with),
        ("EndsWith", &condition.ends_with),
        ("NotEquals", &condition.not_equals),
        ("NotStartsWith", &condition.not_starts_with),
        ("NotEndsWith", &condition.not_ends_with),
    ] {
        if !values.is_empty() {
            said[operator] = json!(values);
        }
    }
    said
}

/// Lets CloudTrail refuse to everybody what the facts say that it refused.
pub fn let_trail_fail(sandbox: &Sandbox, observed: &ObservedTrail) {
    let arn = observed.trail.arn.as_str();
    let_fail_about(sandbox, GET_TRAIL_STATUS, arn, observed.status.as_ref());
    let_fail_about(
        sandbox,
        GET_EVENT_SELECTORS,
        arn,
        observed.selectors.as_ref(),
    );
}

fn let_fail_about<T>(sandbox: &Sandbox, action: &str, arn: &str, fact: Option<&Fact<T>>) {
    let fault = match fact {
        Some(Fact::Unread(Unread::Denied { action: denied, .. })) if denied == action => {
            Fault::access_denied()
        }
        Some(Fact::Unread(Unread::Unavailable { code, .. })) => Fault::error(400, code),
        // Said by leaving it out, or a matter of roles.
        _ => return,
    };
    sandbox.inject(fault.action(action).resource(arn));
}
