//! `[ip, ..., status_code = 4*, bytes > 1000]`

use super::MAX_REGEXES;
use super::cursor::Cursor;
use super::value;
use crate::fault::{Fault, ParseError};
use crate::print::is_name_char;
use crate::tree::{Field, Operand, Slot, Test};

pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Vec<Slot>, ParseError> {
    cursor.eat("[");
    let mut slots = Vec::new();
    loop {
        slots.push(slot(cursor)?);
        cursor.skip_blanks();
        if !cursor.eat(",") {
            break;
        }
    }
    if !cursor.eat("]") {
        return Err(match cursor.peek() {
            None => cursor.fault(Fault::MissingBracket, 0).replace("]"),
            Some(c) => cursor.surprise(Fault::Unexpected(c)),
        });
    }
    cursor.end(']')?;
    check_quota(&slots)?;
    Ok(slots)
}

fn slot(cursor: &mut Cursor<'_>) -> Result<Slot, ParseError> {
    cursor.skip_blanks();
    let start = cursor.at();
    if cursor.eat("...") {
        return Ok(Slot::Ellipsis(cursor.span_since(start)));
    }
    let name = name(cursor)?;
    cursor.skip_blanks();
    let mut tests = Vec::new();
    let mut end = cursor.at();
    if let Some(first) = value::comparison(cursor)? {
        let mut all = vec![first];
        loop {
            end = cursor.at();
            cursor.skip_blanks();
            if cursor.eat("&&") {
                all.push(test_of(cursor, &name)?);
            } else if cursor.eat("||") {
                tests.push(std::mem::replace(&mut all, vec![test_of(cursor, &name)?]));
            } else {
                break;
            }
        }
        tests.push(all);
    } else if cursor.looks_at("&&") || cursor.looks_at("||") {
        return Err(cursor.fault(Fault::OtherField, 2));
    }
    cursor.back_to(end);
    Ok(Slot::Field(Field {
        name,
        tests,
        span: cursor.span_since(start),
    }))
}

fn name(cursor: &mut Cursor<'_>) -> Result<String, ParseError> {
    cursor.skip_blanks();
    let name = cursor.take_while(is_name_char);
    if name.is_empty() {
        return Err(cursor.surprise(Fault::MissingFieldName));
    }
    Ok(name.to_owned())
}

/// A further test in the slot of `field`: the service refuses one of another field.
fn test_of(cursor: &mut Cursor<'_>, field: &str) -> Result<Test, ParseError> {
    cursor.skip_blanks();
    let start = cursor.at();
    if name(cursor)? != field {
        return Err(cursor.fault_since(Fault::OtherField, start));
    }
    cursor.skip_blanks();
    match value::comparison(cursor)? {
        Some(test) => Ok(test),
        None => Err(cursor.surprise(Fault::MissingOperator)),
    }
}

fn check_quota(slots: &[Slot]) -> Result<(), ParseError> {
    let tests = slots.iter().flat_map(|slot| match slot {
        Slot::Field(field) => field.tests.as_slice(),
        Slot::Ellipsis(_) => &[],
    });
    let mut regexes = tests.flatten().filter_map(|test| match test {
        Test::Equal(Operand::Regex(regex)) | Test::NotEqual(Operand::Regex(regex)) => {
            Some(regex.span)
        }
        _ => None,
    });
    match regexes.nth(MAX_REGEXES) {
        Some(span) => Err(ParseError::new(Fault::TooManyRegexes, span.start, span.end)),
        None => Ok(()),
    }
}
