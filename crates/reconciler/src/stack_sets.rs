//! The calls that the function makes.

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{
    AccountFilterType, CallAs, ConcurrencyMode, DeploymentTargets, RegionConcurrencyType,
    StackInstanceSummary, StackSetOperationPreferences, StackSetOperationStatus,
    StackSetOperationSummary, StackSetStatus,
};
use aws_sdk_organizations::types::AccountState;
use config_rule::{Account, CallError, Fact, Timestamp, Unread};

use crate::choice::{Instance, Operation, StackSet};
use crate::settings::Settings;

const LIST: &str = "cloudformation:ListStackSets";
const INSTANCES: &str = "cloudformation:ListStackInstances";
const OPERATIONS: &str = "cloudformation:ListStackSetOperations";
const CREATE: &str = "cloudformation:CreateStackInstances";
const DESCRIBE_ACCOUNT: &str = "organizations:DescribeAccount";

/// The IAM actions that the function's role needs.
pub const ACTIONS: &[&str] = &[LIST, INSTANCES, OPERATIONS, CREATE, DESCRIBE_ACCOUNT];

/// How the names of our stack sets begin.
const OURS: &str = "rootguard-";

/// What AWS answers where another operation is under way.
const UNDER_WAY: &str = "OperationInProgressException";

/// A call that told nothing to go on with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAsked {
    /// It failed, and may not when it is tried again.
    #[error(transparent)]
    Call(#[from] CallError),
    /// It will never succeed as things are.
    #[error("{action} was refused ({code})")]
    Refused {
        /// The IAM action.
        action: String,
        /// AWS's error code.
        code: String,
    },
}

/// What came of trying instances again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Started {
    /// An operation began; its id.
    Operation(String),
    /// Another one is under way.
    UnderWay,
}

/// The stack sets of an organization.
pub(crate) struct StackSets<'a> {
    account: &'a Account,
    client: Client,
    settings: &'a Settings,
}

impl<'a> StackSets<'a> {
    pub(crate) fn new(account: &'a Account, settings: &'a Settings) -> Self {
        Self {
            client: Client::new(account.sdk()),
            account,
            settings,
        }
    }

    fn call_as(&self) -> CallAs {
        if self.settings.delegated {
            CallAs::DelegatedAdmin
        } else {
            CallAs::SelfValue
        }
    }

    /// The names of ours.
    pub(crate) async fn names(&self) -> Result<Vec<String>, NotAsked> {
        let request = self.client.list_stack_sets().call_as(self.call_as());
        let pages = request.status(StackSetStatus::Active).into_paginator();
        let pages = pages.send().collect::<Result<Vec<_>, _>>();
        let pages = known(self.account.call(LIST, pages).await?)?;
        let summaries = pages
            .into_iter()
            .flat_map(|page| page.summaries.unwrap_or_default());
        let names = summaries.filter_map(|summary| summary.stack_set_name);
        Ok(names.filter(|name| name.starts_with(OURS)).collect())
    }

    /// A stack set, as it is.
    pub(crate) async fn read(&self, name: &str) -> Result<StackSet, NotAsked> {
        let request = self.client.list_stack_set_operations();
        let request = request.stack_set_name(name).call_as(self.call_as());
        let pages = request.into_paginator().send();
        let pages = pages.collect::<Result<Vec<_>, _>>();
        let pages = known(self.account.call(OPERATIONS, pages).await?)?;
        let operations = pages
            .into_iter()
            .flat_map(|page| page.summaries.unwrap_or_default());
        let request = self.client.list_stack_instances();
        let request = request.stack_set_name(name).call_as(self.call_as());
        let pages = request.into_paginator().send();
        let pages = pages.collect::<Result<Vec<_>, _>>();
        let pages = known(self.account.call(INSTANCES, pages).await?)?;
        let instances = pages
            .into_iter()
            .flat_map(|page| page.summaries.unwrap_or_default());
        Ok(StackSet {
            instances: instances.map(instance).collect(),
            operations: operations.filter_map(operation).collect(),
        })
    }

    /// Whether an account is in use.
    pub(crate) async fn is_active(&self, id: &str) -> Result<bool, NotAsked> {
        let client = aws_sdk_organizations::Client::new(self.account.sdk());
        let request = client.describe_account().account_id(id);
        let answer = self.account.call(DESCRIBE_ACCOUNT, request.send()).await?;
        let answer = match answer {
            Fact::Known(answer) => answer,
            Fact::Unread(unread) => return Err(refused(unread)),
        };
        // One that left the organization is none of ours.
        let state = answer.and_then(|answer| answer.account?.state);
        Ok(state == Some(AccountState::Active))
    }

    /// Deploys to these accounts of a unit in a Region again.
    pub(crate) async fn retry(
        &self,
        name: &str,
        (region, unit): (&str, &str),
        accounts: &[&str],
    ) -> Result<Started, NotAsked> {
        let accounts = accounts.iter().map(|id| (*id).to_owned()).collect();
        let targets = DeploymentTargets::builder()
            .organizational_unit_ids(unit)
            .set_accounts(Some(accounts))
            .account_filter_type(AccountFilterType::Intersection);
        let percentage = i32::from(self.settings.tolerance_percentage);
        let preferences = StackSetOperationPreferences::builder()
            .region_concurrency_type(RegionConcurrencyType::Parallel)
            .failure_tolerance_percentage(percentage)
            .max_concurrent_percentage(100)
            .concurrency_mode(ConcurrencyMode::SoftFailureTolerance);
        let request = self
            .client
            .create_stack_instances()
            .stack_set_name(name)
            .call_as(self.call_as())
            .deployment_targets(targets.build())
            .regions(region)
            .operation_preferences(preferences.build());
        match self.account.call(CREATE, request.send()).await {
            Err(CallError::Failed { code, .. }) if code == UNDER_WAY => Ok(Started::UnderWay),
            answer => {
                let id = known(answer?.map(|answer| answer.map(|answer| answer.operation_id)))?;
                Ok(Started::Operation(id.unwrap_or_default()))
            }
        }
    }
}

fn instance(summary: StackInstanceSummary) -> Instance {
    let detailed = summary.stack_instance_status;
    let detailed = detailed.and_then(|status| status.detailed_status);
    Instance {
        account: summary.account.unwrap_or_default(),
        region: summary.region.unwrap_or_default(),
        unit: summary.organizational_unit_id.unwrap_or_default(),
        detailed_status: detailed
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        reason: summary.status_reason.unwrap_or_default(),
        last_operation: summary.last_operation_id,
    }
}

fn operation(summary: StackSetOperationSummary) -> Option<(String, Operation)> {
    let under_way = matches!(
        summary.status?,
        StackSetOperationStatus::Running
            | StackSetOperationStatus::Queued
            | StackSetOperationStatus::Stopping
    );
    let created = Timestamp::from(summary.creation_timestamp?);
    Some((summary.operation_id?, Operation { under_way, created }))
}

/// What was answered. What is not there, as a stack set that was deleted meanwhile, is
/// empty.
fn known<T: Default>(answer: Fact<Option<T>>) -> Result<T, NotAsked> {
    match answer {
        Fact::Known(answer) => Ok(answer.unwrap_or_default()),
        Fact::Unread(unread) => Err(refused(unread)),
    }
}

fn refused(unread: Unread) -> NotAsked {
    let (Unread::Denied { action, code }
    | Unread::Unavailable { action, code }
    | Unread::ValueMissing {
        action,
        value: code,
    }) = unread;
    NotAsked::Refused { action, code }
}
