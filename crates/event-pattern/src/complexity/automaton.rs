//! The automaton of the wildcards of one path, built as AWS's matcher builds it.
//!
//! Only wildcards count, and other tests never change the states that belong to them, so
//! only wildcards are built. What makes the difference is which states a wildcard shares
//! with those before it: all before its first `*`; the state of a `*` itself; after it a
//! state that is reached by a character without capitals, where there is only one way.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashSet};

use crate::text::pieces;

/// The most sets of active states that are looked at. Beyond them the largest measure so
/// far is the answer: the largest sets are looked at first.
const SETS: usize = 4_000;

/// Target of a transition on a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Target {
    State(usize),
    /// The end of a wildcard that belongs to the test of this number.
    Match(usize),
}

#[derive(Debug, Default)]
struct State {
    by_byte: BTreeMap<u8, Vec<Target>>,
    by_any: Vec<usize>,
    /// True if it stands behind a `*`.
    is_behind_any: bool,
}

#[derive(Debug)]
pub(super) struct Automaton {
    states: Vec<State>,
}

impl Default for Automaton {
    fn default() -> Self {
        Self {
            states: vec![State::default()],
        }
    }
}

/// A byte of a wildcard, or `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Symbol {
    Byte {
        byte: u8,
        /// True if it begins a character that has a capital or small form.
        begins_letter: bool,
        begins_character: bool,
    },
    Any,
}

/// A wildcard as the matcher reads it: with the quotation marks of a JSON string.
fn symbols(wildcard: &str) -> Vec<Symbol> {
    let pieces = pieces(wildcard).unwrap_or_default();
    let literal = |text: &str| -> Vec<Symbol> {
        let of_character = |c: char| {
            let is_letter = c.to_lowercase().ne(c.to_uppercase());
            let bytes = c.to_string().into_bytes().into_iter().enumerate();
            bytes.map(move |(index, byte)| Symbol::Byte {
                byte,
                begins_letter: is_letter && index == 0,
                begins_character: index == 0,
            })
        };
        text.chars().flat_map(of_character).collect()
    };
    let mut symbols = literal("\"");
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 {
            symbols.push(Symbol::Any);
        }
        symbols.extend(literal(piece));
    }
    symbols.extend(literal("\""));
    symbols
}

impl Automaton {
    fn state(&self, state: usize) -> Option<&State> {
        self.states.get(state)
    }

    /// Returns the targets of a symbol from a state.
    fn targets(&self, state: usize, symbol: Symbol) -> Vec<Target> {
        let Some(state) = self.state(state) else {
            return Vec::new();
        };
        let named = match symbol {
            Symbol::Any => None,
            Symbol::Byte { byte, .. } => state.by_byte.get(&byte),
        };
        let any = state.by_any.iter().map(|state| Target::State(*state));
        named.into_iter().flatten().copied().chain(any).collect()
    }

    fn is_behind_any(&self, state: usize) -> bool {
        self.state(state).is_some_and(|state| state.is_behind_any)
    }

    /// The state after a symbol that a further wildcard may share.
    fn shared(&self, from: usize, symbol: Symbol, only_before_any: bool) -> Option<usize> {
        let is_shared = |next: usize| {
            if next == from {
                return false;
            }
            if !self.is_behind_any(next) {
                return true;
            }
            let has_two_ways = match symbol {
                Symbol::Any
                | Symbol::Byte {
                    begins_character: false,
                    ..
                } => false,
                Symbol::Byte { begins_letter, .. } => {
                    let mut any = self.state(from).into_iter().flat_map(|state| &state.by_any);
                    begins_letter || any.any(|state| *state != from)
                }
            };
            !only_before_any && !has_two_ways
        };
        let targets = self.targets(from, symbol).into_iter();
        let mut states = targets.filter_map(|target| match target {
            Target::State(state) => Some(state),
            Target::Match(_) => None,
        });
        states.find(|next| is_shared(*next))
    }

    /// Adds a wildcard of the test of this number. `false`, if all of it was there.
    pub(super) fn add(&mut self, test: usize, wildcard: &str) -> bool {
        let symbols = symbols(wildcard);
        let Some((last, body)) = symbols.split_last() else {
            return false;
        };
        let (mut before, mut at) = (None, 0);
        let mut rest = body.iter().copied();
        let mut waiting = rest.next();
        for only_before_any in [false, true] {
            while let Some(next) = waiting.and_then(|s| self.shared(at, s, only_before_any)) {
                before = Some(at);
                at = next;
                waiting = rest.next();
            }
        }
        let taken = body.len() - rest.len() - usize::from(waiting.is_some());
        let mut previous = taken
            .checked_sub(1)
            .and_then(|index| body.get(index))
            .copied();
        for symbol in waiting.into_iter().chain(rest) {
            let skipped = before.filter(|_| previous == Some(Symbol::Any));
            let next = self.append(at, skipped, symbol);
            before = Some(at);
            at = next;
            previous = Some(symbol);
        }
        let skipped = before.filter(|_| previous == Some(Symbol::Any));
        let is_new = !self.targets(at, *last).contains(&Target::Match(test));
        if is_new {
            for from in [Some(at), skipped].into_iter().flatten() {
                self.connect(from, *last, Target::Match(test));
            }
        }
        is_new
    }

    /// Adds a state after another, and after the one before a `*` that may stand for nothing.
    fn append(&mut self, at: usize, skipped: Option<usize>, symbol: Symbol) -> usize {
        let next = self.states.len();
        self.states.push(State {
            is_behind_any: symbol == Symbol::Any || self.is_behind_any(at),
            by_any: if symbol == Symbol::Any {
                vec![next]
            } else {
                Vec::new()
            },
            ..State::default()
        });
        for from in [Some(at), skipped].into_iter().flatten() {
            self.connect(from, symbol, Target::State(next));
        }
        next
    }

    fn connect(&mut self, from: usize, symbol: Symbol, to: Target) {
        let Some(state) = self.states.get_mut(from) else {
            return;
        };
        match (symbol, to) {
            (Symbol::Byte { byte, .. }, to) => state.by_byte.entry(byte).or_default().push(to),
            (Symbol::Any, Target::State(to)) => state.by_any.push(to),
            (Symbol::Any, Target::Match(_)) => {}
        }
    }

    /// For each state the number of tests that it leads to.
    fn tests_ahead(&self) -> Vec<usize> {
        let mut ahead: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); self.states.len()];
        loop {
            let mut has_grown = false;
            for (index, state) in self.states.iter().enumerate().rev() {
                let mut tests = BTreeSet::new();
                let any = state.by_any.iter().map(|state| Target::State(*state));
                for target in state.by_byte.values().flatten().copied().chain(any) {
                    match target {
                        Target::Match(test) => drop(tests.insert(test)),
                        Target::State(state) => {
                            tests.extend(ahead.get(state).into_iter().flatten());
                        }
                    }
                }
                if let Some(known) = ahead
                    .get_mut(index)
                    .filter(|known| known.len() < tests.len())
                {
                    *known = tests;
                    has_grown = true;
                }
            }
            if !has_grown {
                return ahead.iter().map(BTreeSet::len).collect();
            }
        }
    }

    /// The largest number of pairs of an active state and a test that it leads to. A `*`
    /// that comes next counts as active, because it may stand for nothing.
    pub(super) fn complexity(&self) -> usize {
        let ahead = self.tests_ahead();
        let weight = |target: &Target| match target {
            Target::Match(_) => 1,
            Target::State(state) => ahead.get(*state).copied().unwrap_or(0),
        };
        let measure = |active: &Active| -> usize {
            let coming = active.iter().flat_map(|target| self.after_nothing(*target));
            let coming = coming.filter(|target| active.binary_search(target).is_err());
            coming.map(|target| weight(&target)).sum::<usize>()
                + active.iter().map(weight).sum::<usize>()
        };
        let start = vec![Target::State(0)];
        let mut seen = HashSet::from([start.clone()]);
        let mut waiting = BinaryHeap::from([(0, start)]);
        let mut largest = 0;
        while let Some((_, active)) = waiting.pop() {
            for next in self.steps(&active) {
                if seen.len() < SETS && !seen.contains(&next) {
                    let size = measure(&next);
                    largest = largest.max(size);
                    seen.insert(next.clone());
                    waiting.push((size, next));
                }
            }
        }
        largest
    }

    /// The states of a `*` that comes next.
    fn after_nothing(&self, target: Target) -> impl Iterator<Item = Target> {
        let state = match target {
            Target::Match(_) => None,
            Target::State(state) => self.state(state),
        };
        let any = state.into_iter().flat_map(|state| &state.by_any);
        any.map(|state| Target::State(*state))
    }

    /// The sets of states that one more byte leads to.
    fn steps(&self, active: &Active) -> Vec<Active> {
        let states = active.iter().filter_map(|target| match target {
            Target::State(state) => self.state(*state),
            Target::Match(_) => None,
        });
        let states: Vec<&State> = states.collect();
        let mut any: Active = active
            .iter()
            .flat_map(|target| self.after_nothing(*target))
            .collect();
        any.sort_unstable();
        any.dedup();
        let mut by_byte: BTreeMap<u8, Active> = BTreeMap::new();
        for (byte, targets) in states.iter().flat_map(|state| &state.by_byte) {
            by_byte
                .entry(*byte)
                .or_insert_with(|| any.clone())
                .extend(targets);
        }
        for next in by_byte.values_mut() {
            next.sort_unstable();
            next.dedup();
        }
        by_byte
            .into_values()
            .chain(Some(any).filter(|any| !any.is_empty()))
            .collect()
    }
}

/// The states that are active at once, in order.
type Active = Vec<Target>;
