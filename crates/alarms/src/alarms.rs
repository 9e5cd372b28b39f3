//! All alarms of an account in a Region.

use aws_sdk_cloudwatch::types::AlarmType;
use config_rule::{Account, CallError, Fact, Unread};
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
    /// metric alarms only. An alarm without an ARN leaves the answer unread: nothing
    /// could be told of what it watches and whom it tells.
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
            let page = match account.list(DESCRIBE_ALARMS, page).await? {
                Fact::Unread(unread) => return Ok(Fact::Unread(unread)),
                Fact::Known(page) => page,
            };
            let metric_alarms = page.metric_alarms.unwrap_or_default().into_iter();
            let metric_alarms = metric_alarms.map(MetricAlarm::from_answer);
            let composite_alarms = page.composite_alarms.unwrap_or_default().into_iter();
            let composite_alarms = composite_alarms.map(CompositeAlarm::from_answer);
            let (Some(metric_alarms), Some(composite_alarms)) = (
                metric_alarms.collect::<Option<Vec<_>>>(),
                composite_alarms.collect::<Option<Vec<_>>>(),
            ) else {
                return Ok(Fact::Unread(Unread::ValueMissing {
                    action: DESCRIBE_ALARMS.to_owned(),
                    value: "AlarmArn".to_owned(),
                }));
            };
            alarms.metric_alarms.extend(metric_alarms);
            alarms.composite_alarms.extend(composite_alarms);
            next_token = page.next_token;
            if next_token.is_none() {
                return Ok(Fact::Known(alarms));
            }
        }
    }
}
