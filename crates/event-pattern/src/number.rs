//! Numbers as event patterns compare them: in millionths, from -5 to 5 thousand million.

use std::hash::{Hash, Hasher};

const LARGEST: i64 = 5_000_000_000 * 1_000_000;

/// A number as it was written, and its value where that can be compared.
#[derive(Clone, Debug)]
pub struct Number {
    text: String,
    millionths: Option<i64>,
}

impl Number {
    /// The number that a JSON text says.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let millionths = millionths(&text);
        Self { text, millionths }
    }

    /// The number as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value in millionths, if it has six decimals at most and is within five
    /// thousand million of zero. Other numbers are compared by their text only.
    pub fn millionths(&self) -> Option<i64> {
        self.millionths
    }

    /// The number of so many millionths.
    pub(crate) fn of_millionths(millionths: i64) -> Self {
        let sign = if millionths < 0 { "-" } else { "" };
        let magnitude = millionths.unsigned_abs();
        let (whole, fraction) = (magnitude / 1_000_000, magnitude % 1_000_000);
        let text = format!("{sign}{whole}.{fraction:06}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        Self {
            text: text.to_owned(),
            millionths: (magnitude <= LARGEST.unsigned_abs()).then_some(millionths),
        }
    }

    /// The value where it can be compared, else the text.
    fn identity(&self) -> (Option<i64>, &str) {
        match self.millionths {
            Some(value) => (Some(value), ""),
            None => (None, &self.text),
        }
    }
}

/// Numbers are equal if their values are, or where those cannot be compared, their texts.
impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Number {}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.identity().cmp(&other.identity())
    }
}

/// A range of numbers, each end included or not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NumberRange {
    /// The lower end, if there is one, and whether it is included.
    pub lower: Option<(Number, bool)>,
    /// The upper end, if there is one, and whether it is included.
    pub upper: Option<(Number, bool)>,
}

impl NumberRange {
    /// The range of one number.
    pub(crate) fn one(number: Number) -> Self {
        let end = Some((number, true));
        Self {
            lower: end.clone(),
            upper: end,
        }
    }

    /// The ends in millionths: without an end, the smallest or largest number there is.
    pub(crate) fn ends(&self) -> [(i64, bool); 2] {
        let end = |end: &Option<(Number, bool)>, none: i64| match end {
            None => (none, true),
            Some((number, included)) => (number.millionths.unwrap_or(none), *included),
        };
        [end(&self.lower, -LARGEST), end(&self.upper, LARGEST)]
    }

    /// Returns true if a number lies in the range.
    pub fn contains(&self, number: &Number) -> bool {
        let Some(value) = number.millionths else {
            return false;
        };
        let [(lower, with_lower), (upper, with_upper)] = self.ends();
        (lower < value || with_lower && lower == value)
            && (value < upper || with_upper && value == upper)
    }
}

/// A decimal number, times a million, if that is whole and not too large.
fn millionths(text: &str) -> Option<i64> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    if significant.trim_start_matches('0').is_empty() {
        return Some(0);
    }
    let exponent: i64 = exponent
        .strip_prefix('+')
        .unwrap_or(exponent)
        .parse()
        .ok()?;
    let dropped = i64::try_from(digits.len() - significant.len()).ok()?;
    let decimals = i64::try_from(fraction.len()).ok()?;
    let zeros = exponent
        .checked_add(dropped)?
        .checked_sub(decimals)?
        .checked_add(6)?;
    let factor = 10_i64.checked_pow(u32::try_from(zeros).ok()?)?;
    let value: i64 = significant.parse().ok()?;
    let value = value.checked_mul(factor)?;
    (value <= LARGEST).then_some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_whole_millionths_or_not_comparable() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-0.000", Some(0)),
            ("0e999999999999999999999", Some(0)),
            ("1", Some(1_000_000)),
            ("1.0", Some(1_000_000)),
            ("10e-1", Some(1_000_000)),
            ("-2.5E+1", Some(-25_000_000)),
            ("0.000001", Some(1)),
            ("0.0000010", Some(1)),
            ("0.0000001", None),
            ("5000000000", Some(LARGEST)),
            ("-5e9", Some(-LARGEST)),
            ("5000000000.000001", None),
            ("111122223333", None),
            ("1e400", None),
            ("1e-400", None),
        ] {
            assert_eq!(millionths(text), expected, "{text}");
        }
        for value in [0, 1, -1, 1_000_000, -1_500_000, LARGEST] {
            let number = Number::of_millionths(value);
            assert_eq!(millionths(number.text()), Some(value), "{}", number.text());
        }
    }
}
