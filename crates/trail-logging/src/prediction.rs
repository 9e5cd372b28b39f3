//! What Security Hub's `CloudTrail.1` will say: whether a multi-Region trail is set up for
//! every management event. Whether it logs and delivers, it does not ask.

use config_rule::{Fact, Prediction};
use trails::{EventSelectors, ReadWriteType};

use crate::AccountTrails;

pub(crate) fn predict(facts: &AccountTrails) -> Prediction {
    let Fact::Known(trails) = &facts.trails else {
        return Prediction::unknown("the trails could not be listed here");
    };
    let mut foreign = None;
    let mut unread = None;
    for observed in trails {
        let trail = &observed.trail;
        match trail.is_multi_region() {
            Ok(false) => continue,
            Ok(true) => {}
            Err(_) => unread = Some(trail),
        }
        match &observed.selectors {
            _ if trail.owner() != facts.account => foreign = Some(trail),
            Some(Fact::Known(selectors)) if is_complete(selectors) => {
                return Prediction::passed(format!(
                    "{} is set up for every management event in every Region",
                    trail.arn
                ));
            }
            Some(Fact::Known(_)) => {}
            Some(Fact::Unread(_)) | None => unread = Some(trail),
        }
    }
    if let Some(trail) = unread {
        return Prediction::unknown(format!("which events {} logs was not read here", trail.arn));
    }
    match foreign {
        Some(trail) => Prediction::unknown(format!(
            "AWS does not say whether it counts {}, which another account owns",
            trail.arn
        )),
        None => Prediction::failed(
            "no multi-Region trail is set up for all read and write management events",
        ),
    }
}

/// As the Config rule behind it asks with `readWriteType` = `ALL`: one selector has to have
/// all of it, and nothing may be left out.
fn is_complete(selectors: &EventSelectors) -> bool {
    let one_has_all = selectors.basic.is_empty()
        || selectors.basic.iter().any(|selector| {
            selector.include_management_events
                && selector.read_write_type == ReadWriteType::All
                && selector.exclude_management_event_sources.is_empty()
        });
    one_has_all && selectors.logs_every_management_event(&[])
}
