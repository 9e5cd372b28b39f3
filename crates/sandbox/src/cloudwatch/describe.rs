//! `DescribeAlarms` and `DescribeAlarmsForMetric`.

use serde_json::Value;

use super::alarm_rule::children;
use super::composite_alarm::{COMPOSITE_ALARM, COMPOSITE_ALARMS, all_alarms, is_parent, refers_to};
use super::evaluation::evaluate;
use super::metric::{DIMENSIONS, NAMESPACE, POSITIVE, STATISTIC, UNIT};
use super::metric_alarm::{METRIC_ALARM, METRIC_ALARMS};
use super::{NAME, NAMES, STATE, alarms, invalid_token, on_alarm};
use crate::operations::Needed;
use crate::organization::Resource;
use crate::paging::Page;
use crate::regional;
use crate::request::Request;
use crate::wire::{
    Failure, Output, Shape, Structure, integer, list, member, one_of, required, text,
};

const METRIC: &str = "MetricAlarm";
const COMPOSITE: &str = "CompositeAlarm";
const LOG: &str = "LogAlarm";

pub(crate) const DESCRIBE_ALARMS: Shape = Shape::Structure(&[
    member("AlarmNames", NAMES),
    member("AlarmNamePrefix", text(1, 255)),
    member(
        "AlarmTypes",
        list(&one_of(&[COMPOSITE, METRIC, LOG]), 0, usize::MAX),
    ),
    member("ChildrenOfAlarmName", NAME),
    member("ParentsOfAlarmName", NAME),
    member("StateValue", STATE),
    member("ActionPrefix", text(1, 1024)),
    member("MaxRecords", integer(1, 100)),
    member("NextToken", text(0, usize::MAX)),
]);

pub(crate) const DESCRIBE_ALARMS_FOR_METRIC: Shape = Shape::Structure(&[
    required("MetricName", NAME),
    required("Namespace", NAMESPACE),
    member("Statistic", STATISTIC),
    member("ExtendedStatistic", text(0, usize::MAX)),
    member("Dimensions", DIMENSIONS),
    member("Period", POSITIVE),
    member("Unit", UNIT),
]);

/// The alarms that are asked for. Composite alarms are shown only to who may see every
/// alarm (documented).
pub(crate) fn described(request: &Request<'_>) -> Vec<Needed> {
    let relatives = ["ChildrenOfAlarmName", "ParentsOfAlarmName"];
    let asks_for_relatives = relatives
        .iter()
        .any(|member| request.text(member).is_some());
    if asks_for_relatives || request.texts("AlarmTypes").contains(&COMPOSITE) {
        return vec![Needed::on(request, "*")];
    }
    let named = alarms(request);
    if named.is_empty() {
        return vec![on_alarm(request, "*")];
    }
    named
}

pub(crate) fn describe_alarms(request: &Request<'_>) -> Result<Structure, Failure> {
    evaluate(request)?;
    let selection = Selection::from_request(request)?;
    let mut found = Vec::new();
    for (list, of, shape) in [
        ("MetricAlarms", METRIC_ALARMS.of, &METRIC_ALARM),
        ("CompositeAlarms", COMPOSITE_ALARMS.of, &COMPOSITE_ALARM),
    ] {
        let mut alarms = regional::resources(request, of)?;
        alarms.retain(|alarm| selection.has(list, alarm));
        alarms.sort_by(|one, other| one.text("AlarmName").cmp(&other.text("AlarmName")));
        // Pages run over both kinds, so each alarm says which list it is for.
        let alarms = alarms
            .into_iter()
            .map(|alarm| Structure::new().with(list, selection.describe(shape, alarm)));
        found.extend(alarms);
    }
    let size = request.size("MaxRecords").unwrap_or(50);
    let page =
        Page::cut(request, found, request.text("NextToken"), size).ok_or_else(invalid_token)?;
    let of = |wanted: &str| {
        let members = page.items.iter().flat_map(|item| match item {
            Output::Structure(item) => item.members().collect::<Vec<_>>(),
            _ => Vec::new(),
        });
        let alarms = members.filter(|(list, _)| *list == wanted);
        Output::List(alarms.map(|(_, alarm)| alarm.clone()).collect())
    };
    Ok(Structure::new()
        .with("CompositeAlarms", of("CompositeAlarms"))
        .with("MetricAlarms", of("MetricAlarms"))
        .with_some("NextToken", page.next))
}

/// Selection of alarms and of their members.
enum Selection<'a> {
    Matching(&'a Request<'a>),
    /// Those that a composite alarm refers to.
    Children(Vec<String>),
    /// Composite alarms that refer to an alarm.
    Parents(Option<Resource>),
}

impl<'a> Selection<'a> {
    fn from_request(request: &'a Request<'a>) -> Result<Self, Failure> {
        let invalid = |message: &str| Err(request.protocol.invalid(message));
        if request.texts("AlarmTypes").contains(&LOG) {
            return Err(Failure::not_implemented("log alarms"));
        }
        let names = request.list("AlarmNames");
        if !names.is_empty() && request.text("AlarmNamePrefix").is_some() {
            return invalid("AlarmNamePrefix cannot be specified with AlarmNames");
        }
        let relatives = (
            request.text("ChildrenOfAlarmName"),
            request.text("ParentsOfAlarmName"),
        );
        let name = match relatives {
            (None, None) => return Ok(Self::Matching(request)),
            (Some(_), Some(_)) => None,
            (parent, child) => parent.or(child),
        };
        let others = ["AlarmNamePrefix", "StateValue", "ActionPrefix"];
        let has_lists = !names.is_empty() || !request.list("AlarmTypes").is_empty();
        let Some(name) =
            name.filter(|_| !has_lists && others.iter().all(|other| request.text(other).is_none()))
        else {
            return invalid(
                "ChildrenOfAlarmName and ParentsOfAlarmName go with MaxRecords and NextToken only",
            );
        };
        let mut alarms = all_alarms(request)?;
        let alarm = regional::find(request, &mut alarms, "AlarmName", name).cloned();
        Ok(if relatives.1.is_some() {
            Self::Parents(alarm)
        } else {
            let rule = alarm.as_ref().and_then(|alarm| alarm.text("AlarmRule"));
            let children = rule.and_then(children).unwrap_or_default();
            Self::Children(children.into_iter().map(str::to_owned).collect())
        })
    }

    fn has(&self, list: &str, alarm: &Resource) -> bool {
        match self {
            Self::Matching(request) => matches(request, list, alarm),
            Self::Children(children) => children.iter().any(|child| refers_to(child, alarm)),
            Self::Parents(child) => child.as_ref().is_some_and(|child| is_parent(alarm, child)),
        }
    }

    /// All that an alarm shows; of relatives only little (documented).
    fn describe(&self, shape: &Shape, mut alarm: Resource) -> Structure {
        let brief: Option<&[&str]> = match self {
            Self::Matching(_) => None,
            Self::Children(_) => Some(&[
                "AlarmName",
                "AlarmArn",
                "StateValue",
                "StateUpdatedTimestamp",
            ]),
            Self::Parents(_) => Some(&["AlarmName", "AlarmArn"]),
        };
        alarm.members.retain(|member, _| {
            brief.map_or(member != "Tags", |brief| brief.contains(&member.as_str()))
        });
        shape.structure(&Value::Object(alarm.members))
    }
}

fn matches(request: &Request<'_>, list: &str, alarm: &Resource) -> bool {
    let types = request.texts("AlarmTypes");
    // Without types only metric alarms are shown (documented).
    let types = if types.is_empty() {
        vec![METRIC]
    } else {
        types
    };
    let names = request.texts("AlarmNames");
    let name = alarm.text("AlarmName").unwrap_or_default();
    let state = request.text("StateValue");
    let prefix = request.text("AlarmNamePrefix");
    types
        .iter()
        .any(|kind| list.strip_suffix('s') == Some(*kind))
        && (names.is_empty() || names.contains(&name))
        && prefix.is_none_or(|prefix| name.starts_with(prefix))
        && state.is_none_or(|state| alarm.text("StateValue") == Some(state))
        && request
            .text("ActionPrefix")
            .is_none_or(|prefix| acts_on(alarm, prefix))
}

/// Returns true if an action of an alarm begins with a text.
fn acts_on(alarm: &Resource, prefix: &str) -> bool {
    ["OKActions", "AlarmActions", "InsufficientDataActions"]
        .iter()
        .filter_map(|member| alarm.members.get(*member)?.as_array())
        .flatten()
        .filter_map(Value::as_str)
        .any(|action| action.starts_with(prefix))
}

pub(crate) fn describe_alarms_for_metric(request: &Request<'_>) -> Result<Structure, Failure> {
    evaluate(request)?;
    let same = |alarm: &Resource, member: &str| {
        let asked = request.input.get(member);
        asked.is_none_or(|asked| alarm.members.get(member) == Some(asked))
    };
    let mut alarms = regional::resources(request, METRIC_ALARMS.of)?;
    alarms.retain(|alarm| {
        [
            "MetricName",
            "Namespace",
            "Statistic",
            "ExtendedStatistic",
            "Period",
            "Unit",
        ]
        .iter()
        .all(|member| same(alarm, member))
            && dimensions(alarm.members.get("Dimensions"))
                == dimensions(request.input.get("Dimensions"))
    });
    let selection = Selection::Matching(request);
    let alarms = alarms.into_iter();
    let alarms: Vec<_> = alarms
        .map(|alarm| selection.describe(&METRIC_ALARM, alarm))
        .collect();
    Ok(Structure::new().with("MetricAlarms", alarms))
}

/// Names and values, in an order of their own.
fn dimensions(list: Option<&Value>) -> Vec<(Option<&str>, Option<&str>)> {
    let mut dimensions: Vec<_> = list
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|dimension| {
            let text = |member| dimension.get(member).and_then(Value::as_str);
            (text("Name"), text("Value"))
        })
        .collect();
    dimensions.sort_unstable();
    dimensions
}
