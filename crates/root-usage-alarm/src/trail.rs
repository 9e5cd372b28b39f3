//! Does a trail bring every root event of the account to a log group?

use config_rule::{Arn, Fact};
use trails::{Delivery, ObservedTrail};

use crate::RootUsageAlarmParameters;
use crate::facts::{Question, RootUsage};
use crate::obstacle::{Depth, Obstacle};
use crate::reasons::{LOG_DELIVERY_FAILING, NO_LOG_GROUP, NO_QUALIFYING_TRAIL};

/// The log group in which the events arrive. What `DescribeTrails` told comes
/// first, because it costs no further call.
pub(crate) fn log_group_fed_by(
    observed: &ObservedTrail,
    facts: &RootUsage,
    parameters: &RootUsageAlarmParameters,
) -> Result<Arn, Obstacle> {
    let trail = &observed.trail;
    let name = trail.arn.as_str();
    if !trail.is_multi_region()? {
        return Err(Obstacle::broken(
            Depth::SingleRegion,
            NO_QUALIFYING_TRAIL,
            format!("trail {name} logs one Region only. Make it multi-Region."),
        ));
    }
    let log_group = seen_log_group(observed, facts, parameters)?;
    if !parameters.can_ask(log_group.account(), &facts.account) {
        return Err(Obstacle::elsewhere(log_group.account()));
    }
    let status = match &observed.status {
        None => return Err(Obstacle::open(Question::Status(trail.arn.clone()))),
        Some(status) => status.known()?,
    };
    if !status.is_logging()? {
        return Err(Obstacle::broken(
            Depth::NotLogging,
            NO_QUALIFYING_TRAIL,
            format!("trail {name} is not logging. Start it."),
        ));
    }
    let undelivered =
        match status.log_group_delivery(facts.observed_at, parameters.max_delivery_age()) {
            Delivery::Arriving => None,
            Delivery::NotYet => Some("no event has arrived yet".to_owned()),
            Delivery::Failing(error) => Some(format!("the latest delivery failed ({error})")),
            Delivery::Stale(latest) => Some(format!("no event has arrived since {latest}")),
        };
    if let Some(undelivered) = undelivered {
        return Err(Obstacle::broken(
            Depth::Delivery,
            LOG_DELIVERY_FAILING,
            format!(
                "{undelivered} from trail {name} in its log group. Look at the role with which \
                 the trail writes there."
            ),
        ));
    }
    let selectors = match &observed.selectors {
        None => return Err(Obstacle::open(Question::Selectors(trail.arn.clone()))),
        Some(selectors) => selectors.known()?,
    };
    if let Some(hole) = selectors.management_event_hole(&[]) {
        return Err(Obstacle::broken(
            Depth::Selectors,
            NO_QUALIFYING_TRAIL,
            format!("trail {name}: its selectors leave out {hole}. Log every management event."),
        ));
    }
    Ok(log_group)
}

/// The log group that the trail feeds, which a member account may not see of an
/// organization's trail.
fn seen_log_group(
    observed: &ObservedTrail,
    facts: &RootUsage,
    parameters: &RootUsageAlarmParameters,
) -> Result<Arn, Obstacle> {
    let trail = &observed.trail;
    if let Some(log_group) = &trail.log_group {
        return Ok(log_group.clone());
    }
    let none = || {
        Obstacle::broken(
            Depth::NoLogGroup,
            NO_LOG_GROUP,
            format!(
                "trail {} sends its events to no log group. Configure one.",
                trail.arn
            ),
        )
    };
    let owner = trail.owner();
    if owner == facts.account {
        return Err(none());
    }
    if !parameters.can_ask(owner, &facts.account) {
        return Err(Obstacle::elsewhere(owner));
    }
    match facts.owners_trails.get(&trail.arn) {
        None => Err(Obstacle::open(Question::OwnersTrail(trail.clone()))),
        Some(Fact::Unread(unread)) => Err(Obstacle::from(unread.clone())),
        Some(Fact::Known(seen)) => seen
            .as_ref()
            .and_then(|seen| seen.log_group.clone())
            .ok_or_else(none),
    }
}
