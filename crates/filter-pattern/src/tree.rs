//! The syntax tree of a pattern. Two trees are equal when they say the same,
//! wherever in the source they stand.

use std::sync::Arc;

use regex_automata::nfa::thompson::pikevm::PikeVM;

/// Range in the source, in bytes.
///
/// As in `syn`, all spans are equal: trees compare by what they say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset after the last byte.
    pub end: usize,
}

impl PartialEq for Span {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Span {}

/// Syntax tree of a pattern, in one of the four languages.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// `{ $.selector = value }`, for messages that are JSON objects.
    Json(Expr),
    /// `[field, field = value, ...]`, for messages of fields between blanks.
    Fields(Vec<Slot>),
    /// `term "a phrase" -term ?term`, for any message. No terms match everything.
    Terms(Vec<Term>),
    /// `%regex%`, for any message.
    Regex(Regex),
}

/// A Boolean expression over conditions. There is no negation in the language.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// `&&`: two or more operands, none of them an `All`.
    All(Vec<Expr>),
    /// `||`: two or more operands, none of them an `Any`.
    Any(Vec<Expr>),
    /// One condition.
    Condition(Condition),
}

impl Expr {
    /// `&&` of the operands. `a && (b && c)` says what `a && b && c` says: the
    /// tree is flat.
    pub fn all(operands: Vec<Expr>) -> Self {
        let flat = operands.into_iter().flat_map(|operand| match operand {
            Expr::All(inner) => inner,
            other => vec![other],
        });
        Self::only(flat.collect()).unwrap_or_else(Expr::All)
    }

    /// `||` of the operands, flat too.
    pub fn any(operands: Vec<Expr>) -> Self {
        let flat = operands.into_iter().flat_map(|operand| match operand {
            Expr::Any(inner) => inner,
            other => vec![other],
        });
        Self::only(flat.collect()).unwrap_or_else(Expr::Any)
    }

    /// The one operand, or all of them.
    fn only(mut operands: Vec<Expr>) -> Result<Self, Vec<Expr>> {
        match operands.pop() {
            Some(only) if operands.is_empty() => Ok(only),
            Some(last) => {
                operands.push(last);
                Err(operands)
            }
            None => Err(operands),
        }
    }

    /// Every condition, from left to right.
    pub fn conditions(&self) -> Vec<&Condition> {
        match self {
            Expr::All(operands) | Expr::Any(operands) => {
                operands.iter().flat_map(Expr::conditions).collect()
            }
            Expr::Condition(condition) => vec![condition],
        }
    }
}

/// A test of what a selector selects.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Selector of the value that is tested.
    pub selector: Selector,
    /// Test of the value.
    pub test: Test,
    /// Position in the source.
    pub span: Span,
}

/// `$.a.b[0].*`: the way from the record to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// The steps, at least one.
    pub steps: Vec<Step>,
    /// Position in the source.
    pub span: Span,
}

impl Selector {
    /// Returns true if the selector may select several values.
    pub fn has_wildcard(&self) -> bool {
        self.steps.iter().any(Step::is_wildcard)
    }
}

/// One step of a selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `.name` or `.['na.me']`
    Member(String),
    /// `[0]`
    Element(usize),
    /// `.*`
    EveryMember,
    /// `[*]`
    EveryElement,
}

impl Step {
    /// Returns true if the step may select several values.
    pub fn is_wildcard(&self) -> bool {
        matches!(self, Step::EveryMember | Step::EveryElement)
    }
}

/// Tests of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// `= operand`
    Equal(Operand),
    /// `!= operand`, which is not the negation of `=`: both are false of a missing value.
    NotEqual(Operand),
    /// `< <= > >=` and a number
    Compare(Comparison, Number),
    /// `IS NULL`
    IsNull,
    /// `IS TRUE`
    IsTrue,
    /// `IS FALSE`
    IsFalse,
    /// `NOT EXISTS`
    NotExists,
}

/// An ordering of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// Returns true if `left` and `right` stand in this order.
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Comparison::Less => left < right,
            Comparison::AtMost => left <= right,
            Comparison::Greater => left > right,
            Comparison::AtLeast => left >= right,
        }
    }

    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::Greater => ">",
            Comparison::AtLeast => ">=",
        }
    }
}

/// Operand of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A quoted string or a bare word: text, perhaps with stars at its ends.
    Text(Text),
    /// A bare number.
    Number(Number),
    /// `%regex%`
    Regex(Regex),
}

/// A bare number: compared as a number with numbers, as text with text.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    pub(crate) text: String,
    pub(crate) value: f64,
}

impl Number {
    /// The number as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its value.
    pub fn value(&self) -> f64 {
        self.value
    }
}

/// Text in which a star at either end stands for anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(pub(crate) String);

/// Shape of a [`Text`], with its stars interpreted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape<'a> {
    /// `*`: anything, also nothing.
    Anything,
    /// No star at an end: exactly this (a star in the middle is a star).
    Exactly(&'a str),
    /// `text*`
    StartsWith(&'a str),
    /// `*text`
    EndsWith(&'a str),
    /// `*text*`
    Contains(&'a str),
}

impl Text {
    /// The text as it is meant: unquoted, unescaped, with its stars.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns true if a star of the text stands for itself.
    pub fn has_inner_star(&self) -> bool {
        match self.shape() {
            Shape::Anything => false,
            Shape::Exactly(text)
            | Shape::StartsWith(text)
            | Shape::EndsWith(text)
            | Shape::Contains(text) => text.contains('*'),
        }
    }

    /// Returns the shape of the text.
    pub fn shape(&self) -> Shape<'_> {
        let text = self.0.as_str();
        if text.chars().all(|c| c == '*') && !text.is_empty() && text.len() <= 2 {
            return Shape::Anything;
        }
        match (text.strip_prefix('*'), text.strip_suffix('*')) {
            (None, None) => Shape::Exactly(text),
            (None, Some(start)) => Shape::StartsWith(start),
            (Some(end), None) => Shape::EndsWith(end),
            (Some(end), Some(_)) => Shape::Contains(end.strip_suffix('*').unwrap_or(end)),
        }
    }
}

/// A regular expression of the subset that CloudWatch Logs knows.
#[derive(Clone, Debug)]
pub struct Regex {
    pub(crate) source: String,
    pub(crate) expression: String,
    pub(crate) span: Span,
    pub(crate) program: Arc<PikeVM>,
}

impl Regex {
    /// The expression between the percent signs.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the position in the source.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The expression as `regex-automata` spells it.
    pub(crate) fn expression(&self) -> &str {
        &self.expression
    }
}

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

/// One position of a space-delimited pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum Slot {
    /// `...`: any number of fields.
    Ellipsis(Span),
    /// A field with a name and what is asked of it.
    Field(Field),
}

/// A field of a space-delimited pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Asked of it, as `||` of `&&`; empty if it only has to be there.
    pub tests: Vec<Vec<Test>>,
    /// Position in the source.
    pub span: Span,
}

/// A term of an unstructured pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Must it occur, must it not, or is it one of several?
    pub kind: TermKind,
    /// The text that is looked for.
    pub text: String,
    /// Position in the source.
    pub span: Span,
}

/// Requirements of an unstructured pattern for a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermKind {
    /// `term`: must occur.
    Required,
    /// `-term`: must not occur.
    Excluded,
    /// `?term`: one of these must occur, unless terms of another kind stand beside them.
    Optional,
}
