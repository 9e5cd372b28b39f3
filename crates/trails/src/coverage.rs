//! Whether the selectors of a trail, together, leave anything out.

use std::fmt;

use crate::condition::{FieldSelector, is_fresh, representatives};
use crate::selectors::{AdvancedEventSelector, EventSelector, EventSelectors, ReadWriteType};

pub(crate) const EVENT_CATEGORY: &str = "eventCategory";
pub(crate) const MANAGEMENT: &str = "Management";
pub(crate) const READ_ONLY: &str = "readOnly";
pub(crate) const EVENT_SOURCE: &str = "eventSource";
const EVENT_NAME: &str = "eventName";

/// Number of kinds of events that are looked at. CloudTrail allows 500 values in the
/// conditions of a trail, and people use a few; who uses them all up must get a
/// verdict and not a time-out, which would leave the last verdict standing.
const MAX_EVENTS: u32 = 20_000;

/// Management events that no selector of a trail selects. The widest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hole {
    /// All of them.
    EveryEvent,
    /// Those that change something.
    WriteEvents,
    /// Those that only read.
    ReadEvents,
    /// Those for which a condition on this field does not hold.
    Narrowed {
        /// The field, such as `eventName`.
        field: String,
    },
    /// Those of one event source, such as `kms.amazonaws.com`.
    EventSource(String),
    /// Nobody knows which: there are too many conditions to decide.
    Undecided,
}

/// Completes "its selectors leave out …".
impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EveryEvent => f.write_str("all management events"),
            Self::WriteEvents => f.write_str("management events that write"),
            Self::ReadEvents => f.write_str("management events that read"),
            Self::Narrowed { field } => {
                write!(f, "management events by a condition on {field}")
            }
            Self::EventSource(source) => write!(f, "management events of {source}"),
            Self::Undecided => f.write_str("more than their many conditions let decide"),
        }
    }
}

/// The selectors of a trail that are about management events.
pub(crate) struct Coverage(Vec<Selection>);

/// Management events for which every condition holds.
struct Selection(Vec<FieldSelector>);

impl Coverage {
    pub(crate) fn new(selectors: &EventSelectors) -> Self {
        let basic = selectors.basic.iter().filter_map(Selection::of_basic);
        let advanced = selectors.advanced.iter().filter_map(Selection::of_advanced);
        Self(basic.chain(advanced).collect())
    }

    /// The first hole there is, the widest kinds first.
    pub(crate) fn hole(&self, allowed_sources: &[String]) -> Option<Hole> {
        let mut budget = MAX_EVENTS;
        let writes = self.hole_among("false", Hole::WriteEvents, allowed_sources, &mut budget);
        let reads = self.hole_among("true", Hole::ReadEvents, allowed_sources, &mut budget);
        match (writes, reads) {
            (Some(Hole::WriteEvents), Some(Hole::ReadEvents)) => Some(Hole::EveryEvent),
            (writes, reads) => writes.into_iter().chain(reads).min(),
        }
    }

    /// A hole among the events whose `readOnly` has this value; `all` if none
    /// of them is selected.
    fn hole_among(
        &self,
        read_only: &str,
        all: Hole,
        allowed_sources: &[String],
        budget: &mut u32,
    ) -> Option<Hole> {
        let of_kind = matching(self.0.iter(), READ_ONLY, read_only);
        if of_kind.is_empty() {
            return Some(all);
        }
        if of_kind
            .iter()
            .any(|selection| selection.is_only_on(&[READ_ONLY]))
        {
            return None;
        }
        for source in representatives(conditions(&of_kind, EVENT_SOURCE)) {
            if allowed_sources.contains(&source) {
                continue;
            }
            let of_source = matching(of_kind.iter().copied(), EVENT_SOURCE, &source);
            if of_source.is_empty() {
                return Some(if is_fresh(&source) {
                    Hole::narrowed(EVENT_SOURCE)
                } else {
                    Hole::EventSource(source)
                });
            }
            let decided = [READ_ONLY, EVENT_SOURCE];
            if of_source
                .iter()
                .any(|selection| selection.is_only_on(&decided))
            {
                continue;
            }
            for name in representatives(conditions(&of_source, EVENT_NAME)) {
                *budget = budget.saturating_sub(1);
                if *budget == 0 {
                    return Some(Hole::Undecided);
                }
                let named = matching(of_source.iter().copied(), EVENT_NAME, &name);
                // Events need not have any other field, and then no condition
                // on it holds.
                let other_fields = named.iter().map(|selection| selection.other_field());
                match other_fields.min() {
                    None => return Some(Hole::narrowed(EVENT_NAME)),
                    Some(Some(field)) => return Some(Hole::narrowed(field)),
                    Some(None) => {}
                }
            }
        }
        None
    }
}

impl Hole {
    fn narrowed(field: &str) -> Self {
        Self::Narrowed {
            field: field.to_owned(),
        }
    }
}

impl AdvancedEventSelector {
    /// Returns whether it is about management events: by its condition on `eventCategory`,
    /// because its name means nothing.
    pub(crate) fn is_management(&self) -> bool {
        let conditions = self.field_selectors.iter();
        let mut category = conditions
            .filter(|condition| condition.field == EVENT_CATEGORY)
            .peekable();
        category.peek().is_some() && category.all(|condition| condition.matches(MANAGEMENT))
    }
}

impl Selection {
    fn of_basic(selector: &EventSelector) -> Option<Self> {
        if !selector.include_management_events {
            return None;
        }
        let read_only: &[&str] = match selector.read_write_type {
            ReadWriteType::All => &["true", "false"],
            ReadWriteType::ReadOnly => &["true"],
            ReadWriteType::WriteOnly => &["false"],
            ReadWriteType::Unknown => return None,
        };
        let mut conditions = vec![FieldSelector {
            field: READ_ONLY.to_owned(),
            equals: read_only.iter().copied().map(str::to_owned).collect(),
            ..FieldSelector::default()
        }];
        if !selector.exclude_management_event_sources.is_empty() {
            conditions.push(FieldSelector {
                field: EVENT_SOURCE.to_owned(),
                not_equals: selector.exclude_management_event_sources.clone(),
                ..FieldSelector::default()
            });
        }
        Some(Self(conditions))
    }

    fn of_advanced(selector: &AdvancedEventSelector) -> Option<Self> {
        let conditions = selector.field_selectors.iter();
        let others = conditions.filter(|condition| condition.field != EVENT_CATEGORY);
        selector
            .is_management()
            .then(|| Self(others.cloned().collect()))
    }

    fn conditions_on(&self, field: &str) -> impl Iterator<Item = &FieldSelector> + Clone {
        self.0
            .iter()
            .filter(move |condition| condition.field == field)
    }

    fn is_only_on(&self, fields: &[&str]) -> bool {
        let mut conditions = self.0.iter();
        conditions.all(|condition| fields.contains(&condition.field.as_str()))
    }

    /// A field with a condition, other than those that every management event
    /// has.
    fn other_field(&self) -> Option<&str> {
        let mut fields = self.0.iter().map(|condition| condition.field.as_str());
        fields.find(|field| ![READ_ONLY, EVENT_SOURCE, EVENT_NAME].contains(field))
    }
}

fn conditions<'a>(
    selections: &'a [&'a Selection],
    field: &'static str,
) -> impl Iterator<Item = &'a FieldSelector> + Clone {
    selections
        .iter()
        .flat_map(move |selection| selection.conditions_on(field))
}

/// The selections whose conditions on `field` all hold for `value`.
fn matching<'a>(
    selections: impl Iterator<Item = &'a Selection>,
    field: &str,
    value: &str,
) -> Vec<&'a Selection> {
    selections
        .filter(|selection| {
            selection
                .conditions_on(field)
                .all(|condition| condition.matches(value))
        })
        .collect()
}
