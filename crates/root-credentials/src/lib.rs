//! What the root user of an account can sign in with: facts, and taking it away.

mod account_summary;
mod credential_report;
mod removal;
mod removal_plan;
mod root_audit;
mod root_session;
mod virtual_mfa_devices;

use aws_sdk_iam::Client;
use config_rule::Account;

pub use account_summary::{AccountSummary, GET_ACCOUNT_SUMMARY};
pub use credential_report::{AccessKeyUse, CredentialReport, GET_CREDENTIAL_REPORT};
pub use removal::{REMOVAL_WRITES, Removal};
pub use removal_plan::{RemovalDetails, RemovalSettings};
pub use root_audit::{
    AUDIT_READS, MfaDevice, MfaKind, RootAccessKey, RootAudit, RootPassword, SigningCertificate,
    access_keys, password,
};
pub use root_session::{ASSUME_ROOT, Task};
pub use virtual_mfa_devices::{LIST_VIRTUAL_MFA_DEVICES, VirtualMfaDevice, VirtualMfaDevices};

/// A client for what an account's root user can sign in with.
pub fn iam(account: &Account) -> Client {
    let config = aws_sdk_iam::config::Builder::from(account.sdk())
        .retry_partition(account.retry_partition())
        .build();
    Client::from_conf(config)
}
