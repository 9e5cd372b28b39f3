//! What became of the stack sets of a group, account by account.

use std::io::Write;

use anyhow::anyhow;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{
    StackInstanceDetailedStatus as Detailed, StackInstanceSummary, StackSetOperationStatus,
    StackSetStatus,
};
use bundle::Organization;
use comfy_table::Color;
use config_rule::{Account, Identity, explain};
use deployment::Stack;
use reconciler::{Retry, Settings};

use super::accounts::{Accounts, call_as};
use super::change::Deployer;
use super::follow::Pauses;
use crate::table::{Line, table};

/// An account in which a stack set is not what it should be.
#[derive(Debug)]
struct Trouble {
    account: String,
    /// The stack set and the Region.
    place: String,
    status: String,
    text: String,
    is_failure: bool,
}

/// Waits until nobody works on the stack sets of a group: AWS refuses a second operation.
pub(super) async fn wait_until_idle(
    accounts: &Accounts<'_>,
    organization: &Organization,
    stack: &Stack,
    deployer: &Deployer<'_>,
) -> anyhow::Result<()> {
    let client = Client::new(&accounts.sdk(&stack.account, &stack.region).await);
    for set in existing(&client, organization, stack).await? {
        let mut pauses = Pauses::default();
        while let Some(operation) = running(&client, organization, &set).await? {
            deployer.begin(format!("operation {operation} of stack set {set}"));
            pauses.next().await;
            deployer.end();
        }
    }
    Ok(())
}

/// Deploys again to the accounts where a stack set of a group failed or never came to, whatever
/// the reason was: who runs this has repaired it. The second time, only to those that a stack
/// set never came to. Whether an operation began.
pub(super) async fn retry(
    accounts: &Accounts<'_>,
    organization: &Organization,
    stack: &Stack,
    again: bool,
) -> anyhow::Result<bool> {
    let names = names(stack);
    let group = organization
        .groups
        .iter()
        .find(|group| group.name == group_of(stack));
    let settings = Settings {
        delegated: call_as(organization).is_some(),
        tolerance_percentage: 100,
        excluded_accounts: group
            .map(|it| it.excluded_accounts.clone())
            .unwrap_or_default(),
        retry: if again {
            Retry::Nothing
        } else {
            Retry::Everything
        },
    };
    let sdk = accounts.sdk(&stack.account, &stack.region).await;
    let root = format!(
        "arn:{}:iam::{}:root",
        organization.partition(),
        stack.account
    );
    let identity = Identity::of_caller(&root, &stack.region)?;
    let account = Account::new(sdk, identity);
    let is_own = |name: &str| names.contains(&name);
    let done = reconciler::reconcile_sets(&account, &settings, is_own).await?;
    let mut began = false;
    for (name, retried) in done
        .0
        .iter()
        .filter(|(_, done)| !done.operations.is_empty())
    {
        let instances: usize = retried.accounts.values().map(Vec::len).sum();
        writeln!(
            std::io::stdout(),
            "retried   {name}: {instances} stack instances that failed or were missing"
        )?;
        began = true;
    }
    Ok(began)
}

/// Prints where the stack sets of a group failed or were skipped, why, and what to do.
/// Whether one failed.
pub(super) async fn report(
    accounts: &Accounts<'_>,
    organization: &Organization,
    stack: &Stack,
) -> anyhow::Result<bool> {
    let client = Client::new(&accounts.sdk(&stack.account, &stack.region).await);
    let prefix = format!("rootguard-{}-", group_of(stack));
    let mut troubles = Vec::new();
    let mut done = 0_usize;
    for set in existing(&client, organization, stack).await? {
        let kind = set.strip_prefix(&prefix).unwrap_or(&set);
        let request = client.list_stack_instances().stack_set_name(&set);
        let request = request.set_call_as(call_as(organization));
        let mut pages = request.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                anyhow!(
                    "cloudformation:ListStackInstances of {set}: {}",
                    explain(&error)
                )
            })?;
            for instance in page.summaries.unwrap_or_default() {
                match trouble(kind, &instance) {
                    Some(trouble) => troubles.push(trouble),
                    None => done += 1,
                }
            }
        }
    }
    troubles.sort_by(|a, b| (&a.account, &a.place).cmp(&(&b.account, &b.place)));
    print(group_of(stack), done, &troubles)?;
    Ok(troubles.iter().any(|trouble| trouble.is_failure))
}

fn print(group: &str, done: usize, troubles: &[Trouble]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let lines: Vec<_> = troubles
        .iter()
        .map(|trouble| Line {
            account: &trouble.account,
            account_name: None,
            control: &trouble.place,
            state: trouble.status.clone(),
            color: if trouble.is_failure {
                Color::Red
            } else {
                Color::Yellow
            },
            text: trouble.text.clone(),
        })
        .collect();
    if !lines.is_empty() {
        let table = table(["STACK SET", "STATUS", "WHY, AND WHAT TO DO"], &lines);
        writeln!(out, "\n{}\n", table.trim_fmt())?;
    }
    let failed = troubles.iter().filter(|trouble| trouble.is_failure).count();
    writeln!(
        out,
        "group {group}: {done} stack instances there, {failed} failed, {} skipped",
        troubles.len() - failed
    )?;
    Ok(())
}

/// Returns what is wrong with an instance, if something is.
fn trouble(kind: &str, instance: &StackInstanceSummary) -> Option<Trouble> {
    let detailed = instance
        .stack_instance_status
        .as_ref()?
        .detailed_status
        .as_ref()?;
    if *detailed == Detailed::Succeeded {
        return None;
    }
    let reason = instance
        .status_reason
        .as_deref()
        .unwrap_or("AWS gives no reason");
    let (is_failure, advice) = match detailed {
        Detailed::SkippedSuspendedAccount => (
            false,
            "Nothing to do: the account is suspended, and gets it when it is active again.",
        ),
        Detailed::Pending | Detailed::Running => (
            false,
            "AWS is still at it: run this again to see what became of it.",
        ),
        Detailed::Cancelled => (
            true,
            "Too many others failed (failureTolerancePercentage). Repair those, and run this again.",
        ),
        Detailed::Inoperable => (
            true,
            "StackSets cannot work there any more: delete this instance, retaining its stack, and \
             run this again.",
        ),
        _ if reason.contains("NoAvailableConfigurationRecorder") => (
            true,
            "AWS Config needs a customer-managed recorder in the home Region. Once it is there, run \
             this again, or wait for the reconciler: it tries once a day.",
        ),
        _ => (true, "Repair the reason, and run this again."),
    };
    Some(Trouble {
        account: instance.account.clone().unwrap_or_default(),
        place: format!("{kind} {}", instance.region().unwrap_or_default()),
        status: detailed.as_str().to_owned(),
        text: format!("{reason}. {advice}"),
        is_failure,
    })
}

/// Those of a group's stack sets that are there.
async fn existing(
    client: &Client,
    organization: &Organization,
    stack: &Stack,
) -> anyhow::Result<Vec<String>> {
    let wanted = names(stack);
    let request = client.list_stack_sets().status(StackSetStatus::Active);
    let request = request.set_call_as(call_as(organization));
    let mut found = Vec::new();
    let mut pages = request.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page =
            page.map_err(|error| anyhow!("cloudformation:ListStackSets: {}", explain(&error)))?;
        let names = page.summaries.unwrap_or_default().into_iter();
        found.extend(names.filter_map(|set| set.stack_set_name));
    }
    let is_there = |name: &&str| found.iter().any(|found| found == name);
    let there = wanted.into_iter().filter(is_there);
    Ok(there.map(str::to_owned).collect())
}

/// The id of an operation of a stack set that is running or waiting.
async fn running(
    client: &Client,
    organization: &Organization,
    set: &str,
) -> anyhow::Result<Option<String>> {
    // The latest come first; what runs is among them.
    let request = client.list_stack_set_operations().stack_set_name(set);
    let request = request.set_call_as(call_as(organization));
    let page = request.send().await.map_err(|error| {
        anyhow!(
            "cloudformation:ListStackSetOperations of {set}: {}",
            explain(&error)
        )
    })?;
    let mut operations = page.summaries.unwrap_or_default().into_iter();
    let found = operations.find(|operation| {
        matches!(
            operation.status,
            Some(
                StackSetOperationStatus::Running
                    | StackSetOperationStatus::Queued
                    | StackSetOperationStatus::Stopping
            )
        )
    });
    Ok(found.and_then(|operation| operation.operation_id))
}

fn group_of(stack: &Stack) -> &str {
    let group = stack.group.as_ref();
    group.map_or("", |group| group.group.as_str())
}

/// The names of the stack sets that a stack is to have.
fn names(stack: &Stack) -> Vec<&str> {
    let group = stack.group.as_ref();
    let sets = group.map_or(&[][..], |group| group.sets.as_slice());
    sets.iter().map(|set| set.name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudformation::types::StackInstanceComprehensiveStatus;

    fn instance(status: Detailed) -> StackInstanceSummary {
        let status = StackInstanceComprehensiveStatus::builder().detailed_status(status);
        StackInstanceSummary::builder()
            .account("111122223333")
            .region("eu-west-1")
            .status_reason("because")
            .stack_instance_status(status.build())
            .build()
    }

    /// Nobody has to do anything about a suspended account, and everybody about a failure.
    #[test]
    fn what_failed_is_told_from_what_was_skipped() {
        for (status, told) in [
            (Detailed::Succeeded, None),
            (Detailed::SkippedSuspendedAccount, Some(false)),
            (Detailed::Running, Some(false)),
            (Detailed::Failed, Some(true)),
            (Detailed::Cancelled, Some(true)),
            (Detailed::Inoperable, Some(true)),
            (Detailed::FailedImport, Some(true)),
        ] {
            let trouble = trouble("functions", &instance(status.clone()));
            assert_eq!(trouble.map(|it| it.is_failure), told, "{status:?}");
        }
        let failed = trouble("no-root-keys", &instance(Detailed::Failed)).unwrap();
        assert_eq!(failed.place, "no-root-keys eu-west-1");
        assert!(
            failed.text.starts_with("because. Repair"),
            "{}",
            failed.text
        );
        let reason = "NoAvailableConfigurationRecorderException";
        let status = StackInstanceComprehensiveStatus::builder().detailed_status(Detailed::Failed);
        let instance = StackInstanceSummary::builder()
            .status_reason(reason)
            .stack_instance_status(status.build())
            .build();
        let failed = trouble("no-root-keys", &instance).unwrap();
        assert!(
            failed.text.contains("needs a customer-managed recorder"),
            "{}",
            failed.text
        );
    }
}
