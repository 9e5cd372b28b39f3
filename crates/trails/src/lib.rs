//! Facts: CloudTrail trails, their status and what they select.

mod completion;
mod condition;
mod coverage;
mod reading;
mod selectors;
mod status;
mod trail;

use aws_sdk_cloudtrail::Client;
use config_rule::Account;

pub use completion::{Completion, CompletionError};
pub use condition::FieldSelector;
pub use coverage::Hole;
pub use reading::{ObservedTrail, TrailFact, TrailReader};
pub use selectors::{
    AdvancedEventSelector, DataResource, EventSelector, EventSelectors, GET_EVENT_SELECTORS,
    ReadWriteType,
};
pub use status::{Delivery, GET_TRAIL_STATUS, TrailStatus};
pub use trail::{DESCRIBE_TRAILS, Trail, Trails};

/// A client for what an account's trails are asked and told.
pub fn cloudtrail(account: &Account) -> Client {
    let config = aws_sdk_cloudtrail::config::Builder::from(account.sdk())
        .retry_partition(account.retry_partition())
        .build();
    Client::from_conf(config)
}
