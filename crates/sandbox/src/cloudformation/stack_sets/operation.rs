//! An operation: what it does, to which accounts and Regions, how far it is.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::Targets;
use crate::Timestamp;

/// Action of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cloudformation) enum Action {
    Create,
    Update,
    Delete,
}

impl Action {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

/// An operation on instances of a stack set.
#[derive(Clone, Debug)]
pub(in crate::cloudformation) struct Operation {
    pub(super) id: String,
    pub(super) action: Action,
    pub(super) status: &'static str,
    pub(super) reason: Option<String>,
    pub(super) created: Timestamp,
    pub(super) ended: Option<Timestamp>,
    pub(super) retains: bool,
    pub(super) preferences: Preferences,
    pub(super) targets: Targets,
    /// New overrides of parameters, where the operation brings some.
    pub(super) overrides: Option<BTreeMap<String, String>>,
    pub(super) jobs: Vec<Job>,
}

/// One account and Region of an operation.
#[derive(Clone, Debug)]
pub(in crate::cloudformation) struct Job {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) unit: String,
    pub(super) status: &'static str,
    pub(super) reason: Option<String>,
}

/// Operation preferences, as written in the request.
#[derive(Clone, Debug)]
pub(in crate::cloudformation) struct Preferences(pub(super) Value);

impl Default for Preferences {
    fn default() -> Self {
        Self(Value::Object(Map::new()))
    }
}

impl Preferences {
    fn number(&self, member: &str) -> Option<usize> {
        let number = match self.0.get(member)? {
            Value::String(text) => text.parse().ok()?,
            other => other.as_u64()?,
        };
        usize::try_from(number).ok()
    }

    /// Returns the number of accounts that may fail in a Region; 0 by default.
    pub(super) fn tolerance(&self, accounts: usize) -> usize {
        match (
            self.number("FailureToleranceCount"),
            self.number("FailureTolerancePercentage"),
        ) {
            (Some(count), _) => count,
            // StackSets rounds down.
            (None, Some(percent)) => accounts.saturating_mul(percent) / 100,
            (None, None) => 0,
        }
    }

    /// Returns true if Regions are gone through side by side.
    pub(super) fn is_parallel(&self) -> bool {
        self.0.get("RegionConcurrencyType").and_then(Value::as_str) == Some("PARALLEL")
    }

    /// These Regions, in the order that was asked for.
    pub(super) fn ordered(&self, regions: &[String]) -> Vec<String> {
        let order = self.0.get("RegionOrder").and_then(Value::as_array);
        let order = order.into_iter().flatten().filter_map(Value::as_str);
        let first = order.filter(|region| regions.iter().any(|one| one == region));
        let mut ordered: Vec<String> = first.map(str::to_owned).collect();
        for region in regions {
            if !ordered.contains(region) {
                ordered.push(region.clone());
            }
        }
        ordered
    }
}

/// The jobs of an operation, in the order in which they are done.
pub(super) fn jobs(
    accounts: &[(String, String)],
    regions: &[String],
    preferences: &Preferences,
) -> Vec<Job> {
    let regions = preferences.ordered(regions);
    let job = |(account, unit): &(String, String), region: &String| Job {
        account: account.clone(),
        region: region.clone(),
        unit: unit.clone(),
        status: "PENDING",
        reason: None,
    };
    if preferences.is_parallel() {
        let each = accounts.iter();
        each.flat_map(|account| regions.iter().map(move |region| job(account, region)))
            .collect()
    } else {
        let each = regions.iter();
        each.flat_map(|region| accounts.iter().map(move |account| job(account, region)))
            .collect()
    }
}

impl Operation {
    /// An operation on nothing yet.
    pub(super) fn new(action: Action, now: Timestamp) -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            action,
            status: "RUNNING",
            reason: None,
            created: now,
            ended: None,
            retains: false,
            preferences: Preferences::default(),
            targets: Targets::default(),
            overrides: None,
            jobs: Vec::new(),
        }
    }

    /// Returns the number of accounts that failed in a Region, or in all Regions.
    pub(super) fn failures(&self, region: Option<&str>) -> usize {
        let here = |job: &&Job| region.is_none_or(|region| job.region == region);
        let failed = self.jobs.iter().filter(here);
        failed.filter(|job| job.status == "FAILED").count()
    }

    /// Returns true if more accounts failed in a Region than may.
    pub(super) fn exceeds_tolerance(&self, region: &str) -> bool {
        let accounts = self.jobs.iter().filter(|job| job.region == region).count();
        self.failures(Some(region)) > self.preferences.tolerance(accounts)
    }

    pub(super) fn is_over(&self) -> bool {
        ["SUCCEEDED", "FAILED", "STOPPED"].contains(&self.status)
    }
}
