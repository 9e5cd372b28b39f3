//! `rootguard destroy`: the way back.

use std::collections::BTreeSet;
use std::io::Write;

use anyhow::{Context, anyhow, bail};
use aws_sdk_cloudformation::types::StackStatus;
use bundle::Organization;
use bundle::deployment::{StackId, Template};
use clap::Args;
use config_rule::explain;

use super::accounts::Accounts;
use super::change::Deployer;
use super::question::line;
use crate::check::Place;
use crate::exit::Outcome;
use crate::rules::RulesFile;

/// Take back what deploy made, in every account of the organization
///
/// Deletes every stack rootguard-… of the central accounts and so all stack sets, in
/// reverse order. Artifact buckets and keys stay. May be stopped and run again.
///
/// Exit code: 0 taken back, 2 not all of it.
#[derive(Debug, Args)]
pub(crate) struct Destroy {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    rules: RulesFile,
    /// Role to assume in central accounts but the own, with its path
    #[arg(
        long,
        value_name = "NAME",
        default_value = "OrganizationAccountAccessRole"
    )]
    role: String,
}

impl Destroy {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        let rules = self.rules.read()?;
        let organization = rules.organization()?;
        let caller = self.place.account().await?;
        let accounts = Accounts::of(caller, &self.role, organization)?;
        accounts.belong_to(organization).await?;
        let deployer = Deployer::new(&accounts);
        tokio::select! {
            result = destroy(organization, &deployer) => result,
            interrupted = tokio::signal::ctrl_c() => {
                interrupted.context("cannot wait for Ctrl-C")?;
                bail!("{}", deployer.interrupted("rootguard destroy"))
            }
        }
    }
}

async fn destroy(organization: &Organization, deployer: &Deployer<'_>) -> anyhow::Result<Outcome> {
    let mut stacks = deployed(organization, deployer).await?;
    stacks.sort_by_key(|stack| std::cmp::Reverse(position(&stack.name)));
    let (kept, doomed): (Vec<_>, Vec<_>) = stacks
        .into_iter()
        .partition(|stack| position(&stack.name) == Some(0));
    if doomed.is_empty() {
        writeln!(
            std::io::stdout(),
            "There is nothing of rootguard to take back."
        )?;
        return remains(organization, &kept);
    }
    {
        let mut out = std::io::stdout().lock();
        writeln!(out, "These stacks are deleted, in this order:")?;
        for StackId {
            account,
            region,
            name,
        } in &doomed
        {
            writeln!(out, "  - {name} in {account} {region}")?;
        }
        writeln!(
            out,
            "Then nobody judges these accounts, and nobody is told of root usage."
        )?;
    }
    let id = &organization.settings.id;
    let question = format!("Type the id of the organization ({id}) to delete them: ");
    if line(&question).await? != *id {
        bail!("that was not {id}: nothing was deleted");
    }
    for StackId {
        account,
        region,
        name,
    } in &doomed
    {
        deployer.delete(account, region, name).await?;
        writeln!(std::io::stdout(), "deleted   {name} in {account} {region}")?;
    }
    remains(organization, &kept)
}

/// Says what is still there.
fn remains(organization: &Organization, kept: &[StackId]) -> anyhow::Result<Outcome> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nWhat remains:")?;
    for StackId {
        account, region, ..
    } in kept
    {
        writeln!(
            out,
            "  stack rootguard-artifacts in {account} {region}: a later deployment goes on with its \
             bucket. Empty bucket rootguard-artifacts-{account}-{region} and delete both for good"
        )?;
    }
    writeln!(
        out,
        "  KMS keys of the topics in {} and {}: schedule their deletion when no message is needed \
         any more\n  findings in Security Hub, and results that AWS Config keeps",
        organization.accounts.log_group, organization.accounts.activity_hub
    )?;
    Ok(Outcome::Done)
}

/// Every stack of ours in the central accounts, whatever `rules.toml` says now.
async fn deployed(
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
                    if is_there && position(&name).is_some() {
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
    Ok(stacks)
}

/// When a stack is deployed; none, if it is none of ours.
fn position(name: &str) -> Option<usize> {
    const ORDER: [Template; 17] = [
        Template::Artifacts,
        Template::Management,
        Template::Evidence,
        Template::ActivityHub,
        Template::Drill,
        Template::Functions,
        Template::Rules,
        Template::Activity,
        Template::Organization,
        Template::Reconciler,
        Template::AccountJoined,
        Template::ConfigAdmin,
        Template::SecurityHubAdmin,
        Template::RootAccess,
        Template::Remediation,
        Template::RemediationConfigurations,
        Template::Guardrails,
    ];
    let name = name.strip_prefix("rootguard-")?;
    let is = |template: &Template| match template {
        Template::Organization => name.starts_with("organization-"),
        template => name == template.name(),
    };
    ORDER.iter().position(is)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What guards comes off first, and what others need goes last.
    #[test]
    fn every_template_has_its_turn() {
        let name = |template: Template| match template {
            Template::Organization => "rootguard-organization-all".to_owned(),
            template => format!("rootguard-{}", template.name()),
        };
        let mut positions: Vec<_> = Template::ALL
            .into_iter()
            .map(|template| position(&name(template)).unwrap())
            .collect();
        positions.sort_unstable();
        assert_eq!(positions, (0..Template::ALL.len()).collect::<Vec<_>>());
        assert_eq!(position("rootguard-guardrails"), Some(16));
        for other in [
            "StackSet-rootguard-all-rules",
            "rootguard-other",
            "organization-all",
            "",
        ] {
            assert_eq!(position(other), None, "{other}");
        }
    }
}
