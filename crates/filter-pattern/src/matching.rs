//! Matching of log events.

mod fields;
mod json;
mod text;

use serde_json::Value;

use crate::tree::{Term, TermKind, Tree};

pub(crate) use json::matches as matches_json;
pub(crate) use text::one_byte_per_character;

pub(crate) fn matches_message(tree: &Tree, message: &str) -> bool {
    match tree {
        Tree::Json(expr) => match serde_json::from_str::<Value>(message) {
            Ok(record) => json::matches(expr, &record),
            Err(_) => false,
        },
        Tree::Fields(slots) => fields::matches(slots, message),
        Tree::Terms(terms) => matches_terms(terms, message),
        Tree::Regex(regex) => text::finds(regex, message),
    }
}

pub(crate) fn matches_record(tree: &Tree, record: &Value) -> bool {
    match tree {
        Tree::Json(expr) => json::matches(expr, record),
        _ => matches_message(tree, &record.to_string()),
    }
}

/// Beside terms of another kind, optional terms are ignored (documented).
fn matches_terms(terms: &[Term], message: &str) -> bool {
    let of_kind = |kind| terms.iter().filter(move |term| term.kind == kind);
    let occurs = |term: &Term| message.contains(&term.text);
    if terms.iter().all(|term| term.kind == TermKind::Optional) {
        return terms.is_empty() || terms.iter().any(occurs);
    }
    of_kind(TermKind::Required).all(occurs) && !of_kind(TermKind::Excluded).any(occurs)
}
