//! Comparisons of strings.

use std::collections::BTreeSet;

use crate::tree::{TextTest, Way};

impl TextTest {
    /// Returns true if a string fits.
    pub fn matches(&self, text: &str) -> bool {
        let operand = self.text.as_str();
        match self.way {
            Way::Whole => text == operand,
            Way::Prefix => text.starts_with(operand),
            Way::Suffix => text.ends_with(operand),
            Way::WholeIgnoreCase => ends(operand, text).contains(&text.len()),
            Way::PrefixIgnoreCase => !ends(operand, text).is_empty(),
            Way::SuffixIgnoreCase => {
                let starts = text
                    .char_indices()
                    .map(|(start, _)| start)
                    .chain([text.len()]);
                let tails = starts.filter_map(|start| text.get(start..));
                tails
                    .into_iter()
                    .any(|tail| ends(operand, tail).contains(&tail.len()))
            }
            Way::Wildcard => fits(&pieces(operand).unwrap_or_default(), text),
        }
    }
}

/// The ways in which a character may be written where case is ignored: in small letters
/// and in capitals, which may be several characters. AWS's matcher looks at the two
/// halves of a character beyond the 16-bit range, and takes each for a question mark.
pub(crate) fn spellings(c: char) -> [String; 2] {
    if c.len_utf16() == 2 {
        return ["??".to_owned(), "??".to_owned()];
    }
    [c.to_lowercase().collect(), c.to_uppercase().collect()]
}

/// Returns the byte positions at which a prefix of the text that equals the operand but for case
/// may end.
fn ends(operand: &str, text: &str) -> BTreeSet<usize> {
    let mut ends = BTreeSet::from([0]);
    for c in operand.chars() {
        let spellings = spellings(c);
        let after = |end: &usize| {
            let (end, rest) = (*end, text.get(*end..).unwrap_or_default());
            let fitting = spellings
                .iter()
                .filter(|spelling| rest.starts_with(*spelling));
            let lengths: Vec<usize> = fitting.map(|spelling| end + spelling.len()).collect();
            lengths
        };
        ends = ends.iter().flat_map(after).collect();
    }
    ends
}

/// Error in a wildcard, with the position of its character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WildcardFault {
    Consecutive(usize),
    Escape(usize),
}

/// The texts between the asterisks of a wildcard, unescaped.
pub(crate) fn pieces(wildcard: &str) -> Result<Vec<String>, WildcardFault> {
    let mut pieces = vec![String::new()];
    let mut characters = wildcard.chars().enumerate().peekable();
    while let Some((index, c)) = characters.next() {
        let literal = match c {
            '*' if characters.peek().is_some_and(|(_, next)| *next == '*') => {
                return Err(WildcardFault::Consecutive(index));
            }
            '*' => {
                pieces.push(String::new());
                continue;
            }
            '\\' => match characters.next() {
                Some((_, escaped @ ('*' | '\\'))) => escaped,
                _ => return Err(WildcardFault::Escape(index)),
            },
            other => other,
        };
        if let Some(piece) = pieces.last_mut() {
            piece.push(literal);
        }
    }
    Ok(pieces)
}

/// Returns true if a text consists of the pieces in their order, with anything between them.
fn fits(pieces: &[String], text: &str) -> bool {
    let [first, middle @ .., last] = pieces else {
        return pieces.first().is_some_and(|only| only == text);
    };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    for piece in middle {
        match rest.split_once(piece.as_str()) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_compared_in_seven_ways() {
        for (way, operand, text, expected) in [
            (Way::Whole, "Root", "Root", true),
            (Way::Whole, "Root", "root", false),
            (Way::Prefix, "", "", true),
            (Way::Prefix, "aws.", "aws.iam", true),
            (Way::Suffix, ".iam", "aws.iam", true),
            (Way::WholeIgnoreCase, "rOOT", "Root", true),
            (Way::WholeIgnoreCase, "Root", "Roots", false),
            (Way::WholeIgnoreCase, "stra\u{df}e", "STRASSE", true),
            (Way::WholeIgnoreCase, "STRASSE", "stra\u{df}e", false),
            (Way::WholeIgnoreCase, "\u{1f511}", "\u{1f511}", false),
            (Way::WholeIgnoreCase, "\u{1f511}", "??", true),
            (Way::PrefixIgnoreCase, "AWS", "aws.iam", true),
            (Way::PrefixIgnoreCase, "", "", true),
            (Way::SuffixIgnoreCase, "IAM", "aws.iam", true),
            (Way::SuffixIgnoreCase, "\u{df}", "ASS", true),
            (Way::SuffixIgnoreCase, "", "x", true),
            (Way::Wildcard, "*", "", true),
            (Way::Wildcard, "a*a", "a", false),
            (Way::Wildcard, "a*a", "aa", true),
            (Way::Wildcard, "*b*b", "bab", true),
            (Way::Wildcard, r"a\*\\*", r"a*\x", true),
            (Way::Wildcard, r"a\*", "ab", false),
            (Way::Wildcard, "", "", true),
        ] {
            let test = TextTest {
                way,
                text: operand.to_owned(),
            };
            assert_eq!(test.matches(text), expected, "{test:?} {text}");
        }
        assert_eq!(pieces("a**"), Err(WildcardFault::Consecutive(1)));
        assert_eq!(pieces(r"ab\c"), Err(WildcardFault::Escape(2)));
        assert_eq!(pieces(r"ab\"), Err(WildcardFault::Escape(2)));
    }
}
