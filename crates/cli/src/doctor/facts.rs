//! What the doctor knows: read once, judged by every examination.

use std::collections::{BTreeMap, BTreeSet};

use config_rule::{Fact, Frequency, Timestamp};

use super::policies::ControlPolicies;
use super::service::Service;

/// Everything that the examinations look at.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) wanted: DesiredState,
    pub(super) organization: OrganizationFacts,
    /// The active accounts that were asked for, by id.
    pub(super) accounts: Vec<AccountFacts>,
}

/// The organization as `rules.toml` wants it.
#[derive(Clone, Debug)]
pub(super) struct DesiredState {
    /// Time at which it was looked at.
    pub(super) now: Timestamp,
    pub(super) partition: String,
    /// The account and the Region of the activity hub, where there shall be one.
    pub(super) hub: Option<(String, String)>,
    pub(super) home_region: String,
    pub(super) activity_regions: Vec<String>,
    /// The account with the artifact buckets, where one is named.
    pub(super) artifact_account: Option<String>,
    /// The account that shall administer a service, where one is named.
    pub(super) administrators: BTreeMap<Service, String>,
    /// True if root credentials may be removed centrally.
    pub(super) root_sessions: bool,
    /// True if an organization trail is named, which logs the members.
    pub(super) organization_trail: bool,
    /// The Regions with functions, which need an artifact bucket.
    pub(super) artifact_regions: Vec<String>,
    /// The functions that work for the whole organization.
    pub(super) central: Vec<CentralFunction>,
    /// The rules, as the management account has them.
    pub(super) rules: Vec<WantedRule>,
    /// Whom it is rolled out to; nothing is said where there is none.
    pub(super) groups: Vec<WantedGroup>,
    pub(super) exceptions: Vec<WantedException>,
}

/// A function that works for the whole organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Central {
    RootActivity,
    Reconciler,
}

impl Central {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::RootActivity => "root-activity",
            Self::Reconciler => "reconciler",
        }
    }

    /// Returns what it means that it is missing.
    pub(super) const fn missing(self) -> &'static str {
        match self {
            Self::RootActivity => "nobody is told of root activity",
            Self::Reconciler => "nobody deploys again where an account was not ready",
        }
    }

    /// The queue with what failed for good.
    pub(super) const fn queue(self) -> &'static str {
        match self {
            Self::RootActivity => "rootguard-activity-dead-letters",
            Self::Reconciler => "rootguard-failed-runs",
        }
    }
}

/// Account and Region of a function of the whole organization.
#[derive(Clone, Debug)]
pub(super) struct CentralFunction {
    pub(super) function: Central,
    pub(super) account: String,
    pub(super) region: String,
}

/// A rule that is to be deployed and judged.
#[derive(Clone, Debug)]
pub(super) struct WantedRule {
    pub(super) name: &'static str,
    pub(super) frequency: Frequency,
    /// The IAM actions that its function needs.
    pub(super) actions: Vec<&'static str>,
}

/// A `[[group]]`.
#[derive(Clone, Debug)]
pub(super) struct WantedGroup {
    /// The root or units that its accounts are below.
    pub(super) units: Vec<String>,
    /// Accounts there that nothing is deployed to.
    pub(super) excluded: Vec<String>,
    pub(super) rules: Vec<WantedRule>,
}

/// An `[[exception]]`.
#[derive(Clone, Debug)]
pub(super) struct WantedException {
    pub(super) account: String,
    pub(super) control: String,
    pub(super) reason_code: String,
    pub(super) owner: String,
    /// The first moment in which it is void.
    pub(super) void_from: Timestamp,
}

/// Facts about the organization.
#[derive(Clone, Debug)]
pub(super) struct OrganizationFacts {
    /// The management account.
    pub(super) management: String,
    /// The principals of the services with trusted access.
    pub(super) trusted: Fact<BTreeSet<String>>,
    /// The delegated administrators of each service.
    pub(super) administrators: BTreeMap<Service, Fact<BTreeSet<String>>>,
    /// IAM's features for root users that are enabled.
    pub(super) root_features: Fact<BTreeSet<String>>,
    /// The root and units that each account is below, from the top.
    pub(super) units: Fact<BTreeMap<String, Vec<String>>>,
    /// The service control policies above each account.
    pub(super) policies: Fact<ControlPolicies>,
    /// Our stack sets.
    pub(super) stack_sets: Fact<Vec<StackSet>>,
}

/// A stack set of ours.
#[derive(Clone, Debug)]
pub(super) struct StackSet {
    pub(super) name: String,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) instances: Fact<Vec<Instance>>,
    /// The latest operations, the latest first.
    pub(super) operations: Fact<Vec<Operation>>,
}

/// An instance of a stack set.
#[derive(Clone, Debug, Default)]
pub(super) struct Instance {
    pub(super) account: String,
    pub(super) region: String,
    /// `CURRENT`, `OUTDATED` or `INOPERABLE`.
    pub(super) status: String,
    /// `SUCCEEDED`, `FAILED`, `SKIPPED_SUSPENDED_ACCOUNT`, …; none where AWS gave none.
    pub(super) detailed: Option<String>,
    /// AWS's own words.
    pub(super) reason: Option<String>,
}

/// An operation on a stack set.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) id: String,
    /// `CREATE`, `UPDATE`, `DELETE`, …
    pub(super) action: String,
    /// `RUNNING`, `SUCCEEDED`, `FAILED`, `STOPPED`, …
    pub(super) status: String,
    /// AWS's own words.
    pub(super) reason: Option<String>,
}

/// An active account.
#[derive(Clone, Debug)]
pub(super) struct AccountFacts {
    pub(super) id: String,
    pub(super) name: String,
    /// Facts about it, or why nobody could look into it.
    pub(super) seen: Result<ScanResult, String>,
}

/// Facts about an account, in its home Region where nothing else is said.
#[derive(Clone, Debug)]
pub(super) struct ScanResult {
    pub(super) recorders: Fact<Vec<Recorder>>,
    /// The function of each wanted rule; none where it is not there.
    pub(super) functions: BTreeMap<&'static str, Fact<Option<Function>>>,
    /// Those of its functions that work for the whole organization, with their Regions.
    pub(super) central: BTreeMap<Central, (String, Fact<Option<Function>>)>,
    /// Results that AWS Config has of each wanted rule; none where it has no such rule.
    pub(super) results: BTreeMap<&'static str, Fact<Option<Results>>>,
    /// The forwarding rules of each activity Region.
    pub(super) forwarders: BTreeMap<String, Fact<Vec<Forwarder>>>,
    /// The organization trails that show here.
    pub(super) organization_trails: Fact<Vec<OrganizationTrail>>,
    /// Presence of the artifact bucket in each Region in which one must be.
    pub(super) buckets: BTreeMap<String, Fact<bool>>,
}

/// A configuration recorder.
#[derive(Clone, Debug)]
pub(super) struct Recorder {
    pub(super) name: String,
    /// True if an AWS service keeps it, and rules cannot use it.
    pub(super) service_linked: bool,
    pub(super) recording: Fact<bool>,
}

/// A Lambda function.
#[derive(Clone, Debug)]
pub(super) struct Function {
    /// `Active`, where it can be invoked; none where AWS gave none.
    pub(super) state: Option<String>,
    /// The SHA-256 of its package, in base64.
    pub(super) code: Option<String>,
    /// Number of its invocations that failed within the last day.
    pub(super) errors: Fact<u64>,
}

/// Results that AWS Config has of a rule.
#[derive(Clone, Debug)]
pub(super) struct Results {
    /// Time of the last result. None where there is none, or it was `NOT_APPLICABLE`,
    /// which AWS Config does not keep.
    pub(super) latest: Option<Timestamp>,
    /// Number of invocations of the function within twice the rule's frequency; asked only
    /// where there is no result.
    pub(super) invocations: Fact<u64>,
}

/// A rule of EventBridge that forwards to the hub.
#[derive(Clone, Debug)]
pub(super) struct Forwarder {
    pub(super) name: String,
    pub(super) state: String,
    pub(super) targets: Fact<Vec<String>>,
}

/// An organization trail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct OrganizationTrail {
    pub(super) arn: String,
    /// The account that owns it.
    pub(super) owner: String,
}

impl Facts {
    /// The accounts that could be looked into.
    pub(super) fn seen(&self) -> impl Iterator<Item = (&AccountFacts, &ScanResult)> {
        let accounts = self.accounts.iter();
        accounts.filter_map(|account| Some((account, account.seen.as_ref().ok()?)))
    }

    /// Returns whether anything was ever deployed: then what is missing is wrong.
    pub(super) fn is_deployed(&self) -> bool {
        let functions = |seen: &ScanResult| {
            let mut functions = seen.functions.values();
            functions.any(|function| matches!(function, Fact::Known(Some(_))))
        };
        let sets = match &self.organization.stack_sets {
            Fact::Known(sets) => !sets.is_empty(),
            Fact::Unread(_) => false,
        };
        sets || self.seen().any(|(_, seen)| functions(seen))
    }

    /// The rules that shall be in an account; see [`DesiredState::rules_of`].
    pub(super) fn rules_of(&self, account: &str) -> Option<&[WantedRule]> {
        self.wanted.rules_of(&self.organization, account)
    }

    /// Returns whether an account is in use. Others are nobody's fault.
    pub(super) fn is_active(&self, id: &str) -> bool {
        self.accounts.iter().any(|account| account.id == id)
    }
}

impl DesiredState {
    /// The rules that shall be in an account; none where nothing shall be deployed to it.
    /// Where nobody can tell what it is below, it is taken for one of the first group.
    pub(super) fn rules_of(
        &self,
        organization: &OrganizationFacts,
        account: &str,
    ) -> Option<&[WantedRule]> {
        if self.groups.is_empty() || account == organization.management {
            return Some(&self.rules);
        }
        let above = organization.units_above(account);
        let mut groups = self.groups.iter();
        let group = groups.find(|group| {
            let is_below = |above: &[String]| above.iter().any(|id| group.units.contains(id));
            above.is_none_or(is_below) && !group.excluded.iter().any(|id| id == account)
        });
        group.map(|group| group.rules.as_slice())
    }
}

impl OrganizationFacts {
    /// The root and units that an account is below; none where nobody can tell.
    fn units_above(&self, account: &str) -> Option<&[String]> {
        match &self.units {
            Fact::Known(units) => units.get(account).map(Vec::as_slice),
            Fact::Unread(_) => None,
        }
    }
}

impl ScanResult {
    /// Returns whether the rules can be there: a customer-managed recorder is.
    pub(super) fn has_recorder(&self) -> bool {
        match &self.recorders {
            Fact::Known(recorders) => recorders.iter().any(|recorder| !recorder.service_linked),
            Fact::Unread(_) => true,
        }
    }
}
