//! The one place for what AWS neither documents nor anybody measured.
//!
//! `README.md` lists these choices with their reasons.

use std::borrow::Cow;

use serde_json::Value;

/// A blank before the `{` of a JSON pattern makes it invalid; blanks after the
/// `}` do not. Measured: blanks at both ends are refused. Deployed widely:
/// heredocs that end in a newline.
pub(crate) const BLANK_MAY_PRECEDE_BRACE: bool = false;

/// The text of a value for `=` and `!=`, or `None` if both are false of it.
///
/// Strings and numbers compare (measured), objects and arrays do not
/// (measured). Chosen: booleans compare as `true` and `false`; null does not
/// compare. A number's text is how `serde_json` writes it: `12.0`, not `12`.
pub(crate) fn comparable_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(true) => Some(Cow::Borrowed("true")),
        Value::Bool(false) => Some(Cow::Borrowed("false")),
        Value::Null | Value::Object(_) | Value::Array(_) => None,
    }
}

/// `*text` as AWS was seen to do it: only the first occurrence is looked at,
/// so `*11` does not match `1111`.
pub(crate) fn ends_with(value: &str, text: &str) -> bool {
    value
        .find(text)
        .is_some_and(|at| at + text.len() == value.len())
}

/// Returns the meaning of a backslash before a character inside quotes. Before any other character
/// the backslash stands for itself.
pub(crate) fn unescape(c: char) -> Option<char> {
    matches!(c, '"' | '\\').then_some(c)
}

/// `NOT EXISTS` after a wildcard: that nothing is selected at all. For every
/// other test one selected value that passes is enough (documented).
pub(crate) fn not_exists(selected: usize) -> bool {
    selected == 0
}

/// A last field without a condition takes the rest of the line: the
/// documentation shows `[w1=ERROR, w2]` on lines of many words.
pub(crate) const LAST_FIELD_TAKES_REST: bool = true;
