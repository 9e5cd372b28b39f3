//! `rootguard deploy` and `rootguard destroy`: what `rules.toml` wants, as stacks in the
//! accounts of the organization, and the way back.

mod accounts;
mod change;
mod destroy;
mod difference;
mod follow;
mod packages;
mod plan;
mod stack_sets;
mod upload;
mod wanted;

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use deployment::{Stack, StackId, Template};

use crate::aws::{AwsArgs, announce_caller};
use crate::exit::Outcome;
use crate::question::{Answer, Questions};
use crate::rules::RulesFile;
use accounts::Accounts;
use change::Deployer;
pub(crate) use destroy::Destroy;
use difference::Difference;
use upload::Uploads;
use wanted::Deployment;

/// Deploy what rules.toml says, to every account of the organization
///
/// Checks everything first, shows what would be added, changed and removed, uploads packages
/// and templates, and deploys stack after stack: each shows its changes and asks. Then it
/// deletes the stacks that rules.toml no longer asks for. May be stopped and run again at any
/// point: what is there already stays.
///
/// Run it as the role organization.deployerRoleArn of rules.toml, in the management
/// account. In the other central accounts it assumes --role.
///
/// Exit code: 0 deployed, 1 deployed, but some accounts failed, 2 not deployed.
#[derive(Debug, Args)]
pub(crate) struct Deploy {
    #[command(flatten)]
    aws: AwsArgs,
    #[command(flatten)]
    rules: RulesFile,
    /// Folder with the packages of the functions, as tests/package.sh makes it
    #[arg(long, value_name = "DIR", default_value = "target/lambda")]
    packages: PathBuf,
    /// New folder to write templates, parameters and a script of `aws` commands to, instead
    /// of deploying; asks AWS nothing
    #[arg(long, value_name = "DIR", conflicts_with = "yes")]
    plan: Option<PathBuf>,
    /// Check everything and show what would be added, changed and removed; change nothing
    #[arg(long, conflicts_with_all = ["plan", "yes"])]
    dry_run: bool,
    /// Stop after the groups of this ring
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=100))]
    ring: Option<i64>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Role to assume in central accounts but the own, with its path
    #[arg(
        long,
        value_name = "NAME",
        default_value = "OrganizationAccountAccessRole"
    )]
    role: String,
}

impl Deploy {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        let rules = self.rules.read()?;
        let deployment = Deployment::read(&rules, &self.packages, &self.role, self.ring)?;
        if let Some(folder) = &self.plan {
            plan::write(&deployment, folder)?;
            return Ok(Outcome::Done);
        }
        let caller = self.aws.account().await?;
        let accounts = Accounts::new(caller, &self.role, deployment.organization)?;
        accounts.belong_to(deployment.organization).await?;
        accounts.stack_sets_work(deployment.organization).await?;
        accounts.groups_fit(deployment.organization).await?;
        accounts.have_recorder(deployment.organization).await?;
        accounts.take_policies(deployment.organization).await?;
        announce_caller(accounts.caller()).await?;
        let questions = Questions::new(self.yes);
        let deployer = Deployer::new(&accounts);
        let difference = Difference::read(&deployment, &deployer).await?;
        difference.show()?;
        if self.dry_run {
            return Ok(Outcome::Done);
        }
        let removed = confirmed(difference.removed, &questions).await?;
        tokio::select! {
            result = live(&deployment, &accounts, &deployer, &questions, removed) => result,
            interrupted = tokio::signal::ctrl_c() => {
                interrupted.context("cannot wait for Ctrl-C")?;
                anyhow::bail!("{}", deployer.interrupted("rootguard deploy"))
            }
        }
    }
}

/// Deploys one stack after the other.
async fn live(
    deployment: &Deployment<'_>,
    accounts: &Accounts<'_>,
    deployer: &Deployer<'_>,
    questions: &Questions,
    removed: Vec<StackId>,
) -> anyhow::Result<Outcome> {
    // Stack sets of a group that is gone would stand in the way of those that come to its
    // accounts now.
    let (mut groups, others): (Vec<_>, Vec<_>) = removed
        .into_iter()
        .partition(|stack| stack.name.starts_with("rootguard-organization-"));
    let mut uploads = Uploads::new(deployment);
    let mut failed = false;
    for stack in &deployment.stacks {
        if !uploads.are_done() && stack.template != Template::ARTIFACTS {
            uploads.put(accounts, deployment).await?;
        }
        let parameters = deployer.resolve(stack, &uploads).await?;
        let groups_sets = stack.group.is_some();
        if groups_sets {
            remove(deployer, std::mem::take(&mut groups)).await?;
            stack_sets::wait_until_idle(accounts, deployment.organization, stack, deployer).await?;
        }
        let Some(change) = deployer.propose(stack, parameters).await? else {
            if groups_sets {
                failed |= !retry(accounts, deployment, deployer, stack).await?;
            } else {
                println_of(stack, "unchanged")?;
            }
            continue;
        };
        change.show()?;
        let answer = questions.ask(&format!("Deploy {}?", stack.place())).await;
        if !matches!(answer, Ok(Answer::Yes)) {
            deployer.withdraw(&change).await?;
            answer?;
            anyhow::bail!(
                "{} was not deployed, nor what comes after it; rootguard deploy goes on there",
                stack.place()
            );
        }
        deployer.execute(&change).await?;
        println_of(stack, "deployed")?;
        failed |= groups_sets && report(accounts, deployment, stack).await?;
    }
    remove(deployer, groups.into_iter().chain(others)).await?;
    deployment.say_what_is_left()?;
    Ok(if failed {
        Outcome::NotCompliant
    } else {
        Outcome::Done
    })
}

/// Asks whether the stacks may go that nobody wants any more.
async fn confirmed(removed: Vec<StackId>, questions: &Questions) -> anyhow::Result<Vec<StackId>> {
    if removed.is_empty() {
        return Ok(removed);
    }
    let question = format!(
        "Delete the {} stacks that rules.toml no longer asks for, once the others are deployed?",
        removed.len()
    );
    if questions.ask(&question).await? != Answer::Yes {
        anyhow::bail!("nothing was deployed and nothing deleted");
    }
    Ok(removed)
}

async fn remove(
    deployer: &Deployer<'_>,
    stacks: impl IntoIterator<Item = StackId>,
) -> anyhow::Result<()> {
    use std::io::Write;
    for StackId {
        account,
        region,
        name,
    } in stacks
    {
        deployer.delete(&account, &region, &name).await?;
        writeln!(std::io::stdout(), "deleted   {name} in {account} {region}")?;
    }
    Ok(())
}

/// Deploys again to the accounts where a stack set of an unchanged stack failed or never came
/// to. Whether nothing is left to do.
async fn retry(
    accounts: &Accounts<'_>,
    deployment: &Deployment<'_>,
    deployer: &Deployer<'_>,
    stack: &Stack,
) -> anyhow::Result<bool> {
    let organization = deployment.organization;
    let mut retried = false;
    // A stack set that depends on others begins once those are done.
    while stack_sets::retry(accounts, organization, stack, retried).await? {
        retried = true;
        stack_sets::wait_until_idle(accounts, organization, stack, deployer).await?;
    }
    if !retried {
        println_of(stack, "unchanged")?;
    }
    Ok(!report(accounts, deployment, stack).await?)
}

async fn report(
    accounts: &Accounts<'_>,
    deployment: &Deployment<'_>,
    stack: &Stack,
) -> anyhow::Result<bool> {
    stack_sets::report(accounts, deployment.organization, stack).await
}

fn println_of(stack: &Stack, what: &str) -> anyhow::Result<()> {
    use std::io::Write;
    Ok(writeln!(std::io::stdout(), "{what:9} {}", stack.place())?)
}
