//! Everything the sandbox holds.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::calls::Calls;
use crate::clock::Clock;
use crate::cloudformation::{StackSets, Stacks};
use crate::cloudtrail::Pace;
use crate::cloudwatch::{AlarmHistory, Metrics};
use crate::config::Config;
use crate::faults::Faults;
use crate::iam::CredentialReports;
use crate::identity::Sessions;
use crate::lambda::Functions;
use crate::organization::{
    Account, AccountState, ControlPolicy, Organization, OrganizationError, Partition,
};
use crate::s3::Objects;
use crate::security_hub::Findings;
use crate::sns::Publications;
use crate::sqs::Queues;
use crate::ssm::Parameters;

/// The organization as it is now, and all that happened in it.
#[derive(Debug)]
pub(crate) struct World {
    /// The service control policies, those of deployed stacks too.
    pub(crate) control_policies: Mutex<Vec<ControlPolicy>>,
    /// Immutable part: partition, ids, Regions. The accounts change, and are below.
    pub(crate) organization: Organization,
    accounts: Mutex<BTreeMap<String, Account>>,
    pub(crate) reports: CredentialReports,
    pub(crate) sessions: Sessions,
    pub(crate) config: Config,
    pub(crate) trail_changes: Pace,
    pub(crate) functions: Functions,
    pub(crate) publications: Publications,
    pub(crate) queues: Queues,
    pub(crate) parameters: Parameters,
    pub(crate) findings: Findings,
    pub(crate) objects: Objects,
    pub(crate) stacks: Stacks,
    pub(crate) stack_sets: StackSets,
    pub(crate) metrics: Metrics,
    pub(crate) alarm_history: AlarmHistory,
    pub(crate) faults: Faults,
    pub(crate) calls: Calls,
    pub(crate) clock: Clock,
}

/// Something that the sandbox was asked about and does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {0}")]
pub struct NotFound(pub(crate) String);

impl World {
    pub(crate) fn new(organization: Organization) -> Result<Self, OrganizationError> {
        let organization = organization.completed()?;
        let clock = Clock::default();
        let by_id = organization
            .accounts
            .iter()
            .map(|account| (account.id.clone(), account.clone()));
        Ok(Self {
            accounts: Mutex::new(by_id.collect()),
            control_policies: Mutex::new(organization.control_policies.clone()),
            reports: CredentialReports::at_start(&organization, clock.now()),
            sessions: Sessions::default(),
            config: Config::default(),
            trail_changes: Pace::default(),
            functions: Functions::default(),
            publications: Publications::default(),
            queues: Queues::default(),
            parameters: Parameters::default(),
            findings: Findings::default(),
            objects: Objects::default(),
            stacks: Stacks::default(),
            stack_sets: StackSets::default(),
            metrics: Metrics::default(),
            alarm_history: AlarmHistory::default(),
            faults: Faults::standing(&organization),
            calls: Calls::default(),
            clock,
            organization,
        })
    }

    /// An account as it is now.
    pub(crate) fn account(&self, id: &str) -> Option<Account> {
        self.accounts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned()
    }

    /// An account as it is now, where its credentials work.
    pub(crate) fn active_account(&self, id: &str) -> Option<Account> {
        self.account(id)
            .filter(|account| account.state == AccountState::Active)
    }

    /// Looks at all accounts as they are now.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&BTreeMap<String, Account>) -> T) -> T {
        look(&self.accounts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes an account, and says what came of it. Nothing, when there is none.
    pub(crate) fn change_account<T>(
        &self,
        id: &str,
        change: impl FnOnce(&mut Account) -> T,
    ) -> Option<T> {
        self.accounts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_mut(id)
            .map(change)
    }

    /// Adds an account, or puts another description in the place of the one there is.
    pub(crate) fn add_account(&self, account: Account) {
        self.accounts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(account.id.clone(), account);
    }

    /// Returns true if an account is a member of the organization now, or its management account.
    pub(crate) fn has_member(&self, id: &str) -> bool {
        self.look(|accounts| {
            accounts
                .get(id)
                .is_some_and(|account| account.in_organization)
        })
    }

    /// The account whose root user has an access key, active or not.
    pub(crate) fn account_of_root_key(&self, key: &str) -> Option<Account> {
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let has_key = |account: &&Account| account.root.access_keys.iter().any(|own| own.id == key);
        accounts.values().find(has_key).cloned()
    }

    pub(crate) fn partition(&self) -> Partition {
        self.organization.partition
    }
}
