//! Privileged root sessions: acting as the root user of a member account, for one task.
//!
//! Whatever is done in one looks like root use in the member account, reading too, and
//! sets off its root-usage alarm.

use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_sts::types::PolicyDescriptorType;
use config_rule::{Account, CallError, Fact, Unread};

/// The IAM action of opening a session.
pub const ASSUME_ROOT: &str = "sts:AssumeRoot";

/// Time that a session lasts: the longest that STS gives.
const SESSION_SECONDS: i32 = 900;

/// Task of a session. No other task policy is ever asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Looking at what the root user can sign in with.
    Audit,
    /// Deleting it. Cannot read the account summary.
    Delete,
}

impl Task {
    /// The ARN of AWS's policy for the task. Known in the partition `aws` only.
    pub fn policy_arn(self) -> &'static str {
        match self {
            Self::Audit => "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials",
            Self::Delete => "arn:aws:iam::aws:policy/root-task/IAMDeleteRootUserCredentials",
        }
    }

    /// Opens a session in the member account that `account` stands for, with the
    /// credentials that it is asked with: those of the account that holds IAM's
    /// delegated administration. Asks the Region's own endpoint of STS; the global one
    /// does not know the call.
    async fn open(self, account: &Account) -> Result<Fact<SharedCredentialsProvider>, CallError> {
        let config = aws_sdk_sts::config::Builder::from(account.sdk())
            .retry_partition(account.retry_partition())
            .build();
        let policy = PolicyDescriptorType::builder().arn(self.policy_arn());
        let request = aws_sdk_sts::Client::from_conf(config)
            .assume_root()
            .target_principal(account.identity().account())
            .task_policy_arn(policy.build())
            .duration_seconds(SESSION_SECONDS);
        let answer = account.call(ASSUME_ROOT, request.send()).await?;
        Ok(match answer {
            Fact::Unread(unread) => Fact::Unread(unread),
            Fact::Known(output) => match output.and_then(|output| output.credentials) {
                Some(session) => Fact::Known(SharedCredentialsProvider::new(Credentials::new(
                    session.access_key_id,
                    session.secret_access_key,
                    Some(session.session_token),
                    None,
                    "privileged root session",
                ))),
                None => Fact::Unread(Unread::ValueMissing {
                    action: ASSUME_ROOT.to_owned(),
                    value: "Credentials".to_owned(),
                }),
            },
        })
    }

    /// The member account that `account` stands for, asked as its root user. One session
    /// for each task, however often the account is looked at [`new_observation`](Account::new_observation).
    ///
    /// # Errors
    /// See [`Account::call`].
    pub async fn session(self, account: &Account) -> Result<Fact<Account>, CallError> {
        let id = account.identity().account();
        let about = format!("{id} {}", self.policy_arn());
        let session = account.cached_for_run(&about, self.open(account)).await?;
        Ok(session.map(|credentials| account.in_session(id, credentials)))
    }
}
