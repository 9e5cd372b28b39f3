//! Proofs about patterns, over all CloudTrail records and not a sample.
//!
//! A pattern is a Boolean formula over tests of selected values. What a
//! selector selects is one of finitely many kinds of values that the tests tell
//! apart (`domain`); the selectors make a tree of places (`space`); so "is there
//! a record of this class that the pattern matches?" and "… that it misses?"
//! are searches through a finite space (`search`, `attempt`). A record that is found is
//! confirmed by the matcher. A search that ends without one is a proof.

mod attempt;
mod domain;
mod language;
mod search;
mod space;
mod witness;

use serde::Serialize;
use serde_json::Value;

use crate::Pattern;
use crate::cloudtrail::{Account, Class, sample};
use crate::tree::{Expr, Tree};
use search::{Outcome, Search};
use space::Space;

/// Answer to one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Proven.
    Yes,
    /// Refuted.
    No,
    /// Neither, within the budget, or in a language that cannot be decided.
    Undecided,
}

/// The answer to one question, with the record that settles it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Answer to the question.
    pub verdict: Verdict,
    /// A record that is matched if `matches` is yes, or missed if `covers` is no:
    /// the latter only of a class that is a person's work, where it matters.
    pub witness: Option<Value>,
}

/// Answers for each class of records, for one pattern or several together.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    of_classes: [(Answer, Answer); Class::ALL.len()],
}

impl Decision {
    /// Is every record of the class matched?
    pub fn covers(&self, class: Class) -> &Answer {
        &self.answers(class).0
    }

    /// Is some record of the class matched?
    pub fn matches(&self, class: Class) -> &Answer {
        &self.answers(class).1
    }

    /// Returns true if root use is caught and nothing but root: every record of direct root use and
    /// of privileged sessions is matched, none of another principal.
    pub fn is_right(&self) -> bool {
        self.covers(Class::DirectRootUse).verdict == Verdict::Yes
            && self.covers(Class::PrivilegedSession).verdict == Verdict::Yes
            && self.matches(Class::OtherPrincipals).verdict == Verdict::No
    }

    fn answers(&self, class: Class) -> &(Answer, Answer) {
        let [
            direct,
            privileged,
            brokered,
            internal,
            invoked,
            service,
            other,
        ] = &self.of_classes;
        match class {
            Class::DirectRootUse => direct,
            Class::PrivilegedSession => privileged,
            Class::ConsoleBrokered => brokered,
            Class::AwsInternal => internal,
            Class::ServiceInvoked => invoked,
            Class::ServiceEvents => service,
            Class::OtherPrincipals => other,
        }
    }
}

/// Decides what the patterns match together, an event counting if any of them
/// matches it; for one account's root user, or for that of any account.
pub fn decide(patterns: &[Pattern], account: Option<&Account>) -> Decision {
    let mut union = Union::new(patterns, account);
    Decision {
        of_classes: Class::ALL.map(|class| (union.covers(class), union.matches(class))),
    }
}

/// [`Decision::is_right`], without the questions that it does not need.
pub(crate) fn is_right(pattern: &Pattern, account: Option<&Account>) -> bool {
    let mut union = Union::new(std::slice::from_ref(pattern), account);
    union.covers(Class::DirectRootUse).verdict == Verdict::Yes
        && union.covers(Class::PrivilegedSession).verdict == Verdict::Yes
        && union.matches(Class::OtherPrincipals).verdict == Verdict::No
}

/// Several patterns as one: what can be decided, and whether that is all.
struct Union<'a> {
    account: Option<&'a Account>,
    search: Option<Search<'a>>,
    matches_everything: bool,
    /// Text patterns depend on how a record is written down: never proven.
    has_text: bool,
}

impl<'a> Union<'a> {
    fn new(patterns: &'a [Pattern], account: Option<&'a Account>) -> Self {
        let is_blank = |p: &Pattern| matches!(&p.tree, Tree::Terms(terms) if terms.is_empty());
        let json: Vec<&Expr> = patterns
            .iter()
            .filter_map(|p| match &p.tree {
                Tree::Json(expr) => Some(expr),
                _ => None,
            })
            .collect();
        let blank = patterns.iter().filter(|p| is_blank(p)).count();
        Self {
            account,
            has_text: json.len() + blank < patterns.len(),
            matches_everything: blank > 0,
            search: Space::build(&json).map(|space| Search::new(space, json, account)),
        }
    }

    fn covers(&mut self, class: Class) -> Answer {
        if self.matches_everything {
            return Answer {
                verdict: Verdict::Yes,
                witness: None,
            };
        }
        match self.find(class, false) {
            Outcome::None => Answer {
                verdict: Verdict::Yes,
                witness: None,
            },
            Outcome::Found(record) if !self.has_text => Answer {
                verdict: Verdict::No,
                witness: class.is_human().then(|| record.into_owned()),
            },
            _ => Answer {
                verdict: Verdict::Undecided,
                witness: None,
            },
        }
    }

    fn matches(&mut self, class: Class) -> Answer {
        if self.matches_everything {
            let witness = class
                .kinds()
                .first()
                .map(|kind| sample(class, *kind, self.account).into_owned());
            return Answer {
                verdict: Verdict::Yes,
                witness,
            };
        }
        match self.find(class, true) {
            Outcome::Found(record) => Answer {
                verdict: Verdict::Yes,
                witness: Some(record.into_owned()),
            },
            Outcome::None if !self.has_text => Answer {
                verdict: Verdict::No,
                witness: None,
            },
            _ => Answer {
                verdict: Verdict::Undecided,
                witness: None,
            },
        }
    }

    fn find(&mut self, class: Class, matched: bool) -> Outcome {
        match &mut self.search {
            Some(search) => search.find(class, matched),
            None => Outcome::Unknown,
        }
    }
}
