//! Explanation of a pattern, as data: the JSON of `rootguard explain-event-pattern`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::{Account, Class, ParseError, Pattern, Verdict, decide};

/// All about one pattern.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// True if EventBridge takes it, but for its length and its complexity.
    pub valid: bool,
    /// The first thing that is wrong with it.
    pub error: Option<Problem>,
    /// The complexity, as AWS's matcher measures it. None of an invalid pattern.
    pub complexity: Option<usize>,
    /// Classes of root's own work of which every event is matched.
    pub covers: Covers,
    /// Classes of which some event is matched.
    pub matches: Matches,
    /// By class, an event that settles the answer: one of root that is missed where
    /// `covers` is no, one of others that is matched where `matches` is yes.
    pub witnesses: BTreeMap<Class, Value>,
}

/// A thing that is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The thing that is wrong.
    pub message: String,
    /// The byte at which it is wrong.
    pub offset: usize,
    /// Advice, in words.
    pub hint: String,
}

impl From<&ParseError> for Problem {
    fn from(error: &ParseError) -> Self {
        Self {
            message: error.to_string(),
            offset: error.offset(),
            hint: error.hint().to_owned(),
        }
    }
}

/// Answers to "is every event of the class matched?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "documented at `Class`")]
pub struct Covers {
    pub root_sign_in: Verdict,
    pub root_calls: Verdict,
}

/// Answers to "is some event of the class matched?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "documented at `Class`")]
pub struct Matches {
    pub root_sign_in: Verdict,
    pub root_calls: Verdict,
    pub others: Verdict,
}

impl Explanation {
    /// Explains a pattern: what it does with events of one account, or of any.
    pub fn new(source: &str, account: Option<&Account>) -> Self {
        let pattern = match Pattern::parse(source) {
            Ok(pattern) => pattern,
            Err(error) => return Self::invalid(Problem::from(&error)),
        };
        let decision = decide(&pattern, account);
        let witness = |class: Class| {
            let answer = match class {
                Class::Others => decision.matches(class),
                Class::RootSignIn | Class::RootCalls => decision.covers(class),
            };
            Some((class, answer.witness.clone()?))
        };
        let covers = |class| decision.covers(class).verdict;
        let matches = |class| decision.matches(class).verdict;
        Self {
            valid: true,
            error: None,
            complexity: Some(pattern.complexity()),
            covers: Covers {
                root_sign_in: covers(Class::RootSignIn),
                root_calls: covers(Class::RootCalls),
            },
            matches: Matches {
                root_sign_in: matches(Class::RootSignIn),
                root_calls: matches(Class::RootCalls),
                others: matches(Class::Others),
            },
            witnesses: Class::ALL.into_iter().filter_map(witness).collect(),
        }
    }

    fn invalid(problem: Problem) -> Self {
        Self {
            valid: false,
            error: Some(problem),
            complexity: None,
            covers: Covers {
                root_sign_in: Verdict::No,
                root_calls: Verdict::No,
            },
            matches: Matches {
                root_sign_in: Verdict::No,
                root_calls: Verdict::No,
                others: Verdict::No,
            },
            witnesses: BTreeMap::new(),
        }
    }
}
