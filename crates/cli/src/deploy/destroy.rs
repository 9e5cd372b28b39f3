//! `rootguard destroy`: the way back.

use std::io::Write;

use anyhow::{Context, bail};
use bundle::Organization;
use clap::Args;
use deployment::{StackId, rank};

use super::accounts::Accounts;
use super::change::Deployer;
use super::difference::deployed;
use crate::aws::{AwsArgs, announce_caller};
use crate::exit::Outcome;
use crate::question::line;
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
    aws: AwsArgs,
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
        let caller = self.aws.account().await?;
        let accounts = Accounts::new(caller, &self.role, organization)?;
        accounts.belong_to(organization).await?;
        announce_caller(accounts.caller()).await?;
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
    let stacks = deployed(organization, deployer).await?;
    let (kept, doomed): (Vec<_>, Vec<_>) = stacks
        .into_iter()
        .partition(|stack| rank(&stack.name) == Some(0));
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
             bucket. For good, in this order: `aws s3api delete-bucket-policy --bucket \
             rootguard-artifacts-{account}-{region}`, because the policy denies everybody the \
             deletion of objects; empty the bucket with all versions; delete it; delete the stack"
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
