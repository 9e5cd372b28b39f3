//! Judging facts that were saved.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test")]

use config_rule::{
    Account, CallError, Compliance, Control, Frequency, Metadata, ParameterError, ParameterReader,
    Parameters, ReasonCode, Severity, Unread, Verdict, judge_saved,
};
use serde::Serialize;

/// Compliant in every account, and sure of it only where it asked.
struct Optimist;

#[derive(Serialize)]
struct Sure {
    sure: bool,
}

impl Parameters for Sure {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        let sure = reader.boolean("sure", true)?;
        Ok(Self { sure })
    }
}

const FINE: ReasonCode = ReasonCode::new("FINE");

impl Control for Optimist {
    /// True if it asked.
    type Facts = bool;
    type Parameters = Sure;

    const METADATA: Metadata = Metadata {
        name: "optimist",
        title: "Everything is fine",
        security_hub_control: "none",
        severity: Severity::Low,
        frequency: Frequency::OneHour,
        reads: &["iam:GetUser"],
        reasons: &[FINE],
    };

    async fn observe(_: &Account, parameters: &Sure) -> Result<bool, CallError> {
        Ok(parameters.sure)
    }

    fn evaluate(asked: &bool, parameters: &Sure) -> Verdict {
        assert!(*asked || !parameters.sure, "of what it did not ask");
        Verdict::new(Compliance::Compliant, FINE, "as always.")
    }

    fn unasked(asked: &bool, parameters: &Sure) -> Option<Unread> {
        (parameters.sure && !asked).then(|| Unread::not_asked("iam:GetUser"))
    }
}

#[test]
fn what_nobody_asked_for_is_unverifiable() {
    for (asked, sure, compliance) in [
        (true, true, Compliance::Compliant),
        (true, false, Compliance::Compliant),
        (false, false, Compliance::Compliant),
        (false, true, Compliance::Unverifiable),
    ] {
        let verdict = judge_saved::<Optimist>(&asked, &Sure { sure }).unwrap();
        assert_eq!(verdict.compliance, compliance);
        if compliance == Compliance::Unverifiable {
            assert!(verdict.detail.contains("iam:GetUser"), "{}", verdict.detail);
        }
    }
}
