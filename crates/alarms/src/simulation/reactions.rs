//! Alarms as people make them, and what each does.

use super::tests::{publication, settings};
use super::*;

use super::Comparison::{LessThanOrEqualToThreshold, LessThanThreshold};
use super::Obstruction::{AlwaysInAlarm, Burst, Datapoints, Diluted, FewSamples, Threshold, Unit};

/// Sum over a minute, at least 1, 1 of 1, notBreaching, but for `change`.
fn alarm(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut alarm = settings(1, 1, MissingData::NotBreaching);
    change(&mut alarm);
    alarm
}

fn with_default_value(value: f64) -> Publication {
    Publication {
        when_quiet: vec![value],
        ..publication()
    }
}

fn minutes(minutes: u64) -> Reaction {
    Reaction::Fires(Duration::from_mins(minutes))
}

#[test]
fn alarms_that_fire() {
    let quiet = with_default_value(0.0);
    let count = Publication {
        unit: Some("Count".into()),
        ..publication()
    };
    let with_unit = |unit: &str| alarm(|a| a.unit = Some(unit.to_owned()));
    for (alarm, publication, reaction) in [
        (alarm(|_| {}), publication(), minutes(3)),
        (alarm(|_| {}), quiet.clone(), minutes(3)),
        (with_unit("None"), publication(), minutes(3)),
        (with_unit("Count"), count, minutes(3)),
        (
            settings(3, 1, MissingData::NotBreaching),
            publication(),
            minutes(5),
        ),
        // "Premature": nothing but missing data since.
        (
            settings(2, 2, MissingData::Missing),
            publication(),
            minutes(4),
        ),
        (
            alarm(|a| a.statistic = Statistic::SampleCount),
            publication(),
            minutes(3),
        ),
        (
            alarm(|a| a.statistic = Statistic::Percentile),
            publication(),
            minutes(3),
        ),
        (alarm(|a| a.fill = Some(0.0)), publication(), minutes(3)),
        (alarm(|a| a.period = 300), publication(), minutes(15)),
        (
            alarm(|a| a.period = 86_400),
            publication(),
            minutes(3 * 1440),
        ),
        // Evaluated hourly.
        (
            alarm(|a| (a.period, a.evaluation_periods) = (86_400, 2)),
            publication(),
            minutes(4 * 1440 + 60),
        ),
        (
            settings(1, 1, MissingData::Ignore),
            publication(),
            Reaction::FiresOnce,
        ),
    ] {
        assert_eq!(alarm.reaction(&publication), reaction, "{alarm:?}");
    }
}

#[test]
fn alarms_that_do_not_fire() {
    let quiet = with_default_value(0.0);
    let with_value = |value: f64| Publication {
        value,
        ..publication()
    };
    let other_filter = Publication {
        beside: vec![0.0],
        ..publication()
    };
    let zeros = other_filter.clone();
    let fives = Publication {
        beside: vec![5.0],
        ..publication()
    };
    let compared = |statistic, comparison, threshold| {
        alarm(|a| (a.statistic, a.comparison, a.threshold) = (statistic, comparison, threshold))
    };
    let below = |statistic, threshold| compared(statistic, LessThanThreshold, threshold);
    let at_most = |statistic, threshold| compared(statistic, LessThanOrEqualToThreshold, threshold);
    let count = alarm(|a| a.statistic = Statistic::SampleCount);
    let average = |period: u32| alarm(|a| (a.statistic, a.period) = (Statistic::Average, period));
    let few = alarm(|a| (a.statistic, a.ignores_few_samples) = (Statistic::Percentile, true));
    for (alarm, publication, obstruction) in [
        (
            alarm(|a| a.threshold = 1000.0),
            publication(),
            Threshold(1000.0),
        ),
        (alarm(|_| {}), with_value(0.0), Threshold(1.0)),
        (alarm(|_| {}), with_value(0.5), Threshold(1.0)),
        (
            alarm(|a| a.unit = Some("Count".into())),
            publication(),
            Unit,
        ),
        (
            settings(1, 1, MissingData::Breaching),
            publication(),
            AlwaysInAlarm,
        ),
        (alarm(|_| {}), with_default_value(1.0), AlwaysInAlarm),
        (alarm(|a| a.fill = Some(1.0)), publication(), AlwaysInAlarm),
        (count, quiet.clone(), AlwaysInAlarm),
        (
            settings(2, 2, MissingData::NotBreaching),
            publication(),
            Datapoints(2),
        ),
        (
            settings(2, 2, MissingData::Missing),
            quiet.clone(),
            Datapoints(2),
        ),
        (average(300), quiet, Diluted),
        (average(60), other_filter, Diluted),
        (few, publication(), FewSamples),
        (below(Statistic::Sum, 2.0), publication(), Burst),
        (at_most(Statistic::Sum, 1.0), publication(), Burst),
        (below(Statistic::SampleCount, 2.0), publication(), Burst),
        (below(Statistic::Sum, 1e6), publication(), Burst),
        // Another filter's 0 between the two breaching periods.
        (
            settings(2, 2, MissingData::Missing),
            zeros.clone(),
            Datapoints(2),
        ),
        (below(Statistic::Maximum, 2.0), fives, Diluted),
    ] {
        let reaction = Reaction::CannotFire(obstruction);
        assert_eq!(alarm.reaction(&publication), reaction, "{alarm:?}");
    }
    // The default value arrives in other minutes only.
    let reaction = average(60).reaction(&with_default_value(0.0));
    assert_eq!(reaction, minutes(3));
}

#[test]
fn alarms_that_nobody_can_tell_of() {
    let percentile = alarm(|a| (a.statistic, a.period) = (Statistic::Percentile, 300));
    let filled = alarm(|a| {
        (a.fill, a.missing_data) = (Some(0.0), MissingData::Breaching);
    });
    for (alarm, publication, uncertainty) in [
        (
            alarm(|a| a.period = 10),
            publication(),
            Uncertainty::HighResolution,
        ),
        (percentile, with_default_value(0.0), Uncertainty::Percentile),
        (filled, publication(), Uncertainty::FillOfNothing),
    ] {
        let reaction = Reaction::Undecided(uncertainty);
        assert_eq!(alarm.reaction(&publication), reaction, "{alarm:?}");
    }
}
