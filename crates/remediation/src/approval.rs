//! Which steps of a plan may be applied: what the organization allows.

use config_rule::{Choice, ParameterError, ParameterReader, Parameters};
use serde::Serialize;

use crate::plan::Step;
use crate::remediation::Remediation;

/// Mode: who may start a remediation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Nobody.
    Off,
    /// A person: with the Remediate button of the AWS Config console, or the
    /// command line.
    Manual,
    /// AWS Config itself, whenever the rule is not satisfied.
    Automatic,
}

impl Choice for Mode {
    const ALL: &'static [(&'static str, Self)] = &[
        ("off", Self::Off),
        ("manual", Self::Manual),
        ("automatic", Self::Automatic),
    ];
}

/// Permissions of a remediation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// Mode: who may start it.
    pub mode: Mode,
    /// True if to plan only.
    pub dry_run: bool,
    /// True if automatic mode may do what cannot be undone.
    pub allow_irreversible: bool,
    /// True if to do what will cost money.
    pub allow_cost_increase: bool,
}

impl Approval {
    fn read(default: Mode, reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        Ok(Self {
            mode: reader.choice("mode", default)?,
            dry_run: reader.boolean("dryRun", false)?,
            allow_irreversible: reader.boolean("allowIrreversible", false)?,
            allow_cost_increase: reader.boolean("allowCostIncrease", false)?,
        })
    }

    /// Returns why a step is not applied, if it is not.
    pub fn withholds<C>(&self, step: &Step<C>) -> Option<&'static str> {
        if self.mode == Mode::Off {
            Some("the mode of this remediation is off")
        } else if self.dry_run {
            Some("dryRun: nothing is changed")
        } else if self.mode == Mode::Automatic && !step.reversible && !self.allow_irreversible {
            Some("it cannot be undone, and allowIrreversible is false")
        } else if step.cost.is_some() && !self.allow_cost_increase {
            Some("it costs money, and allowCostIncrease is false")
        } else {
            None
        }
    }
}

/// Settings of one control's remediation: what every
/// remediation may do, and what this one needs to know.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", bound = "")]
pub struct RemediationParameters<R: Remediation> {
    /// Permissions.
    #[serde(flatten)]
    pub approval: Approval,
    /// Settings.
    #[serde(flatten)]
    pub settings: R::Settings,
}

impl<R: Remediation> Parameters for RemediationParameters<R> {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        Ok(Self {
            approval: Approval::read(R::MODE, reader)?,
            settings: R::Settings::read(reader)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn step(reversible: bool, costs: bool) -> Step<()> {
        Step {
            what: "step".to_owned(),
            resource: "arn".to_owned(),
            before: Value::Null,
            after: Value::Null,
            reversible,
            cost: costs.then(|| "money".to_owned()),
            change: (),
        }
    }

    proptest! {
        #[test]
        fn a_step_is_applied_only_with_everything_that_it_needs(
            mode in prop_oneof![Just(Mode::Off), Just(Mode::Manual), Just(Mode::Automatic)],
            [dry_run, allow_irreversible, allow_cost_increase, reversible, costs]: [bool; 5],
        ) {
            let approval = Approval { mode, dry_run, allow_irreversible, allow_cost_increase };
            let allowed = approval.withholds(&step(reversible, costs)).is_none();
            let person = mode == Mode::Manual;
            prop_assert_eq!(
                allowed,
                mode != Mode::Off
                    && !dry_run
                    && (reversible || person || allow_irreversible)
                    && (!costs || allow_cost_increase)
            );
        }
    }
}
