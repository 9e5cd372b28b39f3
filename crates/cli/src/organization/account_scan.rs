//! Looking at one account of an organization.

use std::collections::BTreeSet;
use std::time::Duration;

use bundle::{ConfiguredRule, Observed, Snapshot};
use config_rule::Account;
use tokio::time::timeout;

use super::members::Member;
use super::scan::ScanOutcome;
use super::session::{NotOpened, Sessions};

/// Time that an account may take. As long as its session lasts.
pub(crate) const SCAN_TIMEOUT: Duration = Duration::from_mins(15);

/// Result of looking at an account.
#[derive(Debug)]
pub(super) enum AccountScan {
    /// It was looked at; what could not be had is part of it.
    Scanned(Snapshot),
    /// The same, but AWS throttled some of it to the end.
    Throttled(Snapshot),
    /// Nobody could look into it.
    Failed(NotOpened),
}

impl ScanOutcome for AccountScan {
    fn is_throttled(&self) -> bool {
        match self {
            Self::Scanned(_) => false,
            Self::Throttled(_) => true,
            Self::Failed(NotOpened { throttled, .. }) => *throttled,
        }
    }
}

/// The scanner of an account: as whom, through which role, for which rules.
pub(super) struct AccountScanner<'a> {
    sessions: Sessions<'a>,
    rules: &'a [&'a ConfiguredRule],
}

impl<'a> AccountScanner<'a> {
    pub(super) fn new(caller: &'a Account, role: &'a str, rules: &'a [&'a ConfiguredRule]) -> Self {
        let sessions = Sessions::new(caller, role, "rootguard-check", &reads(rules));
        Self { sessions, rules }
    }

    /// Looks at an account.
    pub(super) async fn scan(&self, member: &Member) -> AccountScan {
        let looking = async {
            match self.sessions.open(&member.id).await {
                Ok(account) => self.observe(&account).await,
                Err(refused) => AccountScan::Failed(refused),
            }
        };
        timeout(SCAN_TIMEOUT, looking).await.unwrap_or_else(|_| {
            let minutes = SCAN_TIMEOUT.as_secs() / 60;
            AccountScan::Failed(NotOpened {
                why: format!("not seen within {minutes} minutes"),
                throttled: false,
            })
        })
    }

    async fn observe(&self, account: &Account) -> AccountScan {
        let mut snapshot = Snapshot::new(account);
        let mut throttled = false;
        for rule in self.rules {
            throttled |= snapshot.observe(account, rule).await == Observed::Throttled;
        }
        if throttled {
            AccountScan::Throttled(snapshot)
        } else {
            AccountScan::Scanned(snapshot)
        }
    }
}

/// Returns what a session may do at most: read what the rules ask.
fn reads(rules: &[&ConfiguredRule]) -> BTreeSet<&'static str> {
    let actions = rules.iter().flat_map(|rule| rule.rule.metadata().reads);
    actions.copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::organization::session::assert_only_reads;
    use bundle::Rules;

    #[test]
    fn a_session_may_read_and_nothing_else() {
        let rules = Rules::default();
        let rules: Vec<_> = rules.enabled().collect();
        let actions = reads(&rules);
        assert!(actions.len() > 10);
        assert_only_reads(&actions);
    }
}
