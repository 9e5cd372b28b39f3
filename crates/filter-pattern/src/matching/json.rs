//! JSON patterns against a record.

use serde_json::Value;

use super::text;
use crate::choices;
use crate::tree::{Condition, Expr, Operand, Step, Test};

/// Returns true if the record is an object and the expression holds of it.
pub(crate) fn matches(expr: &Expr, record: &Value) -> bool {
    record.is_object() && holds(expr, record)
}

fn holds(expr: &Expr, record: &Value) -> bool {
    match expr {
        Expr::All(operands) => operands.iter().all(|operand| holds(operand, record)),
        Expr::Any(operands) => operands.iter().any(|operand| holds(operand, record)),
        Expr::Condition(condition) => condition_holds(condition, record),
    }
}

fn condition_holds(condition: &Condition, record: &Value) -> bool {
    let mut selected = Vec::new();
    select(&condition.selector.steps, record, &mut selected);
    match condition.test {
        Test::NotExists => choices::not_exists(selected.len()),
        _ => selected
            .into_iter()
            .any(|value| condition.test.holds(Some(value))),
    }
}

/// Everything that the steps lead to. A step into something that has no such
/// member or element leads nowhere, which is no error.
fn select<'v>(steps: &[Step], value: &'v Value, selected: &mut Vec<&'v Value>) {
    let Some((step, rest)) = steps.split_first() else {
        return selected.push(value);
    };
    let next: Vec<&Value> = match (step, value) {
        (Step::Member(name), Value::Object(members)) => members.get(name).into_iter().collect(),
        (Step::Element(index), Value::Array(elements)) => {
            elements.get(*index).into_iter().collect()
        }
        (Step::EveryMember, Value::Object(members)) => members.values().collect(),
        (Step::EveryElement, Value::Array(elements)) => elements.iter().collect(),
        _ => Vec::new(),
    };
    for value in next {
        select(rest, value, selected);
    }
}

impl Test {
    /// Returns true if the test holds of a value, or of its absence.
    pub(crate) fn holds(&self, value: Option<&Value>) -> bool {
        let Some(value) = value else {
            return *self == Test::NotExists;
        };
        match self {
            Test::Equal(operand) => operand.equals(value) == Some(true),
            Test::NotEqual(operand) => operand.equals(value) == Some(false),
            Test::Compare(comparison, number) => {
                let left = value.as_f64();
                left.is_some_and(|left| comparison.holds(left, number.value))
            }
            Test::IsNull => value.is_null(),
            Test::IsTrue => *value == Value::Bool(true),
            Test::IsFalse => *value == Value::Bool(false),
            Test::NotExists => false,
        }
    }
}

impl Operand {
    /// Compares a value with the operand; `None` if they cannot be compared. Two numbers are
    /// compared as numbers, everything else as text.
    #[expect(
        clippy::float_cmp,
        reason = "`= 12.34` means exactly the number written"
    )]
    fn equals(&self, value: &Value) -> Option<bool> {
        if let (Operand::Number(number), Some(value)) = (self, value.as_f64()) {
            return Some(number.value == value);
        }
        choices::comparable_text(value).map(|value| text::equals(self, &value))
    }
}
