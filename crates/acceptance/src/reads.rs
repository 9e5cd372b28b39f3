//! The read calls of the controls: answered, and denied one after the other.

use std::collections::BTreeSet;

use aws_sdk_sts::Client;
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use bundle::ConfiguredRule;
use config_rule::{Account, Compliance};
use serde_json::json;

use crate::answer::{Answer, Tally, asked};

/// The shortest that a session may last, in seconds.
const SESSION_SECONDS: i32 = 900;

/// Counts the controls whose calls were answered in a form that they understand.
pub(crate) async fn are_understood(account: &Account, rules: &[&ConfiguredRule]) -> Tally {
    let mut tally = Tally::default();
    for rule in rules {
        let account = account.new_observation();
        let observed = rule.rule.observe(&account, rule.parameters.clone()).await;
        let judged = observed.and_then(|facts| rule.rule.judge(&facts, rule.parameters.clone()));
        match judged {
            Ok(verdict) if verdict.compliance == Compliance::Unverifiable => {
                tally.unanswered(format!("{}: {}", rule.name(), verdict.annotation()));
            }
            Ok(_) => tally.expect(true, String::new),
            Err(error) => tally.expect(false, || format!("{}: {error}", rule.name())),
        }
    }
    tally
}

/// Denies every read call in a session of a role that may do the others, and counts those that
/// a control made and took for denied. A call that no control makes in this account is not asked
/// about.
pub(crate) async fn are_denied_as_expected(
    account: &Account,
    rules: &[&ConfiguredRule],
    role: &str,
) -> Tally {
    let mut tally = Tally::default();
    let actions: BTreeSet<_> = rules
        .iter()
        .flat_map(|rule| rule.rule.metadata().reads)
        .collect();
    for action in actions {
        let session = match session(account, role, action).await {
            Ok(credentials) => {
                let account = account.new_observation();
                account.in_session(account.identity().account(), credentials)
            }
            Err(reason) => {
                tally.unanswered(reason);
                continue;
            }
        };
        let read_by = |rule: &&&ConfiguredRule| rule.rule.metadata().reads.contains(action);
        for rule in rules.iter().filter(read_by) {
            let session = session.new_observation();
            let observed = rule.rule.observe(&session, rule.parameters.clone()).await;
            if session.calls().contains(action) {
                tally.expect(observed.is_ok(), || {
                    let error = observed.err().map(|error| error.to_string());
                    format!("{}: {}", rule.name(), error.unwrap_or_default())
                });
            }
        }
    }
    tally
}

/// Opens a session of a role that may do all that the role may but one action.
///
/// # Errors
///
/// The reason why AWS opened none.
async fn session(
    account: &Account,
    role: &str,
    denied: &str,
) -> Result<SharedCredentialsProvider, String> {
    let identity = account.identity();
    let arn = format!(
        "arn:{}:iam::{}:role/{role}",
        identity.partition(),
        identity.account()
    );
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": denied, "Resource": "*"},
        ],
    });
    let request = Client::new(account.sdk())
        .assume_role()
        .role_arn(arn)
        .role_session_name("rootguard-acceptance")
        .policy(policy.to_string())
        .duration_seconds(SESSION_SECONDS);
    match asked(account, "sts:AssumeRole", request.send()).await {
        Answer::Given(answer) => {
            let session = answer
                .credentials
                .ok_or("sts:AssumeRole gave no credentials")?;
            Ok(SharedCredentialsProvider::new(Credentials::new(
                session.access_key_id,
                session.secret_access_key,
                Some(session.session_token),
                None,
                "acceptance",
            )))
        }
        Answer::Refused(reason) | Answer::Unanswered(reason) => Err(reason),
    }
}
