//! `term "a phrase" -excluded ?optional`

use super::cursor::{Cursor, is_blank};
use super::value;
use crate::fault::{Fault, ParseError};
use crate::print::is_term_char;
use crate::tree::{Term, TermKind};

pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Vec<Term>, ParseError> {
    let mut terms = Vec::new();
    cursor.skip_blanks();
    while cursor.peek().is_some() {
        let start = cursor.at();
        let kind = if cursor.eat("-") {
            TermKind::Excluded
        } else if cursor.eat("?") {
            TermKind::Optional
        } else {
            TermKind::Required
        };
        let text = if cursor.looks_at("\"") {
            value::quoted(cursor)?
        } else {
            cursor.take_while(is_term_char).to_owned()
        };
        match cursor.peek() {
            Some(c) if !is_blank(c) => return Err(wrong_character(cursor, c)),
            None if cursor.since(start).len() < 2 && text.is_empty() => {
                return Err(cursor.fault_since(Fault::MissingValue, start));
            }
            Some(_) if text.is_empty() && !cursor.since(start).ends_with('"') => {
                return Err(cursor.fault_since(Fault::MissingValue, start));
            }
            _ => {}
        }
        terms.push(Term {
            kind,
            text,
            span: cursor.span_since(start),
        });
        cursor.skip_blanks();
    }
    Ok(terms)
}

fn wrong_character(cursor: &Cursor<'_>, c: char) -> ParseError {
    let source = cursor.source();
    if source.contains("$.") {
        let start = source.len() - source.trim_start_matches(is_blank).len();
        let trimmed = source.trim_matches(is_blank);
        let closed = trimmed.trim_end_matches('}').trim_end_matches(is_blank);
        return ParseError::new(Fault::MissingBraces, start, source.len())
            .replace(&format!("{{ {closed} }}"));
    }
    if c.is_ascii_graphic() {
        cursor.fault(Fault::TermCharacter(c), 1)
    } else {
        cursor.surprise(Fault::TermCharacter(c))
    }
}
