//! Complexity of a pattern: the number of wildcards that a value may be in the middle of at once,
//! as AWS's matcher counts. EventBridge refuses patterns by it.
//!
//! The matcher compiles a pattern into an automaton for each path, reached through
//! those of the paths before it, in the order of their names. A `*` is a state that
//! every byte leads back to. The measure is the largest number of pairs of a state that
//! is active and a wildcard that it leads to, over all values and automata. Two things
//! follow that nobody expects, and the measure has to reproduce them: a wildcard that
//! the alternatives of `$or` share counts again for each of them, and nothing is counted
//! that comes after a path with `{"exists": false}` alone.

mod automaton;

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{Rule, Test, Way};
use automaton::Automaton;

/// The most steps of adding rules to the automata that are taken.
const STEPS: usize = 20_000;

/// The complexity of the rules of a pattern.
pub(crate) fn complexity(rules: &[Rule]) -> usize {
    let tests = rules.iter().flat_map(|rule| rule.values().flatten());
    if !tests.into_iter().any(|test| !wildcards(test).is_empty()) {
        return 0;
    }
    let mut states = States {
        all: vec![State::default()],
        steps: 0,
    };
    for rule in rules {
        let fields: Vec<(&String, &Vec<Test>)> = rule.iter().collect();
        states.add(0, &fields);
    }
    states.evaluate()
}

/// The wildcards of a test.
fn wildcards(test: &Test) -> Vec<&str> {
    let tests = match test {
        Test::Text(test) => std::slice::from_ref(test),
        Test::NotTexts(tests) => tests,
        _ => &[],
    };
    let wildcards = tests.iter().filter(|test| test.way == Way::Wildcard);
    wildcards.map(|test| test.text.as_str()).collect()
}

/// Progress of matching along paths.
#[derive(Default)]
struct State<'a> {
    /// By path: the automaton of its values, and where each test leads.
    fields: BTreeMap<&'a str, Field<'a>>,
}

#[derive(Default)]
struct Field<'a> {
    automaton: Automaton,
    /// The tests of values, numbered in the order in which they came, and where they lead:
    /// more than one state, where a wildcard was added anew.
    tests: BTreeMap<&'a Test, (usize, Vec<usize>)>,
    /// Next state for an absent value.
    absent: Option<usize>,
}

impl<'a> Field<'a> {
    /// Adds a test of values, and returns where it leads: to the candidate, if it is new.
    fn lead(&mut self, test: &'a Test, candidate: usize) -> usize {
        let number = self.tests.len();
        let (number, known) = self.tests.entry(test).or_insert((number, Vec::new()));
        let mut next = known.first().copied().unwrap_or(candidate);
        for wildcard in wildcards(test) {
            if self.automaton.add(*number, wildcard) {
                next = candidate;
            }
        }
        if !known.contains(&next) {
            known.push(next);
        }
        next
    }
}

struct States<'a> {
    all: Vec<State<'a>>,
    steps: usize,
}

impl<'a> States<'a> {
    /// Adds the rest of a rule to a state.
    fn add(&mut self, state: usize, fields: &[(&'a String, &'a Vec<Test>)]) {
        let Some(((path, tests), rest)) = fields.split_first() else {
            return;
        };
        self.steps += 1;
        if self.steps > STEPS {
            return;
        }
        let mut last = None;
        let mut reached = BTreeSet::new();
        for test in *tests {
            let next = self.add_test(state, path, test, last);
            last = Some(next);
            reached.insert(next);
        }
        for next in reached {
            self.add(next, rest);
        }
    }

    /// Adds a test, and returns the state that it leads to: the one that it led to
    /// before, if it was there, else the one of the test before it, else a new one.
    fn add_test(
        &mut self,
        state: usize,
        path: &'a str,
        test: &'a Test,
        last: Option<usize>,
    ) -> usize {
        let fresh = self.all.len();
        let candidate = last.unwrap_or(fresh);
        let Some(state) = self.all.get_mut(state) else {
            return candidate;
        };
        let field = state.fields.entry(path).or_default();
        let next = if *test == Test::Exists(false) {
            *field.absent.get_or_insert(candidate)
        } else {
            field.lead(test, candidate)
        };
        if next == fresh {
            self.all.push(State::default());
        }
        next
    }

    /// The largest complexity of an automaton that can be reached through values.
    fn evaluate(&self) -> usize {
        let mut reached = BTreeSet::from([0]);
        let mut waiting = vec![0];
        let mut largest = 0;
        while let Some(state) = waiting.pop().and_then(|state| self.all.get(state)) {
            for field in state.fields.values() {
                largest = largest.max(field.automaton.complexity());
                let next = field.tests.values().flat_map(|(_, next)| next);
                waiting.extend(next.filter(|next| reached.insert(**next)));
            }
        }
        largest
    }
}
