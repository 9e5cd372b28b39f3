//! Mute rules: an alarm that they mute changes its state and does nothing else.

use aws_sdk_cloudwatch::types::AlarmMuteRuleStatus;
use config_rule::{Account, Arn, CallError, Fact};
use serde::{Deserialize, Serialize};

use crate::client::cloudwatch;
use crate::metric_alarm::name_of;

/// The IAM action of [`MuteRule::observe`].
pub const LIST_ALARM_MUTE_RULES: &str = "cloudwatch:ListAlarmMuteRules";

/// A rule that keeps an alarm's actions from running, now or at times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MuteRule {
    /// The rule's ARN, `…:alarm-mute-rule:NAME`.
    pub alarm_mute_rule_arn: String,
    /// `ACTIVE`: it mutes now. `SCHEDULED`: it will.
    pub status: String,
}

impl MuteRule {
    /// The rules that target `alarm` and have not expired.
    ///
    /// # Errors
    /// See [`Account::call`].
    pub async fn observe(account: &Account, alarm: &Arn) -> Result<Fact<Vec<Self>>, CallError> {
        let request = cloudwatch(account)
            .list_alarm_mute_rules()
            .alarm_name(name_of(alarm))
            .statuses(AlarmMuteRuleStatus::Active)
            .statuses(AlarmMuteRuleStatus::Scheduled);
        let mut rules = Vec::new();
        let mut next_token = None;
        loop {
            let page = request.clone().set_next_token(next_token).send();
            let page = match account.list(LIST_ALARM_MUTE_RULES, page).await? {
                Fact::Unread(unread) => return Ok(Fact::Unread(unread)),
                Fact::Known(page) => page,
            };
            let summaries = page.alarm_mute_rule_summaries.unwrap_or_default();
            rules.extend(summaries.into_iter().map(|rule| {
                Self {
                    alarm_mute_rule_arn: rule.alarm_mute_rule_arn.unwrap_or_default(),
                    status: rule
                        .status
                        .map(|status| status.as_str().to_owned())
                        .unwrap_or_default(),
                }
            }));
            next_token = page.next_token;
            if next_token.is_none() {
                return Ok(Fact::Known(rules));
            }
        }
    }

    /// The rule's name, unique in its account and Region.
    pub fn name(&self) -> &str {
        let arn = &self.alarm_mute_rule_arn;
        arn.rsplit_once(":alarm-mute-rule:")
            .map_or(arn.as_str(), |(_, name)| name)
    }

    /// Returns whether it will mute, but does not now. Any other state than this one
    /// and `EXPIRED` counts as muting.
    pub fn is_scheduled(&self) -> bool {
        self.status == "SCHEDULED"
    }
}
