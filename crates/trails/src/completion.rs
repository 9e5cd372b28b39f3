//! Selectors that log every management event, and everything that they logged
//! before.

use crate::condition::FieldSelector;
use crate::coverage::{EVENT_CATEGORY, EVENT_SOURCE, MANAGEMENT, READ_ONLY};
use crate::selectors::{AdvancedEventSelector, EventSelector, EventSelectors, ReadWriteType};

/// Number of basic selectors that a trail may have.
const MAX_BASIC_SELECTORS: usize = 5;

/// Selectors that leave no management event out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// All of them, the changed and the unchanged: `PutEventSelectors` replaces all.
    pub selectors: EventSelectors,
    /// True if somebody had left out events on purpose, by their source or name:
    /// to log them costs money, and was not wanted.
    pub lifts_exclusion: bool,
}

/// Reason why selectors cannot be completed without changing something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompletionError {
    /// AWS has added a kind of selector since: sent again, it would be lost.
    #[error("its selectors are of a kind that is not known here")]
    UnknownKind,
    /// Five selectors, each with data events that a change would extend.
    #[error("it has five selectors, and each selects data events that a change would extend")]
    NoRoom,
}

impl EventSelectors {
    /// These selectors, changed in place as little as possible, so that they log
    /// every management event but those of `allowed_excluded_sources` that were left
    /// out before. What they select of data events stays the same.
    ///
    /// # Errors
    /// If that is not possible.
    pub fn completed(
        &self,
        allowed_excluded_sources: &[String],
    ) -> Result<Completion, CompletionError> {
        let sendable = self
            .basic
            .iter()
            .all(|selector| selector.to_sdk().is_some())
            && self
                .advanced
                .iter()
                .all(|selector| selector.to_sdk().is_some());
        if !sendable {
            return Err(CompletionError::UnknownKind);
        }
        let mut selectors = self.clone();
        let lifts_exclusion = if selectors.advanced.is_empty() {
            complete_basic(&mut selectors.basic, allowed_excluded_sources)?
        } else {
            complete_advanced(&mut selectors.advanced, allowed_excluded_sources)
        };
        Ok(Completion {
            selectors,
            lifts_exclusion,
        })
    }
}

/// Changes a selector whose data events stay the same by that: one for reads and
/// writes, or one without data events. Without any, adds one.
fn complete_basic(
    selectors: &mut Vec<EventSelector>,
    allowed: &[String],
) -> Result<bool, CompletionError> {
    let free = |selectors: &[EventSelector], logging: bool| {
        selectors.iter().position(|selector| {
            selector.include_management_events == logging
                && (selector.read_write_type == ReadWriteType::All
                    || selector.data_resources.is_empty())
        })
    };
    let place = match free(selectors, true) {
        Some(place) => place,
        None if selectors.len() < MAX_BASIC_SELECTORS => {
            selectors.push(EventSelector {
                read_write_type: ReadWriteType::All,
                include_management_events: true,
                exclude_management_event_sources: Vec::new(),
                data_resources: Vec::new(),
            });
            return Ok(false);
        }
        None => match free(selectors, false) {
            Some(place) => place,
            None => return complete_reads_and_writes(selectors, allowed),
        },
    };
    let mut lifts = false;
    if let Some(selector) = selectors.get_mut(place) {
        selector.read_write_type = ReadWriteType::All;
        lifts = include(selector, allowed);
    }
    Ok(lifts)
}

/// Returns where every selector is for reads or for writes and has data events, one of each
/// kind logs all management events with another.
fn complete_reads_and_writes(
    selectors: &mut [EventSelector],
    allowed: &[String],
) -> Result<bool, CompletionError> {
    let mut lifts = false;
    for kind in [ReadWriteType::ReadOnly, ReadWriteType::WriteOnly] {
        let mut of_kind = selectors.iter_mut();
        let selector = of_kind.find(|selector| selector.read_write_type == kind);
        lifts |= include(selector.ok_or(CompletionError::NoRoom)?, allowed);
    }
    Ok(lifts)
}

/// Lets a selector log management events, and leave out no source that may not be
/// left out. Whether it lifts an exclusion.
fn include(selector: &mut EventSelector, allowed: &[String]) -> bool {
    selector.include_management_events = true;
    let sources = &mut selector.exclude_management_event_sources;
    let before = sources.len();
    sources.retain(|source| allowed.contains(source));
    sources.len() < before
}

/// Takes what narrows it from the first selector of management events, or adds one.
fn complete_advanced(selectors: &mut Vec<AdvancedEventSelector>, allowed: &[String]) -> bool {
    let of_management = selectors
        .iter_mut()
        .find(|selector| selector.is_management());
    let Some(selector) = of_management else {
        let category = FieldSelector {
            field: EVENT_CATEGORY.to_owned(),
            equals: vec![MANAGEMENT.to_owned()],
            ..FieldSelector::default()
        };
        selectors.push(AdvancedEventSelector {
            name: Some("Management events".to_owned()),
            field_selectors: vec![category],
        });
        return false;
    };
    let mut lifts = false;
    selector.field_selectors.retain_mut(|condition| {
        if condition.field == EVENT_CATEGORY {
            return true;
        }
        let before = condition.clone();
        *condition = FieldSelector {
            field: before.field.clone(),
            ..FieldSelector::default()
        };
        if before.field == EVENT_SOURCE {
            let kept = before.not_equals.iter();
            condition.not_equals = kept
                .filter(|source| allowed.contains(source))
                .cloned()
                .collect();
        }
        lifts |= before.field != READ_ONLY && *condition != before;
        !condition.not_equals.is_empty()
    });
    lifts
}
