//! The order of stacks, whatever `rules.toml` says now.

use crate::Template;

/// Stacks by the names of their templates, in the order of deployment. The stacks of controls
/// and of groups come between.
const BEFORE_CONTROLS: [Template; 6] = [
    Template::ARTIFACTS,
    Template::MANAGEMENT,
    Template::EVIDENCE,
    Template::ACTIVITY_HUB,
    Template::DRILL,
    Template::ACCOUNT,
];
const AFTER_GROUPS: [Template; 7] = [
    Template::ACTIVITY,
    Template::RECONCILER,
    Template::ACCOUNT_JOINED,
    Template::CONFIG_ADMIN,
    Template::SECURITY_HUB_ADMIN,
    Template::ROOT_ACCESS,
    Template::GUARDRAILS,
];

/// The place of a stack in the order of deployment, by its name; deletion goes backwards. None
/// if the name is not one that rootguard gives. Stacks of controls that are gone have a place
/// too.
pub fn rank(name: &str) -> Option<usize> {
    let name = name.strip_prefix("rootguard-")?;
    let place = |stacks: &[Template]| stacks.iter().position(|it| it.name() == name);
    if let Some(place) = place(&BEFORE_CONTROLS) {
        return Some(place);
    }
    let controls = BEFORE_CONTROLS.len();
    if let Some(place) = place(&AFTER_GROUPS) {
        return Some(controls + 3 + place);
    }
    // What remediates is deleted first: AWS Config keeps a rule that has a remediation
    // configuration.
    if name.starts_with("organization-") {
        Some(controls + 2)
    } else if name.starts_with("root-access-") {
        Some(controls + 3 + AFTER_GROUPS.len())
    } else if name.ends_with("-remediation") {
        Some(controls + 1)
    } else {
        Some(controls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What guards comes off first, and what others need goes last.
    #[test]
    fn a_stack_is_deleted_before_those_that_it_needs() {
        let before = |later: &str, earlier: &str| {
            assert!(rank(later) > rank(earlier), "{later} after {earlier}");
        };
        before("rootguard-guardrails", "rootguard-activity");
        before(
            "rootguard-no-root-keys-remediation",
            "rootguard-no-root-keys",
        );
        before("rootguard-no-root-keys", "rootguard-account");
        before("rootguard-organization-all", "rootguard-no-root-keys");
        before(
            "rootguard-root-access-no-root-keys",
            "rootguard-root-access",
        );
        assert_eq!(rank("rootguard-artifacts"), Some(0));
        for template in Template::HAND_WRITTEN {
            assert!(rank(&format!("rootguard-{}", template.name())).is_some());
        }
        for other in ["StackSet-rootguard-all-account", "organization-all", ""] {
            assert_eq!(rank(other), None, "{other}");
        }
    }
}
