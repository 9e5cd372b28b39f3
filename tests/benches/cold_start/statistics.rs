//! Samples to the line that a person reads.

use std::fmt;
use std::time::Duration;

/// Measurements, over all samples.
pub(crate) struct Row {
    name: &'static str,
    unit: &'static str,
    /// In ascending order.
    samples: Vec<f64>,
    aim: Option<f64>,
}

impl Row {
    /// Headings of the columns.
    pub(crate) const HEADING: &str =
        "                              median      10%      90%  samples      aim";

    pub(crate) fn of_times(
        name: &'static str,
        samples: impl IntoIterator<Item = Duration>,
        aim: Option<f64>,
    ) -> Self {
        let milliseconds = samples.into_iter().map(|time| time.as_secs_f64() * 1000.0);
        Self::new(name, "ms", milliseconds, aim)
    }

    pub(crate) fn of_sizes(
        name: &'static str,
        samples: impl IntoIterator<Item = u64>,
        aim: Option<f64>,
    ) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "sizes are far below 2^52 bytes")]
        let mebibytes = samples
            .into_iter()
            .map(|bytes| bytes as f64 / (1024.0 * 1024.0));
        Self::new(name, "MiB", mebibytes, aim)
    }

    fn new(
        name: &'static str,
        unit: &'static str,
        samples: impl Iterator<Item = f64>,
        aim: Option<f64>,
    ) -> Self {
        let mut samples: Vec<f64> = samples.collect();
        samples.sort_by(f64::total_cmp);
        Self {
            name,
            unit,
            samples,
            aim,
        }
    }

    /// The sample below which this many percent of the samples are.
    fn percentile(&self, percent: usize) -> f64 {
        let last = self.samples.len().saturating_sub(1);
        self.samples
            .get(last * percent / 100)
            .copied()
            .unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            unit,
            samples,
            aim,
        } = self;
        let (low, median, high) = (
            self.percentile(10),
            self.percentile(50),
            self.percentile(90),
        );
        write!(
            f,
            "{name:<26}{unit:>4}{median:>9.2}{low:>9.2}{high:>9.2}{:>9}",
            samples.len()
        )?;
        match aim {
            Some(aim) if median > *aim => write!(f, "   <= {aim}  MISSED"),
            Some(aim) => write!(f, "   <= {aim}"),
            None => Ok(()),
        }
    }
}
