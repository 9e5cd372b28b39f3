//! The questions about a class: is there a record that a formula matches, or
//! misses? What may stand at each place, in records of each kind.

use std::borrow::Cow;

use serde_json::Value;

use super::attempt::Attempt;
use super::domain::{ConstraintSet, Distinctions, Domain, Signature};
use super::space::{RECORD, Space};
use crate::cloudtrail::{
    Account, Class, Constraint, Kind, Values, constraints, is_misspelt, sample,
};
use crate::tree::Expr;

/// Outcome of a search.
pub(super) enum Outcome {
    /// A record, confirmed by the matcher.
    Found(Cow<'static, Value>),
    /// There is no such record.
    None,
    /// Neither could be shown.
    Unknown,
}

/// The space of some patterns, with what may stand at each place.
pub(super) struct Search<'a> {
    pub(super) space: Space<'a>,
    pub(super) patterns: Vec<&'a Expr>,
    pub(super) account: Option<&'a Account>,
    pub(super) places: Vec<PlaceValues<'a>>,
    scenes: Vec<Scene>,
}

/// Values that are possible at one place.
pub(super) struct PlaceValues<'a> {
    /// The members that lead there, if members do.
    path: Option<Vec<&'a str>>,
    /// Constraints of `CloudTrail` on the place, in any class.
    constraints: Vec<Values>,
    pub(super) domain: Domain,
    refined: bool,
}

impl PlaceValues<'_> {
    /// The index of a constraint of this place.
    fn constraint(&mut self, values: Values) -> usize {
        let known = self.constraints.iter().position(|known| *known == values);
        known.unwrap_or_else(|| {
            self.constraints.push(values);
            self.constraints.len() - 1
        })
    }
}

/// Records of one kind in one class.
pub(super) struct Scene {
    pub(super) class: Class,
    pub(super) sample: Cow<'static, Value>,
    /// Constraints of `CloudTrail` on its records that patterns may touch.
    pub(super) facts: Vec<&'static Constraint>,
    /// Values that are possible at each place.
    pub(super) options: Vec<Options>,
}

/// The choices for a place in a scene.
#[derive(Default)]
pub(super) struct Options {
    /// Constraints of `CloudTrail` on the place.
    constraints: ConstraintSet,
    /// Choices that differ in what tests and places below see of them, the
    /// sample's own first.
    pub(super) choices: Vec<usize>,
    /// The choice that the sample's own value is like.
    pub(super) sample: Option<usize>,
    pub(super) complete: bool,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        space: Space<'a>,
        patterns: Vec<&'a Expr>,
        account: Option<&'a Account>,
    ) -> Self {
        let of_class = |class: Class| class.kinds().iter().map(move |kind| (class, *kind));
        let scenes: Vec<Scene> = Class::ALL
            .into_iter()
            .flat_map(of_class)
            .map(|(class, kind)| Scene::new(class, kind, &space, account))
            .collect();
        let places = (0..space.places.len()).map(|place| PlaceValues {
            path: space.path(place),
            constraints: Vec::new(),
            domain: Domain::default(),
            refined: false,
        });
        let mut search = Self {
            places: places.collect(),
            space,
            patterns,
            account,
            scenes,
        };
        search.place_facts();
        for place in RECORD + 1..search.places.len() {
            search.with_domain(place, |domain, distinctions| {
                *domain = Domain::sketch(distinctions);
            });
        }
        search
    }

    /// Notes for each place what is said of it, in any scene and in each.
    fn place_facts(&mut self) {
        for scene in &mut self.scenes {
            for fact in &scene.facts {
                let Some(place) = self.space.place(fact.path) else {
                    continue;
                };
                if let (Some(values), Some(options)) =
                    (self.places.get_mut(place), scene.options.get_mut(place))
                {
                    options.constraints.insert(values.constraint(fact.values));
                }
            }
        }
        for (place, values) in self.places.iter_mut().enumerate() {
            if values.path.as_deref().is_some_and(is_misspelt) {
                let missing = values.constraint(Values::Missing);
                let options = self
                    .scenes
                    .iter_mut()
                    .filter_map(|s| s.options.get_mut(place));
                options.for_each(|options| options.constraints.insert(missing));
            }
        }
    }

    /// Looks for a record of the class that the patterns match, or that none of them matches.
    pub(super) fn find(&mut self, class: Class, matched: bool) -> Outcome {
        let mut outcome = Outcome::None;
        for scene in 0..self.scenes.len() {
            if self
                .scenes
                .get(scene)
                .is_none_or(|scene| scene.class != class)
            {
                continue;
            }
            match self.find_in(scene, matched) {
                Outcome::Found(record) => return Outcome::Found(record),
                Outcome::Unknown => outcome = Outcome::Unknown,
                Outcome::None => {}
            }
        }
        outcome
    }

    fn find_in(&mut self, scene: usize, matched: bool) -> Outcome {
        loop {
            let Some(of) = self.scenes.get(scene) else {
                return Outcome::Unknown;
            };
            let mut attempt = Attempt::new(self, of, matched);
            if let Some(record) = attempt.extend() {
                return Outcome::Found(record);
            }
            let is_proof = attempt.is_exhaustive();
            let vague = attempt.vague;
            match vague {
                None if is_proof => return Outcome::None,
                Some(place) if self.refine(place) => {}
                _ => return Outcome::Unknown,
            }
        }
    }

    /// Looks closer at what may stand at a place; `false` if that was done before.
    fn refine(&mut self, place: usize) -> bool {
        let was_refined = self
            .places
            .get_mut(place)
            .is_none_or(|values| std::mem::replace(&mut values.refined, true));
        if !was_refined {
            self.with_domain(place, Domain::refine);
        }
        !was_refined
    }

    /// Changes the domain of a place, and what follows from it in every scene.
    fn with_domain(&mut self, place: usize, change: impl FnOnce(&mut Domain, &Distinctions<'_>)) {
        let (Some(values), Some(at)) = (self.places.get_mut(place), self.space.places.get(place))
        else {
            return;
        };
        let distinctions = Distinctions {
            tests: &at.tests,
            constraints: &values.constraints,
            member: values
                .path
                .as_ref()
                .and_then(|path| path.last().copied())
                .unwrap_or_default(),
            has_children: !at.children.is_empty(),
            account: self.account,
        };
        change(&mut values.domain, &distinctions);
        for scene in &mut self.scenes {
            let path = values.path.as_ref();
            let sample: &Value = &scene.sample;
            let standing =
                path.and_then(|path| path.iter().try_fold(sample, |v, name| v.get(name)));
            let signature = distinctions.signature(standing);
            if let Some(options) = scene.options.get_mut(place) {
                options.update(&values.domain, &signature);
            }
        }
    }
}

impl Scene {
    fn new(class: Class, kind: Kind, space: &Space<'_>, account: Option<&Account>) -> Self {
        let options = (0..space.places.len())
            .map(|_| Options::default())
            .collect();
        let touched = |c: &&Constraint| c.path.get(..1).and_then(|top| space.place(top)).is_some();
        let facts = constraints(class, kind).filter(touched).collect();
        Self {
            class,
            sample: sample(class, kind, account),
            facts,
            options,
        }
    }
}

impl Options {
    fn update(&mut self, domain: &Domain, sample: &Signature) {
        let of_sample = domain
            .choices
            .iter()
            .position(|choice| choice.signature == *sample);
        self.choices.clear();
        for index in of_sample.into_iter().chain(0..domain.choices.len()) {
            let Some(choice) = domain.choices.get(index) else {
                continue;
            };
            let is_like = |known: &usize| {
                let known = domain.choices.get(*known);
                known.is_some_and(|known| known.looks_like(choice))
            };
            if choice.signature.admitted.contains(self.constraints)
                && !self.choices.iter().any(is_like)
            {
                self.choices.push(index);
            }
        }
        self.sample = of_sample;
        self.complete = domain.is_complete(self.constraints);
    }
}
