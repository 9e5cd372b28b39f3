//! Amazon EventBridge event patterns: parse, match, measure, decide.
//!
//! ```
//! use event_pattern::{Class, Pattern, Verdict, decide};
//!
//! let pattern: Pattern = r#"{
//!     "detail-type": ["AWS Console Sign In via CloudTrail"],
//!     "detail": {"userIdentity": {"type": ["Root"]}}
//! }"#.parse()?;
//! let event = r#"{"detail-type": "AWS Console Sign In via CloudTrail",
//!     "detail": {"userIdentity": {"type": "Root"}, "eventName": "ConsoleLogin"}}"#;
//! assert!(pattern.matches(event)?);
//! assert_eq!(pattern.complexity(), 0);
//!
//! let decision = decide(&pattern, None);
//! assert_eq!(decision.covers(Class::RootSignIn).verdict, Verdict::Yes);
//! let missed = decision.covers(Class::RootCalls);
//! assert_eq!(missed.verdict, Verdict::No);
//! assert_eq!(missed.witness.as_ref().unwrap()["detail"]["eventName"], "DeleteTrail");
//! # Ok::<(), event_pattern::ParseError>(())
//! ```
//!
//! The README has the semantics, the choices and how a decision is reached.

mod address;
mod cloudtrail;
mod complexity;
mod decide;
mod explain;
mod fault;
mod json;
mod matching;
mod number;
mod parse;
mod print;
mod shape;
mod text;
pub mod tree;

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

pub use address::Addresses;
pub use cloudtrail::{Account, Class};
pub use decide::{Answer, Decision, Verdict, decide};
pub use explain::{Covers, Explanation, Matches, Problem};
pub use fault::{Fault, ParseError};
pub use json::MAX_DEPTH;
pub use number::{Number, NumberRange};
pub use parse::MAX_COMBINATIONS;
pub use shape::{Shape, Values};

/// The most characters that EventBridge takes in the pattern of a rule, by default.
pub const MAX_CHARACTERS: usize = 2_048;

/// A valid event pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    rules: Vec<tree::Rule>,
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// If EventBridge would refuse the pattern for something else than its length or
    /// its complexity.
    pub fn parse(source: &str) -> Result<Self, ParseError> {
        Ok(Self {
            rules: parse::parse(source)?,
        })
    }

    /// The rules that the pattern comes to, `$or` multiplied out: it matches an event
    /// that any of them matches.
    pub fn rules(&self) -> &[tree::Rule] {
        &self.rules
    }

    /// Returns whether it matches an event, which is the text of a JSON object.
    ///
    /// # Errors
    /// If the text is no JSON object.
    pub fn matches(&self, event: &str) -> Result<bool, ParseError> {
        let event = json::read(event)?;
        if !matches!(event.kind, json::Kind::Object(_)) {
            return Err(ParseError::new(Fault::NotAnObject, event.at));
        }
        let leaves = matching::Leaves::of_event(&event);
        Ok(self
            .rules
            .iter()
            .any(|rule| matching::matches(rule, &leaves)))
    }

    /// Returns true if it matches an event. A value that is no object matches nothing.
    pub fn matches_event(&self, event: &serde_json::Value) -> bool {
        self.matches(&event.to_string()).unwrap_or(false)
    }

    /// Its complexity, as AWS's own matcher measures it: the largest number of wildcards
    /// that a value can be in the middle of at once.
    pub fn complexity(&self) -> usize {
        complexity::complexity(&self.rules)
    }
}

impl FromStr for Pattern {
    type Err = ParseError;

    fn from_str(source: &str) -> Result<Self, ParseError> {
        Self::parse(source)
    }
}

/// The canonical form: a spelling that means the same.
impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&print::print(&self.rules))
    }
}
