//! Search for a document: one kind of value at each path.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::values::Choices;
use crate::matching::Leaf;
use crate::shape::Shape;
use crate::tree::Rule;

/// The most choices that a search makes.
const BUDGET: usize = 20_000;

/// The end of a search.
pub(super) enum Found {
    /// This document, confirmed.
    Document(Value),
    /// There is none.
    Nothing,
    /// The budget is used up, a kind of value may be missing, or no document that was
    /// found could be confirmed.
    Unknown,
}

/// The rules of a pattern, and the kinds of values at each of their paths.
pub(super) struct Space<'a> {
    rules: &'a [Rule],
    shape: &'a Shape,
    places: BTreeMap<&'a str, Choices>,
    /// The rules that two values in different elements of an array can make fail.
    over_arrays: BTreeSet<usize>,
}

type Chosen<'a> = BTreeMap<&'a str, Option<&'a Leaf>>;

impl<'a> Space<'a> {
    pub(super) fn new(rules: &'a [Rule], shape: &'a Shape) -> Self {
        let paths: BTreeSet<&String> = rules.iter().flat_map(Rule::keys).collect();
        let choices = |path: &'a String| (path.as_str(), Choices::new(path, rules, shape));
        let over_arrays = rules.iter().enumerate().filter(|(_, rule)| {
            let below = rule.keys().filter(|path| shape.may_lie_in_array(path));
            below.count() > 1
        });
        Self {
            rules,
            shape,
            places: paths.into_iter().map(choices).collect(),
            over_arrays: over_arrays.map(|(number, _)| number).collect(),
        }
    }

    pub(super) fn has_rules_over_arrays(&self) -> bool {
        !self.over_arrays.is_empty()
    }

    /// Looks for a document that makes every rule fail, or every rule that arrays cannot
    /// make fail.
    pub(super) fn find_missed(
        &self,
        without_rules_over_arrays: bool,
        confirms: &dyn Fn(&Value) -> bool,
    ) -> Found {
        let rules: BTreeSet<usize> = (0..self.rules.len())
            .filter(|number| !without_rules_over_arrays || !self.over_arrays.contains(number))
            .collect();
        let search = Search {
            space: self,
            confirms,
            budget: Cell::new(BUDGET),
            is_sure: Cell::new(true),
        };
        match search.fail(&rules, &mut Chosen::new()) {
            Some(document) => Found::Document(document),
            None if search.is_sure.get() && self.are_complete(self.places.keys().copied()) => {
                Found::Nothing
            }
            None => Found::Unknown,
        }
    }

    /// Looks for a document that some rule matches.
    pub(super) fn find_matched(&self, confirms: &dyn Fn(&Value) -> bool) -> Found {
        let mut is_sure = true;
        for (number, rule) in self.rules.iter().enumerate() {
            let mut chosen = Chosen::new();
            let mut impossible = false;
            let mut unsure = false;
            for path in rule.keys() {
                let choices = self.places.get(path.as_str());
                let accepted = choices
                    .iter()
                    .flat_map(|choices| &choices.all)
                    .find(|choice| !choice.failing.contains(&number));
                match accepted {
                    Some(choice) => drop(chosen.insert(path, choice.leaf.as_ref())),
                    None if self.are_complete([path.as_str()]) => impossible = true,
                    None => unsure = true,
                }
            }
            if impossible {
                continue;
            }
            let document = self.shape.document(&chosen);
            if !unsure && confirms(&document) {
                return Found::Document(document);
            }
            is_sure = false;
        }
        if is_sure {
            Found::Nothing
        } else {
            Found::Unknown
        }
    }

    fn are_complete<'b>(&self, paths: impl IntoIterator<Item = &'b str>) -> bool {
        let mut paths = paths.into_iter();
        paths.all(|path| {
            self.places
                .get(path)
                .is_some_and(|choices| choices.are_complete)
        })
    }
}

struct Search<'a> {
    space: &'a Space<'a>,
    confirms: &'a dyn Fn(&Value) -> bool,
    budget: Cell<usize>,
    /// True if nothing was left out: the budget was enough, every document confirmed.
    is_sure: Cell<bool>,
}

impl<'a> Search<'a> {
    /// Chooses values for further paths, until each of these rules fails.
    fn fail(&self, rules: &BTreeSet<usize>, chosen: &mut Chosen<'a>) -> Option<Value> {
        let Some(number) = rules.first() else {
            let document = self.space.shape.document(chosen);
            if (self.confirms)(&document) {
                return Some(document);
            }
            self.is_sure.set(false);
            return None;
        };
        let rule = self.space.rules.get(*number)?;
        for path in rule.keys() {
            let path = path.as_str();
            if chosen.contains_key(path) {
                continue;
            }
            let (path, choices) = self.space.places.get_key_value(path)?;
            for choice in choices
                .all
                .iter()
                .filter(|choice| choice.failing.contains(number))
            {
                let Some(budget) = self.budget.get().checked_sub(1) else {
                    self.is_sure.set(false);
                    return None;
                };
                self.budget.set(budget);
                chosen.insert(path, choice.leaf.as_ref());
                let rest = rules.difference(&choice.failing).copied().collect();
                let found = self.fail(&rest, chosen);
                chosen.remove(path);
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }
}
