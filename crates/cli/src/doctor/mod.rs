//! `rootguard doctor`: what is wrong with the organization and what is deployed in it.

mod examine;
mod facts;
mod finding;
mod policies;
mod read;
mod report;
mod service;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use config_rule::Account;
use tokio::time::timeout;

use crate::aws::AwsArgs;
use crate::exit::Outcome;
use crate::organization::{
    Member, Members, NotOpened, SCAN_TIMEOUT, ScanOutcome, Sessions, account_or_unit, scan_all,
};
use crate::rows::Format;
use crate::rules::{ChosenRules, RulesFile};
use facts::{AccountFacts, DesiredState, Facts, OrganizationFacts, ScanResult};
use read::FactReader;
use report::{Counts, Report};

/// Say what is wrong with the organization and with what is deployed in it
///
/// Before and after deploying; changes nothing. Asks the organization as its management
/// account or a delegated administrator, and every active account through a role. Each
/// finding says what it means and what to do. What may not be read is named, and never
/// taken for good news.
///
/// Exit code: 0 nothing is wrong, 1 something is, 2 could not tell everything.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    aws: AwsArgs,
    #[command(flatten)]
    rules: RulesFile,
    /// Role to assume in each account but the own, with its path, such as audit/reader. A
    /// session policy lets it read, and nothing else
    #[arg(
        long,
        value_name = "NAME",
        default_value = "OrganizationAccountAccessRole"
    )]
    role: String,
    /// Leave out this account or organizational unit; repeatable
    #[arg(long, value_name = "ID", value_parser = account_or_unit)]
    exclude: Vec<String>,
    /// How findings are printed
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

impl Doctor {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        let rules = self.rules.read()?;
        let caller = self.aws.account().await?;
        let organization = read::management_account(&caller).await?;
        let members = Members::list(caller.sdk(), &[], &self.exclude).await?;
        let wanted = DesiredState::new(&rules, &caller);
        let notes = notes(&rules);

        let asker = FactReader::new(caller.clone());
        let organization = read::organization(&asker, &wanted, organization).await;
        let accounts = observe(&caller, &self.role, &members, &wanted, &organization).await?;
        let facts = Facts {
            wanted,
            organization,
            accounts,
        };
        let mut findings = examine::examine(&facts);
        for account in &facts.accounts {
            for finding in &mut findings {
                if finding.account.as_deref() == Some(&account.id) && !account.name.is_empty() {
                    finding.account_name = Some(account.name.clone());
                }
            }
        }
        let named = members.active.into_iter();
        let report = Report {
            counts: Counts::new(&findings),
            findings,
            accounts: named.map(|member| (member.id, member.name)).collect(),
            not_active: members.inactive.into_iter().collect(),
            notes,
        };
        report.print(self.format)?;
        Ok(report.outcome())
    }
}

/// Returns what people should know besides the findings.
fn notes(rules: &ChosenRules) -> Vec<String> {
    let mut notes = vec![format!("Held to the {rules}.")];
    if let Err(lacking) = rules.organization() {
        notes.push(format!(
            "Central accounts, forwarding and artifacts were not looked at, and the home Region \
             is taken to be that of the credentials: {lacking}."
        ));
    }
    notes
}

/// Result of looking into an account.
struct Observation {
    seen: Result<ScanResult, String>,
    throttled: bool,
}

impl ScanOutcome for Observation {
    fn is_throttled(&self) -> bool {
        self.throttled
    }
}

/// Looks into every active account.
async fn observe(
    caller: &Account,
    role: &str,
    members: &Members,
    wanted: &DesiredState,
    organization: &OrganizationFacts,
) -> anyhow::Result<Vec<AccountFacts>> {
    let actions = BTreeSet::from(read::ACTIONS);
    let sessions = Sessions::new(caller, role, "rootguard-doctor", &actions);
    let visit = async |member: &Member| {
        let id = &member.id;
        let account = match sessions.open(id).await {
            Ok(account) => account,
            Err(NotOpened { why, throttled }) => {
                let seen = Err(why);
                return Observation { seen, throttled };
            }
        };
        let asker = FactReader::new(account);
        let rules = wanted.rules_of(organization, id);
        let looking = read::account(&asker, wanted, rules);
        let seen = timeout(SCAN_TIMEOUT, looking).await.map_err(|_| {
            let minutes = SCAN_TIMEOUT.as_secs() / 60;
            format!("not seen within {minutes} minutes")
        });
        Observation {
            seen,
            throttled: asker.is_throttled(),
        }
    };
    let mut seen = BTreeMap::new();
    scan_all(&members.active, visit, |member, look| {
        seen.insert(member.id.clone(), look.seen);
        Ok(())
    })
    .await?;
    let accounts = members.active.iter().filter_map(|member| {
        Some(AccountFacts {
            id: member.id.clone(),
            name: member.name.clone(),
            seen: seen.remove(&member.id)?,
        })
    });
    Ok(accounts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::organization::assert_only_reads;

    #[test]
    fn a_session_may_read_and_nothing_else() {
        assert_only_reads(&BTreeSet::from(read::ACTIONS));
    }
}
