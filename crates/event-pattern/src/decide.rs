//! Proofs about patterns, over all documents of a shape and not a sample.
//!
//! At each path the tests of a pattern and the shape tell finitely many kinds of values
//! apart (`values`); whether some document makes every rule fail, or one rule hold, is a
//! search through the choices of one kind for each path (`search`). A document that is
//! found is confirmed by the matcher. A search that ends without one is a proof.

mod language;
mod search;
mod values;

use serde::Serialize;
use serde_json::Value;

use crate::Pattern;
use crate::cloudtrail::{Account, Class};
use crate::shape::Shape;
use crate::tree::Test;
use search::{Found, Space};

/// The outcome of deciding one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Proven.
    Yes,
    /// Refuted.
    No,
    /// Neither, within the budget.
    Undecided,
}

/// The answer to one question, with the document that settles it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The outcome.
    pub verdict: Verdict,
    /// A document that is matched, where the question is whether some are and the
    /// answer is yes; or missed, where the question is whether all are matched and the
    /// answer is no.
    pub witness: Option<Value>,
}

impl Answer {
    fn without_witness(verdict: Verdict) -> Self {
        Self {
            verdict,
            witness: None,
        }
    }

    /// The answer about several shapes: settled by one shape that has this verdict, or by
    /// all that have the other.
    fn about_all(answers: impl IntoIterator<Item = Answer>, settled_by_one: Verdict) -> Self {
        let mut verdict = match settled_by_one {
            Verdict::No => Verdict::Yes,
            _ => Verdict::No,
        };
        for answer in answers {
            if answer.verdict == settled_by_one {
                return answer;
            }
            if answer.verdict == Verdict::Undecided {
                verdict = Verdict::Undecided;
            }
        }
        Self::without_witness(verdict)
    }
}

/// Answers for each class of CloudTrail's events.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    of_classes: [(Answer, Answer); Class::ALL.len()],
}

impl Decision {
    /// Returns whether every event of the class is matched.
    pub fn covers(&self, class: Class) -> &Answer {
        &self.of_class(class).0
    }

    /// Returns whether some event of the class is matched.
    pub fn matches(&self, class: Class) -> &Answer {
        &self.of_class(class).1
    }

    fn of_class(&self, class: Class) -> &(Answer, Answer) {
        let [sign_in, calls, others] = &self.of_classes;
        match class {
            Class::RootSignIn => sign_in,
            Class::RootCalls => calls,
            Class::Others => others,
        }
    }
}

/// Decides what a pattern does with CloudTrail's events of one account, or of any.
pub fn decide(pattern: &Pattern, account: Option<&Account>) -> Decision {
    Decision {
        of_classes: Class::ALL.map(|class| {
            let covers = about_class(pattern, class, account, Verdict::No, Pattern::covers);
            let matches = about_class(pattern, class, account, Verdict::Yes, Pattern::matches_some);
            (covers, matches)
        }),
    }
}

/// The answer about a class. Where no account is given, a proof is over events that need
/// not name one account throughout, and a witness is an event that does.
fn about_class(
    pattern: &Pattern,
    class: Class,
    account: Option<&Account>,
    settled_by_one: Verdict,
    ask: fn(&Pattern, &Shape) -> Answer,
) -> Answer {
    let about = |account: Option<&Account>| {
        let answers = class
            .shapes(account)
            .into_iter()
            .map(|shape| ask(pattern, &shape));
        Answer::about_all(answers, settled_by_one)
    };
    let answer = about(account);
    if account.is_some() || !matches!(answer.verdict, verdict if verdict == settled_by_one) {
        return answer;
    }
    let accounts = accounts(pattern, answer.witness.as_ref());
    let answers = accounts.iter().map(|account| about(Some(account)));
    let of_one = Answer::about_all(answers, settled_by_one);
    match of_one.verdict {
        verdict if verdict == settled_by_one => of_one,
        _ => Answer::without_witness(Verdict::Undecided),
    }
}

/// The accounts to look for witnesses in: two at random, and those that an event names,
/// or a pattern.
fn accounts(pattern: &Pattern, event: Option<&Value>) -> Vec<Account> {
    const EXAMPLES: [&str; 2] = ["111122223333", "999988887777"];
    const NAMED: usize = 8;
    let tests = pattern
        .rules()
        .iter()
        .flat_map(|rule| rule.values().flatten());
    let of_pattern = tests.flat_map(|test| match test {
        Test::Text(test) => std::slice::from_ref(test),
        Test::NotTexts(tests) => tests,
        _ => &[],
    });
    let of_event = [
        "/account",
        "/detail/recipientAccountId",
        "/detail/userIdentity/accountId",
        "/detail/userIdentity/principalId",
        "/detail/userIdentity/arn",
    ]
    .iter()
    .filter_map(|pointer| event?.pointer(pointer)?.as_str());
    let mut named = Vec::new();
    for text in of_event.chain(of_pattern.map(|test| test.text.as_str())) {
        let partition = text
            .strip_prefix("arn:")
            .and_then(|arn| arn.split(':').next());
        for digits in text.split(|c: char| !c.is_ascii_digit()) {
            let account = Account::new(digits, partition.unwrap_or("aws"));
            named.extend(account.filter(|account| !named.contains(account)));
        }
    }
    let examples = EXAMPLES.iter().filter_map(|id| Account::new(id, "aws"));
    examples.chain(named).take(EXAMPLES.len() + NAMED).collect()
}

impl Pattern {
    /// Returns whether it matches every document of a shape.
    pub fn covers(&self, shape: &Shape) -> Answer {
        if !self.matches_event(shape.sample()) {
            return Answer {
                verdict: Verdict::No,
                witness: Some(shape.sample().clone()),
            };
        }
        let space = Space::new(self.rules(), shape);
        let is_missed = |document: &Value| !self.matches_event(document);
        match space.find_missed(false, &is_missed) {
            Found::Document(witness) => Answer {
                verdict: Verdict::No,
                witness: Some(witness),
            },
            Found::Unknown => Answer::without_witness(Verdict::Undecided),
            Found::Nothing if !space.has_rules_over_arrays() => {
                Answer::without_witness(Verdict::Yes)
            }
            // Rules that an array can make fail prove nothing.
            Found::Nothing => Answer::without_witness(match space.find_missed(true, &|_| true) {
                Found::Nothing => Verdict::Yes,
                _ => Verdict::Undecided,
            }),
        }
    }

    /// Returns whether it matches some document of a shape.
    pub fn matches_some(&self, shape: &Shape) -> Answer {
        if self.matches_event(shape.sample()) {
            return Answer {
                verdict: Verdict::Yes,
                witness: Some(shape.sample().clone()),
            };
        }
        let space = Space::new(self.rules(), shape);
        match space.find_matched(&|document| self.matches_event(document)) {
            Found::Document(witness) => Answer {
                verdict: Verdict::Yes,
                witness: Some(witness),
            },
            Found::Unknown => Answer::without_witness(Verdict::Undecided),
            Found::Nothing => Answer::without_witness(Verdict::No),
        }
    }
}
