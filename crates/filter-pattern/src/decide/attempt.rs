//! One search through the space, by choosing what stands at one place after the other.

use std::borrow::Cow;

use serde_json::Value;

use super::domain::Holds;
use super::search::{Scene, Search};
use super::space::{Formula, Name, RECORD};
use super::witness;

/// Tests looked at in the search for one record, before it is given up. This
/// bounds the time; the length of patterns bounds the memory.
const BUDGET: usize = 40_000;

/// One run through the space of a scene.
pub(super) struct Attempt<'s, 'a> {
    search: &'s Search<'a>,
    scene: &'s Scene,
    /// Shall the patterns match the record, or miss it?
    matched: bool,
    /// Choice for each place so far.
    chosen: Vec<Option<usize>>,
    /// The places in the order they were chosen for.
    trail: Vec<usize>,
    budget: usize,
    /// A place that mattered although not all that may stand there is known.
    pub(super) vague: Option<usize>,
    /// True if a record fitted the formula and was not what it should be.
    unconfirmed: bool,
}

/// Truth value of a formula under a partial choice.
enum Truth {
    Known(bool),
    /// It depends on this place.
    Open(usize),
}

impl<'s, 'a> Attempt<'s, 'a> {
    pub(super) fn new(search: &'s Search<'a>, scene: &'s Scene, matched: bool) -> Self {
        Self {
            search,
            scene,
            matched,
            chosen: vec![None; search.places.len()],
            trail: Vec::new(),
            budget: BUDGET,
            vague: None,
            unconfirmed: false,
        }
    }

    /// Returns true if the budget sufficed, and nothing that was found failed to be confirmed.
    pub(super) fn is_exhaustive(&self) -> bool {
        self.budget > 0 && !self.unconfirmed
    }

    /// Extends the choices until the formula is decided, then confirms the record.
    pub(super) fn extend(&mut self) -> Option<Cow<'static, Value>> {
        let place = match self.evaluate(&self.search.space.formula) {
            Truth::Known(matched) if matched == self.matched => return self.confirm(),
            Truth::Known(_) => return None,
            Truth::Open(place) => place,
        };
        let options = self.scene.options.get(place)?;
        if !options.complete {
            self.vague.get_or_insert(place);
        }
        for choice in options.choices.iter().copied() {
            let mark = self.trail.len();
            let found = if self.choose(place, choice) {
                self.extend()
            } else {
                None
            };
            if found.is_some() || self.budget == 0 {
                return found;
            }
            self.undo(mark);
        }
        None
    }

    fn evaluate(&mut self, formula: &Formula) -> Truth {
        let (operands, absorbing) = match formula {
            Formula::All(operands) => (operands, false),
            Formula::Any(operands) => (operands, true),
            Formula::Test { place, test } => {
                self.budget = self.budget.saturating_sub(1);
                return self
                    .test(*place, *test)
                    .map_or(Truth::Open(*place), Truth::Known);
            }
        };
        let mut open = None;
        for operand in operands {
            match self.evaluate(operand) {
                Truth::Known(truth) if truth == absorbing => return Truth::Known(absorbing),
                Truth::Known(_) => {}
                Truth::Open(place) => open = open.or(Some(place)),
            }
        }
        open.map_or(Truth::Known(!absorbing), Truth::Open)
    }

    fn test(&self, place: usize, test: usize) -> Option<bool> {
        let choice = (*self.chosen.get(place)?)?;
        let choice = self.search.places.get(place)?.domain.choices.get(choice)?;
        Some(choice.signature.tests.get(test))
    }

    /// Chooses, and what follows for the places above and below; `false` if that
    /// contradicts earlier choices.
    fn choose(&mut self, place: usize, choice: usize) -> bool {
        if let Some(earlier) = self.chosen.get(place).copied().flatten() {
            return self.holds(place, earlier) == self.holds(place, choice);
        }
        if let Some(chosen) = self.chosen.get_mut(place) {
            *chosen = Some(choice);
            self.trail.push(place);
        }
        self.leaves_no_gap(place, choice)
            && self.choose_above(place, choice)
            && self.choose_below(place, choice)
    }

    /// An array has all elements before the one it has.
    fn leaves_no_gap(&self, place: usize, choice: usize) -> bool {
        let places = &self.search.space.places;
        let Some((Name::Element(index), parent)) = places.get(place).map(|p| (&p.name, p.parent))
        else {
            return true;
        };
        let is_missing = |place, choice| self.holds(place, choice) == Holds::Missing;
        let missing = is_missing(place, choice);
        let siblings = places
            .get(parent)
            .map_or(&[][..], |p| p.children.as_slice());
        siblings.iter().all(|sibling| {
            let chosen = self.chosen.get(*sibling).copied().flatten();
            match (places.get(*sibling).map(|p| &p.name), chosen) {
                (Some(Name::Element(other)), Some(chosen)) if other != index => {
                    // Whichever comes first must be there if the other is.
                    let (first, second) = if other < index {
                        (is_missing(*sibling, chosen), missing)
                    } else {
                        (missing, is_missing(*sibling, chosen))
                    };
                    !first || second
                }
                _ => true,
            }
        })
    }

    /// Chooses containers for the parents of a place: a value can only stand in an object or an
    /// array.
    fn choose_above(&mut self, place: usize, choice: usize) -> bool {
        if self.holds(place, choice) == Holds::Missing {
            return true;
        }
        let Some(at) = self.search.space.places.get(place) else {
            return false;
        };
        let parent = at.parent;
        if parent == RECORD {
            return true;
        }
        let needed = if at.name.is_element() {
            Holds::Elements
        } else {
            Holds::Members
        };
        if let Some(above) = self.chosen.get(parent).copied().flatten() {
            return self.holds(parent, above) == needed;
        }
        if self
            .scene
            .options
            .get(parent)
            .is_some_and(|options| !options.complete)
        {
            self.vague.get_or_insert(parent);
        }
        let above = self.choice_that_holds(parent, needed);
        above.is_some_and(|above| self.choose(parent, above))
    }

    /// Nothing stands below what is no object, and no member in an array.
    fn choose_below(&mut self, place: usize, choice: usize) -> bool {
        let holds = self.holds(place, choice);
        let search = self.search;
        let children = search
            .space
            .places
            .get(place)
            .map_or(&[][..], |p| p.children.as_slice());
        children.iter().all(|child| {
            let element = search
                .space
                .places
                .get(*child)
                .is_some_and(|c| c.name.is_element());
            let possible = if element {
                Holds::Elements
            } else {
                Holds::Members
            };
            holds == possible || {
                let missing = self.choice_that_holds(*child, Holds::Missing);
                missing.is_some_and(|missing| self.choose(*child, missing))
            }
        })
    }

    fn undo(&mut self, mark: usize) {
        for place in self.trail.drain(mark..) {
            if let Some(chosen) = self.chosen.get_mut(place) {
                *chosen = None;
            }
        }
    }

    fn value(&self, place: usize, choice: usize) -> Option<&'s Value> {
        self.search
            .places
            .get(place)?
            .domain
            .choices
            .get(choice)?
            .value
            .as_ref()
    }

    fn holds(&self, place: usize, choice: usize) -> Holds {
        let values = self.search.places.get(place);
        let choice = values.and_then(|values| values.domain.choices.get(choice));
        choice.map_or(Holds::Missing, |choice| choice.signature.holds)
    }

    fn choice_that_holds(&self, place: usize, holds: Holds) -> Option<usize> {
        let choices = &self.scene.options.get(place)?.choices;
        choices
            .iter()
            .copied()
            .find(|choice| self.holds(place, *choice) == holds)
    }

    /// The record that the choices describe, if the matcher agrees.
    fn confirm(&mut self) -> Option<Cow<'static, Value>> {
        let choices: Vec<witness::Choice<'_>> = self
            .chosen
            .iter()
            .zip(&self.scene.options)
            .enumerate()
            .map(|(place, (chosen, options))| match chosen {
                None => witness::Choice::Free,
                Some(choice) if Some(*choice) == options.sample => witness::Choice::Sample,
                Some(choice) => witness::Choice::Value(self.value(place, *choice)),
            })
            .collect();
        let record = witness::confirmed(self.search, self.scene, self.matched, &choices);
        self.unconfirmed |= record.is_none();
        record
    }
}
