//! One stack: its change set, what it would change, and following it to the end.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, anyhow, bail};
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::types::{
    Capability, Change, ChangeSetStatus, ChangeSetType, Parameter, ResourceChange,
    Stack as ScanResult, StackStatus, Tag,
};
use config_rule::explain;
use deployment::{Stack, StackId, Value};

use super::accounts::Accounts;
use super::follow::Pauses;
use super::upload::Uploads;

/// The tag by which a stack is known as one of ours.
pub(super) const TAG: &str = "rootguard";

/// Deploys and deletes stacks.
pub(super) struct Deployer<'a> {
    accounts: &'a Accounts<'a>,
    /// Work that AWS is doing now, for whoever presses Ctrl-C.
    under_way: RefCell<Option<String>>,
}

/// A change set that waits to be executed.
pub(super) struct Proposal<'s> {
    stack: &'s Stack,
    client: Client,
    change_set: String,
    is_new: bool,
    changes: Vec<ResourceChange>,
}

impl<'a> Deployer<'a> {
    pub(super) fn new(accounts: &'a Accounts<'a>) -> Self {
        Self {
            accounts,
            under_way: RefCell::new(None),
        }
    }

    pub(super) async fn client(&self, account: &str, region: &str) -> Client {
        Client::new(&self.accounts.sdk(account, region).await)
    }

    /// Says what AWS is doing while this is awaited.
    pub(super) fn begin(&self, what: impl Into<String>) {
        *self.under_way.borrow_mut() = Some(what.into());
    }

    pub(super) fn end(&self) {
        *self.under_way.borrow_mut() = None;
    }

    /// Returns what to say to who pressed Ctrl-C.
    pub(super) fn interrupted(&self, command: &str) -> String {
        match &*self.under_way.borrow() {
            Some(what) => format!(
                "interrupted; AWS still does this: {what}. Run `{command}` again: it waits for that \
                 and goes on"
            ),
            None => {
                format!("interrupted; nothing is running on AWS. Run `{command}` again to go on")
            }
        }
    }

    /// The parameters of a stack, with what only AWS could say.
    pub(super) async fn resolve(
        &self,
        stack: &Stack,
        uploads: &Uploads,
    ) -> anyhow::Result<Vec<Parameter>> {
        let mut outputs: BTreeMap<&StackId, BTreeMap<String, String>> = BTreeMap::new();
        let mut parameters = Vec::new();
        for (name, value) in &stack.parameters {
            let text = match value {
                Value::Text(text) => text.clone(),
                Value::Version { bucket, key } => {
                    let version = uploads.version(bucket, key);
                    version
                        .with_context(|| format!("{key} was not uploaded"))?
                        .to_owned()
                }
                Value::Output { stack: id, output } => {
                    if !outputs.contains_key(id) {
                        outputs.insert(id, self.outputs(id).await?);
                    }
                    let found = outputs.get(id).and_then(|of_stack| of_stack.get(*output));
                    found
                        .with_context(|| {
                            format!("{} has no output {output}: deploy it first", id.name)
                        })?
                        .clone()
                }
            };
            let parameter = Parameter::builder()
                .parameter_key(name)
                .parameter_value(text);
            parameters.push(parameter.build());
        }
        Ok(parameters)
    }

    async fn outputs(&self, id: &StackId) -> anyhow::Result<BTreeMap<String, String>> {
        let client = self.client(&id.account, &id.region).await;
        let seen = seen(&client, &id.name).await?;
        let outputs = seen.and_then(|stack| stack.outputs).unwrap_or_default();
        let pairs = outputs.into_iter();
        Ok(pairs
            .filter_map(|output| Some((output.output_key?, output.output_value?)))
            .collect())
    }

    /// Makes a change set, whatever state the stack is in; none, if nothing changes.
    pub(super) async fn propose<'s>(
        &self,
        stack: &'s Stack,
        parameters: Vec<Parameter>,
    ) -> anyhow::Result<Option<Proposal<'s>>> {
        let client = self.client(&stack.account, &stack.region).await;
        let is_new = self.settled(&client, stack).await?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        let request = client
            .create_change_set()
            .stack_name(&stack.name)
            .change_set_name(format!("rootguard-{now}"))
            .change_set_type(if is_new {
                ChangeSetType::Create
            } else {
                ChangeSetType::Update
            })
            .template_body(stack.template.text())
            .set_parameters(Some(parameters))
            .capabilities(Capability::CapabilityNamedIam)
            .tags(Tag::builder().key(TAG).value(stack.template.name()).build())
            .send();
        let created = request.await.map_err(|error| {
            anyhow!(
                "cannot propose {} (cloudformation:CreateChangeSet): {}",
                stack.place(),
                explain(&error)
            )
        })?;
        let change_set = created
            .id
            .context("cloudformation:CreateChangeSet gave no id")?;
        let mut proposal = Proposal {
            stack,
            client,
            change_set,
            is_new,
            changes: Vec::new(),
        };
        Ok(proposal.is_ready().await?.then_some(proposal))
    }

    /// Waits for what is going on, and takes away what stands in the way. Whether the stack
    /// is to be created.
    async fn settled(&self, client: &Client, stack: &Stack) -> anyhow::Result<bool> {
        let mut pauses = Pauses::default();
        loop {
            let status = seen(client, &stack.name)
                .await?
                .and_then(|seen| seen.stack_status);
            match status {
                // In review, only change sets were made.
                None | Some(StackStatus::ReviewInProgress) => break Ok(true),
                // Its first creation failed, and such a stack can only be deleted.
                Some(
                    StackStatus::RollbackComplete
                    | StackStatus::RollbackFailed
                    | StackStatus::CreateFailed
                    | StackStatus::DeleteFailed,
                ) => {
                    self.delete(&stack.account, &stack.region, &stack.name)
                        .await?;
                }
                Some(StackStatus::UpdateRollbackFailed) => bail!(
                    "{} is stuck in UPDATE_ROLLBACK_FAILED: `aws cloudformation \
                     continue-update-rollback --stack-name {} --region {}` there, then run this again",
                    stack.place(),
                    stack.name,
                    stack.region
                ),
                Some(status) if status.as_str().ends_with("_IN_PROGRESS") => {
                    self.begin(format!("{} ({status})", stack.place()));
                    pauses.next().await;
                    self.end();
                }
                Some(_) => break Ok(false),
            }
        }
    }

    /// Takes a change set back that nobody wants.
    pub(super) async fn withdraw(&self, proposal: &Proposal<'_>) -> anyhow::Result<()> {
        proposal.discard().await?;
        if proposal.is_new {
            // A stack of which there are only change sets.
            let stack = proposal.stack;
            self.delete(&stack.account, &stack.region, &stack.name)
                .await?;
        }
        Ok(())
    }

    /// Executes it and follows it to the end.
    pub(super) async fn execute(&self, proposal: &Proposal<'_>) -> anyhow::Result<()> {
        let Proposal { stack, client, .. } = proposal;
        let after = super::follow::latest_event(client, &stack.name).await?;
        let request = client
            .execute_change_set()
            .change_set_name(&proposal.change_set);
        request.send().await.map_err(|error| {
            anyhow!(
                "cannot deploy {} (cloudformation:ExecuteChangeSet): {}",
                stack.place(),
                explain(&error)
            )
        })?;
        self.begin(stack.place());
        let followed = super::follow::stack(
            client,
            &stack.name,
            after.as_deref(),
            proposal.changes.len(),
        )
        .await;
        self.end();
        let end = followed.with_context(|| stack.place())?;
        if end.is_success() {
            return Ok(());
        }
        bail!(
            "{} ended as {}:{}{}\nWhat was there before is there again. Repair the reason, and run \
             this again: it goes on here",
            stack.place(),
            end.status,
            end.reasons(),
            // A stack set fails where too many accounts do.
            if stack.group.is_some() {
                "\nMore accounts failed than organization.failureTolerancePercentage of rules.toml \
                 allows? Of few accounts, a small part is none."
            } else {
                ""
            }
        )
    }

    /// Deletes a stack and follows it to the end.
    pub(super) async fn delete(
        &self,
        account: &str,
        region: &str,
        name: &str,
    ) -> anyhow::Result<()> {
        let client = self.client(account, region).await;
        let place = format!("{name} in {account} {region}");
        let Some(seen) = seen(&client, name).await? else {
            return Ok(());
        };
        let after = super::follow::latest_event(&client, name).await?;
        let request = client.delete_stack().stack_name(name).send();
        request.await.map_err(|error| {
            anyhow!(
                "cannot delete {place} (cloudformation:DeleteStack): {}",
                explain(&error)
            )
        })?;
        self.begin(format!("deleting {place}"));
        // By its id: a stack that is gone has no name any more.
        let id = seen.stack_id.unwrap_or_else(|| name.to_owned());
        let followed = super::follow::stack(&client, &id, after.as_deref(), 0).await;
        self.end();
        let end = followed.with_context(|| place.clone())?;
        if end.is_success() {
            return Ok(());
        }
        bail!("{place} ended as {}:{}", end.status, end.reasons())
    }
}

impl Proposal<'_> {
    /// Waits until it is made; whether it changes anything.
    async fn is_ready(&mut self) -> anyhow::Result<bool> {
        let mut pauses = Pauses::default();
        let mut next = None;
        loop {
            let request = self
                .client
                .describe_change_set()
                .change_set_name(&self.change_set);
            let seen = request
                .set_next_token(next.take())
                .send()
                .await
                .map_err(|error| {
                    anyhow!(
                        "cannot see the changes of {} (cloudformation:DescribeChangeSet): {}",
                        self.stack.place(),
                        explain(&error)
                    )
                })?;
            match seen.status {
                Some(ChangeSetStatus::CreateComplete) => {
                    let changes = seen.changes.into_iter().flatten();
                    self.changes
                        .extend(changes.filter_map(|change: Change| change.resource_change));
                    next = seen.next_token;
                    if next.is_none() {
                        return Ok(true);
                    }
                }
                Some(ChangeSetStatus::Failed) => {
                    let reason = seen.status_reason.unwrap_or_default();
                    self.discard().await?;
                    // AWS says this in words only; the AWS CLI reads the same ones.
                    if reason.contains("didn't contain changes")
                        || reason.contains("No updates are to be performed")
                    {
                        return Ok(false);
                    }
                    bail!("{} would be refused: {reason}", self.stack.place());
                }
                _ => pauses.next().await,
            }
        }
    }

    async fn discard(&self) -> anyhow::Result<()> {
        let request = self
            .client
            .delete_change_set()
            .change_set_name(&self.change_set);
        let deleted = request.send().await;
        deleted.map_err(|error| anyhow!("cloudformation:DeleteChangeSet: {}", explain(&error)))?;
        Ok(())
    }

    /// Prints what it would change: `+` is added, `~` modified, `!` replaced, `-` removed.
    pub(super) fn show(&self) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        let what = if self.is_new { "new stack" } else { "stack" };
        writeln!(out, "\n{what} {}", self.stack.place())?;
        for change in &self.changes {
            let replaced = change
                .replacement
                .as_ref()
                .is_some_and(|it| it.as_str() != "False");
            let action = change
                .action
                .as_ref()
                .map(aws_sdk_cloudformation::types::ChangeAction::as_str);
            let sign = match action {
                Some("Add" | "Import") => '+',
                Some("Remove") => '-',
                _ if replaced => '!',
                _ => '~',
            };
            writeln!(
                out,
                "  {sign} {} ({})",
                change.logical_resource_id().unwrap_or("?"),
                change.resource_type().unwrap_or("?")
            )?;
        }
        if self.changes.is_empty() {
            writeln!(out, "  no resource; outputs or tags only")?;
        }
        Ok(())
    }
}

/// A stack, if it is there.
pub(super) async fn seen(client: &Client, name: &str) -> anyhow::Result<Option<ScanResult>> {
    match client.describe_stacks().stack_name(name).send().await {
        Ok(found) => Ok(found.stacks.into_iter().flatten().next()),
        // CloudFormation has no other word for a stack that is not there.
        Err(error)
            if error
                .as_service_error()
                .and_then(ProvideErrorMetadata::code)
                == Some("ValidationError") =>
        {
            Ok(None)
        }
        Err(error) => Err(anyhow!(
            "cannot see stack {name} (cloudformation:DescribeStacks): {}",
            explain(&error)
        )),
    }
}
