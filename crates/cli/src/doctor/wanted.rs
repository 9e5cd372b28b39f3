//! What the doctor holds the organization to: what `rules.toml` says.

use std::collections::BTreeMap;

use bundle::ConfiguredRule;
use config_rule::Account;

use super::facts::{Wanted, WantedRule};
use crate::rules::ChosenRules;

impl Wanted {
    /// What the file says. Where it does not say who and where the organization is, the
    /// Region is the caller's, and what is not named is not examined.
    pub(super) fn of(rules: &ChosenRules, caller: &Account) -> Self {
        let identity = caller.identity();
        Self {
            now: caller.observed_at(),
            partition: identity.partition().to_owned(),
            hub: None,
            home_region: identity.region().to_owned(),
            activity_regions: Vec::new(),
            artifact_account: None,
            artifact_regions: Vec::new(),
            administrators: BTreeMap::new(),
            root_sessions: false,
            rules: wanted(rules.enabled()),
            groups: Vec::new(),
            exceptions: Vec::new(),
        }
    }
}

fn wanted<'a>(rules: impl Iterator<Item = &'a ConfiguredRule>) -> Vec<WantedRule> {
    let rules = rules.map(|rule| WantedRule {
        name: rule.name(),
        frequency: rule.frequency,
        actions: rule.rule.metadata().evaluation_actions().collect(),
    });
    rules.collect()
}
