//! What the organization wants of the control.

use std::time::Duration;

use alarms::Acceptance;
use config_rule::{Arn, EvidenceRoles, ParameterError, ParameterReader, Parameters};
use iam_policy::arn_matches;
use serde::Serialize;

/// Parameters of [`RootUsageAlarm`](crate::RootUsageAlarm).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RootUsageAlarmParameters {
    /// True if a filter that also fires on what AWS services do as root counts
    /// for nothing.
    pub require_quiet_filter: bool,
    /// True if CloudWatch Logs itself is asked about the filters that decide.
    pub confirm_with_aws: bool,
    /// Time that an alarm may stay in `ALARM` after one event.
    pub max_rearm_minutes: i64,
    /// Maximum age of the latest delivery to the log group.
    pub max_delivery_age_hours: i64,
    /// Actions that count although neither topic nor function: ARNs, in each
    /// part of which `*` stands for anything.
    pub accepted_actions: Vec<String>,
    /// Topics that count although their account cannot be asked.
    pub accepted_topic_arns: Vec<Arn>,
    /// The id of the account's organization, which policies may ask for.
    pub organization_id: Option<String>,
    /// The roles that show what other accounts own.
    pub central_evidence_role_arns: EvidenceRoles,
}

impl Parameters for RootUsageAlarmParameters {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        Ok(Self {
            require_quiet_filter: reader.boolean("requireQuietFilter", false)?,
            confirm_with_aws: reader.boolean("confirmWithAws", true)?,
            max_rearm_minutes: reader.integer("maxRearmMinutes", 60, 1..=1440)?,
            max_delivery_age_hours: reader.integer("maxDeliveryAgeHours", 49, 1..=8760)?,
            accepted_actions: reader.list(
                "acceptedActions",
                "action ARNs, in each part of which * stands for anything, like \
                 arn:aws:ssm:*:111122223333:opsitem:1",
                |text| is_arn_pattern(text).then(|| text.to_owned()),
            )?,
            accepted_topic_arns: reader.list(
                "acceptedTopicArns",
                "topic ARNs like arn:aws:sns:us-east-1:111122223333:root-usage",
                |text| text.parse().ok().filter(|arn: &Arn| arn.service() == "sns"),
            )?,
            organization_id: reader.text(
                "organizationId",
                "the id of the organization, like o-exampleorgid",
                |text| {
                    let id = text.strip_prefix("o-")?;
                    let is_id = id.len() >= 10 && id.bytes().all(|b| b.is_ascii_alphanumeric());
                    is_id.then(|| text.to_owned())
                },
            )?,
            central_evidence_role_arns: EvidenceRoles::read(reader)?,
        })
    }
}

impl RootUsageAlarmParameters {
    pub(crate) fn max_rearm(&self) -> Duration {
        Duration::from_secs(u64::try_from(self.max_rearm_minutes).unwrap_or(0) * 60)
    }

    pub(crate) fn max_delivery_age(&self) -> Duration {
        Duration::from_secs(u64::try_from(self.max_delivery_age_hours).unwrap_or(0) * 3600)
    }

    /// Whom the account `own` can ask, and what counts without asking.
    pub(crate) fn acceptance<'a>(&'a self, own: &'a str) -> impl Acceptance {
        Accepted {
            parameters: self,
            own,
        }
    }

    /// Returns whether what `account` owns can be asked for from the account `own`.
    pub(crate) fn can_ask(&self, account: &str, own: &str) -> bool {
        account == own
            || self
                .central_evidence_role_arns
                .for_account(account)
                .is_some()
    }
}

/// Returns whether a text has the six parts of an ARN, so that account and Region are
/// at least thought of.
fn is_arn_pattern(text: &str) -> bool {
    text.starts_with("arn:") && text.splitn(6, ':').count() == 6
}

struct Accepted<'a> {
    parameters: &'a RootUsageAlarmParameters,
    own: &'a str,
}

impl Acceptance for Accepted<'_> {
    fn accepts_action(&self, action: &str) -> bool {
        let mut accepted = self.parameters.accepted_actions.iter();
        accepted.any(|pattern| arn_matches(pattern, action))
    }

    fn accepts_topic(&self, topic: &Arn) -> bool {
        self.parameters.accepted_topic_arns.contains(topic)
    }

    fn can_ask(&self, account: &str) -> bool {
        self.parameters.can_ask(account, self.own)
    }

    fn organization(&self) -> Option<&str> {
        self.parameters.organization_id.as_deref()
    }
}
