//! `iam:GetAccountSummary`: that it has the keys on which verdicts rest.

use aws_sdk_iam::Client;
use config_rule::Account;

use crate::answer::{Answer, Tally, asked};

const KEYS: [&str; 4] = [
    "AccountAccessKeysPresent",
    "AccountMFAEnabled",
    "AccountPasswordPresent",
    "AccountSigningCertificatesPresent",
];

pub(crate) async fn has_keys(account: &Account) -> Tally {
    let mut tally = Tally::default();
    let request = Client::new(account.sdk()).get_account_summary();
    match asked(account, "iam:GetAccountSummary", request.send()).await {
        Answer::Given(answer) => {
            let has = |key: &str| {
                let map = answer.summary_map();
                map.is_some_and(|map| map.keys().any(|known| known.as_str() == key))
            };
            for key in KEYS {
                tally.expect(has(key), || format!("there is no {key}"));
            }
        }
        Answer::Refused(error) => tally.expect(false, || error),
        Answer::Unanswered(reason) => tally.unanswered(reason),
    }
    tally
}
