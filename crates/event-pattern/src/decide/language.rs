//! All strings that a set of comparisons tells apart, by one automaton.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind};

use crate::text::{pieces, spellings};
use crate::tree::{TextTest, Way};

/// The most memory that an automaton may take, in bytes, and as much again to build it.
const SIZE_LIMIT: usize = 1024 * 1024;

/// For every combination of comparisons that some string fits, and no other comparison,
/// the shortest such string: among all strings, or those that a regular expression of
/// ASCII matches as a whole. `None`, if that takes too much memory.
pub(super) fn representatives(
    tests: &BTreeSet<&TextTest>,
    among: Option<&str>,
) -> Option<Vec<String>> {
    let mut expressions: Vec<String> = tests.iter().map(|test| expression(test)).collect();
    expressions.push(match among {
        Some(expression) => format!(r"(?:{expression})\z"),
        None => r".*\z".to_owned(),
    });
    let automaton = dense::Builder::new()
        .configure(
            dense::Config::new()
                .match_kind(MatchKind::All)
                .start_kind(StartKind::Anchored)
                .accelerate(false)
                .dfa_size_limit(Some(SIZE_LIMIT))
                .determinize_size_limit(Some(SIZE_LIMIT)),
        )
        .syntax(
            syntax::Config::new()
                .unicode(false)
                .utf8(false)
                .dot_matches_new_line(true),
        )
        .thompson(
            thompson::Config::new()
                .utf8(false)
                .nfa_size_limit(Some(SIZE_LIMIT)),
        )
        .build_many(&expressions)
        .ok()?;
    shortest(&automaton, &letters(tests), tests.len())
}

/// Breadth first through the automaton: the first string to reach a state is a shortest
/// one, and what matches at its end depends on the state alone.
fn shortest(
    automaton: &dense::DFA<Vec<u32>>,
    letters: &[String],
    among: usize,
) -> Option<Vec<String>> {
    let start = start::Config::new().anchored(Anchored::Yes);
    let start = automaton.start_state(&start).ok()?;
    let mut words: HashMap<StateID, String> = HashMap::from([(start, String::new())]);
    let mut waiting = vec![start];
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    while !waiting.is_empty() {
        let mut next = Vec::new();
        for state in waiting {
            let word = words.get(&state).cloned().unwrap_or_default();
            let end = automaton.next_eoi_state(state);
            let number_of_matches = if automaton.is_match_state(end) {
                automaton.match_len(end)
            } else {
                0
            };
            let matched: BTreeSet<usize> = (0..number_of_matches)
                .map(|i| automaton.match_pattern(end, i).as_usize())
                .collect();
            if matched.contains(&among) && seen.insert(matched) {
                found.push(word.clone());
            }
            for letter in letters {
                let to = letter
                    .bytes()
                    .fold(state, |state, byte| automaton.next_state(state, byte));
                words.entry(to).or_insert_with(|| {
                    next.push(to);
                    format!("{word}{letter}")
                });
            }
        }
        waiting = next;
    }
    Some(found)
}

/// Every character that the comparisons name, the printable ones of ASCII first, and one
/// that stands for all others.
fn letters(tests: &BTreeSet<&TextTest>) -> Vec<String> {
    let named = tests.iter().flat_map(|test| test.text.chars());
    let spelt = named.flat_map(|c| [c.to_string()].into_iter().chain(spellings(c)));
    let named: BTreeSet<char> = spelt
        .flat_map(|text| text.chars().collect::<Vec<_>>())
        .collect();
    let foreign = ['\u{20ac}', '\u{e4}', '\u{3b1}', '\u{4e00}'];
    let foreign = foreign.into_iter().find(|c| !named.contains(c));
    let plain = ('a'..='z')
        .chain('0'..='9')
        .chain('A'..='Z')
        .chain(' '..='~');
    let all = plain.chain(named.iter().copied()).chain(foreign);
    let mut seen = HashSet::new();
    all.filter(|c| seen.insert(*c)).map(String::from).collect()
}

/// The comparison as a regular expression of bytes.
fn expression(test: &TextTest) -> String {
    let operand = test.text.as_str();
    let folded = || -> String {
        let either = |c: char| {
            let [small, capital] = spellings(c);
            format!("(?:{}|{})", literal(&small), literal(&capital))
        };
        operand.chars().map(either).collect()
    };
    let body = match test.way {
        Way::Whole => literal(operand),
        Way::Prefix => literal(operand) + ".*",
        Way::Suffix => format!(".*{}", literal(operand)),
        Way::WholeIgnoreCase => folded(),
        Way::PrefixIgnoreCase => folded() + ".*",
        Way::SuffixIgnoreCase => format!(".*{}", folded()),
        Way::Wildcard => {
            let pieces = pieces(operand).unwrap_or_default();
            let pieces: Vec<String> = pieces.iter().map(|piece| literal(piece)).collect();
            pieces.join(".*")
        }
    };
    format!(r"(?:{body})\z")
}

fn literal(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        // Writing to a string cannot fail.
        let _ = write!(escaped, r"\x{byte:02x}");
        escaped
    })
}
