//! Facts: what the root user of an account can sign in with.

mod account_summary;
mod credential_report;
mod virtual_mfa_devices;

use aws_sdk_iam::Client;
use config_rule::Account;

pub use account_summary::{AccountSummary, GET_ACCOUNT_SUMMARY};
pub use credential_report::{AccessKeyUse, CredentialReport, GET_CREDENTIAL_REPORT};
pub use virtual_mfa_devices::{LIST_VIRTUAL_MFA_DEVICES, VirtualMfaDevice, VirtualMfaDevices};

fn iam(account: &Account) -> Client {
    let config = aws_sdk_iam::config::Builder::from(account.sdk())
        .retry_partition(account.retry_partition())
        .build();
    Client::from_conf(config)
}
