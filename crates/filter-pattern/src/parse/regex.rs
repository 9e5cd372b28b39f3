//! `%regex%`: the subset of regular expressions that CloudWatch Logs knows.

use std::sync::Arc;

use regex_automata::nfa::thompson::{self, pikevm::PikeVM};
use regex_automata::util::syntax;

use super::cursor::Cursor;
use crate::fault::{Fault, ParseError};
use crate::tree::Regex;

/// Bounds what `{1000}{1000}` can cost.
const PROGRAM_SIZE_LIMIT: usize = 64 * 1024;

pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Regex, ParseError> {
    let start = cursor.at();
    cursor.eat("%");
    let body = cursor.at();
    let source = cursor.take_while(|c| c != '%').to_owned();
    if !cursor.eat("%") {
        return Err(regex_fault(cursor, start, "the closing `%` is missing"));
    }
    let expression = translate(&source).map_err(|(at, message)| {
        let length = source
            .get(at..)
            .and_then(|s| s.chars().next())
            .map_or(0, char::len_utf8);
        ParseError::new(Fault::Regex(message), body + at, body + at + length)
    })?;
    let program = PikeVM::builder()
        .syntax(syntax_of_bytes())
        .thompson(thompson_of_bytes())
        .build(&expression)
        .map_err(|_| regex_fault(cursor, start, "it cannot be compiled, or is too large"))?;
    let span = cursor.span_since(start);
    Ok(Regex {
        source,
        expression,
        span,
        program: Arc::new(program),
    })
}

/// One character of a message is one byte to every automaton of this crate
/// (`crate::matching::text`), so Unicode stays off.
pub(crate) fn syntax_of_bytes() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

pub(crate) fn thompson_of_bytes() -> thompson::Config {
    thompson::Config::new()
        .utf8(false)
        .nfa_size_limit(Some(PROGRAM_SIZE_LIMIT))
        .which_captures(thompson::WhichCaptures::None)
}

fn regex_fault(cursor: &Cursor<'_>, start: usize, message: &str) -> ParseError {
    cursor.fault_since(Fault::Regex(message.to_owned()), start)
}

/// The expression as `regex-automata` spells it, or where and why it is not of
/// the subset. Everything that the two dialects read differently (`--`, `&&`
/// and `[` inside a class, `{,n}`) is refused or rewritten here.
fn translate(source: &str) -> Result<String, (usize, String)> {
    if source.is_empty() {
        return Err((0, "it is empty".to_owned()));
    }
    let mut out = String::with_capacity(source.len());
    let mut in_class = false;
    let mut chars = source.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        out.push(c);
        match c {
            '\\' => match chars.next() {
                Some((_, escaped @ ('d' | 'D' | 's' | 'S' | 'w' | 'W'))) => out.push(escaped),
                Some((_, 'x')) => {
                    out.push('x');
                    let high = chars.next_if(|(_, c)| matches!(c, '0'..='7'));
                    let low = chars.next_if(|(_, c)| c.is_ascii_hexdigit());
                    let (Some((_, high)), Some((_, low))) = (high, low) else {
                        return Err((at, "`\\x` needs two digits, 00 to 7f".to_owned()));
                    };
                    out.extend([high, low]);
                }
                Some((_, escaped)) if escaped.is_ascii_punctuation() => out.push(escaped),
                _ => return Err((at, "unknown escape".to_owned())),
            },
            '[' if in_class => return Err((at, "`[` inside `[…]`".to_owned())),
            '[' => in_class = true,
            ']' => in_class = false,
            '-' if in_class && chars.peek().is_some_and(|(_, next)| *next == '-') => {
                return Err((at, "`--` inside `[…]`".to_owned()));
            }
            '{' if !in_class && chars.peek().is_some_and(|(_, next)| *next == ',') => out.push('0'),
            ':' | '_' | '#' | '=' | '@' | '/' | ';' | ',' | '-' | '^' | '$' | '?' | '{' | '}'
            | '|' | '*' | '+' | '.' => {}
            c if c.is_ascii_alphanumeric() => {}
            c => return Err((at, format!("`{c}` is not allowed"))),
        }
    }
    Ok(out)
}
