//! All strings that a set of languages tells apart, by one automaton.

use regex_automata::MatchKind;
use regex_automata::dfa::{Automaton, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, PatternID};

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::matching::one_byte_per_character;
use crate::parse::{syntax_of_bytes, thompson_of_bytes};

/// The most memory an automaton may take, and as much again to build it.
const SIZE_LIMIT: usize = 256 * 1024;

/// A language, as the regular expression that all of a string must match.
pub(super) enum Language<'a> {
    /// The string itself.
    Exactly(&'a str),
    /// `text*`
    StartsWith(&'a str),
    /// The strings that end in the text.
    EndsWith(&'a str),
    /// The strings that have the text before their end: what [`Language::EndsWith`]
    /// overlooks (`choices::ends_with`).
    HasEarlier(&'a str),
    /// `*text*`
    Contains(&'a str),
    /// The strings in which the expression matches somewhere.
    Finds(&'a str),
    /// The strings that match the expression as a whole.
    Matches(&'a str),
}

/// For every combination of languages that some string is in, and no other
/// language, the shortest such string: `None` if that takes too much memory.
pub(super) fn representatives(languages: &[Language<'_>]) -> Option<Vec<String>> {
    let alphabet = Alphabet::build(languages)?;
    let expressions: Vec<String> = languages.iter().map(|l| l.expression(&alphabet)).collect();
    let automaton = dense::Builder::new()
        .configure(
            dense::Config::new()
                .match_kind(MatchKind::All)
                .start_kind(regex_automata::dfa::StartKind::Anchored)
                .accelerate(false)
                .dfa_size_limit(Some(SIZE_LIMIT))
                .determinize_size_limit(Some(SIZE_LIMIT)),
        )
        .syntax(syntax_of_bytes())
        .thompson(thompson_of_bytes().nfa_size_limit(Some(SIZE_LIMIT)))
        .build_many(&expressions)
        .ok()?;
    shortest(&automaton, &alphabet)
}

/// Breadth first through the automaton: the first string to reach a state is a
/// shortest one, and what matches at its end depends on the state alone.
fn shortest(automaton: &dense::DFA<Vec<u32>>, alphabet: &Alphabet) -> Option<Vec<String>> {
    let classes = automaton.byte_classes();
    let mut seen_classes = HashSet::new();
    let letters: Vec<u8> = alphabet
        .letters()
        .into_iter()
        .filter(|b| seen_classes.insert(classes.get(*b)))
        .collect();
    let start = automaton
        .start_state(&start::Config::new().anchored(Anchored::Yes))
        .ok()?;
    // How each state was first reached: from which entry of `reached`, by which byte.
    let mut reached: Vec<(StateID, usize, u8)> = vec![(start, 0, 0)];
    let mut states = HashSet::from([start]);
    let mut seen: HashSet<Vec<PatternID>> = HashSet::new();
    let mut found = Vec::new();
    let mut next = 0;
    while let Some(&(state, ..)) = reached.get(next) {
        let end = automaton.next_eoi_state(state);
        let matched: Vec<PatternID> = if automaton.is_match_state(end) {
            (0..automaton.match_len(end))
                .map(|i| automaton.match_pattern(end, i))
                .collect()
        } else {
            Vec::new()
        };
        if seen.insert(matched) {
            found.push(alphabet.decode(&word(&reached, next)));
        }
        for letter in &letters {
            let to = automaton.next_state(state, *letter);
            if states.insert(to) {
                reached.push((to, next, *letter));
            }
        }
        next += 1;
    }
    Some(found)
}

fn word(reached: &[(StateID, usize, u8)], mut at: usize) -> Vec<u8> {
    let mut word = Vec::new();
    while let Some((_, from, letter)) = reached.get(at).filter(|_| at > 0) {
        word.push(*letter);
        at = *from;
    }
    word.reverse();
    word
}

impl Language<'_> {
    fn expression(&self, alphabet: &Alphabet) -> String {
        match self {
            Language::Exactly(text) => format!(r"{}\z", alphabet.escape(text)),
            Language::StartsWith(text) => alphabet.escape(text) + r"(?s:.*)\z",
            Language::EndsWith(text) => format!(r"(?s:.*){}\z", alphabet.escape(text)),
            Language::HasEarlier(text) => format!(r"(?s:.*){}(?s:.+)\z", alphabet.escape(text)),
            Language::Contains(text) => format!(r"(?s:.*){}(?s:.*)\z", alphabet.escape(text)),
            Language::Finds(expression) => format!(r"(?s:.*)(?:{expression})(?s:.*)\z"),
            Language::Matches(expression) => format!(r"(?:{expression})\z"),
        }
    }
}

/// One byte for each character that the languages name.
struct Alphabet {
    named: Vec<char>,
}

impl Alphabet {
    const FIRST_NAMED: u8 = 0x80;
    const FOREIGN: u8 = 0xFF;

    fn build(languages: &[Language<'_>]) -> Option<Self> {
        let mut named: Vec<char> = languages
            .iter()
            .flat_map(|language| match language {
                Language::Exactly(text)
                | Language::StartsWith(text)
                | Language::EndsWith(text)
                | Language::HasEarlier(text)
                | Language::Contains(text) => text.chars(),
                Language::Finds(_) | Language::Matches(_) => "".chars(),
            })
            .filter(|c| !c.is_ascii())
            .collect();
        named.sort_unstable();
        named.dedup();
        (named.len() < usize::from(Self::FOREIGN - Self::FIRST_NAMED)).then_some(Self { named })
    }

    fn byte(&self, c: char) -> Option<u8> {
        let index = self.named.binary_search(&c).ok()?;
        u8::try_from(index).ok()?.checked_add(Self::FIRST_NAMED)
    }

    /// All bytes in use, those first that look best in a witness.
    fn letters(&self) -> Vec<u8> {
        let named = self.named.iter().filter_map(|c| self.byte(*c));
        let plain = (b'a'..=b'z')
            .chain(b'0'..=b'9')
            .chain(b'A'..=b'Z')
            .chain(b' '..=b'~');
        plain
            .chain(named)
            .chain([Self::FOREIGN])
            .chain(0..0x80)
            .collect()
    }

    fn escape(&self, text: &str) -> String {
        let bytes = one_byte_per_character(text, |c| self.byte(c));
        bytes.iter().fold(String::new(), |mut escaped, byte| {
            // Writing to a string cannot fail.
            let _ = write!(escaped, r"\x{byte:02x}");
            escaped
        })
    }

    fn decode(&self, word: &[u8]) -> String {
        let foreign = ('à'..='ÿ').chain('α'..='ω').chain('一'..='龥');
        let foreign = foreign
            .into_iter()
            .find(|c| !self.named.contains(c))
            .unwrap_or('€');
        let decode = |byte: &u8| match byte.checked_sub(Self::FIRST_NAMED) {
            None => char::from(*byte),
            Some(index) => self
                .named
                .get(usize::from(index))
                .copied()
                .unwrap_or(foreign),
        };
        word.iter().map(decode).collect()
    }
}
