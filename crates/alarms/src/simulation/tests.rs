//! `Settings::reaction` against CloudWatch's documentation, minute by minute.

use proptest::prelude::*;

use super::*;

/// The states of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ok,
    Alarm,
    InsufficientData,
}

/// One evaluation as "Configuring how CloudWatch alarms treat missing data"
/// describes it: `points`, the oldest first, are those of the evaluation range,
/// and whether each breaches.
fn evaluate(points: &[Option<bool>], alarm: &Settings, state: State) -> State {
    let periods = alarm.evaluation_periods as usize;
    let enough = alarm.datapoints_to_alarm as usize;
    let real: Vec<bool> = points.iter().copied().flatten().collect();
    let breaching = |points: &[bool]| points.iter().filter(|breaches| **breaches).count();
    let alarm_if = |holds| if holds { State::Alarm } else { State::Ok };
    if real.len() >= periods {
        return alarm_if(breaching(&real[real.len() - periods..]) >= enough);
    }
    let filled = periods - real.len();
    match alarm.missing_data {
        MissingData::Breaching => alarm_if(breaching(&real) + filled >= enough),
        MissingData::NotBreaching => alarm_if(breaching(&real) >= enough),
        MissingData::Missing | MissingData::Ignore => {
            let ignores = alarm.missing_data == MissingData::Ignore;
            if real.is_empty() {
                return if ignores {
                    state
                } else {
                    State::InsufficientData
                };
            }
            if breaching(&real) >= enough {
                return State::Alarm;
            }
            // "Premature" alarm.
            let oldest = points.iter().position(|point| *point == Some(true));
            let age = oldest.map_or(0, |at| points.len() - at);
            if age >= enough && !real.contains(&false) {
                return if ignores { state } else { State::Alarm };
            }
            State::Ok
        }
    }
}

pub(super) fn settings(n: u32, m: u32, missing_data: MissingData) -> Settings {
    Settings {
        statistic: Statistic::Sum,
        period: 60,
        evaluation_periods: n,
        datapoints_to_alarm: m,
        threshold: 1.0,
        comparison: Comparison::GreaterThanOrEqualToThreshold,
        missing_data,
        unit: None,
        ignores_few_samples: false,
        fill: None,
    }
}

pub(super) fn publication() -> Publication {
    Publication {
        value: 1.0,
        beside: Vec::new(),
        when_quiet: Vec::new(),
        unit: None,
    }
}

/// The two tables of the documentation, for `missing`, `ignore`, `breaching`
/// and `notBreaching`; `=` is "retain current state".
#[test]
fn the_simulator_says_what_the_documentation_says() {
    for (m, points, states) in [
        (3, "0-X-X", "OOOO"),
        (3, "0----", "OOOO"),
        (3, "-----", "I=AO"),
        (3, "0XX-X", "AAAA"),
        (3, "--X--", "A=AO"),
        (2, "0-X-X", "AAAA"),
        (2, "00X0X", "AAAA"),
        (2, "0-X--", "OOAO"),
        (2, "----0", "OOAO"),
        (2, "---X-", "A=AO"),
        // "does not go immediately into ALARM state"
        (3, "----X", "OOAO"),
        (3, "---X-", "OOAO"),
    ] {
        let points: Vec<_> = points
            .chars()
            .map(|point| (point != '-').then_some(point == 'X'))
            .collect();
        let treatments = [
            MissingData::Missing,
            MissingData::Ignore,
            MissingData::Breaching,
            MissingData::NotBreaching,
        ];
        for (treatment, expected) in treatments.into_iter().zip(states.chars()) {
            for before in [State::Ok, State::Alarm, State::InsufficientData] {
                let state = evaluate(&points, &settings(3, m, treatment), before);
                let expected = match expected {
                    'O' => State::Ok,
                    'A' => State::Alarm,
                    'I' => State::InsufficientData,
                    _ => before,
                };
                assert_eq!(state, expected, "{m} of 3, {points:?}, {treatment:?}");
            }
        }
    }
}

/// What was seen of an alarm around the minute of one event.
#[derive(Debug)]
struct Seen {
    in_alarm_before: bool,
    fired: bool,
    /// Minutes after the event's when it was not in `ALARM` any more.
    left_after: Option<i64>,
}

/// Evaluates the alarm every minute, from long before the event in minute 0.
/// `emits` says in which other minutes a default value is published.
fn simulate(alarm: &Settings, publication: &Publication, emits: impl Fn(i64) -> bool) -> Seen {
    simulate_burst(alarm, publication, emits, |periods| u32::from(periods == 0))
}

/// The same where more events follow: so many in the first minute of each period, from the first
/// event's on.
fn simulate_burst(
    alarm: &Settings,
    publication: &Publication,
    emits: impl Fn(i64) -> bool,
    burst: impl Fn(i64) -> u32,
) -> Seen {
    let period = i64::from(alarm.period / 60);
    let range = i64::from(alarm.evaluation_periods + 2);
    let events_in = |minute: i64| match (minute.div_euclid(period), minute.rem_euclid(period)) {
        (0, 0) => burst(0).max(1),
        (periods @ 1..3, 0) => burst(periods),
        _ => 0,
    };
    let samples_of = |minute: i64| match (events_in(minute), publication.when_quiet.first()) {
        (0, Some(quiet)) if emits(minute) => Some((*quiet, 1.0)),
        (0, _) => None,
        (events, _) => Some((publication.value, f64::from(events))),
    };
    let point = |end: i64| {
        let samples: Vec<_> = (end - period..end).filter_map(samples_of).collect();
        if samples.is_empty() {
            alarm.fill.map(|fill| alarm.exceeds(fill))
        } else {
            Some(alarm.breaches(&samples).unwrap())
        }
    };
    let mut seen = Seen {
        in_alarm_before: false,
        fired: false,
        left_after: None,
    };
    let mut state = State::InsufficientData;
    let reach = range * period;
    for now in -2 * reach..=2 * reach {
        // The oldest first; the newest period ends with this minute.
        let points: Vec<_> = (0..range)
            .rev()
            .map(|back| point(now + 1 - back * period))
            .collect();
        state = evaluate(&points, alarm, state);
        let in_alarm = state == State::Alarm;
        seen.in_alarm_before |= now < 0 && in_alarm;
        seen.fired |= now >= 0 && in_alarm;
        if seen.fired && !in_alarm && seen.left_after.is_none() {
            seen.left_after = Some(now);
        }
    }
    seen
}

fn alarms() -> impl Strategy<Value = Settings> {
    let missing_data = prop_oneof![
        Just(MissingData::Missing),
        Just(MissingData::Ignore),
        Just(MissingData::Breaching),
        Just(MissingData::NotBreaching),
    ];
    let statistic = prop_oneof![
        Just(Statistic::Sum),
        Just(Statistic::Average),
        Just(Statistic::Minimum),
        Just(Statistic::Maximum),
        Just(Statistic::SampleCount),
    ];
    let comparison = prop_oneof![
        4 => Just(Comparison::GreaterThanOrEqualToThreshold),
        2 => Just(Comparison::GreaterThanThreshold),
        1 => Just(Comparison::LessThanThreshold),
        1 => Just(Comparison::LessThanOrEqualToThreshold),
    ];
    let threshold = prop_oneof![Just(0.0), Just(0.5), Just(1.0), Just(2.0), Just(1000.0)];
    let shape = (1_u32..=4, 1_u32..=4, 1_u32..=3);
    (statistic, shape, threshold, comparison, missing_data).prop_map(
        |(statistic, (n, m, minutes), threshold, comparison, missing_data)| Settings {
            statistic,
            period: 60 * minutes,
            threshold,
            comparison,
            ..settings(n, m.min(n), missing_data)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Without default values there is one course of events.
    #[test]
    fn an_empty_metric_has_one_course(alarm in alarms(), value in prop_oneof![Just(1.0), Just(5.0)]) {
        let publication = Publication { value, ..publication() };
        let seen = simulate(&alarm, &publication, |_| false);
        let forgets = i64::from(alarm.period / 60) * i64::from(alarm.evaluation_periods + 2);
        match alarm.reaction(&publication) {
            Reaction::Fires(time) => {
                prop_assert!(!seen.in_alarm_before && seen.fired, "{:?}", seen);
                prop_assert_eq!(seen.left_after, Some(forgets));
                prop_assert_eq!(time, Duration::from_mins(1) * u32::try_from(forgets).unwrap());
            }
            Reaction::FiresOnce => {
                prop_assert!(!seen.in_alarm_before && seen.fired && seen.left_after.is_none());
            }
            // One event fires, several in one period do not.
            Reaction::CannotFire(Obstruction::Burst) => {}
            Reaction::CannotFire(_) => prop_assert!(seen.in_alarm_before || !seen.fired, "{:?}", seen),
            Reaction::Undecided(why) => prop_assert!(false, "{}", why),
        }
    }

    /// With default values, what is said of an alarm holds in whichever minutes
    /// they arrive; and what is said not to fire fails to in one of them.
    #[test]
    fn default_values_may_arrive_in_any_minutes(
        alarm in alarms(),
        quiet in prop_oneof![Just(0.0), Just(1.0), Just(-1.0)],
        mask in any::<u64>(),
    ) {
        let publication = Publication { when_quiet: vec![quiet], ..publication() };
        let emits = |minute: i64| (mask >> minute.rem_euclid(64)) & 1 == 1;
        let seen = simulate(&alarm, &publication, emits);
        let fires = |seen: &Seen| !seen.in_alarm_before && seen.fired;
        match alarm.reaction(&publication) {
            Reaction::Fires(_) | Reaction::FiresOnce => prop_assert!(fires(&seen), "{:?}", seen),
            Reaction::CannotFire(Obstruction::Burst) => {}
            Reaction::CannotFire(_) => {
                let always = simulate(&alarm, &publication, |_| true);
                let never = simulate(&alarm, &publication, |_| false);
                let sparse = simulate(&alarm, &publication, |minute| minute.rem_euclid(7) == 3);
                prop_assert!([always, never, sparse].iter().any(|seen| !fires(seen)));
            }
            Reaction::Undecided(why) => prop_assert!(false, "{}", why),
        }
    }

    /// `monotone`: an alarm that counts reaches `ALARM` for every burst of events in one to three
    /// periods; one that does not count stays away from it in some burst, or is always in it.
    #[test]
    fn an_alarm_that_counts_fires_for_every_burst(
        alarm in alarms(),
        value in prop_oneof![Just(1.0), Just(5.0)],
        burst in [1_u32..=50, 0..=50, 0..=50],
    ) {
        let publication = Publication { value, ..publication() };
        let fires = |burst: [u32; 3]| {
            let events = |periods: i64| burst[usize::try_from(periods).unwrap()];
            let seen = simulate_burst(&alarm, &publication, |_| false, events);
            !seen.in_alarm_before && seen.fired
        };
        match alarm.reaction(&publication) {
            Reaction::Fires(_) | Reaction::FiresOnce => prop_assert!(fires(burst)),
            Reaction::CannotFire(_) => {
                prop_assert!([[1, 0, 0], [2, 0, 0], [2000; 3]].into_iter().any(|burst| !fires(burst)));
            }
            Reaction::Undecided(why) => prop_assert!(false, "{}", why),
        }
    }
}
