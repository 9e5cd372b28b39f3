//! Lists in pages. A token says how many items came before; clients must not care.

use crate::faults::Effect;
use crate::request::Request;
use crate::wire::{Output, Structure};

/// A page of a list.
pub(crate) struct Page {
    pub(crate) items: Vec<Output>,
    /// The token with which to ask for the next page, where there is one.
    pub(crate) next: Option<String>,
}

impl Page {
    /// The page of `items` that begins where the page with this token ended. None,
    /// when no page ended with such a token. It has the size that is asked for, unless
    /// a fault makes it shorter.
    pub(crate) fn cut(
        request: &Request<'_>,
        items: Vec<Structure>,
        token: Option<&str>,
        size: usize,
    ) -> Option<Self> {
        let start = match token {
            None => 0,
            Some(token) => token.parse().ok().filter(|start| *start <= items.len())?,
        };
        let shorter =
            request
                .world
                .faults
                .take(request.account(), request.operation.action, |effect| {
                    matches!(effect, Effect::PagesOf(_))
                });
        let size = match shorter {
            Some(Effect::PagesOf(most)) => size.min(most),
            _ => size,
        };
        let end = start.saturating_add(size);
        Some(Self {
            next: (end < items.len()).then(|| end.to_string()),
            items: items
                .into_iter()
                .skip(start)
                .take(size)
                .map(Output::from)
                .collect(),
        })
    }
}
