//! The stack sets that bring rootguard to accounts, and how far they are.

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{CallAs, StackSetStatus};
use config_rule::Unread;

use super::{FactReader, fact};
use crate::doctor::facts::{DesiredState, Instance, Operation, StackSet};

/// Start of the names of our stack sets.
const OURS: &str = "rootguard-";

/// Ours, with everything below them.
pub(super) async fn stack_sets(
    asker: &FactReader,
    wanted: &DesiredState,
    management: &str,
) -> Result<Vec<StackSet>, Unread> {
    let account = asker.account.in_region(&wanted.home_region);
    let reader = Reader {
        client: Client::new(account.sdk()),
        // A delegated administrator must say that it is one.
        call_as: if account.identity().account() == management {
            CallAs::SelfValue
        } else {
            CallAs::DelegatedAdmin
        },
        asker,
    };
    let mut sets = Vec::new();
    for name in reader.names().await? {
        sets.push(StackSet {
            parameters: reader.parameters(&name).await?,
            instances: fact(reader.instances(&name).await),
            operations: fact(reader.operations(&name).await),
            name,
        });
    }
    Ok(sets)
}

struct Reader<'a> {
    asker: &'a FactReader,
    client: Client,
    call_as: CallAs,
}

impl Reader<'_> {
    async fn names(&self) -> Result<Vec<String>, Unread> {
        let pages = self
            .client
            .list_stack_sets()
            .status(StackSetStatus::Active)
            .call_as(self.call_as.clone());
        let pages = pages.into_paginator().send().collect::<Result<Vec<_>, _>>();
        let action = "cloudformation:ListStackSets";
        let pages = self.asker.ask(action, pages).await?.unwrap_or_default();
        let summaries = pages
            .into_iter()
            .flat_map(|page| page.summaries.unwrap_or_default());
        let names = summaries.filter_map(|summary| summary.stack_set_name);
        Ok(names.filter(|name| name.starts_with(OURS)).collect())
    }

    async fn parameters(
        &self,
        name: &str,
    ) -> Result<std::collections::BTreeMap<String, String>, Unread> {
        let request = self
            .client
            .describe_stack_set()
            .stack_set_name(name)
            .call_as(self.call_as.clone());
        let action = "cloudformation:DescribeStackSet";
        let answer = self.asker.ask(action, request.send()).await?;
        let parameters = answer.and_then(|answer| answer.stack_set?.parameters);
        let pairs = parameters.unwrap_or_default().into_iter();
        let pairs = pairs.filter_map(|one| Some((one.parameter_key?, one.parameter_value?)));
        Ok(pairs.collect())
    }

    async fn instances(&self, name: &str) -> Result<Vec<Instance>, Unread> {
        let pages = self
            .client
            .list_stack_instances()
            .stack_set_name(name)
            .call_as(self.call_as.clone());
        let pages = pages.into_paginator().send().collect::<Result<Vec<_>, _>>();
        let action = "cloudformation:ListStackInstances";
        let pages = self.asker.ask(action, pages).await?.unwrap_or_default();
        let summaries = pages
            .into_iter()
            .flat_map(|page| page.summaries.unwrap_or_default());
        let instances = summaries.map(|summary| Instance {
            status: summary
                .status
                .map(|status| status.as_str().to_owned())
                .unwrap_or_default(),
            detailed: summary
                .stack_instance_status
                .and_then(|status| Some(status.detailed_status?.as_str().to_owned())),
            account: summary.account.unwrap_or_default(),
            region: summary.region.unwrap_or_default(),
            reason: summary.status_reason,
        });
        Ok(instances.collect())
    }

    /// The latest page of them is enough.
    async fn operations(&self, name: &str) -> Result<Vec<Operation>, Unread> {
        let request = self
            .client
            .list_stack_set_operations()
            .stack_set_name(name)
            .call_as(self.call_as.clone());
        let action = "cloudformation:ListStackSetOperations";
        let answer = self.asker.ask(action, request.send()).await?;
        let mut summaries = answer
            .and_then(|answer| answer.summaries)
            .unwrap_or_default();
        summaries.sort_by_key(|one| std::cmp::Reverse(one.creation_timestamp));
        let operations = summaries.into_iter().map(|summary| Operation {
            id: summary.operation_id.unwrap_or_default(),
            action: summary
                .action
                .map(|action| action.as_str().to_owned())
                .unwrap_or_default(),
            status: summary
                .status
                .map(|status| status.as_str().to_owned())
                .unwrap_or_default(),
            reason: summary.status_reason,
        });
        Ok(operations.collect())
    }
}
