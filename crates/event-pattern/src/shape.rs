//! Shapes: sets of JSON documents that a decision ranges over.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::matching::Leaf;

/// The values that may stand at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values {
    /// One of these strings.
    OneOf(Vec<String>),
    /// A string that this regular expression matches as a whole.
    Matching(String),
    /// Any string.
    Text,
    /// `true` or `false`.
    Flag,
    /// An object: never a string, a number, an array.
    Object,
    /// Anything.
    Anything,
}

impl Values {
    /// This string only.
    pub fn one(text: &str) -> Self {
        Values::any_of([text])
    }

    /// One of these strings.
    pub fn any_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        Values::OneOf(texts.into_iter().map(str::to_owned).collect())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    values: Values,
    is_optional: bool,
}

/// A set of JSON documents: what stands at the places it names, and an example.
///
/// A place is a path with periods, as in a pattern. What is not named may be anything or
/// nothing, unless the shape is closed.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    sample: Value,
    places: BTreeMap<String, Option<Place>>,
    is_closed: bool,
    open_below: Option<String>,
}

/// Values that are possible at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Domain<'a> {
    /// The values, `None` if nothing may stand there.
    pub(crate) values: Option<&'a Values>,
    pub(crate) may_be_missing: bool,
}

impl Shape {
    /// The shape of all documents, with one of them as an example.
    pub fn new(sample: Value) -> Self {
        Self {
            sample,
            places: BTreeMap::new(),
            is_closed: false,
            open_below: None,
        }
    }

    /// With one of these values at a place.
    #[must_use]
    pub fn with(self, path: &str, values: Values) -> Self {
        self.place(path, Some((values, false)))
    }

    /// With one of these values at a place, or with nothing.
    #[must_use]
    pub fn with_optional(self, path: &str, values: Values) -> Self {
        self.place(path, Some((values, true)))
    }

    /// With nothing at a place.
    #[must_use]
    pub fn without(self, path: &str) -> Self {
        self.place(path, None)
    }

    /// With nothing at the places that are not named.
    #[must_use]
    pub fn closed(mut self) -> Self {
        self.is_closed = true;
        self
    }

    /// With nothing at the places that are not named, unless they lie below this one.
    #[must_use]
    pub fn closed_but(mut self, path: &str) -> Self {
        self.is_closed = true;
        self.open_below = Some(format!("{path}."));
        self
    }

    fn place(mut self, path: &str, place: Option<(Values, bool)>) -> Self {
        let place = place.map(|(values, is_optional)| Place {
            values,
            is_optional,
        });
        self.places.insert(path.to_owned(), place);
        self
    }

    pub(crate) fn sample(&self) -> &Value {
        &self.sample
    }

    pub(crate) fn sample_mut(&mut self) -> &mut Value {
        &mut self.sample
    }

    /// Returns the values that are possible at a path.
    pub(crate) fn domain(&self, path: &str) -> Domain<'_> {
        const NOTHING: Domain<'_> = Domain {
            values: None,
            may_be_missing: true,
        };
        let above = || {
            path.match_indices('.')
                .filter_map(|(end, _)| path.get(..end))
        };
        let mut may_be_missing = false;
        for above in above() {
            match self.places.get(above) {
                None => {}
                Some(Some(place)) if matches!(place.values, Values::Object | Values::Anything) => {
                    may_be_missing |= place.is_optional;
                }
                // Nothing stands below a string.
                Some(_) => return NOTHING,
            }
        }
        match self.places.get(path) {
            // An object is no value that a pattern looks at.
            Some(Some(place)) if place.values != Values::Object => Domain {
                values: Some(&place.values),
                may_be_missing: may_be_missing || place.is_optional,
            },
            None if self.is_open(path) => Domain {
                values: Some(&Values::Anything),
                may_be_missing: true,
            },
            _ => NOTHING,
        }
    }

    /// Returns true if anything may stand at a place that is not named.
    fn is_open(&self, path: &str) -> bool {
        let is_anything = |place: &Option<Place>| {
            place
                .as_ref()
                .is_some_and(|place| place.values == Values::Anything)
        };
        let mut above = path
            .match_indices('.')
            .filter_map(|(end, _)| path.get(..end));
        let is_open_below = |open: &String| path.starts_with(open.as_str());
        !self.is_closed
            || self.open_below.as_ref().is_some_and(is_open_below)
            || above.any(|above| self.places.get(above).is_some_and(is_anything))
    }

    /// Returns true if an array may lie between a path and the document.
    pub(crate) fn may_lie_in_array(&self, path: &str) -> bool {
        let is_object = |above: &str| {
            let place = self.places.get(above).and_then(Option::as_ref);
            place.is_some_and(|place| place.values == Values::Object)
        };
        let mut above = path
            .match_indices('.')
            .filter_map(|(end, _)| path.get(..end));
        above.any(|above| !is_object(above))
    }

    /// The example with other values at some places: none means that nothing stands there.
    pub(crate) fn document(&self, values: &BTreeMap<&str, Option<&Leaf>>) -> Value {
        let mut document = self.sample.clone();
        for (path, leaf) in values {
            let steps: Vec<&str> = path.split('.').collect();
            match leaf {
                None => remove(&mut document, &steps),
                Some(leaf) => insert(&mut document, &steps, leaf.to_json()),
            }
        }
        document
    }

    /// The value of the example at a path, if a pattern looks at it.
    pub(crate) fn sample_at(&self, path: &str) -> Option<Leaf> {
        let found = path
            .split('.')
            .try_fold(&self.sample, |value, step| value.get(step))?;
        Leaf::of_json(found)
    }
}

/// Removes what stands at a path: of an object its members that are no objects.
fn remove(value: &mut Value, steps: &[&str]) {
    let Some((step, rest)) = steps.split_first() else {
        return;
    };
    let Some(object) = value.as_object_mut() else {
        return;
    };
    if !rest.is_empty() {
        if let Some(inner) = object.get_mut(*step) {
            remove(inner, rest);
        }
    } else if object.get(*step).is_some_and(|value| !value.is_object()) {
        object.remove(*step);
    }
}

/// Puts a value at a path. Where a value and members shall stand at one place, both stand
/// in an array.
fn insert(value: &mut Value, steps: &[&str], leaf: Value) {
    match (steps.split_first(), &mut *value) {
        (None, Value::Object(_)) => *value = Value::Array(vec![value.take(), leaf]),
        (None, _) => *value = leaf,
        (Some((step, rest)), Value::Object(object)) => match object.get_mut(*step) {
            Some(inner) => insert(inner, rest, leaf),
            None => {
                object.insert((*step).to_owned(), nested(rest, leaf));
            }
        },
        (Some(_), Value::Array(items)) => match items.iter_mut().find(|item| item.is_object()) {
            Some(object) => insert(object, steps, leaf),
            None => items.push(nested(steps, leaf)),
        },
        (Some(_), Value::Null) => *value = nested(steps, leaf),
        (Some(_), _) => *value = Value::Array(vec![value.take(), nested(steps, leaf)]),
    }
}

fn nested(steps: &[&str], leaf: Value) -> Value {
    steps.iter().rev().fold(leaf, |inner, step| {
        Value::Object(Map::from_iter([((*step).to_owned(), inner)]))
    })
}
