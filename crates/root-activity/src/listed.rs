//! Lists of bounded length that count what they leave out.

use std::collections::{BTreeSet, HashSet};

use config_rule::visible;

/// Distinct texts, as many as a notice has room for.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// The texts, safe to show: the first one given first, the others in alphabetical order.
    pub(crate) texts: Vec<String>,
    /// The number of distinct texts that are not listed.
    pub(crate) left_out: usize,
}

impl Listed {
    /// Lists at most `most` of the texts, each of at most `max_bytes`.
    pub(crate) fn new<'a>(
        texts: impl IntoIterator<Item = &'a str>,
        most: usize,
        max_bytes: usize,
    ) -> Self {
        let mut texts = texts.into_iter();
        let Some(first) = texts.next() else {
            return Self::default();
        };
        let others: BTreeSet<&str> = texts.filter(|text| *text != first).collect();
        let mut shown = HashSet::new();
        let texts: Vec<String> = std::iter::once(first)
            .chain(others.iter().copied())
            .map(|text| visible(text, max_bytes))
            .filter(|text| shown.insert(text.clone()))
            .take(most)
            .collect();
        Self {
            left_out: (others.len() + 1).saturating_sub(texts.len()),
            texts,
        }
    }
}
