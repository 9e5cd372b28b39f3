//! Operands: text, numbers, regular expressions.

use super::cursor::{Cursor, is_blank};
use super::regex;
use crate::choices;
use crate::fault::{Fault, ParseError};
use crate::tree::{Comparison, Number, Operand, Test, Text};

/// An operator of a comparison.
#[derive(Clone, Copy)]
enum Operator {
    Equal,
    NotEqual,
    Compare(Comparison),
}

/// An operator and its value, or `None` if no operator stands here.
pub(super) fn comparison(cursor: &mut Cursor<'_>) -> Result<Option<Test>, ParseError> {
    const OPERATORS: [(&str, Operator); 6] = [
        ("!=", Operator::NotEqual),
        ("<=", Operator::Compare(Comparison::AtMost)),
        (">=", Operator::Compare(Comparison::AtLeast)),
        ("=", Operator::Equal),
        ("<", Operator::Compare(Comparison::Less)),
        (">", Operator::Compare(Comparison::Greater)),
    ];
    for (accident, meant) in [("!==", "!="), ("==", "=")] {
        if cursor.looks_at(accident) {
            let fault = Fault::DoubleEquals(accident);
            return Err(cursor.fault(fault, accident.len()).replace(meant));
        }
    }
    let Some((_, operator)) = OPERATORS.iter().find(|(symbol, _)| cursor.eat(symbol)) else {
        return Ok(None);
    };
    cursor.skip_blanks();
    let start = cursor.at();
    let operand = operand(cursor)?;
    Ok(Some(match (operator, operand) {
        (Operator::Equal, operand) => Test::Equal(operand),
        (Operator::NotEqual, operand) => Test::NotEqual(operand),
        (Operator::Compare(comparison), Operand::Number(number)) => {
            Test::Compare(*comparison, number)
        }
        (Operator::Compare(comparison), _) => {
            return Err(cursor.fault_since(Fault::NotANumber(comparison.symbol()), start));
        }
    }))
}

fn operand(cursor: &mut Cursor<'_>) -> Result<Operand, ParseError> {
    match cursor.peek() {
        Some('"') => quoted(cursor).map(|text| Operand::Text(Text(text))),
        Some('%') => regex::parse(cursor).map(Operand::Regex),
        _ => bare(cursor),
    }
}

/// A string in double quotes, unescaped.
pub(super) fn quoted(cursor: &mut Cursor<'_>) -> Result<String, ParseError> {
    let start = cursor.at();
    cursor.eat("\"");
    let mut text = String::new();
    loop {
        match cursor.next() {
            Some('"') => return Ok(text),
            Some('\\') => match cursor.peek().and_then(choices::unescape) {
                Some(c) => {
                    cursor.next();
                    text.push(c);
                }
                None => text.push('\\'),
            },
            Some(c) => text.push(c),
            None => {
                let end = cursor.source().len();
                return Err(ParseError::new(Fault::MissingQuote, start, end));
            }
        }
    }
}

/// Returns true for the characters of unquoted words, in the documentation and in practice.
fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '*' | '-' | '+' | ':' | '/')
}

fn bare(cursor: &mut Cursor<'_>) -> Result<Operand, ParseError> {
    let start = cursor.at();
    let word = cursor.take_while(is_bare);
    if word.is_empty() {
        return Err(wrongly_quoted(cursor));
    }
    match cursor.peek() {
        None | Some('&' | '|' | ')' | '}' | ']' | ',') => {}
        Some(c) if is_blank(c) => {}
        Some('"') => return Err(cursor.fault(Fault::MissingQuote, 1).replace("")),
        Some(_) => return Err(cursor.surprise(Fault::Unexpected(cursor.peek().unwrap_or(' ')))),
    }
    if !is_number(word) {
        return Ok(Operand::Text(Text(word.to_owned())));
    }
    match word.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Operand::Number(Number {
            text: word.to_owned(),
            value,
        })),
        _ => Err(cursor.fault_since(Fault::NumberTooLarge, start)),
    }
}

/// No word stands here. If something between wrong quotes does, the fix is to
/// replace both of them.
fn wrongly_quoted(cursor: &Cursor<'_>) -> ParseError {
    let error = cursor.surprise(Fault::MissingValue);
    if !matches!(
        error.fault,
        Fault::WrongQuote(_) | Fault::TypographicQuote(_)
    ) {
        return error;
    }
    let mut inside = cursor.rest().char_indices().skip(1);
    let is_quote = |c: char| matches!(c, '\'' | '`' | '\u{2018}'..='\u{201f}' | '"');
    match inside.find(|(_, c)| is_quote(*c)) {
        Some((length, closing)) => {
            let opening = cursor.peek().map_or(0, char::len_utf8);
            let text = cursor.rest().get(opening..length).unwrap_or_default();
            let end = cursor.at() + length + closing.len_utf8();
            error.replace_at(cursor.at(), end, &format!("\"{text}\""))
        }
        None => error,
    }
}

/// `[+-]digits[.digits][e[+-]digits]`
fn is_number(word: &str) -> bool {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let unsigned = |s: &str| digits(s.strip_prefix(['+', '-']).unwrap_or(s));
    let (mantissa, exponent) = match word.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (word, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    unsigned(whole) && fraction.is_none_or(digits) && exponent.is_none_or(unsigned)
}
