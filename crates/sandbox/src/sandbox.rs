//! The sandbox as tests and the demo hold it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder as HttpClientBuilder;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::SdkConfig;
use aws_types::region::Region;
use serde_json::Value;

use crate::Timestamp;
use crate::calls::Call;
use crate::cloudformation::{self, DeployError, Stack};
use crate::config::{self, Notification, RuleKey, RuleStatus};
use crate::events::{self, UnknownRouteError};
use crate::faults::Fault;
use crate::identity::{self, NewSession, SessionTags, role_id, role_session};
use crate::lambda::{Context, Function};
use crate::organization::{Account, Organization, OrganizationError};
use crate::serve::{self, InProcess, ServeError, Server};
use crate::sns::Published;
use crate::sqs::{self, Poll, QueuedMessage};
use crate::world::{NotFound, World};

/// A local AWS organization. Clones share it.
#[derive(Clone, Debug)]
pub struct Sandbox(Arc<World>);

impl Sandbox {
    /// Sets an organization up.
    ///
    /// # Errors
    /// Returns an error if the description contradicts itself.
    pub fn new(organization: Organization) -> Result<Self, OrganizationError> {
        Ok(Self(Arc::new(World::new(organization)?)))
    }

    /// The organization as it was described. [`Sandbox::account`] has what became of it.
    pub fn organization(&self) -> &Organization {
        &self.0.organization
    }

    /// An account as it is now.
    pub fn account(&self, id: &str) -> Option<Account> {
        self.0.account(id)
    }

    /// Changes an account, as if somebody had done so in the console.
    ///
    /// # Errors
    /// Returns an error if there is no such account.
    pub fn change_account<T>(
        &self,
        id: &str,
        change: impl FnOnce(&mut Account) -> T,
    ) -> Result<T, NotFound> {
        self.0
            .change_account(id, change)
            .ok_or_else(|| NotFound(format!("account {id}")))
    }

    /// The credentials of an account's administrator. They work for every account of
    /// the organization that is active.
    pub fn administrator(account: &str) -> Credentials {
        identity::administrator_credentials(account)
    }

    /// Credentials of a role, as a service gets them that runs with it: an hour long,
    /// whoever its trust policy names.
    ///
    /// # Errors
    /// Returns an error if there is no such account or role.
    pub fn role_credentials(&self, account: &str, role: &str) -> Result<Credentials, NotFound> {
        let known = self.0.account(account);
        let role = known
            .as_ref()
            .and_then(|account| account.role(role))
            .ok_or_else(|| NotFound(format!("role {role} in account {account}")))?;
        let new = NewSession {
            principal: role_session(self.0.partition(), account, role, "sandbox"),
            user_id: format!("{}:sandbox", role_id(account, &role.name)),
            duration: Duration::from_hours(1),
            policies: None,
            source_identity: None,
            tags: SessionTags::new(),
            mfa: false,
        };
        Ok(self.0.sessions.issue(new, self.0.clock.now()))
    }

    /// A configuration of the AWS SDK that reaches the sandbox in this process, as the
    /// administrator of an account. Requests keep their AWS host names.
    pub fn sdk_config(&self, account: &str, region: &str) -> SdkConfig {
        self.sdk_config_as(Self::administrator(account), region)
    }

    /// Returns an SDK configuration with the given credentials.
    pub fn sdk_config_as(&self, credentials: Credentials, region: &str) -> SdkConfig {
        sdk_config(
            credentials,
            region,
            SharedHttpClient::new(InProcess(Arc::clone(&self.0))),
        )
        .build()
    }

    /// Serves the organization over HTTP on a loopback address, until the server is
    /// shut down or dropped. Port 0 takes a free one.
    ///
    /// # Errors
    /// Returns an error if the address is not a loopback address, or cannot be listened on.
    pub async fn serve(&self, address: SocketAddr) -> Result<Server, ServeError> {
        serve::start(Arc::clone(&self.0), address).await
    }

    /// Puts a stack of AWS CloudFormation into its account and Region, with the
    /// permissions of the account's administrator. The code of functions is not in a
    /// template: register it before the rules come that invoke it.
    ///
    /// # Errors
    /// Returns an error if a service refuses a resource, or the sandbox has none of its type.
    pub async fn deploy(&self, stack: &Stack) -> Result<(), DeployError> {
        cloudformation::deploy(&self.0, stack).await
    }

    /// An account joins the organization, a new one or one that was outside, in its
    /// organizational unit. Stack sets that deploy by themselves begin to; await
    /// [`Sandbox::settled`].
    pub fn join(&self, account: Account) {
        cloudformation::join(
            &self.0,
            Account {
                in_organization: true,
                ..account
            },
        );
    }

    /// Lets operations on stack sets go on only when somebody asks about them, one account
    /// and Region at a time, so that progress can be watched; or at once again.
    pub fn set_stepwise_stack_sets(&self, stepwise: bool) {
        self.0.stack_sets.set_stepwise(stepwise);
    }

    /// Registers a Lambda function by its ARN, in place of one with that ARN. An
    /// invocation may take a minute.
    pub fn register_function(&self, arn: impl Into<String>, function: impl Function + 'static) {
        self.register_function_with_timeout(arn, function, Duration::from_mins(1));
    }

    /// Registers a function with the given time-out.
    pub fn register_function_with_timeout(
        &self,
        arn: impl Into<String>,
        function: impl Function + 'static,
        timeout: Duration,
    ) {
        self.0
            .functions
            .register(arn.into(), Arc::new(function), timeout);
    }

    /// Removes a Lambda function.
    pub fn remove_function(&self, arn: &str) {
        self.0.functions.remove(arn);
    }

    /// Sets the delay before Lambda repeats a failed asynchronous invocation: no delay by default;
    /// AWS waits one minute and then two.
    pub fn set_lambda_retry_delay(&self, delay: Duration) {
        self.0.functions.set_retry_delay(delay);
    }

    /// AWS Config invokes a rule's function, retries included. Waits for the outcome.
    ///
    /// # Errors
    /// Returns an error if there is no such rule.
    pub async fn notify(
        &self,
        account: &str,
        region: &str,
        rule: &str,
        notification: Notification,
    ) -> Result<RuleStatus, NotFound> {
        let key = key(account, region, rule);
        config::notify(&self.0, &key, &notification)
            .await
            .ok_or_else(|| key.not_found())
    }

    /// The event with which AWS Config would invoke a rule's function now. Its result
    /// token is valid.
    ///
    /// # Errors
    /// Returns an error if there is no such rule.
    pub fn event(
        &self,
        account: &str,
        region: &str,
        rule: &str,
        notification: &Notification,
    ) -> Result<Value, NotFound> {
        let key = key(account, region, rule);
        config::event(&self.0, &key, notification).ok_or_else(|| key.not_found())
    }

    /// Returns the outcome of the last invocation of a rule's function; `None` before the first.
    ///
    /// # Errors
    /// Returns an error if there is no such rule.
    pub fn rule_status(
        &self,
        account: &str,
        region: &str,
        rule: &str,
    ) -> Result<Option<RuleStatus>, NotFound> {
        let key = key(account, region, rule);
        self.0.config.status(&key)
    }

    /// Waits until AWS Config has no invocation under way, and AWS CloudFormation no
    /// operation on a stack or stack set.
    pub async fn settled(&self) {
        loop {
            self.0.stacks.settled().await;
            self.0.config.settled().await;
            if self.0.stacks.are_settled() {
                return;
            }
        }
    }

    /// Every message that was published to a topic so far; they are then forgotten.
    pub fn take_published(&self) -> Vec<Published> {
        self.0.publications.take()
    }

    /// The messages in a queue, by the ARN of that.
    pub fn queued(&self, queue: &str) -> Vec<QueuedMessage> {
        self.0.queues.messages_in(queue)
    }

    /// Puts a message into a queue, as EventBridge would have, so long ago.
    pub fn enqueue(&self, queue: &str, body: &str, ago: Duration) {
        let now = self.0.clock.now();
        let ago = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
        let sent = Timestamp::from_millis(now.millis().saturating_sub(ago));
        let attributes = serde_json::Map::new();
        self.0.queues.send(queue, body, attributes, (sent, now));
    }

    /// Lambda polls a queue once: invokes a function with what it can receive, `most`
    /// messages, and deletes what the function does not give back.
    pub async fn poll(
        &self,
        queue: &str,
        most: usize,
        function: &dyn Function,
        context: Context,
    ) -> Poll {
        sqs::poll(&self.0, queue, (most, true), function, context).await
    }

    /// Lambda polls every queue that an event source mapping of a deployed stack names,
    /// until there is nothing to receive. Functions must be registered.
    pub async fn poll_wired(&self) -> Vec<Poll> {
        sqs::poll_wired(&self.0).await
    }

    /// A service of AWS puts an event on the default bus of an account, say CloudTrail's
    /// `("aws.signin", "AWS Console Sign In via CloudTrail")` with its record.
    ///
    /// # Errors
    /// Returns an error if a rule on its way asks or sends in a way that is not known here.
    pub fn emit(
        &self,
        account: &str,
        region: &str,
        kind: (&str, &str),
        detail: &Value,
    ) -> Result<(), UnknownRouteError> {
        events::emit(&self.0, account, region, kind, detail)
    }

    /// The value of every parameter of Systems Manager's Parameter Store, by ARN.
    pub fn parameters(&self) -> BTreeMap<String, String> {
        self.0.parameters.values()
    }

    /// Returns Security Hub's findings about an account in a Region, in ASFF, by id.
    pub fn findings(&self, account: &str, region: &str) -> Vec<Value> {
        self.0.findings.all_in(account, region)
    }

    /// Gives an account in a Region a finding of Security Hub's own controls, in ASFF. An
    /// administrator is shown those about others too.
    pub fn add_finding(&self, account: &str, region: &str, finding: Value) {
        self.0.findings.add(account, region, finding);
    }

    /// Makes something go wrong from now on.
    pub fn inject(&self, fault: Fault) {
        self.0.faults.inject(fault);
    }

    /// Takes back every injected fault. Those of the organization file stay.
    pub fn clear_faults(&self) {
        self.0.faults.clear();
    }

    /// Every call since the start or the last [`Sandbox::take_calls`].
    pub fn calls(&self) -> Vec<Call> {
        self.0.calls.all()
    }

    /// Every call so far, which are then forgotten.
    pub fn take_calls(&self) -> Vec<Call> {
        self.0.calls.take()
    }

    /// Lets time pass: sessions expire, reports grow old.
    pub fn advance_clock(&self, by: Duration) {
        self.0.clock.advance(by);
    }
}

/// A configuration of the AWS SDK for a sandbox that is served at a URL, in this or
/// another process.
///
/// Its HTTP client speaks HTTP only: the SDK's default panics in debug builds on a
/// machine without CA certificates.
pub fn sdk_config_over_http(
    endpoint_url: &str,
    credentials: Credentials,
    region: &str,
) -> SdkConfig {
    sdk_config(credentials, region, HttpClientBuilder::new().build_http())
        .endpoint_url(endpoint_url)
        .build()
}

fn sdk_config(
    credentials: Credentials,
    region: &str,
    client: SharedHttpClient,
) -> aws_types::sdk_config::Builder {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .region(Region::new(region.to_owned()))
        .http_client(client)
}

fn key(account: &str, region: &str, rule: &str) -> RuleKey {
    RuleKey {
        account: account.to_owned(),
        region: region.to_owned(),
        name: rule.to_owned(),
    }
}
