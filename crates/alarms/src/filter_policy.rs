//! Does a subscription's filter policy let the messages of an alarm pass?

use config_rule::Arn;
use event_pattern::{Pattern, Shape, Values, Verdict};
use serde_json::{Value, json};

use crate::metric_alarm::name_of;
use crate::topic::SubscriptionAttributes;

impl SubscriptionAttributes {
    /// Returns whether every message of an alarm that changes to `ALARM` passes. Alarms publish
    /// without message attributes. Undecided where the policy cannot be read, or asks for
    /// something that is not known of the message.
    pub fn lets_pass(&self, alarm: &Arn) -> Verdict {
        let Some(policy) = &self.filter_policy else {
            return Verdict::Yes;
        };
        // What removes a filter policy.
        if serde_json::from_str(policy).is_ok_and(|policy: Value| policy == json!({})) {
            return Verdict::Yes;
        }
        let Ok(policy) = Pattern::parse(policy) else {
            return Verdict::Undecided;
        };
        match self.filter_policy_scope.as_deref() {
            None => {
                if policy.matches_event(&json!({})) {
                    Verdict::Yes
                } else {
                    Verdict::No
                }
            }
            Some("MessageBody") => policy.covers(&message(alarm)).verdict,
            Some(_) => Verdict::Undecided,
        }
    }
}

/// The messages of an alarm that changes to `ALARM`: the members that AWS documents, with
/// those of composite alarms.
fn message(alarm: &Arn) -> Shape {
    let sample = json!({
        "AlarmName": name_of(alarm),
        "AlarmDescription": null,
        "AWSAccountId": alarm.account(),
        "AlarmConfigurationUpdatedTimestamp": "2026-01-01T00:00:00.000+0000",
        "NewStateValue": "ALARM",
        "NewStateReason": "Threshold Crossed",
        "StateChangeTime": "2026-01-01T00:00:00.000+0000",
        "Region": "US East (N. Virginia)",
        "AlarmArn": alarm,
        "OldStateValue": "OK",
        "OKActions": [],
        "AlarmActions": [],
        "InsufficientDataActions": [],
        "Trigger": {"MetricName": "RootUsage"},
    });
    let mut shape = Shape::new(sample)
        .with("AlarmName", Values::one(name_of(alarm)))
        .with("AWSAccountId", Values::one(alarm.account()))
        .with("AlarmArn", Values::one(alarm.as_str()))
        .with("NewStateValue", Values::one("ALARM"))
        .with("OldStateValue", Values::any_of(["OK", "INSUFFICIENT_DATA"]))
        .with("NewStateReason", Values::Text)
        .with("StateChangeTime", Values::Text)
        .with("Region", Values::Text);
    for member in [
        "AlarmDescription",
        "AlarmConfigurationUpdatedTimestamp",
        "OKActions",
        "AlarmActions",
        "InsufficientDataActions",
        "AlarmRule",
        "TriggeringChildren",
        "ActionsSuppressedBy",
        "ActionsSuppressedReason",
        "Trigger",
    ] {
        shape = shape.with_optional(member, Values::Anything);
    }
    shape.closed_but("Trigger")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_for_every_message_of_the_alarm() {
        let alarm: Arn = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:root"
            .parse()
            .unwrap();
        for (scope, policy, expected) in [
            (None, "{}", Verdict::Yes),
            (None, r#"{"team":["security"]}"#, Verdict::No),
            (None, r#"{"team":[{"exists":false}]}"#, Verdict::Yes),
            (None, r#"{"NewStateValue":["ALARM"]}"#, Verdict::No),
            (
                Some("MessageBody"),
                r#"{"NewStateValue":["ALARM"]}"#,
                Verdict::Yes,
            ),
            (
                Some("MessageBody"),
                r#"{"NewStateValue":["ALARM","OK"]}"#,
                Verdict::Yes,
            ),
            (
                Some("MessageBody"),
                r#"{"NewStateValue":["OK"]}"#,
                Verdict::No,
            ),
            (
                Some("MessageBody"),
                r#"{"OldStateValue":["OK"]}"#,
                Verdict::No,
            ),
            (
                Some("MessageBody"),
                r#"{"AlarmName":[{"prefix":"ro"}]}"#,
                Verdict::Yes,
            ),
            (
                Some("MessageBody"),
                r#"{"AlarmName":["other"]}"#,
                Verdict::No,
            ),
            (
                Some("MessageBody"),
                r#"{"AWSAccountId":["111122223333"]}"#,
                Verdict::Yes,
            ),
            (
                Some("MessageBody"),
                r#"{"AWSAccountId":["999999999999"]}"#,
                Verdict::No,
            ),
            (Some("MessageBody"), r#"{"severity":["high"]}"#, Verdict::No),
            (
                Some("MessageBody"),
                r#"{"severity":[{"exists":false}]}"#,
                Verdict::Yes,
            ),
            (
                Some("MessageBody"),
                r#"{"NewStateReason":[{"wildcard":"*Crossed*"}]}"#,
                Verdict::No,
            ),
            (
                Some("MessageBody"),
                r#"{"Trigger":{"Namespace":["Cis"]}}"#,
                Verdict::No,
            ),
            (
                Some("Elsewhere"),
                r#"{"NewStateValue":["ALARM"]}"#,
                Verdict::Undecided,
            ),
            (Some("MessageBody"), "no JSON", Verdict::Undecided),
        ] {
            let attributes = SubscriptionAttributes {
                filter_policy: Some(policy.to_owned()),
                filter_policy_scope: scope.map(str::to_owned),
            };
            assert_eq!(attributes.lets_pass(&alarm), expected, "{scope:?} {policy}");
        }
    }
}
