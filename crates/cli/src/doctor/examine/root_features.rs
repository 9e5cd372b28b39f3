//! Whether IAM manages the root users of members centrally.

use config_rule::Fact;

use crate::doctor::facts::Facts;
use crate::doctor::finding::Finding;
use crate::doctor::service::Service;

/// IAM's names of its features, what each is for, and how the management account enables
/// it.
const FEATURES: [(&str, &str, &str); 2] = [
    (
        "RootCredentialsManagement",
        "root credentials of members cannot be removed, and new accounts get some",
        "aws iam enable-organizations-root-credentials-management",
    ),
    (
        "RootSessions",
        "nobody can look at the root users of members, or repair what only they can",
        "aws iam enable-organizations-root-sessions",
    ),
];

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let wanted = &facts.wanted;
    if !wanted.root_sessions && !wanted.administrators.contains_key(&Service::Iam) {
        return Vec::new();
    }
    let enabled = match &facts.organization.root_features {
        Fact::Known(enabled) => enabled,
        Fact::Unread(unread) => {
            let question = "which features for root users are enabled";
            return vec![Finding::could_not_tell(question, unread)];
        }
    };
    let missing = FEATURES
        .iter()
        .filter(|(feature, ..)| !enabled.contains(*feature));
    let findings = missing.map(|(feature, purpose, command)| {
        let what = format!("IAM's {feature} is not enabled: {purpose}");
        Finding::wrong(what, *command).in_account(&facts.organization.management)
    });
    findings.collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{denied, rows};
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_feature_is_needed_where_root_sessions_are() {
        rows(
            examine,
            &[
                ("as it should be", |_| {}, &[]),
                (
                    "sessions are not enabled",
                    |facts| {
                        let one = BTreeSet::from(["RootCredentialsManagement".to_owned()]);
                        facts.organization.root_features = Fact::Known(one);
                    },
                    &[(
                        "RootSessions is not enabled",
                        "aws iam enable-organizations-root-sessions",
                    )],
                ),
                (
                    "neither is",
                    |facts| facts.organization.root_features = Fact::Known(BTreeSet::new()),
                    &[
                        (
                            "RootCredentialsManagement",
                            "enable-organizations-root-credentials-management",
                        ),
                        ("RootSessions", "enable-organizations-root-sessions"),
                    ],
                ),
                (
                    "neither is, and nobody wants them",
                    |facts| {
                        facts.organization.root_features = Fact::Known(BTreeSet::new());
                        facts.wanted.root_sessions = false;
                        facts.wanted.administrators.remove(&Service::Iam);
                    },
                    &[],
                ),
                (
                    "nobody may ask",
                    |facts| {
                        facts.organization.root_features = denied("iam:ListOrganizationsFeatures");
                    },
                    &[(
                        "could not tell which features",
                        "allow iam:ListOrganizationsFeatures",
                    )],
                ),
            ],
        );
    }
}
