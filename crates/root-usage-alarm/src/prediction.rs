//! What Security Hub's `CloudWatch.1` will say, in the home Region of the account's trail;
//! in every other Region it has no data.
//!
//! It goes through the audit steps of CIS 1.4.0 with the exact text of the filter, and only
//! for trails that the account owns.

use config_rule::{Compliance, Fact, Prediction, Verdict};
use serde_json::Value;

use crate::RootUsage;
use crate::reasons::{
    NO_ALARM, NO_ALARM_ACTION, NO_FILTER, NO_LOG_GROUP, NO_QUALIFYING_TRAIL, TOPIC_MISSING,
};

pub(crate) fn predict(facts: &RootUsage, verdict: &Verdict) -> Prediction {
    let Fact::Known(trails) = &facts.trails else {
        return Prediction::unknown("the trails could not be listed here");
    };
    if trails.is_empty() {
        return Prediction::failed("there is no trail");
    }
    let own: Vec<_> = trails
        .iter()
        .filter(|observed| observed.trail.owner() == facts.account)
        .collect();
    if own.is_empty() {
        return Prediction::no_data("only the account that owns the trail has a finding");
    }
    let evidence = |name: &str| verdict.evidence.get(name);
    let judged = evidence("trail").and_then(Value::as_str);
    if judged.is_some_and(|judged| own.iter().all(|known| known.trail.arn.as_str() != judged)) {
        return Prediction::unknown("what was judged here is a trail of another account");
    }
    let exact = evidence("cisExact").and_then(Value::as_bool);
    match (verdict.compliance, exact) {
        (Compliance::Unverifiable | Compliance::NotApplicable, _) => {
            Prediction::unknown("what decides could not be read here")
        }
        (_, Some(false)) => {
            Prediction::failed("no metric filter has the exact text of the CIS benchmark")
        }
        (Compliance::Compliant, Some(true)) if tells_a_topic(verdict) => Prediction::passed(
            "a metric filter with the exact text of the CIS benchmark sets off an alarm that \
             tells an SNS topic",
        ),
        (Compliance::Compliant, _) => {
            Prediction::failed("the alarm tells no SNS topic, which it asks for")
        }
        (Compliance::NonCompliant, _) => {
            let missing = [
                NO_ALARM,
                NO_ALARM_ACTION,
                NO_FILTER,
                NO_LOG_GROUP,
                NO_QUALIFYING_TRAIL,
                TOPIC_MISSING,
            ];
            if missing.contains(&verdict.reason) {
                Prediction::failed("a part of the audit steps of CIS is not there")
            } else {
                Prediction::unknown(format!(
                    "AWS does not say whether it looks at this ({})",
                    verdict.reason
                ))
            }
        }
    }
}

/// Returns whether the alarm of a chain tells an SNS topic, rather than another kind of target.
fn tells_a_topic(verdict: &Verdict) -> bool {
    let chains = verdict.evidence.get("chains").and_then(Value::as_array);
    let mut actions = chains
        .into_iter()
        .flatten()
        .filter_map(|chain| chain.get("action").and_then(Value::as_str));
    actions.any(|action| action.split(':').nth(2) == Some("sns"))
}
