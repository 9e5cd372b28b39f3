//! The account that is judged, and reading from it.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_config::config::retry::RetryPartition;
use aws_sdk_sts::config::{Credentials, IdentityCache, Region, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::SdkConfig;
use tokio::sync::OnceCell;

use crate::answer::{CallError, interpret};
use crate::evidence::EvidenceRole;
use crate::fact::{Fact, Unread};
use crate::identity::Identity;
use crate::timestamp::Timestamp;

/// Facts that belong together and may serve several controls, such as IAM's
/// account summary. An [`Account`] loads each section once.
pub trait Section: Clone + Send + Sync + 'static {
    /// Reads the section from AWS.
    ///
    /// # Errors
    /// See [`Account::call`].
    fn observe(account: &Account) -> impl Future<Output = Result<Fact<Self>, CallError>> + Send;
}

/// The IAM action of [`Account::through`].
pub const ASSUME_ROLE: &str = "sts:AssumeRole";

/// Duration in seconds of a session of an evidence role: the shortest that STS issues, and as long
/// as a Lambda function may run.
const SESSION_SECONDS: i32 = 900;

/// One account as one evaluation sees it: who it is, in which Region it is
/// asked, what it has already answered, and at what time.
///
/// [`in_region`](Account::in_region) returns this account in another Region and
/// [`through`](Account::through) another account. Both share the time of observation and the list
/// of calls with the value they were made from.
#[derive(Clone, Debug)]
pub struct Account {
    sdk: SdkConfig,
    identity: Identity,
    observation: Arc<Observation>,
}

/// State shared by all accounts and Regions of one evaluation. Dropped with the last of them,
/// together with the credentials of evidence roles.
#[derive(Debug)]
struct Observation {
    observed_at: Timestamp,
    /// The Region in which the credentials are known to be accepted.
    first_region: String,
    answers: Answers<(Identity, TypeId, String)>,
    /// Answers that outlive this observation: see [`Account::new_observation`].
    lasting: Arc<Answers<(TypeId, String)>>,
    calls: Mutex<Vec<&'static str>>,
}

/// Cached answers, by account and Region, type of facts, and subject.
type Answers<K> = Mutex<HashMap<K, AnswerCell>>;
type AnswerCell = Arc<OnceCell<Arc<dyn Any + Send + Sync>>>;

impl Account {
    /// The account `identity`, asked through `sdk`. Reads the clock, once: all
    /// ages in this evaluation are measured against that.
    pub fn new(sdk: SdkConfig, identity: Identity) -> Self {
        Self::observed(sdk, identity, Arc::default())
    }

    /// Returns this account for another observation. Only answers cached [`for the
    /// run`](Account::cached_for_run), such as open sessions, are kept.
    #[must_use]
    pub fn new_observation(&self) -> Self {
        let lasting = Arc::clone(&self.observation.lasting);
        Self::observed(self.sdk.clone(), self.identity.clone(), lasting)
    }

    fn observed(
        sdk: SdkConfig,
        identity: Identity,
        lasting: Arc<Answers<(TypeId, String)>>,
    ) -> Self {
        let now = sdk.time_source().unwrap_or_default().now();
        let observation = Observation {
            observed_at: Timestamp::from(now),
            first_region: identity.region().to_owned(),
            answers: Mutex::default(),
            lasting,
            calls: Mutex::default(),
        };
        Self {
            sdk,
            identity,
            observation: Arc::new(observation),
        }
    }

    /// Returns this account in another Region.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        let sdk = self.sdk.to_builder().region(Region::new(region.to_owned()));
        Self {
            sdk: sdk.build(),
            identity: self.identity.in_region(region),
            observation: Arc::clone(&self.observation),
        }
    }

    /// The account that `role` belongs to, in the same Region, asked as that
    /// role. `control` names who asks, in the trails of both accounts.
    ///
    /// A role is assumed once per evaluation. That it may not be assumed is a
    /// fact about the account it would have shown.
    ///
    /// # Errors
    /// See [`Account::call`].
    pub async fn through(
        &self,
        role: &EvidenceRole,
        control: &'static str,
    ) -> Result<Fact<Self>, CallError> {
        let about = format!("{} {control}", role.arn());
        let session = self
            .cached_for_run::<SharedCredentialsProvider>(&about, self.assume(role, control))
            .await?;
        Ok(session.map(|credentials| self.in_session(role.account(), credentials)))
    }

    /// The account `account`, asked with the credentials of a session in it.
    #[must_use]
    pub fn in_session(&self, account: &str, credentials: SharedCredentialsProvider) -> Self {
        let sdk = self
            .sdk
            .to_builder()
            .credentials_provider(credentials)
            // The process's own cache would keep them beyond the evaluation.
            .identity_cache(IdentityCache::no_cache());
        Self {
            sdk: sdk.build(),
            identity: self.identity.in_account(account),
            observation: Arc::clone(&self.observation),
        }
    }

    async fn assume(
        &self,
        role: &EvidenceRole,
        control: &'static str,
    ) -> Result<Fact<SharedCredentialsProvider>, CallError> {
        // STS of this Region: the global endpoint is one Region's, far from most.
        let config = aws_sdk_sts::config::Builder::from(&self.sdk)
            .retry_partition(self.retry_partition())
            .build();
        let request = aws_sdk_sts::Client::from_conf(config)
            .assume_role()
            .role_arn(role.arn().as_str())
            .role_session_name(format!("rootguard-{control}"))
            .duration_seconds(SESSION_SECONDS);
        let answer = self.call(ASSUME_ROLE, request.send()).await?;
        Ok(match answer {
            Fact::Unread(unread) => Fact::Unread(unread),
            Fact::Known(output) => match output.and_then(|output| output.credentials) {
                Some(session) => Fact::Known(SharedCredentialsProvider::new(Credentials::new(
                    session.access_key_id,
                    session.secret_access_key,
                    Some(session.session_token),
                    None,
                    "evidence role",
                ))),
                None => Fact::Unread(Unread::ValueMissing {
                    action: ASSUME_ROLE.to_owned(),
                    value: "Credentials".to_owned(),
                }),
            },
        })
    }

    /// Returns the account id, Region and partition.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Returns the time of the observation.
    pub fn observed_at(&self) -> Timestamp {
        self.observation.observed_at
    }

    /// Returns the configuration that SDK clients are made from.
    pub fn sdk(&self) -> &SdkConfig {
        &self.sdk
    }

    /// Returns the retry partition that all clients for this account share. The SDK's default is
    /// one per service and Region in the whole process: one throttled account would slow down all
    /// others.
    pub fn retry_partition(&self) -> RetryPartition {
        RetryPartition::new(self.identity.to_string())
    }

    /// Makes a call and says what its answer means. `action` is the call's IAM
    /// action, such as `iam:GetAccountSummary`.
    ///
    /// `Known(None)` is AWS saying that there is no such thing. A denied call
    /// and a service that is not to be had here are [`Fact::Unread`].
    ///
    /// # Errors
    /// Throttling, time-outs, server errors and every error code that nobody
    /// expects are never facts: nothing can be concluded from them.
    pub async fn call<T, E, R>(
        &self,
        action: &'static str,
        call: impl Future<Output = Result<T, SdkError<E, R>>>,
    ) -> Result<Fact<Option<T>>, CallError>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug,
    {
        self.observation
            .calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(action);
        let elsewhere = self.identity.region() != self.observation.first_region;
        interpret(action, elsewhere, call.await)
    }

    /// Makes a call that AWS answers with what there is, such as a list or a test. "Not found" is
    /// no answer to it, on whatever page: then the fact is unread.
    ///
    /// # Errors
    /// See [`Account::call`].
    pub async fn list<T, E, R>(
        &self,
        action: &'static str,
        call: impl Future<Output = Result<T, SdkError<E, R>>>,
    ) -> Result<Fact<T>, CallError>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug,
    {
        Ok(match Box::pin(self.call(action, call)).await? {
            Fact::Known(Some(answer)) => Fact::Known(answer),
            Fact::Known(None) => Fact::Unread(Unread::not_found(action)),
            Fact::Unread(unread) => Fact::Unread(unread),
        })
    }

    /// The section `S`, read at the first request. A failure is not kept: the
    /// next request asks again.
    ///
    /// # Errors
    /// See [`Account::call`].
    pub async fn section<S: Section>(&self) -> Result<Fact<S>, CallError> {
        self.cached("", S::observe(self)).await
    }

    /// Returns the answer of `ask`, which is called at the first request for these facts about
    /// `about`, such as a trail's ARN: controls that judge the same account share it. A failure is
    /// not cached: the next request asks again.
    ///
    /// # Errors
    /// See [`Account::call`].
    pub fn cached<'a, T: Clone + Send + Sync + 'static>(
        &'a self,
        about: &'a str,
        ask: impl Future<Output = Result<Fact<T>, CallError>> + Send + 'a,
    ) -> impl Future<Output = Result<Fact<T>, CallError>> + Send + 'a {
        let key = (self.identity.clone(), TypeId::of::<T>(), about.to_owned());
        kept(&self.observation.answers, key, ask)
    }

    /// Caches an answer beyond this observation and for all Regions, such as an open session. It is
    /// kept until the last account derived from this one, also by
    /// [`new_observation`](Account::new_observation), is dropped.
    ///
    /// # Errors
    /// See [`Account::call`].
    pub fn cached_for_run<'a, T: Clone + Send + Sync + 'static>(
        &'a self,
        about: &str,
        ask: impl Future<Output = Result<Fact<T>, CallError>> + Send + 'a,
    ) -> impl Future<Output = Result<Fact<T>, CallError>> + Send + 'a {
        let key = (TypeId::of::<T>(), about.to_owned());
        kept(&self.observation.lasting, key, ask)
    }

    /// The IAM actions of the calls made so far in this evaluation, in order.
    /// Retries within a call do not count.
    pub fn calls(&self) -> Vec<&'static str> {
        self.observation
            .calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Returns the cached answer, or calls `ask` and caches its answer.
fn kept<'a, K: Eq + Hash, T: Clone + Send + Sync + 'static>(
    answers: &Answers<K>,
    key: K,
    ask: impl Future<Output = Result<Fact<T>, CallError>> + Send + 'a,
) -> impl Future<Output = Result<Fact<T>, CallError>> + Send + 'a {
    let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
    let cell = Arc::clone(answers.entry(key).or_default());
    // On the heap: every future that waits for this one would hold it.
    let ask = Box::pin(ask);
    async move {
        let asking = async {
            let answer: Arc<dyn Any + Send + Sync> = Arc::new(ask.await?);
            Ok(answer)
        };
        let answer = cell.get_or_try_init(|| asking).await?;
        match answer.downcast_ref::<Fact<T>>() {
            Some(answer) => Ok(answer.clone()),
            // INVARIANT: the cell under the type id of `T` holds a `Fact<T>`.
            None => unreachable!("an answer is kept under its own type"),
        }
    }
}
