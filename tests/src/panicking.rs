//! A control with a defect: it panics where its parameter says.

use config_rule::{
    Account, CallError, Choice, Compliance, Control, Frequency, Metadata, ParameterError,
    ParameterReader, Parameters, ReasonCode, Severity, Verdict,
};
use serde::Serialize;

#[derive(Debug)]
pub(crate) struct Panicking;

#[derive(Debug, Serialize)]
pub(crate) struct PanickingParameters {
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum Place {
    Nowhere,
    Observe,
    Evaluate,
}

impl Choice for Place {
    const ALL: &'static [(&'static str, Self)] = &[
        ("NOWHERE", Self::Nowhere),
        ("OBSERVE", Self::Observe),
        ("EVALUATE", Self::Evaluate),
    ];
}

impl Parameters for PanickingParameters {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        Ok(Self {
            place: reader.choice("place", Place::Nowhere)?,
        })
    }
}

impl PanickingParameters {
    fn panic_in(&self, place: Place) {
        assert!(self.place != place, "a defect in {place:?}");
    }
}

const FINE: ReasonCode = ReasonCode::new("FINE");

impl Control for Panicking {
    type Facts = ();
    type Parameters = PanickingParameters;

    const METADATA: Metadata = Metadata {
        name: "panicking",
        title: "Nothing panics",
        security_hub_control: "none",
        severity: Severity::Low,
        frequency: Frequency::TwentyFourHours,
        reads: &[],
        reasons: &[FINE],
    };

    async fn observe(_: &Account, parameters: &PanickingParameters) -> Result<(), CallError> {
        // After the first await, where a panic unwinds through the executor.
        tokio::task::yield_now().await;
        parameters.panic_in(Place::Observe);
        Ok(())
    }

    fn evaluate((): &(), parameters: &PanickingParameters) -> Verdict {
        parameters.panic_in(Place::Evaluate);
        Verdict::new(Compliance::Compliant, FINE, "nothing panicked.")
    }
}
