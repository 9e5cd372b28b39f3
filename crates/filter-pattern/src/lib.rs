//! CloudWatch Logs filter patterns judged by meaning: parse, match, decide.
//!
//! ```
//! use filter_pattern::{Class, Pattern, Verdict, decide};
//!
//! let pattern: Pattern = "{ $.userIdentity.type = \"Root\" && $.eventName = ConsoleLogin }".parse()?;
//! assert!(pattern.matches(r#"{"userIdentity":{"type":"Root"},"eventName":"ConsoleLogin"}"#));
//!
//! let decision = decide(&[pattern], None);
//! let covers = decision.covers(Class::DirectRootUse);
//! assert_eq!(covers.verdict, Verdict::No);
//! assert_eq!(covers.witness.as_ref().unwrap()["eventName"], "DeleteTrail");
//! # Ok::<(), filter_pattern::ParseError>(())
//! ```
//!
//! The README has the semantics, the choices and how a decision is reached.

mod choices;
mod cloudtrail;
mod correction;
mod decide;
mod explain;
mod fault;
mod matching;
mod parse;
mod print;
pub mod tree;

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

pub use cloudtrail::{Account, Class};
pub use correction::smallest_correction;
pub use decide::{Answer, Decision, Verdict, decide};
pub use explain::{Covers, Explanation, Matches, Problem};
pub use fault::{Fault, Fix, ParseError};
pub use parse::{Language, MAX_CHARACTERS, MAX_DEPTH};

/// The text that Security Hub CloudWatch.1 and the CIS benchmark demand, byte for byte.
pub const CIS_PATTERN: &str = r#"{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}"#;

/// Pattern of what [`CIS_PATTERN`] misses of people's work: console work that is recorded as invoked
/// by `signin.amazonaws.com`. For a second filter on the same metric.
pub const CONSOLE_PATTERN: &str = r#"{$.userIdentity.type="Root" && $.userIdentity.invokedBy="signin.amazonaws.com" && $.eventType !="AwsServiceEvent"}"#;

/// A valid filter pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    tree: tree::Tree,
}

impl Pattern {
    /// Parses a pattern of any of the four languages.
    ///
    /// # Errors
    /// If CloudWatch Logs would refuse the pattern.
    pub fn parse(source: &str) -> Result<Self, ParseError> {
        let tree = parse::parse(source)?;
        Ok(Self {
            source: source.to_owned(),
            tree,
        })
    }

    /// The pattern as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the syntax tree.
    pub fn tree(&self) -> &tree::Tree {
        &self.tree
    }

    /// The language it is written in.
    pub fn language(&self) -> Language {
        Language::detect(&self.source)
    }

    /// Returns true if it is [`CIS_PATTERN`], byte for byte.
    pub fn is_cis_exact(&self) -> bool {
        self.source == CIS_PATTERN
    }

    /// Returns a text with a star in the middle, which CloudWatch Logs takes literally: only
    /// a star at the start or the end of a text stands for anything.
    pub fn inner_star(&self) -> Option<&str> {
        let tree::Tree::Json(expression) = &self.tree else {
            return None;
        };
        let mut conditions = expression.conditions().into_iter();
        conditions.find_map(|condition| match &condition.test {
            tree::Test::Equal(tree::Operand::Text(text))
            | tree::Test::NotEqual(tree::Operand::Text(text)) => {
                text.has_inner_star().then(|| text.as_str())
            }
            _ => None,
        })
    }

    /// Returns true if it matches a log event with this message.
    pub fn matches(&self, message: &str) -> bool {
        matching::matches_message(&self.tree, message)
    }

    /// Returns true if it matches a log event whose message is this record.
    pub fn matches_record(&self, record: &serde_json::Value) -> bool {
        matching::matches_record(&self.tree, record)
    }
}

impl FromStr for Pattern {
    type Err = ParseError;

    fn from_str(source: &str) -> Result<Self, ParseError> {
        Self::parse(source)
    }
}

/// The canonical form: a spelling that parses to the same tree.
impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.tree.fmt(f)
    }
}
