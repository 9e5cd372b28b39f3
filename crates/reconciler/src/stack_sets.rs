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
const DESCRIBE: &str = "cloudformation:DescribeStackSet";
const CREATE: &str = "cloudformation:CreateStackInstances";
const UPDATE: &str = "cloudformation:UpdateStackInstances";
const ACCOUNTS: &str = "organizations:ListAccountsForParent";
const UNITS: &str = "organizations:ListOrganizationalUnitsForParent";
const DESCRIBE_ACCOUNT: &str = "organizations:DescribeAccount";

/// The IAM actions that the function's role needs.
pub const ACTIONS: &[&str] = &[
    LIST,
    DESCRIBE,
    INSTANCES,
    OPERATIONS,
    CREATE,
    UPDATE,
    DESCRIBE_ACCOUNT,
    ACCOUNTS,
    UNITS,
];

/// Start of the names of our stack sets.
const OURS: &str = "rootguard-";

/// Code of AWS's answer where another operation is under way.
const UNDER_WAY: &str = "OperationInProgressException";

/// A call that told nothing to go on with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StackSetError {
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

/// Result of trying instances again.
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
    pub(crate) async fn names(&self) -> Result<Vec<String>, StackSetError> {
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
    pub(crate) async fn read(&self, name: &str) -> Result<StackSet, StackSetError> {
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
        let request = self.client.describe_stack_set();
        let request = request.stack_set_name(name).call_as(self.call_as());
        let described = self.account.call(DESCRIBE, request.send()).await?;
        let described = known(described.map(|answer| answer.map(|answer| answer.stack_set)))?;
        let (units, regions, auto) = described
            .map(|set| {
                (
                    set.organizational_unit_ids,
                    set.regions,
                    set.auto_deployment,
                )
            })
            .unwrap_or_default();
        let depends_on = auto.and_then(|auto| auto.depends_on).unwrap_or_default();
        Ok(StackSet {
            instances: instances.map(instance).collect(),
            operations: operations.filter_map(operation).collect(),
            units: units.unwrap_or_default(),
            regions: regions.unwrap_or_default(),
            depends_on: depends_on.iter().filter_map(|arn| name_in(arn)).collect(),
        })
    }

    /// The active accounts below a root or unit, but the management account, which StackSets
    /// never reaches.
    pub(crate) async fn members(&self, unit: &str) -> Result<Vec<String>, StackSetError> {
        let client = aws_sdk_organizations::Client::new(self.account.sdk());
        let (mut members, mut units) = (Vec::new(), vec![unit.to_owned()]);
        while let Some(unit) = units.pop() {
            let request = client.list_accounts_for_parent().parent_id(&unit);
            let pages = request.into_paginator().send();
            let pages = pages.collect::<Result<Vec<_>, _>>();
            let pages = known(self.account.call(ACCOUNTS, pages).await?)?;
            let accounts = pages
                .into_iter()
                .flat_map(|page| page.accounts.unwrap_or_default());
            let active = accounts.filter(|one| one.state == Some(AccountState::Active));
            members.extend(active.filter_map(|one| {
                // The ARN of an account begins with the account that manages it.
                let managing = one.arn.as_deref().and_then(|arn| arn.split(':').nth(4));
                let id = one.id.as_deref()?;
                (managing != Some(id)).then(|| id.to_owned())
            }));
            let request = client.list_organizational_units_for_parent();
            let pages = request.parent_id(&unit).into_paginator().send();
            let pages = pages.collect::<Result<Vec<_>, _>>();
            let pages = known(self.account.call(UNITS, pages).await?)?;
            let below = pages
                .into_iter()
                .flat_map(|page| page.organizational_units.unwrap_or_default());
            units.extend(below.filter_map(|unit| unit.id));
        }
        Ok(members)
    }

    /// Returns whether an account is in use.
    pub(crate) async fn is_active(&self, id: &str) -> Result<bool, StackSetError> {
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

    /// Deploys to these accounts of a unit in a Region. `CreateStackInstances` skips what
    /// exists already, also where it failed, so that is updated.
    pub(crate) async fn deploy(
        &self,
        name: &str,
        (region, unit, exists): (&str, &str, bool),
        accounts: &[&str],
    ) -> Result<Started, StackSetError> {
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
        let (targets, preferences) = (targets.build(), preferences.build());
        let started = if exists {
            let request = self
                .client
                .update_stack_instances()
                .stack_set_name(name)
                .call_as(self.call_as())
                .deployment_targets(targets)
                .regions(region)
                .operation_preferences(preferences);
            let answer = self.account.call(UPDATE, request.send()).await;
            answer.map(|answer| answer.map(|answer| answer.map(|answer| answer.operation_id)))
        } else {
            let request = self
                .client
                .create_stack_instances()
                .stack_set_name(name)
                .call_as(self.call_as())
                .deployment_targets(targets)
                .regions(region)
                .operation_preferences(preferences);
            let answer = self.account.call(CREATE, request.send()).await;
            answer.map(|answer| answer.map(|answer| answer.map(|answer| answer.operation_id)))
        };
        match started {
            Err(CallError::Failed { code, .. }) if code == UNDER_WAY => Ok(Started::UnderWay),
            answer => Ok(Started::Operation(known(answer?)?.unwrap_or_default())),
        }
    }
}

/// The name of a stack set in its ARN, `…:stackset/NAME:ID`.
fn name_in(arn: &str) -> Option<String> {
    let id = arn.rsplit_once('/')?.1;
    Some(id.split(':').next()?.to_owned())
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

/// Returns what was answered. What is not there, as a stack set that was deleted meanwhile, is
/// empty.
fn known<T: Default>(answer: Fact<Option<T>>) -> Result<T, StackSetError> {
    match answer {
        Fact::Known(answer) => Ok(answer.unwrap_or_default()),
        Fact::Unread(unread) => Err(refused(unread)),
    }
}

fn refused(unread: Unread) -> StackSetError {
    let (Unread::Denied { action, code }
    | Unread::Unavailable { action, code }
    | Unread::ValueMissing {
        action,
        value: code,
    }) = unread;
    StackSetError::Refused { action, code }
}
