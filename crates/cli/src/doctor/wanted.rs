//! What the doctor holds the organization to: what `rules.toml` says.

use std::collections::BTreeMap;

use bundle::{ConfiguredRule, Organization};
use config_rule::Account;

use super::facts::{
    Central, CentralFunction, DesiredState, WantedException, WantedGroup, WantedRule,
};
use super::service::Service;
use crate::rules::ChosenRules;

impl DesiredState {
    /// Returns what the file says. Where it does not say who and where the organization is, the
    /// Region is the caller's, and what is not named is not examined.
    pub(super) fn new(rules: &ChosenRules, caller: &Account) -> Self {
        let identity = caller.identity();
        let exceptions = rules.exceptions().iter().map(|shown| WantedException {
            account: shown.exception.account.clone(),
            control: shown.control.to_owned(),
            reason_code: shown.exception.reason_code.to_string(),
            owner: shown.exception.owner.to_string(),
            void_from: shown.exception.expires.end(),
        });
        let wanted = Self {
            now: caller.observed_at(),
            partition: identity.partition().to_owned(),
            hub: None,
            home_region: identity.region().to_owned(),
            activity_regions: Vec::new(),
            artifact_account: None,
            artifact_regions: Vec::new(),
            central: Vec::new(),
            administrators: BTreeMap::new(),
            root_sessions: false,
            organization_trail: false,
            rules: wanted_rules(rules.enabled()),
            groups: Vec::new(),
            exceptions: exceptions.collect(),
        };
        match rules.organization() {
            Ok(organization) => wanted.in_organization(organization),
            Err(_) => wanted,
        }
    }

    fn in_organization(self, organization: &Organization) -> Self {
        let Organization {
            accounts,
            regions,
            groups,
            settings,
            ..
        } = organization;
        let administrators = [
            (Service::StackSets, Some(&accounts.stack_sets)),
            (Service::Config, accounts.config_administrator.as_ref()),
            (
                Service::SecurityHub,
                accounts.security_hub_administrator.as_ref(),
            ),
            (Service::Iam, accounts.iam_administrator.as_ref()),
        ];
        let administrators = administrators
            .into_iter()
            .filter_map(|(service, account)| Some((service, account?.clone())));
        let artifact_regions = regions.with_functions().into_iter().map(str::to_owned);
        let groups = groups.iter().map(|group| WantedGroup {
            units: group.organizational_units.clone(),
            excluded: group.excluded_accounts.clone(),
            rules: wanted_rules(group.rules.iter().filter(|rule| rule.enabled)),
        });
        let central = [
            (
                Central::RootActivity,
                &accounts.activity_hub,
                &regions.activity_hub,
            ),
            (Central::Reconciler, &accounts.stack_sets, &regions.home),
        ];
        let central = central.map(|(function, account, region)| CentralFunction {
            function,
            account: account.clone(),
            region: region.clone(),
        });
        Self {
            central: central.into(),
            hub: Some((accounts.activity_hub.clone(), regions.activity_hub.clone())),
            home_region: regions.home.clone(),
            activity_regions: regions.activity.clone(),
            artifact_account: Some(accounts.artifacts.clone()),
            artifact_regions: artifact_regions.collect(),
            administrators: administrators.collect(),
            root_sessions: accounts.iam_administrator.is_some(),
            organization_trail: !settings.trail_name.is_empty(),
            groups: groups.collect(),
            ..self
        }
    }
}

fn wanted_rules<'a>(rules: impl Iterator<Item = &'a ConfiguredRule>) -> Vec<WantedRule> {
    let rules = rules.map(|rule| WantedRule {
        name: rule.name(),
        frequency: rule.frequency,
        actions: rule.rule.metadata().evaluation_actions().collect(),
    });
    rules.collect()
}
