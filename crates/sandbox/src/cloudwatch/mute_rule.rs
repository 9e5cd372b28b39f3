//! Alarm mute rules: while one is active, the alarms that it targets change their state
//! and do nothing else.

use hyper::StatusCode;
use serde_json::{Map, Value};

use super::composite_alarm::all_alarms;
use super::schedule::{Phase, Schedule};
use super::{NAME, NAMES, TAGS, invalid_token, on_alarm, refused, with_tags};
use crate::Timestamp;
use crate::operations::Needed;
use crate::organization::{AccountRegion, Kind, Resource};
use crate::paging::Page;
use crate::regional;
use crate::request::Request;
use crate::wire::{
    Failure, Member, Output, Shape, Structure, integer, list, member, one_of, required, text,
};

const STATUS: Shape = one_of(&["SCHEDULED", "ACTIVE", "EXPIRED"]);

const RULE: Member = required(
    "Rule",
    Shape::Structure(&[required(
        "Schedule",
        Shape::Structure(&[
            required("Expression", text(1, 256)),
            required("Duration", text(1, 50)),
            member("Timezone", text(1, 50)),
        ]),
    )]),
);

const TARGETS: Member = member(
    "MuteTargets",
    Shape::Structure(&[required("AlarmNames", NAMES)]),
);

/// Members that `GetAlarmMuteRule` returns, and `Tags`. A status in an organization file stands
/// until the rule is put again; otherwise it follows from the rule and the clock.
const MUTE_RULE: Shape = Shape::Structure(&[
    required("Name", NAME),
    member("AlarmMuteRuleArn", text(1, 1600)),
    member("Description", text(0, 1024)),
    RULE,
    TARGETS,
    member("StartDate", Shape::Timestamp),
    member("ExpireDate", Shape::Timestamp),
    member("Status", STATUS),
    member("LastUpdatedTimestamp", Shape::Timestamp),
    member("MuteType", one_of(&["ONE_TIME", "RECURRING"])),
    TAGS,
]);

/// Members that `ListAlarmMuteRules` returns.
const SUMMARY: Shape = Shape::Structure(&[
    member("AlarmMuteRuleArn", text(1, 1600)),
    member("ExpireDate", Shape::Timestamp),
    member("Status", STATUS),
    member("MuteType", text(0, usize::MAX)),
    member("LastUpdatedTimestamp", Shape::Timestamp),
]);

pub(crate) const ALARM_MUTE_RULES: Kind = Kind {
    key: "alarm_mute_rule",
    shape: &MUTE_RULE,
    of: |account| &mut account.alarm_mute_rules,
    complete,
};

fn complete(place: &AccountRegion<'_>, members: &mut Map<String, Value>) {
    let name = members
        .get("Name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let arn = place.arn("cloudwatch", &format!("alarm-mute-rule:{name}"));
    members.insert("AlarmMuteRuleArn".to_owned(), arn.into());
}

pub(crate) const PUT_ALARM_MUTE_RULE: Shape = Shape::Structure(&[
    required("Name", NAME),
    member("Description", text(0, 1024)),
    RULE,
    TARGETS,
    TAGS,
    member("StartDate", Shape::Timestamp),
    member("ExpireDate", Shape::Timestamp),
]);

/// The input of operations about one mute rule.
pub(crate) const OF_MUTE_RULE: Shape = Shape::Structure(&[required("AlarmMuteRuleName", NAME)]);

pub(crate) const LIST_ALARM_MUTE_RULES: Shape = Shape::Structure(&[
    member("AlarmName", NAME),
    member("Statuses", list(&STATUS, 0, usize::MAX)),
    member("MaxRecords", integer(1, 100)),
    member("NextToken", text(0, usize::MAX)),
]);

/// The mute rule that is named.
pub(crate) fn mute_rule(request: &Request<'_>) -> Vec<Needed> {
    vec![on_rule(
        request,
        request.text("AlarmMuteRuleName").unwrap_or_default(),
    )]
}

/// The mute rule that is put and every alarm that it targets (documented).
pub(crate) fn put_mute_rule(request: &Request<'_>) -> Vec<Needed> {
    let rule = on_rule(request, request.text("Name").unwrap_or_default());
    let mut needed = with_tags(request, rule);
    needed.extend(targets(request.input).map(|alarm| on_alarm(request, alarm)));
    needed
}

fn on_rule(request: &Request<'_>, name: &str) -> Needed {
    let arn = regional::place(request).arn("cloudwatch", &format!("alarm-mute-rule:{name}"));
    Needed::on(request, arn)
}

fn targets(rule: &Value) -> impl Iterator<Item = &str> {
    let names = rule.pointer("/MuteTargets/AlarmNames");
    let names = names.and_then(Value::as_array).into_iter().flatten();
    names.filter_map(Value::as_str)
}

fn schedule(request: &Request<'_>, rule: &Value) -> Result<Schedule, Failure> {
    let text = |member: &str| {
        let member = rule.pointer(&format!("/Rule/Schedule/{member}"));
        member.and_then(Value::as_str)
    };
    if let Some(zone) = text("Timezone").filter(|zone| *zone != "UTC") {
        return Err(Failure::not_implemented(format!(
            "mute rules in the time zone {zone}"
        )));
    }
    let expression = text("Expression").unwrap_or_default();
    let duration = text("Duration").unwrap_or_default();
    Schedule::parse(expression, duration).ok_or_else(|| {
        let message = format!("The schedule {expression} for {duration} is not valid");
        request.protocol.invalid(message)
    })
}

pub(crate) fn put_alarm_mute_rule(request: &Request<'_>) -> Result<Structure, Failure> {
    schedule(request, request.input)?;
    let name = request.text("Name").unwrap_or_default();
    let mut alarms = all_alarms(request)?;
    for alarm in targets(request.input) {
        if regional::find(request, &mut alarms, "AlarmName", alarm).is_none() {
            let message = format!("The alarm {alarm} does not exist");
            return Err(request.protocol.invalid(message));
        }
    }
    let mut rule = Resource::new(request.region, request.input.clone());
    let now = request.now.epoch_seconds();
    rule.members
        .insert("LastUpdatedTimestamp".to_owned(), now.into());
    complete(&regional::place(request), &mut rule.members);
    regional::change(request, |account| {
        let rules = &mut account.alarm_mute_rules;
        match regional::find(request, rules, "Name", name) {
            Some(known) => {
                rule.members.remove("Tags");
                if let Some(tags) = known.members.remove("Tags") {
                    rule.members.insert("Tags".to_owned(), tags);
                }
                *known = rule;
            }
            None => rules.push(rule),
        }
        Ok(Structure::new())
    })
}

pub(crate) fn get_alarm_mute_rule(request: &Request<'_>) -> Result<Structure, Failure> {
    let name = request.text("AlarmMuteRuleName").unwrap_or_default();
    let mut rules = regional::resources(request, ALARM_MUTE_RULES.of)?;
    let rule = regional::find(request, &mut rules, "Name", name).ok_or_else(|| {
        let message = format!("The alarm mute rule {name} does not exist");
        refused(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
    })?;
    let mut rule = dated(request, rule.clone())?;
    rule.members.remove("Tags");
    Ok(MUTE_RULE.structure(&Value::Object(rule.members)))
}

pub(crate) fn list_alarm_mute_rules(request: &Request<'_>) -> Result<Structure, Failure> {
    let alarm = request.text("AlarmName");
    if let Some(alarm) = alarm
        && regional::find(request, &mut all_alarms(request)?, "AlarmName", alarm).is_none()
    {
        let message = format!("The alarm {alarm} does not exist");
        return Err(refused(
            StatusCode::NOT_FOUND,
            "ResourceNotFoundException",
            message,
        ));
    }
    let statuses = request.texts("Statuses");
    let mut summaries = Vec::new();
    let mut rules = regional::resources(request, ALARM_MUTE_RULES.of)?;
    rules.sort_by(|one, other| one.text("Name").cmp(&other.text("Name")));
    for rule in rules {
        let rule = dated(request, rule)?;
        let status = rule.text("Status").unwrap_or_default().to_owned();
        let rule = Value::Object(rule.members);
        if alarm.is_none_or(|alarm| targets(&rule).any(|target| target == alarm))
            && (statuses.is_empty() || statuses.contains(&status.as_str()))
        {
            summaries.push(SUMMARY.structure(&rule));
        }
    }
    let size = request.size("MaxRecords").unwrap_or(50);
    let page =
        Page::cut(request, summaries, request.text("NextToken"), size).ok_or_else(invalid_token)?;
    Ok(Structure::new()
        .with("AlarmMuteRuleSummaries", Output::List(page.items))
        .with_some("NextToken", page.next))
}

/// Returns whether an active rule mutes an alarm now.
pub(super) fn mutes(request: &Request<'_>, alarm: &Resource) -> Result<bool, Failure> {
    let name = alarm.text("AlarmName").unwrap_or_default();
    for rule in regional::resources(request, ALARM_MUTE_RULES.of)? {
        let rule = dated(request, rule)?;
        let is_active = rule.text("Status") == Some("ACTIVE");
        if is_active && targets(&Value::Object(rule.members)).any(|target| target == name) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The rule with what follows from its schedule: its type, and its status now.
fn dated(request: &Request<'_>, mut rule: Resource) -> Result<Resource, Failure> {
    let time = |member: &str| {
        let time = rule.members.get(member).and_then(Value::as_f64);
        time.map(Timestamp::from_epoch_seconds)
    };
    let (start, end) = (time("StartDate"), time("ExpireDate"));
    let schedule = schedule(request, &Value::Object(rule.members.clone()))?;
    let now = request.now;
    let status = match schedule.phase(now) {
        _ if end.is_some_and(|end| end <= now) => "EXPIRED",
        _ if start.is_some_and(|start| start > now) => "SCHEDULED",
        Phase::Before => "SCHEDULED",
        Phase::Muting => "ACTIVE",
        Phase::Over => "EXPIRED",
    };
    let mute_type = if schedule.is_recurring() {
        "RECURRING"
    } else {
        "ONE_TIME"
    };
    rule.members.entry("Status").or_insert(status.into());
    rule.members.entry("MuteType").or_insert(mute_type.into());
    Ok(rule)
}

pub(crate) fn delete_alarm_mute_rule(request: &Request<'_>) -> Result<Structure, Failure> {
    let name = request.text("AlarmMuteRuleName").unwrap_or_default();
    regional::change(request, |account| {
        let rules = &mut account.alarm_mute_rules;
        rules.retain(|rule| !regional::is(request, rule, "Name", name));
        Ok(Structure::new())
    })
}
