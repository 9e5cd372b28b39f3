//! Condition operators.

use std::cmp::Ordering;

use crate::context::Lookup;
use crate::pattern::{self, Symbol};
use crate::truth::Truth;
use crate::value;

/// A condition operator that exists, with its qualifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operator {
    comparison: Comparison,
    /// True for an operator that holds where its comparison does not.
    negated: bool,
    /// The set operator in front of it.
    set: Option<Set>,
    /// True if `IfExists` ends it.
    if_exists: bool,
}

/// The way in which several values of one key count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    Any,
    All,
}

/// The comparison of one value of the request with one of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Exact,
    IgnoreCase,
    Like,
    Arn,
    Number(Order),
    Date(Order),
    Address,
    Null,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Order::Equal => ordering.is_eq(),
            Order::Less => ordering.is_lt(),
            Order::LessOrEqual => ordering.is_le(),
            Order::Greater => ordering.is_gt(),
            Order::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// The operators of the page "Condition operators" of the IAM User Guide.
const OPERATORS: &[(&str, Comparison, bool)] = &[
    ("ArnEquals", Comparison::Arn, false),
    ("ArnLike", Comparison::Arn, false),
    ("ArnNotEquals", Comparison::Arn, true),
    ("ArnNotLike", Comparison::Arn, true),
    // Base64 of the same bytes is the same text.
    ("BinaryEquals", Comparison::Exact, false),
    ("Bool", Comparison::IgnoreCase, false),
    ("DateEquals", Comparison::Date(Order::Equal), false),
    ("DateGreaterThan", Comparison::Date(Order::Greater), false),
    (
        "DateGreaterThanEquals",
        Comparison::Date(Order::GreaterOrEqual),
        false,
    ),
    ("DateLessThan", Comparison::Date(Order::Less), false),
    (
        "DateLessThanEquals",
        Comparison::Date(Order::LessOrEqual),
        false,
    ),
    ("DateNotEquals", Comparison::Date(Order::Equal), true),
    ("IpAddress", Comparison::Address, false),
    ("NotIpAddress", Comparison::Address, true),
    ("Null", Comparison::Null, false),
    ("NumericEquals", Comparison::Number(Order::Equal), false),
    (
        "NumericGreaterThan",
        Comparison::Number(Order::Greater),
        false,
    ),
    (
        "NumericGreaterThanEquals",
        Comparison::Number(Order::GreaterOrEqual),
        false,
    ),
    ("NumericLessThan", Comparison::Number(Order::Less), false),
    (
        "NumericLessThanEquals",
        Comparison::Number(Order::LessOrEqual),
        false,
    ),
    ("NumericNotEquals", Comparison::Number(Order::Equal), true),
    ("StringEquals", Comparison::Exact, false),
    ("StringEqualsIgnoreCase", Comparison::IgnoreCase, false),
    ("StringLike", Comparison::Like, false),
    ("StringNotEquals", Comparison::Exact, true),
    ("StringNotEqualsIgnoreCase", Comparison::IgnoreCase, true),
    ("StringNotLike", Comparison::Like, true),
];

impl Operator {
    /// Returns the operator of this name, `None` if there is none. Names have one spelling.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (set, unqualified) = match name.split_once(':') {
            Some(("ForAllValues", rest)) => (Some(Set::All), rest),
            Some(("ForAnyValue", rest)) => (Some(Set::Any), rest),
            Some(_) => return None,
            None => (None, name),
        };
        let (unqualified, if_exists) = match unqualified.strip_suffix("IfExists") {
            Some(rest) => (rest, true),
            None => (unqualified, false),
        };
        let (_, comparison, negated) = *OPERATORS
            .iter()
            .find(|(known, _, _)| *known == unqualified)?;
        let qualified = set.is_some() || if_exists;
        (comparison != Comparison::Null || !qualified).then_some(Self {
            comparison,
            negated,
            set,
            if_exists,
        })
    }

    /// Returns whether the values of a policy may hold policy variables.
    pub(crate) fn takes_variables(self) -> bool {
        matches!(
            self.comparison,
            Comparison::Exact | Comparison::IgnoreCase | Comparison::Like | Comparison::Arn
        )
    }

    /// Returns whether the operator compares several values of a key.
    pub(crate) fn takes_sets(self) -> bool {
        self.set.is_some() || self.comparison == Comparison::Null
    }

    /// Returns whether the condition holds for a request. `expected` are the values of
    /// the policy, with a reason in place of one that cannot be known.
    pub(crate) fn holds(
        self,
        expected: &[Result<Vec<Symbol>, String>],
        actual: Lookup<'_>,
    ) -> Truth {
        let actual: Vec<&str> = match actual {
            Lookup::Unknown(reason) => return Truth::Undecided(reason),
            Lookup::Absent => Vec::new(),
            Lookup::Present(values) => values
                .iter()
                .map(String::as_str)
                // "The key resolves to an empty data set, such as an empty string."
                .filter(|value| self.set.is_none() || !value.is_empty())
                .collect(),
        };
        if self.comparison == Comparison::Null {
            let is_null = if actual.is_empty() { "true" } else { "false" };
            return self.matches(expected, is_null);
        }
        let one_holds = |value: &&str| {
            let matches = self.matches(expected, value);
            if self.negated { !matches } else { matches }
        };
        match (self.set, actual.as_slice()) {
            (None, []) => (self.negated || self.if_exists).into(),
            (Some(Set::Any), []) => self.if_exists.into(),
            (None, [one]) => one_holds(one),
            (None, _) => Truth::Undecided(
                "a key with several values needs ForAnyValue or ForAllValues".to_owned(),
            ),
            (Some(Set::All), all) => Truth::all(all.iter().map(one_holds)),
            (Some(Set::Any), all) => Truth::any(all.iter().map(one_holds)),
        }
    }

    /// Returns whether a value of the request matches one of the policy's.
    fn matches(self, expected: &[Result<Vec<Symbol>, String>], value: &str) -> Truth {
        Truth::any(expected.iter().map(|symbols| {
            match symbols {
                Ok(symbols) => self
                    .compare(symbols, value)
                    .map_or_else(Truth::Undecided, Truth::from),
                Err(reason) => Truth::Undecided(reason.clone()),
            }
        }))
    }

    fn compare(self, expected: &[Symbol], value: &str) -> Result<bool, String> {
        let text = || -> String { expected.iter().map(|symbol| symbol.character()).collect() };
        Ok(match self.comparison {
            Comparison::Like => pattern::fits(expected, value),
            Comparison::Arn => pattern::arn_fits(expected, value),
            Comparison::Exact => text() == value,
            Comparison::IgnoreCase | Comparison::Null => {
                text().to_lowercase() == value.to_lowercase()
            }
            Comparison::Number(order) => order.holds(value::compare_numbers(value, &text())?),
            Comparison::Date(order) => order.holds(value::compare_dates(value, &text())?),
            Comparison::Address => value::is_within(value, &text())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_spelling_and_null_takes_no_qualifier() {
        for name in [
            "stringequals",
            "StringMatches",
            "NullIfExists",
            "ForAnyValue:Null",
            "ForSomeValues:StringLike",
            "IfExists",
            "",
        ] {
            assert_eq!(Operator::parse(name), None, "{name}");
        }
        for name in [
            "Null",
            "ForAllValues:StringLikeIfExists",
            "NotIpAddressIfExists",
        ] {
            assert!(Operator::parse(name).is_some(), "{name}");
        }
    }
}
