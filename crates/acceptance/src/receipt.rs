//! The dated receipt of what AWS was asked and what came of it.

use std::fmt;

use config_rule::Account;
use serde::{Serialize, Serializer};

use crate::Belief;

/// The result of asking about a belief.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// AWS answered so many questions as believed.
    Confirmed(usize),
    /// AWS answered otherwise: each question that did.
    Refuted(Vec<String>),
    /// The reason why AWS was not asked, or did not answer.
    NotAsked(String),
}

/// A belief and what came of asking about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The belief.
    pub belief: Belief,
    /// The outcome.
    pub outcome: Outcome,
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Written<'a> {
            id: &'a str,
            statement: &'a str,
            sure: &'a str,
            outcome: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            questions: Option<usize>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            differences: Vec<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            reason: Option<&'a str>,
        }
        let Belief {
            id,
            statement,
            sure,
            ..
        } = self.belief;
        let (mut questions, mut differences, mut reason) = (None, Vec::new(), None);
        let outcome = match &self.outcome {
            Outcome::Confirmed(count) => {
                questions = Some(*count);
                "CONFIRMED"
            }
            Outcome::Refuted(found) => {
                differences = found.iter().map(String::as_str).collect();
                "REFUTED"
            }
            Outcome::NotAsked(why) => {
                reason = Some(why.as_str());
                "NOT_ASKED"
            }
        };
        Written {
            id,
            statement,
            sure,
            outcome,
            questions,
            differences,
            reason,
        }
        .serialize(serializer)
    }
}

/// The answers of AWS about every belief, with account, Region and time.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    format_version: u32,
    rootguard: &'static str,
    asked_at: String,
    account: String,
    region: String,
    beliefs: Vec<Finding>,
}

impl Receipt {
    pub(crate) fn new(account: &Account, beliefs: Vec<Finding>) -> Self {
        let identity = account.identity();
        Self {
            format_version: 1,
            rootguard: env!("CARGO_PKG_VERSION"),
            asked_at: account.observed_at().to_string(),
            account: identity.account().to_owned(),
            region: identity.region().to_owned(),
            beliefs,
        }
    }

    /// Returns every belief with its outcome, in the order of the document.
    pub fn findings(&self) -> &[Finding] {
        &self.beliefs
    }

    /// Says whether AWS answered anything otherwise than believed.
    pub fn refutes(&self) -> bool {
        let mut outcomes = self.beliefs.iter().map(|finding| &finding.outcome);
        outcomes.any(|outcome| matches!(outcome, Outcome::Refuted(_)))
    }

    /// Says whether AWS answered every question that there is.
    pub fn is_complete(&self) -> bool {
        self.beliefs.iter().all(|finding| {
            finding.belief.reason_not_to_ask.is_some()
                || !matches!(finding.outcome, Outcome::NotAsked(_))
        })
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "rootguard {} asked AWS as account {} in {} at {}.\n",
            self.rootguard, self.account, self.region, self.asked_at
        )?;
        let mut counts = [0_usize; 3];
        for finding in &self.beliefs {
            let Belief {
                id,
                statement,
                sure,
                ..
            } = finding.belief;
            let (word, slot, lines) = match &finding.outcome {
                Outcome::Confirmed(count) => {
                    let times = if *count == 1 { "question" } else { "questions" };
                    ("CONFIRMED", 0, vec![format!("{count} {times}")])
                }
                Outcome::Refuted(differences) => ("REFUTED", 1, differences.clone()),
                Outcome::NotAsked(reason) => ("NOT ASKED", 2, vec![reason.clone()]),
            };
            if let Some(count) = counts.get_mut(slot) {
                *count += 1;
            }
            writeln!(formatter, "{word:<10} {id} ({sure}): {statement}")?;
            for line in lines {
                writeln!(formatter, "           {line}")?;
            }
        }
        let [confirmed, refuted, not_asked] = counts;
        writeln!(
            formatter,
            "\n{confirmed} confirmed, {refuted} refuted, {not_asked} not asked."
        )
    }
}
