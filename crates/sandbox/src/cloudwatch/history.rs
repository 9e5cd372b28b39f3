//! `DescribeAlarmHistory`. Changes of an alarm's configuration are not in it.

use serde_json::Value;

use super::evaluation::evaluate;
use super::{NAME, invalid_token, on_alarm};
use crate::Timestamp;
use crate::operations::Needed;
use crate::organization::Resource;
use crate::paging::Page;
use crate::request::Request;
use crate::wire::{Failure, Output, Shape, Structure, integer, list, member, one_of, text};

const TYPES: Shape = one_of(&["CompositeAlarm", "MetricAlarm", "LogAlarm"]);

pub(crate) const DESCRIBE_ALARM_HISTORY: Shape = Shape::Structure(&[
    member("AlarmName", NAME),
    member("AlarmContributorId", text(1, 16)),
    member("AlarmTypes", list(&TYPES, 0, usize::MAX)),
    member(
        "HistoryItemType",
        one_of(&[
            "ConfigurationUpdate",
            "StateUpdate",
            "Action",
            "AlarmContributorStateUpdate",
            "AlarmContributorAction",
        ]),
    ),
    member("StartDate", Shape::Timestamp),
    member("EndDate", Shape::Timestamp),
    member("MaxRecords", integer(1, 100)),
    member("NextToken", text(0, usize::MAX)),
    member(
        "ScanBy",
        one_of(&["TimestampDescending", "TimestampAscending"]),
    ),
]);

/// Something that happened to an alarm.
#[derive(Clone, Debug)]
pub(super) struct HistoryItem {
    account: String,
    region: String,
    alarm: String,
    alarm_type: &'static str,
    time: Timestamp,
    kind: &'static str,
    summary: String,
    data: String,
}

impl HistoryItem {
    /// Records a change of an alarm at the current time.
    pub(super) fn new(
        request: &Request<'_>,
        alarm: &Resource,
        kind: &'static str,
        summary: String,
        data: &Value,
    ) -> Self {
        Self {
            account: request.account().to_owned(),
            region: request.region.to_owned(),
            alarm: alarm.text("AlarmName").unwrap_or_default().to_owned(),
            alarm_type: match alarm.text("AlarmRule") {
                Some(_) => "CompositeAlarm",
                None => "MetricAlarm",
            },
            time: request.now,
            kind,
            summary,
            data: data.to_string(),
        }
    }

    fn to_structure(&self) -> Structure {
        Structure::new()
            .with("AlarmName", self.alarm.as_str())
            .with("AlarmType", self.alarm_type)
            .with("Timestamp", Output::Timestamp(self.time))
            .with("HistoryItemType", self.kind)
            .with(
                "HistorySummary",
                self.summary.chars().take(255).collect::<String>(),
            )
            .with(
                "HistoryData",
                self.data.chars().take(4095).collect::<String>(),
            )
    }
}

/// The alarm whose history is asked for, or all of them.
pub(crate) fn of_history(request: &Request<'_>) -> Vec<Needed> {
    vec![on_alarm(request, request.text("AlarmName").unwrap_or("*"))]
}

pub(crate) fn describe_alarm_history(request: &Request<'_>) -> Result<Structure, Failure> {
    if request.text("AlarmContributorId").is_some() {
        return Err(Failure::not_implemented("contributors of alarms"));
    }
    evaluate(request)?;
    let time = |member: &str| {
        let time = request.input.get(member).and_then(Value::as_f64);
        time.map(Timestamp::from_epoch_seconds)
    };
    let (start, end) = (time("StartDate"), time("EndDate"));
    let (name, kind) = (request.text("AlarmName"), request.text("HistoryItemType"));
    // Of metric alarms only, where nothing else is asked for (documented).
    let types = match request.texts("AlarmTypes") {
        types if types.is_empty() => vec!["MetricAlarm"],
        types => types,
    };
    let mut items = request.world.alarm_history.all();
    items.retain(|item| {
        item.account == request.account()
            && item.region == request.region
            && name.is_none_or(|name| name == item.alarm)
            && kind.is_none_or(|kind| kind == item.kind)
            && types.contains(&item.alarm_type)
            && start.is_none_or(|start| start <= item.time)
            && end.is_none_or(|end| item.time <= end)
    });
    if request.text("ScanBy") != Some("TimestampAscending") {
        items.reverse();
    }
    let items = items.iter().map(HistoryItem::to_structure).collect();
    let size = request.size("MaxRecords").unwrap_or(100);
    let page =
        Page::cut(request, items, request.text("NextToken"), size).ok_or_else(invalid_token)?;
    Ok(Structure::new()
        .with("AlarmHistoryItems", Output::List(page.items))
        .with_some("NextToken", page.next))
}
