//! Points in time, in whole milliseconds.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::{Deserialize, Serialize};

/// A point in time in whole milliseconds since the Unix epoch, written as ISO
/// 8601 in UTC (`2016-07-13T21:50:00.373Z`).
///
/// Milliseconds, rounded, because that is what AWS's JSON protocols carry: the
/// SDK reads the epoch `1700000000.123` as `.122999`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp {
    epoch_millis: i64,
}

/// A text that is no ISO 8601 time between the years 0001 and 9999.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time like 2016-07-13T21:50:00.373Z")]
pub struct TimestampError(String);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self { epoch_millis: 0 };

    /// The first and the last millisecond that ISO 8601 writes with four digits
    /// for the year, so that every value can be printed and read back.
    const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

    /// The point in time `epoch_millis` milliseconds after the Unix epoch. A
    /// value outside of the years 0001 to 9999 becomes the nearest inside.
    pub fn from_epoch_millis(epoch_millis: i64) -> Self {
        Self {
            epoch_millis: epoch_millis.clamp(*Self::RANGE.start(), *Self::RANGE.end()),
        }
    }

    /// Milliseconds since the Unix epoch.
    pub fn epoch_millis(self) -> i64 {
        self.epoch_millis
    }

    /// Returns the time elapsed since `earlier`; zero if `earlier` lies in the future.
    pub fn since(self, earlier: Self) -> Duration {
        let millis = self.epoch_millis.saturating_sub(earlier.epoch_millis);
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self::from(DateTime::from(time))
    }
}

impl From<DateTime> for Timestamp {
    fn from(time: DateTime) -> Self {
        let nanos = time.as_nanos();
        let millis = (nanos + nanos.signum() * 500_000) / 1_000_000;
        Self::from_epoch_millis(i64::try_from(millis).unwrap_or(if nanos < 0 {
            i64::MIN
        } else {
            i64::MAX
        }))
    }
}

impl From<Timestamp> for DateTime {
    fn from(time: Timestamp) -> Self {
        Self::from_millis(time.epoch_millis)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        DateTime::from_str(text, Format::DateTimeWithOffset)
            .map(Self::from)
            .map_err(|_| TimestampError(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimestampError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(time: Timestamp) -> Self {
        time.to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = DateTime::from(*self)
            .fmt(Format::DateTime)
            .map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_back_what_it_prints(millis: i64) {
            let time = Timestamp::from_epoch_millis(millis);
            prop_assert_eq!(time.to_string().parse(), Ok(time));
        }

        #[test]
        fn rounds_what_the_sdk_reads_to_the_millisecond(millis in 0_i64..4_000_000_000_000) {
            // A binary fraction is off by less than a microsecond either way.
            for nanos in [-900, 0, 900] {
                let read = DateTime::from_nanos(i128::from(millis) * 1_000_000 + nanos).unwrap();
                prop_assert_eq!(Timestamp::from(read).epoch_millis(), millis);
            }
        }

        #[test]
        fn never_panics_on_text(text: String) {
            let _ = text.parse::<Timestamp>();
        }
    }

    #[test]
    fn reads_the_times_of_config_events() {
        for (text, millis) in [
            ("2016-07-13T21:50:00.373Z", 1_468_446_600_373),
            ("2016-07-13T21:50:00Z", 1_468_446_600_000),
            ("2016-07-13T23:50:00.373+02:00", 1_468_446_600_373),
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().epoch_millis(), millis);
        }
        for text in ["", "yesterday", "2016-13-01T00:00:00Z", "1468446600"] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }
}
