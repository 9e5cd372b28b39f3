//! Definition of a control: its facts, its parameters, its metadata and its two functions.

use std::fmt;
use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::account::Account;
use crate::answer::CallError;
use crate::fact::Unread;
use crate::parameters::{Choice, Parameters};
use crate::prediction::Prediction;
use crate::report::PUT_EVALUATIONS;
use crate::verdict::{ReasonCode, Verdict, reasons};

/// One thing that must hold in every account.
///
/// Observing and concluding are separate: [`observe`](Control::observe) turns
/// AWS into facts, [`evaluate`](Control::evaluate) facts into a verdict, with
/// no input, output or clock of its own. So a verdict can be tested on facts
/// written down, and explained later from facts that were saved.
pub trait Control: Send + Sync + 'static {
    /// Facts observed in the account.
    type Facts: Serialize + DeserializeOwned + Send + Sync;
    /// Settings of the organization for this control.
    type Parameters: Parameters;

    /// Properties of the control that do not depend on an account.
    const METADATA: Metadata;

    /// Reads what decides, and no more than decides.
    ///
    /// # Errors
    /// Returns an error if AWS gave no answer that a verdict could rest on: throttled to the end,
    /// no connection, or an error nobody expects. A call that was denied is no error but a
    /// [`Fact`](crate::Fact).
    fn observe(
        account: &Account,
        parameters: &Self::Parameters,
    ) -> impl Future<Output = Result<Self::Facts, CallError>> + Send;

    /// Concludes. Never [`Compliant`](crate::Compliance::Compliant) because
    /// something could not be read.
    fn evaluate(facts: &Self::Facts, parameters: &Self::Parameters) -> Verdict;

    /// Returns the first call that [`observe`](Control::observe) would still make before these
    /// facts can be judged by these parameters. `None` for facts that were observed with the same
    /// parameters; saved facts may be judged by others.
    ///
    /// A control says it here if [`evaluate`](Control::evaluate) does not find
    /// out by itself.
    fn unasked(_facts: &Self::Facts, _parameters: &Self::Parameters) -> Option<Unread> {
        None
    }

    /// Predicts the result of Security Hub's counterpart ([`Metadata::security_hub_control`]) for
    /// an account with these facts and our `verdict`. The default is unknown, for controls without
    /// a counterpart.
    fn predict(_facts: &Self::Facts, _verdict: &Verdict) -> Prediction {
        Prediction::unknown("there is no description of what it looks at")
    }
}

/// Properties of a control that do not depend on an account.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The name of the control and its crate. The Lambda function, its role and the Config
    /// rule have this name with [`DEPLOYED`] before it.
    pub name: &'static str,
    /// Statement that holds where the control is satisfied, in one sentence.
    pub title: &'static str,
    /// The control of AWS Security Hub that asks the same question.
    pub security_hub_control: &'static str,
    /// Severity of a violation, unless `rules.toml` sets another.
    pub severity: Severity,
    /// Frequency of evaluation, unless `rules.toml` sets another.
    pub frequency: Frequency,
    /// IAM actions of the calls that `observe` may make.
    pub reads: &'static [&'static str],
    /// Every reason code of its own that `evaluate` may give.
    pub reasons: &'static [ReasonCode],
}

impl Metadata {
    /// The name of the Lambda function, its role and the Config rule.
    pub fn deployed_name(&self) -> String {
        deployed_name(self.name)
    }

    /// The IAM actions that the evaluating function's role needs.
    pub fn evaluation_actions(&self) -> impl Iterator<Item = &'static str> {
        self.reads.iter().copied().chain([PUT_EVALUATIONS])
    }

    /// Every reason code that a verdict of this control may carry.
    pub fn all_reasons(&self) -> impl Iterator<Item = &ReasonCode> {
        const COMMON: &[ReasonCode] = &[
            reasons::UNVERIFIABLE_ACCESS_DENIED,
            reasons::UNVERIFIABLE_UNAVAILABLE,
            reasons::UNVERIFIABLE_VALUE_MISSING,
        ];
        self.reasons.iter().chain(COMMON)
    }
}

/// The prefix of the name of everything that rootguard deploys.
pub const DEPLOYED: &str = "rootguard-";

/// The name under which a function, a role or a Config rule is deployed.
pub fn deployed_name(name: &str) -> String {
    format!("{DEPLOYED}{name}")
}

/// Severity of a violation, in Security Hub's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    /// Fix it when there is time.
    Low,
    /// Fix it in the normal course of work.
    Medium,
    /// Fix it soon.
    High,
    /// Fix it now.
    Critical,
}

impl Choice for Severity {
    const ALL: &'static [(&'static str, Self)] = &[
        ("LOW", Self::Low),
        ("MEDIUM", Self::Medium),
        ("HIGH", Self::High),
        ("CRITICAL", Self::Critical),
    ];
}

/// Frequency at which AWS Config evaluates a periodic rule, in AWS Config's words
/// (`MaximumExecutionFrequency`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Frequency {
    /// `One_Hour`
    #[serde(rename = "One_Hour")]
    OneHour,
    /// `Three_Hours`
    #[serde(rename = "Three_Hours")]
    ThreeHours,
    /// `Six_Hours`
    #[serde(rename = "Six_Hours")]
    SixHours,
    /// `Twelve_Hours`
    #[serde(rename = "Twelve_Hours")]
    TwelveHours,
    /// `TwentyFour_Hours`
    #[serde(rename = "TwentyFour_Hours")]
    TwentyFourHours,
}

impl Choice for Frequency {
    const ALL: &'static [(&'static str, Self)] = &[
        ("One_Hour", Self::OneHour),
        ("Three_Hours", Self::ThreeHours),
        ("Six_Hours", Self::SixHours),
        ("Twelve_Hours", Self::TwelveHours),
        ("TwentyFour_Hours", Self::TwentyFourHours),
    ];
}

impl Frequency {
    /// Returns the number of hours between two evaluations.
    pub fn hours(self) -> u64 {
        match self {
            Self::OneHour => 1,
            Self::ThreeHours => 3,
            Self::SixHours => 6,
            Self::TwelveHours => 12,
            Self::TwentyFourHours => 24,
        }
    }
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn is_written_as_its_word<C: Choice + Serialize + fmt::Debug>() {
        for (word, choice) in C::ALL {
            assert_eq!(serde_json::to_value(choice).unwrap(), Value::from(*word));
            assert_eq!(C::of_word(word), Some(*choice));
            assert_eq!(choice.word(), *word);
        }
    }

    #[test]
    fn frequencies_and_severities_have_the_words_of_aws() {
        is_written_as_its_word::<Frequency>();
        is_written_as_its_word::<Severity>();
        assert_eq!(Frequency::SixHours.to_string(), "Six_Hours");
    }
}
