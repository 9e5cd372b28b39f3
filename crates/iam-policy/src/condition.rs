//! One condition of a statement: an operator, a key and the values to compare with.

use crate::context::{Context, Lookup};
use crate::document::Version;
use crate::error::PolicyError;
use crate::key;
use crate::operator::Operator;
use crate::truth::Truth;
use crate::variable::Template;

/// A condition. It is undecided for every request if its operator does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    operator: Result<Operator, String>,
    key: String,
    values: Vec<Template>,
}

impl Condition {
    pub(crate) fn parse(
        operator: &str,
        key: &str,
        values: &[String],
        version: Version,
    ) -> Result<Self, PolicyError> {
        let parsed = Operator::parse(operator);
        let values = values
            .iter()
            .map(|value| match parsed {
                Some(operator) if operator.takes_variables() => Template::parse(value, version),
                _ => Ok(Template::plain(value)),
            })
            .collect::<Result<_, _>>()?;
        Ok(Condition {
            operator: parsed.ok_or_else(|| format!("condition operator {operator:?} is not known")),
            key: key.to_owned(),
            values,
        })
    }

    /// Returns whether the condition holds for a request.
    pub(crate) fn holds(&self, context: &Context) -> Truth {
        let operator = match &self.operator {
            Ok(operator) => *operator,
            Err(reason) => return Truth::Undecided(reason.clone()),
        };
        let actual = context.get(&self.key);
        let several = key::lookup(&self.key).is_some_and(|key| key.many);
        if several && !operator.takes_sets() && matches!(actual, Lookup::Present(_)) {
            return Truth::Undecided(format!(
                "{} has several values and needs ForAnyValue or ForAllValues",
                self.key
            ));
        }
        let expected: Vec<_> = self
            .values
            .iter()
            .map(|value| value.expand(context))
            .collect();
        operator.holds(&expected, actual)
    }

    /// Returns why the condition is undecided for every request without its key.
    pub(crate) fn unknown(&self) -> Option<String> {
        match &self.operator {
            Err(reason) => Some(reason.clone()),
            Ok(_) if key::lookup(&self.key).is_none() => {
                Some(format!("condition key {:?} is not known", self.key))
            }
            Ok(_) => None,
        }
    }
}
