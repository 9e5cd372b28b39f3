//! Matching of events.
//!
//! An event is seen as its leaves: paths, with the values that are no objects and no
//! arrays. A path has several values where an array lies on it. Values from different
//! elements of one array of objects never satisfy a rule together.

use std::collections::{BTreeMap, BTreeSet};

use crate::json::{Json, Kind};
use crate::number::Number;
use crate::tree::{Rule, Test, Word};

/// A value of an event that is no object and no array.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Leaf {
    Text(String),
    Number(Number),
    Word(Word),
}

impl Leaf {
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Leaf::Text(text) => text.as_str().into(),
            Leaf::Number(number) => serde_json::from_str(number.text()).unwrap_or_default(),
            Leaf::Word(Word::True) => true.into(),
            Leaf::Word(Word::False) => false.into(),
            Leaf::Word(Word::Null) => serde_json::Value::Null,
        }
    }

    /// The leaf that a value is, unless it is an object or array.
    pub(crate) fn of_json(value: &serde_json::Value) -> Option<Self> {
        use serde_json::Value;
        Some(match value {
            Value::String(text) => Leaf::Text(text.clone()),
            Value::Number(number) => Leaf::Number(Number::new(number.to_string())),
            Value::Bool(true) => Leaf::Word(Word::True),
            Value::Bool(false) => Leaf::Word(Word::False),
            Value::Null => Leaf::Word(Word::Null),
            Value::Array(_) | Value::Object(_) => return None,
        })
    }
}

impl Test {
    /// Returns true if the test accepts a value, or that there is none.
    pub(crate) fn accepts(&self, leaf: Option<&Leaf>) -> bool {
        let Some(leaf) = leaf else {
            return *self == Test::Exists(false);
        };
        match (self, leaf) {
            (Test::Text(wanted), Leaf::Text(text)) => wanted.matches(text),
            (Test::NotTexts(tests), Leaf::Text(text)) => !tests.iter().any(|t| t.matches(text)),
            (Test::Addresses(addresses), Leaf::Text(text)) => addresses.contains(text),
            (Test::Number(wanted), Leaf::Number(number)) => wanted == number,
            (Test::NotNumbers(numbers), Leaf::Number(number)) => {
                number.millionths().is_none() || !numbers.contains(number)
            }
            (Test::Numeric(range), Leaf::Number(number)) => range.contains(number),
            (Test::Word(wanted), Leaf::Word(word)) => wanted == word,
            (Test::NotTexts(_) | Test::NotNumbers(_), _) => true,
            (Test::Exists(exists), _) => *exists,
            _ => false,
        }
    }
}

/// The elements of arrays of objects that a value stands in: by array, the element.
type Elements = BTreeMap<usize, usize>;

/// The leaves of an event, by path.
#[derive(Debug, Default)]
pub(crate) struct Leaves {
    by_path: BTreeMap<String, Vec<(Leaf, Elements)>>,
}

impl Leaves {
    pub(crate) fn of_event(event: &Json) -> Self {
        let mut leaves = Self::default();
        let mut arrays = 0;
        leaves.add(None, event, &Elements::new(), &mut arrays);
        leaves
    }

    /// Adds the leaves of the value at a path: none is that of the event itself.
    fn add(&mut self, path: Option<&str>, value: &Json, elements: &Elements, arrays: &mut usize) {
        let leaf = match &value.kind {
            Kind::Object(members) => {
                for member in members {
                    let path = match path {
                        None => member.name.clone(),
                        Some(path) => format!("{path}.{}", member.name),
                    };
                    self.add(Some(&path), &member.value, elements, arrays);
                }
                return;
            }
            Kind::Array(items) => {
                let array = *arrays;
                *arrays += 1;
                for (index, item) in items.iter().enumerate() {
                    let mut elements = elements.clone();
                    if matches!(item.kind, Kind::Object(_) | Kind::Array(_)) {
                        elements.insert(array, index);
                    }
                    self.add(path, item, &elements, arrays);
                }
                return;
            }
            Kind::Text(text) => Leaf::Text(text.clone()),
            Kind::Number(text) => Leaf::Number(Number::new(text)),
            Kind::True => Leaf::Word(Word::True),
            Kind::False => Leaf::Word(Word::False),
            Kind::Null => Leaf::Word(Word::Null),
        };
        let leaves = self
            .by_path
            .entry(path.unwrap_or_default().to_owned())
            .or_default();
        leaves.push((leaf, elements.clone()));
    }
}

/// Returns true if a rule matches an event. Its paths are taken in their order, and that a value is
/// missing counts for the elements that the paths before have settled on.
pub(crate) fn matches(rule: &Rule, event: &Leaves) -> bool {
    let mut settled = BTreeSet::from([Elements::new()]);
    for (path, tests) in rule {
        let leaves = event.by_path.get(path).map_or(&[][..], Vec::as_slice);
        settled = settled
            .iter()
            .flat_map(|elements| settle(elements, leaves, tests))
            .collect();
        if settled.is_empty() {
            return false;
        }
    }
    true
}

/// The elements that are settled on after one more path.
fn settle(elements: &Elements, leaves: &[(Leaf, Elements)], tests: &[Test]) -> Vec<Elements> {
    let together = leaves
        .iter()
        .filter_map(|(leaf, others)| Some((leaf, join(elements, others)?)));
    let together: Vec<(&Leaf, Elements)> = together.collect();
    if together.is_empty() {
        let is_missed = tests.iter().any(|test| test.accepts(None));
        return is_missed.then(|| elements.clone()).into_iter().collect();
    }
    let accepted = together
        .into_iter()
        .filter(|(leaf, _)| tests.iter().any(|test| test.accepts(Some(leaf))));
    accepted.map(|(_, elements)| elements).collect()
}

/// All of the elements, unless they are different ones of the same array.
fn join(some: &Elements, others: &Elements) -> Option<Elements> {
    let mut all = some.clone();
    for (array, element) in others {
        if *all.entry(*array).or_insert(*element) != *element {
            return None;
        }
    }
    Some(all)
}
