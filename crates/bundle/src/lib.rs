//! The registry of controls, what the organization wants of them, and what was seen of an
//! account.

mod mistake;
mod organization;
mod remediation;
mod rule;
mod rules;
mod snapshot;

pub use self::remediation::{RemediationTask, RuleRemediation};
pub use mistake::Mistake;
pub use organization::{Accounts, Architecture, Group, Organization, Regions, Settings};
pub use rule::{Rule, RuleError};
pub use rules::{ConfiguredException, ConfiguredRule, ORGANIZATION_ID, Rules, RulesError};
pub use snapshot::{JudgeError, Observed, Snapshot, SnapshotError};

use hardware_root_mfa::HardwareRootMfa;
use no_root_keys::NoRootKeys;
use root_usage_alarm::RootUsageAlarm;
use rule::RuleOf;
use trail_logging::TrailLogging;

/// Every rule of the bundle, in the order in which people are shown them.
pub const RULES: &[&dyn Rule] = &[
    &RuleOf::<NoRootKeys>::NEW,
    &RuleOf::<HardwareRootMfa>::NEW,
    &RuleOf::<TrailLogging>::NEW,
    &RuleOf::<RootUsageAlarm>::NEW,
];
