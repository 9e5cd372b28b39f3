//! What is tried again: pure.

use std::collections::BTreeMap;
use std::time::Duration;

use config_rule::Timestamp;
use serde::Serialize;

use crate::settings::Settings;

/// How long after its last attempt an instance is tried again at the earliest. Whether the
/// recorder is there now can only be told by trying; a little less than a day, so that a
/// daily run is never a minute too early.
const REST: Duration = Duration::from_hours(23);

/// Parts of reasons that pass by themselves. StackSets gives reasons as texts only; these
/// are AWS's error codes and words in them (an assumption: AWS does not document them).
const PASSING: [&str; 6] = [
    // The recorder was not there yet.
    "NoAvailableConfigurationRecorder",
    "configuration recorder",
    // AWS had too much to do.
    "Rate exceeded",
    "Throttling",
    "ServiceUnavailable",
    "InternalFailure",
];

/// A stack set of ours, as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackSet {
    /// Its instances.
    pub instances: Vec<Instance>,
    /// Its operations by id.
    pub operations: BTreeMap<String, Operation>,
}

/// An instance of a stack set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instance {
    /// The twelve-digit id of its account.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// The root or unit through which it was deployed.
    pub unit: String,
    /// `SUCCEEDED`, `FAILED`, `CANCELLED`, …
    pub detailed_status: String,
    /// AWS's own words.
    pub reason: String,
    /// The id of the last operation on it.
    pub last_operation: Option<String>,
}

/// An operation on a stack set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Whether it runs or waits.
    pub under_way: bool,
    /// When it began.
    pub created: Timestamp,
}

/// What is done about a stack set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice<'a> {
    /// The instances that are tried again.
    pub retry: Vec<&'a Instance>,
    /// What is not tried now, and why, in numbers.
    pub left: Left,
}

/// How many failed instances are left as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Left {
    /// Somebody has to repair something first.
    pub for_people: usize,
    /// They were tried within the last day.
    pub resting: usize,
    /// More would exceed the tolerance.
    pub beyond_tolerance: usize,
    /// An operation is under way; the next run looks again.
    pub operation_under_way: usize,
}

impl Instance {
    fn failed(&self) -> bool {
        matches!(self.detailed_status.as_str(), "FAILED" | "CANCELLED")
    }

    /// Whether trying again may help although nobody repaired anything. One that was
    /// cancelled waited for others that failed.
    fn may_pass(&self) -> bool {
        self.detailed_status == "CANCELLED" || PASSING.iter().any(|part| self.reason.contains(part))
    }
}

/// Chooses what is tried again of a stack set.
pub fn choose<'a>(set: &'a StackSet, settings: &Settings, now: Timestamp) -> Choice<'a> {
    let mut left = Left::default();
    let failed: Vec<&Instance> = set.instances.iter().filter(|one| one.failed()).collect();
    if set.operations.values().any(|operation| operation.under_way) {
        left.operation_under_way = failed.len();
        return Choice {
            retry: Vec::new(),
            left,
        };
    }
    let rests = |instance: &Instance| {
        let last = instance.last_operation.as_ref();
        // One that AWS no longer lists is older than a day.
        let last = last.and_then(|id| set.operations.get(id));
        last.is_some_and(|last| now.since(last.created) < REST)
    };
    let mut retry = Vec::new();
    for instance in failed {
        if !instance.may_pass() {
            left.for_people += 1;
        } else if rests(instance) {
            left.resting += 1;
        } else {
            retry.push(instance);
        }
    }
    let most = set.instances.len() * usize::from(settings.tolerance_percentage) / 100;
    let most = most.max(1);
    left.beyond_tolerance = retry.len().saturating_sub(most);
    retry.truncate(most);
    Choice { retry, left }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_800_000_000_000;
    const RECORDER: &str =
        "ResourceLogicalId:Rule, ResourceStatusReason:NoAvailableConfigurationRecorder";

    fn settings(tolerance_percentage: u8) -> Settings {
        Settings {
            delegated: false,
            tolerance_percentage,
        }
    }

    fn now() -> Timestamp {
        Timestamp::from_epoch_millis(NOW)
    }

    fn instance(status: &str, reason: &str) -> Instance {
        Instance {
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            unit: "r-root".to_owned(),
            detailed_status: status.to_owned(),
            reason: reason.to_owned(),
            last_operation: Some("last".to_owned()),
        }
    }

    fn set(instance: Instance, hours: i64, under_way: bool) -> StackSet {
        let created = Timestamp::from_epoch_millis(NOW - hours * 3_600_000);
        StackSet {
            instances: vec![instance],
            operations: BTreeMap::from([("last".to_owned(), Operation { under_way, created })]),
        }
    }

    #[test]
    fn each_instance_is_tried_again_or_left() {
        let left = Left::default();
        for (name, instance, hours, under_way, retried, left) in [
            (
                "a recorder was missing",
                instance("FAILED", RECORDER),
                24,
                false,
                1,
                left,
            ),
            (
                "just a day ago",
                instance("FAILED", RECORDER),
                23,
                false,
                1,
                left,
            ),
            (
                "today",
                instance("FAILED", RECORDER),
                22,
                false,
                0,
                Left { resting: 1, ..left },
            ),
            (
                "it works",
                instance("SUCCEEDED", RECORDER),
                24,
                false,
                0,
                left,
            ),
            (
                "it is on its way",
                instance("RUNNING", ""),
                24,
                false,
                0,
                left,
            ),
            (
                "others failed first",
                instance("CANCELLED", ""),
                24,
                false,
                1,
                left,
            ),
            (
                "AWS was busy",
                instance("FAILED", "Rate exceeded"),
                24,
                false,
                1,
                left,
            ),
            (
                "a role exists",
                instance("FAILED", "AlreadyExists"),
                24,
                false,
                0,
                Left {
                    for_people: 1,
                    ..left
                },
            ),
            (
                "the account is suspended",
                instance("SKIPPED_SUSPENDED_ACCOUNT", ""),
                24,
                false,
                0,
                left,
            ),
            (
                "an operation runs",
                instance("FAILED", RECORDER),
                24,
                true,
                0,
                Left {
                    operation_under_way: 1,
                    ..left
                },
            ),
        ] {
            let set = set(instance, hours, under_way);
            let choice = choose(&set, &settings(10), now());
            assert_eq!((choice.retry.len(), choice.left), (retried, left), "{name}");
        }
    }

    #[test]
    fn an_operation_that_is_no_longer_listed_is_long_over() {
        let mut set = set(instance("FAILED", RECORDER), 0, false);
        set.operations.clear();
        assert_eq!(choose(&set, &settings(10), now()).retry.len(), 1);
    }

    fn statuses() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
        let status = prop::sample::select(vec!["FAILED", "CANCELLED", "SUCCEEDED", "RUNNING"]);
        let reason = prop::sample::select(vec![RECORDER, "AlreadyExists", ""]);
        prop::collection::vec((status, reason), 0..40)
    }

    proptest! {
        /// Every failed instance is tried again or counted, and never more are tried than
        /// are tolerated.
        #[test]
        fn none_is_forgotten_and_the_tolerance_holds(
            statuses in statuses(), percentage in 0_u8..=100, hours in 0_i64..48, under_way: bool,
        ) {
            let mut set = set(Instance::default(), hours, under_way);
            set.instances = statuses.iter().map(|(status, reason)| instance(status, reason)).collect();
            let settings = settings(percentage);
            let Choice { retry, left } = choose(&set, &settings, now());
            let failed = set.instances.iter().filter(|one| one.failed()).count();
            let Left { for_people, resting, beyond_tolerance, operation_under_way } = left;
            prop_assert_eq!(retry.len() + for_people + resting + beyond_tolerance + operation_under_way, failed);
            let tolerated = set.instances.len() * usize::from(percentage) / 100;
            prop_assert!(retry.len() <= tolerated.max(1));
            prop_assert!(!under_way || retry.is_empty());
        }
    }
}
