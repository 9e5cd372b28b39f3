//! The beliefs: the rows of `aws-behaviour.md`.

/// The document of every fact about AWS that rootguard or its sandbox relies on.
const DOCUMENT: &str = include_str!("../../sandbox/aws-behaviour.md");

/// A fact about AWS that rootguard or its sandbox relies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Belief {
    /// Its id, such as `config-token`.
    pub id: &'static str,
    /// The fact.
    pub statement: &'static str,
    /// Its certainty: `documented`, `measured`, `reported` or `believed`.
    pub sure: &'static str,
    /// The reason why AWS is not asked about it; `None` where it is.
    pub reason_not_to_ask: Option<&'static str>,
}

/// Returns the beliefs in the order of the document.
pub fn beliefs() -> impl Iterator<Item = Belief> {
    DOCUMENT.lines().filter_map(|line| {
        let cells: Vec<_> = line.strip_prefix("| `")?.split(" | ").collect();
        let [id, statement, _source, sure, _test, kit] = cells.as_slice() else {
            return None;
        };
        Some(Belief {
            id: id.trim_end_matches('`'),
            statement,
            sure,
            reason_not_to_ask: kit.trim_end_matches(" |").strip_prefix("no: "),
        })
    })
}
