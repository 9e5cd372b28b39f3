//! The canonical form of a pattern: the shortest list of rules, what they have in common
//! written once, names and alternatives in order.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::number::NumberRange;
use crate::parse::{OR, RESERVED};
use crate::tree::{Rule, Test, TextTest, Way};

/// Writes rules as a pattern.
pub(crate) fn print(rules: &[Rule]) -> String {
    let rules = shortest(rules);
    let Some((first, others)) = rules.split_first() else {
        return String::from("{}");
    };
    if others.is_empty() {
        return object(first, false, None);
    }
    let is_common = |(path, tests): &(&String, &Vec<Test>)| {
        others.iter().all(|rule| rule.get(*path) == Some(*tests))
    };
    let common: Rule = first
        .iter()
        .filter(is_common)
        .map(|(path, tests)| (path.clone(), tests.clone()))
        .collect();
    let own = |rule: &Rule| {
        let own = rule.iter().filter(|(path, _)| !common.contains_key(*path));
        let own: Rule = own
            .map(|(path, tests)| (path.clone(), tests.clone()))
            .collect();
        object(&own, true, None)
    };
    let alternatives: Vec<String> = rules.iter().map(own).collect();
    object(
        &common,
        false,
        Some(&format!("[{}]", alternatives.join(","))),
    )
}

/// The rules without those that match no more than another.
fn shortest(rules: &[Rule]) -> Vec<Rule> {
    let sorted = |rule: &Rule| -> Rule {
        let tests = |tests: &Vec<Test>| -> Vec<Test> {
            let tests: BTreeSet<Test> = tests.iter().cloned().collect();
            tests.into_iter().collect()
        };
        rule.iter()
            .map(|(path, of)| (path.clone(), tests(of)))
            .collect()
    };
    let rules: BTreeSet<Rule> = rules.iter().map(sorted).collect();
    let demands_less = |less: &Rule, more: &Rule| {
        less != more
            && less
                .iter()
                .all(|(path, tests)| more.get(path) == Some(tests))
    };
    let needed = |rule: &&Rule| !rules.iter().any(|other| demands_less(other, rule));
    rules.iter().filter(needed).cloned().collect()
}

/// An object under construction: fields, and objects by name.
#[derive(Default)]
struct Object {
    fields: BTreeMap<String, String>,
    objects: BTreeMap<String, Object>,
}

/// Writes a rule, with the alternatives if there are any.
fn object(rule: &Rule, is_inside_or: bool, alternatives: Option<&str>) -> String {
    let mut root = Object::default();
    for (path, tests) in rule {
        let tests: Vec<String> = tests.iter().map(test).collect();
        root.insert(rule, path, is_inside_or, format!("[{}]", tests.join(",")));
    }
    if let Some(alternatives) = alternatives {
        root.fields.insert(OR.to_owned(), alternatives.to_owned());
    }
    root.print()
}

impl Object {
    /// Inserts a field, in nested objects where that says the same as a name with periods.
    fn insert(&mut self, rule: &Rule, path: &str, is_inside_or: bool, value: String) {
        let steps: Vec<&str> = path.split('.').collect();
        let is_name = |step: &&str| *step != OR && !(is_inside_or && RESERVED.contains(step));
        let mut ends = path.match_indices('.').map(|(end, _)| end);
        let stands_below_field =
            ends.any(|end| path.get(..end).is_some_and(|p| rule.contains_key(p)));
        if stands_below_field || !steps.iter().all(is_name) {
            self.fields.insert(path.to_owned(), value);
            return;
        }
        let Some((last, above)) = steps.split_last() else {
            return;
        };
        let mut object = self;
        for step in above {
            object = object.objects.entry((*step).to_owned()).or_default();
        }
        object.fields.insert((*last).to_owned(), value);
    }

    fn print(&self) -> String {
        let objects = self
            .objects
            .iter()
            .map(|(name, object)| (name, object.print()));
        let fields = self
            .fields
            .iter()
            .map(|(name, value)| (name, value.clone()));
        let members: BTreeMap<&String, String> = fields.chain(objects).collect();
        let members = members
            .into_iter()
            .map(|(name, value)| format!("{}:{value}", quoted(name)));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn test(test: &Test) -> String {
    let list = |items: Vec<String>| match items.as_slice() {
        [only] => only.clone(),
        items => format!("[{}]", items.join(",")),
    };
    match test {
        Test::Text(test) => text_test(test),
        Test::NotTexts(tests) => {
            let operands = list(tests.iter().map(|test| quoted(&test.text)).collect());
            match tests.first().map(|test| test.way) {
                None | Some(Way::Whole) => format!("{{\"anything-but\":{operands}}}"),
                Some(way) => format!("{{\"anything-but\":{{\"{}\":{operands}}}}}", operator(way)),
            }
        }
        Test::Number(number) => number.text().to_owned(),
        Test::NotNumbers(numbers) => {
            let numbers = list(numbers.iter().map(|n| n.text().to_owned()).collect());
            format!("{{\"anything-but\":{numbers}}}")
        }
        Test::Numeric(range) => numeric(range),
        Test::Addresses(addresses) if addresses.is_block() => {
            format!("{{\"cidr\":{}}}", quoted(addresses.text()))
        }
        Test::Addresses(addresses) => quoted(addresses.text()),
        Test::Word(word) => word.text().to_owned(),
        Test::Exists(exists) => format!("{{\"exists\":{exists}}}"),
    }
}

fn operator(way: Way) -> &'static str {
    match way {
        Way::Whole => "exactly",
        Way::Prefix | Way::PrefixIgnoreCase => "prefix",
        Way::Suffix | Way::SuffixIgnoreCase => "suffix",
        Way::WholeIgnoreCase => "equals-ignore-case",
        Way::Wildcard => "wildcard",
    }
}

fn text_test(test: &TextTest) -> String {
    let operand = Value::from(test.text.as_str());
    let object = |name: &str, value: Value| Value::from(Map::from_iter([(name.to_owned(), value)]));
    match test.way {
        // The address itself would match in any spelling.
        Way::Whole if crate::address::Addresses::one(&test.text).is_none() => operand.to_string(),
        Way::PrefixIgnoreCase | Way::SuffixIgnoreCase => {
            let folded = object(operator(Way::WholeIgnoreCase), operand);
            object(operator(test.way), folded).to_string()
        }
        way => object(operator(way), operand).to_string(),
    }
}

fn numeric(range: &NumberRange) -> String {
    let end = |end: &Option<(crate::number::Number, bool)>, sign: &str| {
        end.as_ref().map(|(number, included)| {
            let equal = if *included { "=" } else { "" };
            format!("\"{sign}{equal}\",{}", number.text())
        })
    };
    if let (Some((lower, true)), Some((upper, true))) = (&range.lower, &range.upper)
        && lower == upper
    {
        return format!("{{\"numeric\":[\"=\",{}]}}", lower.text());
    }
    let ends = [end(&range.lower, ">"), end(&range.upper, "<")];
    let ends: Vec<String> = ends.into_iter().flatten().collect();
    format!("{{\"numeric\":[{}]}}", ends.join(","))
}
