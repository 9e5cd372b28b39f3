//! What is deployed and what `rules.toml` wants: added, changed and removed stacks.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use anyhow::anyhow;
use aws_sdk_cloudformation::types::{Stack as Deployed, StackStatus};
use bundle::Organization;
use config_rule::explain;
use deployment::{Stack, StackId, StackSet, Value, rank};
use sandbox::cloudformation::{StackPlace, Template as Read};

use super::change::{Deployer, TAG, seen};
use super::wanted::Deployment;

/// The changes that a deployment would make.
#[derive(Debug, Default)]
pub(super) struct Difference {
    added: Vec<String>,
    changed: Vec<(String, Vec<String>)>,
    unchanged: usize,
    /// The stacks that nobody wants any more, in the order of their deletion.
    pub(super) removed: Vec<StackId>,
}

impl Difference {
    /// Compares what is deployed with what is wanted. Changes nothing.
    pub(super) async fn read(
        deployment: &Deployment<'_>,
        deployer: &Deployer<'_>,
    ) -> anyhow::Result<Self> {
        let mut difference = Self::default();
        for stack in &deployment.stacks {
            let client = deployer.client(&stack.account, &stack.region).await;
            let there = seen(&client, &stack.name).await?;
            let Some(there) = there.filter(was_created) else {
                difference.added.push(stack.place());
                continue;
            };
            let request = client.get_template().stack_name(&stack.name).send();
            let template = request.await.map_err(|error| {
                anyhow!(
                    "cannot read the template of {} (cloudformation:GetTemplate): {}",
                    stack.place(),
                    explain(&error)
                )
            })?;
            let template = template.template_body.unwrap_or_default();
            let changes = changes(stack, &there, &template);
            if changes.is_empty() {
                difference.unchanged += 1;
            } else {
                difference.changed.push((stack.place(), changes));
            }
        }
        difference.removed = deployed(deployment.organization, deployer).await?;
        let is_wanted = |id: &StackId| deployment.wanted.contains(id);
        // Buckets stay, with their stacks.
        difference
            .removed
            .retain(|id| !is_wanted(id) && rank(&id.name) != Some(0));
        Ok(difference)
    }

    /// Prints it: `+` is added, `~` changed, `-` removed.
    pub(super) fn show(&self) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        for place in &self.added {
            writeln!(out, "+ {place}")?;
        }
        for (place, changes) in &self.changed {
            writeln!(out, "~ {place}")?;
            for change in changes {
                writeln!(out, "    {change}")?;
            }
        }
        for StackId {
            account,
            region,
            name,
        } in &self.removed
        {
            writeln!(out, "- {name} in {account} {region}")?;
        }
        let Self {
            added,
            changed,
            removed,
            unchanged,
        } = self;
        writeln!(
            out,
            "{} stacks to add, {} to change, {} to remove, {unchanged} unchanged",
            added.len(),
            changed.len(),
            removed.len()
        )?;
        Ok(())
    }
}

/// Returns whether a stack was ever there: one whose first creation failed is made anew, and one in
/// review has nothing but change sets.
fn was_created(stack: &Deployed) -> bool {
    !matches!(
        stack.stack_status,
        Some(
            StackStatus::ReviewInProgress
                | StackStatus::CreateFailed
                | StackStatus::RollbackComplete
                | StackStatus::RollbackFailed
        )
    )
}

/// Returns what changes of a stack, a line each. What only AWS can say is left out.
fn changes(stack: &Stack, deployed: &Deployed, template: &str) -> Vec<String> {
    let before: BTreeMap<String, String> = deployed
        .parameters()
        .iter()
        .filter_map(|it| Some((it.parameter_key.clone()?, it.parameter_value.clone()?)))
        .collect();
    let mut changes = compared("", &before, &stack.parameters);
    if template == stack.template.text() {
        return changes;
    }
    match &stack.group {
        Some(group) => {
            let sets = deployed_sets(stack, template, &before);
            let wanted: BTreeSet<_> = group.sets.iter().map(|set| &set.name).collect();
            let gone = sets.keys().filter(|name| !wanted.contains(name));
            changes.extend(gone.map(|name| format!("- stack set {name}")));
            for StackSet {
                name, parameters, ..
            } in &group.sets
            {
                match sets.get(name) {
                    Some(before) => {
                        changes.extend(compared(&format!("{name} "), before, parameters));
                    }
                    None => changes.push(format!("+ stack set {name}")),
                }
            }
            if changes.is_empty() {
                changes.push("templates, accounts or preferences of its stack sets".to_owned());
            }
        }
        None => changes.push("its template".to_owned()),
    }
    changes
}

/// The parameters whose values change, with both values.
fn compared(
    of_set: &str,
    before: &BTreeMap<String, String>,
    wanted: &BTreeMap<String, Value>,
) -> Vec<String> {
    let known = wanted.iter().filter_map(|(name, value)| match value {
        Value::Text(text) => Some((name, text)),
        Value::Version { .. } | Value::Output { .. } => None,
    });
    let changed = known.filter(|(name, text)| before.get(*name) != Some(text));
    changed
        .map(|(name, text)| {
            let old = before.get(name).map_or("not there", String::as_str);
            format!("{of_set}{name}: {old:?} becomes {text:?}")
        })
        .collect()
}

/// The parameters of the stack sets that a deployed template makes, by the names of these.
fn deployed_sets(
    stack: &Stack,
    template: &str,
    parameters: &BTreeMap<String, String>,
) -> BTreeMap<String, BTreeMap<String, String>> {
    let place = StackPlace::new(&stack.account, &stack.region);
    let made = Read::parse(template).and_then(|read| read.instantiate(&place, parameters));
    // One that cannot be read here is of another rootguard; then every stack set is new.
    let Ok(made) = made else {
        return BTreeMap::new();
    };
    let sets = made.of_type("AWS::CloudFormation::StackSet");
    let named = sets.filter_map(|set| {
        let pairs = set.properties.get("Parameters")?.as_array()?.iter();
        let text =
            |pair: &serde_json::Value, member: &str| Some(pair.get(member)?.as_str()?.to_owned());
        let values = pairs
            .filter_map(|pair| Some((text(pair, "ParameterKey")?, text(pair, "ParameterValue")?)));
        Some((set.text("StackSetName")?.to_owned(), values.collect()))
    });
    named.collect()
}

/// Every stack of ours in the central accounts, whatever `rules.toml` says now, in the order
/// of their deletion.
pub(super) async fn deployed(
    organization: &Organization,
    deployer: &Deployer<'_>,
) -> anyhow::Result<Vec<StackId>> {
    let regions = &organization.regions;
    let central = [
        &regions.home,
        &regions.trail,
        &regions.activity_hub,
        &regions.security_hub,
    ];
    let regions: BTreeSet<_> = central.into_iter().chain(&regions.activity).collect();
    let mut stacks = Vec::new();
    for account in organization.accounts.central() {
        for &region in &regions {
            let client = deployer.client(account, region).await;
            let mut pages = client.describe_stacks().into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| {
                    anyhow!(
                        "cannot see the stacks of {account} {region} \
                         (cloudformation:DescribeStacks): {}",
                        explain(&error)
                    )
                })?;
                for stack in page.stacks.unwrap_or_default() {
                    let name = stack.stack_name.unwrap_or_default();
                    let is_there = stack.stack_status != Some(StackStatus::DeleteComplete);
                    let mut tags = stack.tags.unwrap_or_default().into_iter();
                    let is_ours = tags.any(|tag| tag.key.as_deref() == Some(TAG));
                    if is_there && is_ours && rank(&name).is_some() {
                        stacks.push(StackId {
                            account: account.to_owned(),
                            region: region.clone(),
                            name,
                        });
                    }
                }
            }
        }
    }
    stacks.sort_by_key(|stack| std::cmp::Reverse(rank(&stack.name)));
    Ok(stacks)
}
