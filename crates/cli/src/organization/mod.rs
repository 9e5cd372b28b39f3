//! Looking at every account of an organization.

mod account_scan;
mod members;
mod pace;
mod scan;
mod session;
mod spool;

use std::collections::BTreeMap;
use std::path::PathBuf;

use bundle::{ConfiguredRule, Snapshot};
use clap::Args;
use config_rule::Account;
use serde_json::Map;

use crate::rows::{Detail, EVALUATION_FAILED, Row, RowResult, judged};
use crate::rules::ChosenRules;
pub(crate) use account_scan::SCAN_TIMEOUT;
use account_scan::{AccountScan, AccountScanner};
pub(crate) use members::{Member, Members, is_account_id};
pub(crate) use scan::{ScanOutcome, scan_all};
#[cfg(test)]
pub(crate) use session::assert_only_reads;
pub(crate) use session::{NotOpened, Sessions};
pub(crate) use spool::Spool;

/// Accounts to look at, and how.
#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// Judge every active account of the organization; ask as its management account or
    /// a delegated administrator
    #[arg(long)]
    pub(crate) organization: bool,
    /// Role to assume in each account but the own, with its path, such as audit/reader. A
    /// session policy lets it read what the rules ask, and nothing else
    #[arg(
        long,
        value_name = "NAME",
        requires = "organization",
        default_value = "OrganizationAccountAccessRole"
    )]
    role: String,
    /// Only accounts of this root or organizational unit and those below it; repeatable
    #[arg(long = "ou", value_name = "ID", requires = "organization", value_parser = unit)]
    units: Vec<String>,
    /// Leave out this account or organizational unit; repeatable
    #[arg(long, value_name = "ID", requires = "organization", value_parser = account_or_unit)]
    exclude: Vec<String>,
    /// File that keeps what was seen of each account, to go on there after an interruption
    #[arg(long, value_name = "FILE", requires = "organization")]
    resume: Option<PathBuf>,
}

/// Facts of an organization.
pub(crate) struct ScanResult {
    pub(crate) members: Members,
    pub(crate) spool: Spool,
    /// Reason why nothing was seen, by account.
    pub(crate) failures: BTreeMap<String, String>,
    /// Number of accounts that an earlier check had seen.
    pub(crate) resumed: usize,
}

impl Selection {
    /// Looks at every account that was asked for. `caller` is the account that asks.
    pub(crate) async fn observe(
        &self,
        caller: &Account,
        rules: &ChosenRules,
    ) -> anyhow::Result<ScanResult> {
        let members = Members::list(caller.sdk(), &self.units, &self.exclude).await?;
        let rules: Vec<&ConfiguredRule> = rules.enabled().collect();
        let region = caller.identity().region();
        let mut spool = match &self.resume {
            None => Spool::temporary()?,
            Some(file) => Spool::resume(file, |snapshot: &Snapshot| {
                snapshot.region() == region && rules.iter().all(|rule| snapshot.has_facts(rule))
            })?,
        };
        let unseen = members
            .active
            .iter()
            .filter(|member| !spool.has(&member.id));
        let unseen: Vec<_> = unseen.collect();
        let resumed = members.active.len() - unseen.len();
        let scanner = AccountScanner::new(caller, &self.role, &rules);
        let mut failures = BTreeMap::new();
        let visit = |member| scanner.scan(member);
        scan_all(unseen, visit, |member, visit| {
            match visit {
                AccountScan::Scanned(snapshot) | AccountScan::Throttled(snapshot) => {
                    spool.keep(&snapshot)?;
                }
                AccountScan::Failed(refused) => {
                    failures.insert(member.id.clone(), refused.why);
                }
            }
            Ok(())
        })
        .await?;
        Ok(ScanResult {
            members,
            spool,
            failures,
            resumed,
        })
    }
}

impl ScanResult {
    /// Returns what people should know besides the verdicts.
    pub(crate) fn notes(&self) -> Vec<String> {
        let Self {
            members, resumed, ..
        } = self;
        let mut notes = vec![format!("{} accounts.", members.active.len())];
        if *resumed > 0 {
            notes.push(format!(
                "{resumed} of them were seen by an earlier check; nothing was asked of them now."
            ));
        }
        if !members.inactive.is_empty() {
            let inactive = members.inactive.iter();
            let inactive: Vec<_> = inactive
                .map(|(id, state)| format!("{id} ({state})"))
                .collect();
            notes.push(format!(
                "Not looked at, because not active: {}.",
                inactive.join(", ")
            ));
        }
        notes
    }

    /// Returns what every rule says of every account, one account at a time.
    pub(crate) fn rows(
        &mut self,
        caller: &Account,
        rules: &ChosenRules,
    ) -> impl Iterator<Item = anyhow::Result<Row>> {
        let Self {
            members,
            spool,
            failures,
            ..
        } = self;
        members.active.iter().flat_map(move |member| {
            let name = Some(member.name.clone());
            let snapshot = match spool.read(&member.id) {
                Ok(snapshot) => snapshot,
                Err(error) => return vec![Err(error)],
            };
            let rules = rules.enabled();
            let rows = rules.map(|rule| match &snapshot {
                Some(snapshot) => judged(snapshot, name.clone(), rule),
                None => Row {
                    account: member.id.clone(),
                    account_name: name.clone(),
                    control: rule.name(),
                    severity: rule.severity,
                    result: RowResult::Failed {
                        error: failures.get(&member.id).cloned().unwrap_or_default(),
                    },
                    detail: Some(Detail {
                        partition: caller.identity().partition().to_owned(),
                        region: caller.identity().region().to_owned(),
                        observed_at: caller.observed_at(),
                        reason_code: EVALUATION_FAILED,
                        evidence: Map::new(),
                        native: None,
                    }),
                },
            });
            rows.map(Ok).collect()
        })
    }
}

fn unit(text: &str) -> Result<String, String> {
    if text.starts_with("ou-") || text.starts_with("r-") {
        return Ok(text.to_owned());
    }
    Err("it is an id such as ou-abcd-12345678, or that of the root, such as r-abcd".to_owned())
}

pub(crate) fn account_or_unit(text: &str) -> Result<String, String> {
    if is_account_id(text) {
        return Ok(text.to_owned());
    }
    unit(text).map_err(|_| {
        "it is an account id such as 111122223333, or a unit such as ou-abcd-12345678".to_owned()
    })
}
