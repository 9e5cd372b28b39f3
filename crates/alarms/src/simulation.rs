//! Does one data point set an alarm off, and does the alarm come back?
//!
//! CloudWatch runs an alarm's actions only when the alarm *changes* to `ALARM`.
//! So an alarm tells of a root event if it is not in `ALARM` while nothing
//! happens, changes to it for one data point, and leaves it by itself soon, so
//! that the next event is a change again.
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

/// So many samples in one period that more make no difference.
const MANY: usize = 1_000;

/// What arrives in a metric when one log event matches.
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

/// How an alarm looks at the series that it watches.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What becomes of the samples of one period.
    pub statistic: Statistic,
    /// The length of a period in seconds.
    pub period: u32,
    /// How many periods are looked at (N).
    pub evaluation_periods: u32,
    /// How many of them must breach the threshold (M).
    pub datapoints_to_alarm: u32,
    /// What values are compared with.
    pub threshold: f64,
    /// Which values breach the threshold.
    pub comparison: Comparison,
    /// What a period without data counts as.
    pub missing_data: MissingData,
    /// Only samples of this unit count, if it is set.
    pub unit: Option<String>,
    /// Whether a percentile of few samples leaves the state as it is.
    pub ignores_few_samples: bool,
    /// What metric math puts in place of periods without data.
    pub fill: Option<f64>,
}

/// What becomes of the samples of one period.
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

/// Which values breach a threshold.
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

/// What a period without data counts as.
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

/// What an alarm does when one log event matches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reaction {
    /// It changes to `ALARM`, and without further data leaves it after this time.
    Fires(Duration),
    /// It changes to `ALARM`, and without further data stays there.
    FiresOnce,
    /// It does not change to `ALARM`, or not always.
    CannotFire(Obstruction),
    /// What is known about CloudWatch does not settle it.
    Undecided(Uncertainty),
}

/// Why an alarm does not change to `ALARM`.
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

/// Why it is not settled what an alarm does.
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
    /// What the alarm does when, in a metric that was empty before, one log
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
        if !self.breaches(&[publication.value])? {
            return Ok(Some(Obstruction::Threshold(self.threshold)));
        }
        if self.period < MINUTE {
            return Err(Uncertainty::HighResolution);
        }
        if self.is_always_in_alarm(publication)? {
            return Ok(Some(Obstruction::AlwaysInAlarm));
        }
        if self.is_diluted(publication)? {
            return Ok(Some(Obstruction::Diluted));
        }
        let one_is_enough = match self.datapoints_to_alarm {
            0 | 1 => true,
            // "Premature" alarm: a breaching point as old as M periods, and
            // nothing but missing data since. Data in between prevents it.
            _ => {
                self.missing_data == MissingData::Missing
                    && self.fill.is_none()
                    && publication.when_quiet.is_empty()
            }
        };
        let datapoints = Obstruction::Datapoints(self.datapoints_to_alarm);
        Ok((!one_is_enough).then_some(datapoints))
    }

    /// Whether a stretch of time without an event puts the alarm in `ALARM`.
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
            if self.breaches(&[*quiet])? || self.breaches(&self.minutes_of(*quiet))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether other values can keep the event's period from breaching. All
    /// statistics are monotonous in how often a value is added, so the extremes
    /// are enough: not at all, and as often as can be. A default value of the
    /// filter that matched arrives in the other minutes of the period only.
    fn is_diluted(&self, publication: &Publication) -> Result<bool, Uncertainty> {
        let often = publication.beside.iter().map(|value| vec![*value; MANY]);
        let quiet = publication.when_quiet.iter().map(|value| {
            let mut others = self.minutes_of(*value);
            others.pop();
            others
        });
        for mut samples in often.chain(quiet) {
            samples.push(publication.value);
            if !self.breaches(&samples)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn minutes_of(&self, value: f64) -> Vec<f64> {
        let minutes = usize::try_from(self.period / MINUTE).unwrap_or(usize::MAX);
        vec![value; minutes]
    }

    /// Whether a period with these samples breaches the threshold.
    fn breaches(&self, samples: &[f64]) -> Result<bool, Uncertainty> {
        let sum: f64 = samples.iter().sum();
        let count = f64::from(u32::try_from(samples.len()).unwrap_or(u32::MAX));
        let minimum = samples.iter().copied().fold(f64::INFINITY, f64::min);
        let maximum = samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
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

    /// How long one data point counts: while it is within the periods that
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

#[cfg(test)]
mod reactions;
#[cfg(test)]
mod tests;
