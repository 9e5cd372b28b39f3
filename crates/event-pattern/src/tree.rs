//! Syntax tree of a pattern.

use std::collections::BTreeMap;

use crate::address::Addresses;
use crate::number::{Number, NumberRange};

/// A conjunction: each path must have a value that one of its tests accepts.
pub type Rule = BTreeMap<String, Vec<Test>>;

/// One alternative in the array of a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Test {
    /// A string that fits.
    Text(TextTest),
    /// Any value but strings that fit one of these.
    NotTexts(Vec<TextTest>),
    /// This number, by value or by its text.
    Number(Number),
    /// Any value but these numbers.
    NotNumbers(Vec<Number>),
    /// A number in a range.
    Numeric(NumberRange),
    /// An IP address.
    Addresses(Addresses),
    /// `true`, `false` or `null`.
    Word(Word),
    /// Tests for the presence of a value that is no object.
    Exists(bool),
}

/// A comparison with a string.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextTest {
    /// The way of comparing.
    pub way: Way,
    /// The operand, as the pattern has it.
    pub text: String,
}

/// A way of comparing a string with an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// The whole string.
    Whole,
    /// Its beginning.
    Prefix,
    /// Its end.
    Suffix,
    /// The whole string, in capitals or not.
    WholeIgnoreCase,
    /// Its beginning, in capitals or not.
    PrefixIgnoreCase,
    /// Its end, in capitals or not.
    SuffixIgnoreCase,
    /// The whole string, `*` standing for anything.
    Wildcard,
}

/// A value that is written as a bare word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Word {
    True,
    False,
    Null,
}

impl Word {
    /// The word as JSON has it.
    pub fn text(self) -> &'static str {
        match self {
            Word::True => "true",
            Word::False => "false",
            Word::Null => "null",
        }
    }
}
