//! `rootguard deploy` and `rootguard destroy`: what `rules.toml` wants, as stacks in the
//! accounts of the organization, and the way back.

mod accounts;
mod change;
mod destroy;
mod follow;
mod packages;
mod plan;
mod question;
mod stack_sets;
mod upload;
mod wanted;

use std::path::PathBuf;

use anyhow::Context;
use bundle::deployment::Stack;
use clap::Args;

use crate::check::Place;
use crate::exit::Outcome;
use crate::rules::RulesFile;
use accounts::Accounts;
use change::Deployer;
pub(crate) use destroy::Destroy;
use question::{Answer, Questions};
use upload::Uploads;
use wanted::Deployment;

/// Deploy what rules.toml says, to every account of the organization
///
/// Checks everything first, uploads packages and templates, and deploys stack after stack:
/// each shows its changes and asks. May be stopped and run again at any point: what is
/// there already stays.
///
/// Run it as the role organization.deployerRoleArn of rules.toml, in the management
/// account. In the other central accounts it assumes --role.
///
/// Exit code: 0 deployed, 1 deployed, but some accounts failed, 2 not deployed.
#[derive(Debug, Args)]
pub(crate) struct Deploy {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    rules: RulesFile,
    /// Folder with the packages of the functions, as tests/package.sh makes it
    #[arg(long, value_name = "DIR", default_value = "target/lambda")]
    packages: PathBuf,
    /// New folder to write templates, parameters and a script of `aws` commands to, instead
    /// of deploying; asks AWS nothing
    #[arg(long, value_name = "DIR", conflicts_with = "yes")]
    plan: Option<PathBuf>,
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
        let caller = self.place.account().await?;
        let accounts = Accounts::of(caller, &self.role, deployment.organization)?;
        accounts.belong_to(deployment.organization).await?;
        accounts.stack_sets_work(deployment.organization).await?;
        accounts.groups_fit(deployment.organization).await?;
        let questions = Questions::new(self.yes);
        let deployer = Deployer::new(&accounts);
        tokio::select! {
            result = live(&deployment, &accounts, &deployer, &questions) => result,
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
) -> anyhow::Result<Outcome> {
    let mut uploads = Uploads::new(deployment);
    let mut failed = false;
    for stack in &deployment.stacks {
        if !uploads.are_done() && stack.template != bundle::deployment::Template::Artifacts {
            uploads.put(accounts, deployment).await?;
        }
        let parameters = deployer.resolve(stack, &uploads).await?;
        let groups_sets = stack.ring.is_some();
        if groups_sets {
            stack_sets::wait_until_idle(accounts, deployment.organization, stack, deployer).await?;
        }
        let Some(change) = deployer.propose(stack, parameters).await? else {
            println_of(stack, "unchanged")?;
            failed |= groups_sets && report(accounts, deployment, stack).await?;
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
    deployment.say_what_is_left()?;
    Ok(if failed {
        Outcome::NotCompliant
    } else {
        Outcome::Done
    })
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
