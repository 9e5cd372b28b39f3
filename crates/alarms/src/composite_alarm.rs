//! Composite alarms, and which of them one alarm sets off.

use aws_sdk_cloudwatch::types;
use config_rule::{Arn, Timestamp};
use serde::{Deserialize, Serialize};

use crate::alarm_rule::{AlarmRule, State, refers_to};
use crate::alarms::Alarms;
use crate::metric_alarm::{MetricAlarm, name_of};

/// An alarm on the states of other alarms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CompositeAlarm {
    /// The alarm's ARN, `…:alarm:NAME`.
    pub alarm_arn: Arn,
    /// True if it runs its actions at all.
    pub actions_enabled: bool,
    /// The actions that it runs when it changes to `ALARM`.
    pub alarm_actions: Vec<String>,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state_value: String,
    /// Time at which it changed to that state.
    pub state_transitioned: Option<Timestamp>,
    /// The condition for `ALARM`, as an expression over other alarms.
    pub alarm_rule: String,
    /// The alarm that keeps its actions from running while it is in `ALARM`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions_suppressor: Option<String>,
}

/// Effect of one metric alarm on composite alarms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetOff<'a> {
    /// Those that change to `ALARM` with it, whatever the others do.
    pub surely: Vec<&'a CompositeAlarm>,
    /// Those that may.
    pub perhaps: Vec<&'a CompositeAlarm>,
}

const IN_ALARM: &[State] = &[State::Alarm];
const ANY: &[State] = &[State::Alarm, State::Ok, State::InsufficientData];
const QUIET: &[State] = &[State::Ok, State::InsufficientData];

impl CompositeAlarm {
    /// The alarm's name, unique in its account and Region.
    pub fn name(&self) -> &str {
        name_of(&self.alarm_arn)
    }

    /// Returns which of `composites` change to `ALARM` when `alarm` does and no other
    /// metric alarm is in it. A composite alarm that does sets off others.
    pub fn set_off<'a>(alarm: &Arn, composites: &'a [Self]) -> SetOff<'a> {
        let rules: Vec<_> = composites
            .iter()
            .map(|composite| (composite, AlarmRule::parse(&composite.alarm_rule).ok()))
            .collect();
        let mut set_off = SetOff::default();
        let mut in_alarm = vec![alarm];
        // Every round but the last adds one, so this ends.
        loop {
            let next = rules.iter().find(|(composite, rule)| {
                let rule = rule.as_ref();
                !set_off.surely.contains(composite)
                    && rule.is_some_and(|rule| fires(rule, &in_alarm) == Some(true))
            });
            let Some((composite, _)) = next else { break };
            set_off.surely.push(composite);
            in_alarm.push(&composite.alarm_arn);
        }
        set_off.perhaps = rules
            .iter()
            .filter(|(composite, rule)| {
                !set_off.surely.contains(composite)
                    && match rule {
                        None => composite.alarm_rule.contains(name_of(alarm)),
                        Some(rule) => fires(rule, &in_alarm).is_none(),
                    }
            })
            .map(|(composite, _)| *composite)
            .collect();
        set_off
    }

    /// Returns whether, by the states seen, other alarms keep the rule from becoming true with `alarm`
    /// and those of `before`. Alarms on a metric of `alarm` and composite alarms that it may set
    /// off change with it, and may be in any state.
    pub(crate) fn is_held_back(
        &self,
        alarm: &MetricAlarm,
        before: &[&Self],
        set_off: &SetOff<'_>,
        alarms: &Alarms,
    ) -> bool {
        let states = |name: &str| {
            let is = |arn: &Arn| refers_to(name, arn);
            if is(&alarm.alarm_arn) || before.iter().any(|other| is(&other.alarm_arn)) {
                return IN_ALARM;
            }
            let mut changing = set_off.surely.iter().chain(&set_off.perhaps);
            if changing.any(|other| is(&other.alarm_arn)) {
                return ANY;
            }
            let metric = alarms
                .metric_alarms
                .iter()
                .find(|other| is(&other.alarm_arn));
            if let Some(other) = metric {
                let mut metrics = other.metrics_named();
                let shares = metrics.any(|one| alarm.metrics_named().any(|own| own == one));
                return if shares {
                    ANY
                } else {
                    seen(&other.state_value)
                };
            }
            let mut composites = alarms.composite_alarms.iter();
            let composite = composites.find(|other| is(&other.alarm_arn));
            composite.map_or(QUIET, |other| seen(&other.state_value))
        };
        let rule = AlarmRule::parse(&self.alarm_rule);
        !rule.is_ok_and(|rule| rule.holds(&states) == Some(true))
    }

    /// Reads AWS's answer. `None` without an ARN, which AWS always gives.
    pub(crate) fn from_answer(alarm: types::CompositeAlarm) -> Option<Self> {
        Some(Self {
            alarm_arn: alarm.alarm_arn?.parse().ok()?,
            actions_enabled: alarm.actions_enabled.unwrap_or(false),
            alarm_actions: alarm.alarm_actions.unwrap_or_default(),
            state_value: alarm
                .state_value
                .map(|state| state.as_str().to_owned())
                .unwrap_or_default(),
            state_transitioned: alarm
                .state_transitioned_timestamp
                .or(alarm.state_updated_timestamp)
                .map(Timestamp::from),
            alarm_rule: alarm.alarm_rule.unwrap_or_default(),
            actions_suppressor: alarm.actions_suppressor,
        })
    }
}

/// The states that an alarm is in, by the text of its state.
fn seen(state: &str) -> &'static [State] {
    match state {
        "ALARM" => IN_ALARM,
        "OK" => &[State::Ok],
        "INSUFFICIENT_DATA" => &[State::InsufficientData],
        _ => ANY,
    }
}

/// Returns whether the rule is not true while nothing happens, and is true once the
/// alarms `in_alarm` are in `ALARM`, all others being quiet. `None` if neither
/// that nor the opposite could be shown.
fn fires(rule: &AlarmRule, in_alarm: &[&Arn]) -> Option<bool> {
    let is_in_alarm = |name: &str| in_alarm.iter().any(|alarm| refers_to(name, alarm));
    let quiet_before = in_every_state(rule, false, |_| false);
    let alarmed_after = in_every_state(rule, true, is_in_alarm);
    match (quiet_before, alarmed_after) {
        (Some(true), Some(true)) => Some(true),
        (Some(false), _) | (_, Some(false)) => Some(false),
        _ => None,
    }
}

/// Returns whether the rule has the truth `value` in all states that quiet alarms may
/// be in. One in which it has not is looked for where all of them are alike.
fn in_every_state(
    rule: &AlarmRule,
    value: bool,
    is_in_alarm: impl Fn(&str) -> bool,
) -> Option<bool> {
    let with = |quiet: &'static [State]| {
        let truth = rule.holds(&|name: &str| if is_in_alarm(name) { IN_ALARM } else { quiet });
        truth.map(|truth| truth == value)
    };
    with(QUIET).or_else(|| {
        let alike = [with(&[State::Ok]), with(&[State::InsufficientData])];
        alike.contains(&Some(false)).then_some(false)
    })
}

#[cfg(test)]
mod tests;
