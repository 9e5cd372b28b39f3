//! Does the first root event set an alarm off, and does the alarm come back?
//!
//! CloudWatch runs an alarm's actions only when the alarm *changes* to `ALARM`.
//! So an alarm tells of a root event if it is not in `ALARM` while nothing
//! happens, changes to it with the first event however many follow and whatever else
//! feeds the metric, and leaves it by itself soon, so that the next event is a change again.
//!
//! The README lists which facts about CloudWatch this rests on.

use std::time::Duration;

/// The periods that CloudWatch looks at beyond the evaluation periods, to make
/// up for missing data. AWS documents examples only: 5 periods for 3, and about
/// three days for one period of a day.
const EXTRA_PERIODS: u32 = 2;

/// Alarms whose evaluation periods are longer than this are evaluated hourly.
const DAY: Duration = Duration::from_hours(24);
const HOUR: Duration = Duration::from_hours(1);

/// The resolution of what metric filters publish.
const MINUTE: u32 = 60;

/// So many samples in one period that more make no difference; also a value above all thresholds.
const MANY: f64 = 1e15;

/// Values that arrive in a metric when one log event matches.
#[derive(Clone, Debug, PartialEq)]
pub struct Publication {
    /// The value for the event.
    pub value: f64,
    /// Values that may arrive beside it in the same minute, any number of times:
    /// those of other filters that feed the metric, for the same event or
    /// another, and their default values.
    pub beside: Vec<f64>,
    /// Values that may arrive in a minute without an event, if log events
    /// arrive at all: the default values of the filters that feed the metric.
    pub when_quiet: Vec<f64>,
    /// The unit; `None` is CloudWatch's unit `None`.
    pub unit: Option<String>,
}

/// Settings with which an alarm looks at the series that it watches.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Statistic of the samples of one period.
    pub statistic: Statistic,
    /// The length of a period in seconds.
    pub period: u32,
    /// Number of periods that are looked at (N).
    pub evaluation_periods: u32,
    /// Number of them that must breach the threshold (M).
    pub datapoints_to_alarm: u32,
    /// Value that data points are compared with.
    pub threshold: f64,
    /// Comparison that breaches the threshold.
    pub comparison: Comparison,
    /// Treatment of a period without data.
    pub missing_data: MissingData,
    /// Only samples of this unit count, if it is set.
    pub unit: Option<String>,
    /// True if a percentile of few samples leaves the state as it is.
    pub ignores_few_samples: bool,
    /// Value that metric math puts in place of periods without data.
    pub fill: Option<f64>,
}

/// Statistic of the samples of one period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// Their number.
    SampleCount,
    /// Their mean.
    Average,
    /// Their sum.
    Sum,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
    /// The value that some percentage of them does not exceed.
    Percentile,
}

/// Comparison that breaches a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Those that are not less.
    GreaterThanOrEqualToThreshold,
    /// Those that are greater.
    GreaterThanThreshold,
    /// Those that are less.
    LessThanThreshold,
    /// Those that are not greater.
    LessThanOrEqualToThreshold,
}

/// Treatment of a period without data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingData {
    /// Nothing; without any data the state is `INSUFFICIENT_DATA`.
    Missing,
    /// Nothing; without any data the state stays as it is.
    Ignore,
    /// A value that breaches the threshold.
    Breaching,
    /// A value that does not.
    NotBreaching,
}

/// Reaction of an alarm to one log event that matches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reaction {
    /// It changes to `ALARM`, and without further data leaves it after this time.
    Fires(Duration),
    /// It changes to `ALARM`, and without further data stays there.
    FiresOnce,
    /// It does not change to `ALARM`, or not always.
    CannotFire(Obstruction),
    /// Not settled by what is known about CloudWatch.
    Undecided(Uncertainty),
}

/// Reason why an alarm does not change to `ALARM`.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Obstruction {
    /// It watches another unit than the filter publishes.
    #[error("it watches a unit that the filter does not publish")]
    Unit,
    /// Missing data, a default value or a filled-in value keeps it in `ALARM`.
    #[error("it is in ALARM while nothing happens, and so never changes to it")]
    AlwaysInAlarm,
    /// The value does not breach the threshold.
    #[error("one event does not breach its threshold {0}")]
    Threshold(f64),
    /// More events in one period take its statistic out of the range that breaches.
    #[error("several events in one period do not breach its threshold")]
    Burst,
    /// Other values in the same period can hide the one of the event.
    #[error("default values or other filters can hide one event in its statistic")]
    Diluted,
    /// It takes more breaching periods than one event makes.
    #[error("it takes {0} breaching periods")]
    Datapoints(u32),
    /// A percentile of one sample does not count.
    #[error("it ignores percentiles of few samples")]
    FewSamples,
}

/// Reason why it is not settled what an alarm does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uncertainty {
    /// Periods under a minute on a metric with one value per minute.
    #[error("its period is shorter than the minute in which filters publish")]
    HighResolution,
    /// A percentile of different values.
    #[error("a percentile of different values may or may not breach its threshold")]
    Percentile,
    /// `FILL`, where it matters whether it fills a series without any data.
    #[error("it is not documented whether FILL fills a metric without any data")]
    FillOfNothing,
}

impl Settings {
    /// Returns what the alarm does when, in a metric that was empty before, one log
    /// event is published.
    pub fn reaction(&self, publication: &Publication) -> Reaction {
        match self.obstruction(publication) {
            Err(uncertainty) => Reaction::Undecided(uncertainty),
            Ok(Some(obstruction)) => Reaction::CannotFire(obstruction),
            Ok(None) if self.missing_data == MissingData::Ignore => Reaction::FiresOnce,
            Ok(None) => Reaction::Fires(self.time_to_forget()),
        }
    }

    fn obstruction(&self, publication: &Publication) -> Result<Option<Obstruction>, Uncertainty> {
        let has_unit = |unit: &str| publication.unit.as_deref().unwrap_or("None") == unit;
        if self.unit.as_deref().is_some_and(|unit| !has_unit(unit)) {
            return Ok(Some(Obstruction::Unit));
        }
        if self.ignores_few_samples && self.statistic == Statistic::Percentile {
            return Ok(Some(Obstruction::FewSamples));
        }
        if !self.breaches(&[(publication.value, 1.0)])? {
            return Ok(Some(Obstruction::Threshold(self.threshold)));
        }
        if self.period < MINUTE {
            return Err(Uncertainty::HighResolution);
        }
        if self.is_always_in_alarm(publication)? {
            return Ok(Some(Obstruction::AlwaysInAlarm));
        }
        if let Some(obstruction) = self.hidden(publication)? {
            return Ok(Some(obstruction));
        }
        let one_is_enough = match self.datapoints_to_alarm {
            0 | 1 => true,
            // "Premature" alarm: a breaching point as old as M periods, and
            // nothing but missing data since. Data in between prevents it.
            _ => {
                self.missing_data == MissingData::Missing
                    && self.fill.is_none()
                    && publication.when_quiet.is_empty()
                    && self.others_breach(publication)?
            }
        };
        let datapoints = Obstruction::Datapoints(self.datapoints_to_alarm);
        Ok((!one_is_enough).then_some(datapoints))
    }

    /// Returns whether a stretch of time without an event puts the alarm in `ALARM`.
    fn is_always_in_alarm(&self, publication: &Publication) -> Result<bool, Uncertainty> {
        let keeps = matches!(
            self.missing_data,
            MissingData::Breaching | MissingData::Ignore
        );
        match self.fill {
            Some(fill) if self.exceeds(fill) => return Ok(true),
            Some(_) if keeps => return Err(Uncertainty::FillOfNothing),
            None if self.missing_data == MissingData::Breaching => return Ok(true),
            _ => {}
        }
        for quiet in &publication.when_quiet {
            let minutes = f64::from(self.period / MINUTE);
            if self.breaches(&[(*quiet, 1.0)])? || self.breaches(&[(*quiet, minutes)])? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns why the period of the first event does not always breach, if so. Each statistic is
    /// monotonous in how often a value is added, so the extremes are enough: one event or many,
    /// and each other value not at all or as often as can be. A default value of the filter that
    /// matched arrives in the other minutes of the period only.
    fn hidden(&self, publication: &Publication) -> Result<Option<Obstruction>, Uncertainty> {
        if !self.breaches(&[(publication.value, MANY)])? {
            return Ok(Some(Obstruction::Burst));
        }
        let other_minutes = f64::from(self.period / MINUTE) - 1.0;
        let mut others = extremes(&publication.beside, MANY);
        others.extend(extremes(&publication.when_quiet, other_minutes));
        let mut uncertainty = None;
        for events in [1.0, MANY] {
            for chosen in 0..1_u32 << others.len() {
                let beside = others.iter().enumerate();
                let beside = beside.filter(|(place, _)| chosen >> place & 1 == 1);
                let mut samples = vec![(publication.value, events)];
                samples.extend(beside.map(|(_, sample)| *sample));
                match self.breaches(&samples) {
                    Ok(true) => {}
                    Ok(false) => return Ok(Some(Obstruction::Diluted)),
                    Err(why) => uncertainty = Some(why),
                }
            }
        }
        uncertainty.map_or(Ok(None), Err)
    }

    /// Returns whether values of filters that were not looked at, those of other log groups on the same
    /// metric, could change that the alarm fires.
    pub(crate) fn depends_on_others(&self, publication: &Publication) -> bool {
        let mut fed = publication.clone();
        fed.beside.extend([0.0, MANY]);
        !matches!(
            self.reaction(&fed),
            Reaction::Fires(_) | Reaction::FiresOnce
        )
    }

    /// Returns whether every value that others publish breaches in a period without an event.
    fn others_breach(&self, publication: &Publication) -> Result<bool, Uncertainty> {
        for (value, often) in extremes(&publication.beside, MANY) {
            if !self.breaches(&[(value, 1.0)])? || !self.breaches(&[(value, often)])? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns whether a period with these values, each this often, breaches the threshold.
    fn breaches(&self, samples: &[(f64, f64)]) -> Result<bool, Uncertainty> {
        let present = samples.iter().filter(|(_, often)| *often > 0.0);
        let (mut sum, mut count) = (0.0, 0.0);
        let (mut minimum, mut maximum) = (f64::INFINITY, f64::NEG_INFINITY);
        for (value, often) in present {
            sum += value * often;
            count += often;
            minimum = minimum.min(*value);
            maximum = maximum.max(*value);
        }
        Ok(match self.statistic {
            Statistic::SampleCount => self.exceeds(count),
            Statistic::Average => self.exceeds(sum / count),
            Statistic::Sum => self.exceeds(sum),
            Statistic::Minimum => self.exceeds(minimum),
            Statistic::Maximum => self.exceeds(maximum),
            // Which value it is depends on how CloudWatch interpolates; where
            // the extremes agree, it does not matter.
            Statistic::Percentile => match (self.exceeds(minimum), self.exceeds(maximum)) {
                (true, true) => true,
                (false, false) => false,
                _ => return Err(Uncertainty::Percentile),
            },
        })
    }

    fn exceeds(&self, value: f64) -> bool {
        match self.comparison {
            Comparison::GreaterThanOrEqualToThreshold => value >= self.threshold,
            Comparison::GreaterThanThreshold => value > self.threshold,
            Comparison::LessThanThreshold => value < self.threshold,
            Comparison::LessThanOrEqualToThreshold => value <= self.threshold,
        }
    }

    /// Returns how long one data point counts: while it is within the periods that
    /// CloudWatch looks at, for it is the only real one there.
    fn time_to_forget(&self) -> Duration {
        let period = Duration::from_secs(self.period.into());
        let looked_at = self.evaluation_periods.saturating_add(EXTRA_PERIODS);
        let time = period.saturating_mul(looked_at);
        if period.saturating_mul(self.evaluation_periods) > DAY {
            time.saturating_add(HOUR)
        } else {
            time
        }
    }
}

/// The smallest and the largest of `values`, each `often`.
fn extremes(values: &[f64], often: f64) -> Vec<(f64, f64)> {
    let smallest = values.iter().copied().reduce(f64::min);
    let largest = values.iter().copied().reduce(f64::max);
    let largest = largest.filter(|_| smallest != largest);
    let both = smallest.into_iter().chain(largest);
    both.map(|value| (value, often)).collect()
}

#[cfg(test)]
mod reactions;
#[cfg(test)]
mod tests;
