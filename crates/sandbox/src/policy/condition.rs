//! One condition of a statement: an operator, a key and the values to compare with.

use super::context::Context;
use super::document::Version;
use super::operator::Operator;
use super::variable::Template;
use super::{PolicyError, key, pattern};

/// A condition whose operator, key and values are known to go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    operator: Operator,
    key: String,
    values: Vec<Template>,
}

impl Condition {
    pub(super) fn parse(
        operator: &str,
        key: &str,
        values: &[String],
        version: Version,
    ) -> Result<Self, PolicyError> {
        let operator = Operator::parse(operator)?;
        let known = key::lookup(key).ok_or_else(|| PolicyError::UnknownKey(key.to_owned()))?;
        let does_not_go = |reason| PolicyError::OperatorForKey {
            operator: operator.name().to_owned(),
            key: key.to_owned(),
            reason,
        };
        if let Some(reason) = operator.objection(known.kind, known.many) {
            return Err(does_not_go(reason));
        }
        if values.len() > 1 && operator.takes_one_value() {
            return Err(does_not_go("it compares with one value"));
        }
        let values = values
            .iter()
            .map(|value| {
                let template = Template::parse(value, version)?;
                if !template.is_plain() && !operator.takes_variables() {
                    return Err(does_not_go("it takes no policy variables"));
                }
                if operator.compares_arns() && template.is_plain() && !pattern::is_arn(value) {
                    return Err(PolicyError::Value {
                        key: key.to_owned(),
                        value: value.clone(),
                        reason: "it is no pattern of an ARN, which has six parts".to_owned(),
                    });
                }
                operator.check_value(key, value)?;
                Ok(template)
            })
            .collect::<Result<_, _>>()?;
        Ok(Condition {
            operator,
            key: key.to_owned(),
            values,
        })
    }

    /// Whether the condition holds for a request.
    pub(super) fn holds(&self, context: &Context) -> Result<bool, PolicyError> {
        let expected = self
            .values
            .iter()
            .map(|value| value.expand(context))
            .collect::<Result<Vec<_>, _>>()?;
        self.operator
            .holds(&self.key, &expected, context.values(&self.key)?)
    }
}
