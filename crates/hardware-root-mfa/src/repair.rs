//! What is to be done about a root user without hardware MFA: nothing that a program
//! could do. Somebody has to hold the device.

use config_rule::{
    Account, CallError, Compliance, Control, ParameterError, ParameterReader, Parameters,
};
use remediation::{ManualItem, Mode, Plan, Remediation, StepError};
use serde::{Deserialize, Serialize};

use crate::{HardwareRootMfa, HardwareRootMfaParameters, RootMfa};

/// There is nothing to say to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoSettings {}

impl Parameters for NoSettings {
    fn read(_: &mut ParameterReader) -> Result<Self, ParameterError> {
        Ok(Self {})
    }
}

/// There is no change that a program could make.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum NoChange {}

impl Remediation for HardwareRootMfa {
    type Settings = NoSettings;
    type Details = ();
    type Change = NoChange;

    const MODE: Mode = Mode::Off;
    const EXAMINES: &'static [&'static str] = &[];
    const WRITES: &'static [&'static str] = &[];
    const UNDOES: &'static [&'static str] = &[];

    async fn examine(
        _: &Account,
        _: &RootMfa,
        _: &HardwareRootMfaParameters,
        _: &NoSettings,
    ) -> Result<(), CallError> {
        Ok(())
    }

    fn plan(
        facts: &RootMfa,
        (): &(),
        parameters: &HardwareRootMfaParameters,
        _: &NoSettings,
    ) -> Plan<NoChange> {
        let verdict = Self::evaluate(facts, parameters);
        match verdict.compliance {
            Compliance::Compliant | Compliance::NotApplicable => Plan::default(),
            Compliance::Unverifiable => Plan::manual(ManualItem::unverifiable(&verdict)),
            Compliance::NonCompliant => Plan::manual(ManualItem::new(
                "ENROL_HARDWARE_MFA",
                verdict.detail,
                "Sign in as the root user, open Security credentials, enrol a security key or a \
                 hardware token, keep a second one elsewhere, and then remove every virtual \
                 device. Or let root not sign in at all: delete its credentials from the account \
                 that administers IAM for the organization.",
            )),
        }
    }

    async fn apply(_: &Account, change: &NoChange) -> Result<(), StepError> {
        match *change {}
    }

    async fn take_back(_: &Account, change: &NoChange) -> Result<(), StepError> {
        match *change {}
    }
}
