//! Schedules of mute rules: `cron(M H D M W)` or `at(yyyy-MM-ddThh:mm)`, with a duration.

use std::time::Duration;

use crate::Timestamp;

const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;
/// The longest that a rule may mute at a time.
const LONGEST: Duration = Duration::from_hours(15 * 24);

const MONTHS: &[&str] = &[
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const DAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// Schedule of a mute rule, in UTC.
#[derive(Debug)]
pub(super) struct Schedule {
    expression: Expression,
    duration: Duration,
}

#[derive(Debug)]
enum Expression {
    /// Once.
    At(Timestamp),
    Cron(Cron),
}

/// The values that each field allows.
#[derive(Debug)]
struct Cron {
    minutes: Vec<i64>,
    hours: Vec<i64>,
    /// Of the month.
    days: Vec<i64>,
    months: Vec<i64>,
    /// From Sunday, which is 0.
    weekdays: Vec<i64>,
}

/// State of a schedule at a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Before,
    Muting,
    Over,
}

impl Schedule {
    /// None, when the texts are no schedule.
    pub(super) fn parse(expression: &str, duration: &str) -> Option<Self> {
        let inside = |name: &str| expression.strip_prefix(name)?.strip_suffix(')');
        let expression = match (inside("at("), inside("cron(")) {
            (Some(time), _) => Expression::At(Timestamp::parse(&format!("{time}:00Z"))?),
            (_, Some(fields)) => Expression::Cron(Cron::parse(fields)?),
            _ => return None,
        };
        Some(Self {
            expression,
            duration: iso_duration(duration)?,
        })
    }

    pub(super) fn is_recurring(&self) -> bool {
        matches!(self.expression, Expression::Cron(_))
    }

    pub(super) fn phase(&self, now: Timestamp) -> Phase {
        match &self.expression {
            Expression::At(start) if now < *start => Phase::Before,
            Expression::At(start) if now < start.plus(self.duration) => Phase::Muting,
            Expression::At(_) => Phase::Over,
            Expression::Cron(cron) if cron.started_within(self.duration, now) => Phase::Muting,
            Expression::Cron(_) => Phase::Before,
        }
    }
}

impl Cron {
    fn parse(fields: &str) -> Option<Self> {
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else {
            return None;
        };
        Some(Self {
            minutes: field(minutes, 0, 59, &[])?,
            hours: field(hours, 0, 23, &[])?,
            days: field(days, 1, 31, &[])?,
            months: field(months, 1, 12, MONTHS)?,
            weekdays: field(weekdays, 0, 6, DAYS)?,
        })
    }

    /// Returns true if a window of some length that began at a time of this expression is open.
    fn started_within(&self, window: Duration, now: Timestamp) -> bool {
        let window = i64::try_from(window.as_millis()).unwrap_or(i64::MAX);
        let now = now.millis();
        let first_day = now.saturating_sub(window).div_euclid(DAY_MS);
        let days = first_day..=now.div_euclid(DAY_MS);
        let starts = days.filter(|day| self.has_day(*day)).flat_map(|day| {
            let minutes = self
                .hours
                .iter()
                .flat_map(|hour| self.minutes.iter().map(move |minute| hour * 60 + minute));
            minutes.map(move |minute| day * DAY_MS + minute * MINUTE_MS)
        });
        starts
            .into_iter()
            .any(|start| start <= now && now < start.saturating_add(window))
    }

    /// Returns true if a day since 1970 began is one of this expression.
    fn has_day(&self, day: i64) -> bool {
        let date = Timestamp::from_millis(day * DAY_MS).to_string();
        let mut parts = date.get(..10).unwrap_or_default().rsplit('-');
        let mut part = || parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
        let (of_month, month): (i64, i64) = (part(), part());
        // The first day of 1970 was a Thursday.
        let weekday = (day + 4).rem_euclid(7);
        self.days.contains(&of_month)
            && self.months.contains(&month)
            && self.weekdays.contains(&weekday)
    }
}

/// The values of a field: `*`, numbers or names, ranges of them, several of these.
fn field(text: &str, low: i64, high: i64, names: &[&str]) -> Option<Vec<i64>> {
    let value = |text: &str| {
        let index = names.iter().position(|name| *name == text);
        let index = index.and_then(|index| i64::try_from(index).ok());
        let value = index
            .map(|index| low + index)
            .or_else(|| text.parse().ok())?;
        (low..=high).contains(&value).then_some(value)
    };
    let mut values = Vec::new();
    for part in text.split(',') {
        let (first, last) = match part.split_once('-') {
            _ if part == "*" => (low, high),
            Some((first, last)) => (value(first)?, value(last)?),
            None => (value(part)?, value(part)?),
        };
        (first <= last).then(|| values.extend(first..=last))?;
    }
    Some(values)
}

/// `P2DT12H`, `PT30M`: from a minute to fifteen days.
fn iso_duration(text: &str) -> Option<Duration> {
    let (days, time) = match text.strip_prefix('P')?.split_once('T') {
        Some((days, time)) => (days, Some(time)),
        None => (text.strip_prefix('P')?, None),
    };
    let mut minutes = 0_u64;
    let mut add = |text: &mut &str, unit: char, worth: u64| -> Option<()> {
        if let Some((number, rest)) = text.split_once(unit) {
            minutes = minutes.checked_add(number.parse::<u64>().ok()?.checked_mul(worth)?)?;
            *text = rest;
        }
        Some(())
    };
    let (mut days, mut rest) = (days, time.unwrap_or_default());
    add(&mut days, 'D', 24 * 60)?;
    add(&mut rest, 'H', 60)?;
    add(&mut rest, 'M', 1)?;
    let duration = Duration::from_secs(minutes.checked_mul(60)?);
    let is_whole = days.is_empty() && rest.is_empty() && time != Some("");
    (is_whole && minutes > 0 && duration <= LONGEST).then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(expression: &str, duration: &str, now: &str) -> Option<Phase> {
        let now = Timestamp::parse(now).unwrap();
        Schedule::parse(expression, duration).map(|schedule| schedule.phase(now))
    }

    #[test]
    fn schedules_are_before_in_and_after_their_windows() {
        // 2026-11-20 is a Friday.
        for (expression, duration, now, expected) in [
            (
                "at(2026-11-20T10:00)",
                "PT1H",
                "2026-11-20T09:59:59Z",
                Phase::Before,
            ),
            (
                "at(2026-11-20T10:00)",
                "PT1H",
                "2026-11-20T10:00:00Z",
                Phase::Muting,
            ),
            (
                "at(2026-11-20T10:00)",
                "PT1H",
                "2026-11-20T11:00:00Z",
                Phase::Over,
            ),
            (
                "cron(0 18 * * FRI)",
                "P2DT12H",
                "2026-11-20T17:59:00Z",
                Phase::Before,
            ),
            (
                "cron(0 18 * * FRI)",
                "P2DT12H",
                "2026-11-23T05:59:00Z",
                Phase::Muting,
            ),
            (
                "cron(0 18 * * FRI)",
                "P2DT12H",
                "2026-11-23T06:00:00Z",
                Phase::Before,
            ),
            (
                "cron(0 1 1 * *)",
                "PT6H",
                "2026-12-01T06:30:00Z",
                Phase::Muting,
            ),
            (
                "cron(0 1 1 JAN-MAR,5 *)",
                "PT6H",
                "2026-12-01T06:30:00Z",
                Phase::Before,
            ),
        ] {
            let found = phase(expression, duration, now);
            assert_eq!(found, Some(expected), "{expression} {duration} {now}");
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for (expression, duration) in [
            ("rate(1 day)", "PT1H"),
            ("at(2026-11-20 10:00)", "PT1H"),
            ("cron(0 18 * *)", "PT1H"),
            ("cron(60 18 * * *)", "PT1H"),
            ("cron(*/5 18 * * *)", "PT1H"),
            ("cron(5-1 18 * * *)", "PT1H"),
            ("at(2026-11-20T10:00)", "1H"),
            ("at(2026-11-20T10:00)", "PT"),
            ("at(2026-11-20T10:00)", "P"),
            ("at(2026-11-20T10:00)", "PT0M"),
            ("at(2026-11-20T10:00)", "P16D"),
            ("at(2026-11-20T10:00)", "P1H"),
        ] {
            assert!(
                Schedule::parse(expression, duration).is_none(),
                "{expression} {duration}"
            );
        }
        assert!(Schedule::parse("at(2026-11-20T10:00)", "P15D").is_some());
    }
}
