//! `rootguard audit-root`: what the root users of member accounts can sign in with.

use std::io::{Write, stderr, stdout};

use anyhow::bail;
use clap::Args;
use config_rule::{Account, Fact, Identity, Unread};
use root_credentials::{RootAudit, Task};
use serde_json::{Value, json};

use crate::aws::AwsArgs;
use crate::exit::Outcome;
use crate::remediate::account_id;

/// Look at what the root users of member accounts can sign in with
///
/// Opens a privileged root session in each account, with credentials of the management
/// account or of the one that holds IAM's delegated administration. That is root use in
/// the member account and sets off its root-usage alarm; so it warns first. Changes
/// nothing. Prints JSON.
///
/// Exit code: 0 no root user can sign in, 1 one can, 2 something could not be seen.
#[derive(Debug, Args)]
pub(crate) struct AuditRoot {
    #[command(flatten)]
    aws: AwsArgs,
    /// Open the sessions: whoever is told of root use knows of it
    #[arg(long)]
    yes: bool,
    /// Ids of member accounts
    #[arg(value_name = "ACCOUNT", required = true, value_parser = account_id)]
    accounts: Vec<String>,
}

impl AuditRoot {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        writeln!(
            stderr(),
            "warning: this sets off the root-usage alarm of {}",
            self.accounts.join(", ")
        )?;
        if !self.yes {
            bail!("tell whoever is told of root use, then add --yes");
        }
        let central = self.aws.account().await?;
        let mut rows = Vec::new();
        let mut outcome = Outcome::Done;
        for id in &self.accounts {
            let (row, can_sign_in) = match audit(&central, id).await? {
                Fact::Known(audit) => {
                    let keys = audit.access_keys.is_empty();
                    let none =
                        keys && audit.signing_certificates.is_empty() && audit.password.is_none();
                    (json!({"account": id, "root": audit}), Some(!none))
                }
                Fact::Unread(unread) => (unread_row(id, &unread), None),
            };
            rows.push(row);
            outcome = match (can_sign_in, outcome) {
                (None, _) | (_, Outcome::Unjudged) => Outcome::Unjudged,
                (Some(true), _) => Outcome::NotCompliant,
                (Some(false), outcome) => outcome,
            };
        }
        writeln!(stdout(), "{}", serde_json::to_string_pretty(&rows)?)?;
        Ok(outcome)
    }
}

async fn audit(central: &Account, id: &str) -> anyhow::Result<Fact<RootAudit>> {
    let caller = central.identity();
    let arn = format!("arn:{}:iam::{id}:root", caller.partition());
    let identity = Identity::of_caller(&arn, caller.region())?;
    let member = Account::new(central.sdk().clone(), identity);
    Ok(match Task::Audit.session(&member).await? {
        Fact::Known(session) => RootAudit::observe(&session).await?,
        Fact::Unread(unread) => Fact::Unread(unread),
    })
}

fn unread_row(id: &str, unread: &Unread) -> Value {
    json!({"account": id, "unread": unread})
}
