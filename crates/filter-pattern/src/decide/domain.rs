//! Values that are possible at a place: one of every kind that the tests and the constraints there
//! tell apart.

use std::borrow::Cow;

use serde_json::{Number, Value, json};

use super::language::{Language, representatives};
use crate::cloudtrail::{ACCOUNT_ID, Account, ENDS_AS_ROOT, ROOT_ARN, Values, realistic};
use crate::tree::{Operand, Shape, Test};

/// The values of a place, none of them alike to the tests and constraints.
#[derive(Default)]
pub(super) struct Domain {
    pub(super) choices: Vec<Choice>,
    /// True if every string, and every number, is like one of the choices.
    strings: bool,
    numbers: bool,
    /// Constraints that admit finitely many values, which are all choices.
    narrow: ConstraintSet,
}

/// Numbers as `serde_json` writes them (and a few more, such as `1e1`).
const NUMBERS: &str = concat!(
    r"0|-?[1-9][0-9]*|-?(0|[1-9][0-9]*)\.(0|[0-9]*[1-9])",
    r"|-?[1-9](\.[0-9]*[1-9])?e-?[1-9][0-9]*"
);

/// A value, or its absence, and what is true of it.
pub(super) struct Choice {
    pub(super) value: Option<Value>,
    pub(super) signature: Signature,
}

impl Choice {
    /// Returns true if tests and places below see no difference between the two.
    pub(super) fn looks_like(&self, other: &Choice) -> bool {
        self.signature.holds == other.signature.holds
            && self.signature.tests == other.signature.tests
    }
}

/// Properties of a value that the tests of a place, the constraints and the places below can
/// observe.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Signature {
    /// Tests that hold, in the order of the tests.
    pub(super) tests: Bits,
    /// Constraints that admit the value.
    pub(super) admitted: ConstraintSet,
    /// Presence of the value, and the contents that are possible below it.
    pub(super) holds: Holds,
}

/// Booleans, of which the first 64 take no memory of their own.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Bits {
    first: u64,
    rest: Vec<u64>,
}

impl Bits {
    pub(super) fn get(&self, index: usize) -> bool {
        let word = match index / 64 {
            0 => self.first,
            word => self.rest.get(word - 1).copied().unwrap_or_default(),
        };
        word >> (index % 64) & 1 == 1
    }
}

impl FromIterator<bool> for Bits {
    fn from_iter<I: IntoIterator<Item = bool>>(booleans: I) -> Self {
        let mut bits = Self::default();
        for (index, boolean) in booleans.into_iter().enumerate() {
            if index > 0 && index % 64 == 0 {
                bits.rest.push(0);
            }
            let word = bits.rest.last_mut().unwrap_or(&mut bits.first);
            *word |= u64::from(boolean) << (index % 64);
        }
        bits
    }
}

/// Some of the constraints of a place, of which there are a dozen at most.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ConstraintSet(u32);

impl ConstraintSet {
    /// Those that the predicate chooses.
    pub(super) fn select(constraints: &[Values], chosen: impl Fn(&Values) -> bool) -> Self {
        let bits = constraints.iter().zip(0_u32..).filter(|(c, _)| chosen(c));
        Self(bits.fold(0, |set, (_, bit)| set | 1 << bit))
    }

    /// Adds the constraint with this index.
    pub(super) fn insert(&mut self, index: usize) {
        self.0 |= 1 << index;
    }

    /// Returns true if all of `other` are in it.
    pub(super) fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns true if none is in it.
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns true if one of `other` is in it.
    pub(super) fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Contents that are possible below a value. Where there are no places below, objects and arrays
/// are empty.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// There is no value.
    Missing,
    Nothing,
    Members,
    Elements,
}

/// Tests and constraints that tell the values of a place apart.
#[derive(Clone, Copy)]
pub(super) struct Distinctions<'a> {
    /// Tests of the patterns.
    pub(super) tests: &'a [&'a Test],
    /// Constraints of `CloudTrail`, for any class.
    pub(super) constraints: &'a [Values],
    /// The last name on the way to the place.
    pub(super) member: &'a str,
    /// True if there are places below it.
    pub(super) has_children: bool,
    pub(super) account: Option<&'a Account>,
}

impl Domain {
    /// Returns true if every value that the constraints admit is like one of the choices. No
    /// constraint admits a number.
    pub(super) fn is_complete(&self, constraints: ConstraintSet) -> bool {
        self.narrow.intersects(constraints)
            || self.strings && (self.numbers || !constraints.is_empty())
    }

    /// Values by which most questions can be settled, found without an automaton.
    pub(super) fn sketch(distinctions: &Distinctions<'_>) -> Self {
        let mut domain = Self {
            choices: Vec::new(),
            strings: distinctions.shapes().all(is_literal),
            numbers: distinctions.shapes().all(is_literal),
            narrow: ConstraintSet::select(distinctions.constraints, |c| {
                c.are_few(distinctions.account)
            }),
        };
        let texts = distinctions.sample_texts();
        for text in realistic(distinctions.member) {
            domain.add(Some(json!(text)), distinctions);
        }
        domain.add(None, distinctions);
        for text in &texts {
            domain.add(Some(json!(text)), distinctions);
        }
        let fresh = first_not_in(&texts, |n| format!("example-{n}"));
        for value in [
            fresh.map(Value::from),
            Some(json!("")),
            Some(json!({})),
            Some(json!([])),
        ] {
            domain.add(value, distinctions);
        }
        for value in [json!(true), json!(false), Value::Null] {
            domain.add(Some(value), distinctions);
        }
        for number in distinctions.sample_numbers(&texts) {
            domain.add(Some(number), distinctions);
        }
        domain
    }

    /// Adds what the sketch overlooked; what takes too much memory stays overlooked.
    pub(super) fn refine(&mut self, distinctions: &Distinctions<'_>) {
        let mut languages = distinctions.languages();
        languages.push(Language::Matches(NUMBERS));
        let Some(texts) = representatives(&languages) else {
            return;
        };
        self.strings = true;
        self.numbers |= !distinctions.compares_numbers();
        for text in texts {
            match text.parse::<Number>() {
                Ok(number) if number.to_string() == text => {
                    self.add(Some(Value::Number(number)), distinctions);
                }
                // A number is written like this one, but not this one.
                Ok(_) => self.numbers = false,
                Err(_) => {}
            }
            self.add(Some(Value::String(text)), distinctions);
        }
    }

    fn add(&mut self, value: Option<Value>, distinctions: &Distinctions<'_>) {
        let signature = distinctions.signature(value.as_ref());
        if self
            .choices
            .iter()
            .all(|choice| choice.signature != signature)
        {
            self.choices.push(Choice { value, signature });
        }
    }
}

impl<'a> Distinctions<'a> {
    /// Returns the signature of a value at this place.
    pub(super) fn signature(&self, value: Option<&Value>) -> Signature {
        let holds = match value {
            Some(Value::Object(_)) if self.has_children => Holds::Members,
            Some(Value::Array(_)) if self.has_children => Holds::Elements,
            Some(_) => Holds::Nothing,
            None => Holds::Missing,
        };
        Signature {
            tests: self.tests.iter().map(|test| test.holds(value)).collect(),
            admitted: ConstraintSet::select(self.constraints, |c| c.admit(value, self.account)),
            holds,
        }
    }

    fn operands(&self) -> impl Iterator<Item = &'a Operand> {
        self.tests.iter().filter_map(|test| match test {
            Test::Equal(operand) | Test::NotEqual(operand) => Some(operand),
            _ => None,
        })
    }

    /// Returns the shapes of the text operands; `None` stands for a regular expression.
    fn shapes(&self) -> impl Iterator<Item = Option<Shape<'a>>> {
        self.operands().map(|operand| match operand {
            Operand::Text(text) => Some(text.shape()),
            Operand::Number(number) => Some(Shape::Exactly(number.text())),
            Operand::Regex(_) => None,
        })
    }

    fn compares_numbers(&self) -> bool {
        let is_number = |operand: &Operand| matches!(operand, Operand::Number(_));
        self.operands().any(is_number)
            || self
                .tests
                .iter()
                .any(|test| matches!(test, Test::Compare(..)))
    }

    /// The literals, and for every star a text that it matches.
    fn sample_texts(&self) -> Vec<Cow<'a, str>> {
        let mut texts = Vec::new();
        for shape in self.shapes().flatten() {
            match shape {
                Shape::Anything => {}
                Shape::Exactly(text) => texts.push(text.into()),
                Shape::StartsWith(text) => texts.extend([text.into(), format!("{text}1").into()]),
                Shape::EndsWith(text) => texts.extend([format!("1{text}").into(), text.into()]),
                Shape::Contains(text) => texts.extend([format!("1{text}1").into(), text.into()]),
            }
        }
        for values in self.constraints {
            texts.extend(values.literals().iter().map(|text| Cow::Borrowed(*text)));
        }
        for values in self.constraints {
            texts.extend(values.other_than(&texts, self.account).map(Cow::Owned));
        }
        texts
    }

    /// The numbers that tests compare with, their texts, and one between any two.
    fn sample_numbers(&self, texts: &[Cow<'_, str>]) -> Vec<Value> {
        let compared = self.tests.iter().filter_map(|test| match test {
            Test::Compare(_, number)
            | Test::Equal(Operand::Number(number))
            | Test::NotEqual(Operand::Number(number)) => Some(number.value()),
            _ => None,
        });
        let written = texts.iter().filter_map(|text| text.parse::<Number>().ok());
        let mut numbers: Vec<Value> = written.clone().map(Value::Number).collect();
        let mut points: Vec<f64> = compared.chain(written.filter_map(|n| n.as_f64())).collect();
        points.sort_by(f64::total_cmp);
        points.dedup();
        let between = points.windows(2).filter_map(|pair| match pair {
            [low, high] => Some(f64::midpoint(*low, *high)),
            _ => None,
        });
        let around = [
            points
                .first()
                .map_or(1.0, |low| low - 1.0_f64.max(low.abs())),
            points
                .last()
                .map_or(1.0, |high| high + 1.0_f64.max(high.abs())),
        ];
        let all: Vec<f64> = points
            .iter()
            .copied()
            .chain(between)
            .chain(around)
            .collect();
        for number in all {
            let whole = format!("{number:.0}").parse::<i64>().ok();
            numbers.extend(whole.filter(|_| number.fract() == 0.0).map(Value::from));
            numbers.extend(Number::from_f64(number).map(Value::Number));
        }
        numbers
    }

    fn languages(&self) -> Vec<Language<'a>> {
        let mut languages = Vec::new();
        for operand in self.operands() {
            match operand {
                Operand::Regex(regex) => languages.push(Language::Finds(regex.expression())),
                Operand::Number(number) => languages.push(Language::Exactly(number.text())),
                Operand::Text(text) => match text.shape() {
                    Shape::Anything => {}
                    Shape::Exactly(text) => languages.push(Language::Exactly(text)),
                    Shape::StartsWith(text) => languages.push(Language::StartsWith(text)),
                    Shape::Contains(text) => languages.push(Language::Contains(text)),
                    Shape::EndsWith(text) => {
                        languages.extend([Language::EndsWith(text), Language::HasEarlier(text)]);
                    }
                },
            }
        }
        for values in self.constraints {
            languages.extend(values.literals().iter().map(|text| Language::Exactly(text)));
            languages.extend(values.language().map(Language::Matches));
        }
        languages
    }
}

fn is_literal(shape: Option<Shape<'_>>) -> bool {
    matches!(shape, Some(Shape::Anything | Shape::Exactly(_)))
}

impl Values {
    fn literals(self) -> &'static [&'static str] {
        match self {
            Values::OneOf(texts) | Values::OneOfOrMissing(texts) | Values::Except(texts) => texts,
            Values::RootArnOrNone => &[""],
            _ => &[],
        }
    }

    /// A member of the language that is none of the texts.
    fn other_than(self, texts: &[Cow<'_, str>], account: Option<&Account>) -> Option<String> {
        let arn = |n| format!("arn:aws:iam::{n:012}:root");
        match (self, account) {
            (Values::RootArn | Values::RootArnOrNone, Some(account)) => Some(account.root_arn()),
            (Values::RootArn | Values::RootArnOrNone, None) => first_not_in(texts, arn),
            (Values::AccountId | Values::AccountIdOrMissing, Some(account)) => {
                Some(account.id().to_owned())
            }
            (Values::AccountId | Values::AccountIdOrMissing, None) => {
                first_not_in(texts, |n| format!("{n:012}"))
            }
            _ => None,
        }
    }

    fn language(self) -> Option<&'static str> {
        match self {
            Values::RootArn | Values::RootArnOrNone => Some(ROOT_ARN),
            Values::NoRootArnOrMissing => Some(ENDS_AS_ROOT),
            Values::AccountId | Values::AccountIdOrMissing => Some(ACCOUNT_ID),
            _ => None,
        }
    }
}

/// The first text of a series that is none of these.
fn first_not_in(texts: &[Cow<'_, str>], series: impl Fn(usize) -> String) -> Option<String> {
    (0..=texts.len())
        .map(series)
        .find(|text| texts.iter().all(|known| known != text))
}
