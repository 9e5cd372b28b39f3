//! The organization's tree, and the service control policies on it.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_organizations::Client;
use aws_sdk_organizations::types::{PolicyType, PolicyTypeStatus, Root};
use config_rule::Unread;

use super::FactReader;
use crate::doctor::policies::{ControlPolicies, ControlPolicy, Level};

/// Units above each account, from the root on.
pub(super) type Units = BTreeMap<String, Vec<String>>;

/// Walks the tree.
pub(super) async fn units(asker: &FactReader, client: &Client) -> Result<Units, Unread> {
    let mut units = Units::new();
    let roots = roots(asker, client).await?;
    let mut waiting: Vec<Vec<String>> = roots
        .into_iter()
        .filter_map(|root| Some(vec![root.id?]))
        .collect();
    while let Some(path) = waiting.pop() {
        let Some(parent) = path.last() else { continue };
        let pages = client.list_accounts_for_parent().parent_id(parent);
        let pages = pages.into_paginator().send().collect::<Result<Vec<_>, _>>();
        let action = "organizations:ListAccountsForParent";
        let pages = asker.ask(action, pages).await?.unwrap_or_default();
        let accounts = pages
            .into_iter()
            .flat_map(|page| page.accounts.unwrap_or_default());
        let ids = accounts.filter_map(|account| account.id);
        units.extend(ids.map(|id| (id, path.clone())));

        let pages = client
            .list_organizational_units_for_parent()
            .parent_id(parent);
        let pages = pages.into_paginator().send().collect::<Result<Vec<_>, _>>();
        let action = "organizations:ListOrganizationalUnitsForParent";
        let pages = asker.ask(action, pages).await?.unwrap_or_default();
        let children = pages
            .into_iter()
            .flat_map(|page| page.organizational_units.unwrap_or_default());
        let children = children.filter_map(|unit| unit.id);
        waiting.extend(children.map(|child| [path.as_slice(), &[child]].concat()));
    }
    Ok(units)
}

async fn roots(asker: &FactReader, client: &Client) -> Result<Vec<Root>, Unread> {
    let pages = client.list_roots().into_paginator().send();
    let pages = pages.collect::<Result<Vec<_>, _>>();
    let pages = asker.ask("organizations:ListRoots", pages).await?;
    let roots = pages.unwrap_or_default().into_iter();
    Ok(roots
        .flat_map(|page| page.roots.unwrap_or_default())
        .collect())
}

/// The service control policies, by what they are attached to: a question for each policy,
/// not for each account.
pub(super) async fn policies(
    asker: &FactReader,
    client: &Client,
    organization: String,
    units: &Units,
) -> Result<ControlPolicies, Unread> {
    let roots = roots(asker, client).await?;
    let types = roots.iter().flat_map(Root::policy_types);
    let enabled = types
        .filter(|one| one.status() == Some(&PolicyTypeStatus::Enabled))
        .any(|one| one.r#type() == Some(&PolicyType::ServiceControlPolicy));
    if !enabled {
        return Ok(ControlPolicies::default());
    }
    let pages = client
        .list_policies()
        .filter(PolicyType::ServiceControlPolicy);
    let pages = pages.into_paginator().send().collect::<Result<Vec<_>, _>>();
    let pages = asker.ask("organizations:ListPolicies", pages).await?;
    let summaries = pages
        .unwrap_or_default()
        .into_iter()
        .flat_map(|page| page.policies.unwrap_or_default());
    let mut by_id = BTreeMap::new();
    let mut attached: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for summary in summaries {
        let Some(id) = summary.id else { continue };
        let request = client.describe_policy().policy_id(&id);
        let answer = asker
            .ask("organizations:DescribePolicy", request.send())
            .await?;
        let content = answer.and_then(|answer| answer.policy?.content);
        let name = summary.name.unwrap_or_default();
        let policy = ControlPolicy::new(name, &content.unwrap_or_default());
        let pages = client.list_targets_for_policy().policy_id(&id);
        let pages = pages.into_paginator().send().collect::<Result<Vec<_>, _>>();
        let action = "organizations:ListTargetsForPolicy";
        let pages = asker.ask(action, pages).await?.unwrap_or_default();
        let targets = pages
            .into_iter()
            .flat_map(|page| page.targets.unwrap_or_default());
        for target in targets.filter_map(|target| target.target_id) {
            attached.entry(target).or_default().insert(id.clone());
        }
        by_id.insert(id, policy);
    }
    let level = |id: &String| Level {
        id: id.clone(),
        policies: attached.get(id).cloned().unwrap_or_default(),
    };
    let above = units.iter().map(|(account, units)| {
        let levels = units.iter().chain([account]).map(level);
        (account.clone(), levels.collect())
    });
    let above = above.collect();
    Ok(ControlPolicies {
        organization,
        by_id,
        above,
    })
}
