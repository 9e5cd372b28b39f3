//! Sessions in the accounts of an organization, through the role that each has.

use std::collections::BTreeSet;

use aws_sdk_sts::config::{Credentials, IdentityCache, SharedCredentialsProvider};
use config_rule::{ASSUME_ROLE, Account, CallError, Fact, Identity, Unread};
use serde_json::json;

/// Time that a session lasts, in seconds: the shortest that STS gives.
const SESSION_SECONDS: i32 = 900;

/// Sessions: as whom, through which role, and with which actions at most, whatever the role may.
pub(crate) struct Sessions<'a> {
    caller: &'a Account,
    role: &'a str,
    name: &'static str,
    policy: String,
}

/// Reason why there is no session.
#[derive(Clone, Debug)]
pub(crate) struct NotOpened {
    pub(crate) why: String,
    /// True if AWS throttled it to the end: later it may be opened.
    pub(crate) throttled: bool,
}

impl<'a> Sessions<'a> {
    /// `name` is what the trails of the accounts show, `actions` what a session may do.
    pub(crate) fn new(
        caller: &'a Account,
        role: &'a str,
        name: &'static str,
        actions: &BTreeSet<&str>,
    ) -> Self {
        Self {
            caller,
            role,
            name,
            policy: session_policy(actions),
        }
    }

    /// The account `id`, the caller's own with the caller's own credentials: nobody needs
    /// a role to be who they are.
    pub(crate) async fn open(&self, id: &str) -> Result<Account, NotOpened> {
        if id == self.caller.identity().account() {
            let (sdk, identity) = (self.caller.sdk(), self.caller.identity());
            return Ok(Account::new(sdk.clone(), identity.clone()));
        }
        self.assume(id).await
    }

    async fn assume(&self, id: &str) -> Result<Account, NotOpened> {
        let identity = self.caller.identity();
        let arn = format!("arn:{}:iam::{id}:role/{}", identity.partition(), self.role);
        let config = aws_sdk_sts::config::Builder::from(self.caller.sdk())
            .retry_partition(self.caller.retry_partition())
            .build();
        let request = aws_sdk_sts::Client::from_conf(config)
            .assume_role()
            .role_arn(&arn)
            .role_session_name(self.name)
            .duration_seconds(SESSION_SECONDS)
            .policy(&self.policy);
        let failed = |why: String| NotOpened {
            why: format!("cannot look into the account: {why}"),
            throttled: false,
        };
        let output = match self.caller.call(ASSUME_ROLE, request.send()).await {
            Ok(Fact::Known(output)) => output,
            Ok(Fact::Unread(
                Unread::Denied { code, .. }
                | Unread::Unavailable { code, .. }
                | Unread::ValueMissing { value: code, .. },
            )) => {
                return Err(failed(format!(
                    "{ASSUME_ROLE} of {arn} was refused ({code})"
                )));
            }
            Err(error) => {
                return Err(NotOpened {
                    throttled: matches!(error, CallError::Throttled { .. }),
                    ..failed(format!("{error} ({arn})"))
                });
            }
        };
        let session = output
            .and_then(|output| output.credentials)
            .ok_or_else(|| failed(format!("{ASSUME_ROLE} of {arn} gave no credentials")))?;
        let credentials = SharedCredentialsProvider::new(Credentials::new(
            session.access_key_id,
            session.secret_access_key,
            Some(session.session_token),
            None,
            "role in the organization",
        ));
        let sdk = self.caller.sdk().to_builder();
        let sdk = sdk
            .credentials_provider(credentials)
            // The process's own cache would keep every account's beyond its visit.
            .identity_cache(IdentityCache::no_cache())
            .build();
        let identity = Identity::of_caller(&arn, identity.region());
        let identity = identity.map_err(|error| failed(error.to_string()))?;
        Ok(Account::new(sdk, identity))
    }
}

fn session_policy(actions: &BTreeSet<&str>) -> String {
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}],
    });
    policy.to_string()
}

/// Holds the actions of sessions to reading, and their policy to what `AssumeRole` takes.
#[cfg(test)]
pub(crate) fn assert_only_reads(actions: &BTreeSet<&str>) {
    let policy = session_policy(actions);
    assert!(policy.len() <= 2048, "{}", policy.len());
    for action in actions {
        let name = action.split(':').nth(1).unwrap();
        let reads = ["AssumeRole", "TestMetricFilter"].contains(&name)
            || ["Get", "List", "Describe"]
                .iter()
                .any(|verb| name.starts_with(verb));
        assert!(reads, "{name}");
    }
}
