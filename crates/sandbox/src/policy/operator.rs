//! Condition operators, on the crate `iam-rs` 0.8.0.
//!
//! `iam-rs` knows the operators and compares strings, numbers, dates, truth values and
//! addresses, alone and in sets. What it gets wrong, and what is done about it, all of
//! it in this file (a test below fails when a new version no longer needs it):
//!
//! | `iam-rs` 0.8.0 | AWS | here |
//! |---|---|---|
//! | `ArnEquals` and `ArnNotEquals` compare the text | like `ArnLike`, with wildcards | own matching |
//! | `ArnLike` lets `*` cross colons | compares six parts one by one | own matching |
//! | `StringLike`: `*` does not match a text that begins with `*` | it matches everything | own matching |
//! | no variables in conditions; a missing one becomes nothing | the value, or the statement is invalid | `variable` |
//! | `BinaryEquals` ignores case | compares bytes | refused: no key has binary values |
//! | `Bool` is false for the text `"true"` in the request | it is the value | truth values are passed |
//! | a set `Bool` refuses the text `"true"` in the policy | it is the value | truth values are passed |
//! | a value that is no date, number or address silently differs | undefined | refused in policy and request |
//! | `NaN` and infinities are numbers, `2024` is 1970 | neither, and a year | refused |
//! | a set of empty strings is a set | it is an empty set | removed before |
//! | a negated operator on several values holds if one differs | needs a set operator | refused |
//! | unknown keys are absent keys | undefined | refused, see `key` |
//! | no `IfExists` after a set operator, no sets of numbers, dates, addresses | exists | refused as unknown |

use std::str::FromStr;

use iam_rs::{
    Arn, Condition, ConditionBlock, ConditionValue, Context, ContextValue, Decision,
    EvaluationOptions, IAMAction, IAMEffect, IAMOperator, IAMPolicy, IAMRequest, IAMResource,
    IAMStatement, OperatorType, PolicyEvaluator, Principal, PrincipalId,
};

use super::PolicyError;
use super::key::Kind;
use super::pattern::{self, Symbol};

/// A condition operator that is known, qualifiers included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Operator(IAMOperator);

/// How an operator takes several values of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    None,
    Any,
    All,
}

impl Operator {
    pub(super) fn parse(name: &str) -> Result<Self, PolicyError> {
        let operator = IAMOperator::from_str(name)
            .map_err(|_| PolicyError::UnknownOperator(name.to_owned()))?;
        if operator.is_binary_operator() {
            return Err(PolicyError::UnknownOperator(name.to_owned()));
        }
        Ok(Operator(operator))
    }

    pub(super) fn name(&self) -> &'static str {
        self.0.as_str()
    }

    /// Whether values may hold policy variables.
    pub(super) fn takes_variables(&self) -> bool {
        self.0.supports_policy_variables()
    }

    /// Whether values are ARN patterns.
    pub(super) fn compares_arns(&self) -> bool {
        self.0.is_arn_operator()
    }

    /// Whether the policy gives one value only.
    pub(super) fn takes_one_value(&self) -> bool {
        matches!(
            self.0.category(),
            OperatorType::Null | OperatorType::Boolean
        )
    }

    /// Why the operator does not go with keys of this kind, if it does not.
    pub(super) fn objection(&self, kind: Kind, many: bool) -> Option<&'static str> {
        let category = self.0.category();
        if category == OperatorType::Null {
            return None;
        }
        if many && self.set() == Set::None {
            return Some("a key with several values needs ForAnyValue or ForAllValues");
        }
        let goes = match kind {
            Kind::Text => category == OperatorType::String,
            Kind::Arn => matches!(category, OperatorType::Arn | OperatorType::String),
            Kind::Truth => category == OperatorType::Boolean,
            Kind::Number => category == OperatorType::Numeric,
            Kind::Date => category == OperatorType::Date,
            Kind::Epoch => matches!(category, OperatorType::Date | OperatorType::Numeric),
            Kind::Address => category == OperatorType::IpAddress,
        };
        (!goes).then_some("the key has values of another type")
    }

    fn set(&self) -> Set {
        if !self.0.is_multivalued_operator() {
            Set::None
        } else if self.name().starts_with("ForAllValues:") {
            Set::All
        } else {
            Set::Any
        }
    }

    fn has_wildcards(&self) -> bool {
        self.0.supports_wildcards()
    }

    /// Whether the condition holds for the values of the request, `None` if the
    /// request lacks the key.
    pub(super) fn holds(
        &self,
        key: &str,
        expected: &[Vec<Symbol>],
        actual: Option<&[String]>,
    ) -> Result<bool, PolicyError> {
        let actual: Option<Vec<&str>> = actual
            .map(|values| values.iter().map(String::as_str))
            .map(|values| match self.set() {
                Set::None => values.collect(),
                // "The key resolves to an empty data set, such as an empty string."
                Set::Any | Set::All => values.filter(|value| !value.is_empty()).collect(),
            })
            .filter(|values: &Vec<&str>| !values.is_empty());
        if self.has_wildcards() {
            return Ok(self.matches(expected, actual.as_deref()));
        }
        let expected: Vec<String> = expected
            .iter()
            .map(|symbols| symbols.iter().map(|symbol| symbol.character()).collect())
            .collect();
        self.compares(key, &expected, actual.as_deref())
    }

    /// Strings and ARNs against patterns.
    fn matches(&self, patterns: &[Vec<Symbol>], actual: Option<&[&str]>) -> bool {
        let negated = self.0.is_negated_operator();
        let Some(actual) = actual else {
            return match self.set() {
                Set::None => negated || self.0.is_if_exists_operator(),
                Set::Any => false,
                Set::All => true,
            };
        };
        let fits = if self.compares_arns() {
            pattern::arn_fits
        } else {
            pattern::fits
        };
        let one_holds =
            |value: &&str| patterns.iter().any(|pattern| fits(pattern, value)) != negated;
        match self.set() {
            Set::All => actual.iter().all(one_holds),
            Set::None | Set::Any => actual.iter().any(one_holds),
        }
    }

    /// Everything else: `iam-rs` decides one statement whose only variable part is this
    /// condition.
    fn compares(
        &self,
        key: &str,
        expected: &[String],
        actual: Option<&[&str]>,
    ) -> Result<bool, PolicyError> {
        let refused = |reason: String| PolicyError::Value {
            key: key.to_owned(),
            value: expected.join(", "),
            reason,
        };
        let mut context = Context::new();
        if let Some(actual) = actual {
            context.insert(key.to_owned(), self.context_value(actual));
        }
        let condition = Condition::new(self.0.clone(), key, self.condition_value(expected));
        let statement = IAMStatement {
            condition: Some(ConditionBlock::new().with_condition(condition)),
            ..IAMStatement::new(IAMEffect::Allow)
                .with_action(IAMAction::Single("*".to_owned()))
                .with_resource(IAMResource::Single("*".to_owned()))
        };
        let anywhere = Arn::parse("arn:aws:iam::000000000000:root")
            .map_err(|error| refused(error.to_string()))?;
        let request = IAMRequest::new_with_context(
            Principal::Aws(PrincipalId::String(anywhere.to_string())),
            "sts:GetCallerIdentity",
            anywhere,
            context,
        );
        PolicyEvaluator::with_policies(vec![IAMPolicy::new().add_statement(statement)])
            .with_options(EvaluationOptions::default())
            .evaluate(&request)
            .map(|result| result.decision == Decision::Allow)
            .map_err(|error| refused(error.to_string()))
    }

    fn context_value(&self, actual: &[&str]) -> ContextValue {
        if self.0.is_boolean_operator() {
            return ContextValue::BooleanList(
                actual.iter().map(|value| *value == "true").collect(),
            );
        }
        match actual {
            [one] => ContextValue::String((*one).to_owned()),
            many => ContextValue::StringList(many.iter().map(|&value| value.to_owned()).collect()),
        }
    }

    fn condition_value(&self, expected: &[String]) -> ConditionValue {
        match expected {
            [one] if self.0.is_boolean_operator() => ConditionValue::Boolean(one == "true"),
            [one] => ConditionValue::String(one.clone()),
            many => ConditionValue::StringList(many.to_vec()),
        }
    }

    /// Checks a value that the policy gives.
    pub(super) fn check_value(&self, key: &str, value: &str) -> Result<(), PolicyError> {
        let kind = match self.0.category() {
            OperatorType::Numeric => Kind::Number,
            OperatorType::Date => Kind::Date,
            OperatorType::Boolean | OperatorType::Null => Kind::Truth,
            OperatorType::IpAddress => Kind::Address,
            OperatorType::String | OperatorType::Arn | OperatorType::Binary => Kind::Text,
        };
        check_value(key, kind, value)
    }
}

/// Checks that a value, of a policy or of a request, is of its kind, so that nothing
/// differs only because it cannot be read.
pub(super) fn check_value(key: &str, kind: Kind, value: &str) -> Result<(), PolicyError> {
    let refused = |reason: &str| {
        Err(PolicyError::Value {
            key: key.to_owned(),
            value: value.to_owned(),
            reason: reason.to_owned(),
        })
    };
    let comparison = match kind {
        Kind::Text | Kind::Arn => return Ok(()),
        Kind::Truth if matches!(value, "true" | "false") => return Ok(()),
        Kind::Truth => return refused("it is true or false"),
        Kind::Number | Kind::Epoch => {
            // Beyond 2^53 `iam-rs` takes different numbers for equal.
            let exact = value
                .parse::<f64>()
                .is_ok_and(|number| number.abs() <= 9_007_199_254_740_992.0);
            return if exact {
                Ok(())
            } else {
                refused("it is a number up to 2^53")
            };
        }
        Kind::Date if value.len() < 9 && value.bytes().all(|byte| byte.is_ascii_digit()) => {
            return refused("a date is written in full or in seconds since 1970");
        }
        Kind::Date => IAMOperator::DateEquals,
        Kind::Address => IAMOperator::IpAddress,
    };
    Operator(comparison)
        .compares(key, &[value.to_owned()], None)
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(operator: IAMOperator, expected: &str, actual: ContextValue) -> bool {
        let policy = IAMPolicy::new().add_statement(
            IAMStatement::new(IAMEffect::Allow)
                .with_action(IAMAction::Single("*".to_owned()))
                .with_resource(IAMResource::Single("*".to_owned()))
                .with_condition(
                    operator,
                    "key".to_owned(),
                    ConditionValue::String(expected.to_owned()),
                ),
        );
        let arn = Arn::parse("arn:aws:iam::111122223333:user/alice").unwrap();
        let mut context = Context::new();
        context.insert("key".to_owned(), actual);
        let request = IAMRequest::new_with_context(
            Principal::Aws(PrincipalId::String(arn.to_string())),
            "iam:GetUser",
            arn,
            context,
        );
        iam_rs::evaluate_policy(&policy, &request).unwrap() == Decision::Allow
    }

    /// When one of these fails, `iam-rs` has changed: take the row out of the table above.
    #[test]
    fn iam_rs_still_needs_each_correction() {
        let text = |value: &str| ContextValue::String(value.to_owned());
        let root = "arn:aws:iam::111122223333:root";
        assert!(!raw(
            IAMOperator::ArnEquals,
            "arn:aws:iam::*:root",
            text(root)
        ));
        assert!(raw(
            IAMOperator::ArnLike,
            "arn:aws:someservice:*:111122223333:finance/*",
            text(
                "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"
            )
        ));
        assert!(!raw(IAMOperator::StringLike, "*", text("*abc")));
        assert!(!raw(
            IAMOperator::StringEquals,
            "${aws:username}",
            text("alice")
        ));
        assert!(raw(IAMOperator::BinaryEquals, "QUJD", text("qujd")));
        assert!(!raw(IAMOperator::Bool, "true", text("true")));
        assert!(raw(IAMOperator::NumericNotEquals, "NaN", text("1")));
        assert!(raw(
            IAMOperator::DateNotEquals,
            "2024-01-01T00:00:00Z",
            text("yesterday")
        ));
        assert!(raw(
            IAMOperator::NotIpAddress,
            "203.0.113.0/24",
            text("here")
        ));
        let both = ContextValue::StringList(vec!["a".to_owned(), "b".to_owned()]);
        assert!(raw(IAMOperator::StringNotEquals, "a", both));
    }

    #[test]
    fn values_that_cannot_be_compared_are_refused() {
        for (kind, value) in [
            (Kind::Number, "ten"),
            (Kind::Number, "NaN"),
            (Kind::Number, "inf"),
            (Kind::Number, "9007199254740993000"),
            (Kind::Date, "2024"),
            (Kind::Date, "2024-01-01"),
            (Kind::Date, "yesterday"),
            (Kind::Address, "here"),
            (Kind::Address, "203.0.113.0/33"),
            (Kind::Truth, "yes"),
            (Kind::Truth, "True"),
        ] {
            assert!(check_value("key", kind, value).is_err(), "{value}");
        }
        for (kind, value) in [
            (Kind::Number, "10.5"),
            (Kind::Date, "2024-01-01T00:00:00Z"),
            (Kind::Date, "1704067200"),
            (Kind::Address, "2001:DB8:1234:5678::/64"),
            (Kind::Address, "203.0.113.7"),
        ] {
            assert_eq!(check_value("key", kind, value), Ok(()), "{value}");
        }
    }
}
