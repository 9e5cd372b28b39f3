//! Looking at one account of an organization.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_sts::config::{Credentials, IdentityCache, SharedCredentialsProvider};
use bundle::{ConfiguredRule, Observed, Snapshot};
use config_rule::{ASSUME_ROLE, Account, CallError, Fact, Identity, Unread};
use serde_json::json;
use tokio::time::timeout;

/// How long a session lasts, in seconds: the shortest that STS gives.
const SESSION_SECONDS: i32 = 900;

/// How long an account may take. As long as its session lasts.
const VISIT_TIMEOUT: Duration = Duration::from_mins(15);

/// What came of looking at an account.
#[derive(Debug)]
pub(super) enum Visit {
    /// It was looked at; what could not be had is part of it.
    Seen(Snapshot),
    /// The same, but AWS throttled some of it to the end.
    Throttled(Snapshot),
    /// Nobody could look into it.
    Failed { why: String, throttled: bool },
}

impl Visit {
    /// Whether another visit may see more.
    pub(super) fn is_throttled(&self) -> bool {
        match self {
            Self::Seen(_) => false,
            Self::Throttled(_) => true,
            Self::Failed { throttled, .. } => *throttled,
        }
    }

    fn failed(why: impl Into<String>) -> Self {
        Self::Failed {
            why: why.into(),
            throttled: false,
        }
    }
}

/// Who looks, through which role, for which rules.
pub(super) struct Visitor<'a> {
    caller: &'a Account,
    role: &'a str,
    rules: &'a [&'a ConfiguredRule],
    policy: String,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(caller: &'a Account, role: &'a str, rules: &'a [&'a ConfiguredRule]) -> Self {
        Self {
            caller,
            role,
            rules,
            policy: session_policy(rules),
        }
    }

    /// Looks at an account, the caller's own with the caller's own credentials: nobody
    /// needs a role to be who they are.
    pub(super) async fn visit(&self, id: &str) -> Visit {
        let looking = async {
            let account = if id == self.caller.identity().account() {
                Account::new(self.caller.sdk().clone(), self.caller.identity().clone())
            } else {
                match self.assume(id).await {
                    Ok(account) => account,
                    Err(failed) => return failed,
                }
            };
            self.observe(&account).await
        };
        timeout(VISIT_TIMEOUT, looking).await.unwrap_or_else(|_| {
            let minutes = VISIT_TIMEOUT.as_secs() / 60;
            Visit::failed(format!("not seen within {minutes} minutes"))
        })
    }

    async fn observe(&self, account: &Account) -> Visit {
        let mut snapshot = Snapshot::of(account);
        let mut throttled = false;
        for rule in self.rules {
            throttled |= snapshot.observe(account, rule).await == Observed::Throttled;
        }
        if throttled {
            Visit::Throttled(snapshot)
        } else {
            Visit::Seen(snapshot)
        }
    }

    /// The account `id`, asked as the role in it. Whatever the role may do, the session
    /// may only read what the rules ask.
    async fn assume(&self, id: &str) -> Result<Account, Visit> {
        let identity = self.caller.identity();
        let arn = format!("arn:{}:iam::{id}:role/{}", identity.partition(), self.role);
        let config = aws_sdk_sts::config::Builder::from(self.caller.sdk())
            .retry_partition(self.caller.retry_partition())
            .build();
        let request = aws_sdk_sts::Client::from_conf(config)
            .assume_role()
            .role_arn(&arn)
            .role_session_name("rootguard-check")
            .duration_seconds(SESSION_SECONDS)
            .policy(&self.policy);
        let failed = |why: String| Visit::failed(format!("cannot look into the account: {why}"));
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
                return Err(Visit::Failed {
                    throttled: matches!(error, CallError::Throttled { .. }),
                    why: format!("cannot look into the account: {error} ({arn})"),
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

/// What a session may do at most: read what the rules ask.
fn session_policy(rules: &[&ConfiguredRule]) -> String {
    let actions = rules.iter().flat_map(|rule| rule.rule.metadata().reads);
    let actions: BTreeSet<_> = actions.collect();
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}],
    });
    policy.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bundle::Rules;

    #[test]
    fn a_session_may_read_and_nothing_else() {
        let rules = Rules::default();
        let rules: Vec<_> = rules.enabled().collect();
        let policy = session_policy(&rules);
        // What AssumeRole takes.
        assert!(policy.len() <= 2048, "{}", policy.len());
        let policy: serde_json::Value = serde_json::from_str(&policy).unwrap();
        let actions = policy["Statement"][0]["Action"].as_array().unwrap();
        assert!(actions.len() > 10);
        for action in actions {
            let name = action.as_str().unwrap().split(':').nth(1).unwrap();
            let reads = ["AssumeRole", "TestMetricFilter"].contains(&name)
                || ["Get", "List", "Describe"]
                    .iter()
                    .any(|verb| name.starts_with(verb));
            assert!(reads, "{name}");
        }
    }
}
