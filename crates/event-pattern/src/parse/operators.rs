//! The alternatives in the array of a field.

use std::collections::BTreeSet;

use crate::address::Addresses;
use crate::fault::{Fault, ParseError};
use crate::json::{Json, Kind, Member};
use crate::number::{Number, NumberRange};
use crate::text::{WildcardFault, pieces};
use crate::tree::{Test, TextTest, Way, Word};

/// Reads one alternative.
pub(super) fn test(item: &Json) -> Result<Test, ParseError> {
    Ok(match &item.kind {
        Kind::Text(text) => match Addresses::one(text) {
            Some(address) => Test::Addresses(address),
            None => Test::Text(text_test(Way::Whole, text)),
        },
        Kind::Number(text) => Test::Number(Number::new(text)),
        Kind::True => Test::Word(Word::True),
        Kind::False => Test::Word(Word::False),
        Kind::Null => Test::Word(Word::Null),
        Kind::Array(_) => return Err(ParseError::new(Fault::ArrayInArray, item.at)),
        Kind::Object(members) => {
            let operator = only(members, item.at)?;
            operation(operator)?
        }
    })
}

fn text_test(way: Way, text: &str) -> TextTest {
    TextTest {
        way,
        text: text.to_owned(),
    }
}

/// The one member of an object that says an operation.
fn only(members: &[Member], at: usize) -> Result<&Member, ParseError> {
    match members {
        [] => Err(ParseError::new(Fault::NoOperator, at)),
        [only] => Ok(only),
        [_, second, ..] => Err(ParseError::new(Fault::SeveralOperators, second.at)),
    }
}

fn operation(member: &Member) -> Result<Test, ParseError> {
    let value = &member.value;
    let fault = |fault| ParseError::new(fault, value.at);
    Ok(match member.name.as_str() {
        "exactly" => Test::Text(text_test(Way::Whole, text("exactly", value)?)),
        "equals-ignore-case" => {
            let text = text("equals-ignore-case", value)?;
            Test::Text(text_test(Way::WholeIgnoreCase, text))
        }
        "prefix" => affix("prefix", Way::Prefix, Way::PrefixIgnoreCase, value)?,
        "suffix" => affix("suffix", Way::Suffix, Way::SuffixIgnoreCase, value)?,
        "wildcard" => Test::Text(wildcard(value)?),
        "numeric" => numeric(value)?,
        "cidr" => {
            let block = text("cidr", value)?;
            Test::Addresses(Addresses::block(block).map_err(fault)?)
        }
        "exists" => match value.kind {
            Kind::True => Test::Exists(true),
            Kind::False => Test::Exists(false),
            _ => {
                return Err(fault(Fault::Operand {
                    operator: "exists",
                    wanted: "true or false, without quotes",
                }));
            }
        },
        "anything-but" => anything_but(value)?,
        other => {
            let fault = Fault::UnknownOperator(other.to_owned());
            return Err(ParseError::new(fault, member.at));
        }
    })
}

fn text<'a>(operator: &'static str, value: &'a Json) -> Result<&'a str, ParseError> {
    if let Kind::Text(text) = &value.kind {
        return Ok(text);
    }
    let wanted = "a string";
    Err(ParseError::new(
        Fault::Operand { operator, wanted },
        value.at,
    ))
}

fn affix(
    operator: &'static str,
    way: Way,
    ignoring_case: Way,
    value: &Json,
) -> Result<Test, ParseError> {
    let Kind::Object(members) = &value.kind else {
        return Ok(Test::Text(text_test(way, text(operator, value)?)));
    };
    let inner = only(members, value.at)?;
    if inner.name != "equals-ignore-case" {
        let fault = Fault::UnknownOperator(inner.name.clone());
        return Err(ParseError::new(fault, inner.at));
    }
    let text = text("equals-ignore-case", &inner.value)?;
    Ok(Test::Text(text_test(ignoring_case, text)))
}

fn wildcard(value: &Json) -> Result<TextTest, ParseError> {
    let text = text("wildcard", value)?;
    let fault = match pieces(text) {
        Ok(_) => return Ok(text_test(Way::Wildcard, text)),
        Err(WildcardFault::Consecutive(_)) => Fault::ConsecutiveWildcards,
        Err(WildcardFault::Escape(_)) => Fault::WildcardEscape,
    };
    Err(ParseError::new(fault, value.at))
}

fn comparable(value: &Json) -> Result<Number, ParseError> {
    let Kind::Number(text) = &value.kind else {
        return Err(ParseError::new(Fault::ComparisonOperand, value.at));
    };
    let number = Number::new(text);
    match number.millionths() {
        Some(_) => Ok(number),
        None => Err(ParseError::new(Fault::Unrepresentable, value.at)),
    }
}

fn numeric(value: &Json) -> Result<Test, ParseError> {
    let fault = |fault, at| Err(ParseError::new(fault, at));
    let Kind::Array(items) = &value.kind else {
        let (operator, wanted) = ("numeric", "an array");
        return fault(Fault::Operand { operator, wanted }, value.at);
    };
    let Some(first) = items.first() else {
        return fault(Fault::NumericOperator, value.at);
    };
    let Kind::Text(comparison) = &first.kind else {
        return fault(Fault::NumericOperator, first.at);
    };
    let Some(operand) = items.get(1) else {
        return fault(Fault::ComparisonOperand, first.at);
    };
    let operand = comparable(operand)?;
    let mut range = match comparison.as_str() {
        "=" => NumberRange::one(operand),
        "<" | "<=" => NumberRange {
            lower: None,
            upper: Some((operand, comparison == "<=")),
        },
        ">" | ">=" => NumberRange {
            lower: Some((operand, comparison == ">=")),
            upper: None,
        },
        other => return fault(Fault::Comparison(other.to_owned()), first.at),
    };
    match items.get(2) {
        None => {}
        Some(extra) if range.upper.is_some() => return fault(Fault::NumericElements, extra.at),
        Some(second) => {
            let comparison = match &second.kind {
                Kind::Text(comparison) if matches!(comparison.as_str(), "<" | "<=") => comparison,
                Kind::Text(other) => return fault(Fault::Comparison(other.clone()), second.at),
                _ => return fault(Fault::NumericOperator, second.at),
            };
            let Some(operand) = items.get(3) else {
                return fault(Fault::ComparisonOperand, second.at);
            };
            range.upper = Some((comparable(operand)?, comparison == "<="));
            if let Some(extra) = items.get(4) {
                return fault(Fault::NumericElements, extra.at);
            }
        }
    }
    let [(lower, _), (upper, _)] = range.ends();
    if comparison != "=" && lower >= upper {
        return fault(Fault::EmptyRange, value.at);
    }
    Ok(Test::Numeric(range))
}

/// One operand, or an array of them.
fn operands(value: &Json) -> Result<&[Json], ParseError> {
    match &value.kind {
        Kind::Array(items) if items.is_empty() => {
            Err(ParseError::new(Fault::AnythingBut, value.at))
        }
        Kind::Array(items) => Ok(items),
        _ => Ok(std::slice::from_ref(value)),
    }
}

fn anything_but(value: &Json) -> Result<Test, ParseError> {
    if let Kind::Object(members) = &value.kind {
        let inner = only(members, value.at)?;
        let one: fn(&Json) -> Result<TextTest, ParseError> = match inner.name.as_str() {
            "prefix" => |value| filled("prefix", Way::Prefix, value),
            "suffix" => |value| filled("suffix", Way::Suffix, value),
            "equals-ignore-case" => |value| {
                let text = text("equals-ignore-case", value)?;
                Ok(text_test(Way::WholeIgnoreCase, text))
            },
            "wildcard" => wildcard,
            other => {
                let fault = Fault::AnythingButOperator(other.to_owned());
                return Err(ParseError::new(fault, inner.at));
            }
        };
        let tests = operands(&inner.value)?.iter().map(one);
        return Ok(Test::NotTexts(set(tests)?));
    }
    let items = operands(value)?;
    let fault = |at| ParseError::new(Fault::AnythingBut, at);
    if items
        .iter()
        .all(|item| matches!(item.kind, Kind::Number(_)))
    {
        return Ok(Test::NotNumbers(set(items.iter().map(comparable))?));
    }
    let tests = items.iter().map(|item| match &item.kind {
        Kind::Text(text) => Ok(text_test(Way::Whole, text)),
        _ => Err(fault(item.at)),
    });
    Ok(Test::NotTexts(set(tests)?))
}

/// Each item once, in order.
fn set<T: Ord>(items: impl Iterator<Item = Result<T, ParseError>>) -> Result<Vec<T>, ParseError> {
    let items: BTreeSet<T> = items.collect::<Result<_, _>>()?;
    Ok(items.into_iter().collect())
}

/// A comparison with a beginning or end that is not empty.
fn filled(operator: &'static str, way: Way, value: &Json) -> Result<TextTest, ParseError> {
    match text(operator, value)? {
        "" => Err(ParseError::new(Fault::EmptyAffix, value.at)),
        text => Ok(text_test(way, text)),
    }
}
