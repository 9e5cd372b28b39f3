//! Rate at which an account may change trails.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::Timestamp;
use crate::request::Request;
use crate::wire::Failure;

/// CloudTrail takes one change in this time from an account.
const ONE_CHANGE_PER: Duration = Duration::from_secs(1);

/// Delay that a throttled client is told to wait. The rest of the second passes at once, so that no
/// test waits for it.
const RETRY_AFTER: Duration = Duration::from_millis(2);

/// Time of the last change of a trail, by account.
#[derive(Debug, Default)]
pub(crate) struct Pace(Mutex<BTreeMap<String, Timestamp>>);

impl Pace {
    /// Throttles a change that comes too soon after another of the account.
    pub(super) fn keep(&self, request: &Request<'_>) -> Result<(), Failure> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = last.get(request.account()).map_or(Duration::ZERO, |last| {
            ONE_CHANGE_PER.saturating_sub(request.now.since(*last))
        });
        if !wait.is_zero() {
            request.world.clock.advance(wait);
            return Err(Failure {
                retry_after: Some(RETRY_AFTER),
                ..request.protocol.throttled()
            });
        }
        last.insert(request.account().to_owned(), request.now);
        Ok(())
    }
}
