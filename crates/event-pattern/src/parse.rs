//! From the text of a pattern to its rules.
//!
//! `$or` multiplies the rules: each alternative makes a copy of all that came before.
//! A path that is named twice on the way to one rule has the values that came last.

mod operators;

use crate::fault::{Fault, ParseError};
use crate::json::{self, Json, Kind, Member};
use crate::tree::{Rule, Test};

/// The largest number of rules that the alternatives of `$or` may multiply to.
pub const MAX_COMBINATIONS: usize = 1_000;

/// Field names that AWS reserves inside `$or`.
pub(crate) const RESERVED: &[&str] = &[
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "regex",
    "not-wildcard",
    "not-equals-ignore-case",
    "date-after",
    "date-on-or-after",
    "date-before",
    "date-on-or-before",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
];

pub(crate) const OR: &str = "$or";

/// The rules of a pattern: it matches what any of them matches.
pub(crate) fn parse(source: &str) -> Result<Vec<Rule>, ParseError> {
    let root = json::read(source)?;
    let Kind::Object(members) = &root.kind else {
        return Err(ParseError::new(Fault::NotAnObject, root.at));
    };
    let mut rules = vec![Rule::new()];
    fields(&mut rules, &Place::default(), members, root.at)?;
    Ok(rules)
}

/// Position in the pattern that fields are read at.
#[derive(Clone, Default)]
struct Place {
    /// The path of the object, with a period at its end unless it is the pattern itself.
    path: String,
    is_inside_or: bool,
}

fn fields(
    rules: &mut Vec<Rule>,
    place: &Place,
    members: &[Member],
    at: usize,
) -> Result<(), ParseError> {
    if members.is_empty() {
        return Err(ParseError::new(Fault::EmptyObject, at));
    }
    for member in members {
        if member.name == OR {
            alternatives(rules, place, &member.value)?;
            continue;
        }
        if place.is_inside_or && RESERVED.contains(&member.name.as_str()) {
            return Err(ParseError::new(
                Fault::Reserved(member.name.clone()),
                member.at,
            ));
        }
        let path = format!("{}{}", place.path, member.name);
        match &member.value.kind {
            Kind::Object(members) => {
                let inner = Place {
                    path: path + ".",
                    ..place.clone()
                };
                fields(rules, &inner, members, member.value.at)?;
            }
            Kind::Array(items) => {
                let tests = tests(items, member.value.at)?;
                for rule in &mut *rules {
                    rule.insert(path.clone(), tests.clone());
                }
            }
            _ => {
                let fault = Fault::NeitherObjectNorArray(member.name.clone());
                return Err(ParseError::new(fault, member.value.at));
            }
        }
    }
    Ok(())
}

fn alternatives(rules: &mut Vec<Rule>, place: &Place, value: &Json) -> Result<(), ParseError> {
    let fault = |at| ParseError::new(Fault::Or, at);
    let Kind::Array(items) = &value.kind else {
        return Err(fault(value.at));
    };
    if items.len() < 2 {
        return Err(fault(value.at));
    }
    let before = std::mem::take(rules);
    let inside = Place {
        is_inside_or: true,
        ..place.clone()
    };
    for item in items {
        let Kind::Object(members) = &item.kind else {
            return Err(fault(item.at));
        };
        let mut copies = before.clone();
        fields(&mut copies, &inside, members, item.at)?;
        rules.append(&mut copies);
        if rules.len() > MAX_COMBINATIONS {
            return Err(ParseError::new(Fault::Combinations, item.at));
        }
    }
    Ok(())
}

fn tests(items: &[Json], at: usize) -> Result<Vec<Test>, ParseError> {
    if items.is_empty() {
        return Err(ParseError::new(Fault::EmptyArray, at));
    }
    items.iter().map(operators::test).collect()
}
