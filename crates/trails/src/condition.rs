//! Conditions of an advanced event selector on one field of an event.

use std::collections::BTreeSet;

use aws_sdk_cloudtrail::types;
use serde::{Deserialize, Serialize};

/// A condition on one field of an event. Every operator that is given must
/// hold; of an operator's values, any one (`Equals`) or none (`NotEquals`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldSelector {
    /// The field, such as `eventSource`.
    pub field: String,
    /// `Equals`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub equals: Vec<String>,
    /// `StartsWith`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts_with: Vec<String>,
    /// `EndsWith`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends_with: Vec<String>,
    /// `NotEquals`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_equals: Vec<String>,
    /// `NotStartsWith`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_starts_with: Vec<String>,
    /// `NotEndsWith`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_ends_with: Vec<String>,
}

impl FieldSelector {
    /// Returns whether an event with this value of the field is selected.
    pub fn matches(&self, value: &str) -> bool {
        let equals = |text: &String| value == text;
        let starts = |text: &String| value.starts_with(text.as_str());
        let ends = |text: &String| value.ends_with(text.as_str());
        let given = |texts: &[String], holds: &dyn Fn(&String) -> bool| {
            texts.is_empty() || texts.iter().any(holds)
        };
        self.has_operator()
            && given(&self.equals, &equals)
            && given(&self.starts_with, &starts)
            && given(&self.ends_with, &ends)
            && !self.not_equals.iter().any(equals)
            && !self.not_starts_with.iter().any(starts)
            && !self.not_ends_with.iter().any(ends)
    }

    /// Without an operator that we know, the condition has one that we do not
    /// know, and must not be taken for no condition.
    fn has_operator(&self) -> bool {
        self.texts().next().is_some()
    }

    /// As `PutEventSelectors` takes it. `None` without an operator that we know.
    pub(crate) fn to_sdk(&self) -> Option<types::AdvancedFieldSelector> {
        let given = |texts: &[String]| (!texts.is_empty()).then(|| texts.to_vec());
        let selector = types::AdvancedFieldSelector::builder()
            .field(&self.field)
            .set_equals(given(&self.equals))
            .set_starts_with(given(&self.starts_with))
            .set_ends_with(given(&self.ends_with))
            .set_not_equals(given(&self.not_equals))
            .set_not_starts_with(given(&self.not_starts_with))
            .set_not_ends_with(given(&self.not_ends_with));
        self.has_operator().then(|| selector.build().ok()).flatten()
    }

    fn texts(&self) -> impl Iterator<Item = &String> {
        let exact = self.equals.iter().chain(&self.not_equals);
        exact.chain(self.prefixes()).chain(self.suffixes())
    }

    fn prefixes(&self) -> impl Iterator<Item = &String> {
        self.starts_with.iter().chain(&self.not_starts_with)
    }

    fn suffixes(&self) -> impl Iterator<Item = &String> {
        self.ends_with.iter().chain(&self.not_ends_with)
    }
}

/// A character that no field of an event contains.
const FRESH: &str = "\u{0}";

/// Values of a field, such that whatever set of `conditions` any value matches,
/// one of these matches the same set.
///
/// A value that no condition names is told from others only by the longest
/// prefix and the longest suffix that it has; with a fresh character between
/// them it has these and no longer ones.
pub(crate) fn representatives<'a>(
    conditions: impl Iterator<Item = &'a FieldSelector> + Clone,
) -> BTreeSet<String> {
    let mut prefixes = BTreeSet::from([""]);
    let mut suffixes = BTreeSet::from([""]);
    let mut values = BTreeSet::new();
    for condition in conditions {
        values.extend(
            condition
                .equals
                .iter()
                .chain(&condition.not_equals)
                .cloned(),
        );
        prefixes.extend(condition.prefixes().map(String::as_str));
        suffixes.extend(condition.suffixes().map(String::as_str));
    }
    for prefix in &prefixes {
        values.extend(
            suffixes
                .iter()
                .map(|suffix| [prefix, FRESH, suffix].concat()),
        );
    }
    values
}

/// Returns whether a value stands for all those that no condition names.
pub(crate) fn is_fresh(value: &str) -> bool {
    value.contains(FRESH)
}

impl From<types::AdvancedFieldSelector> for FieldSelector {
    fn from(selector: types::AdvancedFieldSelector) -> Self {
        Self {
            field: selector.field,
            equals: selector.equals.unwrap_or_default(),
            starts_with: selector.starts_with.unwrap_or_default(),
            ends_with: selector.ends_with.unwrap_or_default(),
            not_equals: selector.not_equals.unwrap_or_default(),
            not_starts_with: selector.not_starts_with.unwrap_or_default(),
            not_ends_with: selector.not_ends_with.unwrap_or_default(),
        }
    }
}
