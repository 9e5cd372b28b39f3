//! Explanation of a pattern, as data: the JSON of `rootguard explain-filter`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::{Account, Class, Decision, Language, ParseError, Pattern, Verdict, decide};

/// All about one pattern.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// True if CloudWatch Logs would take it.
    pub valid: bool,
    /// Error in the pattern.
    pub error: Option<Problem>,
    /// The language it is written in, or meant to be.
    pub language: Language,
    /// Classes of which every record is matched.
    pub covers: Covers,
    /// Classes of which some record is matched.
    pub matches: Matches,
    /// True if it is [`crate::CIS_PATTERN`], byte for byte.
    pub cis_exact: bool,
    /// By class, the record that settles the answer above: one that is missed
    /// where `covers` is no, one that is matched where `matches` is yes.
    pub witnesses: BTreeMap<Class, Value>,
}

/// Error in a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Description of the error.
    pub message: String,
    /// At which byte.
    pub offset: usize,
    /// Advice for mending it.
    pub hint: String,
}

/// Answers to "is every record of the class matched?", for the classes of people's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "documented at `Class`")]
pub struct Covers {
    pub direct_root_use: Verdict,
    pub privileged_session: Verdict,
    pub console_brokered: Verdict,
}

/// Answers to "is some record of the class matched?"
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "documented at `Class`")]
pub struct Matches {
    pub direct_root_use: Verdict,
    pub privileged_session: Verdict,
    pub console_brokered: Verdict,
    pub aws_internal: Verdict,
    pub service_invoked: Verdict,
    pub service_events: Verdict,
    pub other_principals: Verdict,
}

impl Explanation {
    /// Explains a pattern, valid or not.
    pub fn new(source: &str, account: Option<&Account>) -> Self {
        match Pattern::parse(source) {
            Ok(pattern) => Self::of_valid(&pattern, account),
            Err(error) => Self::of_invalid(source, &error),
        }
    }

    fn of_valid(pattern: &Pattern, account: Option<&Account>) -> Self {
        let decision = decide(std::slice::from_ref(pattern), account);
        let covers = |class| decision.covers(class).verdict;
        let matches = |class| decision.matches(class).verdict;
        Self {
            valid: true,
            error: None,
            language: pattern.language(),
            covers: Covers {
                direct_root_use: covers(Class::DirectRootUse),
                privileged_session: covers(Class::PrivilegedSession),
                console_brokered: covers(Class::ConsoleBrokered),
            },
            matches: Matches {
                direct_root_use: matches(Class::DirectRootUse),
                privileged_session: matches(Class::PrivilegedSession),
                console_brokered: matches(Class::ConsoleBrokered),
                aws_internal: matches(Class::AwsInternal),
                service_invoked: matches(Class::ServiceInvoked),
                service_events: matches(Class::ServiceEvents),
                other_principals: matches(Class::OtherPrincipals),
            },
            cis_exact: pattern.is_cis_exact(),
            witnesses: witnesses(&decision),
        }
    }

    /// Explains an invalid pattern, which cannot be deployed and matches nothing.
    fn of_invalid(source: &str, error: &ParseError) -> Self {
        let problem = Problem {
            message: error.fault.to_string(),
            offset: error.offset(),
            hint: error.hint().to_owned(),
        };
        Self {
            valid: false,
            error: Some(problem),
            language: Language::detect(source),
            covers: Covers {
                direct_root_use: Verdict::No,
                privileged_session: Verdict::No,
                console_brokered: Verdict::No,
            },
            matches: Matches {
                direct_root_use: Verdict::No,
                privileged_session: Verdict::No,
                console_brokered: Verdict::No,
                aws_internal: Verdict::No,
                service_invoked: Verdict::No,
                service_events: Verdict::No,
                other_principals: Verdict::No,
            },
            cis_exact: false,
            witnesses: BTreeMap::new(),
        }
    }
}

fn witnesses(decision: &Decision) -> BTreeMap<Class, Value> {
    let settled = Class::ALL.into_iter().filter_map(|class| {
        let answer = if class.is_human() {
            decision.covers(class)
        } else {
            decision.matches(class)
        };
        Some((class, answer.witness.clone()?))
    });
    settled.collect()
}
