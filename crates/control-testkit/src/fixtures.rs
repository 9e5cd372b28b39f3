//! A sandboxed account in the state that facts tell of.

use config_rule::{Fact, Unread};
use root_credentials::AccountSummary;
use sandbox::{Account, Fault, Sandbox};

/// Gives an account this summary, and leaves out of it what the facts leave out.
pub fn describe_summary(summary: &AccountSummary, account: &mut Account) {
    for (key, value) in [
        ("AccountAccessKeysPresent", summary.access_keys_present),
        (
            "AccountSigningCertificatesPresent",
            summary.signing_certificates_present,
        ),
        ("AccountPasswordPresent", summary.password_present),
        ("AccountMFAEnabled", summary.mfa_enabled),
    ] {
        match value {
            Some(value) => {
                account.summary.insert(key.to_owned(), value);
            }
            None => account.omitted_summary_keys.push(key.to_owned()),
        }
    }
}

/// Lets an action fail in an account the way that the facts say it did, if they do.
pub fn let_fail<T>(sandbox: &Sandbox, account: &str, action: &str, fact: &Fact<T>) {
    let fault = match fact {
        Fact::Known(_) => return,
        Fact::Unread(Unread::Denied { .. }) => Fault::access_denied(),
        Fact::Unread(Unread::Unavailable { code, .. }) => Fault::error(400, code),
        Fact::Unread(Unread::ValueMissing { .. }) => {
            unreachable!("a call either answers or does not")
        }
    };
    sandbox.inject(fault.account(account).action(action));
}
