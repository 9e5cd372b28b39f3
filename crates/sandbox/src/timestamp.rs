//! Points in time, in whole milliseconds as AWS's APIs count them.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

/// A point in time, in whole milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time this many milliseconds after 1970 began.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970 began.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The time a number of seconds after 1970 began stands for, rounded to milliseconds.
    pub(crate) fn from_epoch_seconds(seconds: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float out of range saturates, which is as far as time goes"
        )]
        Self((seconds * 1000.0).round() as i64)
    }

    /// Seconds since 1970 began.
    pub(crate) fn epoch_seconds(self) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds are exact for the next 285,000 years"
        )]
        let millis = self.0 as f64;
        millis / 1000.0
    }

    /// The time written as in `2026-11-20T10:00:00Z`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let time = DateTime::from_str(text, Format::DateTimeWithOffset).ok()?;
        time.to_millis().ok().map(Self)
    }

    /// The time with its milliseconds, also where they are zero: as AWS Config writes it.
    pub(crate) fn with_millis(self) -> String {
        let second = Self(self.0.div_euclid(1000) * 1000).to_string();
        second.replace('Z', &format!(".{:03}Z", self.0.rem_euclid(1000)))
    }

    /// The time as HTTP's headers write it, in whole seconds.
    pub(crate) fn as_http_date(self) -> String {
        let second = DateTime::from_secs(self.0.div_euclid(1000));
        second.fmt(Format::HttpDate).unwrap_or_default()
    }

    /// This time and a while.
    #[must_use]
    pub fn plus(self, while_: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(while_.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// Returns the time elapsed since `earlier`; zero if `earlier` is later.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let elapsed = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        UNIX_EPOCH + Duration::from_millis(u64::try_from(time.0).unwrap_or(0))
    }
}

/// `2026-11-20T10:00:00Z`, with milliseconds only where there are any.
impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = DateTime::from_millis(self.0)
            .fmt(Format::DateTime)
            .map_err(|_| fmt::Error)?;
        formatter.write_str(&text)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// From a TOML date and time with its offset.
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = toml::value::Datetime::deserialize(deserializer)?.to_string();
        Self::parse(&written).ok_or_else(|| {
            D::Error::custom(format!("'{written}' lacks a part of 2026-11-20T10:00:00Z"))
        })
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
