//! All alarms of an account in a Region.

use aws_sdk_cloudwatch::types::AlarmType;
use config_rule::{Account, CallError, Fact};
use serde::{Deserialize, Serialize};

use crate::client::cloudwatch;
use crate::composite_alarm::CompositeAlarm;
use crate::metric_alarm::MetricAlarm;

/// The IAM action of [`Alarms::observe`].
pub const DESCRIBE_ALARMS: &str = "cloudwatch:DescribeAlarms";

/// The most alarms that one page holds.
const PAGE: i32 = 100;

/// All alarms of an account in a Region.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alarms {
    /// Those on metrics.
    pub metric_alarms: Vec<MetricAlarm>,
    /// Those on other alarms.
    pub composite_alarms: Vec<CompositeAlarm>,
}

impl Alarms {
    /// Reads all pages. Both types are asked for by name: without, AWS gives
    /// metric alarms only.
    ///
    /// # Errors
    /// See [`Account::call`].
    pub async fn observe(account: &Account) -> Result<Fact<Self>, CallError> {
        let request = cloudwatch(account)
            .describe_alarms()
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .max_records(PAGE);
        let mut alarms = Self::default();
        let mut next_token = None;
        loop {
            let page = request.clone().set_next_token(next_token).send();
            let page = match account.call(DESCRIBE_ALARMS, page).await? {
                Fact::Unread(unread) => return Ok(Fact::Unread(unread)),
                Fact::Known(page) => page,
            };
            next_token = None;
            if let Some(page) = page {
                let metric_alarms = page.metric_alarms.unwrap_or_default();
                let composite_alarms = page.composite_alarms.unwrap_or_default();
                alarms.metric_alarms.extend(
                    metric_alarms
                        .into_iter()
                        .filter_map(MetricAlarm::from_answer),
                );
                alarms.composite_alarms.extend(
                    composite_alarms
                        .into_iter()
                        .filter_map(CompositeAlarm::from_answer),
                );
                next_token = page.next_token;
            }
            if next_token.is_none() {
                return Ok(Fact::Known(alarms));
            }
        }
    }
}
