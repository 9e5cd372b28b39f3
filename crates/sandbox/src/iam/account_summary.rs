//! `GetAccountSummary`: what an account has and may have, the root user included.

use std::collections::BTreeMap;

use super::account;
use crate::organization::{Account, MfaKind};
use crate::request::Request;
use crate::wire::{Failure, Output, Structure};

pub(crate) fn get_account_summary(request: &Request<'_>) -> Result<Structure, Failure> {
    let account = account(request)?;
    let map = summary(&account)
        .into_iter()
        .filter(|_| !request.contrary)
        .map(|(key, value)| (key, Output::from(value)));
    Ok(Structure::new().with("SummaryMap", Output::Map(map.collect())))
}

/// The summary of an account: AWS's default quotas, what the account has, and what
/// its description says otherwise.
///
/// `AccountAccessKeysPresent` and `AccountSigningCertificatesPresent` count, inactive
/// ones too. Whether AWS counts or flags is not documented; who compares with 1 is
/// wrong in one of the two worlds.
fn summary(account: &Account) -> BTreeMap<String, i32> {
    let root = &account.root;
    let count = |items: usize| i32::try_from(items).unwrap_or(i32::MAX);
    let assigned = account
        .virtual_mfa_devices
        .iter()
        .filter(|device| device.assigned)
        .count();
    let root_virtual = root
        .mfa_devices
        .iter()
        .filter(|device| device.kind == MfaKind::Virtual)
        .count();
    let mut summary: BTreeMap<String, i32> = QUOTAS
        .iter()
        .copied()
        .chain([
            ("AccountAccessKeysPresent", count(root.access_keys.len())),
            ("AccountMFAEnabled", i32::from(!root.mfa_devices.is_empty())),
            ("AccountPasswordPresent", i32::from(root.password)),
            (
                "AccountSigningCertificatesPresent",
                count(root.signing_certificates.len()),
            ),
            (
                "MFADevices",
                count(account.virtual_mfa_devices.len() + root_virtual),
            ),
            ("MFADevicesInUse", count(assigned + root.mfa_devices.len())),
            ("Roles", count(account.roles.len())),
        ])
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    summary.extend(account.summary.clone());
    summary.retain(|key, _| !account.omitted_summary_keys.contains(key));
    summary
}

/// Entries that are equal in every account here: no users, groups and customer policies.
const QUOTAS: &[(&str, i32)] = &[
    ("AccessKeysPerUserQuota", 2),
    ("AssumeRolePolicySizeQuota", 2048),
    ("AttachedPoliciesPerGroupQuota", 10),
    ("AttachedPoliciesPerRoleQuota", 10),
    ("AttachedPoliciesPerUserQuota", 10),
    ("GlobalEndpointTokenVersion", 1),
    ("GroupPolicySizeQuota", 5120),
    ("Groups", 0),
    ("GroupsPerUserQuota", 10),
    ("GroupsQuota", 300),
    ("InstanceProfiles", 0),
    ("InstanceProfilesQuota", 1000),
    ("Policies", 0),
    ("PoliciesQuota", 1500),
    ("PolicySizeQuota", 6144),
    ("PolicyVersionsInUse", 0),
    ("PolicyVersionsInUseQuota", 10000),
    ("Providers", 0),
    ("RolePolicySizeQuota", 10240),
    ("RolesQuota", 1000),
    ("ServerCertificates", 0),
    ("ServerCertificatesQuota", 20),
    ("SigningCertificatesPerUserQuota", 2),
    ("UserPolicySizeQuota", 2048),
    ("Users", 0),
    ("UsersQuota", 5000),
    ("VersionsPerPolicyQuota", 5),
];
