//! The places in a record that patterns look at, and the patterns as a formula
//! over tests of what stands there.

use std::collections::HashSet;

use crate::cloudtrail::{Class, constraints};
use crate::tree::{Condition, Expr, Selector, Step, Test};

/// More places than this are not searched.
const MAX_PLACES: usize = 1024;

/// An index beyond this is not searched: all elements before it would be places.
const MAX_INDEX: usize = 64;

/// Places form a tree below the record itself, which is place 0.
pub(super) struct Space<'a> {
    pub(super) places: Vec<Place<'a>>,
    pub(super) formula: Formula,
}

/// The record.
pub(super) const RECORD: usize = 0;

pub(super) struct Place<'a> {
    pub(super) parent: usize,
    pub(super) name: Name<'a>,
    pub(super) children: Vec<usize>,
    /// Tests of the patterns at this place.
    pub(super) tests: Vec<&'a Test>,
}

/// Step that leads from the parent to a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Name<'a> {
    Record,
    Member(&'a str),
    Element(usize),
    /// A member or element that no pattern names, for the wildcard of the n-th
    /// condition to find. One for each such condition is enough: the language
    /// has no negation, so of all members only those count that a wildcard
    /// found, and for each condition one.
    Fresh {
        element: bool,
        condition: usize,
    },
}

impl Name<'_> {
    /// Returns true if places of this name are in arrays.
    pub(super) fn is_element(&self) -> bool {
        matches!(self, Name::Element(_) | Name::Fresh { element: true, .. })
    }
}

pub(super) enum Formula {
    All(Vec<Formula>),
    Any(Vec<Formula>),
    Test { place: usize, test: usize },
}

impl<'a> Space<'a> {
    /// The space of the patterns together, or `None` if it is too large.
    pub(super) fn build(patterns: &[&'a Expr]) -> Option<Self> {
        let mut space = Self {
            places: vec![Place::new(RECORD, Name::Record)],
            formula: Formula::Any(Vec::new()),
        };
        let conditions: Vec<&Condition> = patterns.iter().flat_map(|p| p.conditions()).collect();
        for condition in &conditions {
            space.insert(RECORD, &condition.selector.steps);
        }
        if conditions.iter().any(|c| c.selector.has_wildcard()) {
            space.insert_constrained();
            space.expand_wildcards(&conditions)?;
        }
        let operands: Vec<_> = patterns.iter().map(|p| space.formula_of(p)).collect();
        space.formula = Formula::Any(operands);
        (space.places.len() <= MAX_PLACES).then_some(space)
    }

    fn child(&self, parent: usize, name: &Name<'_>) -> Option<usize> {
        let children = self
            .places
            .get(parent)
            .map(|place| place.children.as_slice())?;
        children
            .iter()
            .copied()
            .find(|c| self.places.get(*c).is_some_and(|p| p.name == *name))
    }

    fn child_or_new(&mut self, parent: usize, name: Name<'a>) -> usize {
        if let Some(child) = self.child(parent, &name) {
            return child;
        }
        let child = self.places.len();
        self.places.push(Place::new(parent, name));
        if let Some(place) = self.places.get_mut(parent) {
            place.children.push(child);
        }
        child
    }

    /// The place that steps lead to, as far as they lead to one.
    fn insert(&mut self, from: usize, steps: &'a [Step]) -> usize {
        let named = steps.iter().map_while(|step| match step {
            Step::Member(name) => Some(Name::Member(name)),
            Step::Element(index) => Some(Name::Element(*index)),
            Step::EveryMember | Step::EveryElement => None,
        });
        named.fold(from, |place, name| self.child_or_new(place, name))
    }

    /// Wildcards also find what CloudTrail says about a record.
    fn insert_constrained(&mut self) {
        for class in Class::ALL {
            for constraint in class
                .kinds()
                .iter()
                .flat_map(|kind| constraints(class, *kind))
            {
                let names = constraint.path.iter().map(|name| Name::Member(name));
                names.fold(RECORD, |place, name| self.child_or_new(place, name));
            }
        }
    }

    /// Adds what wildcards may find, until they find nothing new.
    fn expand_wildcards(&mut self, conditions: &[&'a Condition]) -> Option<()> {
        let large = |step: &Step| matches!(step, Step::Element(index) if *index > MAX_INDEX);
        if conditions
            .iter()
            .any(|c| c.selector.steps.iter().any(large))
        {
            return None;
        }
        for (condition, Condition { selector, .. }) in conditions.iter().enumerate() {
            if let Some((before, wildcard, _)) = split(selector) {
                let parent = self.insert(RECORD, before);
                let element = *wildcard == Step::EveryElement;
                self.child_or_new(parent, Name::Fresh { element, condition });
            }
        }
        loop {
            let places = self.places.len();
            if places > MAX_PLACES {
                return None;
            }
            for (before, wildcard, after) in conditions.iter().filter_map(|c| split(&c.selector)) {
                let parent = self.insert(RECORD, before);
                for child in self.found_by(wildcard, parent) {
                    self.insert(child, after);
                }
            }
            if self.places.len() == places {
                return Some(());
            }
        }
    }

    fn found_by(&self, wildcard: &Step, parent: usize) -> Vec<usize> {
        let elements = *wildcard == Step::EveryElement;
        let children = self.places.get(parent).map(|place| place.children.clone());
        let mut children = children.unwrap_or_default();
        children.retain(|c| {
            self.places
                .get(*c)
                .is_some_and(|p| p.name.is_element() == elements)
        });
        children
    }

    fn formula_of(&mut self, expr: &'a Expr) -> Formula {
        match expr {
            Expr::All(operands) => {
                Formula::All(operands.iter().map(|e| self.formula_of(e)).collect())
            }
            Expr::Any(operands) => {
                Formula::Any(operands.iter().map(|e| self.formula_of(e)).collect())
            }
            Expr::Condition(condition) => self.formula_of_condition(condition),
        }
    }

    /// `NOT EXISTS` holds of a wildcard if of everything it may find; any other
    /// test if of something.
    fn formula_of_condition(&mut self, condition: &'a Condition) -> Formula {
        let steps = &condition.selector.steps;
        let Some((before, wildcard, after)) = split(&condition.selector) else {
            let place = self.insert(RECORD, steps);
            return self.test(place, &condition.test);
        };
        let parent = self.insert(RECORD, before);
        let mut found = HashSet::new();
        let tests = self
            .found_by(wildcard, parent)
            .into_iter()
            .filter_map(|child| {
                let place = self.insert(child, after);
                found
                    .insert(place)
                    .then(|| self.test(place, &condition.test))
            });
        let tests: Vec<_> = tests.collect();
        match condition.test {
            Test::NotExists => Formula::All(tests),
            _ => Formula::Any(tests),
        }
    }

    fn test(&mut self, place: usize, test: &'a Test) -> Formula {
        let Some(tests) = self.places.get_mut(place).map(|p| &mut p.tests) else {
            return Formula::Any(Vec::new());
        };
        let known = tests.iter().position(|known| *known == test);
        let index = known.unwrap_or(tests.len());
        if known.is_none() {
            tests.push(test);
        }
        Formula::Test { place, test: index }
    }

    /// The place that these members lead to, if a pattern looks at it.
    pub(super) fn place(&self, path: &[&str]) -> Option<usize> {
        path.iter()
            .try_fold(RECORD, |place, name| self.child(place, &Name::Member(name)))
    }

    /// The members from the record to a place, if it is reached by members only.
    pub(super) fn path(&self, place: usize) -> Option<Vec<&'a str>> {
        let mut path = Vec::new();
        let mut at = place;
        while at != RECORD {
            let Place {
                parent,
                name: Name::Member(name),
                ..
            } = self.places.get(at)?
            else {
                return None;
            };
            path.push(*name);
            at = *parent;
        }
        path.reverse();
        Some(path)
    }
}

impl<'a> Place<'a> {
    fn new(parent: usize, name: Name<'a>) -> Self {
        Self {
            parent,
            name,
            children: Vec::new(),
            tests: Vec::new(),
        }
    }
}

/// A selector before, at and after its wildcard.
fn split(selector: &Selector) -> Option<(&[Step], &Step, &[Step])> {
    let at = selector.steps.iter().position(Step::is_wildcard)?;
    let (before, rest) = selector.steps.split_at_checked(at)?;
    let (wildcard, after) = rest.split_first()?;
    Some((before, wildcard, after))
}
