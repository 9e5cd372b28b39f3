//! The kinds of values at one path that the tests of a pattern tell apart.

use std::collections::{BTreeMap, BTreeSet};

use super::language::representatives;
use crate::matching::Leaf;
use crate::number::Number;
use crate::shape::{Shape, Values};
use crate::tree::{Rule, Test, TextTest, Way, Word};

/// A value of one kind, none if it is that nothing stands there.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) leaf: Option<Leaf>,
    /// The rules that fail because of it, by their numbers.
    pub(super) failing: BTreeSet<usize>,
}

/// The kinds of values at a path.
#[derive(Clone, Debug)]
pub(super) struct Choices {
    pub(super) all: Vec<Choice>,
    /// True if every possible value is of one of these kinds.
    pub(super) are_complete: bool,
}

impl Choices {
    pub(super) fn new(path: &str, rules: &[Rule], shape: &Shape) -> Self {
        // Rules with the same tests of a path share them.
        let mut of_tests: BTreeMap<&Vec<Test>, BTreeSet<usize>> = BTreeMap::new();
        for (number, rule) in rules.iter().enumerate() {
            if let Some(tests) = rule.get(path) {
                of_tests.entry(tests).or_default().insert(number);
            }
        }
        let tests: BTreeSet<&Test> = of_tests.keys().copied().flatten().collect();
        let domain = shape.domain(path);
        let (mut leaves, are_complete) = match domain.values {
            None => (Vec::new(), true),
            Some(values) => leaves(&tests, values, shape.sample_at(path)),
        };
        if domain.may_be_missing {
            // Something that is missing is told more easily than something odd.
            let is_odd = matches!(domain.values, Some(Values::Text | Values::Anything));
            leaves.insert(
                if is_odd {
                    leaves.len().min(2)
                } else {
                    leaves.len()
                },
                None,
            );
        }
        let mut seen = BTreeSet::new();
        let choice = |leaf: Option<Leaf>| {
            let fails = |tests: &Vec<Test>| !tests.iter().any(|test| test.accepts(leaf.as_ref()));
            let failing = of_tests.iter().filter(|(tests, _)| fails(tests));
            let failing: BTreeSet<usize> = failing.flat_map(|(_, rules)| rules).copied().collect();
            seen.insert(failing.clone())
                .then_some(Choice { leaf, failing })
        };
        Self {
            all: leaves.into_iter().filter_map(choice).collect(),
            are_complete,
        }
    }
}

/// Values of all kinds, the one of the example first, and whether these are all kinds.
fn leaves(
    tests: &BTreeSet<&Test>,
    values: &Values,
    sample: Option<Leaf>,
) -> (Vec<Option<Leaf>>, bool) {
    let string = |text: String| Some(Leaf::Text(text));
    if let Values::OneOf(texts) = values {
        let others = texts.iter().cloned().map(string);
        return (sample.map(Some).into_iter().chain(others).collect(), true);
    }
    if let Values::Flag = values {
        let flags = [Word::False, Word::True].map(Leaf::Word);
        return (sample.into_iter().chain(flags).map(Some).collect(), true);
    }
    let (strings, are_complete) = strings(tests, values);
    let strings = strings.into_iter().map(string);
    let mut leaves: Vec<Option<Leaf>> = sample.map(Some).into_iter().chain(strings).collect();
    if matches!(values, Values::Anything) {
        let words = [Word::Null, Word::False, Word::True].map(Leaf::Word);
        leaves.extend(words.into_iter().map(Some));
        leaves.extend(
            numbers(tests)
                .into_iter()
                .map(|number| Some(Leaf::Number(number))),
        );
    }
    (leaves, are_complete)
}

fn strings(tests: &BTreeSet<&Test>, values: &Values) -> (Vec<String>, bool) {
    let comparisons: BTreeSet<&TextTest> = tests
        .iter()
        .flat_map(|test| match test {
            Test::Text(test) => std::slice::from_ref(test),
            Test::NotTexts(tests) => tests,
            _ => &[],
        })
        .collect();
    let blocks = tests.iter().filter_map(|test| match test {
        Test::Addresses(addresses) => Some(addresses.examples()),
        _ => None,
    });
    let addresses: Vec<String> = blocks.flatten().collect();
    let named = comparisons.iter().map(|test| test.text.clone());
    let among = match values {
        Values::Matching(expression) => Some(expression.as_str()),
        _ => None,
    };
    let is_simple = among.is_none() && comparisons.iter().all(|test| test.way == Way::Whole);
    let represented = if is_simple {
        let mut fresh = String::from("other");
        while comparisons.iter().any(|test| test.text == fresh) {
            fresh.push('r');
        }
        Some(std::iter::once(fresh).chain(named).collect())
    } else {
        representatives(&comparisons, among)
    };
    // Combinations of blocks with other comparisons are not worked out.
    let are_complete = represented.is_some() && addresses.is_empty();
    let represented: Vec<String> = represented.unwrap_or_default();
    if among.is_some() {
        return (represented, are_complete);
    }
    (
        represented.into_iter().chain(addresses).collect(),
        are_complete,
    )
}

/// Numbers of all kinds: each that is compared with, its neighbours, and one that cannot be
/// compared.
fn numbers(tests: &BTreeSet<&Test>) -> Vec<Number> {
    let compared: Vec<&Number> = tests
        .iter()
        .flat_map(|test| match test {
            Test::Number(number) => vec![number],
            Test::NotNumbers(numbers) => numbers.iter().collect(),
            Test::Numeric(range) => {
                let ends = [&range.lower, &range.upper].into_iter().flatten();
                ends.map(|(number, _)| number).collect()
            }
            _ => Vec::new(),
        })
        .collect();
    let beside = compared
        .iter()
        .filter_map(|number| number.millionths())
        .flat_map(|value| [value - 1, value, value + 1])
        .map(Number::of_millionths)
        .filter(|number| number.millionths().is_some());
    let others = [Number::new("7"), Number::new("0.1234567")];
    let compared = compared.iter().map(|number| (*number).clone());
    compared.chain(beside).chain(others).collect()
}
