//! Space-delimited patterns against a line of fields.

use super::text;
use crate::choices;
use crate::tree::{Field, Operand, Slot, Test};

pub(super) fn matches(slots: &[Slot], message: &str) -> bool {
    let fields = split(message);
    // `fits[n]`: the slots so far can take exactly the first n fields.
    let mut fits: Vec<bool> = (0..=fields.len()).map(|n| n == 0).collect();
    for (i, slot) in slots.iter().enumerate() {
        let is_last = i + 1 == slots.len();
        fits = advance(&fits, slot, is_last, &fields);
    }
    fits.last() == Some(&true)
}

fn advance(fits: &[bool], slot: &Slot, is_last: bool, fields: &[&str]) -> Vec<bool> {
    let mut after = Vec::with_capacity(fits.len());
    match slot {
        Slot::Ellipsis(_) => after.extend(running_any(fits)),
        Slot::Field(field) => {
            let takes_rest = is_last && field.tests.is_empty() && choices::LAST_FIELD_TAKES_REST;
            let before: Vec<bool> = if takes_rest {
                running_any(fits).collect()
            } else {
                fits.to_vec()
            };
            after.push(false);
            after.extend(
                before
                    .iter()
                    .zip(fields)
                    .map(|(fits, value)| *fits && holds(field, value)),
            );
        }
    }
    after
}

fn running_any(flags: &[bool]) -> impl Iterator<Item = bool> {
    flags.iter().scan(false, |any, flag| {
        *any |= flag;
        Some(*any)
    })
}

/// The fields of a line: what stands between blanks, in `[…]` or in `"…"`.
fn split(message: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    let mut rest = message.trim_start();
    while let Some(first) = rest.chars().next() {
        let closing = match first {
            '[' => Some(']'),
            '"' => Some('"'),
            _ => None,
        };
        let inside = rest.get(1..).unwrap_or_default();
        let bracketed = closing.and_then(|closing| inside.split_once(closing));
        let (field, after) = bracketed
            .or_else(|| rest.split_once(char::is_whitespace))
            .unwrap_or((rest, ""));
        fields.push(field);
        rest = after.trim_start();
    }
    fields
}

fn holds(field: &Field, value: &str) -> bool {
    field.tests.is_empty()
        || field
            .tests
            .iter()
            .any(|all| all.iter().all(|test| test_holds(test, value)))
}

#[expect(
    clippy::float_cmp,
    reason = "`= 12.34` means exactly the number written"
)]
fn test_holds(test: &Test, value: &str) -> bool {
    let equals = |operand: &Operand| match (operand, value.parse::<f64>()) {
        (Operand::Number(number), Ok(value)) => number.value == value,
        _ => text::equals(operand, value),
    };
    match test {
        Test::Equal(operand) => equals(operand),
        Test::NotEqual(operand) => !equals(operand),
        Test::Compare(comparison, number) => value
            .parse()
            .is_ok_and(|value| comparison.holds(value, number.value)),
        Test::IsNull | Test::IsTrue | Test::IsFalse | Test::NotExists => false,
    }
}
