//! What is tried again: pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use config_rule::Timestamp;
use serde::Serialize;

use crate::settings::{Retry, Settings};

/// Time after its last attempt an instance is tried again at the earliest. Whether the
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
    /// The root or the organizational units that it is deployed to.
    pub units: Vec<String>,
    /// The Regions that it is deployed to.
    pub regions: Vec<String>,
    /// The names of the stack sets whose instances in an account come first.
    pub depends_on: Vec<String>,
}

/// An active account below a root or an organizational unit of a stack set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// The twelve-digit id of the account.
    pub account: String,
    /// The root or unit of the stack set that it is below.
    pub unit: String,
}

/// An instance that should exist and does not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// Its Region.
    pub region: String,
    /// The root or unit through which it is deployed.
    pub unit: String,
    /// The twelve-digit id of its account.
    pub account: String,
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
    /// True if it runs or waits.
    pub under_way: bool,
    /// Time at which it began.
    pub created: Timestamp,
}

/// Decision about a stack set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice<'a> {
    /// The instances that are tried again.
    pub retry: Vec<&'a Instance>,
    /// The instances that are made.
    pub missing: Vec<Missing>,
    /// Instances that are not tried now, and why, in numbers.
    pub left: Left,
}

/// Number of failed or missing instances that are left as they are.
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
    /// They are missing because a stack set on which theirs depends is not there yet.
    pub waiting: usize,
}

impl Instance {
    fn failed(&self) -> bool {
        matches!(self.detailed_status.as_str(), "FAILED" | "CANCELLED")
    }

    /// Returns whether trying again may help although nobody repaired anything. One that was
    /// cancelled waited for others that failed.
    fn may_pass(&self) -> bool {
        self.detailed_status == "CANCELLED" || PASSING.iter().any(|part| self.reason.contains(part))
    }
}

impl StackSet {
    /// Returns whether an account has everything of the stack set.
    pub fn is_complete(&self, account: &str) -> bool {
        let mut own = self
            .instances
            .iter()
            .filter(|one| one.account == account)
            .peekable();
        own.peek().is_some() && own.all(|one| one.detailed_status == "SUCCEEDED")
    }

    /// The accounts and Regions without an instance.
    fn missing(&self, members: &[Member]) -> Vec<Missing> {
        let existing: BTreeSet<(&str, &str)> = self
            .instances
            .iter()
            .map(|one| (one.account.as_str(), one.region.as_str()))
            .collect();
        let pairs = members
            .iter()
            .flat_map(|member| self.regions.iter().map(move |region| (member, region)));
        pairs
            .filter(|(member, region)| !existing.contains(&(&member.account, region)))
            .map(|(member, region)| Missing {
                region: region.clone(),
                unit: member.unit.clone(),
                account: member.account.clone(),
            })
            .collect()
    }
}

/// Chooses what is deployed again of a stack set: failed instances, and those that `members`
/// should have and do not. StackSets makes an instance for an account that joins only after
/// all stack sets on which it depends succeeded there; `is_ready` tells whether they have.
pub fn choose<'a>(
    set: &'a StackSet,
    members: &[Member],
    is_ready: impl Fn(&str) -> bool,
    settings: &Settings,
    now: Timestamp,
) -> Choice<'a> {
    let mut left = Left::default();
    let failed: Vec<&Instance> = set.instances.iter().filter(|one| one.failed()).collect();
    let absent = set.missing(members);
    if set.operations.values().any(|operation| operation.under_way) {
        left.operation_under_way = failed.len() + absent.len();
        return Choice {
            retry: Vec::new(),
            missing: Vec::new(),
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
        match settings.retry {
            Retry::Everything => retry.push(instance),
            Retry::Passing if instance.may_pass() && rests(instance) => left.resting += 1,
            Retry::Passing if instance.may_pass() => retry.push(instance),
            Retry::Passing | Retry::Nothing => left.for_people += 1,
        }
    }
    let (mut missing, waiting): (Vec<_>, Vec<_>) =
        absent.into_iter().partition(|one| is_ready(&one.account));
    left.waiting = waiting.len();
    if settings.retry == Retry::Passing {
        let all = set.instances.len() + missing.len();
        let most = (all * usize::from(settings.tolerance_percentage) / 100).max(1);
        left.beyond_tolerance = (retry.len() + missing.len()).saturating_sub(most);
        retry.truncate(most);
        missing.truncate(most - retry.len());
    }
    Choice {
        retry,
        missing,
        left,
    }
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
            tolerance_percentage,
            ..Settings::default()
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
            ..StackSet::default()
        }
    }

    fn chosen<'a>(set: &'a StackSet, settings: &Settings) -> Choice<'a> {
        choose(set, &[], |_| true, settings, now())
    }

    fn member(account: &str) -> Member {
        Member {
            account: account.to_owned(),
            unit: "r-root".to_owned(),
        }
    }

    /// An account that joins gets no instance of a stack set while one fails on which that
    /// depends, and StackSets does not come back to it.
    #[test]
    fn an_instance_that_should_exist_is_made() {
        let mut set = set(instance("SUCCEEDED", ""), 24, false);
        set.regions = vec!["eu-west-1".to_owned(), "us-east-1".to_owned()];
        let members = [member("111122223333"), member("444455556666")];
        let places = |choice: &Choice<'_>| -> Vec<String> {
            let missing = choice.missing.iter();
            missing
                .map(|one| format!("{} {}", one.account, one.region))
                .collect()
        };
        let all = choose(&set, &members, |_| true, &settings(100), now());
        assert_eq!(
            places(&all),
            [
                "111122223333 us-east-1",
                "444455556666 eu-west-1",
                "444455556666 us-east-1"
            ]
        );
        let old = |account: &str| account == "111122223333";
        let some = choose(&set, &members, old, &settings(100), now());
        assert_eq!((places(&some).len(), some.left.waiting), (1, 2));
        let one = choose(&set, &members, |_| true, &settings(0), now());
        assert_eq!((places(&one).len(), one.left.beyond_tolerance), (1, 2));
        set.operations
            .values_mut()
            .for_each(|it| it.under_way = true);
        let none = choose(&set, &members, |_| true, &settings(100), now());
        assert_eq!((places(&none).len(), none.left.operation_under_way), (0, 3));
    }

    /// Who runs `rootguard deploy` has repaired the reason, whatever it was.
    #[test]
    fn a_person_retries_everything_at_once() {
        let set = set(instance("FAILED", "AlreadyExists"), 0, false);
        let settings = Settings {
            retry: Retry::Everything,
            ..settings(0)
        };
        assert_eq!(chosen(&set, &settings).retry.len(), 1);
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
            let choice = chosen(&set, &settings(10));
            assert_eq!((choice.retry.len(), choice.left), (retried, left), "{name}");
        }
    }

    #[test]
    fn an_operation_that_is_no_longer_listed_is_long_over() {
        let mut set = set(instance("FAILED", RECORDER), 0, false);
        set.operations.clear();
        assert_eq!(chosen(&set, &settings(10)).retry.len(), 1);
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
            let Choice { retry, left, .. } = chosen(&set, &settings);
            let failed = set.instances.iter().filter(|one| one.failed()).count();
            let Left { for_people, resting, beyond_tolerance, operation_under_way, .. } = left;
            prop_assert_eq!(retry.len() + for_people + resting + beyond_tolerance + operation_under_way, failed);
            let tolerated = set.instances.len() * usize::from(percentage) / 100;
            prop_assert!(retry.len() <= tolerated.max(1));
            prop_assert!(!under_way || retry.is_empty());
        }
    }
}
