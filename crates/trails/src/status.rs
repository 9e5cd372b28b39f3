//! What a trail is doing.

use std::time::Duration;

use aws_sdk_cloudtrail::operation::get_trail_status::GetTrailStatusOutput;
use config_rule::{Account, CallError, Fact, Timestamp, Unread};
use serde::{Deserialize, Serialize};

use crate::cloudtrail;
use crate::reading::{TrailFact, shown};
use crate::trail::Trail;

/// The IAM action of [`TrailStatus`].
pub const GET_TRAIL_STATUS: &str = "cloudtrail:GetTrailStatus";

/// Answer of `GetTrailStatus` in the trail's home Region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrailStatus {
    /// `IsLogging`
    pub logging: Option<bool>,
    /// `LatestDeliveryError`: why S3 refused the latest log file, if it did.
    pub latest_delivery_error: Option<String>,
    /// `LatestDeliveryTime`: when a log file last arrived in S3.
    pub latest_delivery_time: Option<Timestamp>,
    /// `LatestCloudWatchLogsDeliveryError`
    pub latest_log_group_delivery_error: Option<String>,
    /// `LatestCloudWatchLogsDeliveryTime`: when events last arrived in the
    /// trail's log group.
    pub latest_log_group_delivery_time: Option<Timestamp>,
}

/// Arrival of what a trail logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery<'a> {
    /// It does: something arrived lately, and nothing failed since.
    Arriving,
    /// Nothing failed, and nothing ever arrived: the trail is new.
    NotYet,
    /// The latest delivery failed, for this reason.
    Failing(&'a str),
    /// Nothing failed, but the latest delivery was too long ago.
    Stale(Timestamp),
}

impl TrailStatus {
    /// Returns whether the trail is switched on.
    ///
    /// # Errors
    /// If AWS did not say.
    pub fn is_logging(&self) -> Result<bool, Unread> {
        self.logging.ok_or_else(|| Unread::ValueMissing {
            action: GET_TRAIL_STATUS.to_owned(),
            value: "IsLogging".to_owned(),
        })
    }

    /// Returns whether log files arrive in the trail's bucket. `max_age`: how old the
    /// latest may be, seen `at` this time.
    pub fn log_file_delivery(&self, at: Timestamp, max_age: Duration) -> Delivery<'_> {
        let error = self.latest_delivery_error.as_deref();
        Delivery::new(error, self.latest_delivery_time, at, max_age)
    }

    /// Returns whether events arrive in the trail's log group. `max_age`: how old the
    /// latest may be, seen `at` this time.
    pub fn log_group_delivery(&self, at: Timestamp, max_age: Duration) -> Delivery<'_> {
        let error = self.latest_log_group_delivery_error.as_deref();
        Delivery::new(error, self.latest_log_group_delivery_time, at, max_age)
    }
}

impl<'a> Delivery<'a> {
    fn new(
        error: Option<&'a str>,
        latest: Option<Timestamp>,
        at: Timestamp,
        max_age: Duration,
    ) -> Self {
        match (error, latest) {
            (Some(error), _) => Self::Failing(error),
            (None, None) => Self::NotYet,
            (None, Some(latest)) if at.since(latest) > max_age => Self::Stale(latest),
            (None, Some(_)) => Self::Arriving,
        }
    }
}

impl TrailFact for TrailStatus {
    async fn observe(account: &Account, trail: &Trail) -> Result<Fact<Self>, CallError> {
        let request = cloudtrail(account)
            .get_trail_status()
            .name(trail.arn.as_str());
        let answer = account.call(GET_TRAIL_STATUS, request.send()).await?;
        Ok(shown(GET_TRAIL_STATUS, answer).map(Self::from))
    }
}

impl From<GetTrailStatusOutput> for TrailStatus {
    fn from(status: GetTrailStatusOutput) -> Self {
        // An empty text is AWS's older way of leaving an error out.
        let error = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            logging: status.is_logging,
            latest_delivery_error: error(status.latest_delivery_error),
            latest_delivery_time: status.latest_delivery_time.map(Timestamp::from),
            latest_log_group_delivery_error: error(status.latest_cloud_watch_logs_delivery_error),
            latest_log_group_delivery_time: status
                .latest_cloud_watch_logs_delivery_time
                .map(Timestamp::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_counts_for_as_long_as_it_is_not_older_than_allowed() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let latest = at("2026-11-21T00:00:00Z");
        let status = TrailStatus {
            latest_delivery_time: Some(latest),
            ..TrailStatus::default()
        };
        let day = Duration::from_hours(24);
        for (seen, delivery) in [
            ("2026-11-22T00:00:00Z", Delivery::Arriving),
            ("2026-11-22T00:00:00.001Z", Delivery::Stale(latest)),
            // The clock of a function may be behind that of CloudTrail.
            ("2026-11-20T23:59:59Z", Delivery::Arriving),
        ] {
            assert_eq!(status.log_file_delivery(at(seen), day), delivery);
        }
    }

    #[test]
    fn an_error_counts_whatever_arrived_before() {
        let now: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
        let status = TrailStatus {
            latest_delivery_error: Some("AccessDenied".into()),
            latest_delivery_time: Some(now),
            ..TrailStatus::default()
        };
        let delivery = status.log_file_delivery(now, Duration::from_hours(1));
        assert_eq!(delivery, Delivery::Failing("AccessDenied"));
        let delivery = status.log_group_delivery(now, Duration::from_hours(1));
        assert_eq!(delivery, Delivery::NotYet);
    }
}
