//! Following a stack until AWS is done with it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use anyhow::{Context, anyhow};
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::SdkError;
use aws_sdk_cloudformation::operation::describe_stack_events::DescribeStackEventsError;
use aws_sdk_cloudformation::types::{StackEvent, StackStatus};
use config_rule::explain;

use super::change::seen;
use crate::progress;

/// Ever longer pauses between two looks, from a quarter of a second to five.
#[derive(Debug, Default)]
pub(super) struct Pauses(u32);

impl Pauses {
    const SHORTEST: Duration = Duration::from_millis(250);
    const LONGEST: Duration = Duration::from_secs(5);

    pub(super) async fn next(&mut self) {
        let pause = Self::SHORTEST * 2_u32.saturating_pow(self.0);
        self.0 = (self.0 + 1).min(8);
        tokio::time::sleep(pause.min(Self::LONGEST)).await;
    }
}

/// The end of an operation.
#[derive(Debug)]
pub(super) struct End {
    pub(super) status: StackStatus,
    failures: Vec<String>,
}

impl End {
    pub(super) fn is_success(&self) -> bool {
        matches!(
            self.status,
            StackStatus::CreateComplete | StackStatus::UpdateComplete | StackStatus::DeleteComplete
        )
    }

    /// Returns what failed and why, a line each; what was only cancelled for that is left out.
    pub(super) fn reasons(&self) -> String {
        let mut lines = String::new();
        for failure in &self.failures {
            // Writing to a string cannot fail.
            let _ = write!(lines, "\n  {failure}");
        }
        lines
    }
}

/// The latest event of a stack, by its id: what happens from now on comes after it.
pub(super) async fn latest_event(client: &Client, name: &str) -> anyhow::Result<Option<String>> {
    let request = client.describe_stack_events().stack_name(name);
    let page = request.send().await.map_err(|error| unseen(&error))?;
    let events = page.stack_events.unwrap_or_default();
    Ok(events.into_iter().next().and_then(|event| event.event_id))
}

/// Looks at the stack until nothing is in progress any more. `after` is its latest event
/// before, `changes` how many resources change.
pub(super) async fn stack(
    client: &Client,
    name: &str,
    after: Option<&str>,
    changes: usize,
) -> anyhow::Result<End> {
    let bar = progress::counted(changes, "resources");
    let mut pauses = Pauses::default();
    loop {
        let found = seen(client, name).await?;
        let status = found
            .and_then(|stack| stack.stack_status)
            .context("the stack is gone")?;
        let events = events(client, name, after).await?;
        let done: BTreeSet<_> = events
            .iter()
            .filter(|event| status_of(event).ends_with("_COMPLETE"))
            .filter_map(|event| event.logical_resource_id.clone())
            .collect();
        bar.set_position(u64::try_from(done.len()).unwrap_or(u64::MAX));
        bar.set_message(status.to_string());
        // Of a stack that was told to go on a moment ago, the state is still the one before.
        let has_begun = !events.is_empty();
        if has_begun && !status.as_str().ends_with("_IN_PROGRESS") {
            bar.finish_and_clear();
            let failed = events.iter().rev().filter_map(failure);
            return Ok(End {
                status,
                failures: failed.collect(),
            });
        }
        pauses.next().await;
    }
}

/// Returns what happened after an event, the latest first.
async fn events(
    client: &Client,
    name: &str,
    after: Option<&str>,
) -> anyhow::Result<Vec<StackEvent>> {
    let mut all = Vec::new();
    let mut pages = client
        .describe_stack_events()
        .stack_name(name)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| unseen(&error))?;
        for event in page.stack_events.unwrap_or_default() {
            if after.is_some() && event.event_id.as_deref() == after {
                return Ok(all);
            }
            all.push(event);
        }
    }
    Ok(all)
}

fn unseen(error: &SdkError<DescribeStackEventsError>) -> anyhow::Error {
    anyhow!("cloudformation:DescribeStackEvents: {}", explain(error))
}

fn status_of(event: &StackEvent) -> &str {
    let status = event.resource_status.as_ref();
    status.map_or("", aws_sdk_cloudformation::types::ResourceStatus::as_str)
}

fn failure(event: &StackEvent) -> Option<String> {
    let reason = event.resource_status_reason.as_deref().unwrap_or_default();
    let is_first = !reason.contains("cancelled") && !reason.is_empty();
    (status_of(event).ends_with("_FAILED") && is_first).then(|| {
        format!(
            "{} ({}): {reason}",
            event.logical_resource_id().unwrap_or("?"),
            event.resource_type().unwrap_or("?")
        )
    })
}
