//! Text against operands: stars and regular expressions.

use std::borrow::Cow;

use crate::choices;
use crate::tree::{Operand, Regex, Shape};

pub(super) fn equals(operand: &Operand, value: &str) -> bool {
    match operand {
        Operand::Text(text) => text.shape().matches(value),
        Operand::Number(number) => number.text == value,
        Operand::Regex(regex) => finds(regex, value),
    }
}

impl Shape<'_> {
    /// Returns true if a value has this shape.
    pub fn matches(self, value: &str) -> bool {
        match self {
            Shape::Anything => true,
            Shape::Exactly(text) => value == text,
            Shape::StartsWith(text) => value.starts_with(text),
            Shape::EndsWith(text) => choices::ends_with(value, text),
            Shape::Contains(text) => value.contains(text),
        }
    }
}

/// Returns true if the expression matches somewhere in the value.
pub(super) fn finds(regex: &Regex, value: &str) -> bool {
    let bytes = one_byte_per_character(value, |_| None);
    regex
        .program
        .is_match(&mut regex.program.create_cache(), bytes.as_ref())
}

/// Any character that is not ASCII. Expressions cannot name one.
const FOREIGN: u8 = 0xFF;

/// The value with one byte for each character, so that an automaton over bytes
/// counts as AWS does. `name` may give a character that is not ASCII a byte of
/// its own.
pub(crate) fn one_byte_per_character(
    value: &str,
    name: impl Fn(char) -> Option<u8>,
) -> Cow<'_, [u8]> {
    if value.is_ascii() {
        return Cow::Borrowed(value.as_bytes());
    }
    let byte = |c: char| match u8::try_from(c) {
        Ok(byte) if byte.is_ascii() => byte,
        _ => name(c).unwrap_or(FOREIGN),
    };
    Cow::Owned(value.chars().map(byte).collect())
}
